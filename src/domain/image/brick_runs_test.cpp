#include "domain/image/brick_runs.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "domain/image/mask.hpp"

using namespace consilium;

namespace {

Bytes bytes_of_u16s(const std::vector<std::uint16_t>& values) {
  Bytes bytes(values.size() * 2);
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("a brick comes back from its runs as it was") {
  std::vector<std::uint16_t> labels(brick_voxel_count, 7);
  CHECK(brick_runs(labels) == std::vector<std::uint16_t>{7, 32768});
  labels[0] = 0;
  labels[100] = 65535;
  const auto runs = brick_runs(labels);
  CHECK(runs == std::vector<std::uint16_t>{0, 1, 7, 99, 65535, 1, 7, 32667});
  const auto back = brick_of_runs(bytes_of_u16s(runs));
  REQUIRE(back.has_value());
  CHECK(*back == bytes_of_u16s(labels));
}

TEST_CASE("runs that are no shorter than the labels are not made") {
  std::vector<std::uint16_t> labels;
  for (std::size_t i = 0; i < brick_voxel_count; ++i) labels.push_back(i % 2);
  CHECK(brick_runs(labels).empty());
}

TEST_CASE("runs that do not fill a brick exactly are refused") {
  const std::vector<std::vector<std::uint16_t>> wrong = {
      {}, {7}, {7, 32767}, {7, 32768, 1}, {7, 32768, 1, 1}, {7, 0, 7, 32768}, {7, 65535}};
  for (const auto& runs : wrong) {
    CAPTURE(runs.size());
    const auto brick = brick_of_runs(bytes_of_u16s(runs));
    REQUIRE(!brick.has_value());
    CHECK(brick.error().code == ErrorCode::InvalidInput);
  }
}
