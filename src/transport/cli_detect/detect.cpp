#include "transport/cli_detect/detect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <vector>

#include "analysis/qrs_detection/qrs_detection.hpp"
#include "base/byte_source.hpp"
#include "format/edf/edf.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"

namespace consilium::cli {
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

struct OpenRecord {
  std::unique_ptr<SampleSource> samples;
  Rate frame_rate;  // in which annotations count
  fs::path stem;    // the record's path without an ending
};

Result<OpenRecord> open_record(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".edf" || ending == ".bdf" || ending == ".rec") {
    auto record = CSL_TRY(open_edf(CSL_TRY(open_file_source(path))));
    const TickRate ticks = record->header().tick_rate;
    return OpenRecord{.samples = std::move(record),
                      .frame_rate = ticks,
                      .stem = fs::path(path).replace_extension()};
  }
  fs::path header = path;
  if (ending != ".hea") header += ".hea";
  const auto source = CSL_TRY(open_file_source(header));
  const auto beside = [folder = header.parent_path()](
                          std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(folder / name);
  };
  auto record = CSL_TRY(open_wfdb(CSL_TRY(read_all(*source, wfdb_header_size_max)), beside));
  const Rate frames = record->wfdb_header().frame_rate;
  return OpenRecord{
      .samples = std::move(record), .frame_rate = frames, .stem = header.replace_extension()};
}

// How many mV one unit is; none for what is no voltage.
std::optional<double> millivolts_in(std::string_view unit) {
  if (unit == "mV") return 1.0;
  if (unit == "uV" || unit == "µV" || unit == "μV") return 1e-3;
  if (unit == "V") return 1e3;
  if (unit == "nV") return 1e-6;
  return std::nullopt;
}

Result<std::size_t> chosen_channel(const RecordHeader& header, std::optional<std::size_t> wanted) {
  if (header.channels.empty()) {
    return fail(ErrorCode::InvalidInput, "the record has no channel", "RECORD", "take another one");
  }
  if (wanted) {
    if (*wanted < header.channels.size()) return *wanted;
    return fail(ErrorCode::InvalidInput, "the record has no such channel",
                fmt::format("--channel {}", *wanted),
                fmt::format("take one from 0 to {}", header.channels.size() - 1));
  }
  for (std::size_t c = 0; c < header.channels.size(); ++c) {
    if (millivolts_in(header.channels[c].unit)) return c;
  }
  return std::size_t{0};
}

Status check_annotator(const std::string& name) {
  const bool is_plain = !name.empty() && name.size() <= 16 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  constexpr std::string_view taken[] = {"hea", "dat", "edf", "bdf", "rec", "mat", "xws"};
  if (is_plain && std::ranges::find(taken, name) == std::end(taken)) return {};
  return fail(ErrorCode::InvalidInput, "this cannot be an annotation file's ending", "--annotator",
              "take up to 16 letters and digits that are no ending of a signal file");
}

Result<std::vector<QrsComplex>> beats_in(const SampleSource& record, std::size_t channel) {
  const Channel& lead = record.header().channels[channel];
  QrsDetector detector = CSL_TRY(QrsDetector::create(lead.rate.hz()));
  const double scale = millivolts_in(lead.unit).value_or(1.0);
  constexpr std::int64_t at_once = 1 << 16;
  std::vector<std::int32_t> stored;
  std::vector<float> samples_mv;
  for (std::int64_t first = 0; first < lead.sample_count; first += at_once) {
    stored.resize(static_cast<std::size_t>(std::min(at_once, lead.sample_count - first)));
    CSL_TRY(record.read(channel, SampleIndex{first}, stored));
    samples_mv.clear();
    for (const std::int32_t sample : stored) {
      samples_mv.push_back(static_cast<float>(physical_value(lead, sample) * scale));
    }
    detector.push(samples_mv);
  }
  return detector.finish();
}

Status write_whole(const fs::path& path, ByteView bytes) {
  const fs::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  file.close();
  std::error_code failed;
  if (file) fs::rename(part, path, failed);
  if (!file || failed) {
    fs::remove(part, failed);
    return fail(ErrorCode::Unavailable, "the annotations could not be written", "--out",
                "look whether the folder can be written to, and has space");
  }
  return {};
}

}  // namespace

Result<int> detect_command(const DetectCommand& command) {
  CSL_TRY(check_annotator(command.annotator));
  const auto begin = std::chrono::steady_clock::now();
  const OpenRecord record = CSL_TRY(open_record(command.record));
  const RecordHeader& header = record.samples->header();
  const std::size_t channel = CSL_TRY(chosen_channel(header, command.channel));
  const Channel& lead = header.channels[channel];
  const auto beats = CSL_TRY(beats_in(*record.samples, channel));
  std::vector<SignalEvent> events;
  for (const QrsComplex& beat : beats) {
    events.push_back({.at = Tick{beat.sample_index * lead.ticks_per_sample},
                      .code = MitCode::Normal,
                      .chan = static_cast<int>(channel)});
  }
  const MitAnnotations annotations = CSL_TRY(annotations_of(events, header, record.frame_rate));
  const Bytes bytes = CSL_TRY(write_mit_annotations(annotations));
  fs::path to = command.out.empty() ? record.stem.parent_path() : command.out;
  if (!command.out.empty()) {
    std::error_code ignored;  // said when the file is written
    fs::create_directories(to, ignored);
  }
  to /= record.stem.filename().string() + "." + command.annotator;
  CSL_TRY(write_whole(to, bytes));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double hours = seconds_of({header.length_ticks}, header.tick_rate) / 3600;
  if (command.json) {
    fmt::print("{}\n", json::serialize(json::object{{"what", command.what},
                                                    {"channel", channel},
                                                    {"beats", beats.size()},
                                                    {"hours", hours},
                                                    {"seconds", took.count()}}));
  } else {
    fmt::print("{} beats on channel {} in {:.2f} h\n", beats.size(), channel, hours);
  }
  return 0;
}

}  // namespace consilium::cli
