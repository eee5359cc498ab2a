// The panel of a project: how its raters agree, what they agree on, who is how reliable, which
// items are doubtful and what is left to do; and the votes behind it as a table. For the lead, who
// sees names; a blinded rater gets neither, and a lead who reads items too gets nothing of those
// that they hold open.
//
// Counting takes a snapshot of the store and runs on the thread that asks: saves go on meanwhile.
// A count is kept until the project's votes, items or protocol change. Whoever asks while somebody
// else counts gets the count before, where there is one (`counted_at` says of when).
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

enum class VotesTable {
  Votes,   // item, rater, label, patient, at: what `consilium agree` and `panel` read
  Truths,  // item, label: what was adjudicated, for `consilium panel --gold`
};

class JobQueue;

class Panels {
 public:
  // `jobs` is where `follow` works; it ends before this.
  Panels(storage::Store& store, const Clock& clock, JobQueue* jobs = nullptr);
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

 private:
  struct Kept;
  [[nodiscard]] Status record(const Access& access, const ProjectId& project, std::string type,
                              const std::string& unit);

  storage::Store& store_;
  const Clock& clock_;
  JobQueue* jobs_;
  Guarded<std::set<ProjectId>> waiting_;  // a job of theirs has not begun
  ProtocolCache protocols_;
  Guarded<std::map<ProjectId, std::shared_ptr<Kept>>> kept_;
  Guarded<std::set<std::string>> looked_;  // person, sign-in and project whose look is in the log
};

}  // namespace consilium::service
