#include "format/sleep_xml/sleep_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "format/number_text/number_text.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr double seconds_max = 1e7;

std::unexpected<Error> wrong(std::string what, const XmlElement& at) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("line {}", at.line_number),
              "export the labels again from the system that made them");
}

// The number of a stage as both forms have it.
std::string stage_text(std::int64_t stage) {
  switch (stage) {
    case 0:
      return "Sleep stage W";
    case 1:
      return "Sleep stage N1";
    case 2:
      return "Sleep stage N2";
    case 3:
    case 4:
      return "Sleep stage N3";
    case 5:
      return "Sleep stage R";
    default:
      return "Sleep stage ?";
  }
}

class Reader {
 public:
  explicit Reader(const RecordHeader& record) : record_(record) {}

  Status read(const XmlElement& root) {
    const double epoch_s = decimal_in(root.text_at({"EpochLength"})).value_or(30);
    if (!(epoch_s > 0 && epoch_s < seconds_max)) return wrong("the epoch has no length", root);
    if (const XmlElement* scored = root.child("ScoredEvents")) {
      for (const XmlElement& event : scored->children) {
        if (event.name == "ScoredEvent") CSL_TRY(take_event(event));
      }
    }
    if (const XmlElement* stages = root.child("SleepStages")) {
      double at_s = 0;
      for (const XmlElement& stage : stages->children) {
        if (stage.name != "SleepStage") continue;
        add(at_s, epoch_s, stage_text(integer_in(stage.text).value_or(9)), "");
        at_s += epoch_s;
      }
    }
    std::ranges::stable_sort(labels.events, {}, &SignalEvent::at);
    if (past_ > 0) {
      labels.notes.push_back(
          {.what = fmt::format("{} labels lie past the recording's end", past_)});
    }
    return {};
  }

  SleepLabels labels{};

 private:
  Status take_event(const XmlElement& event) {
    const auto start = decimal_in(event.text_at({"Start"}));
    const auto length = decimal_in(event.text_at({"Duration"}));
    if (!start || std::abs(*start) > seconds_max || !length || *length < 0 ||
        *length > seconds_max) {
      return wrong("an event's time is no number of seconds", event);
    }
    // "Hypopnea|Hypopnea", "Stage 2 sleep|2": a name and what the recorder called it.
    std::string_view name = stripped(event.text_at({"EventConcept"}));
    if (name.empty()) name = stripped(event.text_at({"Name"}));
    const std::size_t bar = name.find('|');
    const std::string_view code = bar == std::string_view::npos ? name : name.substr(bar + 1);
    name = name.substr(0, bar);
    const bool is_stage = event.text_at({"EventType"}).starts_with("Stages");
    // The recording's begin, which carries the clock time.
    if (name.empty() || name == "Recording Start Time") return {};
    const std::string_view channel = event.child("SignalLocation") != nullptr
                                         ? event.text_at({"SignalLocation"})
                                         : event.text_at({"Input"});
    add(*start, *length, is_stage ? stage_text(integer_in(code).value_or(9)) : std::string(name),
        stripped(channel));
    return {};
  }

  void add(double start_s, double length_s, std::string text, std::string_view channel) {
    const double rate = record_.tick_rate.hz();
    SignalEvent event{.at = Tick{std::llround(start_s * rate)},
                      .duration_ticks = std::llround(length_s * rate),
                      .text = std::move(text)};
    const auto found = std::ranges::find(record_.channels, channel, &Channel::name);
    if (!channel.empty() && found != record_.channels.end()) {
      event.channels = {static_cast<std::int32_t>(found - record_.channels.begin())};
    }
    if (event.at.value >= record_.length_ticks) ++past_;
    labels.events.push_back(std::move(event));
  }

  const RecordHeader& record_;
  std::size_t past_ = 0;
};

}  // namespace

bool looks_like_sleep_xml(ByteView head) {
  const std::string_view text = text_of(head);
  return text.find("<PSGAnnotation") != std::string_view::npos ||
         text.find("<CMPStudyConfig") != std::string_view::npos;
}

Result<SleepLabels> read_sleep_xml(ByteView bytes, const RecordHeader& record) {
  const XmlElement root = CSL_TRY(read_xml(text_of(bytes)));
  if (root.name != "PSGAnnotation" && root.name != "CMPStudyConfig") {
    return fail(ErrorCode::Unsupported, "these are no labels of a night",
                fmt::format("line {}", root.line_number));
  }
  Reader reader(record);
  CSL_TRY(reader.read(root));
  return std::move(reader.labels);
}

}  // namespace consilium
