#include "domain/label/stored_annotation.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> rater_kind_names = {"human", "model",  "dictionary",
                                                              "rule",  "import", "migration"};
constexpr std::array<std::string_view, 3> state_names = {"draft", "submitted", "retracted"};
constexpr std::int64_t revision_max = 9'007'199'254'740'992;  // 2^53

template <class Enum, std::size_t Count>
std::optional<Enum> named(const std::array<std::string_view, Count>& names, std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Timestamp read_time(JsonFields& fields, std::string_view key) {
  const std::string text = fields.text(key, 64);
  if (text.empty()) return {};
  const auto time = parse_rfc3339(text);
  if (!time) fields.problem(key, "this is not an RFC 3339 time");
  return time.value_or(Timestamp{});
}

}  // namespace

std::string_view name_of(RaterKind kind) {
  return rater_kind_names[static_cast<std::size_t>(kind)];
}
std::optional<RaterKind> rater_kind_named(std::string_view name) {
  return named<RaterKind>(rater_kind_names, name);
}
std::string_view name_of(AnnotationState state) {
  return state_names[static_cast<std::size_t>(state)];
}
std::optional<AnnotationState> annotation_state_named(std::string_view name) {
  return named<AnnotationState>(state_names, name);
}

json::object stored_annotation_json(const StoredAnnotation& stored) {
  json::object out = annotation_json(stored.body);
  out["revision"] = stored.revision;
  out["state"] = name_of(stored.state);
  out["rater"] = json::object{{"id", to_string(stored.rater.id)},
                              {"kind", name_of(stored.rater.kind)},
                              {"display_name", stored.rater.display_name}};
  out["created_at"] = to_rfc3339(stored.created_at);
  out["updated_at"] = to_rfc3339(stored.updated_at);
  return out;
}

Result<StoredAnnotation> read_stored_annotation(const json::value& value) {
  StoredAnnotation stored{
      .body = CSL_TRY(read_annotation(value)), .rater = {}, .created_at = {}, .updated_at = {}};
  std::vector<Violation> problems;
  JsonFields fields(value, "", problems);
  stored.revision = fields.integer("revision", 1, revision_max);
  const auto state = annotation_state_named(fields.text("state"));
  if (!state) fields.problem("state", "there is no such state");
  stored.state = state.value_or(AnnotationState::Draft);
  if (const json::value* member = fields.require("rater")) {
    JsonFields rater(*member, "/rater", problems);
    const auto id = rater.id<RaterId>("id");
    const auto kind = rater_kind_named(rater.text("kind"));
    if (!kind) rater.problem("kind", "there is no such kind of rater");
    stored.rater = {id, kind.value_or(RaterKind::Human),
                    rater.optional_text("display_name").value_or("")};
  }
  stored.created_at = read_time(fields, "created_at");
  stored.updated_at = read_time(fields, "updated_at");
  if (!problems.empty()) return fail(problems.front());
  return stored;
}

Result<Protected<std::string>> quoted_surface(const SpansTarget& spans, const CanonicalText& text) {
  std::string surface;
  for (const TextSpan& range : spans.ranges) {
    if (!surface.empty()) surface += " ... ";
    surface += CSL_TRY(text.slice(range));
  }
  return Protected<std::string>(std::move(surface));
}

}  // namespace consilium
