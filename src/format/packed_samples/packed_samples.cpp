#include "format/packed_samples/packed_samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/checked.hpp"
#include "domain/signal/sample_table.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t read_bytes_wanted = 256U << 10U;

template <class T>
T number_at(const std::byte* at, bool swapped) {
  std::array<std::byte, sizeof(T)> raw;
  std::memcpy(raw.data(), at, sizeof(T));
  if (swapped) std::ranges::reverse(raw);
  return std::bit_cast<T>(raw);
}

// ITU-T G.711: eight bits to the sixteen that they stand for.
std::int32_t from_mulaw(std::uint8_t code) {
  const std::uint8_t bits = static_cast<std::uint8_t>(~code);
  const std::int32_t magnitude = (((bits & 0x0F) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return (bits & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84;
}
std::int32_t from_alaw(std::uint8_t code) {
  const std::uint8_t bits = code ^ 0x55U;
  const int segment = (bits & 0x70) >> 4;
  std::int32_t magnitude = (bits & 0x0F) << 4;
  magnitude = segment == 0 ? magnitude + 8 : (magnitude + 0x108) << (segment - 1);
  return (bits & 0x80) != 0 ? magnitude : -magnitude;
}

std::int32_t from_real(double value, double scale, std::int32_t missing) {
  const double scaled = std::nearbyint(value * scale);
  // Written so that NaN goes the other way.
  return std::abs(scaled) < 2147483647.0 ? static_cast<std::int32_t>(scaled) : missing;
}

// Decodes one sample every `step` bytes from `at` on.
template <class Decode>
void decode_each(const std::byte* at, std::uint64_t step, std::span<std::int32_t> out,
                 Decode&& decode) {
  for (std::int32_t& sample : out) {
    sample = decode(at);
    at += step;
  }
}

void decode(const PackedTrack& track, std::int32_t missing, const std::byte* at, std::uint64_t step,
            std::span<std::int32_t> out) {
  const bool swapped = track.order != std::endian::native;
  switch (track.form) {
    case PackedForm::I8:
      return decode_each(at, step, out, [](const std::byte* p) -> std::int32_t {
        return static_cast<std::int8_t>(std::to_integer<std::uint8_t>(*p));
      });
    case PackedForm::U8:
      return decode_each(at, step, out, [](const std::byte* p) -> std::int32_t {
        return std::to_integer<std::uint8_t>(*p);
      });
    case PackedForm::I16:
      if (!swapped) {
        return decode_each(at, step, out, [](const std::byte* p) -> std::int32_t {
          return number_at<std::int16_t>(p, false);
        });
      }
      return decode_each(at, step, out, [](const std::byte* p) -> std::int32_t {
        return number_at<std::int16_t>(p, true);
      });
    case PackedForm::U16:
      return decode_each(at, step, out, [swapped](const std::byte* p) -> std::int32_t {
        return number_at<std::uint16_t>(p, swapped);
      });
    case PackedForm::I24:
      return decode_each(at, step, out, [swapped](const std::byte* p) -> std::int32_t {
        const auto byte = [p](int i) { return std::to_integer<std::uint32_t>(p[i]); };
        const std::uint32_t bits = swapped ? byte(0) << 24U | byte(1) << 16U | byte(2) << 8U
                                           : byte(2) << 24U | byte(1) << 16U | byte(0) << 8U;
        return static_cast<std::int32_t>(bits) >> 8;
      });
    case PackedForm::I32:
      return decode_each(at, step, out, [swapped](const std::byte* p) {
        return number_at<std::int32_t>(p, swapped);
      });
    case PackedForm::U32:
      return decode_each(at, step, out, [swapped, missing](const std::byte* p) {
        const auto value = number_at<std::uint32_t>(p, swapped);
        return value > 0x7FFFFFFFU ? missing : static_cast<std::int32_t>(value);
      });
    case PackedForm::F32:
      return decode_each(at, step, out, [&](const std::byte* p) {
        return from_real(number_at<float>(p, swapped), track.scale, missing);
      });
    case PackedForm::F64:
      return decode_each(at, step, out, [&](const std::byte* p) {
        return from_real(number_at<double>(p, swapped), track.scale, missing);
      });
    case PackedForm::Mulaw:
      return decode_each(at, step, out, [](const std::byte* p) {
        return from_mulaw(std::to_integer<std::uint8_t>(*p));
      });
    case PackedForm::Alaw:
      return decode_each(at, step, out, [](const std::byte* p) {
        return from_alaw(std::to_integer<std::uint8_t>(*p));
      });
  }
}

class PackedSource final : public SampleSource {
 public:
  PackedSource(RecordHeader header, std::shared_ptr<const ByteSource> file,
               std::vector<PackedTrack> tracks)
      : header_(std::move(header)), file_(std::move(file)), tracks_(std::move(tracks)) {
    group_tracks();
  }
  const RecordHeader& header() const override { return header_; }

  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const std::size_t one[] = {channel};
    const std::span<std::int32_t> outs[] = {out};
    return read_tracks(one, first.value, outs);
  }

  Status read_block(TickSpan span, SignalBlock& out) const override {
    const std::vector<Channel>& channels = header_.channels;
    out.span = span;
    out.first.resize(channels.size());
    out.channels.resize(channels.size());
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const SampleSpan samples = samples_in(channels[c], span);
      out.first[c] = samples.first;
      out.channels[c].resize(static_cast<std::size_t>(samples.last.value - samples.first.value));
    }
    for (const std::vector<std::size_t>& group : groups_) {
      std::vector<std::span<std::int32_t>> outs;
      for (const std::size_t c : group) outs.emplace_back(out.channels[c]);
      CSL_TRY(read_tracks(group, out.first[group.front()].value, outs));
    }
    return {};
  }

 private:
  // Channels whose samples lie beside each other are decoded from one read.
  void group_tracks() {
    const auto belong = [&](std::size_t a, std::size_t b) {
      const PackedTrack& x = tracks_[a];
      const PackedTrack& y = tracks_[b];
      const std::uint64_t apart = x.offset < y.offset ? y.offset - x.offset : x.offset - y.offset;
      return x.stride == y.stride && x.per_block == y.per_block &&
             x.stored_count == y.stored_count && x.lead_in == y.lead_in && apart < x.stride &&
             header_.channels[a].rate == header_.channels[b].rate;
    };
    for (std::size_t c = 0; c < tracks_.size(); ++c) {
      const auto group =
          std::ranges::find_if(groups_, [&](const auto& g) { return belong(g.front(), c); });
      if (group == groups_.end()) {
        groups_.push_back({c});
      } else {
        group->push_back(c);
      }
    }
  }

  // Samples from `first` on of channels of one group; all of `outs` are as long.
  Status read_tracks(std::span<const std::size_t> channels, std::int64_t first,
                     std::span<const std::span<std::int32_t>> outs) const {
    const PackedTrack& lead = tracks_[channels.front()];
    auto done = std::size_t{0};
    const std::size_t count = outs.front().size();
    const auto fill = [&](std::size_t from, std::size_t to) {
      for (std::size_t k = 0; k < channels.size(); ++k) {
        std::ranges::fill(outs[k].subspan(from, to - from), header_.channels[channels[k]].missing);
      }
    };
    if (first < lead.lead_in) {
      done = static_cast<std::size_t>(
          std::min<std::int64_t>(lead.lead_in - first, static_cast<std::int64_t>(count)));
      fill(0, done);
    }
    std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t high = 0;
    for (const std::size_t c : channels) {
      low = std::min(low, tracks_[c].offset);
      high = std::max(high, tracks_[c].offset + static_cast<std::uint64_t>(lead.per_block) *
                                                    bytes_of(tracks_[c].form));
    }
    const std::uint64_t block_bytes = high - low;
    Bytes bytes;
    while (done < count) {
      const std::int64_t at = first + static_cast<std::int64_t>(done) - lead.lead_in;
      const std::int64_t block = at / lead.per_block;
      const auto wanted = static_cast<std::int64_t>(count - done);
      const std::int64_t last_block = (at + wanted - 1) / lead.per_block;
      const auto blocks_at_once =
          static_cast<std::int64_t>(std::max<std::uint64_t>(1, read_bytes_wanted / lead.stride));
      const std::int64_t blocks = std::min(last_block - block + 1, blocks_at_once);
      const std::uint64_t from = low + static_cast<std::uint64_t>(block) * lead.stride;
      const std::uint64_t size = static_cast<std::uint64_t>(blocks - 1) * lead.stride + block_bytes;
      if (from >= file_->size() || size > file_->size() - from) {
        return read_cut_end(channels, at, done, outs);
      }
      bytes.resize(static_cast<std::size_t>(size));
      CSL_TRY(file_->read(from, bytes));
      const std::int64_t got = std::min(wanted, (block + blocks) * lead.per_block - at);
      for (std::size_t k = 0; k < channels.size(); ++k) {
        take(channels[k], bytes, tracks_[channels[k]].offset - low, at - block * lead.per_block,
             outs[k].subspan(done, static_cast<std::size_t>(got)));
      }
      done += static_cast<std::size_t>(got);
    }
    return {};
  }

  // From `bytes`, which begin at a block whose first sample of the channel lies at `offset`.
  void take(std::size_t channel, const Bytes& bytes, std::uint64_t offset, std::int64_t skip,
            std::span<std::int32_t> out) const {
    const PackedTrack& track = tracks_[channel];
    const std::int32_t missing = header_.channels[channel].missing;
    if (track.per_block == 1) {
      return decode(track, missing, bytes.data() + offset, track.stride, out);
    }
    const std::uint64_t step = bytes_of(track.form);
    while (!out.empty()) {
      const std::int64_t inside = skip % track.per_block;
      const auto here = static_cast<std::size_t>(
          std::min<std::int64_t>(track.per_block - inside, std::ssize(out)));
      const std::uint64_t at = offset +
                               static_cast<std::uint64_t>(skip / track.per_block) * track.stride +
                               static_cast<std::uint64_t>(inside) * step;
      decode(track, missing, bytes.data() + at, step, out.first(here));
      out = out.subspan(here);
      skip += static_cast<std::int64_t>(here);
    }
  }

  // The last samples of a file that ends early, one by one.
  Status read_cut_end(std::span<const std::size_t> channels, std::int64_t at, std::size_t done,
                      std::span<const std::span<std::int32_t>> outs) const {
    for (std::size_t k = 0; k < channels.size(); ++k) {
      const PackedTrack& track = tracks_[channels[k]];
      const std::uint64_t size = bytes_of(track.form);
      const std::int32_t missing = header_.channels[channels[k]].missing;
      std::array<std::byte, 8> raw{};
      for (std::size_t i = done; i < outs[k].size(); ++i) {
        const std::int64_t sample = at + static_cast<std::int64_t>(i - done);
        const std::uint64_t place =
            track.offset + static_cast<std::uint64_t>(sample / track.per_block) * track.stride +
            static_cast<std::uint64_t>(sample % track.per_block) * size;
        if (place > file_->size() || size > file_->size() - place) {
          std::ranges::fill(outs[k].subspan(i), missing);
          break;
        }
        CSL_TRY(file_->read(place, std::span(raw).first(static_cast<std::size_t>(size))));
        decode(track, missing, raw.data(), size, outs[k].subspan(i, 1));
      }
    }
    return {};
  }

  RecordHeader header_;
  std::shared_ptr<const ByteSource> file_;
  std::vector<PackedTrack> tracks_;
  std::vector<std::vector<std::size_t>> groups_;
};

}  // namespace

std::uint64_t bytes_of(PackedForm form) {
  switch (form) {
    case PackedForm::I8:
    case PackedForm::U8:
    case PackedForm::Mulaw:
    case PackedForm::Alaw:
      return 1;
    case PackedForm::I16:
    case PackedForm::U16:
      return 2;
    case PackedForm::I24:
      return 3;
    case PackedForm::I32:
    case PackedForm::U32:
    case PackedForm::F32:
      return 4;
    case PackedForm::F64:
      return 8;
  }
  return 1;
}

PackedRange range_of(PackedForm form) {
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  switch (form) {
    case PackedForm::I8:
      return {-128, 127};
    case PackedForm::U8:
      return {0, 255};
    case PackedForm::I16:
      return {-32768, 32767};
    case PackedForm::U16:
      return {0, 65535};
    case PackedForm::I24:
      return {-(1 << 23), (1 << 23) - 1};
    case PackedForm::U32:
      return {0, most};
    case PackedForm::I32:
    case PackedForm::F32:
    case PackedForm::F64:
      return {-most, most};
    case PackedForm::Mulaw:
      return {-32124, 32124};
    case PackedForm::Alaw:
      return {-32256, 32256};
  }
  return {};
}

Result<std::unique_ptr<SampleSource>> packed_source(RecordHeader header,
                                                    std::shared_ptr<const ByteSource> file,
                                                    std::vector<PackedTrack> tracks) {
  if (header.channels.size() != tracks.size()) {
    return fail(ErrorCode::InvalidInput, "the samples are of another number of channels");
  }
  for (std::size_t c = 0; c < tracks.size(); ++c) {
    const PackedTrack& track = tracks[c];
    const auto count = checked_add(track.stored_count, track.lead_in);
    const auto blocks = track.per_block > 0 ? track.stored_count / track.per_block + 1 : 0;
    const auto bytes = checked_multiply(static_cast<std::uint64_t>(blocks), track.stride);
    const auto end = bytes ? checked_add(*bytes, track.offset) : bytes;
    if (!count || track.stored_count < 0 || track.lead_in < 0 || track.per_block < 1 ||
        track.stride < bytes_of(track.form) || !end) {
      return fail(ErrorCode::InvalidInput, "the samples of a channel lie nowhere",
                  "channel " + std::to_string(c));
    }
    header.channels[c].sample_count = *count;
  }
  CSL_TRY(set_time_line(header));
  return std::make_unique<PackedSource>(std::move(header), std::move(file), std::move(tracks));
}

}  // namespace consilium
