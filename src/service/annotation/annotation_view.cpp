#include "service/annotation/annotation_view.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/check.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace {

RaterRef rater_of(const storage::AnnotationRow& row) {
  return {.id = row.rater,
          .kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Human),
          .display_name = row.rater_name};
}

}  // namespace

Result<StoredAnnotation> stored_annotation(const storage::Reader& reader,
                                           const storage::AnnotationRow& row) {
  StoredAnnotation stored;
  stored.body =
      CSL_TRY(parse_annotation(CSL_TRY(reader.open_sealed(row.patient, row.sealed_body))));
  stored.revision = row.revision;
  stored.state = annotation_state_named(row.state).value_or(AnnotationState::Draft);
  stored.rater = rater_of(row);
  stored.created_at = row.created_at;
  stored.updated_at = row.updated_at;
  return stored;
}

Result<boost::json::object> annotation_view(const storage::Reader& reader,
                                            const storage::AnnotationRow& row) {
  boost::json::object view = stored_annotation_json(CSL_TRY(stored_annotation(reader, row)));
  view["task_id"] = to_string(row.task);
  if (!row.sealed_surface.empty()) {
    view["surface"] = CSL_TRY(storage::opened(reader, row.patient, row.sealed_surface));
  }
  return view;
}

Result<boost::json::object> annotation_view(const storage::Reader& reader,
                                            const storage::AnnotationRow& row,
                                            const RaterNames& names) {
  boost::json::object view = CSL_TRY(annotation_view(reader, row));
  const RaterRef shown = names.shown(rater_of(row));
  if (shown.id == row.rater) return view;
  view["rater"] = boost::json::object{{"id", to_string(shown.id)},
                                      {"kind", std::string(name_of(shown.kind))},
                                      {"display_name", shown.display_name}};
  view["task_id"] = nullptr;
  return view;
}

Result<std::string> annotation_text(const storage::Reader& reader,
                                    const storage::AnnotationRow& row, const RaterNames& names) {
  std::string text = CSL_TRY(reader.open_sealed(row.patient, row.sealed_body));
  CSL_CHECK(text.ends_with('}'));
  text.pop_back();
  const auto quoted = [](std::string_view value) { return boost::json::serialize(value); };
  const RaterRef shown = names.shown(rater_of(row));
  text += fmt::format(
      R"(,"revision":{},"state":"{}","rater":{{"id":"{}","kind":"{}","display_name":{}}},)"
      R"("created_at":"{}","updated_at":"{}","task_id":{})",
      row.revision, row.state, to_string(shown.id), name_of(shown.kind), quoted(shown.display_name),
      to_rfc3339(row.created_at), to_rfc3339(row.updated_at),
      shown.id == row.rater ? quoted(to_string(row.task)) : "null");
  if (!row.sealed_surface.empty()) {
    text += ",\"surface\":";
    text += quoted(CSL_TRY(storage::opened(reader, row.patient, row.sealed_surface)));
  }
  text += '}';
  return text;
}

}  // namespace consilium::service
