// Bytes that lie somewhere (memory, a file, a sealed container) and are read by ranges, so that a
// day's recording never has to be in memory whole. Readers of formats take a ByteSource; who opens
// it decides what stands behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // Does not change while the source lives.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills all of `out` from `offset` on. Safe from several threads at once.
  // Errors: Corrupt when the range runs past the end; Unavailable when the machine fails to read.
  [[nodiscard]] virtual Status read(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

// A name inside one import (a signal file that a header names, beside it) to its bytes. Errors:
// NotFound when there is none of that name.
using ByteSourceResolver =
    std::function<Result<std::shared_ptr<const ByteSource>>(std::string_view name)>;

// Takes bytes in order: a file being written, an HTTP answer, a vector in a test.
using ByteSink = std::function<Status(ByteView)>;

// Bytes in memory: owned, or a view whose owner must outlive the source.
[[nodiscard]] std::unique_ptr<ByteSource> memory_source(Bytes bytes);
[[nodiscard]] std::unique_ptr<ByteSource> view_source(ByteView bytes);

// A file on disk, read by pread: a mapping would be as fast, but a file that another program cuts
// short meanwhile would end the process by SIGBUS instead of giving an error.
// Errors: NotFound, Forbidden, Unavailable; InvalidInput when it is not a regular file.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file_source(
    const std::filesystem::path& path);

// `count` bytes from `offset`. Errors: TooLarge past `count_max`, else as `read`.
[[nodiscard]] Result<Bytes> read_bytes(const ByteSource& source, std::uint64_t offset,
                                       std::uint64_t count, std::uint64_t count_max);
// All of a small file. Errors: TooLarge when it has more than `size_max` bytes.
[[nodiscard]] Result<Bytes> read_all(const ByteSource& source, std::uint64_t size_max);

}  // namespace consilium
