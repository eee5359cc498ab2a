#include "base/byte_reader.hpp"

#include <charconv>

namespace consilium {

std::string ByteReader::where() const { return "byte " + std::to_string(offset()); }

std::unexpected<Error> ByteReader::ends_early(std::uint64_t count) const {
  return fail(ErrorCode::Corrupt, "the data ends early",
              where() + " (" + std::to_string(count) + " bytes needed, " + std::to_string(left()) +
                  " left)",
              "compare the file's size with the original's, then try again");
}

Status ByteReader::skip(std::uint64_t count) {
  CSL_TRY(take(count));
  return {};
}

Status ByteReader::seek(std::uint64_t position) {
  if (position > bytes_.size()) {
    return fail(ErrorCode::Corrupt, "a position lies past the end",
                "byte " + std::to_string(offset_base_ + position) + " of " +
                    std::to_string(offset_base_ + bytes_.size()),
                "compare the file's size with the original's, then try again");
  }
  position_ = static_cast<std::size_t>(position);
  return {};
}

Result<ByteReader> ByteReader::sub_reader(std::uint64_t count) {
  const std::uint64_t base = offset();
  return ByteReader(CSL_TRY(take(count)), order_, base);
}

Result<float> ByteReader::f32() { return std::bit_cast<float>(CSL_TRY(u32())); }
Result<double> ByteReader::f64() { return std::bit_cast<double>(CSL_TRY(u64())); }

Result<std::string_view> ByteReader::text(std::uint64_t count) {
  return text_of(CSL_TRY(take(count)));
}

Result<std::int64_t> ByteReader::decimal(std::uint64_t count) {
  const std::string place = where();
  std::string_view digits = CSL_TRY(text(count));
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && (digits.back() == ' ' || digits.back() == '\0'))
    digits.remove_suffix(1);
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, value);
  if (problem != std::errc{} || stop != end) {
    return fail(ErrorCode::Corrupt, "a number was expected", place);
  }
  return value;
}

Result<std::string_view> ByteReader::line() {
  if (at_end()) return fail(ErrorCode::Corrupt, "a further line was expected", where());
  const std::string_view rest = text_of(bytes_.subspan(position_));
  const std::size_t end = rest.find('\n');
  std::string_view found = rest.substr(0, end);
  position_ += end == std::string_view::npos ? rest.size() : end + 1;
  if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
  return found;
}

}  // namespace consilium
