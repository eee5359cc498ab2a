#include "domain/protocol/state_ends.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace consilium {
namespace {

std::vector<std::string> sorted_channels(const IntervalTarget& interval) {
  std::vector<std::string> channels = interval.channels;
  std::ranges::sort(channels);
  return channels;
}

// The number of each label's kind: the smallest index among the labels that it is joined with.
std::vector<std::size_t> kinds_of(const Protocol& protocol) {
  std::vector<std::size_t> kinds(protocol.labels.size());
  std::iota(kinds.begin(), kinds.end(), std::size_t{0});
  for (std::size_t i = 0; i < protocol.labels.size(); ++i) {
    for (std::size_t j = i + 1; j < protocol.labels.size(); ++j) {
      if (!protocol.excludes(protocol.labels[i].id, protocol.labels[j].id)) continue;
      const auto [kept, joined] = std::minmax(kinds[i], kinds[j]);
      std::ranges::replace(kinds, std::size_t{joined}, std::size_t{kept});
    }
  }
  return kinds;
}

}  // namespace

bool is_ended_by(const IntervalTarget& state, const IntervalTarget& next) {
  return !state.end_tick && next.begin_tick > state.begin_tick &&
         sorted_channels(state) == sorted_channels(next);
}

std::vector<std::int64_t> state_ends(const Protocol& protocol,
                                     std::span<const Annotation> annotations,
                                     std::int64_t length_ticks) {
  const std::vector<std::size_t> kinds = kinds_of(protocol);
  // Where states of a kind begin on some channels.
  using Line = std::pair<std::size_t, std::vector<std::string>>;
  std::map<Line, std::vector<std::int64_t>> begins;
  const auto line_of = [&](const Annotation& annotation, const IntervalTarget& interval) {
    const auto label =
        std::ranges::find(protocol.labels, annotation.label.value_or(""), &LabelSpec::id);
    const std::size_t kind = label == protocol.labels.end()
                                 ? kinds.size()
                                 : kinds[static_cast<std::size_t>(label - protocol.labels.begin())];
    return Line{kind, sorted_channels(interval)};
  };
  for (const Annotation& annotation : annotations) {
    const auto* interval = std::get_if<IntervalTarget>(&annotation.target);
    if (interval != nullptr) begins[line_of(annotation, *interval)].push_back(interval->begin_tick);
  }
  for (auto& [line, ticks] : begins) std::ranges::sort(ticks);
  std::vector<std::int64_t> ends(annotations.size(), -1);
  for (std::size_t i = 0; i < annotations.size(); ++i) {
    const auto* interval = std::get_if<IntervalTarget>(&annotations[i].target);
    if (interval == nullptr) continue;
    const std::vector<std::int64_t>& ticks = begins[line_of(annotations[i], *interval)];
    const auto next = std::ranges::upper_bound(ticks, interval->begin_tick);
    const std::int64_t open_end = next == ticks.end() ? length_ticks : *next;
    ends[i] = interval->end_tick.value_or(std::max(open_end, interval->begin_tick + 1));
  }
  return ends;
}

}  // namespace consilium
