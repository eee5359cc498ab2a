// Hours of ECG a second of one core: QRS in one lead and in two, on a made hour of 360 Hz; and a
// day of 100,000 beats of two leads put into 12 clusters. Processor time, best of five (one for the
// day).
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "analysis/beat_clusters/beat_clusters.hpp"
#include "analysis/qrs_detection/qrs_fusion.hpp"
#include "analysis/synthetic/ecg_model.hpp"

using namespace consilium;

namespace {

double seconds_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class Work>
double least_seconds(int times, Work work) {
  double least = 1e9;
  for (int i = 0; i < times; ++i) {
    const double begin = seconds_now();
    work();
    least = std::min(least, seconds_now() - begin);
  }
  return least;
}

}  // namespace

int main() {
  constexpr double hours = 1;
  const auto model = synthetic::EcgModel::make({.duration_s = hours * 3600,
                                                .sampling_rate_hz = 360,
                                                .leads = {"II", "V1"},
                                                .ventricular_share = 0.05,
                                                .episodes = {}});
  if (!model) return 1;
  std::vector<std::vector<float>> leads;
  for (std::size_t c = 0; c < 2; ++c) {
    std::vector<std::int32_t> stored(static_cast<std::size_t>(hours * 3600 * 360));
    model->render(c, 0, stored);
    std::vector<float>& lead = leads.emplace_back();
    for (const std::int32_t sample : stored) lead.push_back(static_cast<float>(sample) / 1000);
  }
  const std::vector<std::span<const float>> views(leads.begin(), leads.end());
  std::size_t found = 0;
  const double one = least_seconds(5, [&] { found += detect_qrs(leads[0], 360)->size(); });
  const double two = least_seconds(5, [&] { found += detect_qrs_in_leads(views, 360)->size(); });
  fmt::print("QRS, one lead: {:.1f} h of ECG a second; two leads together: {:.1f} ({} beats)\n",
             hours / one, hours / two, found / 10);
  std::vector<std::int64_t> beats;
  std::vector<float> shapes;
  constexpr std::size_t beat_count = 100'000;
  const auto& truth = model->beats();
  const double day = least_seconds(1, [&] {
    for (std::size_t b = 0; b < beat_count; ++b) {
      const auto lap = static_cast<std::int64_t>(b / truth.size() * leads[0].size());
      const std::int64_t at = truth[b % truth.size()].r_peak;
      beats.push_back(at + lap);
      for (const auto& lead : leads) append_beat_shape(lead, 0, 360, at, shapes);
    }
    found = cluster_beats(beat_features(shapes, 2, beat_intervals(beats)), 12)->clusters.size();
  });
  fmt::print("{} beats of two leads in {} clusters: {:.2f} s\n", beat_count, found, day);
  return 0;
}
