#include "service/dicomweb/label_objects.hpp"

#include <algorithm>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_pseudonym/label_text.hpp"
#include "service/annotation/blinding.hpp"
#include "service/dicomweb/open_image.hpp"
#include "service/prelabel/suggestions.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view pixel_place = "7FE00010";

LabelObject of_own(std::shared_ptr<const DerivedInstance> own) {
  return {.series_uid = own->series_uid,
          .sop_uid = own->sop_uid,
          .modality = own->modality,
          .series_number = own->series_number,
          .series_description = own->series_description,
          .metadata_form = own->metadata_form,
          .own = own,
          .received = nullptr};
}

// How the object's patient and UIDs go out. What was made on what we gave out speaks of it by the
// UIDs that go out, and keeps its own.
Result<DicomPseudonym> pseudonym_for(storage::Store& store, const storage::Reader& reader,
                                     const StudyPlace& study,
                                     const storage::ReceivedObjectRow& row) {
  DicomPseudonym pseudonym = CSL_TRY(pseudonym_of(store, reader, study));
  if (row.speaks_served) {
    pseudonym.date_shift_days = 0;
    pseudonym.map_uid = [](std::string_view uid) { return std::string(uid); };
  }
  return pseudonym;
}

DicomDataset served_dataset(const DicomFile& file, const DicomPseudonym& pseudonym,
                            const StudyPlace& study) {
  DicomDataset dataset = pseudonymised(with_settled_vrs(file), pseudonym);
  put_plain_names(dataset);
  dataset.put_text(tags::study_instance_uid, Vr::Ui, study.uid);
  return dataset;
}

Result<std::shared_ptr<const OpenImage>> open_received(storage::Store& store,
                                                       const storage::ReceivedObjectRow& row) {
  return open_image(CSL_TRY(store.objects().open(row.patient, row.object)));
}

Result<LabelObject> of_received(const LabelTools& tools, const storage::Reader& reader,
                                const StudyPlace& study, storage::ReceivedObjectRow row) {
  LabelObject object;
  object.series_uid =
      row.speaks_served ? row.series_uid : tools.uids.served(tools.store, row.series_uid);
  object.sop_uid = row.speaks_served ? row.sop_uid : tools.uids.served(tools.store, row.sop_uid);
  object.modality = row.modality;
  object.series_number = row.series_number;
  const DicomPseudonym pseudonym = CSL_TRY(pseudonym_for(tools.store, reader, study, row));
  const auto image = CSL_TRY(open_received(tools.store, row));
  object.metadata_form =
      make_metadata_form_of(served_dataset(image->file, pseudonym, study), image->file);
  object.received = std::make_shared<const storage::ReceivedObjectRow>(std::move(row));
  return object;
}

Result<bool> may_see_received(const Access& access, const storage::Reader& reader,
                              const StudyPlace& study) {
  ProtocolCache protocols;
  const ProjectId& project = study.row.project;
  if (may_see_all_labels(access, reader, protocols, project, study.row.item)) return true;
  for (const RaterKind kind : {RaterKind::Import, RaterKind::Model}) {
    const auto sees = may_see_suggestions(access, reader, protocols, project, study.row.item, kind);
    if (!sees || !*sees) return false;
  }
  return true;
}

// The object's dataset as it goes out, with what it views.
struct ServedObject {
  std::shared_ptr<const OpenImage> image;
  DicomDataset dataset;
};
Result<ServedObject> open_served(const PartTools& tools, const StudyPlace& study,
                                 const LabelObject& object) {
  ServedObject served;
  if (object.own) {
    served.image = CSL_TRY(open_image(view_source(*object.own->bytes)));
    served.dataset = with_settled_vrs(served.image->file);
    return served;
  }
  const auto reader = CSL_TRY(tools.store.read());
  const DicomPseudonym pseudonym =
      CSL_TRY(pseudonym_for(tools.store, *reader, study, *object.received));
  served.image = CSL_TRY(open_received(tools.store, *object.received));
  served.dataset = served_dataset(served.image->file, pseudonym, study);
  return served;
}

std::unexpected<Error> no_frame(std::uint32_t number, std::uint32_t count) {
  return fail(ErrorCode::NotFound, "the instance has no such frame",
              "frame " + std::to_string(number), "it has " + std::to_string(count));
}

}  // namespace

Result<std::vector<LabelObject>> label_objects(const LabelTools& tools, const Access& access,
                                               const storage::Reader& reader,
                                               const StudyPlace& study, const DicomPath& path) {
  std::vector<LabelObject> objects;
  for (const auto& own :
       CSL_TRY(tools.derived.of_item(access, reader, study.row.project, study.row.item))) {
    objects.push_back(of_own(own));
  }
  auto received = CSL_TRY(storage::received_objects(reader, study.row.project, study.row.id));
  if (!received.empty() && CSL_TRY(may_see_received(access, reader, study))) {
    for (storage::ReceivedObjectRow& row : received) {
      objects.push_back(CSL_TRY(of_received(tools, reader, study, std::move(row))));
    }
  }
  std::erase_if(objects, [&](const LabelObject& object) {
    return (!path.series.empty() && object.series_uid != path.series) ||
           (!path.instance.empty() && object.sop_uid != path.instance);
  });
  return objects;
}

std::string location_of(const StudyPlace& study, const LabelObject& object) {
  return "/studies/" + study.uid + "/series/" + object.series_uid + "/instances/" + object.sop_uid;
}

Result<RetrievedPart> label_object_part(const PartTools& tools, const StudyPlace& study,
                                        const LabelObject& object,
                                        std::span<const WantedForm> wanted) {
  const std::string location = location_of(study, object);
  if (object.own) {
    const std::string& syntax = object.own->transfer_syntax_uid;
    const bool takes_kept = std::ranges::any_of(wanted, [&](const WantedForm& form) {
      return form.transfer_syntax == "*" || form.transfer_syntax == syntax;
    });
    if (takes_kept) {
      return RetrievedPart{.content_type = "application/dicom; transfer-syntax=" + syntax,
                           .location = location,
                           .bytes = memory_source(Bytes(*object.own->bytes))};
    }
  }
  ServedObject served = CSL_TRY(open_served(tools, study, object));
  if (served.image->file.pixel_data.kind == PixelDataKind::None) {
    return written_part(served.dataset, location, wanted);
  }
  if (object.own) {
    return fail(ErrorCode::Unsupported, "an object has none of the forms that are accepted",
                "transfer syntax " + object.own->transfer_syntax_uid, "accept transfer-syntax=*");
  }
  storage::InstanceRow row;
  row.patient = object.received->patient;
  row.object = object.received->object;
  return served_part(tools, row, *served.image, std::move(served.dataset), location, wanted);
}

Result<std::vector<RetrievedPart>> label_frame_parts(const PartTools& tools,
                                                     const StudyPlace& study,
                                                     const LabelObject& object,
                                                     std::span<const std::uint32_t> numbers,
                                                     std::span<const WantedForm> wanted) {
  const auto image = object.own ? CSL_TRY(open_image(view_source(*object.own->bytes)))
                                : CSL_TRY(open_received(tools.store, *object.received));
  if (image->file.pixel_data.kind == PixelDataKind::None) {
    return no_frame(numbers.empty() ? 0 : numbers.front(), 0);
  }
  return frame_parts(*image, location_of(study, object), tools.codec, numbers, wanted);
}

Result<std::vector<RetrievedPart>> label_bulk_parts(const PartTools& tools, const StudyPlace& study,
                                                    const LabelObject& object,
                                                    std::string_view place,
                                                    std::span<const WantedForm> wanted) {
  const ServedObject served = CSL_TRY(open_served(tools, study, object));
  const bool has_pixels = served.image->file.pixel_data.kind != PixelDataKind::None;
  if (place == pixel_place && has_pixels) {
    std::vector<std::uint32_t> all(served.image->image.frame_count);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i + 1;
    return frame_parts(*served.image, location_of(study, object), tools.codec, all, wanted);
  }
  std::vector<RetrievedPart> parts;
  parts.push_back(CSL_TRY(bulk_part(served.dataset, place, location_of(study, object))));
  return parts;
}

}  // namespace consilium::service
