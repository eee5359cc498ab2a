#include "codec/worker.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <new>

#include "codec/confine.hpp"
#include "codec/decoders.hpp"
#include "codec/wire.hpp"

namespace consilium {
namespace {

constexpr int failed_exit_code = 3;

// The memory file of one request, mapped and closed. Its size is the request's word: a wrong one
// would only end this process.
class MappedFile {
 public:
  MappedFile(int descriptor, std::uint64_t size) : size_(static_cast<std::size_t>(size)) {
    if (descriptor < 0) return;
    void* place = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    data_ = place == MAP_FAILED ? nullptr : static_cast<std::byte*>(place);
    close(descriptor);
  }
  ~MappedFile() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const {
    return data_ == nullptr ? std::span<std::byte>{} : std::span(data_, size_);
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

wire::Verdict verdict_of(const Status& status) {
  if (status) return wire::Verdict::Done;
  switch (status.error().code) {
    case ErrorCode::Unsupported:
      return wire::Verdict::Unsupported;
    case ErrorCode::TooLarge:
      return wire::Verdict::OutOfMemory;
    default:
      return wire::Verdict::Corrupt;
  }
}

wire::Verdict answer(const wire::Request& request, std::span<std::byte> bytes) {
  const bool fits = request.version == wire::version && request.input_size <= bytes.size() &&
                    request.output_offset >= request.input_size &&
                    request.output_offset <= bytes.size() &&
                    request.output_size <= bytes.size() - request.output_offset &&
                    request.output_size == output_size_bytes(request.job);
  if (!fits) return wire::Verdict::Corrupt;
  try {
    return verdict_of(
        detail::decode_frame(request.job, bytes.first(request.input_size),
                             bytes.subspan(request.output_offset, request.output_size)));
  } catch (const std::bad_alloc&) {
    return wire::Verdict::OutOfMemory;
  } catch (const std::exception&) {
    return wire::Verdict::Corrupt;
  }
}

std::uint32_t used_cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint32_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
}

}  // namespace

int run_codec_worker(int descriptor) {
  if (!confine_this_process({.kept_descriptor = descriptor})) return failed_exit_code;
  const wire::Reply ready{.verdict = wire::Verdict::Done};
  if (!wire::send_bytes(descriptor, &ready, sizeof(ready), -1)) return failed_exit_code;
  while (true) {
    wire::Request request;
    int memory = -1;
    if (!wire::receive_bytes(descriptor, &request, sizeof(request), memory)) return 0;
    wire::Reply reply;
    {
      const MappedFile file(memory, request.output_offset + request.output_size);
      reply.verdict = answer(request, file.bytes());
    }
    reply.cpu_seconds = used_cpu_seconds();
    if (!wire::send_bytes(descriptor, &reply, sizeof(reply), -1)) return failed_exit_code;
  }
}

}  // namespace consilium
