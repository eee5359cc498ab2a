#include "domain/text/canonical_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t checkpoint_step = 512;

std::unexpected<Error> past_the_end(std::uint64_t offset, std::uint64_t count) {
  return fail(ErrorCode::InvalidInput, "a text offset lies past the end",
              "offset " + std::to_string(offset) + " of " + std::to_string(count),
              "label the text as it was imported; its SHA-256 says which it is");
}

// Bytes of a sequence of valid UTF-8 from its first byte.
std::uint64_t sequence_bytes(char lead) {
  const auto value = static_cast<unsigned char>(lead);
  return value < 0x80 ? 1 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
}

// Where the first sequence that is not valid begins.
std::size_t first_bad_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = std::min<std::size_t>(sequence_bytes(text[at]), text.size() - at);
    if (!is_utf8(text.substr(at, size))) break;
    at += size;
  }
  return at;
}

}  // namespace

CanonicalText::CanonicalText() : digest_(sha256({})), line_begins_{0} {}

Result<CanonicalText> CanonicalText::from_utf8(std::string utf8) {
  if (!is_utf8(utf8)) {
    return fail(ErrorCode::InvalidInput, "the text is not UTF-8",
                "byte " + std::to_string(first_bad_byte(utf8)),
                "save it as UTF-8, or import it as a file so that its encoding is detected");
  }
  CanonicalText text;
  text.utf8_ = std::move(utf8);
  text.digest_ = sha256(bytes_of(text.utf8_));
  text.build_index();
  return text;
}

void CanonicalText::build_index() {
  Place place;
  line_begins_.assign(1, 0);
  std::vector<Checkpoint> checkpoints;
  while (place.byte < utf8_.size()) {
    if (place.code_point % checkpoint_step == 0) checkpoints.push_back({place.byte, place.utf16});
    const char c = utf8_[place.byte];
    advance(place);
    const bool line_end =
        c == '\n' || (c == '\r' && !(place.byte < utf8_.size() && utf8_[place.byte] == '\n'));
    if (line_end) line_begins_.push_back(place.code_point);
  }
  code_point_count_ = place.code_point;
  utf16_count_ = place.utf16;
  checkpoints_ = is_ascii() ? std::vector<Checkpoint>{} : std::move(checkpoints);
}

void CanonicalText::advance(Place& place) const {
  const std::uint64_t size = sequence_bytes(utf8_[place.byte]);
  place.byte += size;
  place.utf16 += size == 4 ? 2 : 1;
  ++place.code_point;
}

CanonicalText::Place CanonicalText::place_at(std::size_t checkpoint_index) const {
  const Checkpoint& checkpoint = checkpoints_[checkpoint_index];
  return {checkpoint_index * checkpoint_step, checkpoint.byte, checkpoint.utf16};
}

Result<std::uint64_t> CanonicalText::byte_of_code_point(std::uint64_t code_point) const {
  if (code_point > code_point_count_) return past_the_end(code_point, code_point_count_);
  if (is_ascii()) return code_point;
  if (code_point == code_point_count_) return utf8_.size();
  Place place = place_at(code_point / checkpoint_step);
  while (place.code_point < code_point) advance(place);
  return place.byte;
}

Result<std::uint64_t> CanonicalText::utf16_of_code_point(std::uint64_t code_point) const {
  if (code_point > code_point_count_) return past_the_end(code_point, code_point_count_);
  if (is_ascii()) return code_point;
  if (code_point == code_point_count_) return utf16_count_;
  Place place = place_at(code_point / checkpoint_step);
  while (place.code_point < code_point) advance(place);
  return place.utf16;
}

Result<std::uint64_t> CanonicalText::code_point_of_byte(std::uint64_t byte) const {
  if (byte > utf8_.size()) return past_the_end(byte, utf8_.size());
  if (is_ascii()) return byte;
  if (byte == utf8_.size()) return code_point_count_;
  const auto after = std::ranges::upper_bound(checkpoints_, byte, {}, &Checkpoint::byte);
  Place place = place_at(static_cast<std::size_t>(after - checkpoints_.begin()) - 1);
  while (place.byte < byte) advance(place);
  if (place.byte != byte) {
    return fail(ErrorCode::InvalidInput, "a byte offset lies inside a character",
                "byte " + std::to_string(byte));
  }
  return place.code_point;
}

Result<std::uint64_t> CanonicalText::code_point_of_utf16(std::uint64_t unit) const {
  if (unit > utf16_count_) return past_the_end(unit, utf16_count_);
  if (is_ascii()) return unit;
  if (unit == utf16_count_) return code_point_count_;
  const auto after = std::ranges::upper_bound(checkpoints_, unit, {}, &Checkpoint::utf16);
  Place place = place_at(static_cast<std::size_t>(after - checkpoints_.begin()) - 1);
  while (place.utf16 < unit) advance(place);
  if (place.utf16 != unit) {
    return fail(ErrorCode::InvalidInput, "a UTF-16 offset lies inside a surrogate pair",
                "unit " + std::to_string(unit));
  }
  return place.code_point;
}

Result<std::string_view> CanonicalText::slice(TextSpan span) const {
  if (span.begin > span.end) {
    return fail(ErrorCode::InvalidInput, "a text range ends before it begins",
                std::to_string(span.begin) + " to " + std::to_string(span.end));
  }
  const std::uint64_t begin = CSL_TRY(byte_of_code_point(span.begin));
  const std::uint64_t end = CSL_TRY(byte_of_code_point(span.end));
  return std::string_view(utf8_).substr(begin, end - begin);
}

Result<TextSpan> CanonicalText::line(std::uint64_t line_index) const {
  if (line_index >= line_begins_.size()) return past_the_end(line_index, line_begins_.size());
  const bool last = line_index + 1 == line_begins_.size();
  return TextSpan{line_begins_[line_index],
                  last ? code_point_count_ : line_begins_[line_index + 1]};
}

Result<LineColumn> CanonicalText::line_column(std::uint64_t code_point) const {
  if (code_point > code_point_count_) return past_the_end(code_point, code_point_count_);
  const auto after = std::ranges::upper_bound(line_begins_, code_point);
  const auto line_index = static_cast<std::uint64_t>(after - line_begins_.begin()) - 1;
  return LineColumn{line_index, code_point - line_begins_[line_index]};
}

}  // namespace consilium
