#include "analysis/pixel_classifier/pixel_classifier.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/pixel_classifier/seed_likelihood.hpp"
#include "analysis/seed_growth/seed_growth.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

// A body in air with two textures of the same mean (they differ only in their variation), and a
// brighter ball: what a threshold can find, and what it cannot.
struct MadeVolume {
  Lattice lattice{.dims = {64, 56, 20}, .spacing_mm = {1, 1, 2.5}};
  std::vector<std::int16_t> samples;
  std::vector<std::uint8_t> truth;  // 1 smooth, 2 rough, 3 ball, 255 air
};

MadeVolume made_volume(std::uint64_t seed) {
  MadeVolume made;
  SeededRandom random(seed);
  const auto noise = [&](int width) {
    std::array<std::byte, 2> bytes{};
    random.fill(bytes);
    const int value = std::to_integer<int>(bytes[0]) * 256 + std::to_integer<int>(bytes[1]);
    return (value % (2 * width + 1)) - width;
  };
  const auto& dims = made.lattice.dims;
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const double ball = std::hypot(x - 40.0, y - 28.0, (z - 10.0) * 2.5);
        std::uint8_t truth = 255;
        int value = -900 + noise(30);
        if (x > 6 && x < 58 && y > 6 && y < 50) {
          truth = x < 30 ? 1 : 2;
          value = truth == 1 ? 50 + noise(10) : 50 + noise(60);
        }
        if (ball < 9) {
          truth = 3;
          value = 180 + noise(30);
        }
        made.samples.push_back(static_cast<std::int16_t>(value));
        made.truth.push_back(truth);
      }
    }
  }
  return made;
}

std::vector<LabelledVoxel> strokes_on(const MadeVolume& made, std::uint32_t slice) {
  std::vector<LabelledVoxel> strokes;
  const auto& dims = made.lattice.dims;
  for (std::uint32_t y = 2; y < dims[1]; y += 3) {
    for (std::uint32_t x = 2; x < dims[0]; x += 3) {
      const std::uint32_t voxel = x + dims[0] * (y + dims[1] * slice);
      strokes.push_back({.voxel = voxel, .label = made.truth[voxel]});
    }
  }
  return strokes;
}

double right_share(const MadeVolume& made, std::span<const std::uint8_t> labels) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::uint8_t truth = made.truth[i] == 255 ? 0 : made.truth[i];
    right += labels[i] == truth ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

struct Trained {
  FeaturePyramid pyramid;
  PixelClassifier classifier;
};

Trained trained_on(const MadeVolume& made, unsigned threads = 1) {
  auto pyramid = FeaturePyramid::create(made.samples, made.lattice, IntensityScale::AsIs, threads);
  REQUIRE(pyramid);
  auto samples = sample_voxels(*pyramid, strokes_on(made, 10));
  REQUIRE(samples);
  auto classifier = PixelClassifier::train(*samples, {}, threads);
  REQUIRE(classifier);
  return {std::move(*pyramid), std::move(*classifier)};
}

VoxelRegion all_of(const Lattice& lattice) { return {.first = {}, .size = lattice.dims}; }

TEST_CASE("strokes on one slice label the others, also where only the texture differs") {
  const MadeVolume made = made_volume(1);
  const Trained trained = trained_on(made);
  std::vector<std::uint8_t> labels(made.samples.size());
  std::vector<std::uint8_t> margin(made.samples.size());
  REQUIRE(trained.classifier.classify(trained.pyramid, all_of(made.lattice), labels, margin));
  CHECK(right_share(made, labels) > 0.93);
  // Where it is unsure it is wrong more often than where it is sure.
  std::array<std::size_t, 2> wrong{};
  std::array<std::size_t, 2> seen{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t sure = margin[i] > 200 ? 1 : 0;
    ++seen[sure];
    wrong[sure] += labels[i] != (made.truth[i] == 255 ? 0 : made.truth[i]) ? 1 : 0;
  }
  CHECK(static_cast<double>(wrong[0]) / static_cast<double>(seen[0]) >
        5 * static_cast<double>(wrong[1]) / static_cast<double>(seen[1]));
}

TEST_CASE("what one case taught labels the next, whatever its intensity scale") {
  const MadeVolume first = made_volume(1);
  const MadeVolume next = made_volume(2);
  std::vector<float> rescaled;
  for (const std::int16_t each : next.samples) rescaled.push_back(0.37F * each + 812.0F);
  auto pyramid = FeaturePyramid::create(first.samples, first.lattice, IntensityScale::Percentiles);
  REQUIRE(pyramid);
  const auto samples = sample_voxels(*pyramid, strokes_on(first, 10));
  const auto classifier = PixelClassifier::train(*samples);
  REQUIRE(classifier);
  const auto kept = PixelClassifier::parse(classifier->serialise());
  REQUIRE(kept);
  const auto other = FeaturePyramid::create(VolumeView(std::span<const float>(rescaled)),
                                            next.lattice, IntensityScale::Percentiles);
  REQUIRE(other);
  std::vector<std::uint8_t> labels(rescaled.size());
  REQUIRE(kept->classify(*other, all_of(next.lattice), labels, {}));
  CHECK(right_share(next, labels) > 0.93);
}

TEST_CASE(
    "the model and its labels are the same for every number of threads and order of strokes") {
  const MadeVolume made = made_volume(3);
  const Trained one = trained_on(made, 1);
  const Trained four = trained_on(made, 4);
  CHECK(one.classifier.serialise() == four.classifier.serialise());
  auto strokes = strokes_on(made, 10);
  std::ranges::reverse(strokes);
  const auto samples = sample_voxels(one.pyramid, strokes);
  CHECK(PixelClassifier::train(*samples)->serialise() == one.classifier.serialise());
  std::vector<std::uint8_t> alone(made.samples.size());
  std::vector<std::uint8_t> shared(made.samples.size());
  REQUIRE(one.classifier.classify(one.pyramid, all_of(made.lattice), alone, {}, 1));
  REQUIRE(one.classifier.classify(four.pyramid, all_of(made.lattice), shared, {}, 8));
  CHECK(alone == shared);
}

TEST_CASE("a part of the volume is labelled as it is in the whole") {
  const MadeVolume made = made_volume(4);
  const Trained trained = trained_on(made);
  std::vector<std::uint8_t> whole(made.samples.size());
  REQUIRE(trained.classifier.classify(trained.pyramid, all_of(made.lattice), whole, {}));
  const VoxelRegion region{.first = {5, 9, 3}, .size = {31, 17, 6}};
  std::vector<std::uint8_t> part(31 * 17 * 6);
  REQUIRE(trained.classifier.classify(trained.pyramid, region, part, {}));
  std::size_t differing = 0;
  for (std::uint32_t z = 0; z < 6; ++z) {
    for (std::uint32_t y = 0; y < 17; ++y) {
      for (std::uint32_t x = 0; x < 31; ++x) {
        const std::size_t place = (x + 5) + 64 * ((y + 9) + 56 * (z + std::size_t{3}));
        differing += part[x + 31 * (y + 17 * std::size_t{z})] != whole[place] ? 1 : 0;
      }
    }
  }
  CHECK(differing == 0);
}

TEST_CASE("probabilities name the label that classify gives, and a thinned grid has some of them") {
  const MadeVolume made = made_volume(7);
  const Trained trained = trained_on(made);
  const std::size_t count = made.samples.size();
  std::vector<std::uint8_t> labels(count);
  std::vector<std::uint8_t> margin(count);
  REQUIRE(trained.classifier.classify(trained.pyramid, all_of(made.lattice), labels, margin));
  const std::span<const std::uint8_t> known = trained.classifier.labels();
  REQUIRE(known.size() == 4);
  const auto& dims = made.lattice.dims;
  std::vector<std::uint8_t> shares(count * 4);
  REQUIRE(trained.classifier.probabilities(trained.pyramid, {.volume_dims = dims}, 0, shares, 2));
  std::size_t wrong = 0;
  for (std::size_t v = 0; v < count; ++v) {
    const std::uint8_t label = labels[v] == 0 ? std::uint8_t{255} : labels[v];
    const auto place =
        static_cast<std::size_t>(std::ranges::lower_bound(known, label) - known.begin());
    int next = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      if (k != place) next = std::max(next, int{shares[k * count + v]});
    }
    wrong += shares[place * count + v] - next == margin[v] ? 0 : 1;
  }
  CHECK(wrong == 0);
  const ThinnedGrid thin{.volume_dims = dims, .factor = {2, 3, 2}};
  const auto few = thin.dims();
  CHECK(few == std::array<std::uint32_t, 3>{32, 19, 10});
  const std::size_t planes = 4;
  const std::size_t kept = few[0] * few[1] * planes;
  std::vector<std::uint8_t> some(kept * 4);
  REQUIRE(trained.classifier.probabilities(trained.pyramid, thin, 5, some));
  for (std::uint32_t i = 0; i < kept; ++i) {
    const std::size_t v =
        thin.place(0, i % few[0]) +
        std::size_t{dims[0]} * (thin.place(1, i / few[0] % few[1]) +
                                std::size_t{dims[1]} * thin.place(2, 5 + i / few[0] / few[1]));
    for (std::size_t k = 0; k < 4; ++k) REQUIRE(some[k * kept + i] == shares[k * count + v]);
  }
  CHECK_FALSE(trained.classifier.probabilities(trained.pyramid, thin, 7, some));
  CHECK_FALSE(
      trained.classifier.probabilities(trained.pyramid, {.volume_dims = {64, 56, 19}}, 0, shares));
  some.pop_back();
  CHECK_FALSE(trained.classifier.probabilities(trained.pyramid, thin, 5, some));
}

TEST_CASE("seeds grow by texture where intensities say nothing, the same for every thread count") {
  const MadeVolume made = made_volume(8);
  const auto pyramid = FeaturePyramid::create(made.samples, made.lattice, IntensityScale::AsIs);
  REQUIRE(pyramid);
  // A few strokes of each, those of one nearer to the border than those of the other.
  std::vector<std::uint8_t> seeds(made.samples.size());
  const auto& dims = made.lattice.dims;
  const auto stroke = [&](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    for (std::uint32_t i = 0; i < 36; ++i) {
      const std::uint32_t v = x + i % 6 + dims[0] * (y + i / 6 + dims[1] * z);
      seeds[v] = made.truth[v];
    }
  };
  for (const std::uint32_t z : {4U, 10U}) {
    stroke(9, 12, z);
    stroke(9, 38, z);
    stroke(33, 12, z);
    stroke(33, 40, z);
    stroke(37, 25, z);
    stroke(1, 1, z);
    stroke(30, 1, z);
  }
  const auto share_grown = [&](bool by_classifier) {
    auto growth = SeedGrowth::create(std::span<const std::int16_t>(made.samples), made.lattice, {});
    REQUIRE(growth);
    REQUIRE(growth->set_seeds(seeds));
    if (by_classifier) {
      auto likelihood = likelihood_of_seeds(*pyramid, seeds, 1);
      REQUIRE(likelihood);
      const auto two = likelihood_of_seeds(*pyramid, seeds, 2);
      REQUIRE(two);
      CHECK(std::ranges::equal(likelihood->looks(), two->looks()));
      REQUIRE(growth->set_likelihood(std::move(*likelihood)));
    }
    growth->update();
    std::vector<std::uint8_t> labels(growth->labels().begin(), growth->labels().end());
    std::ranges::replace(labels, std::uint8_t{255}, std::uint8_t{0});
    return right_share(made, labels);
  };
  const double by_intensity = share_grown(false);
  const double by_classifier = share_grown(true);
  CAPTURE(by_intensity);
  CAPTURE(by_classifier);
  CHECK(by_classifier > 0.95);
  CHECK(by_classifier > by_intensity + 0.01);
  CHECK_FALSE(likelihood_of_seeds(*pyramid, std::span(seeds).first(10)));
  std::ranges::replace_if(seeds, [](std::uint8_t seed) { return seed != 1; }, std::uint8_t{0});
  CHECK(likelihood_of_seeds(*pyramid, seeds).error().code == ErrorCode::InvalidInput);
  const auto stopped = likelihood_of_seeds(
      *pyramid, made.truth, 1, []() -> Status { return fail(ErrorCode::Conflict, "stopped"); });
  CHECK(stopped.error().code == ErrorCode::Conflict);
}

TEST_CASE("past twelve million voxels every second one along the fine axes is asked") {
  using Factor = std::array<std::uint32_t, 3>;
  CHECK(likelihood_grid({.dims = {200, 200, 300}, .spacing_mm = {1, 1, 1}}).factor ==
        Factor{1, 1, 1});
  CHECK(likelihood_grid({.dims = {201, 200, 300}, .spacing_mm = {1, 1, 1}}).factor ==
        Factor{2, 2, 2});
  CHECK(likelihood_grid({.dims = {512, 512, 60}, .spacing_mm = {0.7, 0.7, 5}}).factor ==
        Factor{2, 2, 1});
  CHECK(likelihood_grid({.dims = {8192, 8192, 1}, .spacing_mm = {0.2, 0.2, 0.1}}).factor ==
        Factor{2, 2, 1});
}

TEST_CASE("one slice is enough") {
  MadeVolume made = made_volume(5);
  const std::size_t slice = 64 * 56;
  made.samples = {made.samples.begin() + 10 * slice, made.samples.begin() + 11 * slice};
  made.truth = {made.truth.begin() + 10 * slice, made.truth.begin() + 11 * slice};
  made.lattice.dims[2] = 1;
  const auto pyramid = FeaturePyramid::create(made.samples, made.lattice, IntensityScale::AsIs);
  REQUIRE(pyramid);
  const auto classifier = PixelClassifier::train(*sample_voxels(*pyramid, strokes_on(made, 0)));
  REQUIRE(classifier);
  std::vector<std::uint8_t> labels(slice);
  REQUIRE(classifier->classify(*pyramid, all_of(made.lattice), labels, {}));
  CHECK(right_share(made, labels) > 0.93);
}

TEST_CASE("features of a linear ramp are those of calculus") {
  // 3 x + 5 y + 8 z on voxels of 1 x 1 x 2 mm: the gradient is (3, 5, 4) per mm, all second
  // derivatives are 0.
  const Lattice lattice{.dims = {40, 40, 40}, .spacing_mm = {1, 1, 2}};
  std::vector<std::int16_t> samples;
  for (int z = 0; z < 40; ++z) {
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 40; ++x)
        samples.push_back(static_cast<std::int16_t>(3 * x + 5 * y + 8 * z));
    }
  }
  const auto pyramid = FeaturePyramid::create(samples, lattice, IntensityScale::AsIs);
  REQUIRE(pyramid);
  std::array<std::int16_t, FeaturePyramid::feature_count> row{};
  pyramid->row(20, 1, 20, 20, row);
  CHECK(row[0] == 320);
  CHECK(row[1] == 320);
  CHECK(std::abs(row[2] - 7) <= 1);  // |(3, 5, 4)| = 7.07
  CHECK(row[3] == 0);
  CHECK(std::abs(row[4] - 320) <= 2);
  // Halved once along x and y only: its voxels are 2 mm wide in all directions, and its
  // differences are per 2 mm.
  CHECK(std::abs(row[5] - 14) <= 2);
  CHECK(std::abs(row[6]) <= 1);
}

TEST_CASE("bad input is refused and nothing is made of it") {
  const MadeVolume made = made_volume(6);
  const auto view = VolumeView(std::span<const std::int16_t>(made.samples).first(10));
  CHECK_FALSE(FeaturePyramid::create(view, made.lattice, IntensityScale::AsIs));
  const Trained trained = trained_on(made);
  const std::vector<LabelledVoxel> outside{{.voxel = 64 * 56 * 20, .label = 1}};
  CHECK_FALSE(sample_voxels(trained.pyramid, outside));
  const std::vector<LabelledVoxel> single{{.voxel = 3, .label = 1}, {.voxel = 9, .label = 1}};
  const auto one_label = PixelClassifier::train(*sample_voxels(trained.pyramid, single));
  REQUIRE_FALSE(one_label);
  CHECK(one_label.error().code == ErrorCode::InvalidInput);
  std::vector<std::uint8_t> labels(8);
  CHECK_FALSE(trained.classifier.classify(trained.pyramid, {.first = {60, 0, 0}, .size = {8, 1, 1}},
                                          labels, {}));
  Bytes stored = trained.classifier.serialise();
  stored.pop_back();
  CHECK(PixelClassifier::parse(stored).error().code == ErrorCode::Corrupt);
  CHECK(PixelClassifier::parse({}).error().code == ErrorCode::Corrupt);
}

TEST_CASE("NaN is darker than everything and harms nothing") {
  std::vector<float> samples(30 * 30, 100.0F);
  for (std::size_t i = 450; i < 900; ++i) samples[i] = std::nanf("");
  const Lattice lattice{.dims = {30, 30, 1}, .spacing_mm = {1, 1, 1}};
  const auto pyramid = FeaturePyramid::create(VolumeView(std::span<const float>(samples)), lattice,
                                              IntensityScale::Percentiles);
  REQUIRE(pyramid);
  std::array<std::int16_t, FeaturePyramid::feature_count> row{};
  pyramid->row(5, 1, 25, 0, row);
  CHECK(row[0] == -32'768);
}

}  // namespace
}  // namespace consilium
