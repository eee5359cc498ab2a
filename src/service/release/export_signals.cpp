// Beats and intervals as WFDB annotations, EDF+ annotations and CSV.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <map>

#include "base/canonical_json.hpp"
#include "domain/protocol/recording_plan.hpp"
#include "domain/protocol/state_ends.hpp"
#include "format/edf/edf_writer.hpp"
#include "format/signal_csv/annotation_csv.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// What an export needs of the recording: its time line and the names of its channels.
struct Timeline {
  RecordHeader header;
  [[nodiscard]] std::int32_t index_of(const std::string& name) const {
    for (std::size_t i = 0; i < header.channels.size(); ++i) {
      if (header.channels[i].name == name) return static_cast<std::int32_t>(i);
    }
    return 0;
  }
};

Result<Timeline> timeline_of(const storage::Reader& reader, const storage::ItemRow& item) {
  const storage::RecordingRow row =
      CSL_TRY(storage::find_recording(reader, CSL_TRY(parse_id<RecordingId>(item.source_id))));
  const json::value value = CSL_TRY(parse_json(row.header_json));
  Timeline timeline;
  const json::value& rate = value.at("tick_rate");
  timeline.header.tick_rate = CSL_TRY(
      Rate::of(rate.at("num").to_number<std::int64_t>(), rate.at("den").to_number<std::int64_t>()));
  timeline.header.length_ticks = value.at("length_ticks").to_number<std::int64_t>();
  for (const json::value& entry : value.at("channels").as_array()) {
    Channel channel;
    channel.name = entry.at("name").as_string();
    channel.ticks_per_sample = entry.at("ticks_per_sample").to_number<std::int64_t>();
    channel.sample_count = entry.at("sample_count").to_number<std::int64_t>();
    timeline.header.channels.push_back(std::move(channel));
  }
  return timeline;
}

// The label's code and text: by the protocol's export mapping, else a note that names the label.
void put_code(const ExportedAnnotation& annotation, SignalEvent& event) {
  const std::string label = annotation.stored.body.label.value_or("");
  const LabelSpec* spec = annotation.protocol->protocol.label(label);
  if (spec != nullptr && spec->exported.wfdb) {
    event.code = static_cast<MitCode>(spec->exported.wfdb->code);
    event.text = spec->exported.wfdb->aux;
  } else {
    event.code = MitCode::Note;
    event.text = label;
  }
  // Brackets stand for an interval's code in MIT files: its label is then said in words.
  const bool is_bracketed = event.duration_ticks > 0 && event.code != MitCode::RhythmChange;
  if (is_bracketed && event.text.empty()) event.text = label;
}

// Which group each member of a chain belongs to: "waves 12".
std::map<AnnotationId, std::string> groups_of(const std::vector<ExportedAnnotation>& annotations) {
  std::map<AnnotationId, std::string> groups;
  int number = 0;
  for (const ExportedAnnotation& annotation : annotations) {
    const auto* chain = std::get_if<ChainTarget>(&annotation.stored.body.target);
    if (chain == nullptr) continue;
    const std::string name =
        annotation.stored.body.label.value_or("group") + " " + std::to_string(++number);
    for (const AnnotationId& member : chain->members) groups.emplace(member, name);
  }
  return groups;
}

// Where the states of one rater end; annotations of one recording share their protocol version.
std::vector<std::int64_t> ends_of(const std::vector<ExportedAnnotation>& annotations,
                                  std::int64_t length_ticks) {
  if (annotations.empty()) return {};
  std::vector<Annotation> bodies;
  bodies.reserve(annotations.size());
  for (const ExportedAnnotation& one : annotations) bodies.push_back(one.stored.body);
  return state_ends(annotations.front().protocol->protocol, bodies, length_ticks);
}

std::optional<SignalEvent> event_of(const ExportedAnnotation& annotation, const Timeline& timeline,
                                    std::int64_t end_tick) {
  SignalEvent event;
  if (const auto* sample = std::get_if<SampleTarget>(&annotation.stored.body.target)) {
    event.at = {sample->tick};
    if (sample->channel) event.channels = {timeline.index_of(*sample->channel)};
  } else if (const auto* interval = std::get_if<IntervalTarget>(&annotation.stored.body.target)) {
    event.at = {interval->begin_tick};
    event.duration_ticks = end_tick - interval->begin_tick;
    for (const std::string& channel : interval->channels) {
      event.channels.push_back(timeline.index_of(channel));
    }
  } else {
    return std::nullopt;
  }
  put_code(annotation, event);
  return event;
}

AnnotationRow csv_row(const ExportWork& work, const ExportCase& one,
                      const ExportedAnnotation& annotation, const SignalEvent& event,
                      const Timeline& timeline) {
  const TickRate rate = timeline.header.tick_rate;
  const Annotation& body = annotation.stored.body;
  AnnotationRow row{.record = ExportWork::name_of_item(one.item),
                    .rater = work.rater_pseudonym(annotation.stored.rater.id),
                    .label = body.label.value_or(""),
                    .code = event.code,
                    .onset_ns = ns_of_tick(event.at, rate).value_or(0),
                    .duration_ns = ns_of_tick({event.duration_ticks}, rate).value_or(0),
                    .protocol = body.protocol.id + "@" + body.protocol.version,
                    .created_at = to_rfc3339(annotation.stored.created_at),
                    .stage = annotation.adjudicated ? "adjudicate" : "label"};
  std::int64_t ticks_per_sample = 1;
  if (!timeline.header.channels.empty()) {
    const std::size_t channel =
        event.channels.empty() ? 0 : static_cast<std::size_t>(event.channels.front());
    ticks_per_sample = timeline.header.channels[channel].ticks_per_sample;
  }
  row.sample = event.at.value / ticks_per_sample;
  for (const std::int32_t channel : event.channels) {
    row.channels.push_back(timeline.header.channels[static_cast<std::size_t>(channel)].name);
  }
  return row;
}

Status write_record(ExportWork& work, ExportFormat format, const std::string& folder,
                    const std::string& name, const std::vector<SignalEvent>& events,
                    const Timeline& timeline) {
  if (format == ExportFormat::Edf) {
    Bytes file;
    CSL_TRY(
        write_edf_annotations(events, timeline.header.tick_rate, {}, [&](ByteView bytes) -> Status {
          file.insert(file.end(), bytes.begin(), bytes.end());
          return {};
        }));
    return work.sink(folder + name + ".edf", file);
  }
  const TickRate rate = timeline.header.tick_rate;
  const Bytes atr =
      CSL_TRY(write_mit_annotations(CSL_TRY(annotations_of(events, timeline.header, rate))));
  // A header without signals: it says what the times count in, and how long the record is.
  std::array<char, 160> header{};
  std::snprintf(header.data(), header.size(), "%s 0 %.12g %lld\n", name.c_str(), rate.hz(),
                static_cast<long long>(timeline.header.length_ticks));
  CSL_TRY(work.sink(folder + name + ".hea", bytes_of(header.data())));
  return work.sink(folder + name + ".atr", atr);
}

}  // namespace

Status export_signals(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
  std::vector<AnnotationRow> rows;
  for (const ExportCase& one : cases) {
    if (one.item.kind != "signal") {
      work.exclude("not a recording", static_cast<std::int64_t>(one.annotations.size()));
      continue;
    }
    const Timeline timeline = CSL_TRY(timeline_of(work.reader, one.item));
    for (const RaterRef& rater : one.raters()) {
      std::vector<SignalEvent> events;
      const std::vector<ExportedAnnotation> own = one.of_rater(rater.id);
      const std::vector<std::int64_t> ends = ends_of(own, timeline.header.length_ticks);
      const std::map<AnnotationId, std::string> groups = groups_of(own);
      const std::map<std::string, std::string> edf_texts =
          own.empty() || format != ExportFormat::Edf ? std::map<std::string, std::string>{}
                                                     : edf_texts_of(own.front().protocol->protocol);
      for (std::size_t i = 0; i < own.size(); ++i) {
        const ExportedAnnotation& annotation = own[i];
        std::optional<SignalEvent> event = event_of(annotation, timeline, ends[i]);
        if (!event) {
          const bool is_group = std::holds_alternative<ChainTarget>(annotation.stored.body.target);
          if (!is_group) work.exclude("an answer on the whole recording");
          if (is_group && format != ExportFormat::SignalCsv) {
            work.exclude("a group of marks: the format keeps the marks, not what joins them");
          }
          continue;
        }
        rows.push_back(csv_row(work, one, annotation, *event, timeline));
        const auto group = groups.find(annotation.stored.body.id);
        if (group != groups.end()) rows.back().group = group->second;
        // In EDF+ words say more than a code.
        if (format == ExportFormat::Edf) {
          const std::string label = annotation.stored.body.label.value_or("");
          const auto text = edf_texts.find(label);
          event->text = text == edf_texts.end() ? label : text->second;
        }
        events.push_back(std::move(*event));
        ++work.annotation_count;
      }
      if (format == ExportFormat::SignalCsv || events.empty()) continue;
      std::ranges::stable_sort(events, {}, &SignalEvent::at);
      // "-" is no part of a WFDB record's name.
      std::string name = ExportWork::name_of_item(one.item);
      std::ranges::replace(name, '-', '_');
      CSL_TRY(write_record(work, format, work.folder_of(own), name, events, timeline));
    }
  }
  if (format != ExportFormat::SignalCsv) return {};
  return work.sink("annotations.csv", bytes_of(write_annotation_csv(rows)));
}

}  // namespace consilium::service
