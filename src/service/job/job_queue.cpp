#include "service/job/job_queue.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace consilium::service {

constexpr std::size_t waiting_max = 1000;

struct JobQueue::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> waiting;
  bool is_running = false;
  bool is_closed = false;
  std::jthread thread;  // last: it uses all the others

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return !waiting.empty() || is_closed; });
      if (is_closed) return;
      const Job job = std::move(waiting.front());
      waiting.pop_front();
      is_running = true;
      lock.unlock();
      job(stop);
      lock.lock();
      is_running = false;
      changed.notify_all();
    }
  }
};

JobQueue::JobQueue() : state_(std::make_unique<State>()) {
  state_->thread =
      std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

JobQueue::~JobQueue() {
  state_->thread.request_stop();
  {
    const std::scoped_lock lock(state_->mutex);
    state_->is_closed = true;
  }
  state_->changed.notify_all();
}

bool JobQueue::add(Job job) {
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->is_closed || state_->waiting.size() >= waiting_max) return false;
    state_->waiting.push_back(std::move(job));
  }
  state_->changed.notify_all();
  return true;
}

void JobQueue::wait_idle() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] {
    return state_->is_closed || (state_->waiting.empty() && !state_->is_running);
  });
}

}  // namespace consilium::service
