#include "format/signal_kind/signal_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace consilium {
namespace {

bool has(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

bool stands_at(std::string_view text, std::size_t at, std::string_view what) {
  return text.size() >= at + what.size() && text.substr(at, what.size()) == what;
}

// By a mark of the format's.
std::optional<RecordKind> marked_kind(std::string_view head, std::uint64_t file_size) {
  if (stands_at(head, 0,
                "\xFF"
                "BIOSEMI"))
    return RecordKind::Bdf;
  if (stands_at(head, 0, "0       ") && file_size >= 256) return RecordKind::Edf;
  if (stands_at(head, 0, "ISHNE1.0")) return RecordKind::Ishne;
  if (stands_at(head, 0, "GDF ")) return RecordKind::Gdf;
  // PS3.4 B.5: the classes of waveforms lie under one root, which the meta information names.
  if (stands_at(head, 128, "DICM") && has(head, "1.2.840.10008.5.1.4.1.1.9.")) {
    return RecordKind::DicomWaveform;
  }
  if (has(head, "<AnnotatedECG") || has(head, ":AnnotatedECG")) return RecordKind::Hl7Aecg;
  if (has(head, "<restingecgdata")) return RecordKind::SierraXml;
  if (has(head, "<RestingECG")) return RecordKind::MuseXml;
  const std::string_view first = head.substr(0, 256);
  const bool is_brainvision =
      has(first, "Brain Vision Data Exchange") || has(first, "BrainVision Data Exchange");
  if (is_brainvision && has(first, "Header")) return RecordKind::BrainVision;
  // EN 1064: after the CRC the length of the whole record, then section 0, which names itself in
  // its reserved bytes; older writers leave these empty.
  if (stands_at(head, 16, "SCPECG")) return RecordKind::ScpEcg;
  if (head.size() >= 16) {
    std::uint64_t length = 0;
    for (std::size_t i = 6; i > 2; --i)
      length = length << 8U | static_cast<unsigned char>(head[i - 1]);
    if (length == file_size && head[8] == 0 && head[9] == 0) return RecordKind::ScpEcg;
  }
  return std::nullopt;
}

// What is known and no recording by itself.
std::optional<std::string_view> other_kind(std::string_view head) {
  if (stands_at(head, 0, "ANN  1.0")) return "annotations of an ISHNE recording";
  if (stands_at(head, 128, "DICM")) return "DICOM without a waveform, which is imported as images";
  if (has(head.substr(0, 256), "Data Exchange Marker")) return "markers of a BrainVision recording";
  return std::nullopt;
}

bool is_text(std::string_view head) {
  return std::ranges::all_of(head, [](char c) {
    return c == '\t' || c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 32;
  });
}

std::string_view first_line_but_comments(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    if (line[first] == '#') continue;
    return line.substr(first);
  }
  return {};
}

// A record line: a name, then the number of signals.
bool is_wfdb_record_line(std::string_view line) {
  const std::size_t name_end = line.find_first_of(" \t");
  if (name_end == std::string_view::npos || has(line, ",")) return false;
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '/' ||
           c == '.';
  };
  if (!std::ranges::all_of(line.substr(0, name_end), in_name)) return false;
  line.remove_prefix(name_end);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::string_view count = line.substr(0, line.find_first_of(" \t\r"));
  return !count.empty() && count.size() <= 5 &&
         std::ranges::all_of(count, [](char c) { return c >= '0' && c <= '9'; });
}

// Mostly digits: a column of samples, or several.
bool is_number_table(std::string_view text) {
  const auto digits = std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return static_cast<std::size_t>(digits) * 3 > text.size();
}

}  // namespace

std::string_view name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::WfdbHeader:
      return "WFDB";
    case RecordKind::Edf:
      return "EDF";
    case RecordKind::Bdf:
      return "BDF";
    case RecordKind::DicomWaveform:
      return "DICOM waveform";
    case RecordKind::ScpEcg:
      return "SCP-ECG";
    case RecordKind::Hl7Aecg:
      return "HL7 aECG";
    case RecordKind::MuseXml:
      return "GE MUSE XML";
    case RecordKind::SierraXml:
      return "Philips Sierra XML";
    case RecordKind::Ishne:
      return "ISHNE";
    case RecordKind::BrainVision:
      return "BrainVision";
    case RecordKind::Gdf:
      return "GDF";
    case RecordKind::SampleTable:
      return "CSV";
  }
  return "";
}

Result<RecordKind> detect_record(ByteView head, std::uint64_t file_size) {
  const std::string_view text = text_of(head.first(std::min(head.size(), record_head_bytes)));
  if (const auto kind = marked_kind(text, file_size)) return *kind;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {  // XML in UTF-16
    std::string narrow(text);
    std::erase(narrow, '\0');
    if (const auto kind = marked_kind(narrow, 0)) return *kind;
  }
  if (const auto name = other_kind(text)) {
    return fail(ErrorCode::Unsupported, fmt::format("these are {}", *name), {},
                "give it together with its recording");
  }
  if (is_text(text)) {
    if (is_wfdb_record_line(first_line_but_comments(text))) return RecordKind::WfdbHeader;
    if (is_number_table(text)) return RecordKind::SampleTable;
  }
  return fail(ErrorCode::Unsupported, "this is no recording of a kind that is known", {},
              "give WFDB header and signal files together, EDF, BDF, DICOM or SCP-ECG");
}

}  // namespace consilium
