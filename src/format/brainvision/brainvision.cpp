#include "format/brainvision/brainvision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "domain/signal/sample_table.hpp"
#include "format/number_text/number_text.hpp"
#include "format/packed_samples/packed_samples.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t marker_bytes_max = 64U << 20U;
constexpr std::int64_t channel_count_max = 4096;

struct Entry {
  std::string value{};
  std::size_t line = 0;
};
// Sections, in each the keys; what is no "key=value" is text for people.
using Ini = std::map<std::string, std::map<std::string, Entry>>;

Ini read_ini(std::string_view text) {
  Ini ini;
  std::string section;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.empty() || row.starts_with(';')) continue;
    if (row.starts_with('[') && row.ends_with(']')) {
      section = std::string(row.substr(1, row.size() - 2));
      if (section == "Comment") break;  // free text to the end
      continue;
    }
    const std::size_t equal = row.find('=');
    if (equal == std::string_view::npos) continue;
    ini[section].try_emplace(std::string(stripped(row.substr(0, equal))),
                             Entry{utf8_of(stripped(row.substr(equal + 1))), line});
  }
  return ini;
}

const Entry* find(const Ini& ini, const std::string& section, const std::string& key) {
  const auto part = ini.find(section);
  if (part == ini.end()) return nullptr;
  const auto entry = part->second.find(key);
  return entry == part->second.end() ? nullptr : &entry->second;
}

std::string value_of(const Ini& ini, const std::string& section, const std::string& key) {
  const Entry* entry = find(ini, section, key);
  return entry == nullptr ? "" : entry->value;
}

std::unexpected<Error> wrong(std::string what, const Entry* entry) {
  return fail(ErrorCode::Corrupt, std::move(what),
              entry == nullptr ? "the header" : fmt::format("line {}", entry->line),
              "export the recording again from the system that made it");
}

// Fields parted by commas; "\1" is a comma within one.
std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      fields.emplace_back();
    } else if (text.substr(i).starts_with("\\1")) {
      fields.back() += ',';
      ++i;
    } else {
      fields.back() += text[i];
    }
  }
  return fields;
}

std::string file_of(const Ini& ini, const std::string& key, std::string_view header_name) {
  std::string name = value_of(ini, "Common Infos", key);
  const std::string_view stem = header_name.substr(0, header_name.find_last_of('.'));
  if (const std::size_t at = name.find("$b"); at != std::string::npos) name.replace(at, 2, stem);
  return name;
}

struct Form {
  PackedForm form = PackedForm::I16;
  bool is_real = false;
};

Result<Form> form_of(const Ini& ini) {
  if (value_of(ini, "Common Infos", "DataFormat") == "ASCII") {
    return fail(ErrorCode::Unsupported, "samples as text are not read", "DataFormat",
                "export the recording in binary form");
  }
  const Entry* entry = find(ini, "Binary Infos", "BinaryFormat");
  const std::string name = entry == nullptr ? "INT_16" : entry->value;
  if (name == "INT_16") return Form{};
  if (name == "UINT_16") return Form{.form = PackedForm::U16};
  if (name == "INT_32") return Form{.form = PackedForm::I32};
  if (name == "IEEE_FLOAT_32") return Form{.form = PackedForm::F32, .is_real = true};
  if (name == "IEEE_FLOAT_64") return Form{.form = PackedForm::F64, .is_real = true};
  return wrong("the samples are of an unknown form", entry);
}

// Steps that floating-point values are taken in: 1 nV of a voltage.
double steps_per(std::string_view unit) {
  if (unit == "mV") return 1e6;
  if (unit == "V") return 1e9;
  return 1e3;
}

Result<Channel> channel_of(const Ini& ini, std::int64_t index, const Form& form, const Rate& rate,
                           double& scale) {
  const Entry* entry = find(ini, "Channel Infos", fmt::format("Ch{}", index + 1));
  Channel channel{.name = fmt::format("channel {}", index + 1), .unit = "uV", .rate = rate};
  double resolution = 1.0;
  if (entry == nullptr) {
    channel.calibration = Calibration::Assumed;
  } else {
    const std::vector<std::string> fields = fields_of(entry->value);
    if (!stripped(fields[0]).empty()) channel.name = std::string(stripped(fields[0]));
    if (fields.size() > 2 && !stripped(fields[2]).empty()) {
      const auto stated = decimal_in(fields[2]);
      if (!stated || *stated == 0 || !std::isfinite(1 / *stated)) {
        return wrong("a channel's resolution is 0 or no number", entry);
      }
      resolution = *stated;
    } else {
      channel.calibration = Calibration::Assumed;
    }
    if (fields.size() > 3 && !stripped(fields[3]).empty())
      channel.unit = std::string(stripped(fields[3]));
    // The micro sign and the Greek letter.
    for (const std::string_view micro : {"\xC2\xB5", "\xCE\xBC"}) {
      if (channel.unit.starts_with(micro)) channel.unit.replace(0, micro.size(), "u");
    }
  }
  if (form.is_real) {
    channel.adu_per_unit = steps_per(channel.unit);
    scale = resolution * channel.adu_per_unit;
  } else {
    channel.adu_per_unit = 1 / resolution;
  }
  const PackedRange range = range_of(form.form);
  set_range(channel, range.low, range.high);
  return channel;
}

// "20131113161403794232"
std::optional<CivilTime> civil_time(std::string_view text) {
  const std::string digits = digits_in(text, 20);
  if (digits.size() < 14) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t count) {
    return static_cast<int>(integer_in(std::string_view(digits).substr(at, count)).value_or(0));
  };
  CivilTime at{.year = part(0, 4),
               .month = part(4, 2),
               .day = part(6, 2),
               .hour = part(8, 2),
               .minute = part(10, 2),
               .second = part(12, 2)};
  if (digits.size() == 20) at.nanosecond = part(14, 6) * 1000;
  if (at.month < 1 || at.month > 12 || at.day < 1 || at.day > 31) return std::nullopt;
  return at;
}

// "New Segment" says the time; each other type has a text.
void read_markers(std::string_view text, const RecordHeader& header, Recording& recording,
                  RecordIdentity& who, std::vector<ReadNote>& notes) {
  const Ini ini = read_ini(text);
  const auto markers = ini.find("Marker Infos");
  if (markers == ini.end()) return;
  const std::int64_t step = header.channels.front().ticks_per_sample;
  std::size_t past = 0;
  for (const auto& [key, entry] : markers->second) {
    if (!key.starts_with("Mk")) continue;
    const std::vector<std::string> fields = fields_of(entry.value);
    const auto position = fields.size() > 2 ? integer_in(fields[2]) : std::nullopt;
    if (!position || *position < 1 || *position > (1LL << 50)) {
      notes.push_back({.what = "a marker without a place is left out",
                       .where = fmt::format("marker file, line {}", entry.line)});
      continue;
    }
    if (fields[0] == "New Segment") {
      if (*position == 1 && fields.size() > 5) who.base_time = civil_time(fields[5]);
      continue;
    }
    SignalEvent event{.at = Tick{(*position - 1) * step}, .text = fields[1]};
    if (event.text.empty() || fields[0] == "Stimulus" || fields[0] == "Response") {
      event.text = fields[0] + (event.text.empty() ? "" : "/" + event.text);
    }
    const auto size = fields.size() > 3 ? integer_in(fields[3]).value_or(0) : 0;
    if (size > 1 && size < (1LL << 40)) event.duration_ticks = size * step;
    const auto channel = fields.size() > 4 ? integer_in(fields[4]).value_or(0) : 0;
    if (channel > 0 && channel <= std::ssize(header.channels)) {
      event.channels = {static_cast<std::int32_t>(channel - 1)};
    }
    if (event.at.value >= header.length_ticks) ++past;
    recording.events.push_back(std::move(event));
  }
  std::ranges::stable_sort(recording.events, {}, &SignalEvent::at);
  if (past > 0)
    notes.push_back({.what = fmt::format("{} markers lie past the recording's end", past)});
}

}  // namespace

Result<std::vector<std::string>> brainvision_files(ByteView header, std::string_view header_name) {
  const Ini ini = read_ini(text_of(header));
  std::vector<std::string> names{file_of(ini, "DataFile", header_name)};
  if (names[0].empty()) return wrong("the header names no file of samples", nullptr);
  const std::string markers = file_of(ini, "MarkerFile", header_name);
  if (!markers.empty()) names.push_back(markers);
  return names;
}

Result<Recording> open_brainvision(ByteView header_text, std::string_view header_name,
                                   const ByteSourceResolver& files) {
  const Ini ini = read_ini(text_of(header_text));
  const std::vector<std::string> names = CSL_TRY(brainvision_files(header_text, header_name));
  const Entry* count_entry = find(ini, "Common Infos", "NumberOfChannels");
  const auto count = integer_in(count_entry == nullptr ? "" : count_entry->value);
  if (!count || *count < 1 || *count > channel_count_max) {
    return wrong("the number of channels is out of range", count_entry);
  }
  const Entry* interval_entry = find(ini, "Common Infos", "SamplingInterval");
  const auto interval = Rate::parse(interval_entry == nullptr ? "" : interval_entry->value);
  if (!interval) return wrong("the sampling interval is no number above 0", interval_entry);
  const auto per_microsecond = interval->denominator();
  const Rate rate =
      CSL_TRY(CSL_TRY(Rate::of(per_microsecond, interval->numerator())).times(1'000'000));
  const Form form = CSL_TRY(form_of(ini));
  const std::shared_ptr<const ByteSource> data = CSL_TRY(files(names[0]));
  const std::uint64_t size = bytes_of(form.form);
  const auto frame = size * static_cast<std::uint64_t>(*count);
  const auto samples = static_cast<std::int64_t>(data->size() / frame);
  const bool is_vectorized = value_of(ini, "Common Infos", "DataOrientation") == "VECTORIZED";
  RecordHeader header;
  if (data->size() % frame != 0) {
    header.notes.push_back(
        {.what = "what follows the last whole sample of all channels is left out",
         .where = fmt::format("{} bytes at the end", data->size() % frame)});
  }
  std::vector<PackedTrack> tracks;
  for (std::int64_t c = 0; c < *count; ++c) {
    PackedTrack track{.form = form.form, .stored_count = samples};
    header.channels.push_back(CSL_TRY(channel_of(ini, c, form, rate, track.scale)));
    header.channels.back().sample_count = samples;
    const auto place = static_cast<std::uint64_t>(c) * size;
    track.offset = is_vectorized ? place * static_cast<std::uint64_t>(samples) : place;
    track.stride = is_vectorized ? size : frame;
    tracks.push_back(track);
  }
  Recording recording;
  RecordIdentity who;
  CSL_TRY(set_time_line(header));
  if (names.size() > 1) {
    const auto markers = files(names[1]);
    const auto text =
        markers ? read_all(**markers, marker_bytes_max) : std::unexpected(markers.error());
    if (text) {
      read_markers(text_of(*text), header, recording, who, header.notes);
    } else {
      header.notes.push_back({.what = "the marker file that the header names is not there"});
    }
  }
  header.identity = Protected<RecordIdentity>(std::move(who));
  recording.samples = CSL_TRY(packed_source(std::move(header), data, std::move(tracks)));
  return recording;
}

}  // namespace consilium
