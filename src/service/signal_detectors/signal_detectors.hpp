// A project's recordings labelled before people open them by our own detectors (beats, rhythm,
// signal quality). Each is a rater of kind model whose labels are votes of the panel and
// suggestions to labellers (service/prelabel), with its version and what it goes by.
//
// A lead turns each on or off. Recordings that nobody has begun are then labelled in jobs, one
// recording each, and so are those of every further import; a detector that is turned off takes
// back what it said of them. What somebody has begun stays as it is.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "storage/store.hpp"

namespace consilium::service {

class JobQueue;

class SignalDetectors {
 public:
  // `jobs`, which may be null, ends before this. All must outlive it.
  SignalDetectors(storage::Store& store, const Clock& clock, Random& random,
                  JobQueue* jobs = nullptr);
  ~SignalDetectors();

  // {"items": [{"detector", "name", "version", "labels": [ids it gives], "is_on", "changed_at",
  //   "changed_by"}], "is_running", "recordings_left", "problems": [text of the last run]}: every
  // detector, also those that were never turned on. Errors: Conflict without a protocol.
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project);
  // Turns one on or off; leads. The same again changes nothing. Returns the list. Errors: NotFound
  // for no such detector; Conflict when the protocol has none of its labels.
  [[nodiscard]] Result<boost::json::object> put(const Access& access, const ProjectId& project,
                                                std::string_view detector, bool is_on);

  // Recordings were imported: they are to be labelled, in jobs.
  void follow_recordings(const Access& access, const ProjectId& project);

  // At once all recordings that nobody has begun. Returns how many have other suggestions than
  // before. Errors: NotFound, Conflict without a protocol; those of the store.
  [[nodiscard]] Result<std::size_t> label_all(const Access& access, const ProjectId& project,
                                              const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
