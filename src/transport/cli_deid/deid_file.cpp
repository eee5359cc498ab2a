#include "transport/cli_deid/deid_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_source.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_deid/deid_part10.hpp"
#include "format/file_deid/file_deid.hpp"
#include "format/photo/photo.hpp"

namespace consilium::cli {
namespace {

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
  if (is_media_directory(file)) {
    return fail(ErrorCode::Unsupported, "a DICOMDIR by itself names files that are not here", {},
                "give the folder that it lies in, or make a new one of the results");
  }
  KnownIdentifiers known = people;
  add_identifiers(known, file.dataset, profile);
  DeidObject object = CSL_TRY(deidentify(file, profile, key, known));
  return DeidFile{.name = dicom_name(file.dataset, key),
                  .bytes = CSL_TRY(write_deidentified(file, std::move(object.dataset))),
                  .patient = std::move(object.patient),
                  .steps = std::move(object.steps),
                  .identity = deid_identity(file.dataset)};
}

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return ending;
}

constexpr std::uint64_t header_size_max = 1U << 20U;

// The header beside a signal file that names it, "101.hea" beside "101.dat" or "101_b.dat".
bool is_named_beside(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  for (std::string stem = path.stem().string(); !stem.empty(); stem.pop_back()) {
    const auto source = open_file_source(path.parent_path() / (stem + ".hea"));
    if (!source) continue;
    const auto header = read_all(**source, header_size_max);
    return header && names_signal_file(*header, name);
  }
  return false;
}

Result<DeidFile> named(Result<DeidentifiedFile> done, std::string name) {
  if (!done) return std::unexpected(done.error());
  return DeidFile{.name = std::move(name),
                  .bytes = std::move(done->bytes),
                  .patient = std::move(done->patient),
                  .steps = std::move(done->steps),
                  .identity = {}};
}

// Of files that have a name alone: the path below IN tells two of one name apart.
std::string plain_name(char first, const std::filesystem::path& path, const DeidKey& key,
                       const std::string& ending) {
  return first + key.token("file", path.generic_string(), token_size) + ending;
}

}  // namespace

Result<DeidFile> deid_file(ByteView source, const std::filesystem::path& path,
                           const DeidProfile& profile, const DeidKey& key,
                           const KnownIdentifiers& people, std::string& kind) {
  kind = "unknown";
  const FileDeid how{.profile = profile, .key = key, .people = people};
  const std::string ending = ending_of(path);
  if (looks_like_dicom(source)) {
    kind = "dicom";
    return deid_dicom(source, profile, key, people);
  }
  if (looks_like_edf(source)) {
    kind = "edf";
    return named(deidentify_edf(source, how), plain_name('R', path, key, ending));
  }
  if (looks_like_nifti(source)) {
    kind = "nifti";
    const bool is_packed = path.filename().string().ends_with(".nii.gz");
    return named(deidentify_nifti(source, how),
                 plain_name('V', path, key, is_packed ? ".nii.gz" : ending));
  }
  if (looks_like_photo(source)) {
    kind = "picture";
    return named(deidentify_photo(source, how), plain_name('F', path, key, ending));
  }
  if (ending == ".hea") {
    kind = "wfdb";
    return named(deidentify_wfdb(source, how), wfdb_name(path.stem().string(), key) + ending);
  }
  if (is_named_beside(path)) {
    kind = "wfdb";
    return DeidFile{.name = wfdb_name(path.stem().string(), key) + ending,
                    .bytes = Bytes(source.begin(), source.end()),
                    .patient = {},
                    .steps = {},
                    .identity = {}};
  }
  return fail(ErrorCode::Unsupported, "a kind of file that is not de-identified", {},
              "leave it out, or convert it first");
}

Result<DeidFile> deid_directory(ByteView source, const DeidProfile& profile, const DeidKey& key,
                                const KnownIdentifiers& people, const FileRenaming& renamed) {
  const DicomFile file = CSL_TRY(read_dicom(source));
  KnownIdentifiers known = people;
  add_identifiers(known, file.dataset, profile);
  DeidDirectory done = CSL_TRY(deidentify_directory(file, profile, key, known, renamed));
  return DeidFile{.name = "DICOMDIR",
                  .bytes = std::move(done.bytes),
                  .patient = {},
                  .steps = std::move(done.steps),
                  .identity = {}};
}

}  // namespace consilium::cli
