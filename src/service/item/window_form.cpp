#include "service/item/window_form.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace consilium::service {
namespace {

template <class T>
void put(Bytes& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

// Byte by byte of all words: neighbours' high bytes are alike.
template <class Word>
void put_planes(Bytes& out, std::span<const Word> words) {
  for (std::size_t plane = 0; plane < sizeof(Word); ++plane) {
    for (const Word word : words) {
      out.push_back(static_cast<std::byte>(word >> (8 * plane) & 0xFFU));
    }
  }
}

template <class Word>
std::vector<Word> differences(std::span<const Word> words) {
  std::vector<Word> result;
  result.reserve(words.size());
  Word before = 0;
  for (const Word word : words) {
    result.push_back(static_cast<Word>(word - before));
    before = word;
  }
  return result;
}

// Where a channel's words lie: 16 bits are enough around the middle of most stretches.
struct WordForm {
  std::int64_t base = 0;
  std::uint32_t bytes = 4;
  [[nodiscard]] std::uint32_t missing() const { return bytes == 2 ? 0x8000U : 0x80000000U; }
  [[nodiscard]] std::uint32_t word(std::int32_t value) const {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(value) - base);
  }
};

WordForm form_of(std::int64_t least, std::int64_t greatest) {
  constexpr std::int64_t reach = std::numeric_limits<std::int16_t>::max();
  if (least > greatest) return {.base = 0, .bytes = 2};
  if (greatest - least > 2 * reach) return {};
  if (least >= -reach && greatest <= reach) return {.base = 0, .bytes = 2};
  return {.base = least + reach, .bytes = 2};
}

void put_words(Bytes& out, const WordForm& form, std::span<const std::uint32_t> words) {
  if (form.bytes == 4) return put_planes<std::uint32_t>(out, words);
  const std::vector<std::uint16_t> narrow(words.begin(), words.end());
  put_planes<std::uint16_t>(out, narrow);
}

void put_entry(Bytes& out, std::size_t index, std::size_t count, const WordForm& form,
               const Channel& channel) {
  put(out, static_cast<std::uint32_t>(index));
  put(out, static_cast<std::uint32_t>(count));
  put(out, form.bytes);
  put(out, std::uint32_t{0});
  put(out, (static_cast<double>(form.base) - channel.baseline_adu) / channel.adu_per_unit);
  put(out, 1.0 / channel.adu_per_unit);
}

}  // namespace

void WindowWriter::add_samples(std::size_t index, const Channel& channel,
                               std::span<const std::int32_t> samples) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
  for (const std::int32_t sample : samples) {
    if (sample == channel.missing) continue;
    least = std::min<std::int64_t>(least, sample);
    greatest = std::max<std::int64_t>(greatest, sample);
  }
  const WordForm form = form_of(least, greatest);
  std::vector<std::uint32_t> words;
  words.reserve(samples.size());
  for (const std::int32_t sample : samples) {
    words.push_back(sample == channel.missing ? form.missing() : form.word(sample));
  }
  put_entry(table_, index, samples.size(), form, channel);
  put_words(payload_, form, differences<std::uint32_t>(words));
  ++channels_;
  columns_ = std::max(columns_, static_cast<std::uint32_t>(samples.size()));
}

void WindowWriter::add_columns(std::size_t index, const Channel& channel,
                               std::span<const MinMax> columns) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
  for (const MinMax& column : columns) {
    if (column.empty()) continue;
    least = std::min<std::int64_t>(least, column.min);
    greatest = std::max<std::int64_t>(greatest, column.max);
  }
  const WordForm form = form_of(least, greatest);
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> above;
  low.reserve(columns.size());
  above.reserve(columns.size());
  for (const MinMax& column : columns) {
    low.push_back(column.empty() ? form.missing() : form.word(column.min));
    above.push_back(column.empty() ? 0U : form.word(column.max) - form.word(column.min));
  }
  put_entry(table_, index, columns.size(), form, channel);
  put_words(payload_, form, differences<std::uint32_t>(low));
  put_words(payload_, form, above);
  ++channels_;
  columns_ = std::max(columns_, static_cast<std::uint32_t>(columns.size()));
}

Bytes WindowWriter::finish() const {
  Bytes out = to_bytes("CSW2");
  put(out, kind_);
  put(out, channels_);
  put(out, columns_);
  put(out, span_.first.value);
  put(out, span_.last.value);
  out.insert(out.end(), table_.begin(), table_.end());
  out.insert(out.end(), payload_.begin(), payload_.end());
  return out;
}

}  // namespace consilium::service
