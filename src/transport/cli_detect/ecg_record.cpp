#include "transport/cli_detect/ecg_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "base/byte_source.hpp"
#include "format/edf/edf.hpp"
#include "format/wfdb/wfdb_record.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;

namespace {

Result<EcgRecord> open_record(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".edf" || ending == ".bdf" || ending == ".rec") {
    auto record = CSL_TRY(open_edf(CSL_TRY(open_file_source(path))));
    const TickRate ticks = record->header().tick_rate;
    return EcgRecord{.samples = std::move(record),
                     .frame_rate = ticks,
                     .stem = fs::path(path).replace_extension(),
                     .leads = {}};
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
  return EcgRecord{.samples = std::move(record),
                   .frame_rate = frames,
                   .stem = header.replace_extension(),
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
