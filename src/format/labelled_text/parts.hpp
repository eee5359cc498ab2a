// What the readers and writers of labelled text share: numbers, lines, the units that offsets count
// in, references to concepts, and the checks after which a LabelledText holds what it promises.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"

namespace consilium {

// What a writer made, and what of the text it could not say.
struct TextLoss {
  std::string kind;  // "relations", "concept names"
  std::uint64_t count = 0;
  friend auto operator<=>(const TextLoss&, const TextLoss&) = default;
};

enum class OffsetUnit { CodePoint, Utf16, Utf8 };

// A place as a file states it, with what it says stands there (may be empty: then it tells
// nothing).
struct StatedSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string_view surface;
};

[[nodiscard]] std::optional<TextSpan> to_code_points(const CanonicalText& text, std::uint64_t begin,
                                                     std::uint64_t end, OffsetUnit unit);
// The unit under which most surfaces stand where the file says; `preferred` on a tie.
[[nodiscard]] OffsetUnit unit_of(const CanonicalText& text, std::span<const StatedSpan> stated,
                                 OffsetUnit preferred);

// "MESH:D003866" parted at its last colon; without one the system is empty.
[[nodiscard]] TextConcept concept_of(std::string_view reference, std::string_view display = {});
[[nodiscard]] std::string reference_of(const TextConcept& linked);
// Names under which files keep concepts among features: cui, identifier, MESH, ...
[[nodiscard]] bool is_concept_name(std::string_view name);

// Sorts and joins ranges as TextMention wants them; false when there is none, or one is reversed or
// leaves the text. An empty range stays when it is the only one.
[[nodiscard]] bool set_ranges(TextMention& mention, std::vector<TextSpan> ranges,
                              const CanonicalText& text);

// The ranges' text, joined.
[[nodiscard]] std::string surface_of(const CanonicalText& text, std::span<const TextSpan> ranges,
                                     std::string_view between = " ");

// Gives ids to what has none, renames the second of a double, and leaves out, with a problem for
// each, what points to nothing. Call once, at the end of reading.
void complete(LabelledText& text);

void add_problem(LabelledText& text, std::string what, std::uint64_t line_number = 0);

// The bytes as text. Errors: InvalidInput with the byte where it stops being UTF-8.
[[nodiscard]] Result<CanonicalText> text_of_utf8(std::string utf8);
[[nodiscard]] Status check_utf8(std::string_view bytes);

[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);
// At most `parts_max` parts; the last holds the rest.
[[nodiscard]] std::vector<std::string_view> parted(std::string_view text, char mark,
                                                   std::size_t parts_max = 100'000);

// The lines of a file without their ends (LF or CR LF).
class TextLines {
 public:
  explicit TextLines(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool next(std::string_view& line);
  [[nodiscard]] std::uint64_t number() const { return number_; }  // 1-based, of the last one

 private:
  std::string_view rest_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

// Tokens as runs of letters and digits, or single other characters; never across a blank. For
// formats that must have some. Sentences are the lines that have tokens.
[[nodiscard]] std::vector<TextSpan> plain_tokens(const CanonicalText& text);
[[nodiscard]] std::vector<TextSpan> plain_sentences(const CanonicalText& text);

// Members of JSON by name; what is of another type reads as absent.
namespace json_parts {
[[nodiscard]] const boost::json::value* member(const boost::json::value& of, std::string_view key);
[[nodiscard]] const boost::json::array& list(const boost::json::value& of, std::string_view key);
[[nodiscard]] std::string text(const boost::json::value& of, std::string_view key);
[[nodiscard]] std::optional<std::uint64_t> number(const boost::json::value& of,
                                                  std::string_view key);
// A string as it is, numbers and booleans as JSON writes them, anything else as its JSON.
[[nodiscard]] std::string scalar(const boost::json::value& value);
}  // namespace json_parts

}  // namespace consilium
