#include "domain/image/brick_runs.hpp"

#include "domain/image/mask.hpp"

namespace consilium {
namespace {

constexpr std::size_t run_bytes = 4;

}  // namespace

std::vector<std::uint16_t> brick_runs(std::span<const std::uint16_t> labels) {
  std::vector<std::uint16_t> runs;
  for (std::size_t begin = 0; begin < labels.size();) {
    std::size_t end = begin + 1;
    while (end < labels.size() && labels[end] == labels[begin]) ++end;
    if (runs.size() + 2 >= labels.size()) return {};
    runs.push_back(labels[begin]);
    runs.push_back(static_cast<std::uint16_t>(end - begin));  // 32,768 at most
    begin = end;
  }
  return runs;
}

Result<Bytes> brick_of_runs(ByteView runs) {
  Bytes labels;
  labels.reserve(std::size_t{brick_voxel_count} * 2);
  for (std::size_t at = 0; at + run_bytes <= runs.size(); at += run_bytes) {
    const std::size_t count = std::to_integer<std::size_t>(runs[at + 2]) |
                              (std::to_integer<std::size_t>(runs[at + 3]) << 8U);
    if (count == 0 || labels.size() / 2 + count > brick_voxel_count) break;
    for (std::size_t i = 0; i < count; ++i) {
      labels.push_back(runs[at]);
      labels.push_back(runs[at + 1]);
    }
    if (at + run_bytes == runs.size() && labels.size() / 2 == brick_voxel_count) return labels;
  }
  return fail(ErrorCode::InvalidInput, "a brick's runs do not fill it", "",
              "send u16 label and u16 count of each run, 32,768 voxels in all");
}

}  // namespace consilium
