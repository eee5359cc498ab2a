#include "base/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/joined_source.hpp"

namespace consilium {
namespace {

std::unexpected<Error> past_the_end(std::uint64_t offset, std::size_t count, std::uint64_t size) {
  return fail(ErrorCode::Corrupt, "the file ends early",
              fmt::format("byte {} ({} bytes wanted, the file has {})", offset, count, size));
}

class ViewSource : public ByteSource {
 public:
  explicit ViewSource(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return past_the_end(offset, out.size(), bytes_.size());
    }
    std::ranges::copy(bytes_.subspan(offset, out.size()), out.begin());
    return {};
  }

 private:
  ByteView bytes_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)), view_(bytes_) {}
  std::uint64_t size() const override { return view_.size(); }
  Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    return view_.read(offset, out);
  }

 private:
  const Bytes bytes_;
  ViewSource view_;
};

class JoinedSource final : public ByteSource {
 public:
  explicit JoinedSource(std::vector<SourceRange> ranges) : ranges_(std::move(ranges)) {
    ends_.reserve(ranges_.size());
    for (const SourceRange& range : ranges_) ends_.push_back(size() + range.length);
  }
  std::uint64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      return past_the_end(offset, out.size(), size());
    }
    while (!out.empty()) {
      const auto place = std::ranges::upper_bound(ends_, offset);
      const SourceRange& range = ranges_[static_cast<std::size_t>(place - ends_.begin())];
      const std::uint64_t left = *place - offset;
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left));
      CSL_TRY(range.source->read(range.offset + range.length - left, out.first(count)));
      out = out.subspan(count);
      offset += count;
    }
    return {};
  }

 private:
  std::vector<SourceRange> ranges_;
  std::vector<std::uint64_t> ends_;  // where each range ends in the whole
};

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  ~FileSource() override { ::close(descriptor_); }
  std::uint64_t size() const override { return size_; }
  Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) {
      return past_the_end(offset, out.size(), size_);
    }
    while (!out.empty()) {
      const ::ssize_t got =
          ::pread(descriptor_, out.data(), out.size(), static_cast<::off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        return fail(ErrorCode::Unavailable, "the file cannot be read",
                    fmt::format("byte {} (errno {})", offset, errno), "try again");
      }
      if (got == 0)
        return past_the_end(offset, out.size(), offset);  // cut short since it was opened
      offset += static_cast<std::uint64_t>(got);
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

 private:
  const int descriptor_;
  const std::uint64_t size_;
};

ErrorCode code_of_open_failure(int error) {
  if (error == ENOENT || error == ENOTDIR) return ErrorCode::NotFound;
  if (error == EACCES || error == EPERM) return ErrorCode::Forbidden;
  return ErrorCode::Unavailable;
}

}  // namespace

std::unique_ptr<ByteSource> memory_source(Bytes bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}

std::unique_ptr<ByteSource> joined_source(std::vector<SourceRange> ranges) {
  return std::make_unique<JoinedSource>(std::move(ranges));
}

std::unique_ptr<ByteSource> view_source(ByteView bytes) {
  return std::make_unique<ViewSource>(bytes);
}

Result<std::unique_ptr<ByteSource>> open_file_source(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return fail(code_of_open_failure(errno), "the file cannot be opened",
                fmt::format("errno {}", errno), "check that it exists and may be read");
  }
  struct ::stat state{};
  if (::fstat(descriptor, &state) != 0 || !S_ISREG(state.st_mode)) {
    ::close(descriptor);
    return fail(ErrorCode::InvalidInput, "this is not a regular file");
  }
  return std::make_unique<FileSource>(descriptor, static_cast<std::uint64_t>(state.st_size));
}

Result<Bytes> read_bytes(const ByteSource& source, std::uint64_t offset, std::uint64_t count,
                         std::uint64_t count_max) {
  if (count > count_max) {
    return fail(ErrorCode::TooLarge, "more bytes than are read at once",
                fmt::format("byte {} ({} bytes, the limit is {})", offset, count, count_max));
  }
  if (offset > source.size() || count > source.size() - offset) {
    return past_the_end(offset, count, source.size());
  }
  Bytes bytes(count);
  CSL_TRY(source.read(offset, bytes));
  return bytes;
}

Result<Bytes> read_all(const ByteSource& source, std::uint64_t size_max) {
  return read_bytes(source, 0, source.size(), size_max);
}

}  // namespace consilium
