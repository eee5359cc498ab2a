#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "analysis/agreement/agreement.hpp"
#include "analysis/agreement/bootstrap.hpp"
#include "analysis/agreement/published_examples.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {
namespace {

using test::near;

std::vector<std::uint32_t> permutation(std::uint32_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  SeededRandom random(seed);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

struct Renumbering {
  std::vector<std::uint32_t> item, rater, label;
};

VoteTable renumbered(const VoteTable& votes, const Renumbering& to) {
  std::vector<Vote> result;
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
      result.push_back({to.item[i], to.rater[votes.rater[v]],
                        static_cast<ClassIndex>(to.label[votes.label[v]])});
    }
  }
  std::ranges::reverse(result);  // also the order of votes within an item
  return *make_vote_table(result, votes.item_count(), votes.rater_count, votes.class_count);
}

template <class T>
std::vector<T> moved(const std::vector<T>& values, const std::vector<std::uint32_t>& to) {
  std::vector<T> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result[to[i]] = values[i];
  return result;
}

void check_same(const AgreementEstimate& a, const AgreementEstimate& b) {
  CHECK(a.coefficient == b.coefficient);
  CHECK(a.observed == b.observed);
  CHECK(a.expected == b.expected);
  REQUIRE(a.uncertainty.has_value());
  REQUIRE(b.uncertainty.has_value());
  CHECK(a.uncertainty->standard_error == b.uncertainty->standard_error);
  CHECK(a.uncertainty->interval == b.uncertainty->interval);
}
void check_same(const BootstrapEstimate& a, const BootstrapEstimate& b) {
  CHECK(a.standard_error == b.standard_error);
  CHECK(a.percentile == b.percentile);
  CHECK(a.bca == b.bca);
}

TEST_CASE("renumbering items, raters and classes changes no bit of any answer (I1)") {
  const VoteTable votes = test::made_votes(300, 5, 4, .3, 11);
  std::vector<std::uint32_t> cluster(300);
  for (std::uint32_t i = 0; i < 300; ++i) cluster[i] = i / 3;
  const std::vector<double> values{1, 2.5, 4, 9};
  for (const NamedAgreementMetric& named : agreement_metrics()) {
    CAPTURE(named.name);
    for (const WeightKind weights : {WeightKind::Identity, WeightKind::Quadratic,
                                     WeightKind::GwetRatio, WeightKind::Bipolar}) {
      if (weights != WeightKind::Identity && !named.takes_weights) continue;
      CAPTURE(name_of(weights));
      const Renumbering to{permutation(300, 5), permutation(5, 6), permutation(4, 7)};
      const std::vector<double> moved_values = moved(values, to.label);
      AgreementRequest request{.metric = named.metric,
                               .weights = weights,
                               .class_values = values,
                               .circumference = 12,
                               .pair = {.first = 0, .second = 3}};
      const AgreementModel plain = *agreement_model(votes, request);
      request.class_values = moved_values;
      // Exchanging the two raters changes nothing either.
      request.pair = {.first = to.rater[3], .second = to.rater[0]};
      const AgreementModel other = *agreement_model(renumbered(votes, to), request);
      check_same(*estimate(plain), *estimate(other));
      const std::vector<std::uint32_t> moved_cluster = moved(cluster, to.item);
      check_same(*estimate_clustered(plain, cluster), *estimate_clustered(other, moved_cluster));
      BootstrapOptions options{.replicates = 60, .seed = 9};
      check_same(*bootstrap(plain, options), *bootstrap(other, options));
      options.cluster = cluster;
      BootstrapOptions other_options = options;
      other_options.cluster = moved_cluster;
      check_same(*bootstrap(plain, options), *bootstrap(other, other_options));
    }
  }
}

TEST_CASE("the bootstrap gives the same for any number of threads (I2)") {
  const VoteTable votes = test::made_votes(200, 4, 3, .2, 3);
  std::vector<std::uint32_t> cluster(200);
  for (std::uint32_t i = 0; i < 200; ++i) cluster[i] = i / 4;
  const AgreementModel model = *agreement_model(votes, {.metric = AgreementMetric::Gwet});
  for (const auto& clusters :
       {std::span<const std::uint32_t>{}, std::span<const std::uint32_t>(cluster)}) {
    const auto with = [&](unsigned threads) {
      return *bootstrap(model,
                        {.replicates = 101, .seed = 4, .threads = threads, .cluster = clusters});
    };
    check_same(with(1), with(2));
    check_same(with(1), with(8));
    check_same(with(1), with(0));
  }
}

TEST_CASE("each item its own cluster: the clustered standard error is Gwet's (I4)") {
  // All items have two ratings, so that Gwet's formula is the linearisation.
  const VoteTable votes = test::made_votes(150, 4, 3, 0, 8);
  std::vector<std::uint32_t> cluster(150);
  std::iota(cluster.begin(), cluster.end(), 100U);
  for (const AgreementMetric metric :
       {AgreementMetric::Gwet, AgreementMetric::Fleiss, AgreementMetric::Conger,
        AgreementMetric::Percent, AgreementMetric::Alpha, AgreementMetric::AlphaOrdinal}) {
    CAPTURE(name_of(metric));
    const AgreementModel model = *agreement_model(votes, {.metric = metric});
    CHECK(estimate_clustered(model, cluster)->uncertainty->standard_error ==
          near(estimate(model)->uncertainty->standard_error, 1e-12));
  }
}

TEST_CASE("the bootstrap's standard error is near the linearised one") {
  const VoteTable votes = test::made_votes(2000, 4, 4, .3, 21);
  std::vector<std::uint32_t> cluster(2000);
  for (std::uint32_t i = 0; i < 2000; ++i) cluster[i] = i / 5;
  for (const NamedAgreementMetric& named : agreement_metrics()) {
    CAPTURE(named.name);
    const AgreementModel model =
        *agreement_model(votes, {.metric = named.metric, .circumference = 4});
    const double linear = estimate(model)->uncertainty->standard_error;
    const BootstrapEstimate items = *bootstrap(model, {.replicates = 800, .seed = 2});
    CHECK(items.standard_error == near(linear, .12 * linear));
    CHECK(items.unit_count <= 2000);
    REQUIRE(items.bca.has_value());
    CHECK(items.bca->lower < items.coefficient);
    CHECK(items.bca->upper > items.coefficient);
    const double clustered = estimate_clustered(model, cluster)->uncertainty->standard_error;
    const BootstrapEstimate patients =
        *bootstrap(model, {.replicates = 800, .seed = 2, .cluster = cluster});
    CHECK(patients.standard_error == near(clustered, .12 * clustered));
    CHECK(patients.unit_count <= 400);
  }
}

TEST_CASE("an undefined bootstrap is refused, and undefined replicates are counted") {
  // One item in 12 has another class: a third of the replicates draw none of it.
  std::vector<Vote> votes;
  for (std::uint32_t i = 0; i < 12; ++i) {
    votes.push_back({i, 0, 0});
    votes.push_back({i, 1, static_cast<ClassIndex>(i == 0 ? 1 : 0)});
  }
  const auto model = [&](std::uint32_t classes) {
    return *agreement_model(*make_vote_table(votes, 12, 2, classes),
                            {.metric = AgreementMetric::Alpha});
  };
  const BootstrapEstimate estimate = *bootstrap(model(2), {.replicates = 1000});
  CHECK(estimate.undefined_count > 250);
  CHECK(estimate.undefined_count < 450);
  CHECK_FALSE(bootstrap(model(2), {.replicates = 5}).has_value());
  CHECK_FALSE(bootstrap(model(2), {.level = 1.5}).has_value());
  const std::vector<std::uint32_t> one(12, 3);
  CHECK_FALSE(bootstrap(model(2), {.cluster = one}).has_value());
  CHECK_FALSE(estimate_clustered(model(2), one).has_value());
  CHECK_FALSE(estimate_clustered(model(2), std::vector<std::uint32_t>(11, 3)).has_value());
  votes[1].label = 0;
  CHECK_FALSE(bootstrap(model(2), {}).has_value());
}

TEST_CASE("each class against the rest, by one call and one by one") {
  const VoteTable votes = test::made_votes(100, 4, 4, .2, 2);
  for (const NamedAgreementMetric& named : agreement_metrics()) {
    CAPTURE(named.name);
    const AgreementRequest request{.metric = named.metric};
    const auto all = class_agreement(votes, request);
    REQUIRE(all.size() == 4);
    for (ClassIndex k = 0; k < 4; ++k) {
      check_same(*all[k], *estimate(*class_agreement_model(votes, request, k)));
    }
    CHECK_FALSE(class_agreement_model(votes, request, 4).has_value());
  }
}

TEST_CASE("names of metrics and weights are read back, and misuse is refused") {
  for (const NamedAgreementMetric& named : agreement_metrics()) {
    CHECK(parse_agreement_metric(named.name) == named.metric);
    CHECK(name_of(named.metric) == named.name);
  }
  CHECK(parse_agreement_metric("ac1") == AgreementMetric::Gwet);
  CHECK_FALSE(parse_agreement_metric("ordinal").has_value());
  CHECK(parse_weight_kind("gwet-ordinal") == WeightKind::GwetOrdinal);
  CHECK_FALSE(parse_weight_kind("ordinal").has_value());
  const VoteTable votes = test::made_votes(20, 3, 3, 0, 1);
  CHECK_FALSE(agreement_model(
                  votes, {.metric = AgreementMetric::AlphaOrdinal, .weights = WeightKind::Linear})
                  .has_value());
  CHECK_FALSE(
      agreement_model(votes, {.metric = AgreementMetric::Gwet, .repeats = Repeats::SeparateCodings})
          .has_value());
  CHECK_FALSE(agreement_model(votes, {.metric = AgreementMetric::Gwet, .weights = WeightKind::Own})
                  .has_value());
}

// Ratings of images of one patient resemble one another: with chance `shared` an image's truth and
// difficulty are the patient's.
struct Study {
  VoteTable votes;
  std::vector<std::uint32_t> patient;
};
Study made_study(std::uint32_t patients, std::uint32_t images, std::uint64_t seed) {
  SeededRandom random(seed);
  Study study;
  std::vector<Vote> votes;
  std::uint32_t item = 0;
  for (std::uint32_t p = 0; p < patients; ++p) {
    const bool patient_ill = random.uniform() < .4;
    const bool patient_hard = random.uniform() < .3;
    for (std::uint32_t m = 0; m < images; ++m, ++item) {
      const bool shared = random.uniform() < .8;
      const bool ill = shared ? patient_ill : random.uniform() < .4;
      const bool hard = shared ? patient_hard : random.uniform() < .3;
      study.patient.push_back(p);
      for (std::uint32_t g = 0; g < 3; ++g) {
        const bool right = random.uniform() < (hard ? .6 : .93);
        votes.push_back({item, g, static_cast<ClassIndex>(ill == right ? 1 : 0)});
      }
    }
  }
  study.votes = *make_vote_table(votes, item, 3, 2);
  return study;
}

TEST_CASE("intervals clustered by patient cover the truth 95 times in 100, naive ones do not") {
  const bool full = std::getenv("CONSILIUM_FULL") != nullptr;
  // Of 500 studies the share itself is known to one point only, and 92 or 96 would be luck.
  const int runs = full ? 4000 : 120;
  constexpr std::uint32_t patients = 60;
  constexpr std::uint32_t images = 10;
  for (const AgreementMetric metric : {AgreementMetric::Alpha, AgreementMetric::Gwet}) {
    CAPTURE(name_of(metric));
    // The truth: the same coefficient of very many patients.
    const Study population = made_study(full ? 200'000 : 20'000, images, 99);
    const double truth =
        estimate(*agreement_model(population.votes, {.metric = metric}))->coefficient;
    int naive = 0;
    int sandwich = 0;
    int percentile = 0;
    int bca = 0;
    const auto covers = [truth](const Interval& interval) {
      return interval.lower <= truth && truth <= interval.upper ? 1 : 0;
    };
    for (int run = 0; run < runs; ++run) {
      const Study study = made_study(patients, images, 5000 + static_cast<std::uint64_t>(run));
      const AgreementModel model = *agreement_model(study.votes, {.metric = metric});
      naive += covers(estimate(model)->uncertainty->interval);
      sandwich += covers(estimate_clustered(model, study.patient)->uncertainty->interval);
      const BootstrapEstimate resampled =
          *bootstrap(model, {.replicates = full ? 1000U : 200U,
                             .seed = static_cast<std::uint64_t>(run),
                             .cluster = study.patient});
      percentile += covers(resampled.percentile);
      bca += covers(*resampled.bca);
    }
    const auto share = [runs](int count) { return 100.0 * count / runs; };
    MESSAGE(name_of(metric), " of ", runs, " studies: coverage naive ", share(naive),
            " %, clustered analytic ", share(sandwich), " %, clustered percentile ",
            share(percentile), " %, clustered BCa ", share(bca), " %");
    CHECK(share(naive) < 88);
    const double least = full ? 93 : 89;
    const double most = full ? 97 : 100;
    for (const int count : {sandwich, percentile, bca}) {
      CHECK(share(count) >= least);
      CHECK(share(count) <= most);
    }
  }
}

}  // namespace
}  // namespace consilium
