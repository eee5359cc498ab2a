#include "format/ishne/ishne.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/byte_reader.hpp"
#include "domain/signal/sample_table.hpp"
#include "format/crc_ccitt/crc_ccitt.hpp"
#include "format/number_text/number_text.hpp"
#include "format/packed_samples/packed_samples.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t fixed_bytes = 522;  // mark, checksum and the 512 bytes of the header
constexpr std::uint64_t variable_bytes_max = 1U << 20U;
constexpr std::uint64_t annotation_bytes_max = 64U << 20U;
constexpr std::size_t lead_slots = 12;

constexpr std::array<std::string_view, 20> lead_names{
    "unknown", "bipolar", "X",  "Y",  "Z",  "I",  "II", "III", "aVR", "aVL",
    "aVF",     "V1",      "V2", "V3", "V4", "V5", "V6", "ES",  "AS",  "AI"};

struct Header {
  std::int64_t sample_count = 0;  // of each lead
  std::uint64_t data_offset = 0;
  int lead_count = 0;
  std::array<int, lead_slots> leads{};
  std::array<int, lead_slots> resolution_nv{};
  int rate_hz = 0;
  RecordIdentity identity{};
  std::vector<ReadNote> notes{};
};

std::unexpected<Error> wrong(std::string what, std::size_t byte) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("byte {}", byte),
              "export the recording again from the system that made it");
}

std::string text_field(std::string_view text) {
  return utf8_of(stripped(text.substr(0, text.find('\0'))));
}

// Three numbers: day, month, year, as the standard has it.
struct Three {
  int first = 0;
  int second = 0;
  int third = 0;
};
Result<Three> three(ByteReader& reader) {
  Three read;
  read.first = CSL_TRY(reader.i16());
  read.second = CSL_TRY(reader.i16());
  read.third = CSL_TRY(reader.i16());
  return read;
}
bool is_date(const Three& date) {
  return date.third > 0 && date.third < 10'000 && date.second >= 1 && date.second <= 12 &&
         date.first >= 1 && date.first <= 31;
}

Status read_identity(ByteReader& reader, RecordIdentity& who) {
  CSL_TRY(reader.seek(28));
  const std::string first = text_field(CSL_TRY(reader.text(40)));
  who.patient_name = text_field(CSL_TRY(reader.text(40)));
  if (!first.empty()) who.patient_name.append("^").append(first);
  who.patient_id = text_field(CSL_TRY(reader.text(20)));
  const int sex = CSL_TRY(reader.i16());
  if (sex == 1 || sex == 2) who.sex.assign(1, sex == 1 ? 'M' : 'F');
  CSL_TRY(reader.skip(2));
  const Three birth = CSL_TRY(three(reader));
  if (is_date(birth)) {
    who.birth_date = fmt::format("{:04}-{:02}-{:02}", birth.third, birth.second, birth.first);
  }
  const Three recorded = CSL_TRY(three(reader));
  CSL_TRY(reader.skip(6));
  const Three start = CSL_TRY(three(reader));
  if (is_date(recorded)) {
    who.base_time = CivilTime{.year = recorded.third,
                              .month = recorded.second,
                              .day = recorded.first,
                              .hour = std::clamp(start.first, 0, 23),
                              .minute = std::clamp(start.second, 0, 59),
                              .second = std::clamp(start.third, 0, 59)};
  }
  return {};
}

Result<Header> read_header(const ByteSource& file, std::string_view mark) {
  const Bytes bytes = CSL_TRY(read_bytes(file, 0, fixed_bytes, fixed_bytes));
  ByteReader reader(bytes);
  if (CSL_TRY(reader.text(8)) != mark) {
    return fail(ErrorCode::Unsupported, "this is no ISHNE Holter file", "byte 0");
  }
  Header header;
  const std::uint16_t stated = CSL_TRY(reader.u16());
  const std::int32_t variable = CSL_TRY(reader.i32());
  header.sample_count = CSL_TRY(reader.i32());
  CSL_TRY(reader.skip(4));
  const std::int32_t offset = CSL_TRY(reader.i32());
  if (variable < 0 || static_cast<std::uint64_t>(variable) > variable_bytes_max) {
    return wrong("the length of the variable block is out of range", 10);
  }
  const std::uint64_t head_end = fixed_bytes + static_cast<std::uint64_t>(variable);
  header.data_offset = static_cast<std::uint64_t>(std::max(offset, 0));
  if (header.data_offset < head_end || header.data_offset > file.size()) {
    header.notes.push_back({.what =
                                "the place of the data is wrong; they are taken from the header's "
                                "end on",
                            .where = "byte 22"});
    header.data_offset = head_end;
  }
  CSL_TRY(read_identity(reader, header.identity));
  CSL_TRY(reader.seek(156));
  header.lead_count = CSL_TRY(reader.i16());
  if (header.lead_count < 1 || header.lead_count > static_cast<int>(lead_slots)) {
    return wrong("the number of leads is not 1 to 12", 156);
  }
  for (int& lead : header.leads) lead = CSL_TRY(reader.i16());
  CSL_TRY(reader.skip(2 * lead_slots));
  for (int& resolution : header.resolution_nv) resolution = CSL_TRY(reader.i16());
  CSL_TRY(reader.seek(272));
  header.rate_hz = CSL_TRY(reader.i16());
  if (header.rate_hz < 1) return wrong("the sampling rate is not above 0", 272);
  const auto checked = std::min<std::uint64_t>(head_end, file.size());
  const Bytes head = CSL_TRY(read_bytes(file, 10, checked - 10, head_end));
  if (crc_ccitt(head) != stated) {
    header.notes.push_back({.what = "the header's checksum is wrong", .where = "byte 8"});
  }
  return header;
}

}  // namespace

Result<std::unique_ptr<SampleSource>> open_ishne(std::shared_ptr<const ByteSource> file) {
  Header ishne = CSL_TRY(read_header(*file, "ISHNE1.0"));
  const std::uint64_t stride = 2U * static_cast<std::uint64_t>(ishne.lead_count);
  const auto present = static_cast<std::int64_t>(
      (file->size() - std::min(file->size(), ishne.data_offset)) / stride);
  RecordHeader header;
  header.notes = std::move(ishne.notes);
  if (ishne.sample_count != present) {
    header.notes.push_back({.what = fmt::format("{} samples a lead are stated, {} are there",
                                                ishne.sample_count, present),
                            .where = "byte 14"});
  }
  std::vector<PackedTrack> tracks;
  for (std::size_t lead = 0; lead < static_cast<std::size_t>(ishne.lead_count); ++lead) {
    const int spec = ishne.leads[lead];
    const bool is_named = spec >= 2 && spec < static_cast<int>(lead_names.size());
    Channel channel{.name = is_named ? std::string(lead_names[static_cast<std::size_t>(spec)])
                                     : fmt::format("lead {}", lead + 1),
                    .unit = "uV",
                    .rate = CSL_TRY(Rate::of(ishne.rate_hz, 1)),
                    .adc_bits = 16};
    const int nv = ishne.resolution_nv[lead];
    if (nv <= 0) {
      header.notes.push_back({.what = "a lead states no resolution; 1 uV is taken",
                              .where = fmt::format("byte {}", 206 + 2 * lead)});
      channel.calibration = Calibration::Assumed;
    }
    channel.adu_per_unit = nv <= 0 ? 1.0 : 1000.0 / nv;
    set_range(channel, -32768, 32767);
    header.channels.push_back(std::move(channel));
    tracks.push_back(
        {.offset = ishne.data_offset + 2 * lead, .stride = stride, .stored_count = present});
  }
  header.identity = Protected<RecordIdentity>(std::move(ishne.identity));
  return packed_source(std::move(header), std::move(file), std::move(tracks));
}

Result<IshneAnnotations> read_ishne_annotations(const ByteSource& file,
                                                const RecordHeader& record) {
  Header ishne = CSL_TRY(read_header(file, "ANN  1.0"));
  IshneAnnotations read{.notes = std::move(ishne.notes)};
  const std::uint64_t size = file.size() - std::min(file.size(), ishne.data_offset);
  const Bytes bytes = CSL_TRY(read_bytes(file, ishne.data_offset, size, annotation_bytes_max));
  ByteReader reader(bytes, std::endian::little, ishne.data_offset);
  if (reader.left() < 4) return wrong("the annotations have no begin", reader.offset());
  std::int64_t sample = CSL_TRY(reader.i32());
  const double ticks = record.tick_rate.hz() / ishne.rate_hz;
  std::size_t past = 0;
  while (reader.left() >= 4) {
    const char label = static_cast<char>(CSL_TRY(reader.u8()));
    CSL_TRY(reader.skip(1));
    // The distance is that from the beat before; the first beat stands where the begin says.
    const std::uint16_t distance = CSL_TRY(reader.u16());
    if (!read.events.empty()) sample += distance;
    SignalEvent event{.at = Tick{std::llround(static_cast<double>(sample) * ticks)}};
    switch (label) {
      case 'N':
      case 'V':
      case 'S':
      case 'F':
        event.code = mit_code_of(std::string_view(&label, 1)).value_or(MitCode::None);
        break;
      case 'U':
        event.code = MitCode::Unclassifiable;
        break;
      case 'X':
        event.code = MitCode::Artifact;
        break;
      default:
        event.code = MitCode::Note;
        event.text.assign(1, label > ' ' && label <= '~' ? label : '?');
    }
    if (event.at.value >= record.length_ticks) ++past;
    read.events.push_back(std::move(event));
  }
  if (reader.left() > 0) {
    read.notes.push_back({.what = "what follows the last whole annotation is left out",
                          .where = fmt::format("{} bytes at the end", reader.left())});
  }
  if (past > 0) {
    read.notes.push_back(
        {.what = fmt::format("{} annotations lie past the recording's end", past)});
  }
  return read;
}

}  // namespace consilium
