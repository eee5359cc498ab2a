// Says as JSON what our readers make of a recording, and writes its samples as int32, channel after
// channel, for a judge (tests/judge/signals.py) to compare with another reader's.
//
// usage: csl_dump_record FILE SAMPLES_OUT [ANNOTATION_FILE]...
//        csl_dump_record --list < "FILE<tab>SAMPLES_OUT[<tab>ANNOTATION_FILE]..." lines
// One JSON line for each FILE: {"header", "annotations"} or {"error"}. Exit 1 when one was refused.
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "format/edf/edf.hpp"
#include "format/recording_file/recording_file.hpp"
#include "format/signal_kind/signal_kind.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"

namespace {

using namespace consilium;
namespace json = boost::json;

constexpr std::uint64_t annotation_bytes_max = 1ULL << 30U;

json::object error_json(const Error& error) {
  return {{"code", name_of(error.code)}, {"what", error.what}, {"where", error.where}};
}

json::object header_json(const RecordHeader& header) {
  json::array channels;
  for (const Channel& channel : header.channels) {
    channels.push_back({{"name", channel.name},
                        {"unit", channel.unit},
                        {"rate_hz", channel.rate.hz()},
                        {"adu_per_unit", channel.adu_per_unit},
                        {"baseline_adu", channel.baseline_adu},
                        {"missing", channel.missing},
                        {"sample_count", channel.sample_count}});
  }
  json::array gaps;
  for (const TickSpan& gap : header.gaps) gaps.push_back({gap.first.value, gap.last.value});
  json::array notes;
  for (const ReadNote& note : header.notes) notes.push_back(json::string(note.what));
  return {{"tick_rate_hz", header.tick_rate.hz()},
          {"length_ticks", header.length_ticks},
          {"channels", channels},
          {"gaps", gaps},
          {"notes", notes}};
}

// Channel after channel, so that a day's recording never lies in memory whole.
Status write_samples(const SampleSource& source, const std::string& path) {
  constexpr std::int64_t part_samples = 1 << 20;
  std::ofstream out(path, std::ios::binary);
  std::vector<std::int32_t> part;
  const std::vector<Channel>& channels = source.header().channels;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    for (std::int64_t at = 0; at < channels[c].sample_count; at += part_samples) {
      part.resize(static_cast<std::size_t>(std::min(part_samples, channels[c].sample_count - at)));
      CSL_TRY(source.read(c, SampleIndex{at}, part));
      const std::string_view bytes = text_of(std::as_bytes(std::span(part)));
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
  }
  if (!out) return fail(ErrorCode::Unavailable, "the samples cannot be written");
  return {};
}

Result<json::object> annotation_file_json(const std::string& path) {
  const auto file = CSL_TRY(open_file_source(path));
  const Bytes bytes = CSL_TRY(read_all(*file, annotation_bytes_max));
  const MitAnnotations read = CSL_TRY(read_mit_annotations(bytes));
  const Bytes again = CSL_TRY(write_mit_annotations(read));
  json::array rows;
  for (const MitAnnotation& a : read.annotations) {
    // Latin-1 holds whatever bytes a text has.
    std::string aux;
    for (const char c : read.aux_of(a)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        aux += c;
      } else {
        aux += static_cast<char>(0xC0U | byte >> 6U);
        aux += static_cast<char>(0x80U | (byte & 0x3FU));
      }
    }
    rows.push_back({a.time, a.code, a.subtype, a.chan, a.num, json::string(aux)});
  }
  return json::object{{"rows", rows}, {"round_trip", again == bytes}};
}

json::array edf_annotations_json(const EdfRecord& record) {
  json::array rows;
  for (const EdfAnnotation& a : record.annotations()) {
    json::value duration;
    if (a.duration_ns) duration = *a.duration_ns;
    rows.push_back({a.onset_ns, duration, json::string(a.text)});
  }
  return rows;
}

Result<json::object> dump_edf(const std::string& path, const std::string& out) {
  const auto record = CSL_TRY(open_edf(CSL_TRY(open_file_source(path))));
  CSL_TRY(write_samples(*record, out));
  json::object line{{"header", header_json(record->header())},
                    {"annotations", edf_annotations_json(*record)}};
  line["variant"] = name_of(record->variant());
  return line;
}

Result<json::object> dump_wfdb(const std::filesystem::path& path, const std::string& out) {
  const auto file = CSL_TRY(open_file_source(path));
  const auto record =
      CSL_TRY(open_wfdb(CSL_TRY(read_all(*file, wfdb_header_size_max)),
                        [folder = path.parent_path()](
                            std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
                          return open_file_source(folder / name);
                        }));
  CSL_TRY(write_samples(*record, out));
  json::array wrong;
  for (const WfdbChecksum& sum : CSL_TRY(record->wrong_checksums())) wrong.push_back(sum.channel);
  return json::object{{"header", header_json(record->header())}, {"wrong_checksums", wrong}};
}

Result<json::object> dump_other(RecordKind kind, const std::filesystem::path& path,
                                const std::string& out) {
  const Recording recording = CSL_TRY(open_recording_file(
      kind, CSL_TRY(open_file_source(path)), path.filename().string(),
      [folder =
           path.parent_path()](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
        return open_file_source(folder / name);
      }));
  CSL_TRY(write_samples(*recording.samples, out));
  return json::object{{"header", header_json(recording.samples->header())},
                      {"events", recording.events.size()}};
}

Result<json::object> dump(const std::vector<std::string>& words) {
  const auto file = CSL_TRY(open_file_source(words[0]));
  const Bytes head = CSL_TRY(read_bytes(
      *file, 0, std::min<std::uint64_t>(file->size(), record_head_bytes), record_head_bytes));
  const RecordKind kind = CSL_TRY(detect_record(head, file->size()));
  const bool is_edf = kind == RecordKind::Edf || kind == RecordKind::Bdf;
  json::object line = kind == RecordKind::WfdbHeader ? CSL_TRY(dump_wfdb(words[0], words[1]))
                      : is_edf                       ? CSL_TRY(dump_edf(words[0], words[1]))
                               : CSL_TRY(dump_other(kind, words[0], words[1]));
  line["kind"] = name_of(kind);
  return line;
}

// Whether it was read.
bool dump_line(const std::vector<std::string>& words) {
  json::object line;
  Result<json::object> dumped = dump(words);
  if (dumped) {
    line = std::move(*dumped);
  } else {
    line["error"] = error_json(dumped.error());
  }
  json::object annotation_files;
  for (std::size_t i = 2; i < words.size(); ++i) {
    Result<json::object> read = annotation_file_json(words[i]);
    annotation_files[words[i]] = read ? *read : json::object{{"error", error_json(read.error())}};
  }
  line["annotation_files"] = annotation_files;
  std::cout << json::serialize(line) << std::endl;
  return dumped.has_value();
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == '\t') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  bool all_read = true;
  if (arguments.size() == 1 && arguments[0] == "--list") {
    for (std::string line; std::getline(std::cin, line);) {
      const std::vector<std::string> words = split(line);
      if (words.size() >= 2) all_read = dump_line(words) && all_read;
    }
  } else if (arguments.size() >= 2) {
    all_read = dump_line(arguments);
  } else {
    std::cerr << "usage: csl_dump_record FILE SAMPLES_OUT [ANNOTATION_FILE]...\n";
    return 2;
  }
  return all_read ? 0 : 1;
}
