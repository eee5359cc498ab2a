#include "service/dicomweb/label_objects.hpp"

#include <algorithm>

#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_write/part10.hpp"
#include "service/dicomweb/open_image.hpp"

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
          .own = own};
}

bool takes(std::span<const WantedForm> wanted, std::string_view syntax) {
  return std::ranges::any_of(wanted, [&](const WantedForm& form) {
    return form.transfer_syntax == "*" || form.transfer_syntax == syntax;
  });
}

std::unexpected<Error> no_frame(std::uint32_t number, std::uint32_t count) {
  return fail(ErrorCode::NotFound, "the instance has no such frame",
              "frame " + std::to_string(number), "it has " + std::to_string(count));
}

}  // namespace

Result<std::vector<LabelObject>> label_objects(DerivedSeries& derived, const Access& access,
                                               const storage::Reader& reader,
                                               const StudyPlace& study, const DicomPath& path) {
  std::vector<LabelObject> objects;
  for (const auto& own :
       CSL_TRY(derived.of_item(access, reader, study.row.project, study.row.item))) {
    objects.push_back(of_own(own));
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

Result<RetrievedPart> label_object_part(const StudyPlace& study, const LabelObject& object,
                                        std::span<const WantedForm> wanted) {
  std::string syntax = object.own->transfer_syntax_uid;
  Bytes bytes;
  if (takes(wanted, syntax)) {
    bytes = *object.own->bytes;
  } else if (takes(wanted, explicit_little_endian().uid)) {
    // Structure sets are in implicit VR, for contours that are too long for explicit lengths.
    syntax = explicit_little_endian().uid;
    const DicomFile file = CSL_TRY(read_dicom(*object.own->bytes));
    auto written = write_part10(with_settled_vrs(file));
    if (!written) {
      return fail(
          ErrorCode::Unsupported, "a contour is too long for explicit VR", "",
          "accept transfer-syntax=" + object.own->transfer_syntax_uid + ", or transfer-syntax=*");
    }
    bytes = std::move(*written);
  } else {
    return fail(ErrorCode::Unsupported, "an object has none of the forms that are accepted",
                "transfer syntax " + syntax, "accept transfer-syntax=*");
  }
  return RetrievedPart{.content_type = "application/dicom; transfer-syntax=" + syntax,
                       .location = location_of(study, object),
                       .bytes = memory_source(std::move(bytes))};
}

Result<std::vector<RetrievedPart>> label_frame_parts(const PartTools& tools,
                                                     const StudyPlace& study,
                                                     const LabelObject& object,
                                                     std::span<const std::uint32_t> numbers,
                                                     std::span<const WantedForm> wanted) {
  const auto image = CSL_TRY(open_image(view_source(*object.own->bytes)));
  if (image->file.pixel_data.kind == PixelDataKind::None) {
    return no_frame(numbers.empty() ? 0 : numbers.front(), 0);
  }
  return frame_parts(*image, location_of(study, object), tools.codec, numbers, wanted);
}

Result<std::vector<RetrievedPart>> label_bulk_parts(const PartTools& tools, const StudyPlace& study,
                                                    const LabelObject& object,
                                                    std::string_view place,
                                                    std::span<const WantedForm> wanted) {
  if (place == pixel_place) {
    const auto image = CSL_TRY(open_image(view_source(*object.own->bytes)));
    std::vector<std::uint32_t> all(
        image->file.pixel_data.kind == PixelDataKind::None ? 0 : image->image.frame_count);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i + 1;
    if (!all.empty()) return label_frame_parts(tools, study, object, all, wanted);
  }
  const DicomFile file = CSL_TRY(read_dicom(*object.own->bytes));
  const DicomDataset dataset = with_settled_vrs(file);
  std::vector<RetrievedPart> parts;
  parts.push_back(CSL_TRY(bulk_part(dataset, place, location_of(study, object))));
  return parts;
}

}  // namespace consilium::service
