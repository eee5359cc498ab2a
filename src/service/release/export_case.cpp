#include "service/release/export_case.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <set>

#include "service/access/pseudonym.hpp"
#include "service/annotation/annotation_view.hpp"
#include "storage/work.hpp"

namespace consilium::service {

std::vector<RaterRef> ExportCase::raters() const {
  std::vector<RaterRef> raters;
  std::set<RaterId> seen;
  for (const ExportedAnnotation& annotation : annotations) {
    if (seen.insert(annotation.stored.rater.id).second) raters.push_back(annotation.stored.rater);
  }
  return raters;
}

std::vector<ExportedAnnotation> ExportCase::of_rater(const RaterId& rater) const {
  std::vector<ExportedAnnotation> own;
  std::ranges::copy_if(annotations, std::back_inserter(own),
                       [&](const auto& annotation) { return annotation.stored.rater.id == rater; });
  return own;
}

std::string ExportWork::mapped_uid(const std::string& uid) const {
  return service::mapped_uid(store, uid);
}

std::string ExportWork::rater_pseudonym(const RaterId& rater) const {
  return service::rater_pseudonym(store, rater);
}

std::string ExportWork::folder_of(const std::vector<ExportedAnnotation>& own) const {
  const ExportedAnnotation& first = own.front();
  return (first.adjudicated ? "adjudicated/" : "") + rater_pseudonym(first.stored.rater.id) + '/';
}

ExportWork::Tracking ExportWork::tracking_of(const ExportedAnnotation& annotation) const {
  const Annotation& body = annotation.stored.body;
  if (!body.number) return {to_string(body.id), mapped_uid(to_string(body.id))};
  const std::string lesion = "lesion " + std::to_string(*body.number);
  return {lesion, mapped_uid(lesion + " of " + to_string(annotation.patient) + " by " +
                             to_string(annotation.stored.rater.id) + " under " +
                             annotation.protocol->protocol.id)};
}

std::string ExportWork::name_of_item(const storage::ItemRow& item) {
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), "_%04lld", static_cast<long long>(item.number));
  return item.pseudonym + number.data();
}

Result<ExportedAnnotation> exported_annotation(const storage::Reader& reader,
                                               ProtocolCache& protocols,
                                               const storage::AnnotationRow& row) {
  ExportedAnnotation annotation;
  annotation.stored = CSL_TRY(stored_annotation(reader, row));
  annotation.surface = CSL_TRY(storage::opened(reader, row.patient, row.sealed_surface));
  annotation.adjudicated = row.stage == storage::adjudicate_stage;
  annotation.patient = row.patient;
  annotation.protocol = CSL_TRY(protocols.get(reader, row.protocol_hash));
  return annotation;
}

Result<std::vector<ExportCase>> gather_cases(const storage::Reader& reader,
                                             const ProjectId& project,
                                             const ExportRequest& request) {
  std::vector<ItemId> ids = request.item_ids;
  if (ids.empty()) ids = CSL_TRY(storage::item_ids(reader, project));
  ProtocolCache protocols;
  std::vector<ExportCase> cases;
  for (const ItemId& id : ids) {
    ExportCase one{.item = CSL_TRY(storage::find_item(reader, project, id)), .annotations = {}};
    for (const storage::AnnotationRow& row : CSL_TRY(storage::annotations_of_item(
             reader, id, std::nullopt, "", std::numeric_limits<std::int64_t>::max()))) {
      if (row.state != "submitted" && !(request.with_drafts && row.state == "draft")) continue;
      one.annotations.push_back(CSL_TRY(exported_annotation(reader, protocols, row)));
    }
    if (!one.annotations.empty()) cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace consilium::service
