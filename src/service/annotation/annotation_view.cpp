#include "service/annotation/annotation_view.hpp"

#include <boost/json.hpp>

#include "storage/catalog.hpp"

namespace consilium::service {

Result<StoredAnnotation> stored_annotation(const storage::Reader& reader,
                                           const storage::AnnotationRow& row) {
  StoredAnnotation stored;
  stored.body =
      CSL_TRY(parse_annotation(CSL_TRY(reader.open_sealed(row.patient, row.sealed_body))));
  stored.revision = row.revision;
  stored.state = annotation_state_named(row.state).value_or(AnnotationState::Draft);
  stored.rater = {.id = row.rater,
                  .kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Human),
                  .display_name = row.rater_name};
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
  const RaterKind kind = rater_kind_named(row.rater_kind).value_or(RaterKind::Human);
  const RaterRef shown =
      names.shown({.id = row.rater, .kind = kind, .display_name = row.rater_name});
  if (shown.id == row.rater) return view;
  view["rater"] = boost::json::object{{"id", to_string(shown.id)},
                                      {"kind", std::string(name_of(shown.kind))},
                                      {"display_name", shown.display_name}};
  view["task_id"] = nullptr;
  return view;
}

}  // namespace consilium::service
