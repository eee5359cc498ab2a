#include "transport/cli_detect/ecg_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/byte_source.hpp"
#include "format/recording_file/recording_file.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;

namespace {

Result<EcgRecord> open_record(const fs::path& path) {
  // A WFDB record is named without its header's ending.
  fs::path file = path;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored) || file.extension() == ".dat") {
    file = path.extension() == ".hea" ? path : fs::path(path.string() + ".hea");
  }
  const std::shared_ptr<const ByteSource> source = CSL_TRY(open_file_source(file));
  const auto size = std::min<std::uint64_t>(source->size(), record_head_bytes);
  const Bytes head = CSL_TRY(read_bytes(*source, 0, size, record_head_bytes));
  const RecordKind kind = CSL_TRY(detect_record(head, source->size()));
  const auto beside = [folder = file.parent_path()](
                          std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(folder / name);
  };
  Recording recording =
      CSL_TRY(open_recording_file(kind, source, file.filename().string(), beside));
  const Rate frames = CSL_TRY(annotation_rate(kind, *source, recording.samples->header()));
  return EcgRecord{.samples = std::move(recording.samples),
                   .frame_rate = frames,
                   .stem = file.replace_extension(),
                   .leads = {}};
}

Result<std::vector<std::size_t>> chosen_leads(const RecordHeader& header,
                                              std::optional<std::size_t> wanted) {
  const auto& channels = header.channels;
  if (channels.empty()) {
    return fail(ErrorCode::InvalidInput, "the record has no channel", "RECORD", "take another one");
  }
  if (wanted) {
    if (*wanted < channels.size()) return std::vector{*wanted};
    return fail(ErrorCode::InvalidInput, "the record has no such channel",
                fmt::format("--channel {}", *wanted),
                fmt::format("take one from 0 to {}", channels.size() - 1));
  }
  std::vector<std::size_t> leads = voltage_channels(header);
  if (leads.empty()) leads.push_back(0);
  return leads;
}

}  // namespace

double EcgRecord::hours() const {
  return seconds_of({header().length_ticks}, header().tick_rate) / 3600;
}

Result<EcgRecord> open_ecg(const fs::path& path, std::optional<std::size_t> channel) {
  EcgRecord record = CSL_TRY(open_record(path));
  record.leads = CSL_TRY(chosen_leads(record.header(), channel));
  return record;
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

Status write_annotations(const EcgRecord& record, const std::vector<SignalEvent>& events,
                         const fs::path& out, const std::string& annotator) {
  const MitAnnotations annotations =
      CSL_TRY(annotations_of(events, record.header(), record.frame_rate));
  const Bytes bytes = CSL_TRY(write_mit_annotations(annotations));
  fs::path to = out.empty() ? record.stem.parent_path() : out;
  if (!out.empty()) {
    std::error_code ignored;  // said when the file is written
    fs::create_directories(to, ignored);
  }
  return write_whole(to / (record.stem.filename().string() + "." + annotator), bytes);
}

Result<std::vector<SignalEvent>> read_annotations(const EcgRecord& record,
                                                  const std::string& annotator) {
  constexpr std::uint64_t size_max = 1U << 30U;
  const auto source = CSL_TRY(open_file_source(fs::path(record.stem.string() + "." + annotator)));
  const MitAnnotations read = CSL_TRY(read_mit_annotations(CSL_TRY(read_all(*source, size_max))));
  return events_of(read, record.header(), record.frame_rate);
}

}  // namespace consilium::cli
