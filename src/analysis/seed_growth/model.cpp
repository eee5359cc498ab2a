#include "analysis/seed_growth/model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace consilium::seed_growth {
namespace {

using Density = std::array<double, bin_count>;

struct Spread {
  double count = 0;
  double deviation = 0;  // in codes, robust: half of what the middle 68 % span
};

Spread spread_of(const std::vector<std::uint32_t>& counts, const BinTable& bins) {
  Spread out;
  out.count = std::accumulate(counts.begin(), counts.end(), 0.0);
  const auto at = [&](double share) {
    double below = 0;
    for (std::size_t bin = 0; bin < bin_count; ++bin) {
      below += counts[bin];
      if (below >= share * out.count && counts[bin] > 0) return bins.centre[bin];
    }
    return bins.centre[bin_count - 1];
  };
  out.deviation = (at(0.84) - at(0.16)) / 2;
  return out;
}

// How many codes wide a bin is: half of the way between its neighbours.
double width_of(const BinTable& bins, std::size_t bin) {
  const double low = bins.centre[bin == 0 ? 0 : bin - 1];
  const double high = bins.centre[std::min(bin + 1, bin_count - 1)];
  return std::max((high - low) / 2, 1.0);
}

// A kernel estimate of the label's intensities, as density over codes. Width: twice B. Silverman's
// rule (Density Estimation, 1986, 3.4.2), for seeds lie close together and vary less than their
// label; never below a bin. A little is taken from the whole image besides: an intensity that no
// seed has says nothing for any label.
Density density_of(const std::vector<std::uint32_t>& counts, const Spread& spread, double within,
                   const BinTable& bins) {
  // A background of air and tissue has two narrow peaks and a wide spread: no kernel is wider than
  // the more even labels ask for.
  const double deviation = std::min(spread.deviation, within);
  const double width = 1.8 * deviation * std::pow(spread.count, -0.2);
  constexpr double prior = 0.01;  // voxels
  Density out{};
  for (std::size_t from = 0; from < bin_count; ++from) {
    if (counts[from] == 0) continue;
    const double h = std::max(width, 0.75 * width_of(bins, from));
    for (std::size_t to = 0; to < bin_count; ++to) {
      const double d = (bins.centre[to] - bins.centre[from]) / h;
      if (std::abs(d) < 6) out[to] += counts[from] * std::exp(-0.5 * d * d) / (h * 2.5066282746);
    }
  }
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    const double of_image = std::max(bins.share[bin], 1e-6) / width_of(bins, bin);
    out[bin] = (out[bin] + prior * of_image) / (spread.count + prior);
  }
  return out;
}

// The root: among labels that are nearly as likely, a little likelier must still count.
std::uint16_t cost_of(double unlikely) {
  return static_cast<std::uint16_t>(
      base_cost + std::lround(unlikely_cost * std::sqrt(std::max(unlikely, 0.0))));
}

}  // namespace

void weigh_by(const SeedLikelihood& likelihood, Model& model) {
  for (std::size_t label = 1; label < model.cost.size(); ++label) {
    if (model.cost[label].empty()) continue;
    const auto found = std::ranges::find(likelihood.labels(), label);
    const auto place = static_cast<std::size_t>(found - likelihood.labels().begin());
    for (std::size_t look = 0; look < 256; ++look) {
      const double probability =
          found == likelihood.labels().end()
              ? 0.5
              : likelihood.probability(place, static_cast<std::uint8_t>(look));
      model.cost[label][look] = cost_of(1 - probability);
    }
  }
}

Model learn(const SeedCounts& seeds, const BinTable& bins) {
  Model model;
  std::vector<std::size_t> labels;
  std::vector<Spread> spreads;
  std::vector<double> deviations;
  for (std::size_t label = 1; label < seeds.size(); ++label) {
    if (seeds[label].empty()) continue;
    const Spread spread = spread_of(seeds[label], bins);
    if (spread.count == 0) continue;
    labels.push_back(label);
    spreads.push_back(spread);
    deviations.push_back(spread.deviation);
  }
  std::ranges::sort(deviations);
  const double within = deviations.empty() ? 1 : deviations[(deviations.size() - 1) / 2];
  std::vector<Density> densities;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    densities.push_back(density_of(seeds[labels[i]], spreads[i], within, bins));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    auto& cost = model.of_bin[labels[i]];
    cost.resize(256);
    for (std::size_t bin = 0; bin < bin_count; ++bin) {
      double all = 0;
      for (const Density& density : densities) all += density[bin];
      cost[bin] = cost_of(1 - densities[i][bin] / all);
    }
  }
  model.cost = model.of_bin;
  // A step of as much as the more even labels vary within themselves costs half of being
  // altogether unlikely: smoothed noise is far below it, the border between two structures above.
  const double range = bins.centre[bin_count - 1] - bins.centre[0];
  const double unit = std::max({within, range / 400, 0.5});
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    const double level = (bins.centre[bin] - bins.centre[0]) / unit * edge_cost_of_deviation;
    model.level[bin] = static_cast<std::uint16_t>(std::lround(std::min(level, 65'000.0)));
  }
  return model;
}

double drift(const SeedCounts& seeds, const Model& present, const Model& learnt) {
  double sum = 0;
  std::size_t labels = 0;
  for (std::size_t label = 1; label < seeds.size(); ++label) {
    if (learnt.of_bin[label].empty()) continue;
    ++labels;
    if (present.of_bin[label].empty()) {
      sum += 1;
      continue;
    }
    double of_label = 0;
    double count = 0;
    for (std::size_t bin = 0; bin < bin_count; ++bin) {
      of_label += seeds[label][bin] * std::abs(static_cast<double>(learnt.of_bin[label][bin]) -
                                               static_cast<double>(present.of_bin[label][bin]));
      count += seeds[label][bin];
    }
    sum += of_label / (count * unlikely_cost);
  }
  return labels == 0 ? 0 : sum / static_cast<double>(labels);
}

}  // namespace consilium::seed_growth
