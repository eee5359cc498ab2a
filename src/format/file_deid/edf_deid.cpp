#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "format/dicom_pseudonym/pseudonymise.hpp"
#include "format/file_deid/file_deid.hpp"

namespace consilium {
namespace {

constexpr std::size_t head_size = 256;
constexpr std::size_t field_size = 80;
constexpr std::size_t patient_at = 8;
constexpr std::size_t recording_at = 88;
constexpr std::size_t date_at = 168;
constexpr std::size_t header_bytes_at = 184;
constexpr std::size_t reserved_at = 192;
constexpr std::size_t reserved_size = 44;
constexpr std::size_t record_count_at = 236;
constexpr std::size_t signal_count_at = 252;
constexpr std::int64_t signal_count_max = 4096;

std::string_view field(ByteView file, std::size_t at, std::size_t size) {
  std::string_view text = text_of(file.subspan(at, size));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> number(ByteView file, std::size_t at, std::size_t size) {
  std::string_view text = field(file, at, size);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void put(Bytes& file, std::size_t at, std::size_t size, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    file[at + i] = static_cast<std::byte>(i < text.size() ? text[i] : ' ');
  }
}

// "31.12.99"; years below 85 are of this century (EDF 2.1.3.2).
std::string moved_date(std::string_view date, const FileDeid& how, std::string_view identity) {
  constexpr std::string_view untold = "01.01.85";
  if (how.profile.has(DeidOption::RetainFullDates)) return std::string(date);
  const bool is_moved = how.profile.has(DeidOption::ModifiedDates);
  if ((!is_moved && !how.profile.keeps_years_only) || date.size() != 8) return std::string(untold);
  const std::string year(date.substr(6, 2));
  if (how.profile.keeps_years_only) return "01.01." + year;
  const std::string whole = (year < "85" ? "20" : "19") + year + std::string(date.substr(3, 2)) +
                            std::string(date.substr(0, 2));
  const std::string moved = shifted_dicom_date(whole, how.key.shift_days(identity));
  if (moved.empty() || moved < "19850101") return std::string(untold);
  return moved.substr(6, 2) + "." + moved.substr(4, 2) + "." + moved.substr(2, 2);
}

// One data record's annotations: the texts cleaned, the times as they are, NUL after them. Cleaned
// text is never longer.
void clean_annotations(Bytes& file, std::size_t at, std::size_t size, const FileDeid& how) {
  const std::string text(text_of(ByteView(file).subspan(at, size)));
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    std::string_view list = std::string_view(text).substr(begin, end - begin);
    bool is_first = true;  // the onset and its duration
    while (!list.empty()) {
      const std::size_t stop = std::min(list.find('\x14'), list.size());
      out +=
          is_first ? std::string(list.substr(0, stop)) : how.people.cleaned(list.substr(0, stop));
      if (stop < list.size()) out += '\x14';
      list.remove_prefix(std::min(stop + 1, list.size()));
      is_first = false;
    }
    if (end > begin) out += '\0';
    begin = end + 1;
  }
  out.resize(size, '\0');
  std::ranges::copy(bytes_of(out), file.begin() + static_cast<std::ptrdiff_t>(at));
}

struct Layout {
  std::size_t signal_count = 0;
  std::size_t record_size = 0;
  std::vector<std::pair<std::size_t, std::size_t>> annotations;  // in a record: from, size
};

Result<Layout> layout_of(ByteView file, std::size_t sample_size) {
  const auto count = number(file, signal_count_at, 4);
  const auto header = number(file, header_bytes_at, 8);
  if (!count || *count < 0 || *count > signal_count_max || !header ||
      *header != static_cast<std::int64_t>(head_size) * (*count + 1) ||
      file.size() < static_cast<std::size_t>(*header)) {
    return fail(ErrorCode::Corrupt, "the EDF header cannot be read", "byte 184",
                "compare the file with the original");
  }
  Layout layout{
      .signal_count = static_cast<std::size_t>(*count), .record_size = 0, .annotations = {}};
  const std::size_t labels = head_size;
  const std::size_t counts = head_size + layout.signal_count * 216;
  for (std::size_t s = 0; s < layout.signal_count; ++s) {
    const auto samples = number(file, counts + s * 8, 8);
    if (!samples || *samples < 0 || *samples > (std::int64_t{1} << 30U)) {
      return fail(ErrorCode::Corrupt, "a channel's count of samples cannot be read",
                  fmt::format("byte {}", counts + s * 8), "compare the file with the original");
    }
    const std::size_t size = static_cast<std::size_t>(*samples) * sample_size;
    const std::string_view label = field(file, labels + s * 16, 16);
    if (label == "EDF Annotations" || label == "BDF Annotations") {
      layout.annotations.emplace_back(layout.record_size, size);
    }
    layout.record_size += size;
  }
  return layout;
}

}  // namespace

bool looks_like_edf(ByteView file) {
  if (file.size() < head_size) return false;
  const std::string_view start = text_of(file.first(8));
  return start == "0       " || start == std::string_view(
                                             "\xFF"
                                             "BIOSEMI",
                                             8);
}

Result<DeidentifiedFile> deidentify_edf(ByteView source, const FileDeid& how) {
  const bool is_bdf = std::to_integer<unsigned>(source[0]) == 0xFF;
  const Layout layout = CSL_TRY(layout_of(source, is_bdf ? 3 : 2));
  const std::string identity = "edf\n" + std::string(field(source, patient_at, field_size));
  DeidentifiedFile result{.bytes = Bytes(source.begin(), source.end()),
                          .patient = how.key.patient(identity),
                          .steps = {}};
  const auto step = [&](const char* place, DeidAction action) {
    result.steps.push_back({.place = place, .action = action, .rule = "EDF+ 2.1.3.3"});
  };
  put(result.bytes, patient_at, field_size, result.patient + " X X X");
  step("patient", DeidAction::Dummy);
  put(result.bytes, recording_at, field_size, "Startdate X X X X");
  step("recording", DeidAction::Dummy);
  put(result.bytes, date_at, 8, moved_date(field(source, date_at, 8), how, identity));
  step("startdate",
       how.profile.has(DeidOption::RetainFullDates) ? DeidAction::Keep : DeidAction::Clean);
  const std::string_view reserved = field(source, reserved_at, reserved_size);
  const bool is_known = reserved.starts_with("EDF+") || reserved.starts_with("BDF+");
  put(result.bytes, reserved_at, reserved_size,
      is_known ? reserved.substr(0, 5)
      : is_bdf ? "24BIT"
               : "");
  step("reserved", DeidAction::Clean);
  // Labels, transducers and filters of each channel; its reserved bytes say nothing.
  const std::size_t n = layout.signal_count;
  for (std::size_t s = 0; s < n; ++s) {
    for (const auto& [from, size] : {std::pair<std::size_t, std::size_t>{head_size + s * 16, 16},
                                     {head_size + n * 16 + s * 80, 80},
                                     {head_size + n * 136 + s * 80, 80}}) {
      put(result.bytes, from, size, how.people.scrubbed(field(source, from, size)));
    }
    put(result.bytes, head_size + n * 224 + s * 32, 32, "");
  }
  step("channels", DeidAction::Clean);
  if (layout.annotations.empty() || layout.record_size == 0) return result;
  const std::size_t data = head_size * (n + 1);
  for (std::size_t at = data; at + layout.record_size <= result.bytes.size();
       at += layout.record_size) {
    for (const auto& [from, size] : layout.annotations) {
      clean_annotations(result.bytes, at + from, size, how);
    }
  }
  const std::size_t tail = (result.bytes.size() - data) % layout.record_size;
  result.bytes.resize(result.bytes.size() - tail);  // no whole record, so nobody reads it
  step("annotations", DeidAction::Clean);
  return result;
}

}  // namespace consilium
