#include "service/intake/label_intake.hpp"

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/prelabel/left_out.hpp"
#include "service/prelabel/object_labels.hpp"

namespace consilium::service {
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

Result<std::optional<Error>> LabelIntake::take_object(ByteView dicom, const PreparedSink& sink) {
  const DicomFile file = CSL_TRY(read_dicom(dicom));
  return keep(CSL_TRY(read_object_labels(file, images_, tools_.codec)), sink);
}

Result<std::optional<Error>> LabelIntake::take_file(const LabelFile& file,
                                                    const ImageByName& by_name,
                                                    const PreparedSink& sink) {
  if (is_label_volume_kind(file.kind)) {
    return keep(CSL_TRY(labels_of_volume(CSL_TRY(read_label_volume(file)), images_)), sink);
  }
  const ShapesRead read = CSL_TRY(read_shapes(file));
  ReadLabels labels = CSL_TRY(labels_of_shapes(read.file, images_, by_name));
  labels.notes.insert(labels.notes.begin(), read.notes.begin(), read.notes.end());
  return keep(labels, sink);
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
