// Work cut into parts, done by threads that start and end within the call. Results do not depend on
// the number of threads when every part writes only places of its own, or adds whole numbers
// (statistics/exact_sum.hpp) to sums of its own that are added up afterwards.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace consilium {

// Calls work(part) for every part in [0, parts), each on its own thread, part 0 on this one.
template <class Work>
void run_parts(std::size_t parts, const Work& work) {
  std::vector<std::jthread> running;
  for (std::size_t part = 1; part < parts; ++part) {
    running.emplace_back([&work, part] { work(part); });
  }
  if (parts > 0) work(std::size_t{0});
}

// Calls work(begin, end, part) over [0, count) cut into `threads` equal parts; 0 and 1 thread, or
// nothing to do, run it here as one part. `part` is the number of the part, from 0.
template <class Work>
void split_work(unsigned threads, std::uint64_t count, const Work& work) {
  const std::uint64_t parts =
      std::clamp<std::uint64_t>(threads, 1, std::max<std::uint64_t>(count, 1));
  run_parts(parts, [&](std::uint64_t part) {
    work(count * part / parts, count * (part + 1) / parts, part);
  });
}

// Calls make_worker() once in each thread, and the worker it gives with every number in [0, count),
// each once, in no fixed order: for parts that take unequal time.
template <class MakeWorker>
void for_each_part(std::size_t count, unsigned threads, const MakeWorker& make_worker) {
  std::atomic<std::size_t> next{0};
  const std::size_t workers = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(count, 1));
  run_parts(workers, [&](std::size_t) {
    auto worker = make_worker();
    for (std::size_t i = next++; i < count; i = next++) worker(i);
  });
}

}  // namespace consilium
