#include "codec/pool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/checked.hpp"
#include "base/child_process.hpp"
#include "base/descriptor.hpp"
#include "codec/sanitizer_build.hpp"
#include "codec/wire.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t output_alignment = 64;
// Decoders hold 32-bit coefficients of each sample, some of them twice, beside input and output.
constexpr std::uint64_t working_bytes_per_sample = 24;
constexpr std::uint32_t start_timeout_ms = 20'000;
constexpr std::uint32_t cpu_seconds_before_rest = 1800;
constexpr std::uint64_t working_bytes_always = std::uint64_t{64} << 20U;

class Mapping {
 public:
  Mapping(int descriptor, std::size_t size) : size_(size) {
    void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    data_ = place == MAP_FAILED ? nullptr : static_cast<std::byte*>(place);
  }
  ~Mapping() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// A started worker and the processor time that it said it had used when it last answered.
struct Worker {
  ChildProcess child;
  std::uint32_t cpu_seconds = 0;

  [[nodiscard]] pid_t process() const { return child.process(); }
  [[nodiscard]] int socket() const { return child.socket(); }
};

std::unexpected<Error> not_started() {
  return fail(ErrorCode::Unavailable, "the decoder process could not be started");
}

enum class Wait : std::uint8_t { Ready, Late };

Wait wait_for_reply(int socket, std::uint32_t timeout_ms) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return Wait::Late;
    pollfd place{.fd = socket, .events = POLLIN, .revents = 0};
    const int count = poll(&place, 1, static_cast<int>(left));
    if (count > 0) return Wait::Ready;
    if (count < 0 && errno != EINTR) return Wait::Ready;  // receiving then says what is wrong
  }
}

Result<Worker> start_worker(const CodecPoolOptions& options) {
  Worker worker{CSL_TRY(
      ChildProcess::start(options.program, options.arguments, ChildProcess::SocketKind::Packets))};
  // Only a worker that says that it is confined gets work.
  wire::Reply ready;
  int unexpected_descriptor = -1;
  const bool is_confined =
      wait_for_reply(worker.socket(), start_timeout_ms) == Wait::Ready &&
      wire::receive_bytes(worker.socket(), &ready, sizeof(ready), unexpected_descriptor) &&
      ready.verdict == wire::Verdict::Done && unexpected_descriptor < 0;
  if (!is_confined) return not_started();
  return worker;
}

// The address space that a worker has before a job, from /proc.
std::uint64_t address_space_bytes(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/statm";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  unsigned long long pages = 0;
  if (!file || std::fscanf(file.get(), "%llu", &pages) != 1) return 0;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// A worker that outlives us in an endless loop ends by itself.
void limit_cpu(const Worker& worker, std::uint32_t timeout_ms) {
  rlimit limit{};
  if (prlimit(worker.process(), RLIMIT_CPU, nullptr, &limit) != 0) return;
  constexpr std::uint32_t spare_seconds = 5;
  limit.rlim_cur =
      std::min<rlim_t>(worker.cpu_seconds + timeout_ms / 1000 + spare_seconds, limit.rlim_max);
  prlimit(worker.process(), RLIMIT_CPU, &limit, nullptr);
}

// The worker set its own hard limit; each job gets what it may need of that.
void limit_memory(const Worker& worker, std::uint64_t memory_file_size, const CodecJob& job) {
  if constexpr (is_sanitizer_build) return;
  const std::uint64_t now = address_space_bytes(worker.process());
  rlimit limit{};
  if (now == 0 || prlimit(worker.process(), RLIMIT_AS, nullptr, &limit) != 0) return;
  const std::uint64_t samples = std::uint64_t{job.rows} * job.columns * job.samples_per_pixel;
  const std::uint64_t wanted =
      now + 2 * memory_file_size + samples * working_bytes_per_sample + working_bytes_always;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  prlimit(worker.process(), RLIMIT_AS, &limit, nullptr);
}

// A sealed memory file that holds the input; the output's place is zero.
Result<Descriptor> make_memory_file(ByteView input, std::uint64_t size) {
  Descriptor file(memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (file.get() < 0 || ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return fail(ErrorCode::Unavailable, "there is no memory for the frame");
  }
  const Mapping mapping(file.get(), size);
  if (mapping.data() == nullptr) {
    return fail(ErrorCode::Unavailable, "there is no memory for the frame");
  }
  std::ranges::copy(input, mapping.data());
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail(ErrorCode::Internal, "the frame's memory could not be sealed");
  }
  return file;
}

Status status_of(wire::Verdict verdict) {
  switch (verdict) {
    case wire::Verdict::Done:
      return {};
    case wire::Verdict::Unsupported:
      return fail(ErrorCode::Unsupported, "the image's compression is not one that we decode");
    case wire::Verdict::OutOfMemory:
      return fail(ErrorCode::TooLarge, "the frame needs more memory than its size allows");
    case wire::Verdict::Corrupt:
      break;
  }
  return fail(ErrorCode::Corrupt, "the compressed frame is damaged", {},
              "compare the file with the original, then import it again");
}

std::unexpected<Error> crashed() {
  return fail(ErrorCode::Corrupt, "the decoder failed on this frame", {},
              "compare the file with the original, then import it again");
}

}  // namespace

struct CodecPool::State {
  CodecPoolOptions options;
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<Worker> idle;
  std::uint32_t busy_count = 0;

  // Waits for a place; the worker is started outside the lock.
  Result<Worker> take() {
    std::unique_lock lock(mutex);
    returned.wait(lock, [&] { return !idle.empty() || busy_count < options.worker_count; });
    ++busy_count;
    if (!idle.empty()) {
      Worker worker = std::move(idle.back());
      idle.pop_back();
      return worker;
    }
    lock.unlock();
    Result<Worker> started = start_worker(options);
    if (!started) give_back(std::nullopt);
    return started;
  }

  // An idle worker may have been killed meanwhile; the request then goes to another.
  Result<Worker> take_and_send(const wire::Request& request, int memory) {
    for (std::uint32_t tries = 0; tries <= options.worker_count; ++tries) {
      Worker worker = CSL_TRY(take());
      limit_memory(worker, request.output_offset + request.output_size, request.job);
      limit_cpu(worker, options.job_timeout_ms);
      if (wire::send_bytes(worker.socket(), &request, sizeof(request), memory)) return worker;
      give_back(std::nullopt);
    }
    return not_started();
  }

  void give_back(std::optional<Worker> worker) {
    {
      const std::scoped_lock lock(mutex);
      --busy_count;
      if (worker) idle.push_back(std::move(*worker));
    }
    returned.notify_one();
  }
};

CodecPool::CodecPool(CodecPoolOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->options.worker_count = std::max(state_->options.worker_count, 1U);
}

CodecPool::CodecPool(std::filesystem::path program, std::uint32_t worker_count)
    : CodecPool(CodecPoolOptions{.program = std::move(program), .worker_count = worker_count}) {}

CodecPool::~CodecPool() = default;

Result<Bytes> CodecPool::decode(const CodecJob& job, ByteView compressed) {
  const bool is_sound = job.bits_allocated % 8 == 0 && job.bits_allocated > 0 &&
                        job.bits_allocated <= 32 && job.rows <= 65535 && job.columns <= 65535 &&
                        job.samples_per_pixel > 0 && job.samples_per_pixel <= 4;
  if (!is_sound) {
    return fail(ErrorCode::Unsupported, "compressed samples of this kind are not read");
  }
  const std::uint64_t output_size = output_size_bytes(job);
  if (output_size == 0) return fail(ErrorCode::Corrupt, "the frame has no pixels");
  if (output_size > state_->options.output_size_bytes_max) {
    return fail(ErrorCode::TooLarge, "the frame is larger than we decode");
  }
  const wire::Request request{.job = job,
                              .input_size = compressed.size(),
                              .output_offset = (compressed.size() + output_alignment - 1) /
                                               output_alignment * output_alignment,
                              .output_size = output_size};
  const std::uint64_t file_size = request.output_offset + output_size;
  const Descriptor memory = CSL_TRY(make_memory_file(compressed, file_size));

  // A worker that fails in any way is not given back: leaving its scope kills it, and the next
  // frame gets a new one.
  Worker worker = CSL_TRY(state_->take_and_send(request, memory.get()));
  wire::Reply reply;
  int unexpected_descriptor = -1;
  if (wait_for_reply(worker.socket(), state_->options.job_timeout_ms) == Wait::Late) {
    state_->give_back(std::nullopt);
    return fail(ErrorCode::TooLarge, "the frame took too long to decode");
  }
  if (!wire::receive_bytes(worker.socket(), &reply, sizeof(reply), unexpected_descriptor)) {
    state_->give_back(std::nullopt);
    return crashed();
  }
  if (unexpected_descriptor >= 0) {  // ours never sends one
    close(unexpected_descriptor);
    state_->give_back(std::nullopt);
    return crashed();
  }
  worker.cpu_seconds = reply.cpu_seconds;
  if (reply.cpu_seconds > cpu_seconds_before_rest) {
    state_->give_back(std::nullopt);
  } else {
    state_->give_back(std::move(worker));
  }
  CSL_TRY(status_of(reply.verdict));
  const Mapping mapping(memory.get(), file_size);
  if (mapping.data() == nullptr) {
    return fail(ErrorCode::Unavailable, "there is no memory for the frame");
  }
  const std::byte* output = mapping.data() + request.output_offset;
  return Bytes(output, output + output_size);
}

Result<Bytes> CodecPool::ready_frame(const DicomFile& file, const ImageDescription& image,
                                     std::uint32_t frame_index) {
  if (!file.pixel_data.is_encapsulated) {
    return make_ready(CSL_TRY(native_frame(file, image, frame_index)), image, frame_index);
  }
  const FrameTable table = CSL_TRY(frame_table(file, image.frame_count));
  const Bytes compressed = CSL_TRY(compressed_frame(file, table, frame_index));
  const PixelCodec codec = file.syntax->codec;
  const Bytes decoded = CSL_TRY(decode(codec_job(codec, image), compressed));
  return make_ready(decoded, image, frame_index, answer_form(codec));
}

}  // namespace consilium
