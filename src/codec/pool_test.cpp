#include "codec/pool.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/sha256.hpp"
#include "tests/data_path.hpp"

using namespace consilium;

namespace {

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return to_bytes(text);
}

CodecPool misbehaving_pool(const char* what) {
  return CodecPool(CodecPoolOptions{.program = CSL_CODEC_WORKER,
                                    .arguments = {"misbehave", what},
                                    .worker_count = 1,
                                    .job_timeout_ms = 300});
}

constexpr CodecJob small_job{.codec = PixelCodec::Rle, .rows = 2, .columns = 2};

// Header with one segment, then a literal run of 4 bytes.
Bytes small_rle() {
  Bytes frame(64);
  frame[0] = std::byte{1};
  frame[4] = std::byte{64};
  for (const int value : {3, 10, 20, 30, 40}) frame.push_back(static_cast<std::byte>(value));
  return frame;
}

}  // namespace

TEST_CASE("a frame goes through a worker and comes back") {
  CodecPool pool(CSL_CODEC_WORKER, 1);
  const Bytes decoded = pool.decode(small_job, small_rle()).value();
  CHECK(to_hex(decoded) == "0a141e28");
}

TEST_CASE("the confined worker is denied files, network, processes and new code") {
  for (const char* what : {"open", "create", "socket", "fork", "exec", "kill", "map_code"}) {
    CAPTURE(what);
    CodecPool pool = misbehaving_pool(what);
    const auto answer = pool.decode(small_job, small_rle());
    REQUIRE(answer.has_value());
    CHECK(std::to_integer<int>(answer->front()) == 1);
  }
}

TEST_CASE("a crash of the worker is the frame's error, and the next frame gets a new worker") {
  CodecPool pool = misbehaving_pool("crash");
  for (int i = 0; i < 3; ++i) {
    const auto answer = pool.decode(small_job, small_rle());
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == ErrorCode::Corrupt);
    CHECK(answer.error().what == "the decoder failed on this frame");
  }
}

TEST_CASE("a worker that hangs is ended when its time is up") {
  CodecPool pool = misbehaving_pool("hang");
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = pool.decode(small_job, small_rle());
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::TooLarge);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("a pool leaves no process behind") {
  {
    CodecPool pool(CSL_CODEC_WORKER, 2);
    CHECK(pool.decode(small_job, small_rle()).has_value());
  }
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);  // no child at all
}

TEST_CASE("a program that is no worker is an error, not a wait") {
  CodecPool missing("/nonexistent/consilium", 1);
  CHECK(missing.decode(small_job, small_rle()).error().code == ErrorCode::Unavailable);
  CodecPool wrong("/bin/true", 1);
  CHECK(wrong.decode(small_job, small_rle()).error().code == ErrorCode::Unavailable);
}

TEST_CASE("threads share a pool") {
  CodecPool pool(CSL_CODEC_WORKER, 2);
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) good[t] += pool.decode(small_job, small_rle()).has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) CHECK(count == 50);
}

TEST_CASE("damaged codestreams of every kind are refused, never a crash of ours") {
  CodecPool pool(CSL_CODEC_WORKER, 1);
  Bytes noise(4096);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::byte>(i * 37 + i / 7);
  for (const PixelCodec codec :
       {PixelCodec::Rle, PixelCodec::Jpeg, PixelCodec::JpegLossless, PixelCodec::JpegLs,
        PixelCodec::Jpeg2000, PixelCodec::DeflatedFrame, PixelCodec::Unsupported}) {
    CAPTURE(static_cast<int>(codec));
    CodecJob job{.codec = codec, .rows = 64, .columns = 64};
    CHECK_FALSE(pool.decode(job, noise).has_value());
    CHECK_FALSE(pool.decode(job, {}).has_value());
  }
  CHECK(pool.decode(small_job, small_rle()).has_value());
}

// The encodings of one CT slice, made by another program from the same pixels.
TEST_CASE("all lossless encodings of one slice decode to the same pixels") {
  const char* const names[] = {
      "LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1",
      "DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99",
      "RLELosslessTransferSyntax_1.2.840.10008.1.2.5",
      "JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57",
      "JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70",
      "JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80",
      "JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90"};
  CodecPool pool(CSL_CODEC_WORKER, 1);
  std::string first;
  for (const char* name : names) {
    CAPTURE(name);
    const auto path =
        test::data_path("imaging/dicom/ct_all_syntaxes/CTImage.dcm_" + std::string(name) + ".dcm");
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const Bytes bytes = read_file(*path);
    const DicomFile file = read_dicom(bytes).value();
    const ImageDescription image = describe_image(file).value();
    const auto ready = pool.ready_frame(file, image, 0);
    REQUIRE_MESSAGE(ready.has_value(), ready.error().what);
    const std::string digest = to_hex(sha256(*ready));
    if (first.empty()) first = digest;
    CHECK(digest == first);
  }
}
