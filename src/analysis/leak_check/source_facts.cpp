#include "analysis/leak_check/source_facts.hpp"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <map>

namespace consilium {
namespace {

constexpr std::string_view standard_uids = "1.2.840.10008.";

// Written for the checker alone: what it seeks must not depend on the rules that it checks.
constexpr std::array<std::uint32_t, 26> name_tags{
    0x00080090, 0x0008009C, 0x00081048, 0x00081050, 0x00081060, 0x00081070, 0x00100010,
    0x00101001, 0x00101005, 0x00101060, 0x00102297, 0x00321032, 0x00400006, 0x00401010,
    0x00402008, 0x00402009, 0x0040A075, 0x0040A123, 0x00700084, 0x30060004, 0x300600A6,
    0x300A0004, 0x300E0008, 0x40080042, 0x4008010C, 0x40080114};
constexpr std::array<std::uint32_t, 18> number_tags{
    0x00080050, 0x00080092, 0x00080094, 0x00100020, 0x00100021, 0x00101000,
    0x00101040, 0x00101090, 0x00102154, 0x00102155, 0x00380010, 0x00380060,
    0x00380300, 0x00380400, 0x00401001, 0x00402016, 0x00402017, 0x00402010};
constexpr std::array<std::uint32_t, 4> institution_tags{0x00080080, 0x00080081, 0x00081040,
                                                        0x0040A027};
constexpr std::array<std::uint32_t, 3> device_tags{0x00081010, 0x00181000, 0x00181004};
constexpr std::array<std::uint32_t, 9> date_tags{0x00080012, 0x00080020, 0x00080021,
                                                 0x00080022, 0x00080023, 0x0008002A,
                                                 0x00100030, 0x00321000, 0x00380020};
constexpr std::array<std::uint32_t, 8> device_date_tags{
    0x0014407E, 0x00181200, 0x00181202, 0x00181203, 0x00181204, 0x00181205, 0x0018700C, 0x300C0127};
// UIDs that say a kind.
constexpr std::array<std::uint32_t, 9> kind_tags{0x00020002, 0x00020010, 0x00020012,
                                                 0x00080016, 0x00081150, 0x0008010C,
                                                 0x00080062, 0x0008001A, 0x0008001B};

template <std::size_t Size>
bool holds(const std::array<std::uint32_t, Size>& tags, std::uint32_t tag) {
  return std::ranges::find(tags, tag) != tags.end();
}

// The charset's name as ICU knows it.
const char* converter_name(std::string_view term) {
  static const std::map<std::string_view, const char*> names{
      {"ISO_IR 100", "ISO-8859-1"}, {"ISO_IR 101", "ISO-8859-2"}, {"ISO_IR 109", "ISO-8859-3"},
      {"ISO_IR 110", "ISO-8859-4"}, {"ISO_IR 144", "ISO-8859-5"}, {"ISO_IR 127", "ISO-8859-6"},
      {"ISO_IR 126", "ISO-8859-7"}, {"ISO_IR 138", "ISO-8859-8"}, {"ISO_IR 148", "ISO-8859-9"},
      {"ISO_IR 192", "UTF-8"},      {"GB18030", "GB18030"},       {"GBK", "GBK"}};
  if (term.contains("2022 IR 149")) return "EUC-KR";
  if (term.contains("2022 IR 87") || term.contains("2022 IR 159")) return "ISO-2022-JP-2";
  if (term.contains("2022 IR 58")) return "GB2312";
  const auto found = names.find(stripped(bytes_of(term.substr(0, term.find('\\')))));
  return found == names.end() ? "ISO-8859-1" : found->second;
}

std::string utf8_of(std::string_view raw, const char* charset) {
  UErrorCode problem = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(charset, &problem);
  if (U_FAILURE(problem)) return {};
  const icu::UnicodeString text(raw.data(), static_cast<std::int32_t>(raw.size()), converter,
                                problem);
  ucnv_close(converter);
  std::string out;
  if (U_SUCCESS(problem)) text.toUTF8String(out);
  return out.contains("\xEF\xBF\xBD") ? std::string() : out;
}

std::vector<std::string> parted(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void add_values(std::vector<SourceFact>& facts, FactKind kind, std::string_view raw,
                const char* charset) {
  // Backslashes are halves of characters in some sets; these are left whole.
  const bool is_plain = std::ranges::all_of(raw, [](char c) { return c >= 0 && c != 0x1B; });
  for (const std::string& value : is_plain ? parted(raw, "\\") : std::vector{std::string(raw)}) {
    const std::string_view text = stripped(bytes_of(value));
    if (text.empty()) continue;
    facts.push_back({.kind = kind, .raw = std::string(text), .utf8 = utf8_of(text, charset)});
  }
}

void add_field(std::vector<SourceFact>& facts, FactKind kind, std::string_view field) {
  // EDF+ writes blanks in names as "_", and "X" for what is not told.
  for (const std::string& part : parted(field, " ")) {
    if (part == "X" || part == "Startdate") continue;
    facts.push_back({.kind = kind, .raw = part, .utf8 = part});
  }
}

}  // namespace

bool is_device_date(std::uint32_t tag) { return holds(device_date_tags, tag); }

std::vector<std::string> name_parts(std::string_view name) {
  return parted(name, "^=\\ ,;_\r\n\t");
}

std::vector<SourceFact> facts_of_dicom(const DicomScan& scan) {
  std::vector<SourceFact> facts;
  const char* charset = converter_name(scan.text(0x00080005));
  for (const ScannedElement& element : scan.elements) {
    const std::string_view raw = stripped(element.value);
    const std::uint32_t tag = element.tag;
    if (raw.empty()) continue;
    if (element.vr == "PN" || holds(name_tags, tag)) {
      add_values(facts, FactKind::Name, raw, charset);
    } else if (holds(number_tags, tag)) {
      add_values(facts, FactKind::Number, raw, charset);
    } else if (holds(institution_tags, tag)) {
      add_values(facts, FactKind::Institution, raw, charset);
    } else if (holds(device_tags, tag)) {
      add_values(facts, FactKind::Device, raw, charset);
    } else if (holds(date_tags, tag) &&
               (element.vr.empty() || element.vr == "DA" || element.vr == "DT")) {
      add_values(facts, FactKind::Date, raw.substr(0, 8), charset);
    } else if (element.vr == "UI" || tag == 0x00080018 || tag == 0x0020000D || tag == 0x0020000E ||
               tag == 0x00200052 || tag == 0x00081155) {
      if (holds(kind_tags, tag)) continue;
      for (const std::string& uid : parted(raw, "\\")) {
        if (uid.starts_with(standard_uids) || uid.size() < 8) continue;
        const bool is_device = tag == 0x00181002 || tag == 0x0018100B;
        facts.push_back(
            {.kind = is_device ? FactKind::DeviceUid : FactKind::Uid, .raw = uid, .utf8 = uid});
      }
    }
  }
  return facts;
}

std::vector<SourceFact> facts_of_other(ByteView file) {
  constexpr std::size_t edf_head_size = 256;
  constexpr std::size_t field_size = 80;
  constexpr std::size_t nifti_head_size = 348;
  std::vector<SourceFact> facts;
  const std::string_view text = text_of(file);
  const bool is_edf =
      file.size() >= edf_head_size && (text.starts_with("0       ") || text.starts_with("\xFF"
                                                                                        "BIOSEMI"));
  if (is_edf) {
    add_field(facts, FactKind::Name, text.substr(8, field_size));
    add_field(facts, FactKind::Number, text.substr(8 + field_size, field_size));
    return facts;
  }
  const bool is_nifti =
      file.size() >= nifti_head_size + 4 && (text.substr(344, 4) == std::string_view("n+1\0", 4) ||
                                             text.substr(344, 4) == std::string_view("ni1\0", 4));
  if (is_nifti) {
    for (const auto& [begin, size] : {std::pair<std::size_t, std::size_t>{148, 80}, {228, 24}}) {
      const std::string_view field = text.substr(begin, size);
      add_field(facts, FactKind::Name, field.substr(0, field.find('\0')));
    }
    return facts;
  }
  const bool is_short_text = file.size() < (1U << 20U) && !text.contains('\0');
  if (is_short_text) {
    for (const std::string& line : parted(text, "\r\n")) {
      if (line.starts_with('#'))
        add_field(facts, FactKind::Comment, std::string_view(line).substr(1));
    }
  }
  return facts;
}

}  // namespace consilium
