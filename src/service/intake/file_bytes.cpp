#include "service/intake/file_bytes.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "base/byte_source.hpp"

namespace consilium::service {

// Below this a copy is as fast as a mapping, and a file that is cut short meanwhile does no harm.
constexpr std::uint64_t copied_size_max = 64U << 20U;

Result<FileBytes> FileBytes::open(const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  FileBytes file;
  if (source->size() <= copied_size_max) {
    file.owned_ = CSL_TRY(read_all(*source, copied_size_max));
    file.view_ = file.owned_;
    return file;
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorCode::Unavailable, "the file cannot be opened");
  const auto size = static_cast<std::size_t>(source->size());
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);
  if (mapped == MAP_FAILED) {
    return fail(ErrorCode::Unavailable, "the file cannot be mapped into memory");
  }
  file.mapped_ = mapped;
  file.view_ = ByteView(static_cast<const std::byte*>(mapped), size);
  return file;
}

FileBytes::FileBytes(FileBytes&& other) noexcept
    : owned_(std::move(other.owned_)),
      mapped_(std::exchange(other.mapped_, nullptr)),
      view_(std::exchange(other.view_, {})) {}

FileBytes::~FileBytes() {
  if (mapped_ != nullptr) {
    ::munmap(mapped_, view_.size());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
}

}  // namespace consilium::service
