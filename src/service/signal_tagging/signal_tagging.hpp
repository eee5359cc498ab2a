// The recordings of a project labelled before a person opens them, by a model that is trained anew
// after every submitted recording: windows (sleep epochs, artefact, rhythm: whatever labels the
// protocol places on intervals) and answers about the whole recording. It is one rater of kind
// model, "signal tagger", whose labels are votes of the panel and suggestions to labellers
// (service/prelabel); they carry its version, how probable it holds them and what it has learnt
// from. A new version takes back what an older one said of recordings that nobody has begun.
//
// Beats and other single moments are not learnt: detectors find those.
#pragma once

#include <memory>
#include <stop_token>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "storage/store.hpp"

namespace consilium::service {

class JobQueue;

class SignalTagging {
 public:
  static constexpr std::size_t next_recordings_max = 2;  // that are labelled

  // `jobs`, which may be null, ends before this.
  SignalTagging(storage::Store& store, const Clock& clock, Random& random,
                JobQueue* jobs = nullptr);
  ~SignalTagging();

  // A recording was submitted by this person: the model is to learn from it, in a job. Of several
  // that wait for one project one is done, since it learns from all that is there by then.
  void follow(const Access& access, const ProjectId& project);

  // Trains and labels at once the first recordings, by number, that nobody has begun. Suggestions
  // less probable than the assist policy's least are left out. Returns how many recordings have new
  // suggestions; 0 where the protocol is not of recordings or wants no models, or nothing was
  // labelled yet. Errors: NotFound, Forbidden for others than raters; those of the store.
  [[nodiscard]] Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                               const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
