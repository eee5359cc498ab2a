// The text that labels point into, and its places.
//
// Canonical text is the decoded bytes of a note: one leading byte order mark dropped, everything
// else kept as it came (CR LF, tabs, NUL, combining marks, no normalisation). Its SHA-256 says
// which text an offset is meant for. A place is a half-open range of Unicode code points; UTF-8
// bytes and UTF-16 units are only how files and browsers count, and are converted here.
//
// Lines end at LF, CR LF or a CR alone; the line end belongs to the line before it. A text has at
// least one line; one that ends in a line end has an empty last line.
//
// Cost: making is one pass over the bytes; every conversion O(log n) with one checkpoint for 512
// code points (48 kB for a million), O(1) in text that is ASCII.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/sha256.hpp"

namespace consilium {

// Code points, half open.
struct TextSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend auto operator<=>(const TextSpan&, const TextSpan&) = default;
};

// 0-based; the column counts code points.
struct LineColumn {
  std::uint64_t line_index = 0;
  std::uint64_t column_index = 0;
  friend auto operator<=>(const LineColumn&, const LineColumn&) = default;
};

class CanonicalText {
 public:
  CanonicalText();  // the empty text
  // Errors: InvalidInput when it is not strict UTF-8, with the byte where it stops being so.
  [[nodiscard]] static Result<CanonicalText> from_utf8(std::string utf8);

  [[nodiscard]] std::string_view utf8() const { return utf8_; }
  [[nodiscard]] const Sha256Digest& digest() const { return digest_; }
  [[nodiscard]] std::uint64_t code_point_count() const { return code_point_count_; }
  [[nodiscard]] std::uint64_t utf16_count() const { return utf16_count_; }
  [[nodiscard]] std::uint64_t line_count() const { return line_begins_.size(); }

  // Each converts an offset from 0 up to and with the end. Errors: InvalidInput past the end, in
  // the middle of a UTF-8 sequence, and between the halves of a surrogate pair.
  [[nodiscard]] Result<std::uint64_t> byte_of_code_point(std::uint64_t code_point) const;
  [[nodiscard]] Result<std::uint64_t> code_point_of_byte(std::uint64_t byte) const;
  [[nodiscard]] Result<std::uint64_t> utf16_of_code_point(std::uint64_t code_point) const;
  [[nodiscard]] Result<std::uint64_t> code_point_of_utf16(std::uint64_t unit) const;

  // The UTF-8 of a span; valid as long as this text. Errors: InvalidInput when the span is reversed
  // or leaves the text.
  [[nodiscard]] Result<std::string_view> slice(TextSpan span) const;

  // A line with its line end. Errors: InvalidInput past the last line.
  [[nodiscard]] Result<TextSpan> line(std::uint64_t line_index) const;
  // Errors: InvalidInput past the end.
  [[nodiscard]] Result<LineColumn> line_column(std::uint64_t code_point) const;

  friend bool operator==(const CanonicalText& a, const CanonicalText& b) {
    return a.utf8_ == b.utf8_;
  }

 private:
  struct Checkpoint {  // every `checkpoint_step` code points
    std::uint64_t byte = 0;
    std::uint64_t utf16 = 0;
  };
  struct Place {  // one boundary between code points, counted all three ways
    std::uint64_t code_point = 0;
    std::uint64_t byte = 0;
    std::uint64_t utf16 = 0;
  };
  [[nodiscard]] bool is_ascii() const { return code_point_count_ == utf8_.size(); }
  void build_index();
  [[nodiscard]] Place place_at(std::size_t checkpoint_index) const;
  void advance(Place& place) const;

  std::string utf8_;
  Sha256Digest digest_{};
  std::uint64_t code_point_count_ = 0;
  std::uint64_t utf16_count_ = 0;
  std::vector<Checkpoint> checkpoints_;     // empty for ASCII
  std::vector<std::uint64_t> line_begins_;  // code points
};

}  // namespace consilium
