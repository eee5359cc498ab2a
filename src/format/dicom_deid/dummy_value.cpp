#include "format/dicom_deid/dummy_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace consilium {
namespace {

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool has_only(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(text,
                             [&](char c) { return (c >= '0' && c <= '9') || marks.contains(c); });
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
}

bool is_code_string(std::string_view text) {
  return text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
         });
}

bool is_age(std::string_view text) {
  return text.size() == 4 && is_digits(text.substr(0, 3)) &&
         std::string_view("DWMY").contains(text.back());
}

}  // namespace

std::string_view dummy_text(Vr vr) {
  switch (vr) {
    case Vr::Da:
      return "19000101";
    case Vr::Dt:
      return "19000101000000";
    case Vr::Tm:
      return "000000";
    case Vr::As:
      return "000Y";
    case Vr::Ds:
    case Vr::Is:
      return "0";
    case Vr::Ur:
      return "about:blank";
    case Vr::Ae:
    case Vr::Cs:
    case Vr::Lo:
    case Vr::Lt:
    case Vr::Pn:
    case Vr::Sh:
    case Vr::St:
    case Vr::Uc:
    case Vr::Ut:
      return "REMOVED";
    default:
      return "";
  }
}

void put_dummy(DicomDataset& to, DicomTag tag, Vr vr) {
  static constexpr std::array<std::int64_t, 1> zero{0};
  static constexpr std::array<double, 1> none{0};
  switch (vr) {
    case Vr::Us:
    case Vr::Ss:
    case Vr::Ul:
    case Vr::Sl:
    case Vr::Uv:
    case Vr::Sv:
    case Vr::At:
      return to.put_integers(tag, vr, zero);
    case Vr::Fl:
    case Vr::Fd:
    case Vr::Of:
    case Vr::Od:
      return to.put_numbers(tag, vr, none);
    case Vr::Ob:
    case Vr::Ow:
    case Vr::Ol:
    case Vr::Ov:
    case Vr::Un:
      // The longest word among them, so that it is whole in each.
      return to.put({.tag = tag, .vr = vr, .value = DicomValue::owning(Bytes(8)), .items = {}});
    default:
      return to.put_text(tag, vr, dummy_text(vr));
  }
}

std::optional<DateParts> date_parts(std::string_view value) {
  constexpr std::size_t date_size = 8;
  if (value.size() < date_size || !is_digits(value.substr(0, date_size))) return std::nullopt;
  const DateParts parts{.date = value.substr(0, date_size), .rest = value.substr(date_size)};
  if (!has_only(parts.rest, ".+-")) return std::nullopt;
  return parts;
}

bool fits_vr(std::string_view value, Vr vr) {
  if (value.empty()) return true;
  switch (vr) {
    case Vr::Ds:
    case Vr::Is:
      return is_number(value);
    case Vr::Tm:
      return value.size() <= 16 && has_only(value, ".:-");
    case Vr::Da:
      return value.size() <= 18 && has_only(value, ".-");
    case Vr::Dt:
      return value.size() <= 54 && has_only(value, ".+-");
    case Vr::Ui:
      return value.size() <= 64 && has_only(value, ".");
    case Vr::As:
      return is_age(value);
    case Vr::Cs:
      return is_code_string(value);
    default:
      return true;
  }
}

}  // namespace consilium
