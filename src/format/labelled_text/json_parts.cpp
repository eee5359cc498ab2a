#include <boost/json.hpp>

#include "format/labelled_text/parts.hpp"

namespace consilium::json_parts {

namespace json = boost::json;

const json::value* member(const json::value& of, std::string_view key) {
  const json::object* object = of.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

const json::array& list(const json::value& of, std::string_view key) {
  static const json::array none;
  const json::value* value = member(of, key);
  const json::array* array = value == nullptr ? nullptr : value->if_array();
  return array == nullptr ? none : *array;
}

std::string scalar(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(*text);
  return json::serialize(value);
}

std::string text(const json::value& of, std::string_view key) {
  const json::value* value = member(of, key);
  if (value == nullptr || value->is_null() || value->is_object() || value->is_array()) return {};
  return scalar(*value);
}

std::optional<std::uint64_t> number(const json::value& of, std::string_view key) {
  const json::value* value = member(of, key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return whole_number(*text);
  boost::system::error_code error;
  const auto found = value->to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional(found);
}

}  // namespace consilium::json_parts
