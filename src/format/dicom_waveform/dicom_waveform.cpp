#include "format/dicom_waveform/dicom_waveform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "domain/image/dicom_tags.hpp"
#include "domain/signal/sample_table.hpp"
#include "format/dicom/identity.hpp"
#include "format/dicom/read_code.hpp"
#include "format/dicom_waveform/waveform_groups.hpp"
#include "format/lead_names/lead_names.hpp"
#include "format/packed_samples/packed_samples.hpp"

namespace consilium {
namespace waveform {
namespace {

constexpr std::int64_t channel_count_max = 512;

struct Group {
  std::string label{};
  bool is_derived = false;
  std::vector<Channel> channels{};
  std::vector<PackedTrack> tracks{};
  std::vector<ChannelNumber> numbers{};
};

std::unexpected<Error> wrong(std::string what, std::size_t group) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("waveform group {}", group + 1),
              "export the object again from the system that made it");
}

// PS3.3 C.10.9.1.5: what one sample is.
Result<PackedForm> form_of(const DicomDataset& item, std::size_t group) {
  const auto bits = item.integer(dicom_tag(0x54001004)).value_or(16);
  const std::string_view name = item.ascii(dicom_tag(0x54001006));
  if (bits == 8 && name == "SB") return PackedForm::I8;
  if (bits == 8 && name == "UB") return PackedForm::U8;
  if (bits == 8 && name == "MB") return PackedForm::Mulaw;
  if (bits == 8 && name == "AB") return PackedForm::Alaw;
  if (bits == 16 && (name == "SS" || name.empty())) return PackedForm::I16;
  if (bits == 16 && name == "US") return PackedForm::U16;
  if (bits == 32 && name == "SL") return PackedForm::I32;
  if (bits == 32 && name == "UL") return PackedForm::U32;
  return fail(ErrorCode::Unsupported, "the samples are of a form that is not read",
              fmt::format("waveform group {}", group + 1), "store them as SS in 16 bits");
}

// The padding value is of the samples' own form.
std::int32_t padding_of(const DicomDataset& item, PackedForm form) {
  const DicomElement* element = item.find(dicom_tag(0x5400100A));
  if (element == nullptr || element->value.bytes().size() < bytes_of(form)) {
    return missing_sample_default;
  }
  RecordHeader header;
  header.channels.emplace_back();
  const auto source = packed_source(
      std::move(header), view_source(element->value.bytes()),
      {{.form = form, .order = item.byte_order(), .stride = bytes_of(form), .stored_count = 1}});
  const auto value = source ? read_channel(**source, 0) : std::unexpected(source.error());
  return value ? value->front() : missing_sample_default;
}

std::string unit_of(const DicomDataset& definition) {
  const auto code = first_code(definition, dicom_tag(0x003A0211));
  if (!code) return "";
  // UCUM's "1" is a number without a unit; the micro sign is written as u.
  return code->code == "1" ? "" : code->code;
}

std::string name_of_channel(const DicomDataset& definition, std::size_t index) {
  if (const auto code = first_code(definition, dicom_tag(0x003A0208))) {
    // "5.6.3-9-61" of SCP-ECG, "2:61" of ISO/IEEE 11073: the number behind the last mark.
    const std::size_t mark = code->code.find_last_of("-:");
    int number = 0;
    if (mark != std::string::npos && (code->system == "SCPECG" || code->system == "MDC")) {
      std::from_chars(code->code.data() + mark + 1, code->code.data() + code->code.size(), number);
      if (const std::string_view lead = lead_of_number(number);
          !lead.empty() && (code->system == "SCPECG" || code->code.starts_with("2:"))) {
        return std::string(lead);
      }
    }
    if (!code->display.empty()) return lead_name(code->display);
  }
  const std::string label = definition.text(dicom_tag(0x003A0203));
  return label.empty() ? fmt::format("channel {}", index + 1) : lead_name(label);
}

std::string filter_of(const DicomDataset& definition) {
  std::string text;
  const auto add = [&](std::string_view name, std::uint32_t tag) {
    const auto value = definition.number(dicom_tag(tag));
    if (!value || *value <= 0) return;
    text += fmt::format("{}{}:{:g}Hz", text.empty() ? "" : " ", name, *value);
  };
  add("HP", 0x003A0220);
  add("LP", 0x003A0221);
  add("N", 0x003A0222);
  return text;
}

Result<Channel> channel_of(const DicomDataset& definition, const Rate& rate, PackedForm form,
                           std::size_t group, std::size_t index) {
  Channel channel{.name = name_of_channel(definition, index),
                  .unit = unit_of(definition),
                  .filter = filter_of(definition),
                  .rate = rate};
  const auto sensitivity = definition.number(dicom_tag(0x003A0210));
  const double correction = definition.number(dicom_tag(0x003A0212)).value_or(1.0);
  const double step = sensitivity.value_or(1.0) * correction;
  if (!std::isfinite(step) || step == 0.0 || !std::isfinite(1.0 / step)) {
    return wrong("a channel's sensitivity is 0 or no number", group);
  }
  channel.calibration = sensitivity ? Calibration::Stated : Calibration::Assumed;
  channel.adu_per_unit = 1.0 / step;
  channel.baseline_adu = -definition.number(dicom_tag(0x003A0213)).value_or(0.0) / step;
  channel.adc_bits = static_cast<int>(
      std::clamp<std::int64_t>(definition.integer(dicom_tag(0x003A021A)).value_or(0), 0, 32));
  const PackedRange range = range_of(form);
  set_range(channel, range.low, range.high);
  return channel;
}

// Missing samples before the first of a channel: the group begins later, or the channel is skewed.
Result<std::int64_t> lead_in_of(const DicomDataset& item, const DicomDataset& definition,
                                const Rate& rate, std::size_t group) {
  const double offset_ms = item.number(dicom_tag(0x00181068)).value_or(0.0);
  const double skew_s = definition.number(dicom_tag(0x003A0214)).value_or(0.0);
  const double skew = definition.number(dicom_tag(0x003A0215)).value_or(0.0);
  const double samples = std::round(offset_ms / 1000 * rate.hz() + skew_s * rate.hz() + skew);
  constexpr double most = 1e12;
  if (!(std::abs(samples) < most)) return wrong("a time offset is out of range", group);
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(samples));
}

Result<Group> read_group(const DicomDataset& item, std::size_t index, const DataPlace& place,
                         std::vector<ReadNote>& notes) {
  const std::string where = fmt::format("waveform group {}", index + 1);
  Group group{.label = item.text(dicom_tag(0x003A0020)),
              .is_derived = item.ascii(dicom_tag(0x003A0004)) == "DERIVED"};
  const std::int64_t channels = item.integer(dicom_tag(0x003A0005)).value_or(0);
  const std::int64_t stated = item.integer(dicom_tag(0x003A0010)).value_or(0);
  if (channels < 1 || channels > channel_count_max) {
    return wrong("the number of channels is out of range", index);
  }
  const auto rate = Rate::parse(item.ascii(dicom_tag(0x003A001A)));
  if (!rate) return wrong("the sampling frequency is no number above 0", index);
  const PackedForm form = CSL_TRY(form_of(item, index));
  const std::uint64_t frame = bytes_of(form) * static_cast<std::uint64_t>(channels);
  const auto present = static_cast<std::int64_t>(place.length / frame);
  if (present == 0) return wrong("the group holds no samples", index);
  if (present < stated || stated < 1) {
    notes.push_back(
        {.what = fmt::format("{} samples a channel are stated, {} are there", stated, present),
         .where = where});
  }
  const auto definitions = item.items(dicom_tag(0x003A0200));
  if (std::ssize(definitions) != channels) {
    notes.push_back({.what = fmt::format("{} channels are stated, {} are defined", channels,
                                         definitions.size()),
                     .where = where});
  }
  const DicomDataset none;
  const std::int32_t padding = padding_of(item, form);
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    const DicomDataset& definition = c < definitions.size() ? definitions[c] : none;
    Channel channel = CSL_TRY(channel_of(definition, *rate, form, index, c));
    channel.missing = padding;
    const std::int64_t lead_in = CSL_TRY(lead_in_of(item, definition, *rate, index));
    group.channels.push_back(std::move(channel));
    group.tracks.push_back({.form = form,
                            .order = item.byte_order(),
                            .offset = place.offset + c * bytes_of(form),
                            .stride = frame,
                            .stored_count = stated < 1 ? present : std::min(stated, present),
                            .lead_in = lead_in});
    group.numbers.push_back({.group = static_cast<int>(index) + 1,
                             .channel = static_cast<int>(c) + 1,
                             .rate = *rate,
                             .lead_in = lead_in});
  }
  return group;
}

// "20240311101530.25" or its parts.
std::optional<CivilTime> civil_time(std::string_view date, std::string_view time) {
  const auto part = [](std::string_view text, std::size_t at, std::size_t count) {
    int value = -1;
    if (text.size() < at + count) return value;
    const auto [end, problem] = std::from_chars(text.data() + at, text.data() + at + count, value);
    return problem == std::errc{} && end == text.data() + at + count ? value : -1;
  };
  CivilTime at{.year = part(date, 0, 4), .month = part(date, 4, 2), .day = part(date, 6, 2)};
  if (at.year < 1 || at.month < 1 || at.day < 1) return std::nullopt;
  at.hour = std::max(0, part(time, 0, 2));
  at.minute = std::max(0, part(time, 2, 2));
  at.second = std::max(0, part(time, 4, 2));
  return at;
}

std::string iso_date(std::string_view date) {
  if (date.size() != 8) return "";
  return fmt::format("{}-{}-{}", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2));
}

Protected<RecordIdentity> identity_of(const DicomDataset& dataset) {
  const DicomIdentity who = split_identity(dataset).identity;
  const AuditedAccess access = AuditedAccess::event_recorded();
  RecordIdentity identity{.issuer = who.issuer.reveal(access),
                          .patient_id = who.patient_id.reveal(access),
                          .patient_name = who.name.reveal(access),
                          .birth_date = iso_date(who.birth_date.reveal(access)),
                          .sex = who.sex.reveal(access)};
  const std::string_view both = dataset.ascii(tags::acquisition_date_time);
  if (both.size() >= 8) {
    identity.base_time = civil_time(both, both.substr(8));
  } else {
    identity.base_time =
        civil_time(dataset.ascii(tags::content_date), dataset.ascii(tags::content_time));
  }
  return Protected<RecordIdentity>(std::move(identity));
}

Result<std::vector<Group>> read_groups(const DicomDataset& dataset,
                                       const std::vector<DataPlace>& places,
                                       std::vector<ReadNote>& notes) {
  const auto items = dataset.items(waveform_sequence);
  if (items.empty() || items.size() != places.size()) {
    return fail(ErrorCode::Unsupported, "the object holds no waveform", "(5400,0100)");
  }
  std::vector<Group> groups;
  for (std::size_t g = 0; g < items.size(); ++g) {
    groups.push_back(CSL_TRY(read_group(items[g], g, places[g], notes)));
  }
  return groups;
}

struct Joined {
  GroupsRead read{};
  std::vector<PackedTrack> tracks{};
};

// The groups that were measured, on one time line. Where all are derived they are what there is.
Result<Joined> join_groups(const DicomDataset& dataset, const std::vector<DataPlace>& places) {
  Joined joined;
  RecordHeader& header = joined.read.header;
  std::vector<Group> groups = CSL_TRY(read_groups(dataset, places, header.notes));
  const bool all_derived = std::ranges::all_of(groups, &Group::is_derived);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Group& group = groups[g];
    if (group.is_derived && !all_derived) {
      header.notes.push_back(
          {.what = fmt::format("{} derived channels (an average beat or the like) stay in the "
                               "object and are not shown",
                               group.channels.size()),
           .where = fmt::format("waveform group {}", g + 1)});
      continue;
    }
    std::ranges::move(group.channels, std::back_inserter(header.channels));
    std::ranges::move(group.tracks, std::back_inserter(joined.tracks));
    std::ranges::move(group.numbers, std::back_inserter(joined.read.numbers));
  }
  header.identity = identity_of(dataset);
  return joined;
}

// Samples that are in memory with the object: the object lives as long as they do.
class HeldSource final : public SampleSource {
 public:
  HeldSource(std::shared_ptr<const Skimmed> object, std::unique_ptr<SampleSource> samples)
      : object_(std::move(object)), samples_(std::move(samples)) {}
  const RecordHeader& header() const override { return samples_->header(); }
  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    return samples_->read(channel, first, out);
  }
  Status read_block(TickSpan span, SignalBlock& out) const override {
    return samples_->read_block(span, out);
  }

 private:
  std::shared_ptr<const Skimmed> object_;
  std::unique_ptr<SampleSource> samples_;
};

}  // namespace

Result<GroupsRead> read_record_header(const DicomDataset& dataset,
                                      const std::vector<DataPlace>& places) {
  return CSL_TRY(join_groups(dataset, places)).read;
}

}  // namespace waveform

bool is_waveform_class(std::string_view sop_class_uid) {
  return sop_class_uid.starts_with("1.2.840.10008.5.1.4.1.1.9.");
}

Result<Recording> open_dicom_waveform(std::shared_ptr<const ByteSource> file) {
  std::shared_ptr<const waveform::Skimmed> object = CSL_TRY(waveform::skim(std::move(file)));
  const DicomDataset& dataset = object->file.dataset;
  waveform::Joined joined = CSL_TRY(waveform::join_groups(dataset, object->places));
  for (const std::string& note : object->file.notes) {
    joined.read.header.notes.push_back({.what = note});
  }
  // Events need the time line, notes of theirs belong to the header.
  RecordHeader timed = joined.read.header;
  for (std::size_t c = 0; c < timed.channels.size(); ++c) {
    timed.channels[c].sample_count = joined.tracks[c].stored_count + joined.tracks[c].lead_in;
  }
  CSL_TRY(set_time_line(timed));
  Recording recording;
  recording.events =
      waveform::events_in(dataset, timed, joined.read.numbers, joined.read.header.notes);
  auto samples = CSL_TRY(
      packed_source(std::move(joined.read.header), object->samples, std::move(joined.tracks)));
  recording.samples = std::make_unique<waveform::HeldSource>(object, std::move(samples));
  return recording;
}

Result<std::vector<WaveformGroup>> open_waveform_groups(std::shared_ptr<const ByteSource> file) {
  std::shared_ptr<const waveform::Skimmed> object = CSL_TRY(waveform::skim(std::move(file)));
  std::vector<ReadNote> notes;
  std::vector<WaveformGroup> opened;
  for (waveform::Group& group :
       CSL_TRY(waveform::read_groups(object->file.dataset, object->places, notes))) {
    RecordHeader header;
    header.channels = std::move(group.channels);
    auto samples =
        CSL_TRY(packed_source(std::move(header), object->samples, std::move(group.tracks)));
    opened.push_back(
        {.label = std::move(group.label),
         .is_derived = group.is_derived,
         .samples = std::make_unique<waveform::HeldSource>(object, std::move(samples))});
  }
  return opened;
}

}  // namespace consilium
