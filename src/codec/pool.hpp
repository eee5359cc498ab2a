// The server's side of decoding: a pool of confined workers, each its own process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "codec/codec_job.hpp"

namespace consilium {

struct CodecPoolOptions {
  // The program to start as a worker and its words before "--fd N".
  std::filesystem::path program;
  std::vector<std::string> arguments{"codec"};
  std::uint32_t worker_count = 2;
  std::uint32_t job_timeout_ms = 30'000;
  std::uint64_t output_size_bytes_max = std::uint64_t{4} << 30U;
};

// Thread-safe. Workers are started when first needed and end with the pool; their memory is limited
// for each job after what it declares.
class CodecPool {
 public:
  explicit CodecPool(CodecPoolOptions options);
  CodecPool(std::filesystem::path program, std::uint32_t worker_count);
  ~CodecPool();
  CodecPool(const CodecPool&) = delete;
  CodecPool& operator=(const CodecPool&) = delete;

  // One frame in the form that codec_job.hpp states; give it to make_ready with
  // answer_form(job.codec). Waits for a free worker.
  // Errors: Corrupt when the codestream is damaged or the decoder crashed on it (the worker is then
  // replaced); TooLarge when it wants more memory or time than allowed; Unsupported; Unavailable
  // when no worker can be started.
  // Cost: two copies of the frame and about 50 us beside the decoding.
  [[nodiscard]] Result<Bytes> decode(const CodecJob& job, ByteView compressed);

  // One frame of an image from its file, ready for viewing, whether native or compressed.
  [[nodiscard]] Result<Bytes> ready_frame(const DicomFile& file, const ImageDescription& image,
                                          std::uint32_t frame_index);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
