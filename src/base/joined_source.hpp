// Ranges of several sources as one run of bytes: an answer whose parts lie in different objects.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_source.hpp"

namespace consilium {

struct SourceRange {
  std::shared_ptr<const ByteSource> source;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
[[nodiscard]] std::unique_ptr<ByteSource> joined_source(std::vector<SourceRange> ranges);

}  // namespace consilium
