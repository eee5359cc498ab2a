// PS3.3 C.10.10: the annotations of a waveform object, both ways.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/read_code.hpp"
#include "format/dicom_waveform/dicom_waveform.hpp"
#include "format/dicom_waveform/waveform_groups.hpp"
#include "format/dicom_write/derived_object.hpp"
#include "format/dicom_write/part10.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace waveform {
namespace {

constexpr DicomTag text_value = dicom_tag(0x00700006);
constexpr DicomTag concept_name = dicom_tag(0x0040A043);
constexpr DicomTag concept_code = dicom_tag(0x0040A168);
constexpr DicomTag numeric_value = dicom_tag(0x0040A30A);
constexpr DicomTag measurement_units = dicom_tag(0x004008EA);
constexpr DicomTag referenced_channels = dicom_tag(0x0040A0B0);
constexpr DicomTag range_type = dicom_tag(0x0040A130);
constexpr DicomTag sample_positions = dicom_tag(0x0040A132);
constexpr DicomTag time_offsets = dicom_tag(0x0040A138);
constexpr DicomTag group_number = dicom_tag(0x0040A180);

std::string text_of_annotation(const DicomDataset& item) {
  std::string text = item.text(text_value);
  if (!text.empty()) return text;
  if (const auto name = first_code(item, concept_name)) text = name->display;
  if (const auto value = first_code(item, concept_code)) {
    text += (text.empty() ? "" : ": ") + value->display;
  }
  if (const auto number = item.number(numeric_value)) {
    text += fmt::format("{}{:g}", text.empty() ? "" : ": ", *number);
    if (const auto unit = first_code(item, measurement_units)) text += " " + unit->code;
  }
  return text;
}

// Pairs of group and channel; channel 0 is the whole group.
std::vector<std::int32_t> channels_of(const DicomDataset& item,
                                      const std::vector<ChannelNumber>& numbers) {
  const std::vector<std::int64_t> pairs = item.integers(referenced_channels);
  std::vector<std::int32_t> channels;
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      if (pairs[i] == numbers[c].group &&
          (pairs[i + 1] == 0 || pairs[i + 1] == numbers[c].channel)) {
        channels.push_back(static_cast<std::int32_t>(c));
        break;
      }
    }
  }
  if (channels.size() == numbers.size()) channels.clear();
  return channels;
}

// The annotation's times as ticks; none where it has none or another clock.
std::vector<Tick> times_of(const DicomDataset& item, const RecordHeader& record,
                           const std::vector<ChannelNumber>& numbers,
                           const std::vector<std::int32_t>& channels) {
  std::vector<Tick> times;
  const std::vector<std::int64_t> samples = item.integers(sample_positions);
  if (!samples.empty()) {
    // Samples are counted from 1 in the group of the first channel (C.10.10.1.1).
    const auto first = static_cast<std::size_t>(channels.empty() ? 0 : channels.front());
    const Channel& channel = record.channels[first];
    for (const std::int64_t sample : samples) {
      const std::int64_t index = std::max<std::int64_t>(sample, 1) - 1 + numbers[first].lead_in;
      if (index <= channel.sample_count) times.push_back(Tick{index * channel.ticks_per_sample});
    }
    return times;
  }
  for (const double seconds : item.numbers(time_offsets)) {
    const double ticks = std::round(seconds * record.tick_rate.hz());
    if (std::abs(ticks) < 1e15) times.push_back(Tick{static_cast<std::int64_t>(ticks)});
  }
  return times;
}

}  // namespace

std::vector<SignalEvent> events_in(const DicomDataset& dataset, const RecordHeader& record,
                                   const std::vector<ChannelNumber>& numbers,
                                   std::vector<ReadNote>& notes) {
  std::vector<SignalEvent> events;
  std::size_t left_out = 0;
  for (const DicomDataset& item : dataset.items(waveform_annotation_sequence)) {
    const std::vector<std::int32_t> channels = channels_of(item, numbers);
    const bool on_others = !item.integers(referenced_channels).empty() && channels.empty() &&
                           !std::ranges::any_of(numbers, [&](const ChannelNumber& number) {
                             return item.integer(referenced_channels) == number.group;
                           });
    const std::string text = text_of_annotation(item);
    std::vector<Tick> times = times_of(item, record, numbers, channels);
    if (on_others || text.empty()) {
      ++left_out;
      continue;
    }
    const auto code = mit_code_of(text);
    const auto add = [&](Tick at, std::int64_t duration) {
      events.push_back({.at = at,
                        .duration_ticks = duration,
                        .channels = channels,
                        .code = code.value_or(MitCode::None),
                        .text = code ? std::string() : text});
    };
    const std::string_view type = item.ascii(range_type);
    if (times.empty()) {
      add(Tick{0}, 0);  // of the recording as a whole
    } else if (type == "SEGMENT" || type == "MULTISEGMENT") {
      for (std::size_t i = 0; i + 1 < times.size(); i += 2) {
        add(times[i], std::max<std::int64_t>(0, times[i + 1].value - times[i].value));
      }
    } else {
      for (const Tick at : times) add(at, 0);
    }
  }
  std::ranges::stable_sort(events, {}, &SignalEvent::at);
  if (left_out > 0) {
    notes.push_back({.what = fmt::format("{} annotations of derived channels, or that say nothing, "
                                         "stay in the object",
                                         left_out),
                     .where = "(0040,B020)"});
  }
  return events;
}

}  // namespace waveform

namespace {

using namespace waveform;

// The places of data are not needed to know the channels: those that are there have a length.
std::vector<DataPlace> lengths_of(const DicomDataset& dataset) {
  std::vector<DataPlace> places;
  for (const DicomDataset& item : dataset.items(waveform_sequence)) {
    const DicomElement* data = item.find(waveform_data);
    places.push_back({.length = data == nullptr ? 0 : data->value.bytes().size()});
  }
  return places;
}

Result<DicomDataset> annotation_item(const SignalEvent& event, std::size_t index,
                                     const RecordHeader& record,
                                     const std::vector<ChannelNumber>& numbers) {
  const std::string where = fmt::format("event {}", index);
  const std::string text = event.code == MitCode::None || !event.text.empty()
                               ? event.text
                               : std::string(mnemonic(event.code));
  // An item may name a character set of its own (PS3.3 C.12.1.1.2).
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return c >= 0; });
  DicomDataset item(std::endian::little, parse_dicom_charset(is_ascii ? "" : "ISO_IR 192"));
  if (!is_ascii) item.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  std::vector<std::int64_t> pairs;
  std::size_t clock = 0;
  for (const std::int32_t c : event.channels) {
    if (c < 0 || static_cast<std::size_t>(c) >= numbers.size()) {
      return fail(ErrorCode::InvalidInput, "an event is on a channel that is not there", where);
    }
    const ChannelNumber& number = numbers[static_cast<std::size_t>(c)];
    if (pairs.empty()) clock = static_cast<std::size_t>(c);
    pairs.insert(pairs.end(), {number.group, number.channel});
  }
  if (pairs.empty()) {
    for (const ChannelNumber& number : numbers) {
      if (pairs.empty() || pairs[pairs.size() - 2] != number.group) {
        pairs.insert(pairs.end(), {number.group, 0});
      }
    }
  }
  const std::int64_t end = event.at.value + event.duration_ticks;
  if (event.at.value < 0 || event.duration_ticks < 0 || end > record.length_ticks) {
    return fail(ErrorCode::InvalidInput, "an event lies outside the recording", where);
  }
  const std::int64_t step = record.channels[clock].ticks_per_sample;
  const auto position = [&](std::int64_t tick) {
    return std::max<std::int64_t>(1, (tick + step / 2) / step - numbers[clock].lead_in + 1);
  };
  item.put_integers(referenced_channels, Vr::Us, pairs);
  item.put_text(range_type, Vr::Cs, event.duration_ticks > 0 ? "SEGMENT" : "POINT");
  std::vector<std::int64_t> positions{position(event.at.value)};
  if (event.duration_ticks > 0) positions.push_back(position(end));
  item.put_integers(sample_positions, Vr::Ul, positions);
  item.put_integers(group_number, Vr::Us, std::vector<std::int64_t>{1});
  item.put_text(text_value, Vr::St, text);
  return item;
}

}  // namespace

Result<Bytes> write_waveform_annotations(const DicomFile& file, const RecordHeader& record,
                                         const std::vector<SignalEvent>& events) {
  const GroupsRead read = CSL_TRY(read_record_header(file.dataset, lengths_of(file.dataset)));
  if (read.numbers.size() != record.channels.size()) {
    return fail(ErrorCode::InvalidInput, "the labels are of another recording");
  }
  DicomDataset dataset = file.dataset;
  std::vector<DicomDataset> items;
  std::string said = std::string(dataset.ascii(tags::sop_instance_uid));
  for (std::size_t i = 0; i < events.size(); ++i) {
    items.push_back(CSL_TRY(annotation_item(events[i], i, record, read.numbers)));
    said += fmt::format("|{} {} {}", events[i].at.value, events[i].duration_ticks,
                        items.back().text(text_value));
    for (const std::int32_t c : events[i].channels) said += fmt::format(" {}", c);
  }
  dataset.erase(waveform_annotation_sequence);
  if (!items.empty()) dataset.put_items(waveform_annotation_sequence, std::move(items));
  dataset.put_text(tags::sop_instance_uid, Vr::Ui,
                   uid_from_name("waveform labels " + to_hex(sha256(bytes_of(said)))));
  return write_part10(dataset);
}

}  // namespace consilium
