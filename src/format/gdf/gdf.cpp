#include "format/gdf/gdf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/byte_reader.hpp"
#include "domain/signal/sample_table.hpp"
#include "format/number_text/number_text.hpp"
#include "format/packed_samples/packed_samples.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t fixed_bytes = 256;
constexpr std::uint64_t signal_count_max = 4096;
constexpr std::uint64_t events_bytes_max = 64U << 20U;
constexpr std::uint32_t samples_per_record_max = 1U << 24U;

std::unexpected<Error> wrong(std::string what, std::uint64_t byte) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("byte {}", byte),
              "export the recording again from the system that made it");
}

struct Header {
  bool is_two = false;  // version 2.x
  double version = 0;
  std::uint64_t header_bytes = 0;
  std::int64_t record_count = -1;
  std::uint32_t seconds_numerator = 1;
  std::uint32_t seconds_denominator = 1;
  std::uint64_t signal_count = 0;
  RecordIdentity identity{};
};

std::string text_field(std::string_view text) {
  return utf8_of(stripped(text.substr(0, text.find('\0'))));
}

Result<Header> read_fixed(const Bytes& bytes) {
  ByteReader reader(bytes);
  Header header;
  const std::string_view mark = CSL_TRY(reader.text(8));
  const auto version = mark.starts_with("GDF ") ? decimal_in(mark.substr(4)) : std::nullopt;
  if (!version || *version < 1 || *version >= 3) {
    return fail(ErrorCode::Unsupported, "this is no GDF file of version 1 or 2", "byte 0");
  }
  header.version = *version;
  header.is_two = *version >= 2;
  const std::string patient = text_field(CSL_TRY(reader.text(header.is_two ? 66 : 80)));
  // The id up to the first blank, then the name (2.x; "X" for none).
  header.identity.patient_id = patient.substr(0, patient.find(' '));
  if (header.identity.patient_id == "X") header.identity.patient_id.clear();
  if (const std::size_t blank = patient.find(' '); header.is_two && blank != std::string::npos) {
    header.identity.patient_name = std::string(stripped(std::string_view(patient).substr(blank)));
    if (header.identity.patient_name == "X") header.identity.patient_name.clear();
  }
  CSL_TRY(reader.seek(184));
  header.header_bytes =
      header.is_two ? std::uint64_t{CSL_TRY(reader.u16())} * 256 : CSL_TRY(reader.u64());
  CSL_TRY(reader.seek(236));
  header.record_count = static_cast<std::int64_t>(CSL_TRY(reader.u64()));
  header.seconds_numerator = CSL_TRY(reader.u32());
  header.seconds_denominator = CSL_TRY(reader.u32());
  header.signal_count =
      header.is_two ? std::uint64_t{CSL_TRY(reader.u16())} : std::uint64_t{CSL_TRY(reader.u32())};
  if (header.signal_count < 1 || header.signal_count > signal_count_max) {
    return wrong("the number of signals is out of range", 252);
  }
  if (header.seconds_numerator == 0 || header.seconds_denominator == 0) {
    return wrong("a data record takes no time", 244);
  }
  if (header.header_bytes < (header.signal_count + 1) * 256) {
    return wrong("the header is shorter than its signals take", 184);
  }
  return header;
}

std::optional<PackedForm> form_of(std::uint32_t type) {
  switch (type) {
    case 1:
      return PackedForm::I8;
    case 2:
      return PackedForm::U8;
    case 3:
      return PackedForm::I16;
    case 4:
      return PackedForm::U16;
    case 5:
      return PackedForm::I32;
    case 6:
      return PackedForm::U32;
    case 16:
      return PackedForm::F32;
    case 17:
      return PackedForm::F64;
    case 255 + 24:
      return PackedForm::I24;
    default:
      return std::nullopt;
  }
}

// The codes of ISO/IEEE 11073-10101 for a volt and its parts.
std::string unit_of_code(std::uint16_t code) {
  switch (code) {
    case 4256:
      return "V";
    case 4274:
      return "mV";
    case 4275:
      return "uV";
    case 4276:
      return "nV";
    case 544:
      return "%";
    default:
      return "";
  }
}

struct Signals {
  std::vector<Channel> channels{};
  std::vector<PackedTrack> tracks{};
  std::uint64_t record_bytes = 0;
};

// One field of all signals after the other.
class SignalFields {
 public:
  SignalFields(const Bytes& bytes, std::uint64_t count)
      : reader_(bytes, std::endian::little, fixed_bytes), count_(count) {}
  // The field of signal `index` that begins `offset` bytes into a signal's 256 and has `size`.
  Result<ByteReader> field(std::size_t index, std::uint64_t offset, std::uint64_t size) {
    CSL_TRY(reader_.seek(offset * count_ + index * size));
    return reader_.sub_reader(size);
  }

 private:
  ByteReader reader_;
  std::uint64_t count_;
};

Result<Channel> channel_of(const Header& header, SignalFields& fields, std::size_t index,
                           double& scale, PackedForm form, std::uint32_t per_record) {
  Channel channel;
  ByteReader label = CSL_TRY(fields.field(index, 0, 16));
  channel.name = text_field(CSL_TRY(label.text(16)));
  if (channel.name.empty()) channel.name = fmt::format("channel {}", index + 1);
  ByteReader transducer = CSL_TRY(fields.field(index, 16, 80));
  channel.transducer = text_field(CSL_TRY(transducer.text(80)));
  if (header.is_two) {
    ByteReader code = CSL_TRY(fields.field(index, 102, 2));
    channel.unit = unit_of_code(CSL_TRY(code.u16()));
  } else {
    ByteReader unit = CSL_TRY(fields.field(index, 96, 8));
    channel.unit = text_field(CSL_TRY(unit.text(8)));
  }
  std::array<double, 4> range{};  // physical low and high, digital low and high
  for (std::size_t i = 0; i < 4; ++i) {
    ByteReader value = CSL_TRY(fields.field(index, 104 + 8 * i, 8));
    const bool is_whole = !header.is_two && i >= 2;
    range[i] = is_whole ? static_cast<double>(static_cast<std::int64_t>(CSL_TRY(value.u64())))
                        : CSL_TRY(value.f64());
  }
  const double gain = (range[3] - range[2]) / (range[1] - range[0]);
  double baseline = range[2] - range[0] * gain;
  channel.adu_per_unit = gain;
  if (!std::isfinite(gain) || gain == 0 || !std::isfinite(1 / gain) || !std::isfinite(baseline)) {
    channel.adu_per_unit = 1;
    baseline = 0;
    channel.calibration = Calibration::Assumed;
  }
  if (form == PackedForm::F32 || form == PackedForm::F64) {
    const double steps = channel.unit == "mV" ? 1e6 : channel.unit == "V" ? 1e9 : 1e3;
    scale = steps / channel.adu_per_unit;
    channel.adu_per_unit = steps;
    baseline *= scale;
  }
  channel.baseline_adu = baseline;
  const auto rate = Rate::of(header.seconds_denominator, header.seconds_numerator);
  channel.rate = CSL_TRY(CSL_TRY(rate).times(per_record));
  const PackedRange all = range_of(form);
  set_range(channel, all.low, all.high);
  return channel;
}

Result<Signals> read_signals(const Header& header, const Bytes& bytes) {
  SignalFields fields(bytes, header.signal_count);
  Signals signals;
  for (std::size_t i = 0; i < header.signal_count; ++i) {
    ByteReader count = CSL_TRY(fields.field(i, 216, 4));
    ByteReader type = CSL_TRY(fields.field(i, 220, 4));
    const std::uint32_t per_record = CSL_TRY(count.u32());
    const std::uint32_t number = CSL_TRY(type.u32());
    const auto form = form_of(number);
    if (!form) {
      return fail(ErrorCode::Unsupported, "the samples are of a form that is not read",
                  fmt::format("signal {}, type {}", i + 1, number), "export them as 16 bits");
    }
    if (per_record > samples_per_record_max) {
      return wrong("a data record holds too many samples", fixed_bytes + 216 * header.signal_count);
    }
    if (per_record == 0) continue;  // a signal of events alone (2.x)
    PackedTrack track{.form = *form,
                      .offset = header.header_bytes + signals.record_bytes,
                      .per_block = per_record};
    signals.channels.push_back(
        CSL_TRY(channel_of(header, fields, i, track.scale, *form, per_record)));
    signals.tracks.push_back(track);
    signals.record_bytes += per_record * bytes_of(*form);
  }
  if (signals.record_bytes == 0) return wrong("the data records are empty", fixed_bytes);
  return signals;
}

struct EventTable {
  std::vector<SignalEvent> events{};
  std::vector<ReadNote> notes{};
};

// Behind the data records: positions count from 1 in the table's own rate.
Result<EventTable> read_events(const Header& header, const ByteSource& file, std::uint64_t offset,
                               const RecordHeader& record) {
  EventTable table;
  if (offset + 8 > file.size()) return table;
  const Bytes bytes = CSL_TRY(read_bytes(file, offset, file.size() - offset, events_bytes_max));
  ByteReader reader(bytes, std::endian::little, offset);
  const int mode = CSL_TRY(reader.u8());
  const ByteView three = CSL_TRY(reader.take(3));
  const std::uint32_t low = std::to_integer<std::uint32_t>(three[0]) |
                            std::to_integer<std::uint32_t>(three[1]) << 8U |
                            std::to_integer<std::uint32_t>(three[2]) << 16U;
  std::uint32_t count = low;
  double rate = low;
  if (header.version < 1.94) {
    count = CSL_TRY(reader.u32());
  } else {
    rate = CSL_TRY(reader.f32());
  }
  if (!(rate > 0) || !std::isfinite(rate)) rate = record.channels.front().rate.hz();
  const bool has_more = (mode & 2) != 0;
  const std::uint64_t each = has_more ? 12 : 6;
  const auto present =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(count, reader.left() / each));
  if (present < count) {
    table.notes.push_back(
        {.what = fmt::format("{} events are stated, {} are there", count, present),
         .where = fmt::format("byte {}", offset)});
  }
  // Positions of all, then types of all; where the table is cut these columns lie as stated.
  if (present < count) return table;
  const double ticks = record.tick_rate.hz() / rate;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t position = CSL_TRY(reader.u32());
    table.events.push_back(
        {.at = Tick{std::llround((position == 0 ? 0.0 : position - 1.0) * ticks)}});
  }
  for (SignalEvent& event : table.events)
    event.text = fmt::format("0x{:04X}", CSL_TRY(reader.u16()));
  if (has_more) {
    for (SignalEvent& event : table.events) {
      const int channel = CSL_TRY(reader.u16());
      if (channel > 0 && channel <= std::ssize(record.channels)) event.channels = {channel - 1};
    }
    for (SignalEvent& event : table.events) {
      event.duration_ticks = std::llround(CSL_TRY(reader.u32()) * ticks);
    }
  }
  std::ranges::stable_sort(table.events, {}, &SignalEvent::at);
  return table;
}

}  // namespace

Result<Recording> open_gdf(std::shared_ptr<const ByteSource> file) {
  Header gdf = CSL_TRY(read_fixed(CSL_TRY(read_bytes(*file, 0, fixed_bytes, fixed_bytes))));
  const std::uint64_t fields = gdf.signal_count * 256;
  Signals signals =
      CSL_TRY(read_signals(gdf, CSL_TRY(read_bytes(*file, fixed_bytes, fields, fields))));
  RecordHeader header;
  const std::uint64_t data = file->size() - std::min(file->size(), gdf.header_bytes);
  const auto present = static_cast<std::int64_t>(data / signals.record_bytes);
  std::int64_t records = gdf.record_count;
  if (records < 0 || records > present) {
    header.notes.push_back(
        {.what = fmt::format("{} data records are stated, {} are there", records, present),
         .where = "byte 236"});
    records = present;
  }
  for (std::size_t c = 0; c < signals.channels.size(); ++c) {
    signals.tracks[c].stride = signals.record_bytes;
    signals.tracks[c].stored_count = records * signals.tracks[c].per_block;
    signals.channels[c].sample_count = signals.tracks[c].stored_count;
  }
  header.channels = std::move(signals.channels);
  header.identity = Protected<RecordIdentity>(std::move(gdf.identity));
  CSL_TRY(set_time_line(header));
  const std::uint64_t end =
      gdf.header_bytes + static_cast<std::uint64_t>(records) * signals.record_bytes;
  EventTable table = CSL_TRY(read_events(gdf, *file, end, header));
  std::ranges::move(table.notes, std::back_inserter(header.notes));
  Recording recording;
  recording.events = std::move(table.events);
  recording.samples =
      CSL_TRY(packed_source(std::move(header), std::move(file), std::move(signals.tracks)));
  return recording;
}

}  // namespace consilium
