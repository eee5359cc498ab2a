// Stored annotations as typed values and as the API shows them.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "domain/label/stored_annotation.hpp"
#include "service/annotation/rater_names.hpp"
#include "storage/labels.hpp"

namespace consilium::service {

[[nodiscard]] Result<StoredAnnotation> stored_annotation(const storage::Reader& reader,
                                                         const storage::AnnotationRow& row);
// Body, revision, state, rater, times, task_id and, of spans, the surface.
[[nodiscard]] Result<boost::json::object> annotation_view(const storage::Reader& reader,
                                                          const storage::AnnotationRow& row);
// The same for one who may not see every name: the rater as `names` shows it, and no task.
[[nodiscard]] Result<boost::json::object> annotation_view(const storage::Reader& reader,
                                                          const storage::AnnotationRow& row,
                                                          const RaterNames& names);

// The same as JSON text. The sealed body is canonical JSON already, so it is not read and written
// again: a page of 5,000 costs a third.
[[nodiscard]] Result<std::string> annotation_text(const storage::Reader& reader,
                                                  const storage::AnnotationRow& row,
                                                  const RaterNames& names);

}  // namespace consilium::service
