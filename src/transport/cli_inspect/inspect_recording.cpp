#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "format/edf/edf.hpp"
#include "format/recording_file/recording_file.hpp"
#include "format/wfdb/wfdb_record.hpp"
#include "transport/cli_inspect/kinds.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

json::array channels_json(const RecordHeader& header) {
  json::array channels;
  for (std::size_t i = 0; i < header.channels.size(); ++i) {
    const Channel& channel = header.channels[i];
    channels.push_back(json::object{
        {"index", i},
        {"name", channel.name},
        {"unit", channel.unit},
        {"rate_hz", channel.rate.hz()},
        {"samples", channel.sample_count},
        {"gain", channel.adu_per_unit},
        {"baseline", channel.baseline_adu},
        {"calibration", channel.calibration == Calibration::Stated ? "stated" : "assumed"}});
  }
  return channels;
}

json::object revealed(const RecordHeader& header) {
  // The operator's own request, on the operator's own file.
  const RecordIdentity& identity = header.identity.reveal(AuditedAccess::event_recorded());
  json::object out{{"record", identity.record_name},
                   {"patient", identity.patient},
                   {"recording", identity.recording},
                   {"id", identity.patient_id},
                   {"name", identity.patient_name},
                   {"birth_date", identity.birth_date},
                   {"sex", identity.sex}};
  if (const auto& at = identity.base_time) {
    out["start"] = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", at->year, at->month, at->day,
                               at->hour, at->minute, at->second);
  }
  std::string comments;
  for (const std::string& comment : identity.comments) {
    comments += (comments.empty() ? "" : " | ") + comment;
  }
  out["comments"] = comments;
  return out;
}

json::object record_json(std::string_view kind, const RecordHeader& header, PatientValues values) {
  json::array gaps;
  for (const TickSpan& gap : header.gaps) {
    gaps.push_back(json::object{{"from_tick", gap.first.value}, {"to_tick", gap.last.value}});
  }
  json::array notes;
  for (const ReadNote& note : header.notes) {
    notes.emplace_back(note.where.empty() ? note.what
                                          : fmt::format("{} ({})", note.what, note.where));
  }
  json::object out{{"kind", kind},
                   {"duration_s", seconds_of({header.length_ticks}, header.tick_rate)},
                   {"tick_rate_hz", header.tick_rate.hz()},
                   {"length_ticks", header.length_ticks},
                   {"channels", channels_json(header)},
                   {"gaps", std::move(gaps)},
                   {"notes", std::move(notes)}};
  if (values == PatientValues::Shown) out["patient"] = revealed(header);
  return out;
}

}  // namespace

Result<json::object> inspect_edf(const std::filesystem::path& file, PatientValues values) {
  const auto record = CSL_TRY(open_edf(CSL_TRY(open_file_source(file))));
  json::object out = record_json(name_of(record->variant()), record->header(), values);
  out["annotations"] = record->annotations().size();
  return out;
}

Result<json::object> inspect_wfdb(const std::filesystem::path& header, PatientValues values) {
  const auto source = CSL_TRY(open_file_source(header));
  const auto beside = [folder = header.parent_path()](
                          std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(folder / name);
  };
  const auto record = CSL_TRY(open_wfdb(CSL_TRY(read_all(*source, wfdb_header_size_max)), beside));
  return record_json("WFDB", record->header(), values);
}

Result<json::object> inspect_other_recording(const std::filesystem::path& file,
                                             PatientValues values) {
  const std::shared_ptr<const ByteSource> source = CSL_TRY(open_file_source(file));
  const auto size = std::min<std::uint64_t>(source->size(), record_head_bytes);
  const Bytes head = CSL_TRY(read_bytes(*source, 0, size, record_head_bytes));
  const RecordKind kind = CSL_TRY(detect_record(head, source->size()));
  const auto beside = [folder = file.parent_path()](
                          std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(folder / name);
  };
  const Recording recording =
      CSL_TRY(open_recording_file(kind, source, file.filename().string(), beside));
  json::object out = record_json(name_of(kind), recording.samples->header(), values);
  out["annotations"] = recording.events.size();
  return out;
}

}  // namespace consilium::cli
