#include "format/wfdb/wfdb_flac.hpp"

#include <FLAC/stream_decoder.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace consilium {
namespace {

struct DecoderDeleter {
  void operator()(FLAC__StreamDecoder* decoder) const { FLAC__stream_decoder_delete(decoder); }
};

std::unexpected<Error> damaged(std::int64_t sample) {
  return fail(ErrorCode::Corrupt, "the FLAC signal file is damaged",
              fmt::format("sample {} of the file", sample), "copy the file from its source again");
}

class LibFlacStream final : public FlacStream {
 public:
  explicit LibFlacStream(std::shared_ptr<const ByteSource> source)
      : source_(std::move(source)), decoder_(FLAC__stream_decoder_new()) {}

  Status start() {
    if (!decoder_) return fail(ErrorCode::Unavailable, "there is no memory for the FLAC decoder");
    if (FLAC__stream_decoder_init_stream(decoder_.get(), on_read, on_seek, on_tell, on_length,
                                         on_eof, on_write, on_metadata, on_error,
                                         this) != FLAC__STREAM_DECODER_INIT_STATUS_OK ||
        FLAC__stream_decoder_process_until_end_of_metadata(decoder_.get()) == 0 ||
        info_.channel_count == 0) {
      return fail(ErrorCode::Corrupt, "this is no FLAC stream", "byte 0");
    }
    return {};
  }

  const FlacInfo& info() const override { return info_; }

  Status read(std::int64_t first, std::span<std::int32_t> out) override {
    const std::scoped_lock lock(mutex_);
    const auto channels = static_cast<std::size_t>(info_.channel_count);
    std::int64_t at = first;
    while (!out.empty()) {
      if (!holds(at)) CSL_TRY(move_to(at));
      const auto skip = static_cast<std::size_t>(at - pending_first_) * channels;
      const std::size_t count = std::min(out.size(), pending_.size() - skip);
      std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(skip), count, out.begin());
      out = out.subspan(count);
      at += static_cast<std::int64_t>(count / channels);
    }
    return {};
  }

  Result<std::int64_t> count_samples() override {
    if (info_.sample_count > 0) return info_.sample_count;
    const std::scoped_lock lock(mutex_);
    CSL_TRY(rewind());
    std::int64_t count = 0;
    while (decode_block()) count = pending_last();
    return count;
  }

 private:
  std::int64_t pending_last() const {
    return pending_first_ + static_cast<std::int64_t>(
                                pending_.size() / static_cast<std::size_t>(info_.channel_count));
  }
  bool holds(std::int64_t sample) const {
    return sample >= pending_first_ && sample < pending_last();
  }

  Status rewind() {
    pending_.clear();
    pending_first_ = 0;
    position_ = 0;
    if (FLAC__stream_decoder_reset(decoder_.get()) == 0) return damaged(0);
    return {};
  }

  // The next block into pending_; false at the end or on damage.
  bool decode_block() {
    const std::int64_t expected = pending_last();
    pending_first_ = expected;
    pending_.clear();
    damaged_ = false;
    while (pending_.empty()) {
      if (FLAC__stream_decoder_process_single(decoder_.get()) == 0 || damaged_) return false;
      if (FLAC__stream_decoder_get_state(decoder_.get()) == FLAC__STREAM_DECODER_END_OF_STREAM) {
        break;
      }
    }
    // A block that names another place than the one it stands at would send us searching forever.
    return !pending_.empty() && pending_first_ == expected;
  }

  // So that pending_ holds `sample`.
  Status move_to(std::int64_t sample) {
    // A short way is faster decoded than searched.
    constexpr std::int64_t near = 1 << 16;
    const bool ahead = sample >= pending_last() && sample - pending_last() < near;
    if (!ahead) {
      pending_.clear();
      damaged_ = false;
      if (info_.sample_count > 0 && sample < info_.sample_count &&
          FLAC__stream_decoder_seek_absolute(decoder_.get(), static_cast<FLAC__uint64>(sample)) !=
              0 &&
          !damaged_ && holds(sample)) {
        return {};
      }
      CSL_TRY(rewind());
    }
    while (!holds(sample)) {
      if (!decode_block()) return damaged(sample);
    }
    return {};
  }

  static LibFlacStream& self(void* client) { return *static_cast<LibFlacStream*>(client); }

  static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder*, FLAC__byte buffer[],
                                               std::size_t* bytes, void* client) {
    LibFlacStream& stream = self(client);
    const std::uint64_t size = stream.source_->size();
    const std::uint64_t left = size - std::min(stream.position_, size);
    *bytes = static_cast<std::size_t>(std::min<std::uint64_t>(*bytes, left));
    if (*bytes == 0) return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
    const std::span<FLAC__byte> into(buffer, *bytes);
    if (!stream.source_->read(stream.position_, std::as_writable_bytes(into))) {
      return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
    }
    stream.position_ += *bytes;
    return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  }
  static FLAC__StreamDecoderSeekStatus on_seek(const FLAC__StreamDecoder*, FLAC__uint64 offset,
                                               void* client) {
    if (offset > self(client).source_->size()) return FLAC__STREAM_DECODER_SEEK_STATUS_ERROR;
    self(client).position_ = offset;
    return FLAC__STREAM_DECODER_SEEK_STATUS_OK;
  }
  static FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder*, FLAC__uint64* offset,
                                               void* client) {
    *offset = self(client).position_;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
  }
  static FLAC__StreamDecoderLengthStatus on_length(const FLAC__StreamDecoder*, FLAC__uint64* length,
                                                   void* client) {
    *length = self(client).source_->size();
    return FLAC__STREAM_DECODER_LENGTH_STATUS_OK;
  }
  static FLAC__bool on_eof(const FLAC__StreamDecoder*, void* client) {
    return self(client).position_ >= self(client).source_->size() ? 1 : 0;
  }
  static FLAC__StreamDecoderWriteStatus on_write(const FLAC__StreamDecoder*,
                                                 const FLAC__Frame* frame,
                                                 const FLAC__int32* const buffer[], void* client) {
    LibFlacStream& stream = self(client);
    const std::size_t channels = frame->header.channels;
    if (channels != static_cast<std::size_t>(stream.info_.channel_count)) {
      stream.damaged_ = true;
      return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    // libFLAC has turned frame numbers into sample numbers here.
    stream.pending_first_ = static_cast<std::int64_t>(frame->header.number.sample_number);
    stream.pending_.resize(channels * frame->header.blocksize);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < frame->header.blocksize; ++i) {
        stream.pending_[i * channels + c] = buffer[c][i];
      }
    }
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
  }
  static void on_metadata(const FLAC__StreamDecoder*, const FLAC__StreamMetadata* metadata,
                          void* client) {
    if (metadata->type != FLAC__METADATA_TYPE_STREAMINFO) return;
    const FLAC__StreamMetadata_StreamInfo& stream = metadata->data.stream_info;
    self(client).info_ = {.channel_count = static_cast<int>(stream.channels),
                          .sample_bits = static_cast<int>(stream.bits_per_sample),
                          .sample_count = static_cast<std::int64_t>(stream.total_samples)};
  }
  static void on_error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus, void* client) {
    self(client).damaged_ = true;
  }

  std::shared_ptr<const ByteSource> source_;
  std::unique_ptr<FLAC__StreamDecoder, DecoderDeleter> decoder_;
  std::mutex mutex_;  // of everything below
  FlacInfo info_;
  std::uint64_t position_ = 0;
  std::vector<std::int32_t> pending_;  // the block decoded last, interleaved
  std::int64_t pending_first_ = 0;
  bool damaged_ = false;
};

}  // namespace

Result<std::unique_ptr<FlacStream>> FlacStream::open(std::shared_ptr<const ByteSource> source) {
  auto stream = std::make_unique<LibFlacStream>(std::move(source));
  CSL_TRY(stream->start());
  return stream;
}

}  // namespace consilium
