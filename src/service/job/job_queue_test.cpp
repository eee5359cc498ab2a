#include "service/job/job_queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using consilium::service::JobQueue;

TEST_CASE("jobs run one after the other, in order") {
  std::vector<int> order;
  JobQueue queue;
  for (int number = 0; number < 20; ++number) {
    REQUIRE(queue.add([&order, number](std::stop_token) { order.push_back(number); }));
  }
  queue.wait_idle();
  REQUIRE(order.size() == 20);
  for (int number = 0; number < 20; ++number)
    CHECK(order[static_cast<std::size_t>(number)] == number);
}

TEST_CASE("closing the queue stops the running job and drops those that wait") {
  std::atomic<bool> is_started = false;
  std::atomic<int> later = 0;
  {
    JobQueue queue;
    REQUIRE(queue.add([&](const std::stop_token& stop) {
      is_started = true;
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }));
    REQUIRE(queue.add([&](std::stop_token) { ++later; }));
    while (!is_started) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(later == 0);
}
