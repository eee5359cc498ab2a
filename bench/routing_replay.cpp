// Votes of public crowd sets replayed in random order: how many are needed when each item stops by
// the rule and the next vote is the most telling one, against a fixed number of votes an item.
// Accuracy is that of the panel's likeliest class; votes and accuracies are means over the replays.
//   csl_routing_replay [replays]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/routing/gain.hpp"
#include "analysis/routing/running_panel.hpp"
#include "analysis/routing/stopping.hpp"
#include "base/random.hpp"
#include "tests/crowd_sets.hpp"
#include "tests/made_votes.hpp"

namespace {

using namespace consilium;
using routing::RunningPanel;

struct Point {
  double votes_an_item = 0;
  double accuracy = 0;
};

struct Replay {
  const test::CrowdSet& data;
  std::vector<std::vector<Vote>> waiting;  // by item, the next vote last
  RunningPanel panel;
  double votes = 0;

  Replay(const test::CrowdSet& of, std::uint64_t seed)
      : data(of),
        waiting(of.votes.item_count()),
        panel(RunningPanel::make(of.votes.item_count(), of.votes.rater_count, of.votes.class_count,
                                 {})
                  .value()) {
    SeededRandom random(seed);
    for (ItemIndex i = 0; i < of.votes.item_count(); ++i) {
      const auto raters = of.votes.raters_of(i);
      const auto count = static_cast<std::uint32_t>(raters.size());
      for (const std::uint32_t v : test::random_order(random, count)) {
        waiting[i].push_back({i, raters[v], of.votes.labels_of(i)[v]});
      }
    }
  }

  void take(ItemIndex item, std::size_t at) {
    const Vote vote = waiting[item][at];
    waiting[item].erase(waiting[item].begin() + static_cast<std::ptrdiff_t>(at));
    if (panel.set_vote(vote)) votes += 1;
  }
  void take_each(std::uint32_t count) {
    for (ItemIndex i = 0; i < waiting.size(); ++i) {
      for (std::uint32_t v = 0; v < count && !waiting[i].empty(); ++v) {
        take(i, waiting[i].size() - 1);
      }
    }
    panel.settle(1e-4, 50);
  }
  // The waiting vote that tells most, and how much.
  std::pair<std::size_t, double> most_telling(ItemIndex item) const {
    const auto posterior = panel.posterior(item);
    std::pair<std::size_t, double> best{waiting[item].size() - 1, -1};
    for (std::size_t at = 0; at < waiting[item].size(); ++at) {
      const double gain = routing::expected_gain(posterior, panel.rates(waiting[item][at].rater));
      if (gain > best.second) best = {at, gain};
    }
    return best;
  }
  Point point() {
    panel.settle(1e-6, 500);
    std::vector<double> posterior;
    for (ItemIndex i = 0; i < panel.item_count(); ++i) {
      const auto row = panel.posterior(i);
      posterior.insert(posterior.end(), row.begin(), row.end());
    }
    return {votes / panel.item_count(), test::accuracy(data, posterior)};
  }
};

Point by_rule(const test::CrowdSet& data, std::uint64_t seed, const routing::StopRule& rule,
              bool by_gain) {
  Replay replay(data, seed);
  replay.take_each(2);
  bool moved = true;
  while (moved) {
    moved = false;
    for (ItemIndex i = 0; i < replay.waiting.size(); ++i) {
      if (replay.waiting[i].empty()) continue;
      if (routing::weigh_item(replay.panel, i, rule).value().stop) continue;
      replay.take(i, by_gain ? replay.most_telling(i).first : replay.waiting[i].size() - 1);
      moved = true;
    }
    replay.panel.settle(1e-4, 20);
  }
  return replay.point();
}

// No rule: as many votes as `votes_each` an item in all, but always where a vote tells most.
Point by_budget(const test::CrowdSet& data, std::uint64_t seed, std::uint32_t votes_each) {
  Replay replay(data, seed);
  replay.take_each(std::min(votes_each, 2U));
  const double budget = static_cast<double>(votes_each) * replay.panel.item_count();
  while (replay.votes < budget) {
    std::vector<std::pair<double, ItemIndex>> best;
    for (ItemIndex i = 0; i < replay.waiting.size(); ++i) {
      if (!replay.waiting[i].empty()) best.emplace_back(-replay.most_telling(i).second, i);
    }
    if (best.empty()) break;
    std::ranges::sort(best);
    const std::size_t batch = std::min(best.size(), replay.waiting.size() / 20 + 1);
    for (std::size_t b = 0; b < batch && replay.votes < budget; ++b) {
      replay.take(best[b].second, replay.most_telling(best[b].second).first);
    }
    replay.panel.settle(1e-4, 5);
  }
  return replay.point();
}

template <class One>
Point mean_of(int replays, const One& one) {
  Point mean;
  for (int seed = 1; seed <= replays; ++seed) {
    const Point point = one(static_cast<std::uint64_t>(seed));
    mean.votes_an_item += point.votes_an_item / replays;
    mean.accuracy += point.accuracy / replays;
  }
  return mean;
}

// Votes an item at which the fixed plan first reaches the accuracy, between whole numbers by line.
std::optional<double> fixed_votes_for(const std::vector<Point>& fixed, double accuracy) {
  for (std::size_t n = 0; n < fixed.size(); ++n) {
    if (fixed[n].accuracy < accuracy) continue;
    if (n == 0) return fixed[0].votes_an_item;
    const double part =
        (accuracy - fixed[n - 1].accuracy) / (fixed[n].accuracy - fixed[n - 1].accuracy);
    return fixed[n - 1].votes_an_item +
           part * (fixed[n].votes_an_item - fixed[n - 1].votes_an_item);
  }
  return std::nullopt;
}

void print(const std::string& plan, const Point& point, const std::vector<Point>& fixed) {
  const auto same = fixed_votes_for(fixed, point.accuracy);
  fmt::print("  {:38} {:6.2f}  {:.4f}   {}\n", plan, point.votes_an_item, point.accuracy,
             same ? fmt::format("{:5.2f}  {:4.0f} %", *same, 100 * point.votes_an_item / *same)
                  : std::string("never"));
}

void study(const char* name, int replays) {
  const auto data = test::read_crowd_set(name);
  if (!data) {
    fmt::print("{}: not there; set CONSILIUM_DATA\n", name);
    return;
  }
  const VoteTable& votes = data->votes;
  fmt::print("{}: {} votes, {} items, {} raters, {} classes; {} replays\n", name,
             votes.vote_count(), votes.item_count(), votes.rater_count, votes.class_count, replays);
  fmt::print("  {:38} {:>6}  {:>6}   fixed plan needs, share of it\n", "plan", "votes", "right");
  const auto begin = std::chrono::steady_clock::now();
  Replay all(*data, 1);
  for (ItemIndex i = 0; i < all.waiting.size(); ++i) {
    while (!all.waiting[i].empty()) all.take(i, all.waiting[i].size() - 1);
  }
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  fmt::print("  one vote taken in: {:.2f} microseconds\n", spent.count() / all.votes);
  std::vector<Point> fixed;
  for (std::uint32_t n = 1; n <= 10; ++n) {
    fixed.push_back(mean_of(replays, [&](std::uint64_t seed) {
      Replay replay(*data, seed);
      replay.take_each(n);
      return replay.point();
    }));
    fmt::print("  {:38} {:6.2f}  {:.4f}\n", fmt::format("fixed {}", n), fixed.back().votes_an_item,
               fixed.back().accuracy);
  }
  for (const std::uint32_t n : {2U, 3U, 4U, 5U, 6U, 7U}) {
    print(fmt::format("{} an item in all, where they tell most", n),
          mean_of(replays, [&](std::uint64_t seed) { return by_budget(*data, seed, n); }), fixed);
  }
  for (const double confidence : {0.5, 0.8, 0.95}) {
    for (const double error_max : {0.4, 0.3, 0.2, 0.1, 0.05}) {
      for (const bool by_gain : {false, true}) {
        print(fmt::format("error {} at {}, {}", error_max, confidence,
                          by_gain ? "most telling next" : "random next"),
              mean_of(replays,
                      [&](std::uint64_t seed) {
                        return by_rule(*data, seed, {error_max, confidence, 2}, by_gain);
                      }),
              fixed);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int replays = argc > 1 ? std::atoi(argv[1]) : 10;
  for (const char* name : {"dog", "face_sentiment"}) study(name, replays);
  return 0;
}
