#include "analysis/label_errors/label_errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>
#include <string>

#include "base/random.hpp"

namespace consilium {
namespace {

struct Predictions {
  std::size_t class_count = 0;
  std::vector<double> probabilities;
  std::vector<ClassIndex> labels;
  [[nodiscard]] PredictionBlock<double> block() const { return {probabilities, labels}; }
};

LabelErrors found(const Predictions& data, const LabelErrorOptions& options = {}) {
  const auto result = find_label_errors(source_of(data.block()), data.class_count, options);
  REQUIRE(result.has_value());
  return *result;
}

// Whole-number weights over their sum, from a generator of one line: the same doubles arise in
// Python, so that cleanlab sees what we see.
Predictions shared_with_python(std::size_t rows, std::size_t classes, std::uint64_t seed,
                               std::uint64_t boost) {
  Predictions out{.class_count = classes, .probabilities = {}, .labels = {}};
  std::uint64_t state = seed;
  const auto next = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return state >> 33U;
  };
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t truth = next() % classes;
    std::vector<std::uint64_t> weights(classes);
    for (std::uint64_t& weight : weights) weight = 1 + next() % 1'000'003;
    weights[truth] += boost * (1 + truth) / classes;
    const auto sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), 0ULL));
    for (const std::uint64_t weight : weights) {
      out.probabilities.push_back(static_cast<double>(weight) / sum);
    }
    const bool wrong = next() % 10 < 3;
    out.labels.push_back(static_cast<ClassIndex>(wrong ? next() % classes : truth));
  }
  return out;
}

std::vector<std::uint64_t> rows_of(const std::vector<RankedLabel>& labels) {
  std::vector<std::uint64_t> rows;
  for (const RankedLabel& label : labels) rows.push_back(label.row);
  return rows;
}

// The hand case: probabilities of class 0 and labels.
Predictions hand_case() {
  Predictions out{.class_count = 2, .probabilities = {}, .labels = {0, 0, 0, 0, 1, 1, 1, 1, 1, 0}};
  for (const double p : {.9, .8, .3, .6, .2, .1, .4, .95, .55, .35}) {
    out.probabilities.push_back(p);
    out.probabilities.push_back(1 - p);
  }
  return out;
}

TEST_CASE("the hand case: thresholds, confident, calibrated and estimated joint") {
  const ConfidentJoint joint = found(hand_case()).joint;
  CHECK(joint.thresholds[0] == doctest::Approx(.59).epsilon(1e-12));
  CHECK(joint.thresholds[1] == doctest::Approx(.56).epsilon(1e-12));
  CHECK(joint.counts == std::vector<std::uint64_t>{3, 2, 1, 3});
  CHECK(calibrated_joint(joint) == std::vector<double>{3, 2, 1.25, 3.75});
  CHECK(calibrated_counts(joint) == std::vector<std::int64_t>{3, 2, 1, 4});
  const std::vector<double> share = estimated_joint(joint);
  const double expected[] = {.3, .2, .125, .375};
  for (std::size_t e = 0; e < 4; ++e) CHECK(share[e] == doctest::Approx(expected[e]));
}

TEST_CASE("predicted other than given, cleanlab's example: F F T T T") {
  const Predictions data{
      .class_count = 3,
      .probabilities = {.9, .1, 0, .6, .2, .2, .3, .3, .4, .1, .1, .8, .4, .5, .1},
      .labels = {0, 0, 1, 1, 2}};
  std::vector<std::uint64_t> rows =
      rows_of(found(data, {.filter = IssueFilter::PredictedNeqGiven}).flagged);
  std::ranges::sort(rows);
  CHECK(rows == std::vector<std::uint64_t>{2, 3, 4});
}

// What cleanlab 2.9.0 says of the same doubles: the number of flagged rows and the sum of their
// numbers for each filter, and the pruning filters at frac_noise = .5. Data in which no two entries
// of the joint lose equally by rounding, which cleanlab breaks as its sort happens to.
struct FromCleanlab {
  std::size_t rows, classes;
  std::uint64_t seed, boost;
  double first_threshold;
  std::uint64_t flagged[8][2];
  std::uint64_t worst[3][4];
  double worst_score[3], second_row_score[3];
};

const FromCleanlab from_cleanlab[] = {
    {3000,
     5,
     7,
     2'500'000,
     0.286153071000306,
     {{874, 1284312},
      {632, 928191},
      {743, 1102382},
      {647, 960851},
      {629, 941547},
      {379, 570639},
      {366, 533044},
      {289, 430113}},
     {{2035, 1915, 1697, 1073}, {1697, 1127, 550, 793}, {2035, 1073, 1915, 657}},
     {0.0010328081319044503, 0.08772405675885375, 0.009711796566643035},
     {0.5869855832369698, 0.707072835107108, 0.6507428823107165}},
    {1500,
     3,
     11,
     900'000,
     0.4028302404259221,
     {{481, 369036},
      {251, 191908},
      {360, 276011},
      {290, 223986},
      {274, 211407},
      {190, 146929},
      {155, 115555},
      {143, 106951}},
     {{1245, 634, 726, 295}, {1000, 836, 1174, 20}, {1245, 634, 726, 295}},
     {0.0010723716369981078, 0.042398437767859454, 0.011366391085920125},
     {0.3711963146254094, 0.46999554708462976, 0.49455867128122244}},
    {4000,
     9,
     15,
     5'000'000,
     0.17852175092654335,
     {{1150, 2293009},
      {963, 1927109},
      {1036, 2065836},
      {958, 1916722},
      {936, 1881054},
      {528, 1054800},
      {499, 1001874},
      {376, 754797}},
     {{1856, 345, 2868, 3671}, {1549, 724, 1241, 268}, {1856, 345, 2868, 3671}},
     {4.670288144193888e-05, 0.13899706747418783, 0.0007335617151131244},
     {0.3595343020527229, 0.6259556462300196, 0.5076974723625087}}};

TEST_CASE("flags and ranks the very rows that cleanlab 2.9.0 does") {
  constexpr IssueFilter filters[] = {IssueFilter::PredictedNeqGiven,
                                     IssueFilter::ConfidentLearning,
                                     IssueFilter::PruneByClass,
                                     IssueFilter::PruneByNoiseRate,
                                     IssueFilter::Both,
                                     IssueFilter::PruneByClass,
                                     IssueFilter::PruneByNoiseRate,
                                     IssueFilter::Both};
  constexpr LabelScore scores[] = {LabelScore::SelfConfidence, LabelScore::NormalizedMargin,
                                   LabelScore::ConfidenceWeightedEntropy};
  for (const FromCleanlab& known : from_cleanlab) {
    const Predictions data = shared_with_python(known.rows, known.classes, known.seed, known.boost);
    for (std::size_t f = 0; f < 8; ++f) {
      CAPTURE(f);
      const LabelErrors errors =
          found(data, {.filter = filters[f], .noise_share = f < 5 ? 1 : 0.5});
      CHECK(errors.joint.thresholds[0] == doctest::Approx(known.first_threshold).epsilon(1e-13));
      const auto rows = rows_of(errors.flagged);
      CHECK(rows.size() == known.flagged[f][0]);
      CHECK(std::accumulate(rows.begin(), rows.end(), 0ULL) == known.flagged[f][1]);
    }
    for (std::size_t s = 0; s < 3; ++s) {
      const LabelErrors errors = found(data, {.score = scores[s], .worst_count = 4});
      CHECK(rows_of(errors.worst) ==
            std::vector<std::uint64_t>(std::begin(known.worst[s]), std::end(known.worst[s])));
      CHECK(errors.worst[0].score == doctest::Approx(known.worst_score[s]).epsilon(1e-10));
      const auto row = std::span(data.probabilities).subspan(known.classes, known.classes);
      CHECK(label_score(row, data.labels[1], scores[s]) ==
            doctest::Approx(known.second_row_score[s]).epsilon(1e-10));
    }
  }
}

TEST_CASE("counts equal those of cleanlab 2.9.0, before and after calibration") {
  const ConfidentJoint five = found(shared_with_python(3000, 5, 7, 2'500'000)).joint;
  CHECK(five.counts == std::vector<std::uint64_t>{313, 36, 34, 42,  18, 32, 338, 21, 22,
                                                  35,  25, 23, 371, 44, 28, 28,  38, 37,
                                                  436, 48, 31, 28,  30, 37, 448});
  CHECK(calibrated_counts(five) == std::vector<std::int64_t>{421, 48, 46, 57,  24, 41, 438, 27, 29,
                                                             45,  29, 27, 431, 51, 32, 30,  41, 40,
                                                             472, 52, 34, 30,  32, 40, 483});
  const ConfidentJoint three = found(shared_with_python(1500, 3, 11, 900'000)).joint;
  CHECK(three.counts == std::vector<std::uint64_t>{238, 57, 52, 41, 249, 43, 38, 31, 292});
  CHECK(calibrated_counts(three) ==
        std::vector<std::int64_t>{343, 82, 75, 60, 364, 63, 54, 44, 415});
}

TEST_CASE("any cut into blocks and any number of threads give the same result") {
  const Predictions data = shared_with_python(30'000, 4, 3, 2'000'000);
  for (const IssueFilter filter : {IssueFilter::ConfidentLearning, IssueFilter::Both}) {
    LabelErrorOptions options{
        .score = LabelScore::NormalizedMargin, .worst_count = 50, .filter = filter};
    const LabelErrors whole = found(data, options);
    for (const std::size_t size : {std::size_t{1000}, std::size_t{9999}, std::size_t{30'000}}) {
      const PredictionSource<double> source =
          [&](std::uint64_t first) -> Result<PredictionBlock<double>> {
        const std::size_t count = std::min<std::size_t>(size, data.labels.size() - first);
        return PredictionBlock<double>{std::span(data.probabilities).subspan(first * 4, count * 4),
                                       std::span(data.labels).subspan(first, count)};
      };
      for (const unsigned threads : {0U, 2U, 8U}) {
        options.threads = threads;
        const auto parts = find_label_errors(source, 4, options);
        REQUIRE(parts.has_value());
        CHECK(*parts == whole);
      }
    }
  }
}

TEST_CASE("renumbering classes and reordering rows does the same to the result") {
  const Predictions data = shared_with_python(2000, 4, 9, 2'000'000);
  constexpr std::size_t class_to[] = {2, 0, 3, 1};
  Predictions turned{.class_count = 4,
                     .probabilities = std::vector<double>(8000),
                     .labels = std::vector<ClassIndex>(2000)};
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t to = (i + 777) % 2000;
    for (std::size_t c = 0; c < 4; ++c) {
      turned.probabilities[to * 4 + class_to[c]] = data.probabilities[i * 4 + c];
    }
    turned.labels[to] = static_cast<ClassIndex>(class_to[data.labels[i]]);
  }
  const LabelErrorOptions options{.score = LabelScore::ConfidenceWeightedEntropy,
                                  .worst_count = 20,
                                  .filter = IssueFilter::PruneByNoiseRate};
  const LabelErrors before = found(data, options);
  const LabelErrors after = found(turned, options);
  for (std::size_t a = 0; a < 4; ++a) {
    CHECK(before.joint.thresholds[a] == after.joint.thresholds[class_to[a]]);
    for (std::size_t b = 0; b < 4; ++b) {
      CHECK(before.joint.count(a, b) == after.joint.count(class_to[a], class_to[b]));
    }
  }
  REQUIRE(before.worst.size() == after.worst.size());
  for (std::size_t w = 0; w < before.worst.size(); ++w) {
    CHECK(before.worst[w].score == after.worst[w].score);
    CHECK((before.worst[w].row + 777) % 2000 == after.worst[w].row);
  }
  CHECK(before.flagged.size() == after.flagged.size());
}

TEST_CASE("float predictions are compared exactly, as their values in double") {
  const Predictions data = shared_with_python(3000, 5, 7, 2'500'000);
  const std::vector<float> narrow(data.probabilities.begin(), data.probabilities.end());
  const Predictions widened{.class_count = 5,
                            .probabilities = std::vector<double>(narrow.begin(), narrow.end()),
                            .labels = data.labels};
  for (const IssueFilter filter : {IssueFilter::ConfidentLearning, IssueFilter::PruneByClass}) {
    const LabelErrorOptions options{.worst_count = 100, .filter = filter};
    const auto own =
        find_label_errors(source_of(PredictionBlock<float>{narrow, data.labels}), 5, options);
    REQUIRE(own.has_value());
    CHECK(*own == found(widened, options));
  }
}

TEST_CASE(
    "equally probable classes: the given label has the benefit, else the row is not counted") {
  // Both thresholds are .5 and every row reaches both or none.
  const Predictions even{.class_count = 2, .probabilities = {.5, .5, .5, .5}, .labels = {0, 1}};
  CHECK(found(even).joint.counts == std::vector<std::uint64_t>{1, 0, 0, 1});
  CHECK(found(even, {.filter = IssueFilter::ConfidentLearning}).flagged.empty());
  const Predictions three{
      .class_count = 3, .probabilities = {.4, .4, .2, .4, .4, .2, .4, .4, .2}, .labels = {0, 1, 2}};
  CHECK(found(three).joint.counts == std::vector<std::uint64_t>{1, 0, 0, 0, 1, 0, 0, 0, 0});
}

TEST_CASE("the rules for rows that reach several thresholds part where the paper and cleanlab do") {
  // Row 0 is most probably of class 2, below that class's threshold, and reaches those of 0 and 1.
  const Predictions data{
      .class_count = 3,
      .probabilities = {.32, .28, .40, .2, .25, .55, .3, .3, .4, .1, .2, .7, .2, .1, .7},
      .labels = {0, 1, 0, 2, 2}};
  const auto by_row = found(data);
  const auto by_reached = found(data, {.collision = CollisionRule::MostProbableConfident});
  CHECK(by_row.joint.count(0, 2) == 1);
  CHECK(by_reached.joint.count(0, 0) == 1);
}

TEST_CASE("a class without labels has no threshold and its diagonal is taken as 1") {
  const Predictions data{
      .class_count = 3, .probabilities = {.7, .2, .1, .2, .7, .1}, .labels = {0, 1}};
  const LabelErrors errors = found(data, {.filter = IssueFilter::Both});
  CHECK(std::isinf(errors.joint.thresholds[2]));
  CHECK(calibrated_counts(errors.joint) == std::vector<std::int64_t>{1, 0, 0, 0, 1, 0, 0, 0, 0});
  CHECK(errors.flagged.empty());
  const Predictions none{.class_count = 2, .probabilities = {}, .labels = {}};
  CHECK(found(none, {.worst_count = 3, .filter = IssueFilter::Both}).worst.empty());
}

TEST_CASE("sure rows have the limits of the entropy score: 1 for the label, 0 for another") {
  const std::vector<double> sure = {1, 0};
  CHECK(label_score(std::span<const double>(sure), 0, LabelScore::ConfidenceWeightedEntropy) == 1);
  CHECK(label_score(std::span<const double>(sure), 1, LabelScore::ConfidenceWeightedEntropy) == 0);
}

TEST_CASE("bad input is refused and its row named") {
  Predictions data = shared_with_python(5000, 3, 1, 900'000);
  for (const double wrong : {-0.1, 1.5, std::nan("")}) {
    Predictions broken = data;
    broken.probabilities[std::size_t{3} * 4321 + 1] = wrong;
    broken.probabilities[std::size_t{3} * 4900] = wrong;
    const auto refused = find_label_errors(source_of(broken.block()), 3, {.threads = 2});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().where == "row 4321");
  }
  Predictions far = data;
  far.labels[17] = 3;
  const auto refused = find_label_errors(source_of(far.block()), 3);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "row 17");
  CHECK_FALSE(find_label_errors(source_of(data.block()), 4).has_value());
  CHECK_FALSE(find_label_errors(source_of(data.block()), 1).has_value());
  CHECK_FALSE(find_label_errors(source_of(data.block()), 3, {.noise_share = 2}).has_value());
}

TEST_CASE("a source that changes between passes, or fails, is told of") {
  const Predictions data = shared_with_python(100, 3, 1, 900'000);
  int calls = 0;
  const PredictionSource<double> shrinking =
      [&](std::uint64_t first) -> Result<PredictionBlock<double>> {
    if (first != 0) return PredictionBlock<double>{};
    const std::size_t count = ++calls > 1 ? 90 : 100;
    return PredictionBlock<double>{std::span(data.probabilities).first(count * 3),
                                   std::span(data.labels).first(count)};
  };
  const auto changed = find_label_errors(shrinking, 3);
  REQUIRE_FALSE(changed.has_value());
  CHECK(changed.error().code == ErrorCode::Conflict);
  const PredictionSource<double> failing = [](std::uint64_t) -> Result<PredictionBlock<double>> {
    return fail(ErrorCode::Unavailable, "the disk is away");
  };
  CHECK(find_label_errors(failing, 3).error().code == ErrorCode::Unavailable);
}

// Confident learning finds most of what was made wrong, and little else.
TEST_CASE("made label errors are found") {
  SeededRandom random(2);
  Predictions data{.class_count = 5, .probabilities = {}, .labels = {}};
  std::vector<bool> wrong;
  for (std::size_t i = 0; i < 5000; ++i) {
    const std::uint64_t truth = random.below(5);
    std::vector<double> row(5);
    double sum = 0;
    for (std::size_t c = 0; c < 5; ++c) {
      row[c] = std::exp(random.normal() + (c == truth ? 5 : 0));
      sum += row[c];
    }
    for (const double p : row) data.probabilities.push_back(p / sum);
    wrong.push_back(random.uniform() < 0.1);
    data.labels.push_back(
        static_cast<ClassIndex>(wrong.back() ? (truth + 1 + random.below(4)) % 5 : truth));
  }
  int hits = 0;
  const auto flagged = found(data, {.filter = IssueFilter::PruneByNoiseRate}).flagged;
  for (const RankedLabel& label : flagged) hits += wrong[label.row] ? 1 : 0;
  const auto made_wrong = std::ranges::count(wrong, true);
  CHECK(hits > 0.95 * static_cast<double>(made_wrong));
  CHECK(hits > 0.9 * static_cast<double>(flagged.size()));
}

}  // namespace
}  // namespace consilium
