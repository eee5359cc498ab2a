#include "service/intake/label_intake.hpp"

#include <map>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/intake/note_intake.hpp"
#include "service/intake/received_object.hpp"
#include "service/prelabel/left_out.hpp"
#include "service/prelabel/object_labels.hpp"
#include "service/prelabel/text_labels.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t rater_digits = 8;

std::unexpected<Error> no_study() {
  return fail(ErrorCode::NotFound, "the study that it is about is not in the project", "",
              "import the images first, or together with it");
}

}  // namespace

bool holds_labels(ByteView dicom) {
  const auto file = read_dicom(dicom, {.stops_at_pixel_data = true});
  return file && is_label_object(*file);
}

bool holds_report(ByteView dicom) {
  const auto file = read_dicom(dicom, {.stops_at_pixel_data = true});
  return file && is_report(*file);
}

std::optional<std::string> instance_uid_of(ByteView dicom) {
  const auto file = read_dicom(dicom, {.stops_at_pixel_data = true});
  if (!file) return std::nullopt;
  return std::string(file->dataset.ascii(tags::sop_instance_uid));
}

Result<std::optional<Error>> LabelIntake::take_object(ByteView dicom, MissingImages missing,
                                                      const PreparedSink& sink) {
  const DicomFile file = CSL_TRY(read_dicom(dicom));
  if (is_only_shown(file)) {
    const auto study = CSL_TRY(study_of_object(tools_, file));
    if (!study) return no_study();
    CSL_TRY(keep_received_object(tools_, file, dicom, *study, sink));
    return std::optional<Error>{};
  }
  const auto read = read_object_labels(file, images_, tools_.codec, missing);
  // What does not fit the images is refused; what we do not read, others may.
  if (!read && read.error().code != ErrorCode::Unsupported) return std::unexpected(read.error());
  auto study = CSL_TRY(study_of_object(tools_, file));
  if (!study && read && !read->sets.empty()) {
    const auto reader = CSL_TRY(tools_.store.read());
    const auto item = CSL_TRY(storage::find_item(*reader, tools_.project, read->sets[0].item));
    study = CSL_TRY(storage::find_study(*reader, CSL_TRY(parse_id<StudyId>(item.source_id))));
  }
  // It says nothing of an image that is here, and would be kept nowhere.
  if (!study && read && read->sets.empty() && missing == MissingImages::Refused) return no_study();
  if (study) CSL_TRY(keep_received_object(tools_, file, dicom, *study, sink));
  return keep(CSL_TRY(read), sink);
}

Result<std::optional<Error>> LabelIntake::take_file(const LabelFile& file,
                                                    const ImageByName& by_name,
                                                    const PreparedSink& sink) {
  if (is_label_volume_kind(file.kind)) {
    return keep(CSL_TRY(labels_of_volume(CSL_TRY(read_label_volume(file)), images_)), sink);
  }
  if (file.kind == FileKind::LabelledText) {
    const ReadLabels labels = CSL_TRY(labels_of_notes(file));
    if (!labels.sets.empty()) return keep(labels, sink);
    // Notes alone: a message, or a note that nobody has labelled yet.
    if (labels.notes.empty()) return std::optional<Error>{};
    std::string what;
    for (const std::string& note : labels.notes) what += note + "; ";
    return std::optional<Error>(
        Error{ErrorCode::InvalidInput, what + "the notes were kept", "", ""});
  }
  const ShapesRead read = CSL_TRY(read_shapes(file));
  ReadLabels labels = CSL_TRY(labels_of_shapes(read.file, images_, by_name));
  labels.notes.insert(labels.notes.begin(), read.notes.begin(), read.notes.end());
  return keep(labels, sink);
}

Result<ReadLabels> LabelIntake::labels_of_notes(const LabelFile& file) const {
  const TextsRead read = CSL_TRY(read_labelled_texts(file));
  ReadLabels labels;
  std::map<std::string, std::size_t> problems;
  std::size_t missing_count = 0;
  std::set<std::string> renamed;
  // The same person is the same rater in every file; who it is is not kept.
  const RaterNamer name_rater = [&](const std::string& name) {
    const Sha256Digest digest = tools_.store.objects().keyed_hash("rater name", bytes_of(name));
    std::string pseudonym = read.format + " rater " + to_hex(digest).substr(0, rater_digits);
    renamed.insert(pseudonym);
    return pseudonym;
  };
  for (std::size_t i = 0; i < read.texts.size(); ++i) {
    for (const TextProblem& problem : read.texts[i].problems) ++problems[problem.what];
    const auto item = CSL_TRY(item_of_labelled_note(tools_, read.texts[i], file.patient));
    if (!item) {
      ++missing_count;
      continue;
    }
    LabelSet set = labels_of_text(read.texts[i], *item, read.format,
                                  file.source + " " + std::to_string(i), name_rater, labels.notes);
    if (!set.labels.empty() || !set.answers.empty()) labels.sets.push_back(std::move(set));
  }
  for (const auto& [what, count] : problems) {
    labels.notes.push_back(what + " (" + std::to_string(count) + ")");
  }
  if (!renamed.empty()) {
    labels.notes.push_back(std::to_string(renamed.size()) +
                           " raters have pseudonyms, their names are not kept");
  }
  if (missing_count > 0) {
    labels.notes.push_back(std::to_string(missing_count) + " of its texts are no notes here");
  }
  return labels;
}

Result<std::optional<Error>> LabelIntake::keep(const ReadLabels& read, const PreparedSink& sink) {
  LabelSum sum;
  sum.notes = read.notes;
  for (const LabelSet& set : read.sets) {
    KeptLabels kept = CSL_TRY(keeper_.prepare(set));
    sum.known += kept.known_count;
    sum.unmatched.merge(kept.unmatched);
    sum.problems.merge(kept.problems);
    for (KeptPart& part : kept.parts) {
      sum.added += part.label_count;
      Prepared prepared{.objects = std::move(part.objects), .commit = nullptr};
      prepared.commit = [commit = std::move(part.commit)](
                            storage::Transaction& transaction) -> Result<Committed> {
        CSL_TRY(commit(transaction));
        return Committed{};
      };
      if (!sink(std::move(prepared))) return std::optional<Error>{};
      labels_added_ += static_cast<std::int64_t>(part.label_count);
    }
  }
  return left_out(sum, keeper_.label_ids());
}

}  // namespace consilium::service
