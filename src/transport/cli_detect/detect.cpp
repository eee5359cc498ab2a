#include "transport/cli_detect/detect.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <vector>

#include "transport/cli_detect/body_signals.hpp"
#include "transport/cli_detect/classes.hpp"
#include "transport/cli_detect/ecg_record.hpp"
#include "transport/cli_detect/rhythm.hpp"
#include "transport/cli_detect/waves.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

struct Found {
  std::vector<SignalEvent> events;
  json::object counts;
  std::string text;  // "75 beats"
};

Result<Found> find_beats(const EcgRecord& record) {
  const auto beats = CSL_TRY(consilium::find_beats(record.ecg()));
  Found found{.events = {},
              .counts = {{"beats", beats.size()}},
              .text = fmt::format("{} beats", beats.size())};
  for (const QrsComplex& beat : beats) {
    found.events.push_back({.at = Tick{beat.sample_index * record.channel().ticks_per_sample},
                            .code = MitCode::Normal,
                            .chan = static_cast<int>(record.leads.front())});
  }
  return found;
}

Result<Found> find_waves(const EcgRecord& record, const DetectCommand& command) {
  // One lead's waves stand around the beats that all leads give.
  const EcgRecord all = CSL_TRY(open_ecg(command.record, std::nullopt));
  const bool is_beside = all.channel().rate == record.channel().rate;
  std::vector<std::int64_t> beats;
  for (const QrsComplex& beat : CSL_TRY(consilium::find_beats((is_beside ? all : record).ecg()))) {
    beats.push_back(beat.sample_index);
  }
  FoundWaves waves = CSL_TRY(waves_in(record, beats));
  const auto [p, qrs, t] = waves.counts;
  return Found{.events = std::move(waves.events),
               .counts = {{"p", p}, {"qrs", qrs}, {"t", t}},
               .text = fmt::format("{} P, {} QRS, {} T", p, qrs, t)};
}

// The beats of the annotation file that --beats names, else those that are found.
Result<std::vector<SignalEvent>> given_beats(const EcgRecord& record,
                                             const DetectCommand& command) {
  if (!command.beats.empty()) return read_annotations(record, command.beats);
  return CSL_TRY(find_beats(record)).events;
}

Result<Found> find_rhythm(const EcgRecord& record, const DetectCommand& command) {
  FoundSpans spans = CSL_TRY(rhythm_in(record, CSL_TRY(given_beats(record, command))));
  Found found{.events = std::move(spans.events),
              .counts = {{"pauses", spans.pauses}},
              .text = fmt::format("{} pauses", spans.pauses)};
  json::object seconds;
  for (const auto& [sign, length_s] : spans.seconds) {
    seconds[sign] = length_s;
    found.text += fmt::format(", {} {:.0f} s", sign, length_s);
  }
  found.counts["rhythm_seconds"] = std::move(seconds);
  return found;
}

Result<Found> find_quality(const EcgRecord& record, const DetectCommand& command) {
  std::vector<std::int64_t> beats;
  for (const SignalEvent& event : CSL_TRY(given_beats(record, command))) {
    if (is_beat(event.code)) beats.push_back(event.at.value / record.channel().ticks_per_sample);
  }
  FoundSpans spans = CSL_TRY(quality_in(record, beats));
  Found found{.events = std::move(spans.events), .counts = {}, .text = "poor"};
  json::array seconds;
  for (const auto& [name, length_s] : spans.seconds) {
    seconds.push_back({{"lead", name}, {"poor_seconds", length_s}});
    found.text += fmt::format(" {} {:.0f} s,", name, length_s);
  }
  found.text.pop_back();
  found.counts["quality"] = std::move(seconds);
  return found;
}

Result<Found> find_body_events(const EcgRecord& record, const std::string& what) {
  FoundBodyEvents events = CSL_TRY(body_events_in(record, what));
  return Found{.events = std::move(events.events),
               .counts = {{what, events.count}},
               .text = fmt::format("{} {}", events.count, what)};
}

Result<Found> find_classes(const EcgRecord& record, const DetectCommand& command) {
  if (command.model.empty()) {
    return fail(ErrorCode::InvalidInput, "beats are classed by a model, which is not given",
                "--model", "name one that `consilium classes train` wrote");
  }
  std::vector<SignalEvent> labels;
  if (!command.labels.empty()) labels = CSL_TRY(read_annotations(record, command.labels));
  FoundClasses classes =
      CSL_TRY(classes_in(record, CSL_TRY(given_beats(record, command)), command.model, labels));
  Found found{.events = std::move(classes.events), .counts = {}, .text = {}};
  json::object counts;
  for (std::size_t k = 0; k < beat_class_count; ++k) {
    counts[beat_class_names[k]] = classes.counts[k];
    found.text +=
        fmt::format("{}{} {}", k == 0 ? "" : ", ", classes.counts[k], beat_class_names[k]);
  }
  found.counts = {{"classes", std::move(counts)}, {"labels_used", classes.labels_used}};
  return found;
}

Result<Found> find(const EcgRecord& record, const DetectCommand& command) {
  if (is_body_signal(command.what)) return find_body_events(record, command.what);
  if (command.what == "waves") return find_waves(record, command);
  if (command.what == "rhythm") return find_rhythm(record, command);
  if (command.what == "quality") return find_quality(record, command);
  if (command.what == "classes") return find_classes(record, command);
  return find_beats(record);
}

}  // namespace

Result<int> detect_command(const DetectCommand& command) {
  CSL_TRY(check_annotator(command.annotator));
  const auto begin = std::chrono::steady_clock::now();
  std::optional<std::size_t> channel = command.channel;
  if (!channel && is_body_signal(command.what)) {
    channel = CSL_TRY(channel_for(command.record, command.what));
  }
  const EcgRecord record = CSL_TRY(open_ecg(command.record, channel));
  const Found found = CSL_TRY(find(record, command));
  CSL_TRY(write_annotations(record, found.events, command.out, command.annotator));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (command.json) {
    json::object answer{
        {"what", command.what}, {"channel", record.leads.front()}, {"leads", record.leads.size()}};
    for (const auto& count : found.counts) answer.insert_or_assign(count.key(), count.value());
    answer["hours"] = record.hours();
    answer["seconds"] = took.count();
    fmt::print("{}\n", json::serialize(answer));
  } else if (record.leads.size() == 1) {
    fmt::print("{} on channel {} in {:.2f} h\n", found.text, record.leads.front(), record.hours());
  } else {
    fmt::print("{} on {} leads in {:.2f} h\n", found.text, record.leads.size(), record.hours());
  }
  return 0;
}

}  // namespace consilium::cli
