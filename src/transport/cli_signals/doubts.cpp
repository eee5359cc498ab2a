#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "analysis/ecg_leads/ecg_leads.hpp"
#include "analysis/label_doubts/label_doubts.hpp"
#include "transport/cli_detect/ecg_record.hpp"
#include "transport/cli_signals/signal_commands.hpp"

namespace consilium::cli {
namespace json = boost::json;

Result<int> doubts_command(const DoubtsCommand& command) {
  const EcgRecord record = CSL_TRY(open_ecg(command.record, command.channel));
  const std::int64_t ticks = record.channel().ticks_per_sample;
  std::vector<std::int64_t> beats;
  std::vector<std::uint32_t> labels;
  for (const SignalEvent& event : CSL_TRY(read_annotations(record, command.beats))) {
    if (!is_beat(event.code)) continue;
    beats.push_back(event.at.value / ticks);
    labels.push_back(static_cast<std::uint32_t>(event.code));
  }
  const auto shapes = CSL_TRY(shapes_of_beats(record.ecg(), beats));
  const BeatFeatures features = beat_features(shapes, record.leads.size(), beat_intervals(beats));
  const LabelDoubts found = CSL_TRY(label_doubts(features.values, features.columns, labels));
  const std::size_t listed = std::min(command.limit, found.disputed.size());
  const auto name = [](std::uint32_t label) { return mnemonic(static_cast<MitCode>(label)); };
  json::array items;
  std::string text =
      fmt::format("{} of {} beats have a disputed label\n", found.disputed.size(), beats.size());
  for (std::size_t n = 0; n < listed; ++n) {
    const std::size_t b = found.disputed[n];
    items.push_back({{"sample", beats[b]},
                     {"label", name(labels[b])},
                     {"likelier", name(found.likelier[b])},
                     {"doubt", found.doubt[b]}});
    text += fmt::format("sample {}: {}, likelier {}, doubt {:.2f}\n", beats[b], name(labels[b]),
                        name(found.likelier[b]), found.doubt[b]);
  }
  if (command.json) {
    text = json::serialize(json::object{{"beats", beats.size()},
                                        {"disputed", found.disputed.size()},
                                        {"items", std::move(items)}}) +
           "\n";
  }
  fmt::print("{}", text);
  return 0;
}

}  // namespace consilium::cli
