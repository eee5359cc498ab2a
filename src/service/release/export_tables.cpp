// Labels as tables, and spans as brat standoff.
#include <set>

#include "format/brat/brat.hpp"
#include "format/label_table/label_table.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {
namespace {

bool is_span(const ExportedAnnotation& annotation) {
  return std::holds_alternative<SpansTarget>(annotation.stored.body.target);
}

// The level's reference in what goes out. Also maps the UIDs within the target.
Result<std::string> reference_of(const ExportWork& work, const ExportCase& one, Annotation& body) {
  Target& target = body.target;
  if (auto* region = std::get_if<RegionTarget>(&target)) {
    region->instance_uid = work.mapped_uid(region->instance_uid);
  } else if (auto* instance = std::get_if<InstanceTarget>(&target)) {
    instance->instance_uid = work.mapped_uid(instance->instance_uid);
    return part_key(target);
  } else if (auto* frame = std::get_if<FrameTarget>(&target)) {
    frame->instance_uid = work.mapped_uid(frame->instance_uid);
    return part_key(target);
  } else if (const auto* series = std::get_if<SeriesTarget>(&target)) {
    return work.mapped_uid(
        CSL_TRY(storage::find_series(work.reader, series->series_id)).series_uid);
  } else if (const auto* study = std::get_if<StudyTarget>(&target)) {
    return work.mapped_uid(CSL_TRY(storage::find_study(work.reader, study->study_id)).study_uid);
  } else if (std::holds_alternative<PatientTarget>(target)) {
    return one.item.pseudonym;
  } else if (std::holds_alternative<WholeTarget>(target)) {
    return ExportWork::name_of_item(one.item);
  }
  return body.number ? "lesion " + std::to_string(*body.number) : to_string(body.id);
}

}  // namespace

Status export_tables(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
  const bool is_csv = format == ExportFormat::LabelsCsv;
  const bool is_spans = format == ExportFormat::SpansJsonl;
  std::string out = is_csv ? label_table_header() : std::string();
  for (const ExportCase& one : cases) {
    for (const ExportedAnnotation& annotation : one.annotations) {
      if (is_spans && !is_span(annotation)) {
        work.exclude("not a span of text");
        continue;
      }
      LabelRow row{.annotation = annotation.stored,
                   .pseudonym = one.item.pseudonym,
                   .surface = std::nullopt,
                   .stage = annotation.adjudicated ? "adjudicate" : "label"};
      // Quoted text goes out only where it was asked for by the format.
      if (is_spans) row.surface = annotation.surface;
      row.annotation.rater.display_name = work.rater_pseudonym(annotation.stored.rater.id);
      // A comment is free text that may quote the patient, and targets name the scanner's UIDs.
      row.annotation.body.comment.reset();
      row.reference = CSL_TRY(reference_of(work, one, row.annotation.body));
      row.item_date = one.item.date;
      const Protocol& protocol = annotation.protocol->protocol;
      out += is_csv ? CSL_TRY(label_table_csv_row(protocol, row))
                    : CSL_TRY(label_table_json_row(protocol, row));
      ++work.annotation_count;
    }
  }
  const char* name = "labels.jsonl";
  if (is_csv) name = "labels.csv";
  if (is_spans) name = "spans.jsonl";
  return work.sink(name, bytes_of(out));
}

Status export_brat(ExportWork& work, const std::vector<ExportCase>& cases) {
  std::shared_ptr<const KnownProtocol> protocol;
  std::set<std::string> folders;
  for (const ExportCase& one : cases) {
    if (one.item.kind != "text") {
      work.exclude("not a note", static_cast<std::int64_t>(one.annotations.size()));
      continue;
    }
    const storage::NoteRow note =
        CSL_TRY(storage::find_note(work.reader, CSL_TRY(parse_id<NoteId>(one.item.source_id))));
    const Bytes bytes = CSL_TRY(work.store.objects().get(note.patient, note.object));
    const CanonicalText text = CSL_TRY(CanonicalText::from_utf8(std::string(text_of(bytes))));
    for (const RaterRef& rater : one.raters()) {
      std::vector<StoredAnnotation> annotations;
      std::vector<ExportedAnnotation> own = one.of_rater(rater.id);
      const std::string folder = work.folder_of(own);
      for (ExportedAnnotation& annotation : own) {
        protocol = annotation.protocol;
        // Goes into each annotation's note.
        annotation.stored.rater.display_name =
            work.rater_pseudonym(rater.id) + (annotation.adjudicated ? " (adjudicator)" : "");
        annotations.push_back(std::move(annotation.stored));
      }
      const BratFiles files = CSL_TRY(write_brat(text, protocol->protocol, annotations));
      const std::string name = folder + ExportWork::name_of_item(one.item);
      CSL_TRY(work.sink(name + ".txt", bytes));
      CSL_TRY(work.sink(name + ".ann", bytes_of(files.ann)));
      if (folders.insert(folder).second) {
        CSL_TRY(work.sink(folder + "annotation.conf",
                          bytes_of(brat_annotation_conf(protocol->protocol))));
        CSL_TRY(work.sink(folder + "visual.conf", bytes_of(brat_visual_conf(protocol->protocol))));
      }
      const auto left_out = static_cast<std::int64_t>(files.left_out.size());
      if (left_out > 0) work.exclude("an answer on the whole note", left_out);
      work.annotation_count += static_cast<std::int64_t>(annotations.size()) - left_out;
    }
  }
  return {};
}

}  // namespace consilium::service
