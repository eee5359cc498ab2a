// Runs work(begin, end, part) over [0, count) cut into `threads` parts, each on its own thread; all
// have ended when it returns. 0 and 1 run it here. `part` is the number of the part, from 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace consilium::crowd {

template <class Work>
void split_work(unsigned threads, std::uint64_t count, const Work& work) {
  const std::uint64_t parts = std::min<std::uint64_t>(threads, count);
  if (parts <= 1) {
    work(std::uint64_t{0}, count, std::uint64_t{0});
    return;
  }
  std::vector<std::jthread> running;
  running.reserve(parts - 1);
  for (std::uint64_t part = 1; part < parts; ++part) {
    running.emplace_back([&work, count, parts, part] {
      work(count * part / parts, count * (part + 1) / parts, part);
    });
  }
  work(std::uint64_t{0}, count / parts, std::uint64_t{0});
}

}  // namespace consilium::crowd
