// The panel of a project: how its raters agree, what they agree on, who is how reliable, which
// items are doubtful and what is left to do; and the votes behind it as a table. For the lead, who
// sees names; a blinded rater gets neither, and a lead who reads items too gets nothing of those
// that they hold open.
//
// Counting takes a snapshot of the store: saves go on meanwhile. A count is kept until an event
// changes the project's votes, items, protocol or members. It is then made anew, on the thread that
// asks, while that is quick. Where it is slow, the items that changed are taken into the kept count
// one by one (item_update.hpp says what is exact then), and all is counted anew in a job, after so
// many items or so long; a change that cannot be taken in (items, raters or classes that are new)
// goes there at once, and whoever asks meanwhile gets the count before. `counted_at` says of when
// the count is, `updates` how many items were taken in since, `is_current` that there is nothing
// left to count.
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
class LivePanel;
struct CountSources;

struct PanelLimits {
  std::int64_t wait_ms_max = 500;  // a project that takes longer to count is counted in a job
  std::int64_t updates_max = 100;  // items taken in before all is counted anew
  std::int64_t recount_after_ms = 30'000;
};

class Panels {
 public:
  // `jobs` is where all is counted anew; it ends before this. Without it every change is counted
  // while somebody waits.
  Panels(storage::Store& store, const Clock& clock, JobQueue* jobs = nullptr,
         PanelLimits limits = {});
  ~Panels();

  // The schema Panel. Lead. Errors: Conflict without a protocol. Cost: nothing when unchanged, else
  // one pass over the labels and the engines' work, about a second for 10,000 votes.
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project);

  // CSV (RFC 4180) with a heading. Raters go out as the pseudonyms of exports, patients as theirs.
  // Lead and ML export. Errors: NotFound when no such unit has votes.
  [[nodiscard]] Result<std::string> table(const Access& access, const ProjectId& project,
                                          const std::string& unit, VotesTable what);

  // After a submission: where the protocol has a stop plan, sets how many readers each item gets.
  // `follow` takes in what changed and sets the readers of these items; `apply_stop_plan` counts
  // all anew and sets all, as the job does. Cost of `follow`: some ms.
  void follow(const ProjectId& project);
  [[nodiscard]] Result<std::int64_t> apply_stop_plan(const ProjectId& project);

  // In which order this rater had best be given items: where the protocol has a stop plan, by the
  // expected gain of their reading (next_reader.hpp), settled items left out. None without a stop
  // plan, and while nothing is counted yet; as of the last count. Cost: nothing.
  [[nodiscard]] std::shared_ptr<const std::vector<ItemId>> order_for(const ProjectId& project,
                                                                     const RaterId& rater);

 private:
  struct Kept;
  [[nodiscard]] std::shared_ptr<Kept> kept_of(const ProjectId& project);
  [[nodiscard]] CountSources sources();
  // Counts anew what was not counted, or only taken in.
  [[nodiscard]] Status count(const storage::Reader& reader, const ProjectId& project);
  // Takes in what changed; false where that needs a new count.
  [[nodiscard]] bool bring_up(const storage::Reader& reader, const ProjectId& project,
                              std::unique_ptr<LivePanel>& live);
  [[nodiscard]] bool is_due(const LivePanel& live) const;  // to be counted anew
  void work(const ProjectId& project);
  [[nodiscard]] Status record(const Access& access, const ProjectId& project, std::string type,
                              const std::string& unit);

  storage::Store& store_;
  const Clock& clock_;
  JobQueue* jobs_;
  PanelLimits limits_;
  Guarded<std::set<ProjectId>> waiting_;  // a job of theirs has not begun
  ProtocolCache protocols_;
  Guarded<std::map<ProjectId, std::shared_ptr<Kept>>> kept_;
  MaskDiceKept mask_dice_;
  Guarded<std::set<std::string>> looked_;  // person, sign-in and project whose look is in the log
};

}  // namespace consilium::service
