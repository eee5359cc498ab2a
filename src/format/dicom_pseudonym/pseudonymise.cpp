#include "format/dicom_pseudonym/pseudonymise.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"
#include "format/dicom_json/dicom_json.hpp"

namespace consilium {
namespace {

constexpr std::string_view standard_root = "1.2.840.10008.";
constexpr std::size_t code_size_max = 32;

// Text that names a thing of the machine or the method, never of a person. Descriptions, comments
// and protocol names are not among them: people write names into those.
constexpr std::array kept_texts{
    dicom_tag(0x00080070),  // Manufacturer
    dicom_tag(0x00080100),  // Code Value
    dicom_tag(0x00080102),  // Coding Scheme Designator
    dicom_tag(0x00080103),  // Coding Scheme Version
    dicom_tag(0x00081090),  // Manufacturer's Model Name
    dicom_tag(0x00180024),  // Sequence Name
    dicom_tag(0x00181160),  // Filter Type
    dicom_tag(0x00181210),  // Convolution Kernel
    dicom_tag(0x00189005),  // Pulse Sequence Name
    dicom_tag(0x00209056),  // Stack ID
    dicom_tag(0x00209421),  // Dimension Description Label
    dicom_tag(0x00281054),  // Rescale Type
    dicom_tag(0x00281055),  // Window Center & Width Explanation
    dicom_tag(0x00283003),  // LUT Explanation
    dicom_tag(0x00283004),  // Modality LUT Type
    dicom_tag(0x00409210),  // LUT Label
    dicom_tag(0x00480106),  // Optical Path Identifier
};

constexpr std::array<std::string_view, 9> public_schemes{"DCM", "SCT",    "SRT", "SNM3", "UCUM",
                                                         "LN",  "RADLEX", "FMA", "NCIt"};

bool is_dropped_group(DicomTag tag) {
  const std::uint16_t group = tag.group;
  return tag.is_private() || group == 0x0010 || group == 0x0012 || group == 0x0032 ||
         group == 0x0038 || group == 0x0088 || group == 0x0400 ||
         (group >= 0x2000 && group <= 0x21FF) || (group >= 0x4000 && group <= 0x4FFF) ||
         (group >= 0x5000 && group <= 0x50FF) || (group >= 0x6000 && group <= 0x60FF);
}

bool is_code(std::string_view value) {
  return value.size() <= code_size_max && std::ranges::all_of(value, [](char c) {
           const bool is_alphanumeric =
               (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           return is_alphanumeric || std::string_view(" ._+/-*%[]()#").contains(c);
         });
}

bool is_number(std::string_view value) {
  if (!value.empty() && value.front() == '+') value.remove_prefix(1);
  double number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  return problem == std::errc{} && end == value.data() + value.size() && std::isfinite(number);
}

bool is_time(std::string_view value) {
  return value.size() <= 16 && std::ranges::all_of(value, [](char c) {
           return (c >= '0' && c <= '9') || c == '.' || c == ':';
         });
}

bool is_uid(std::string_view value) {
  return value.size() <= 64 &&
         std::ranges::all_of(value, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// Without the padding that DICOM allows around a value.
std::string_view trimmed(std::string_view value) {
  const auto is_padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!value.empty() && is_padding(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_padding(value.back())) value.remove_suffix(1);
  return value;
}

class Pseudonymiser {
 public:
  explicit Pseudonymiser(const DicomPseudonym& pseudonym) : pseudonym_(pseudonym) {}

  DicomDataset dataset(const DicomDataset& from) {
    DicomDataset to(std::endian::little, utf8_);
    to.reserve(from.elements().size() + 12);
    for (const DicomElement& element : from.elements()) {
      if (element.tag.element == 0 || is_dropped_group(element.tag)) continue;
      const auto entry = find_in_dictionary(element.tag);
      if (!entry || entry->is_retired) continue;
      copy(from, element, to);
    }
    return to;
  }

 private:
  void copy(const DicomDataset& from, const DicomElement& element, DicomDataset& to) {
    switch (element.vr) {
      case Vr::Sq:
        return copy_items(element, to);
      case Vr::Us:
      case Vr::Ss:
      case Vr::Ul:
      case Vr::Sl:
      case Vr::Uv:
      case Vr::Sv:
      case Vr::Fl:
      case Vr::Fd:
      case Vr::At:
        return copy_value(from, element, to);
      case Vr::Ob:
      case Vr::Od:
      case Vr::Of:
      case Vr::Ol:
      case Vr::Ov:
      case Vr::Ow:
        // Palettes, look-up tables and profiles of the image. Documents and waveforms lie
        // elsewhere.
        if (element.tag.group == 0x0028) copy_value(from, element, to);
        return;
      case Vr::Cs:
        return copy_if(from, element, to, is_code);
      case Vr::Ds:
      case Vr::Is:
        return copy_if(from, element, to, is_number);
      case Vr::Tm:
        return copy_if(from, element, to, is_time);
      case Vr::Da:
      case Vr::Dt:
        return copy_dates(from, element, to);
      case Vr::Ui:
        return copy_uids(from, element, to);
      default:
        return copy_text(from, element, to);
    }
  }

  void copy_value(const DicomDataset& from, const DicomElement& element, DicomDataset& to) {
    if (from.byte_order() == std::endian::little) {
      to.append(element.tag, element.vr, element.value);
    } else {
      to.append(element.tag, element.vr,
                DicomValue::owning(little_endian_value(element, from.byte_order())));
    }
  }

  template <class Test>
  void copy_if(const DicomDataset& from, const DicomElement& element, DicomDataset& to,
               Test is_allowed) {
    // A contour has ten thousands of values: each is looked at once.
    std::string_view rest = text_of(from.find(element.tag)->value.bytes());
    while (true) {
      const std::size_t end = rest.find('\\');
      const std::string_view value = trimmed(rest.substr(0, end));
      if (!value.empty() && !is_allowed(value)) return;
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    to.append(element.tag, element.vr, element.value);
  }

  void copy_dates(const DicomDataset& from, const DicomElement& element, DicomDataset& to) {
    std::string joined;
    for (std::size_t i = 0; i < from.ascii_count(element.tag); ++i) {
      const std::string_view value = from.ascii(element.tag, i);
      std::string shifted = shifted_dicom_date(value.substr(0, 8), pseudonym_.date_shift_days);
      const std::string_view rest = value.substr(std::min<std::size_t>(8, value.size()));
      const bool is_plain = std::ranges::all_of(
          rest, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-'; });
      if (shifted.empty() || !is_plain) return;
      if (i > 0) joined += '\\';
      joined += shifted;
      joined += rest;
    }
    to.put_text(element.tag, element.vr, joined);
  }

  void copy_uids(const DicomDataset& from, const DicomElement& element, DicomDataset& to) {
    std::string joined;
    for (std::size_t i = 0; i < from.ascii_count(element.tag); ++i) {
      const std::string_view value = from.ascii(element.tag, i);
      if (!is_uid(value)) return;
      if (i > 0) joined += '\\';
      if (value.empty() || value.starts_with(standard_root)) {
        joined += value;
      } else {
        joined += pseudonym_.map_uid(value);
      }
    }
    to.put_text(element.tag, element.vr, joined);
  }

  void copy_text(const DicomDataset& from, const DicomElement& element, DicomDataset& to) {
    if (element.tag == tags::code_meaning) return copy_meaning(from, to);
    if (!std::ranges::binary_search(kept_texts, element.tag)) return;
    std::string joined;
    bool is_first = true;
    for (const std::string& value : from.texts(element.tag)) {
      if (!is_code(value)) return;
      if (!std::exchange(is_first, false)) joined += '\\';
      joined += value;
    }
    to.put_text(element.tag, element.vr, joined);
  }

  void copy_meaning(const DicomDataset& from, DicomDataset& to) {
    if (!is_public_coding_scheme(from.text(tags::coding_scheme_designator))) return;
    to.put_text(tags::code_meaning, Vr::Lo, from.text(tags::code_meaning));
  }

  void copy_items(const DicomElement& element, DicomDataset& to) {
    std::vector<DicomDataset> items;
    bool has_any = false;
    for (const DicomDataset& item : element.items) {
      items.push_back(dataset(item));
      has_any = has_any || !items.back().empty();
    }
    // An item stands for its frame (5200,9230), so it stays even when nothing of it does.
    if (has_any || element.items.empty()) to.put_items(element.tag, std::move(items));
  }

  const DicomPseudonym& pseudonym_;
  const DicomCharset utf8_ = parse_dicom_charset("ISO_IR 192");
};

// What must be there (type 2) is there and empty; the rest says what was done (PS3.15 E.1.1).
void put_patient(DicomDataset& dataset, const DicomPseudonym& pseudonym) {
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  dataset.put_text(tags::accession_number, Vr::Sh, "");
  dataset.put_text(tags::referring_physician_name, Vr::Pn, "");
  dataset.put_text(tags::patient_name, Vr::Pn, pseudonym.patient);
  dataset.put_text(tags::patient_id, Vr::Lo, pseudonym.patient);
  dataset.put_text(tags::patient_birth_date, Vr::Da, "");
  dataset.put_text(tags::patient_sex, Vr::Cs, "");
  dataset.put_text(tags::patient_identity_removed, Vr::Cs, "YES");
  dataset.put_text(dicom_tag(0x00120063), Vr::Lo,
                   "Pseudonym, mapped UIDs, shifted dates (Consilium)");
  dataset.put_text(dicom_tag(0x00200010), Vr::Sh, "");          // Study ID
  dataset.put_text(dicom_tag(0x00280303), Vr::Cs, "MODIFIED");  // dates
}

}  // namespace

DicomDataset pseudonymised(const DicomDataset& dataset, const DicomPseudonym& pseudonym) {
  DicomDataset to = Pseudonymiser(pseudonym).dataset(dataset);
  put_patient(to, pseudonym);
  return to;
}

bool is_public_coding_scheme(std::string_view designator) {
  return std::ranges::find(public_schemes, designator) != public_schemes.end();
}

std::string shifted_dicom_date(std::string_view date, std::int64_t days) {
  if (date.size() != 8 || !std::ranges::all_of(date, [](char c) { return c >= '0' && c <= '9'; })) {
    return "";
  }
  const auto part = [&](std::size_t at, std::size_t count) {
    int value = 0;
    std::from_chars(date.data() + at, date.data() + at + count, value);
    return value;
  };
  const std::chrono::year_month_day given{std::chrono::year(part(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(part(4, 2))),
                                          std::chrono::day(static_cast<unsigned>(part(6, 2)))};
  if (!given.ok()) return "";
  const std::chrono::year_month_day shifted{std::chrono::sys_days(given) + std::chrono::days(days)};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u", static_cast<int>(shifted.year()),
                static_cast<unsigned>(shifted.month()), static_cast<unsigned>(shifted.day()));
  return text.data();
}

}  // namespace consilium
