#include "domain/label/json_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace json = boost::json;

std::string pointer_to(std::string_view path, std::string_view key) {
  std::string pointer(path);
  pointer.push_back('/');
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer.push_back(c);
    }
  }
  return pointer;
}

std::string pointer_to(std::string_view path, std::size_t index) {
  return fmt::format("{}/{}", path, index);
}

JsonFields::JsonFields(const json::value& value, std::string path, std::vector<Violation>& problems)
    : object_(value.if_object()), path_(std::move(path)), problems_(problems) {
  if (object_ == nullptr)
    problems_.push_back({path_, "this must be an object with named members", {}});
}

void JsonFields::problem(std::string_view key, std::string what, std::string remedy) {
  problems_.push_back({path_of(key), std::move(what), std::move(remedy)});
}

const json::value* JsonFields::find(std::string_view key) {
  known_.emplace(key);
  if (object_ == nullptr) return nullptr;
  const json::value* value = object_->if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* JsonFields::require(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr && object_ != nullptr) {
    problems_.push_back({path_, fmt::format("the member '{}' is missing", key), {}});
  }
  return value;
}

std::string JsonFields::text(std::string_view key, std::size_t bytes_max) {
  return require(key) == nullptr ? std::string{} : optional_text(key, bytes_max).value_or("");
}

std::optional<std::string> JsonFields::optional_text(std::string_view key, std::size_t bytes_max) {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const json::string* text = value->if_string();
  if (text == nullptr) {
    problem(key, "this must be text", "put it in quotation marks");
  } else if (text->empty()) {
    problem(key, "this text is empty", "fill it in or leave the member out");
  } else if (text->size() > bytes_max) {
    problem(key, fmt::format("this text is longer than {} bytes", bytes_max), "shorten it");
  } else if (!is_utf8(*text)) {
    problem(key, "this text is not UTF-8");
  } else {
    return std::string(*text);
  }
  return std::nullopt;
}

std::int64_t JsonFields::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  return require(key) == nullptr ? min : optional_integer(key, min, max).value_or(min);
}

std::optional<std::int64_t> JsonFields::optional_integer(std::string_view key, std::int64_t min,
                                                         std::int64_t max) {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code inexact;
  const auto number = value->to_number<std::int64_t>(inexact);
  if (inexact) {
    problem(key, "this must be a whole number");
    return std::nullopt;
  }
  if (number < min || number > max) {
    problem(key, fmt::format("this must lie from {} to {}", min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<double> JsonFields::optional_number(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->to_number<double>())) {
    problem(key, "this must be a number");
    return std::nullopt;
  }
  return value->to_number<double>();
}

bool JsonFields::boolean(std::string_view key, bool when_absent) {
  const json::value* value = find(key);
  if (value == nullptr) return when_absent;
  if (!value->is_bool()) {
    problem(key, "this must be true or false");
    return when_absent;
  }
  return value->get_bool();
}

std::vector<std::string> JsonFields::texts(std::string_view key, std::size_t count_max) {
  std::vector<std::string> all;
  each(key, count_max, [&](const json::value& element, const std::string& where) {
    const json::string* text = element.if_string();
    if (text == nullptr || text->empty() || text->size() > text_size_max || !is_utf8(*text)) {
      problems_.push_back({where, "this must be text that is neither empty nor very long", {}});
      return;
    }
    all.emplace_back(*text);
  });
  return all;
}

void JsonFields::each(std::string_view key, std::size_t count_max,
                      const std::function<void(const json::value&, const std::string&)>& use) {
  const json::value* value = find(key);
  if (value == nullptr) return;
  const json::array* array = value->if_array();
  if (array == nullptr) return problem(key, "this must be a list");
  if (array->size() > count_max) {
    return problem(key, fmt::format("this list has more than {} entries", count_max));
  }
  const std::string list_path = path_of(key);
  for (std::size_t i = 0; i < array->size(); ++i) use((*array)[i], pointer_to(list_path, i));
}

void JsonFields::each_member(
    std::string_view key, std::size_t count_max,
    const std::function<void(std::string_view, const json::value&, const std::string&)>& use) {
  const json::value* value = find(key);
  if (value == nullptr) return;
  const json::object* object = value->if_object();
  if (object == nullptr) return problem(key, "this must be an object with named members");
  if (object->size() > count_max) {
    return problem(key, fmt::format("this object has more than {} members", count_max));
  }
  const std::string object_path = path_of(key);
  for (const auto& member : *object) {
    if (member.key().empty() || member.key().size() > 128 || !is_utf8(member.key())) {
      problems_.push_back({object_path, "a member's name is empty, very long or not UTF-8", {}});
      continue;
    }
    use(member.key(), member.value(), pointer_to(object_path, member.key()));
  }
}

void JsonFields::refuse_unknown(std::initializer_list<std::string_view> skipped) {
  if (object_ == nullptr) return;
  for (const auto& member : *object_) {
    const std::string_view key = member.key();
    if (known_.contains(key) || std::ranges::find(skipped, key) != skipped.end()) continue;
    std::string names;
    for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
    problems_.push_back({path_of(key), "there is no such member here", "members here: " + names});
  }
}

}  // namespace consilium
