// The notes of a project labelled before a person opens them, by a tagger that is trained anew
// after every submitted note. It is one rater of kind model, "note tagger", whose labels are votes
// of the panel and suggestions to labellers (service/prelabel); they carry its version, how
// probable it holds them and what it has learnt from. A new version takes back what an older one
// said of notes that nobody has begun.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/store.hpp"

namespace consilium::service {

class JobQueue;

class Tagging {
 public:
  static constexpr std::size_t next_notes_max = 3;       // that are labelled
  static constexpr std::size_t weighed_notes_max = 500;  // that the next ones are chosen from

  // `jobs`, which may be null, ends before this.
  Tagging(storage::Store& store, const Clock& clock, Random& random, JobQueue* jobs = nullptr);
  ~Tagging();

  // Called in the job after notes got other suggestions: whoever judges these has its turn. Set
  // once, before anything is followed.
  using Labelled = std::function<void(const Access& access, const ProjectId& project)>;
  void when_labelled(Labelled told);

  // A note was submitted by this person: the tagger is to learn from it, in a job. Of several that
  // wait for one project one is done, since it learns from all that is there by then.
  void follow(const Access& access, const ProjectId& project);

  // Trains and labels at once the next notes that nobody has begun, the most telling ones where the
  // protocol's reader plan orders by gain, else the first by number. Suggestions less probable than
  // the assist policy's least are left out. Returns how many notes have new suggestions; 0 where
  // the protocol wants no models or nothing was labelled yet. Errors: NotFound, Forbidden for
  // others than raters; those of the store.
  [[nodiscard]] Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                               const std::stop_token& stop = {});

  // Notes that nobody has begun, the most telling first, where the reader plan orders by gain and
  // the tagger has learnt since this server started; else null.
  [[nodiscard]] std::shared_ptr<const std::vector<ItemId>> order_for(const ProjectId& project);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
