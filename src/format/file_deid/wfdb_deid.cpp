#include <fmt/format.h>

#include <algorithm>

#include "format/dicom_pseudonym/pseudonymise.hpp"
#include "format/file_deid/file_deid.hpp"

namespace consilium {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::vector<std::string> lines_of(ByteView header) {
  std::vector<std::string> lines;
  std::string_view rest = text_of(header);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

std::string_view stem_of(std::string_view file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

std::string renamed(std::string_view file_name, const DeidKey& key) {
  if (file_name == "~") return "~";  // a segment without samples
  const std::size_t dot = file_name.rfind('.');
  const std::string ending(dot == std::string_view::npos ? "" : file_name.substr(dot));
  return wfdb_name(stem_of(file_name), key) + ending;
}

// "31/12/1999"
std::string moved_date(const std::string& date, const FileDeid& how, const std::string& identity) {
  if (how.profile.has(DeidOption::RetainFullDates)) return date;
  if (!how.profile.has(DeidOption::ModifiedDates) || date.size() != 10) return "";
  const std::string moved = shifted_dicom_date(
      date.substr(6, 4) + date.substr(3, 2) + date.substr(0, 2), how.key.shift_days(identity));
  if (moved.empty()) return "";
  return moved.substr(6, 2) + "/" + moved.substr(4, 2) + "/" + moved.substr(0, 4);
}

std::unexpected<Error> broken() {
  return fail(ErrorCode::Corrupt, "the WFDB header cannot be read", "line 1",
              "compare it with the original");
}

}  // namespace

std::string wfdb_name(std::string_view stem, const DeidKey& key) {
  constexpr std::size_t size = 7;
  return "R" + key.token("record", stem, size);
}

bool names_signal_file(ByteView header, std::string_view file_name) {
  return std::ranges::any_of(lines_of(header), [&](const std::string& line) {
    const auto words = words_of(line);
    return words.size() >= 2 && !line.starts_with('#') && words[0] == file_name;
  });
}

Result<DeidentifiedFile> deidentify_wfdb(ByteView header, const FileDeid& how) {
  DeidentifiedFile result;
  std::string out;
  std::size_t row = 0;
  std::string identity;
  for (const std::string& line : lines_of(header)) {
    const std::string place = fmt::format("line {}", ++row);
    const auto step = [&](DeidAction action, const char* rule) {
      result.steps.push_back({.place = place, .action = action, .rule = rule});
    };
    if (line.starts_with('#') || line.empty()) {
      const bool is_cleaned = how.profile.has(DeidOption::CleanDescriptors);
      const std::string left =
          is_cleaned && line.size() > 1 ? how.people.cleaned(line.substr(1)) : "";
      if (!left.empty()) out += "# " + left + "\n";
      if (!line.empty()) step(is_cleaned ? DeidAction::Clean : DeidAction::Remove, "comment");
      continue;
    }
    std::vector<std::string> words = words_of(line);
    if (words.size() < 2) return broken();
    const bool is_record = identity.empty();
    if (is_record) {
      if (words[0].contains('/')) {
        return fail(ErrorCode::Unsupported, "records of several segments are not de-identified yet",
                    place, "join the segments first");
      }
      identity = "wfdb\n" + words[0];
      words[0] = wfdb_name(words[0], how.key);
      // Name, channels, rate, samples, time of day, date.
      if (words.size() > 5) {
        words[5] = moved_date(words[5], how, identity);
        step(DeidAction::Clean, "date");
      }
      words.resize(
          std::min<std::size_t>(words.size(), words.size() > 5 && words[5].empty() ? 5 : 6));
    } else {
      words[0] = renamed(words[0], how.key);
    }
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
    // The record's date has been dealt with; what channels are called is free text.
    out += (is_record ? joined : how.people.scrubbed(joined)) + "\n";
    step(DeidAction::Clean, "names of record and files");
  }
  if (identity.empty()) return broken();
  result.bytes = to_bytes(out);
  result.patient = how.key.patient(identity);
  return result;
}

}  // namespace consilium
