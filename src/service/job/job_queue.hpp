// Work that outlives the request which asked for it: imports and exports. Jobs run one after the
// other on one thread, so that two imports never fight for memory; each makes its own parallelism.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace consilium::service {

class JobQueue {
 public:
  JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  // Asks the running job to stop, waits for it, drops what waits (jobs can be started again).
  ~JobQueue();

  using Job = std::function<void(std::stop_token)>;
  // False when 1,000 jobs wait already.
  [[nodiscard]] bool add(Job job);
  // Waits until nothing runs and nothing waits. For tests and the command line.
  void wait_idle();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
