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
  facts.patient = item.patient;
  if (item.kind == "image") {
    facts.unit = ItemUnit::Study;
    facts.study = CSL_TRY(parse_id<StudyId>(item.source_id));
    for (const storage::SeriesRow& series :
         CSL_TRY(storage::series_of_study(reader, *facts.study))) {
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

Result<std::vector<FrameTarget>> frames_of(const storage::SeriesRow& series) {
  std::vector<FrameTarget> frames;
  if (series.volumes_json.empty()) return frames;
  const boost::json::value volumes = CSL_TRY(parse_json(series.volumes_json));
  for (const boost::json::value& volume : volumes.as_array()) {
    for (const boost::json::value& slice : volume.at("slices").as_array()) {
      frames.push_back({.series_id = series.id,
                        .instance_uid = std::string(slice.at("instance_uid").as_string()),
                        .frame_index = slice.at("frame").to_number<std::uint32_t>()});
    }
  }
  return frames;
}

namespace {

bool asks_of_parts(const Protocol& protocol) {
  return std::ranges::any_of(protocol.questions, [](const QuestionSpec& question) {
    return question.level > QuestionLevel::Study && question.level < QuestionLevel::Finding &&
           (question.required || question.required_if);
  });
}

}  // namespace

Result<std::vector<Violation>> check_submission(const storage::Reader& reader,
                                                const ProjectId& project, const ItemId& item_id,
                                                const RaterId& rater) {
  const storage::ItemRow item = CSL_TRY(storage::find_item(reader, project, item_id));
  const std::vector<storage::AnnotationRow> rows = CSL_TRY(storage::annotations_of_item(
      reader, item_id, rater, "", std::numeric_limits<std::int64_t>::max()));
  ProtocolCache protocols;
  const auto present = CSL_TRY(protocols.of_project(reader, project));
  ItemFacts facts = CSL_TRY(item_facts(reader, item));
  if (facts.study && asks_of_parts(present->protocol)) {
    for (const storage::SeriesRow& series :
         CSL_TRY(storage::series_of_study(reader, *facts.study))) {
      for (FrameTarget& frame : CSL_TRY(frames_of(series))) {
        facts.frames.push_back(std::move(frame));
      }
    }
  }

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
