// The panel of a project: how its raters agree, what they agree on, who is how reliable, which
// items are doubtful and what is left to do; and the votes behind it as a table. For the lead, who
// sees names; a blinded rater gets neither, and a lead who reads items too gets nothing of those
// that they hold open.
//
// Counting takes a snapshot of the store: saves go on meanwhile. A count is kept until an event
// changes the project's votes, items, protocol or members, and is then made anew: on the thread
// that asks while that is quick, else as a job, and until that is done whoever asks gets the count
// before (`counted_at` says of when, `is_current` that it is not the present one).
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/panel/mask_agreement.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

enum class VotesTable {
  Votes,   // item, rater, label, patient, at: what `consilium agree` and `panel` read
  Truths,  // item, label: what was adjudicated, for `consilium panel --gold`
};

class JobQueue;

class Panels {
 public:
  // `jobs` is where `follow` works; it ends before this. A project that took longer than
  // `wait_ms_max` to count is counted there, not while somebody waits.
  Panels(storage::Store& store, const Clock& clock, JobQueue* jobs = nullptr,
         std::int64_t wait_ms_max = 500);
  ~Panels();

  // The schema Panel. Lead. Errors: Conflict without a protocol. Cost: nothing when unchanged, else
  // one pass over the labels and the engines' work, about a second for 10,000 votes.
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project);

  // CSV (RFC 4180) with a heading. Raters go out as the pseudonyms of exports, patients as theirs.
  // Lead and ML export. Errors: NotFound when no such unit has votes.
  [[nodiscard]] Result<std::string> table(const Access& access, const ProjectId& project,
                                          const std::string& unit, VotesTable what);

  // After a submission: where the protocol has a stop plan, counts anew and sets how many readers
  // each item gets. `follow` does so as a job, once for all submissions that came meanwhile.
  void follow(const ProjectId& project);
  [[nodiscard]] Result<std::int64_t> apply_stop_plan(const ProjectId& project);

  // In which order this rater had best be given items: where the protocol has a stop plan, by the
  // expected gain of their reading (next_reader.hpp), settled items left out. None without a stop
  // plan, and while nothing is counted yet; as of the last count. Cost: nothing.
  [[nodiscard]] std::shared_ptr<const std::vector<ItemId>> order_for(const ProjectId& project,
                                                                     const RaterId& rater);

 private:
  struct Kept;
  struct Count;
  [[nodiscard]] std::shared_ptr<Kept> kept_of(const ProjectId& project);
  // The present count, made anew where it is not.
  [[nodiscard]] Result<std::shared_ptr<const Count>> present(const storage::Reader& reader,
                                                             const ProjectId& project);
  [[nodiscard]] Result<std::shared_ptr<const Count>> count(const storage::Reader& reader,
                                                           const ProjectId& project,
                                                           std::int64_t position);
  void work(const ProjectId& project);
  [[nodiscard]] Status record(const Access& access, const ProjectId& project, std::string type,
                              const std::string& unit);

  storage::Store& store_;
  const Clock& clock_;
  JobQueue* jobs_;
  std::int64_t wait_ms_max_;
  Guarded<std::set<ProjectId>> waiting_;  // a job of theirs has not begun
  ProtocolCache protocols_;
  Guarded<std::map<ProjectId, std::shared_ptr<Kept>>> kept_;
  MaskDiceKept mask_dice_;
  Guarded<std::set<std::string>> looked_;  // person, sign-in and project whose look is in the log
};

}  // namespace consilium::service
