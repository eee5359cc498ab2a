// Work cut into parts that write to places of their own, done by threads that end with the call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace consilium {

// Calls make_worker() once in each thread, and the worker it gives with every number in [0, count),
// each once, in no fixed order. Results do not depend on the order when part i writes only what is
// its own.
template <class MakeWorker>
void for_each_part(std::size_t count, unsigned threads, const MakeWorker& make_worker) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    auto worker = make_worker();
    for (std::size_t i = next++; i < count; i = next++) worker(i);
  };
  const std::size_t helpers = std::min<std::size_t>(threads == 0 ? 1 : threads, count);
  std::vector<std::jthread> running;
  for (std::size_t i = 1; i < helpers; ++i) running.emplace_back(work);
  work();
}

}  // namespace consilium
