#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>

#include "analysis/heart_rate_variability/heart_rate_variability.hpp"
#include "base/byte_source.hpp"
#include "format/wfdb/wfdb_header.hpp"
#include "transport/cli_detect/ecg_record.hpp"
#include "transport/cli_signals/signal_commands.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

// Of sinus rhythm, or what stands for it where conduction is disturbed.
bool is_normal(MitCode code) {
  return code == MitCode::Normal || code == MitCode::LeftBundleBranchBlock ||
         code == MitCode::RightBundleBranchBlock || code == MitCode::BundleBranchBlock;
}

struct Events {
  std::vector<SignalEvent> events;
  TickRate tick_rate;
};

// A WFDB header may state no signals at all: databases of intervals alone have such.
Result<Events> annotated_events(const VariabilityCommand& command) {
  const std::string ending = command.record.extension().string();
  if (!ending.empty() && ending != ".hea") {
    const EcgRecord record = CSL_TRY(open_ecg(command.record, std::nullopt));
    return Events{.events = CSL_TRY(read_annotations(record, command.beats)),
                  .tick_rate = record.header().tick_rate};
  }
  constexpr std::uint64_t header_bytes_max = 1U << 20U;
  constexpr std::uint64_t annotation_bytes_max = 1U << 30U;
  std::filesystem::path path = command.record;
  const auto header_file = CSL_TRY(open_file_source(path.replace_extension(".hea")));
  const WfdbHeader header =
      CSL_TRY(parse_wfdb_header(CSL_TRY(read_all(*header_file, header_bytes_max))));
  const auto file = CSL_TRY(open_file_source(path.replace_extension("." + command.beats)));
  const MitAnnotations read =
      CSL_TRY(read_mit_annotations(CSL_TRY(read_all(*file, annotation_bytes_max))));
  const RecordHeader timeline{.tick_rate = header.frame_rate,
                              .length_ticks = std::numeric_limits<std::int64_t>::max()};
  return Events{.events = CSL_TRY(events_of(read, timeline, header.frame_rate)),
                .tick_rate = header.frame_rate};
}

json::value number_or_null(const std::optional<double>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object times_json(const IntervalTimes& times) {
  return {{"intervals", times.count}, {"mean_ms", times.mean},   {"median_ms", times.median},
          {"sdnn_ms", times.sdnn},    {"rmssd_ms", times.rmssd}, {"sdsd_ms", times.sdsd},
          {"pnn50", times.pnn50},     {"pnn20", times.pnn20}};
}

void add_powers(json::object& to, const IntervalPowers& powers) {
  to["vlf_ms2"] = powers.vlf;
  to["lf_ms2"] = powers.lf;
  to["hf_ms2"] = powers.hf;
  to["lf_hf"] = powers.hf > 0 ? json::value(powers.lf / powers.hf) : json::value(nullptr);
}

json::object answer_json(const HeartRateVariability& found) {
  json::object answer = times_json(found.times);
  answer["left_out"] = found.left_out;
  answer["sdann_ms"] = number_or_null(found.sdann);
  answer["sdnn_index_ms"] = number_or_null(found.sdnn_index);
  answer["triangular_index"] = found.triangular_index;
  answer["sd1_ms"] = found.sd1;
  answer["sd2_ms"] = found.sd2;
  answer["alpha1"] = number_or_null(found.alpha1);
  answer["alpha2"] = number_or_null(found.alpha2);
  answer["sample_entropy"] = number_or_null(found.sample_entropy);
  add_powers(answer, found.powers);
  json::array windows;
  for (const VariabilityWindow& window : found.windows) {
    json::object one = times_json(window.times);
    one["begin_s"] = window.begin_s;
    one["end_s"] = window.end_s;
    one["sample_entropy"] = number_or_null(window.sample_entropy);
    add_powers(one, window.powers);
    windows.push_back(std::move(one));
  }
  answer["windows"] = std::move(windows);
  return answer;
}

std::string answer_text(const HeartRateVariability& found) {
  std::string text = fmt::format(
      "{} normal intervals ({} left out), mean {:.0f} ms\n"
      "SDNN {:.1f} ms, RMSSD {:.1f} ms, pNN50 {:.1f} %, SD1 {:.1f} ms, SD2 {:.1f} ms\n"
      "VLF {:.0f}, LF {:.0f}, HF {:.0f} ms2 (five minutes)\n",
      found.times.count, found.left_out, found.times.mean, found.times.sdnn, found.times.rmssd,
      100 * found.times.pnn50, found.sd1, found.sd2, found.powers.vlf, found.powers.lf,
      found.powers.hf);
  const auto add = [&](std::string_view name, const std::optional<double>& value) {
    if (value) text += fmt::format("{} {:.2f}\n", name, *value);
  };
  add("SDANN, ms", found.sdann);
  add("SDNN index, ms", found.sdnn_index);
  add("alpha 1", found.alpha1);
  add("alpha 2", found.alpha2);
  add("sample entropy", found.sample_entropy);
  return text;
}

}  // namespace

Result<int> variability_command(const VariabilityCommand& command) {
  std::vector<HeartBeat> beats;
  const Events annotated = CSL_TRY(annotated_events(command));
  for (const SignalEvent& event : annotated.events) {
    if (!is_beat(event.code)) continue;
    const double at_s = seconds_of(event.at, annotated.tick_rate);
    // Two annotators' beats at one time count once.
    if (!beats.empty() && at_s <= beats.back().at_s) continue;
    beats.push_back({.at_s = at_s, .is_normal = is_normal(event.code)});
  }
  const HeartRateVariability found = CSL_TRY(heart_rate_variability(beats));
  fmt::print("{}", command.json ? json::serialize(answer_json(found)) + "\n" : answer_text(found));
  return 0;
}

}  // namespace consilium::cli
