#include "transport/cli_deid/deid_file.hpp"

#include <fmt/format.h>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_deid/deid_part10.hpp"

namespace consilium::cli {
namespace {

constexpr std::string_view media_directory = "1.2.840.10008.1.3.10";
constexpr std::size_t token_size = 7;

// "P4F7K2M9/S0A1B2C3/E5D6E7F8/I9G0H1J2.dcm": patient, study, series, instance, each eight
// characters as a DICOM file-set wants them.
std::string dicom_name(const DicomDataset& dataset, const DeidKey& key) {
  const auto part = [&](char first, std::string_view kind, std::string_view value) {
    return first + key.token(kind, value, token_size);
  };
  return fmt::format("{}/{}/{}/{}.dcm", part('P', "patient folder", deid_identity(dataset)),
                     part('S', "study", dataset.ascii(tags::study_instance_uid)),
                     part('E', "series", dataset.ascii(tags::series_instance_uid)),
                     part('I', "instance", dataset.ascii(tags::sop_instance_uid)));
}

Result<DeidFile> deid_dicom(ByteView source, const DeidProfile& profile, const DeidKey& key,
                            const KnownIdentifiers& people) {
  const DicomFile file = CSL_TRY(read_dicom(source));
  if (file.meta.ascii(tags::media_storage_sop_class_uid) == media_directory) {
    return fail(ErrorCode::Unsupported, "a DICOMDIR names files that have other names now", {},
                "make a new one of the results");
  }
  KnownIdentifiers known = people;
  add_identifiers(known, file.dataset, profile);
  DeidObject object = CSL_TRY(deidentify(file, profile, key, known));
  return DeidFile{.name = dicom_name(file.dataset, key),
                  .bytes = CSL_TRY(write_deidentified(file, std::move(object.dataset))),
                  .patient = std::move(object.patient),
                  .steps = std::move(object.steps)};
}

}  // namespace

Result<DeidFile> deid_file(ByteView source, const std::filesystem::path& /*path*/,
                           const DeidProfile& profile, const DeidKey& key,
                           const KnownIdentifiers& people, std::string& kind) {
  kind = "unknown";
  if (looks_like_dicom(source)) {
    kind = "dicom";
    return deid_dicom(source, profile, key, people);
  }
  return fail(ErrorCode::Unsupported, "a kind of file that is not de-identified", {},
              "leave it out, or convert it first");
}

}  // namespace consilium::cli
