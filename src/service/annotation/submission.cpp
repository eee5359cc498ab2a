#include "service/annotation/submission.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "base/canonical_json.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/labels.hpp"

namespace consilium::service {

Result<ItemFacts> item_facts(const storage::Reader& reader, const storage::ItemRow& item) {
  ItemFacts facts;
  if (item.kind == "image") {
    facts.unit = ItemUnit::Study;
    for (const storage::SeriesRow& series :
         CSL_TRY(storage::series_of_study(reader, CSL_TRY(parse_id<StudyId>(item.source_id))))) {
      facts.series.push_back(series.id);
    }
  } else if (item.kind == "text") {
    facts.unit = ItemUnit::Note;
    facts.code_point_count =
        CSL_TRY(storage::find_note(reader, CSL_TRY(parse_id<NoteId>(item.source_id)))).length;
  } else {
    facts.unit = ItemUnit::Recording;
    const storage::RecordingRow recording =
        CSL_TRY(storage::find_recording(reader, CSL_TRY(parse_id<RecordingId>(item.source_id))));
    const boost::json::value header = CSL_TRY(parse_json(recording.header_json));
    facts.tick_count = header.at("length_ticks").to_number<std::int64_t>();
    for (const boost::json::value& channel : header.at("channels").as_array()) {
      facts.channels.emplace_back(channel.at("name").as_string());
    }
  }
  return facts;
}

Result<std::vector<Violation>> check_submission(const storage::Reader& reader,
                                                const ProjectId& project, const ItemId& item_id,
                                                const RaterId& rater) {
  const storage::ItemRow item = CSL_TRY(storage::find_item(reader, project, item_id));
  const std::vector<storage::AnnotationRow> rows = CSL_TRY(storage::annotations_of_item(
      reader, item_id, rater, "", std::numeric_limits<std::int64_t>::max()));
  ProtocolCache protocols;
  const auto present = CSL_TRY(protocols.of_project(reader, project));
  const ItemFacts facts = CSL_TRY(item_facts(reader, item));

  std::vector<Violation> violations;
  std::vector<Annotation> annotations;
  annotations.reserve(rows.size());
  for (const storage::AnnotationRow& row : rows) {
    annotations.push_back(
        CSL_TRY(parse_annotation(CSL_TRY(reader.open_sealed(row.patient, row.sealed_body)))));
    const auto known = CSL_TRY(protocols.get(reader, row.protocol_hash));
    for (Violation& violation :
         validate_annotation(known->protocol, facts, annotations.back(), Stage::Submission)) {
      violation.path.insert(0, std::to_string(annotations.size() - 1)).insert(0, 1, '/');
      violations.push_back(std::move(violation));
    }
  }
  if (violations.empty()) {
    violations = validate_item(present->protocol, facts, annotations, Stage::Submission);
  }
  return violations;
}

}  // namespace consilium::service
