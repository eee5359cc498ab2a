#include "format/fhir_terminology/fhir_terminology.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/canonical_json.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t nesting_max = 72;  // 32 levels of concepts are 64 of JSON

std::string text(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

// Calls `use` with each object of an array member and its pointer. Errors: InvalidInput on others.
template <class Use>
Status each(const json::object& from, std::string_view name, const std::string& path, Use&& use) {
  const json::value* found = from.if_contains(name);
  if (found == nullptr) return {};
  const std::string here = fmt::format("{}/{}", path, name);
  if (!found->is_array()) return fail(ErrorCode::InvalidInput, "this is no list", here);
  std::size_t index = 0;
  for (const json::value& one : found->get_array()) {
    const std::string at = fmt::format("{}/{}", here, index++);
    if (!one.is_object()) return fail(ErrorCode::InvalidInput, "this is no object", at);
    CSL_TRY(use(one.get_object(), at));
  }
  return {};
}

std::unexpected<Error> missing(std::string_view name, const std::string& path) {
  return fail(ErrorCode::InvalidInput, fmt::format("'{}' is missing", name), path);
}

class CodeSystemReader {
 public:
  Result<Terminology> run(const json::object& resource) {
    const std::string content = text(resource, "content");
    if (content == "not-present" || content == "supplement") {
      return fail(ErrorCode::Unsupported, "this CodeSystem does not hold its codes", "/content",
                  "load the terminology's own files");
    }
    std::string url = text(resource, "url");
    if (url.empty()) return missing("url", "");
    CSL_TRY(concepts(resource, "", nullptr));
    std::string title = text(resource, "title");
    if (title.empty()) title = text(resource, "name");
    return std::move(builder_).finish(std::move(url), text(resource, "version"), std::move(title));
  }

 private:
  Status concepts(const json::object& from, const std::string& path, const std::uint32_t* parent) {
    return each(from, "concept", path, [&](const json::object& one, const std::string& at) {
      return read_concept(one, at, parent);
    });
  }

  Status read_concept(const json::object& one, const std::string& path,
                      const std::uint32_t* parent) {
    const std::string code = text(one, "code");
    if (code.empty()) return missing("code", path);
    const auto made = builder_.at(code);
    if (!made) return fail(made.error().code, made.error().what, path + "/code");
    if (!declared_.insert(*made).second) {
      return fail(ErrorCode::InvalidInput, "the code stands twice", path + "/code");
    }
    builder_.declare(*made, true);
    CSL_TRY(builder_.add_term(*made, TermKind::Preferred, text(one, "display")));
    CSL_TRY(builder_.add_term(*made, TermKind::Definition, text(one, "definition")));
    CSL_TRY(each(one, "designation", path, [&](const json::object& said, const std::string&) {
      return builder_.add_term(*made, TermKind::Synonym, text(said, "value"));
    }));
    if (parent != nullptr) CSL_TRY(builder_.add_parent(*made, *parent));
    CSL_TRY(each(one, "property", path, [&](const json::object& property, const std::string& at) {
      return read_property(property, at, *made);
    }));
    return concepts(one, path, &*made);
  }

  Status read_property(const json::object& property, const std::string& path, std::uint32_t of) {
    const std::string name = text(property, "code");
    std::string value = text(property, "valueCode");
    if (value.empty()) value = text(property, "valueString");
    if (name == "parent" || name == "child") {
      const auto other = builder_.at(value);
      if (!other) return fail(other.error().code, other.error().what, path);
      return name == "parent" ? builder_.add_parent(of, *other) : builder_.add_parent(*other, of);
    }
    const json::value* flag = property.if_contains("valueBoolean");
    const bool yes = flag != nullptr && flag->is_bool() && flag->get_bool();
    if ((name == "status" && (value == "retired" || value == "inactive")) ||
        (name == "inactive" && (yes || value == "true"))) {
      builder_.declare(of, false);
    }
    if (name == "kind" || name == "semanticTag") builder_.set_tag(of, value);
    return {};
  }

  TerminologyBuilder builder_;
  std::set<std::uint32_t> declared_;
};

Result<ValueSetPart> read_part(const json::object& from, const std::string& path) {
  ValueSetPart part{.system = text(from, "system"),
                    .version = text(from, "version"),
                    .listed = {},
                    .filters = {},
                    .value_sets = {}};
  CSL_TRY(
      each(from, "concept", path, [&](const json::object& one, const std::string& at) -> Status {
        part.listed.push_back({.code = text(one, "code"), .display = text(one, "display")});
        if (part.listed.back().code.empty()) return missing("code", at);
        return {};
      }));
  CSL_TRY(each(from, "filter", path, [&](const json::object& one, const std::string& at) -> Status {
    part.filters.push_back(
        {.property = text(one, "property"), .op = text(one, "op"), .value = text(one, "value")});
    const ValueSetFilter& filter = part.filters.back();
    if (filter.property.empty() || filter.op.empty() || filter.value.empty()) {
      return missing("property, op or value", at);
    }
    return {};
  }));
  if (const json::value* sets = from.if_contains("valueSet")) {
    if (!sets->is_array())
      return fail(ErrorCode::InvalidInput, "this is no list", path + "/valueSet");
    for (const json::value& one : sets->get_array()) {
      if (!one.is_string())
        return fail(ErrorCode::InvalidInput, "this is no text", path + "/valueSet");
      part.value_sets.emplace_back(one.get_string());
    }
  }
  if (part.system.empty() && part.value_sets.empty()) return missing("system or valueSet", path);
  return part;
}

// The codes of an expansion, one part a system.
Status read_contains(const json::object& from, const std::string& path, ValueSet& made) {
  return each(
      from, "contains", path, [&](const json::object& one, const std::string& at) -> Status {
        const std::string system = text(one, "system");
        const std::string code = text(one, "code");
        if (!system.empty() && !code.empty()) {
          if (made.include.empty() || made.include.back().system != system) {
            made.include.push_back({.system = system,
                                    .version = text(one, "version"),
                                    .listed = {},
                                    .filters = {},
                                    .value_sets = {}});
          }
          made.include.back().listed.push_back({.code = code, .display = text(one, "display")});
        }
        return read_contains(one, at, made);
      });
}

Result<ValueSet> read_value_set(const json::object& resource) {
  ValueSet made{.url = text(resource, "url"),
                .version = text(resource, "version"),
                .title = text(resource, "title"),
                .include = {},
                .exclude = {},
                .with_inactive = true};
  if (made.title.empty()) made.title = text(resource, "name");
  const json::value* compose = resource.if_contains("compose");
  const json::value* expansion = resource.if_contains("expansion");
  if (compose != nullptr && compose->is_object()) {
    const json::object& from = compose->get_object();
    if (const json::value* inactive = from.if_contains("inactive"); inactive != nullptr) {
      made.with_inactive = inactive->is_bool() && inactive->get_bool();
    }
    CSL_TRY(each(from, "include", "/compose",
                 [&](const json::object& one, const std::string& at) -> Status {
                   made.include.push_back(CSL_TRY(read_part(one, at)));
                   return {};
                 }));
    CSL_TRY(each(from, "exclude", "/compose",
                 [&](const json::object& one, const std::string& at) -> Status {
                   made.exclude.push_back(CSL_TRY(read_part(one, at)));
                   return {};
                 }));
  } else if (expansion != nullptr && expansion->is_object()) {
    CSL_TRY(read_contains(expansion->get_object(), "/expansion", made));
  }
  if (made.include.empty()) return missing("compose.include", "");
  return made;
}

}  // namespace

Result<FhirTerminology> read_fhir_terminology(std::string_view written) {
  if (written.size() > fhir_terminology_bytes_max) {
    return fail(ErrorCode::TooLarge, "the file has over 256 MiB");
  }
  const json::value parsed = CSL_TRY(parse_json(written, nesting_max));
  if (!parsed.is_object()) return fail(ErrorCode::InvalidInput, "this is no FHIR resource");
  const json::object& resource = parsed.get_object();
  const std::string type = text(resource, "resourceType");
  if (type == "CodeSystem") {
    Terminology made = CSL_TRY(CodeSystemReader().run(resource));
    return FhirTerminology{std::move(made)};
  }
  if (type == "ValueSet") {
    ValueSet made = CSL_TRY(read_value_set(resource));
    return FhirTerminology{std::move(made)};
  }
  return fail(ErrorCode::Unsupported, "this is neither a CodeSystem nor a ValueSet",
              "/resourceType");
}

}  // namespace consilium
