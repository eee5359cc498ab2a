#include "transport/api/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <regex>
#include <string>

#include "base/canonical_json.hpp"
#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/utf8.hpp"
#include "domain/label/json_fields.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

constexpr std::size_t violations_max = 20;
constexpr std::string_view ref_prefix = "#/components/schemas/";
constexpr auto keywords = std::to_array<std::string_view>(
    {"$ref",          "type",    "properties", "required",    "additionalProperties",
     "enum",          "const",   "items",      "prefixItems", "minItems",
     "maxItems",      "minimum", "maximum",    "minLength",   "maxLength",
     "pattern",       "format",  "allOf",      "anyOf",       "oneOf",
     "discriminator", "title",   "description"});

using Patterns = std::map<std::string, std::regex, std::less<>>;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

bool is_integer(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::abs(value.get_double()) < 9007199254740992.0 &&
          std::trunc(value.get_double()) == value.get_double());
}

bool has_type(const json::value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return is_integer(value);
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

std::string types_text(const json::value& type) {
  if (type.is_string()) return std::string(view(type.get_string()));
  std::string text;
  for (const json::value& one : type.get_array()) {
    if (!text.empty()) text += " or ";
    text += view(one.get_string());
  }
  return text;
}

class Checker {
 public:
  Checker(const json::object& components, const Patterns& patterns)
      : components_(components), patterns_(patterns) {}

  void check(const json::object& schema, const json::value& value, const std::string& path) {
    if (found_.size() >= violations_max) return;
    if (const json::value* ref = schema.if_contains("$ref")) {
      const std::string_view name = view(ref->get_string()).substr(ref_prefix.size());
      check(components_.at(name).get_object(), value, path);
    }
    if (!check_type(schema, value, path)) return;
    check_choice(schema, value, path);
    if (value.is_string()) check_text(schema, value.get_string(), path);
    if (value.is_number()) check_number(schema, value, path);
    if (value.is_array()) check_array(schema, value.get_array(), path);
    if (value.is_object()) check_object(schema, value.get_object(), path);
    check_branches(schema, value, path);
  }

  [[nodiscard]] std::vector<Violation> take() { return std::move(found_); }

 private:
  void add(const std::string& path, std::string what, std::string remedy) {
    if (found_.size() < violations_max)
      found_.push_back({path, std::move(what), std::move(remedy)});
  }

  bool check_type(const json::object& schema, const json::value& value, const std::string& path) {
    const json::value* type = schema.if_contains("type");
    if (type == nullptr) return true;
    const bool fits = type->is_string()
                          ? has_type(value, view(type->get_string()))
                          : std::ranges::any_of(type->get_array(), [&](const json::value& one) {
                              return has_type(value, view(one.get_string()));
                            });
    if (!fits) add(path, "the value has the wrong type", fmt::format("send {}", types_text(*type)));
    return fits;
  }

  void check_choice(const json::object& schema, const json::value& value, const std::string& path) {
    if (const json::value* one = schema.if_contains("const"); one != nullptr && *one != value) {
      add(path, "the value is not the one that must stand here",
          fmt::format("send {}", json::serialize(*one)));
    }
    const json::value* choices = schema.if_contains("enum");
    if (choices != nullptr &&
        std::ranges::find(choices->get_array(), value) == choices->get_array().end()) {
      add(path, "the value is none of the choices",
          fmt::format("send one of {}", json::serialize(*choices)));
    }
  }

  static std::optional<std::int64_t> limit(const json::object& schema, std::string_view keyword) {
    const json::value* value = schema.if_contains(keyword);
    if (value == nullptr) return std::nullopt;
    return value->to_number<std::int64_t>();
  }

  void check_text(const json::object& schema, const json::string& text, const std::string& path) {
    // Text that is not UTF-8 never gets here: the parser refuses it.
    const auto length = static_cast<std::int64_t>(code_point_count(view(text)));
    if (const auto minimum = limit(schema, "minLength"); minimum && length < *minimum) {
      add(path, "the text is too short", fmt::format("send at least {} characters", *minimum));
      return;
    }
    if (const auto maximum = limit(schema, "maxLength"); maximum && length > *maximum) {
      add(path, "the text is too long", fmt::format("send at most {} characters", *maximum));
      return;  // so that a pattern never meets a text longer than its limit
    }
    if (const json::value* pattern = schema.if_contains("pattern")) {
      const auto& expression = patterns_.find(view(pattern->get_string()))->second;
      if (!std::regex_match(text.begin(), text.end(), expression)) {
        add(path, "the text has the wrong form",
            fmt::format("match {}", view(pattern->get_string())));
      }
    }
    const json::value* format = schema.if_contains("format");
    if (format == nullptr) return;
    if (format->get_string() == "uuid" && !parse_id_bytes(view(text))) {
      add(path, "the text is no UUID",
          "send 36 characters such as 0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b");
    }
    if (format->get_string() == "date-time" && !parse_rfc3339(view(text))) {
      add(path, "the text is no date and time", "send RFC 3339 such as 2026-03-11T09:58:01Z");
    }
  }

  void check_number(const json::object& schema, const json::value& value, const std::string& path) {
    const double number = value.to_number<double>();
    if (const json::value* least = schema.if_contains("minimum");
        least != nullptr && number < least->to_number<double>()) {
      add(path, "the number is too small",
          fmt::format("send at least {}", json::serialize(*least)));
    }
    if (const json::value* most = schema.if_contains("maximum");
        most != nullptr && number > most->to_number<double>()) {
      add(path, "the number is too large", fmt::format("send at most {}", json::serialize(*most)));
    }
  }

  void check_array(const json::object& schema, const json::array& values, const std::string& path) {
    const auto count = static_cast<std::int64_t>(values.size());
    if (const auto minimum = limit(schema, "minItems"); minimum && count < *minimum) {
      add(path, "the list is too short", fmt::format("send at least {} entries", *minimum));
    }
    if (const auto maximum = limit(schema, "maxItems"); maximum && count > *maximum) {
      add(path, "the list is too long", fmt::format("send at most {} entries", *maximum));
      return;
    }
    const json::value* prefix = schema.if_contains("prefixItems");
    const json::value* items = schema.if_contains("items");
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (prefix != nullptr && i < prefix->get_array().size()) {
        check(prefix->get_array()[i].get_object(), values[i], pointer_to(path, std::to_string(i)));
      } else if (items != nullptr) {
        check(items->get_object(), values[i], pointer_to(path, std::to_string(i)));
      }
    }
  }

  void check_object(const json::object& schema, const json::object& object,
                    const std::string& path) {
    if (const json::value* required = schema.if_contains("required")) {
      for (const json::value& name : required->get_array()) {
        if (!object.contains(view(name.get_string()))) {
          add(pointer_to(path, view(name.get_string())), "a member is missing", "send it");
        }
      }
    }
    const json::value* properties = schema.if_contains("properties");
    const json::value* additional = schema.if_contains("additionalProperties");
    for (const auto& member : object) {
      const std::string_view name{member.key().data(), member.key().size()};
      const json::value* known =
          properties == nullptr ? nullptr : properties->get_object().if_contains(name);
      if (known != nullptr) {
        check(known->get_object(), member.value(), pointer_to(path, name));
      } else if (additional != nullptr && additional->is_object()) {
        check(additional->get_object(), member.value(), pointer_to(path, name));
      } else if (additional != nullptr && additional->is_bool() && !additional->get_bool()) {
        add(pointer_to(path, name), "the member is not known", "leave it out");
      }
    }
  }

  void check_branches(const json::object& schema, const json::value& value,
                      const std::string& path) {
    if (const json::value* all = schema.if_contains("allOf")) {
      for (const json::value& branch : all->get_array()) check(branch.get_object(), value, path);
    }
    for (const std::string_view keyword : {"anyOf", "oneOf"}) {
      const json::value* branches = schema.if_contains(keyword);
      if (branches == nullptr) continue;
      if (const json::value* discriminator = schema.if_contains("discriminator")) {
        check_discriminated(discriminator->get_object(), value, path);
        continue;
      }
      const auto fitting =
          std::ranges::count_if(branches->get_array(), [&](const json::value& branch) {
            Checker attempt(components_, patterns_);
            attempt.check(branch.get_object(), value, path);
            return attempt.found_.empty();
          });
      if (fitting == 0 || (keyword == "oneOf" && fitting > 1)) {
        add(path, "the value has none of the forms that may stand here",
            "see the schema of this place");
      }
    }
  }

  // The member that names the form decides, so that what is wrong is told of the form that was
  // meant.
  void check_discriminated(const json::object& discriminator, const json::value& value,
                           const std::string& path) {
    const std::string_view member = view(discriminator.at("propertyName").get_string());
    const json::object& mapping = discriminator.at("mapping").get_object();
    const json::value* kind = value.is_object() ? value.get_object().if_contains(member) : nullptr;
    const json::value* target = kind != nullptr && kind->is_string()
                                    ? mapping.if_contains(view(kind->get_string()))
                                    : nullptr;
    if (target == nullptr) {
      std::string kinds;
      for (const auto& choice : mapping) {
        if (!kinds.empty()) kinds += ", ";
        kinds.append(choice.key().data(), choice.key().size());
      }
      add(value.is_object() ? pointer_to(path, member) : path, "the kind is missing or unknown",
          fmt::format("send an object whose {} is one of {}", member, kinds));
      return;
    }
    check(components_.at(view(target->get_string()).substr(ref_prefix.size())).get_object(), value,
          path);
  }

  const json::object& components_;
  const Patterns& patterns_;
  std::vector<Violation> found_;
};

// Looks at one schema and those within it; collects the patterns.
Status inspect_schema(const json::object& schema, const json::object& components,
                      Patterns& patterns, const std::string& where) {
  for (const auto& member : schema) {
    const std::string_view keyword{member.key().data(), member.key().size()};
    if (std::ranges::find(keywords, keyword) == keywords.end()) {
      return fail(ErrorCode::InvalidInput, "a schema has a keyword that is not understood",
                  pointer_to(where, keyword));
    }
  }
  if (const json::value* ref = schema.if_contains("$ref")) {
    const std::string_view target = view(ref->get_string());
    if (!target.starts_with(ref_prefix) || !components.contains(target.substr(ref_prefix.size()))) {
      return fail(ErrorCode::InvalidInput, "a schema refers to nothing", where);
    }
  }
  if (const json::value* pattern = schema.if_contains("pattern")) {
    if (!schema.contains("maxLength")) {
      return fail(ErrorCode::InvalidInput, "a pattern stands without a maxLength", where);
    }
    const std::string text(view(pattern->get_string()));
    patterns.emplace(text, std::regex(text, std::regex::ECMAScript | std::regex::optimize));
  }
  for (const std::string_view keyword : {"items", "additionalProperties"}) {
    const json::value* inner = schema.if_contains(keyword);
    if (inner != nullptr && inner->is_object()) {
      CSL_TRY(
          inspect_schema(inner->get_object(), components, patterns, pointer_to(where, keyword)));
    }
  }
  for (const std::string_view keyword : {"allOf", "anyOf", "oneOf", "prefixItems"}) {
    const json::value* branches = schema.if_contains(keyword);
    if (branches == nullptr) continue;
    for (const json::value& branch : branches->get_array()) {
      CSL_TRY(
          inspect_schema(branch.get_object(), components, patterns, pointer_to(where, keyword)));
    }
  }
  if (const json::value* properties = schema.if_contains("properties")) {
    for (const auto& member : properties->get_object()) {
      CSL_TRY(inspect_schema(member.value().get_object(), components, patterns,
                             pointer_to(where, {member.key().data(), member.key().size()})));
    }
  }
  return {};
}

}  // namespace

struct SchemaSet::State {
  json::object components;
  Patterns patterns;
};

SchemaSet::SchemaSet(std::unique_ptr<State> state) : state_(std::move(state)) {}
SchemaSet::~SchemaSet() = default;
SchemaSet::SchemaSet(SchemaSet&&) noexcept = default;
SchemaSet& SchemaSet::operator=(SchemaSet&&) noexcept = default;

Result<SchemaSet> SchemaSet::parse(std::span<const std::string_view> files) {
  auto state = std::make_unique<State>();
  for (const std::string_view file : files) {
    const json::value parsed = CSL_TRY(parse_json(file));
    if (!parsed.is_object())
      return fail(ErrorCode::InvalidInput, "a file of schemas is no JSON object");
    for (const auto& member : parsed.get_object()) {
      if (state->components.contains(member.key())) {
        return fail(ErrorCode::InvalidInput, "a schema's name is given twice",
                    std::string(member.key()));
      }
      state->components.emplace(member.key(), member.value());
    }
  }
  for (const auto& member : state->components) {
    CSL_TRY(inspect_schema(member.value().get_object(), state->components, state->patterns,
                           std::string(member.key())));
  }
  return SchemaSet(std::move(state));
}

bool SchemaSet::has(std::string_view name) const { return state_->components.contains(name); }
const json::object& SchemaSet::components() const { return state_->components; }

std::vector<Violation> SchemaSet::check(std::string_view name, const json::value& value) const {
  CSL_CHECK(has(name));
  Checker checker(state_->components, state_->patterns);
  checker.check(state_->components.at(name).get_object(), value, "");
  return checker.take();
}

}  // namespace consilium::api
