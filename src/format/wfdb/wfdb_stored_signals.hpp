// The signals of one WFDB signal file, as they are stored: interleaved frames in one format.
// Used by wfdb_record.cpp alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "format/wfdb/wfdb_flac.hpp"
#include "format/wfdb/wfdb_header.hpp"

namespace consilium::wfdb {

// One signal's place in its file's frame.
struct Member {
  std::size_t channel = 0;  // in the record
  int offset_in_frame = 0;  // in samples
  int samples_per_frame = 1;
  int skew_frames = 0;
  std::int32_t missing = 0;
  std::int32_t initial_value = 0;
};

// Where samples [first, first + out.size()) of one member go, counted with its skew taken out.
struct Sink {
  std::size_t member = 0;
  std::int64_t first = 0;
  std::span<std::int32_t> out{};
};

class StoredSignals {
 public:
  // `lines` are the header lines that name this file, `first_channel` the index of the first.
  // `source` is null for a null signal.
  [[nodiscard]] static Result<std::unique_ptr<StoredSignals>> open(
      std::shared_ptr<const ByteSource> source, std::span<const WfdbSignalLine> lines,
      std::size_t first_channel);

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  // No file stands behind: every sample is missing.
  [[nodiscard]] bool is_null() const { return format_ == WfdbFormat::Null; }
  // Whole frames in the file.
  [[nodiscard]] std::int64_t frame_count() const { return frame_count_; }
  // Every frame is decoded once for all sinks; frames past the end give `missing`.
  [[nodiscard]] Status read(std::span<const Sink> sinks) const;
  // The sum of all stored samples of each member in the first `frames` frames, modulo 2^16.
  [[nodiscard]] Result<std::vector<std::int32_t>> checksums(std::int64_t frames) const;

 private:
  StoredSignals() = default;
  [[nodiscard]] Status count_frames();
  [[nodiscard]] Status index_differences();
  // Frames [first, first + count), interleaved into `out`.
  [[nodiscard]] Status decode(std::int64_t first, std::int64_t count, Bytes& bytes,
                              std::span<std::int32_t> out) const;
  [[nodiscard]] Status decode_packed(std::int64_t first, std::int64_t count, Bytes& bytes,
                                     std::span<std::int32_t> out) const;
  [[nodiscard]] Status decode_flac(std::int64_t first, std::int64_t count,
                                   std::span<std::int32_t> out) const;
  [[nodiscard]] Status add_up_differences(std::int64_t first, std::int64_t count, Bytes& bytes,
                                          std::span<std::int32_t> out) const;
  [[nodiscard]] std::int64_t frames_per_block() const;

  std::shared_ptr<const ByteSource> source_;
  std::unique_ptr<FlacStream> flac_;
  WfdbFormat format_ = WfdbFormat::Null;
  std::uint64_t byte_offset_ = 0;
  std::vector<Member> members_;
  std::int64_t samples_in_frame_ = 0;
  std::int64_t frame_count_ = 0;
  // Format 8: each member's last value before every `checkpoint_frames`-th frame.
  std::vector<std::int32_t> checkpoints_;
};

}  // namespace consilium::wfdb
