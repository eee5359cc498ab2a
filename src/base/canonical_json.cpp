#include "base/canonical_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::int64_t integer_max = 9'007'199'254'740'992;  // 2^53

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(digits[static_cast<unsigned char>(c) >> 4U]);
          out.push_back(digits[static_cast<unsigned char>(c) & 0xFU]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20) from the shortest digits that read back
// equal.
void append_number(std::string& out, double value) {
  if (value == 0) {
    out.push_back('0');
    return;
  }
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  std::string_view text{buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())};
  if (text.front() == '-') {
    out.push_back('-');
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t exponent_begin = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text.data() + exponent_begin, text.data() + text.size(), exponent);
  std::string digits;
  for (const char c : text.substr(0, mark)) {
    if (c != '.') digits.push_back(c);
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // the decimal point stands after this many digits
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out.push_back('.');
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out.push_back(digits.front());
    if (count > 1) {
      out.push_back('.');
      out.append(digits, 1);
    }
    out += point - 1 < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(point - 1));
  }
}

// Order of UTF-16 code units, read off UTF-8: it differs from byte order only where one side is
// beyond the basic plane (lead byte 0xF0 and up, a surrogate from U+D800) and the other at U+E000
// to U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < common && a[i] == b[i]) ++i;
  if (i == common) return a.size() < b.size();
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xF0 ? unsigned{0xED} * 2 + 1 : unsigned{byte} * 2;
  };
  const auto left = static_cast<unsigned char>(a[i]);
  const auto right = static_cast<unsigned char>(b[i]);
  if (left >= 0xF0 && right >= 0xF0) return left < right;
  return rank(a[i]) < rank(b[i]);
}

Status append(std::string& out, const boost::json::value& value) {
  using boost::json::kind;
  switch (value.kind()) {
    case kind::null:
      out += "null";
      return {};
    case kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return {};
    case kind::int64:
      if (std::abs(value.get_int64()) > integer_max) break;
      out += std::to_string(value.get_int64());
      return {};
    case kind::uint64:
      if (value.get_uint64() > static_cast<std::uint64_t>(integer_max)) break;
      out += std::to_string(value.get_uint64());
      return {};
    case kind::double_:
      if (!std::isfinite(value.get_double())) break;
      append_number(out, value.get_double());
      return {};
    case kind::string:
      if (!is_utf8(value.get_string())) {
        return fail(ErrorCode::InvalidInput, "text in JSON is not UTF-8");
      }
      append_text(out, value.get_string());
      return {};
    case kind::array: {
      out.push_back('[');
      bool first = true;
      for (const boost::json::value& element : value.get_array()) {
        if (!first) out.push_back(',');
        first = false;
        CSL_TRY(append(out, element));
      }
      out.push_back(']');
      return {};
    }
    case kind::object: {
      std::vector<const boost::json::key_value_pair*> members;
      members.reserve(value.get_object().size());
      for (const auto& member : value.get_object()) members.push_back(&member);
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return utf16_less(a->key(), b->key()); });
      out.push_back('{');
      bool first = true;
      for (const auto* member : members) {
        if (!first) out.push_back(',');
        first = false;
        append_text(out, member->key());
        out.push_back(':');
        CSL_TRY(append(out, member->value()));
      }
      out.push_back('}');
      return {};
    }
  }
  return fail(ErrorCode::InvalidInput, "a number cannot be written exactly in JSON", {},
              "send integers past 2^53 as text");
}

}  // namespace

Result<std::string> canonical_json(const boost::json::value& value) {
  std::string out;
  CSL_TRY(append(out, value));
  return out;
}

namespace {

// Builds the value from the parser's events, as Boost.JSON's own handler does, but for numbers with
// a fraction: Boost.JSON 1.81 reads one in nine of 17 digits a last place off, and a coordinate
// that was stored must come back as it was. std::from_chars rounds correctly.
class ExactHandler {
 public:
  using Text = boost::json::string_view;
  using Problem = boost::system::error_code;
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  ExactHandler() { stack_.reset(); }
  [[nodiscard]] boost::json::value release() { return stack_.release(); }

  bool on_document_begin(Problem&) { return true; }
  bool on_document_end(Problem&) { return true; }
  bool on_object_begin(Problem&) { return true; }
  bool on_object_end(std::size_t count, Problem&) { return stack_.push_object(count), true; }
  bool on_array_begin(Problem&) { return true; }
  bool on_array_end(std::size_t count, Problem&) { return stack_.push_array(count), true; }
  bool on_key_part(Text part, std::size_t, Problem&) { return stack_.push_chars(part), true; }
  bool on_key(Text part, std::size_t, Problem&) { return stack_.push_key(part), true; }
  bool on_string_part(Text part, std::size_t, Problem&) { return stack_.push_chars(part), true; }
  bool on_string(Text part, std::size_t, Problem&) { return stack_.push_string(part), true; }
  bool on_number_part(Text part, Problem&) { return number_.append(part), true; }
  bool on_int64(std::int64_t whole, Text, Problem&) {
    number_.clear();
    return stack_.push_int64(whole), true;
  }
  bool on_uint64(std::uint64_t whole, Text, Problem&) {
    number_.clear();
    return stack_.push_uint64(whole), true;
  }
  bool on_double(double nearly, Text part, Problem& problem) {
    number_.append(part);
    double exact = 0;
    const char* const end = number_.data() + number_.size();
    const auto parsed = std::from_chars(number_.data(), end, exact);
    const bool is_tiny = parsed.ec == std::errc::result_out_of_range && std::abs(nearly) < 1;
    number_.clear();
    if (parsed.ec != std::errc{} && !is_tiny) {
      problem = boost::json::error::exponent_overflow;
      return false;
    }
    stack_.push_double(is_tiny ? 0 : exact);
    return true;
  }
  bool on_bool(bool flag, Problem&) { return stack_.push_bool(flag), true; }
  bool on_null(Problem&) { return stack_.push_null(), true; }
  bool on_comment_part(Text, Problem&) { return true; }
  bool on_comment(Text, Problem&) { return true; }

 private:
  boost::json::value_stack stack_;
  std::string number_;
};

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, std::size_t depth_max) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::basic_parser<ExactHandler> parser(options);
  boost::system::error_code problem;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), problem);
  if (problem || consumed != text.size()) {
    return fail(ErrorCode::InvalidInput, "not valid JSON", "byte " + std::to_string(consumed),
                "check it with a JSON tool");
  }
  return parser.handler().release();
}

}  // namespace consilium
