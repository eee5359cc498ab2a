#include "analysis/beat_clusters/beat_clusters.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "base/random.hpp"

using namespace consilium;

namespace {

// Beats of three shapes, the rare ones early, with noise.
struct MadeBeats {
  std::vector<float> samples_mv;
  std::vector<std::int64_t> beats;
  std::vector<int> kind;
};

MadeBeats made_beats(std::size_t count) {
  constexpr double rate_hz = 250;
  SeededRandom random(7);
  MadeBeats made;
  std::int64_t at = 250;
  for (std::size_t i = 0; i < count; ++i) {
    const int kind = i % 20 == 7 ? 1 : i % 33 == 12 ? 2 : 0;
    at += kind == 1 ? 130 : 200;
    made.beats.push_back(at);
    made.kind.push_back(kind);
  }
  made.samples_mv.resize(static_cast<std::size_t>(at + 500));
  for (std::size_t b = 0; b < count; ++b) {
    const double width_s = made.kind[b] == 1 ? 0.035 : 0.012;
    const double height = made.kind[b] == 2 ? -0.8 : 1.0;
    for (std::int64_t i = made.beats[b] - 60; i < made.beats[b] + 60; ++i) {
      const double z = static_cast<double>(i - made.beats[b]) / rate_hz / width_s;
      made.samples_mv[static_cast<std::size_t>(i)] +=
          static_cast<float>(height * std::exp(-z * z / 2));
    }
  }
  for (float& sample : made.samples_mv) {
    sample += static_cast<float>(random.below(1000)) * 1e-4F;
  }
  return made;
}

BeatClusters clusters_of(const MadeBeats& made, std::size_t count, float scale = 1) {
  std::vector<float> scaled;
  for (const float sample : made.samples_mv) scaled.push_back(sample * scale + 2);
  std::vector<float> shapes;
  for (const std::int64_t beat : made.beats) append_beat_shape(scaled, 0, 250, beat, shapes);
  const auto found = cluster_beats(beat_features(shapes, 1, beat_intervals(made.beats)), count);
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("beats of three shapes come apart, each cluster holding one shape alone") {
  const MadeBeats made = made_beats(400);
  const BeatClusters found = clusters_of(made, 8);
  CHECK(found.clusters.size() <= 8);
  std::vector<std::map<int, std::size_t>> kinds(found.clusters.size());
  for (std::size_t b = 0; b < made.beats.size(); ++b) ++kinds[found.cluster[b]][made.kind[b]];
  std::size_t largest = made.beats.size();
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    CAPTURE(k);
    CHECK(kinds[k].size() == 1);
    CHECK(found.clusters[k].size <= largest);  // the largest first
    largest = found.clusters[k].size;
    CHECK(found.cluster[found.clusters[k].representative] == k);
  }
  for (const float doubt : found.doubt) CHECK((doubt >= 0 && doubt <= 1));
}

TEST_CASE("the same beats give the same clusters, upside down and larger too") {
  const MadeBeats made = made_beats(300);
  const BeatClusters found = clusters_of(made, 3);
  CHECK(clusters_of(made, 3).cluster == found.cluster);
  CHECK(clusters_of(made, 3, -4).cluster == found.cluster);
}

TEST_CASE("no beats give no clusters, one beat one; a senseless count is refused") {
  CHECK(cluster_beats({.columns = 5, .values = {}}, 4)->clusters.empty());
  const auto one = cluster_beats({.columns = 2, .values = {1, 2}}, 4);
  REQUIRE(one.has_value());
  CHECK(one->clusters.size() == 1);
  CHECK(one->cluster == std::vector<std::uint16_t>{0});
  CHECK(!cluster_beats({}, 0).has_value());
  CHECK(!cluster_beats({}, 65).has_value());
}

TEST_CASE("intervals are told over the usual one around") {
  const std::int64_t beats[] = {0, 100, 200, 300, 350, 500, 600, 700};
  const auto intervals = beat_intervals(beats);
  CHECK(intervals[4].before == doctest::Approx(0.5));
  CHECK(intervals[4].after == doctest::Approx(1.5));
  CHECK(intervals[4].before_previous == doctest::Approx(0.5));
  CHECK(intervals[0].before == 1);
}
