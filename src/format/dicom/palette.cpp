#include "format/dicom/palette.hpp"

#include <algorithm>

#include "domain/image/dicom_tags.hpp"

namespace consilium {
namespace {

struct Descriptor {
  std::size_t entry_count = 0;
  std::int32_t first_mapped = 0;
  int bits = 16;
};

std::optional<Descriptor> read_descriptor(const DicomDataset& dataset, DicomTag tag,
                                          bool has_signed_pixels) {
  const auto values = dataset.integers(tag);
  if (values.size() < 3) return std::nullopt;
  // The VR is US or SS; the count and the bits are unsigned whatever it says, 0 means 65,536.
  const auto count = static_cast<std::uint16_t>(values[0]);
  const auto first = static_cast<std::uint16_t>(values[1]);
  return Descriptor{.entry_count = count == 0 ? 65536U : count,
                    .first_mapped = has_signed_pixels ? static_cast<std::int16_t>(first) : first,
                    .bits = static_cast<int>(values[2])};
}

// The words of a table: OW, US or OB.
std::vector<std::uint16_t> words_of(const DicomDataset& dataset, DicomTag tag) {
  const DicomElement* element = dataset.find(tag);
  std::vector<std::uint16_t> words;
  if (element == nullptr) return words;
  const ByteView bytes = element->value.bytes();
  const bool is_little = dataset.byte_order() == std::endian::little;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const auto low = std::to_integer<unsigned>(bytes[at + (is_little ? 0 : 1)]);
    const auto high = std::to_integer<unsigned>(bytes[at + (is_little ? 1 : 0)]);
    words.push_back(static_cast<std::uint16_t>(low | (high << 8U)));
  }
  return words;
}

// 8-bit entries lie two to a word, the first in the low byte.
std::vector<std::uint16_t> split_words(const std::vector<std::uint16_t>& words,
                                       std::size_t entry_count) {
  std::vector<std::uint16_t> entries;
  for (const std::uint16_t word : words) {
    entries.push_back(word & 0xFFU);
    entries.push_back(word >> 8U);
  }
  entries.resize(std::min(entries.size(), entry_count));
  return entries;
}

Result<LookupTable> table_of(const Descriptor& descriptor, std::vector<std::uint16_t> words) {
  std::vector<std::uint16_t> entries;
  if (descriptor.bits == 8 && words.size() < descriptor.entry_count) {
    entries = split_words(words, descriptor.entry_count);
  } else {
    entries = std::move(words);
    entries.resize(std::min(entries.size(), descriptor.entry_count));
  }
  if (entries.size() < descriptor.entry_count) {
    return fail(ErrorCode::Corrupt, "a look-up table is shorter than it says");
  }
  return LookupTable{.first_mapped = descriptor.first_mapped, .values = std::move(entries)};
}

constexpr std::array<std::array<DicomTag, 3>, 3> palette_tags{{
    {tags::red_palette_color_lookup_table_descriptor, tags::red_palette_color_lookup_table_data,
     tags::segmented_red_palette_color_lookup_table_data},
    {tags::green_palette_color_lookup_table_descriptor, tags::green_palette_color_lookup_table_data,
     tags::segmented_green_palette_color_lookup_table_data},
    {tags::blue_palette_color_lookup_table_descriptor, tags::blue_palette_color_lookup_table_data,
     tags::segmented_blue_palette_color_lookup_table_data},
}};

// The segments of PS3.3 C.7.9.2, walked once; indirect ones read earlier segments again.
class SegmentExpander {
 public:
  SegmentExpander(std::span<const std::uint16_t> words, std::size_t entry_count)
      : words_(words), entry_count_(entry_count) {}

  Result<std::vector<std::uint16_t>> expand() {
    std::size_t at = 0;
    while (at < words_.size() && out_.size() < entry_count_) {
      at = CSL_TRY(expand_one(at, true));
    }
    out_.resize(std::min(out_.size(), entry_count_));
    return std::move(out_);
  }

 private:
  // Returns where the next segment begins.
  Result<std::size_t> expand_one(std::size_t at, bool may_refer) {
    if (at + 2 > words_.size()) return short_error();
    const std::uint16_t kind = words_[at];
    const std::size_t length = words_[at + 1];
    switch (kind) {
      case 0: {  // discrete
        if (length > words_.size() - at - 2) return short_error();
        const auto values = words_.subspan(at + 2, length);
        out_.insert(out_.end(), values.begin(), values.end());
        return at + 2 + length;
      }
      case 1: {  // linear, from the last entry
        if (at + 3 > words_.size() || out_.empty() || length == 0) return short_error();
        const double from = out_.back();
        const double step = (words_[at + 2] - from) / static_cast<double>(length);
        for (std::size_t i = 1; i <= length; ++i) {
          out_.push_back(static_cast<std::uint16_t>(from + step * static_cast<double>(i) + 0.5));
        }
        return at + 3;
      }
      case 2: {  // indirect: `length` segments from a byte offset, least significant word first
        if (!may_refer || at + 4 > words_.size()) return short_error();
        const std::size_t byte_offset =
            words_[at + 2] | (static_cast<std::size_t>(words_[at + 3]) << 16U);
        std::size_t place = byte_offset / 2;
        for (std::size_t i = 0; i < length && out_.size() < entry_count_; ++i) {
          place = CSL_TRY(expand_one(place, false));
        }
        return at + 4;
      }
      default:
        return fail(ErrorCode::Corrupt, "a segmented palette has an unknown segment");
    }
  }

  static std::unexpected<Error> short_error() {
    return fail(ErrorCode::Corrupt, "a segmented palette is damaged");
  }

  std::span<const std::uint16_t> words_;
  std::size_t entry_count_;
  std::vector<std::uint16_t> out_;
};

}  // namespace

Result<std::vector<std::uint16_t>> expand_segmented_palette(std::span<const std::uint16_t> segments,
                                                            std::size_t entry_count) {
  return SegmentExpander(segments, entry_count).expand();
}

namespace detail {

Result<LookupTable> read_table(const DicomDataset& dataset, DicomTag descriptor_tag,
                               DicomTag data_tag, bool has_signed_pixels) {
  const auto descriptor = read_descriptor(dataset, descriptor_tag, has_signed_pixels);
  if (!descriptor) return fail(ErrorCode::Corrupt, "a look-up table lacks its descriptor");
  return table_of(*descriptor, words_of(dataset, data_tag));
}

Result<Palette> read_palette(const DicomDataset& dataset, bool has_signed_pixels) {
  Palette palette;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const auto& [descriptor_tag, data_tag, segmented_tag] = palette_tags[channel];
    const auto descriptor = read_descriptor(dataset, descriptor_tag, has_signed_pixels);
    if (!descriptor || (descriptor->bits != 8 && descriptor->bits != 16)) {
      return fail(ErrorCode::Corrupt, "a palette colour image lacks its palette");
    }
    palette.has_16_bits = palette.has_16_bits || descriptor->bits == 16;
    if (dataset.has_value(data_tag)) {
      palette.channels[channel] = CSL_TRY(table_of(*descriptor, words_of(dataset, data_tag)));
    } else {
      std::vector<std::uint16_t> segments = words_of(dataset, segmented_tag);
      if (descriptor->bits == 8) segments = split_words(segments, segments.size() * 2);
      auto entries = CSL_TRY(expand_segmented_palette(segments, descriptor->entry_count));
      palette.channels[channel] = CSL_TRY(table_of(*descriptor, std::move(entries)));
    }
  }
  return palette;
}

}  // namespace detail
}  // namespace consilium
