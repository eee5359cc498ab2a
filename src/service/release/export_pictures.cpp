#include "service/release/export_pictures.hpp"

#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "base/canonical_json.hpp"
#include "service/item/png.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// The volume that the image is a slice of, and whether it is no DICOM object's.
Result<json::object> volume_with(const storage::Reader& reader, const SeriesId& series,
                                 const std::string& instance_uid) {
  const storage::SeriesRow row = CSL_TRY(storage::find_series(reader, series));
  const json::value volumes = CSL_TRY(parse_json(row.volumes_json));
  for (const json::value& volume : volumes.as_array()) {
    for (const json::value& slice : volume.at("slices").as_array()) {
      if (slice.at("instance_uid").as_string() == instance_uid) return volume.as_object();
    }
  }
  return fail(ErrorCode::NotFound, "its image is not there any more");
}

// The bits of a sample in a PNG; nothing where a PNG cannot say what the samples are.
std::optional<std::uint32_t> png_bits(const json::value& layout) {
  const std::string_view type = layout.at("sample_type").as_string();
  if (type == "u8") return 8;
  return type == "u16" ? std::optional<std::uint32_t>(16) : std::nullopt;
}

Result<Bytes> frame_of(const ExportWork& work, const PatientId& patient,
                       const storage::InstanceRow& instance, const json::object& volume,
                       std::uint32_t frame_index) {
  const auto frame_bytes = volume.at("frame_bytes").to_number<std::uint64_t>();
  const auto source = CSL_TRY(work.store.objects().open(patient, instance.frames));
  return read_bytes(*source, instance.first_frame_offset + frame_index * frame_bytes, frame_bytes,
                    frame_bytes);
}

}  // namespace

Result<std::string> export_picture(ExportWork& work, const SeriesId& series,
                                   const std::string& instance_uid, std::uint32_t frame_index) {
  const std::string name = work.mapped_uid(instance_uid) + "_" + std::to_string(frame_index);
  for (const storage::InstanceRow& instance :
       CSL_TRY(storage::instances_of_series(work.reader, series))) {
    if (instance.sop_uid != instance_uid || !instance.sop_class_uid.empty()) continue;
    const json::object volume = CSL_TRY(volume_with(work.reader, series, instance_uid));
    if (volume.at("has_patient_geometry").as_bool()) break;  // a slice of a volume's file
    const json::value& layout = volume.at("layout");
    const auto bits = png_bits(layout);
    if (!bits) {
      work.exclude("the picture itself: PNG has no such samples");
      return name + ".png";
    }
    const Bytes frame = CSL_TRY(frame_of(work, instance.patient, instance, volume, frame_index));
    const Bytes png =
        write_png(layout.at("columns").to_number<std::uint32_t>(),
                  layout.at("rows").to_number<std::uint32_t>(),
                  layout.at("samples_per_pixel").to_number<std::uint32_t>(), frame, *bits);
    CSL_TRY(work.sink("images/" + name + ".png", png));
    return name + ".png";
  }
  return name + ".dcm";
}

}  // namespace consilium::service
