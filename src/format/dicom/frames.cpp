#include "format/dicom/frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.hpp"

namespace consilium {
namespace {

std::uint64_t sample_count(const ImageDescription& image) {
  return std::uint64_t{image.ready.rows} * image.ready.columns * image.stored.samples_per_pixel;
}

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <class T>
void store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof(T));
}

template <class T>
T swapped(T value) {
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  return value;
}

template <class T>
void swap_bytes(Bytes& samples) {
  for (std::size_t at = 0; at + sizeof(T) <= samples.size(); at += sizeof(T)) {
    store(samples.data() + at, swapped(load<T>(samples.data() + at)));
  }
}

// Keeps `bits` bits that end at `high_bit`, sign-extended to the whole sample where it is signed.
template <class T>
void keep_stored_bits(Bytes& samples, int bits, int high_bit, bool is_signed) {
  using Signed = std::make_signed_t<T>;
  constexpr int width = std::numeric_limits<T>::digits;
  const int up = width - 1 - high_bit;
  const int down = width - bits;
  for (std::size_t at = 0; at < samples.size(); at += sizeof(T)) {
    const T raised = static_cast<T>(load<T>(samples.data() + at) << up);
    const T kept = is_signed ? static_cast<T>(static_cast<Signed>(raised) >> down)
                             : static_cast<T>(raised >> down);
    store(samples.data() + at, kept);
  }
}

template <class T>
Bytes interleave(ByteView planes) {
  const std::size_t plane = planes.size() / 3;
  Bytes out(planes.size());
  for (std::size_t pixel = 0; pixel < plane / sizeof(T); ++pixel) {
    for (std::size_t sample = 0; sample < 3; ++sample) {
      store(out.data() + (pixel * 3 + sample) * sizeof(T),
            load<T>(planes.data() + sample * plane + pixel * sizeof(T)));
    }
  }
  return out;
}

// Calls `use` with a value of the unsigned type of that size.
template <class Use>
void with_sample_type(std::size_t sample_size_bytes, Use&& use) {
  switch (sample_size_bytes) {
    case 1:
      return use(std::uint8_t{});
    case 2:
      return use(std::uint16_t{});
    case 4:
      return use(std::uint32_t{});
    default:
      return use(std::uint64_t{});
  }
}

// Two pixels share their colour: Y Y B R (PS3.3 C.7.6.3.1.2).
Bytes widen_422(ByteView frame, std::uint32_t rows, std::uint32_t columns) {
  Bytes out(std::size_t{rows} * columns * 3);
  std::size_t to = 0;
  std::size_t from = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (std::uint32_t column = 0; column < columns; ++column) {
      const std::size_t pair = from + std::size_t{column / 2} * 4;
      out[to++] = frame[pair + column % 2];
      out[to++] = frame[pair + 2];
      out[to++] = frame[pair + 3];
    }
    from += (std::size_t{columns} + 1) / 2 * 4;
  }
  return out;
}

Bytes unpack_bits(ByteView frame, std::uint64_t pixel_count, std::size_t first_bit) {
  Bytes out(pixel_count);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t bit = first_bit + i;
    out[i] = (frame[bit / 8] >> (bit % 8)) & std::byte{1};
  }
  return out;
}

// The value at the table's place for that pixel, clamped at both ends.
std::uint16_t look_up(const LookupTable& table, std::int64_t value) {
  const std::int64_t last = static_cast<std::int64_t>(table.values.size()) - 1;
  return table.values[static_cast<std::size_t>(
      std::clamp<std::int64_t>(value - table.first_mapped, 0, last))];
}

Bytes apply_palette(const Bytes& indices, std::size_t index_size, bool is_signed,
                    const Palette& palette) {
  const std::size_t pixel_count = indices.size() / index_size;
  const std::size_t out_size = palette.has_16_bits ? 2 : 1;
  Bytes out(pixel_count * 3 * out_size);
  for (std::size_t pixel = 0; pixel < pixel_count; ++pixel) {
    std::int64_t index = 0;
    with_sample_type(index_size, [&](auto type) {
      using Unsigned = decltype(type);
      const auto stored = load<Unsigned>(indices.data() + pixel * index_size);
      index = is_signed
                  ? static_cast<std::int64_t>(static_cast<std::make_signed_t<Unsigned>>(stored))
                  : static_cast<std::int64_t>(stored);
    });
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const std::uint16_t value = look_up(palette.channels[channel], index);
      std::byte* to = out.data() + (pixel * 3 + channel) * out_size;
      if (palette.has_16_bits) {
        store(to, value);
      } else {
        *to = static_cast<std::byte>(value);
      }
    }
  }
  return out;
}

template <class T>
void ybr_to_rgb(std::span<std::byte> samples) {
  constexpr double middle = static_cast<double>((std::numeric_limits<T>::max() >> 1U) + 1);
  constexpr double top = static_cast<double>(std::numeric_limits<T>::max());
  const auto rounded = [=](double value) {
    return static_cast<T>(std::clamp(std::floor(value + 0.5), 0.0, top));
  };
  for (std::size_t at = 0; at + 3 * sizeof(T) <= samples.size(); at += 3 * sizeof(T)) {
    std::byte* pixel = samples.data() + at;
    const double y = load<T>(pixel);
    const double b = load<T>(pixel + sizeof(T)) - middle;
    const double r = load<T>(pixel + 2 * sizeof(T)) - middle;
    store(pixel, rounded(y + 1.402 * r));
    store(pixel + sizeof(T), rounded(y - 0.114 * 1.772 / 0.587 * b - 0.299 * 1.402 / 0.587 * r));
    store(pixel + 2 * sizeof(T), rounded(y + 1.772 * b));
  }
}

Status check_length(ByteView frame, std::uint64_t expected) {
  if (frame.size() == expected) return {};
  return fail(ErrorCode::Corrupt, "a frame has another length than its image says",
              fmt::format("{} bytes instead of {}", frame.size(), expected));
}

// Native bytes as little-endian interleaved samples; bits and colour are still the file's.
Result<Bytes> unpack_native(ByteView frame, const ImageDescription& image,
                            std::uint32_t frame_index) {
  const StoredPixels& stored = image.stored;
  const std::uint64_t bits = native_frame_bits(image);
  if (stored.bits_allocated == 1) {
    const std::size_t first_bit = frame_index * bits % 8;
    CSL_TRY(check_length(frame, (first_bit + bits + 7) / 8));
    return unpack_bits(frame, bits, first_bit);
  }
  const std::size_t size = bits / 8;
  if (stored.has_swapped_pairs) {
    const std::size_t first = frame_index * size % 2;
    CSL_TRY(check_length(frame, (first + size + 1) / 2 * 2));
    Bytes samples(size);
    for (std::size_t i = 0; i < size; ++i) samples[i] = frame[(first + i) ^ 1U];
    return stored.is_planar ? interleave<std::uint8_t>(samples) : samples;
  }
  CSL_TRY(check_length(frame, size));
  if (stored.photometric == StoredPhotometric::YbrFull422) {
    return widen_422(frame, image.ready.rows, image.ready.columns);
  }
  Bytes samples;
  const std::size_t sample_size = stored.bits_allocated / 8U;
  if (stored.is_planar) {
    with_sample_type(sample_size, [&](auto type) { samples = interleave<decltype(type)>(frame); });
  } else {
    samples.assign(frame.begin(), frame.end());
  }
  if (stored.byte_order == std::endian::big) {
    with_sample_type(sample_size, [&](auto type) { swap_bytes<decltype(type)>(samples); });
  }
  return samples;
}

bool begins_codestream(ByteView fragment) {
  if (fragment.size() < 2 || fragment[0] != std::byte{0xFF}) return false;
  return fragment[1] == std::byte{0xD8} || fragment[1] == std::byte{0x4F};  // JPEG, JPEG 2000
}

std::vector<FrameTable::Range> ranges_from(const std::vector<std::uint32_t>& starts,
                                           std::size_t fragment_count) {
  std::vector<FrameTable::Range> ranges;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto next =
        i + 1 < starts.size() ? starts[i + 1] : static_cast<std::uint32_t>(fragment_count);
    ranges.push_back({.first_fragment = starts[i], .fragment_count = next - starts[i]});
  }
  return ranges;
}

// The fragments at which the offset table says that frames begin; empty when it cannot be right.
std::vector<std::uint32_t> starts_by_offsets(const PixelDataPlace& pixels,
                                             std::uint32_t frame_count) {
  std::vector<std::uint32_t> starts;
  if (pixels.frame_offsets.size() != frame_count) return starts;
  std::size_t fragment = 0;
  for (const std::uint64_t offset : pixels.frame_offsets) {
    constexpr std::uint64_t item_head_size = 8;
    const std::uint64_t wanted = pixels.fragments_offset + offset + item_head_size;
    while (fragment < pixels.fragments.size() && pixels.fragments[fragment].offset < wanted) {
      ++fragment;
    }
    const bool is_start = fragment < pixels.fragments.size() &&
                          pixels.fragments[fragment].offset == wanted &&
                          (starts.empty() ? fragment == 0 : fragment > starts.back());
    if (!is_start) return {};
    starts.push_back(static_cast<std::uint32_t>(fragment));
  }
  return starts;
}

}  // namespace

Result<FrameTable> frame_table(const DicomFile& file, std::uint32_t frame_count) {
  const PixelDataPlace& pixels = file.pixel_data;
  const std::size_t fragment_count = pixels.fragments.size();
  std::vector<std::uint32_t> starts;
  if (frame_count == 1 && fragment_count > 0) {
    starts.push_back(0);
  } else if (fragment_count == frame_count) {
    for (std::uint32_t i = 0; i < frame_count; ++i) starts.push_back(i);
  } else {
    starts = starts_by_offsets(pixels, frame_count);
    if (starts.empty()) {
      for (std::uint32_t i = 0; i < fragment_count; ++i) {
        const PixelFragment& fragment = pixels.fragments[i];
        if (begins_codestream(file.bytes.subspan(fragment.offset, fragment.length))) {
          starts.push_back(i);
        }
      }
    }
  }
  if (starts.size() != frame_count) {
    return fail(ErrorCode::Corrupt, "the pixel data has another number of frames than declared",
                fmt::format("{} fragments for {} frames", fragment_count, frame_count));
  }
  return FrameTable{.frames = ranges_from(starts, fragment_count)};
}

Result<Bytes> compressed_frame(const DicomFile& file, const FrameTable& table,
                               std::uint32_t frame_index) {
  if (frame_index >= table.frames.size()) {
    return fail(ErrorCode::InvalidInput, "the image has no such frame");
  }
  const auto [first, count] = table.frames[frame_index];
  Bytes joined;
  for (std::uint32_t i = first; i < first + count; ++i) {
    const PixelFragment& fragment = file.pixel_data.fragments[i];
    if (fragment.is_cut) {
      return fail(ErrorCode::Corrupt, "the pixel data ends early",
                  fmt::format("frame {}", frame_index + std::uint64_t{1}),
                  "compare the file with the original, then import it again");
    }
    const ByteView view = file.bytes.subspan(fragment.offset, fragment.length);
    joined.insert(joined.end(), view.begin(), view.end());
  }
  return joined;
}

// Rows, columns and bits are limited, so this cannot overflow.
std::uint64_t native_frame_bits(const ImageDescription& image) {
  if (image.stored.photometric == StoredPhotometric::YbrFull422) {
    const std::uint64_t pairs = (std::uint64_t{image.ready.columns} + 1) / 2;
    return pairs * 4 * image.ready.rows * image.stored.bits_allocated;
  }
  return sample_count(image) * image.stored.bits_allocated;
}

Result<ByteView> native_frame(const DicomFile& file, const ImageDescription& image,
                              std::uint32_t frame_index) {
  const PixelDataPlace& pixels = file.pixel_data;
  CSL_CHECK(!pixels.is_encapsulated);
  if (frame_index >= image.frame_count) {
    return fail(ErrorCode::InvalidInput, "the image has no such frame");
  }
  const std::uint64_t bits = native_frame_bits(image);
  std::uint64_t begin = frame_index * bits / 8;
  std::uint64_t end = ((frame_index + std::uint64_t{1}) * bits + 7) / 8;
  if (image.stored.has_swapped_pairs) {
    begin -= begin % 2;
    end += end % 2;
  }
  if (end > pixels.length) {
    return fail(ErrorCode::Corrupt, "the pixel data is shorter than the image",
                fmt::format("frame {}: {} bytes needed, {} present", frame_index + std::uint64_t{1},
                            end, pixels.length),
                "compare the file with the original, then import it again");
  }
  return file.bytes.subspan(pixels.offset + begin, end - begin);
}

void ybr_full_to_rgb(std::span<std::byte> interleaved, std::size_t sample_size_bytes) {
  if (sample_size_bytes == 1) {
    ybr_to_rgb<std::uint8_t>(interleaved);
  } else {
    ybr_to_rgb<std::uint16_t>(interleaved);
  }
}

Result<Bytes> make_ready(ByteView frame, const ImageDescription& image, std::uint32_t frame_index,
                         FrameForm form) {
  const StoredPixels& stored = image.stored;
  const std::size_t sample_size = std::max<std::size_t>(stored.bits_allocated / 8U, 1);
  Bytes samples;
  if (form == FrameForm::Native) {
    samples = CSL_TRY(unpack_native(frame, image, frame_index));
  } else {
    CSL_TRY(check_length(frame, sample_count(image) * sample_size));
    samples.assign(frame.begin(), frame.end());
  }
  const bool has_spare_bits = stored.bits_stored != stored.bits_allocated;
  if (form != FrameForm::Decoded && has_spare_bits && stored.kind == PixelDataKind::Integer) {
    with_sample_type(sample_size, [&](auto type) {
      keep_stored_bits<decltype(type)>(samples, stored.bits_stored, stored.high_bit,
                                       stored.is_signed);
    });
  }
  if (image.palette) return apply_palette(samples, sample_size, stored.is_signed, *image.palette);
  const bool is_ybr = stored.photometric == StoredPhotometric::YbrFull ||
                      stored.photometric == StoredPhotometric::YbrFull422;
  if (is_ybr && form != FrameForm::Decoded) {
    if (sample_size > 2)
      return fail(ErrorCode::Unsupported, "YBR of more than 16 bits is not read");
    ybr_full_to_rgb(samples, sample_size);
  }
  return samples;
}

}  // namespace consilium
