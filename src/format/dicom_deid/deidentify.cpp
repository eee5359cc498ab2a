#include "format/dicom_deid/deidentify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"
#include "format/dicom_deid/deid_walk.hpp"
#include "format/dicom_write/patient_study.hpp"

namespace consilium {
namespace {

constexpr DicomTag method_text = dicom_tag(0x00120063);
constexpr DicomTag method_codes = dicom_tag(0x00120064);
constexpr DicomTag longitudinal_modified = dicom_tag(0x00280303);
constexpr DicomTag image_type = dicom_tag(0x00080008);
constexpr DicomTag issuer_of_patient_id = dicom_tag(0x00100021);

// Attributes whose text is a number, an address or an institution: whatever it says is sought as a
// whole. Persons' names are told by their VR.
constexpr std::array phrase_tags{
    dicom_tag(0x00080050),  // Accession Number
    dicom_tag(0x00080092),  // Referring Physician's Address
    dicom_tag(0x00080094),  // Referring Physician's Telephone Numbers
    dicom_tag(0x00100020),  // Patient ID
    dicom_tag(0x00101000),  // Other Patient IDs
    dicom_tag(0x00101040),  // Patient's Address
    dicom_tag(0x00101080),  // Military Rank
    dicom_tag(0x00101090),  // Medical Record Locator
    dicom_tag(0x00102154),  // Patient's Telephone Numbers
    dicom_tag(0x00380010),  // Admission ID
    dicom_tag(0x00380060),  // Service Episode ID
    dicom_tag(0x00380300),  // Current Patient Location
    dicom_tag(0x00380400),  // Patient's Institution Residence
    dicom_tag(0x00402016),  // Placer Order Number
    dicom_tag(0x00402017),  // Filler Order Number
};
constexpr std::array institution_tags{
    dicom_tag(0x00080080),  // Institution Name
    dicom_tag(0x00080081),  // Institution Address
    dicom_tag(0x00081040),  // Institutional Department Name
};
constexpr std::array device_tags{
    dicom_tag(0x00081010),  // Station Name
    dicom_tag(0x00181000),  // Device Serial Number
};

struct MethodCode {
  std::string_view code;
  std::string_view meaning;
};
// PS3.16 CID 7050, in the order of DeidOption.
constexpr std::array<MethodCode, deid_option_count> option_codes{{
    {"113111", "Retain Safe Private Option"},
    {"113110", "Retain UIDs Option"},
    {"113109", "Retain Device Identity Option"},
    {"113112", "Retain Institution Identity Option"},
    {"113108", "Retain Patient Characteristics Option"},
    {"113106", "Retain Longitudinal Temporal Information Full Dates Option"},
    {"113107", "Retain Longitudinal Temporal Information Modified Dates Option"},
    {"113105", "Clean Descriptors Option"},
    {"113104", "Clean Structured Content Option"},
    {"113103", "Clean Graphics Option"},
}};

// The Clean Pixel Data Option (113101) is never claimed: pixels are held back where they may hold
// text, but not looked at.
std::vector<DicomDataset> methods(const DeidProfile& profile) {
  std::vector<DicomDataset> items;
  const auto add = [&](MethodCode method) {
    items.push_back(code_item("DCM", method.code, method.meaning));
  };
  add({"113100", "Basic Application Confidentiality Profile"});
  for (std::size_t i = 0; i < deid_option_count; ++i) {
    const bool moves_years =
        profile.keeps_years_only && static_cast<DeidOption>(i) == DeidOption::ModifiedDates;
    if (profile.options[i] || moves_years) add(option_codes[i]);
  }
  return items;
}

std::string_view dates_state(const DeidProfile& profile) {
  if (profile.has(DeidOption::RetainFullDates)) return "UNMODIFIED";
  if (profile.has(DeidOption::ModifiedDates) || profile.keeps_years_only) return "MODIFIED";
  return "REMOVED";
}

// What says whose it is now and what was done (PS3.15 E.1.1).
void put_outcome(DicomDataset& dataset, const DeidProfile& profile, const std::string& patient,
                 const std::string& edition) {
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  dataset.put_text(tags::patient_name, Vr::Pn, patient);
  dataset.put_text(tags::patient_id, Vr::Lo, patient);
  dataset.put_text(tags::patient_identity_removed, Vr::Cs, "YES");
  dataset.put_text(method_text, Vr::Lo,
                   fmt::format("PS3.15 {} {} (Consilium)", edition, profile.name));
  dataset.put_items(method_codes, methods(profile));
  dataset.put_text(longitudinal_modified, Vr::Cs, dates_state(profile));
}

bool is_one_of(std::string_view value, std::span<const std::string_view> among) {
  return std::ranges::find(among, value) != among.end();
}

// Machines of these kinds write original images without text in their pixels.
constexpr std::array<std::string_view, 4> plain_modalities{"CT", "MR", "PT", "NM"};

Status check_pixels(const DicomFile& file, const DeidProfile& profile) {
  if (file.pixel_data.kind == PixelDataKind::None) return {};
  const DicomDataset& dataset = file.dataset;
  const std::string_view burned_in = dataset.ascii(tags::burned_in_annotation);
  if (burned_in == "YES" && !profile.retain_burned_in) {
    return fail(ErrorCode::Unsupported, "the object says that its pixels hold text", "(0028,0301)",
                "blank it and set (0028,0301) to NO, or allow it by the option retain-burned-in");
  }
  if (!profile.clean_pixel || burned_in == "NO") return {};
  const bool is_plain = is_one_of(dataset.ascii(tags::modality), plain_modalities) &&
                        dataset.ascii(image_type, 0) == "ORIGINAL" &&
                        dataset.ascii(image_type, 1) == "PRIMARY";
  if (is_plain) return {};
  return fail(ErrorCode::Unsupported, "nobody has said that the pixels hold no text", "(0028,0301)",
              "look at them, blank what identifies, and set (0028,0301) to NO");
}

}  // namespace

std::string deid_identity(const DicomDataset& dataset) {
  const std::string id = dataset.text(tags::patient_id);
  if (!id.empty()) return fmt::format("id\n{}\n{}", dataset.text(issuer_of_patient_id), id);
  const std::string name = dataset.text(tags::patient_name);
  if (!name.empty()) {
    return fmt::format("name\n{}\n{}", name, dataset.ascii(tags::patient_birth_date));
  }
  return fmt::format("study\n{}", dataset.ascii(tags::study_instance_uid));
}

void add_identifiers(KnownIdentifiers& known, const DicomDataset& dataset,
                     const DeidProfile& profile) {
  const auto is_phrase = [&](DicomTag tag) {
    const auto is_among = [&](const auto& among) {
      return std::ranges::find(among, tag) != among.end();
    };
    return is_among(phrase_tags) ||
           (is_among(institution_tags) && !profile.has(DeidOption::RetainInstitution)) ||
           (is_among(device_tags) && !profile.has(DeidOption::RetainDevice));
  };
  for (const DicomElement& element : dataset.elements()) {
    for (const DicomDataset& item : element.items) add_identifiers(known, item, profile);
    const auto entry = find_in_dictionary(element.tag);
    if (element.vr == Vr::Pn || (entry && entry->vr == Vr::Pn)) {
      known.add_name(dataset.text(element.tag));
    } else if (is_phrase(element.tag)) {
      for (const std::string& value : dataset.texts(element.tag)) known.add_phrase(value);
    }
  }
}

Result<DeidObject> deidentify(const DicomFile& file, const DeidProfile& profile, const DeidKey& key,
                              const KnownIdentifiers& known, const DeidRules& rules) {
  CSL_TRY(check_pixels(file, profile));
  const std::string identity = deid_identity(file.dataset);
  detail::DeidWalk walk(profile, key, known, rules,
                        std::string(file.dataset.ascii(tags::sop_class_uid)),
                        key.shift_days(identity));
  DeidObject object{.dataset = walk.dataset(file.dataset, {}, ""),
                    .patient = key.patient(identity),
                    .steps = walk.take_steps()};
  put_outcome(object.dataset, profile, object.patient, rules.edition());
  return object;
}

}  // namespace consilium
