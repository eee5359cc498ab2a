#include "analysis/consensus/consensus.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "tests/crowd_sets.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

ConsensusOptions with(ConsensusMethod method) {
  ConsensusOptions options;
  options.method = method;
  return options;
}

// Votes written by rater: one text a rater, one letter an item, '-' where nothing was said.
VoteTable votes_by_rater(const std::vector<std::string>& rows, const std::string& letters) {
  std::vector<Vote> votes;
  for (std::size_t rater = 0; rater < rows.size(); ++rater) {
    for (std::size_t item = 0; item < rows[rater].size(); ++item) {
      const auto label = letters.find(rows[rater][item]);
      if (label == std::string::npos) continue;
      votes.push_back({static_cast<ItemIndex>(item), static_cast<RaterIndex>(rater),
                       static_cast<ClassIndex>(label)});
    }
  }
  return make_vote_table(votes, static_cast<std::uint32_t>(rows[0].size()),
                         static_cast<std::uint32_t>(rows.size()),
                         static_cast<std::uint32_t>(letters.size()))
      .value();
}

// The file is that of the R package rater, where the first observer read patient 7 as 1, 1, 2. The
// transcription of the paper's table by D. Card (github.com/dallascard/dawid_skene) has 1, 2, 2,
// and with that one rating the published estimates come out, to every digit.
enum class Patient7 { AsInFile, AsInTable };
std::optional<VoteTable> read_anesthesia(Patient7 patient) {
  const auto path = test::data_path("crowd/anesthesia/anesthesia.csv");
  if (!path) return std::nullopt;
  std::vector<Vote> votes;
  std::uint32_t changed = 0;
  for (const auto& [item, rater, rating] : test::read_rows(*path)) {
    votes.push_back({item - 1, rater - 1, static_cast<ClassIndex>(rating - 1)});
    if (patient == Patient7::AsInTable && votes.back() == Vote{6, 0, 0} && changed++ == 1) {
      votes.back().label = 1;
    }
  }
  return make_vote_table(votes, 45, 5, 4).value();
}

double accuracy_of(const test::CrowdSet& set, const ConsensusResult& result) {
  return test::accuracy(set, [&](ItemIndex item) { return result.posterior.of(item); });
}

constexpr std::array all_methods{ConsensusMethod::Majority,
                                 ConsensusMethod::WeightedMajority,
                                 ConsensusMethod::PooledCoin,
                                 ConsensusMethod::OneCoin,
                                 ConsensusMethod::DawidSkene,
                                 ConsensusMethod::Map,
                                 ConsensusMethod::Ibcc,
                                 ConsensusMethod::Hierarchical,
                                 ConsensusMethod::HierarchicalSymmetric};

TEST_CASE("the patients of Dawid and Skene 1979 come out as published") {
  const auto votes = read_anesthesia(Patient7::AsInTable);
  if (!votes) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  REQUIRE(votes->vote_count() == 315);
  ConsensusOptions options = with(ConsensusMethod::DawidSkene);
  options.tolerance = 1e-10;
  for (const bool accelerate : {false, true}) {
    options.accelerate = accelerate;
    const auto result = find_consensus(*votes, options);
    REQUIRE(result);
    CHECK(result->converged);
    CHECK(std::abs(result->log_likelihood + 192.8908812143) < 1e-8);
    CHECK(std::abs(result->objective_trace.back() + 192.8908812143) < 1e-8);
    const std::array prevalence{.3996, .4220, .1118, .0667};
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(std::abs(result->prevalence[k] - prevalence[k]) < 0.6e-4);
    }
    constexpr double tables[5][16] = {
        {.8895, .1105, 0, 0, .0706, .8764, .0530, 0, 0, .3388, .6612, 0, 0, 0, .5556, .4444},
        {.8342, .1658, 0, 0, .0527, .6329, .3143, 0, 0, 0, 1, 0, 0, 0, 0, 1},
        {1, 0, 0, 0, .1064, .7883, .1053, 0, 0, .4037, .1988, .3976, 0, 0, .6667, .3333},
        {.9444, .0556, 0, 0, .0537, .8426, .1037, 0, 0, 0, .8012, .1988, 0, 0, .3333, .6667},
        {1, 0, 0, 0, .1590, .7345, .1064, 0, 0, .2091, .7909, 0, 0, 0, .3333, .6667}};
    for (RaterIndex rater = 0; rater < 5; ++rater) {
      for (std::size_t cell = 0; cell < 16; ++cell) {
        CAPTURE(rater);
        CAPTURE(cell);
        CHECK(std::abs(result->raters.confusion_of(rater)[cell] - tables[rater][cell]) < 0.6e-4);
      }
    }
    const std::string labels = "142222132243121111222222112111131224233111212";
    for (ItemIndex item = 0; item < 45; ++item) {
      CAPTURE(item);
      CHECK(result->label[item] == labels[item] - '1');
    }
    CHECK(std::abs(result->posterior.of(6)[0] - .981) < 6e-4);
    CHECK(std::abs(result->posterior.of(6)[1] - .019) < 6e-4);
    CHECK(std::abs(result->posterior.of(29)[0] - .9991) < 6e-5);
    CHECK(std::abs(result->posterior.of(34)[1] - .948) < 6e-4);
    CHECK(std::abs(result->posterior.of(34)[2] - .052) < 6e-4);
    CHECK(std::abs(result->posterior.of(37)[1] - .0212) < 6e-5);
    CHECK(std::abs(result->posterior.of(37)[2] - .9788) < 6e-5);
  }
}

// The figures are those of an independent EM in numpy 2.4, from vote shares to 1e-10.
TEST_CASE("the anaesthetists' file as it stands") {
  const auto votes = read_anesthesia(Patient7::AsInFile);
  if (!votes) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  ConsensusOptions options = with(ConsensusMethod::DawidSkene);
  options.tolerance = 1e-10;
  const auto result = find_consensus(*votes, options);
  CHECK(std::abs(result->log_likelihood + 190.73099659697726) < 1e-8);
  CHECK(std::abs(result->posterior.of(6)[1] - 2.0e-4) < 0.6e-4);
  CHECK(std::abs(result->raters.confusion_of(0)[0] - .9074) < 0.6e-4);
}

// Accuracies and log-likelihoods of the collection yuan-li/truth-inference-at-scale.
TEST_CASE("published accuracies and likelihoods of the crowd sets are met") {
  struct Expected {
    const char* name;
    double majority, dawid_skene, log_likelihood, ibcc;
  };
  for (const Expected& expected :
       {Expected{"bluebird", .759259, .898148, -1888.1168, .888889},
        Expected{"dog", .822181, .842627, -4745.5499, .838910},
        Expected{"rte", .896875, .9275, -3679.6290, .9275},
        Expected{"face_sentiment", .636701, .640411, -4088.7916, .640411}}) {
    CAPTURE(expected.name);
    const auto set = test::read_crowd_set(expected.name);
    if (!set) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto majority = find_consensus(set->votes, with(ConsensusMethod::Majority));
    CHECK(std::abs(accuracy_of(*set, *majority) - expected.majority) < 1e-6);
    const auto em = find_consensus(set->votes, with(ConsensusMethod::DawidSkene));
    CHECK(std::abs(accuracy_of(*set, *em) - expected.dawid_skene) < 1e-6);
    CHECK(std::abs(em->log_likelihood - expected.log_likelihood) < 1e-4);
    ConsensusOptions ibcc = with(ConsensusMethod::Ibcc);
    ibcc.start = ConsensusStart::Majority;
    ibcc.accelerate = false;
    ibcc.tolerance = 1e-3;
    const auto bayes = find_consensus(set->votes, ibcc);
    CHECK(std::abs(accuracy_of(*set, *bayes) - expected.ibcc) < 1e-6);
  }
}

// The example of crowd-kit's tests (v1.4.1): skills .6 .8 1 .4 .8; with ties to the lowest class.
TEST_CASE("weights by agreement are those of Wawa") {
  const VoteTable votes = votes_by_rater({"nyyyy", "yynyn", "-ynyn", "ynyyn", "nnnyn"}, "ny");
  ConsensusOptions options = with(ConsensusMethod::WeightedMajority);
  options.ties = TiePolicy::Lowest;
  const auto result = find_consensus(votes, options);
  const std::array skills{.6, .8, 1.0, .4, .8};
  for (std::size_t rater = 0; rater < 5; ++rater) {
    CHECK(result->raters.weight[rater] == doctest::Approx(skills[rater]).epsilon(1e-12));
  }
  const std::array yes{.461538, .666667, .277778, 1.0, .166667};
  for (ItemIndex item = 0; item < 5; ++item) {
    CHECK(std::abs(result->posterior.of(item)[1] - yes[item]) < 1e-6);
  }
  options.rater_weight.assign(result->raters.weight.begin(), result->raters.weight.end());
  CHECK(find_consensus(votes, options)->posterior == result->posterior);
}

TEST_CASE("a tie is handled as its policy says") {
  const VoteTable votes = votes_by_rater({"ab-", "ba-", "aa-"}, "abc");  // item 0: a; 1: a; 2: none
  const VoteTable tied = votes_by_rater({"ab", "ba"}, "abc");
  for (const TiePolicy policy : {TiePolicy::Abstain, TiePolicy::Lowest, TiePolicy::Fractional}) {
    ConsensusOptions options = with(ConsensusMethod::Majority);
    options.ties = policy;
    const auto clear = find_consensus(votes, options);
    CHECK(clear->label[0] == 0);
    CHECK(clear->is_tied[0] == 0);
    const auto result = find_consensus(tied, options);
    CHECK(result->is_tied[0] == 1);
    CHECK(result->label[0] == (policy == TiePolicy::Lowest ? 0 : no_label));
    const double expected = policy == TiePolicy::Fractional ? 0.5 : 0.0;
    CHECK(tied_credit(result->posterior.of(0), 1, policy) == expected);
    CHECK(tied_credit(result->posterior.of(0), 2, policy) == 0.0);
    CHECK(tied_credit(result->posterior.of(0), 0, policy) ==
          (policy == TiePolicy::Lowest ? 1.0 : expected));
  }
}

TEST_CASE("an item without votes has the prevalence and says so") {
  const VoteTable votes = votes_by_rater({"aab-a", "abb-a", "aab-b"}, "ab");
  for (const ConsensusMethod method : all_methods) {
    const auto result = find_consensus(votes, with(method));
    REQUIRE(result);
    CHECK(result->has_vote[3] == 0);
    CHECK(result->has_vote[0] == 1);
    CHECK(result->posterior.of(3)[0] == result->prevalence[0]);
    CHECK(result->prevalence[0] + result->prevalence[1] == doctest::Approx(1.0));
  }
}

TEST_CASE("one class and one vote are enough") {
  for (const ConsensusMethod method : all_methods) {
    const auto single = find_consensus(votes_by_rater({"aa"}, "a"), with(method));
    REQUIRE(single);
    CHECK(single->label[0] == 0);
    CHECK(single->posterior.of(1)[0] == 1.0);
    CHECK(single->raters.information_nats[0] == 0.0);
    const auto one = find_consensus(votes_by_rater({"b"}, "ab"), with(method));
    REQUIRE(one);
    // The free prior of Hierarchical has nothing to hold on to in one vote.
    if (method != ConsensusMethod::Hierarchical) CHECK(one->label[0] == 1);
  }
}

TEST_CASE("the objective never falls, on any set, for any method") {
  for (const char* name : test::crowd_set_names) {
    const auto set = test::read_crowd_set(name);
    if (!set) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    for (const ConsensusMethod method : all_methods) {
      for (const bool accelerate : {false, true}) {
        ConsensusOptions options = with(method);
        options.accelerate = accelerate;
        options.iteration_max = 60;
        const auto result = find_consensus(set->votes, options);
        CAPTURE(name);
        CAPTURE(static_cast<int>(method));
        CHECK(std::ranges::is_sorted(result->objective_trace));
      }
    }
  }
}

TEST_CASE("acceleration ends where plain EM ends, in fewer steps") {
  const auto set = test::read_crowd_set("face_sentiment");
  if (!set) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  ConsensusOptions options = with(ConsensusMethod::DawidSkene);
  options.tolerance = 1e-9;
  const auto fast = find_consensus(set->votes, options);
  options.accelerate = false;
  const auto plain = find_consensus(set->votes, options);
  CHECK(fast->converged);
  CHECK(plain->converged);
  CHECK(std::abs(fast->log_likelihood - plain->log_likelihood) < 1e-6);
  CHECK(fast->iterations < plain->iterations);
  CHECK(fast->label == plain->label);
}

// crowd-kit 1.4.2 (PyPI) on the same rows and with the same credit for ties, each with its
// defaults: MajorityVote .7848, DawidSkene .8167 (its best), OneCoinDawidSkene .7665, GLAD .7862,
// MACE (random_state 0) .8013, MMSR (random_state 0) .7744, Wawa .7897, ZeroBasedSkill .7904;
// DawidSkene and OneCoinDawidSkene with n_iter 100. How the default came about: semantics.md.
TEST_CASE("the default is as accurate as the best method of crowd-kit, on the mean of six sets") {
  double sum = 0.0;
  for (const char* name : test::crowd_set_names) {
    const auto set = test::read_crowd_set(name);
    if (!set) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto result = find_consensus(set->votes, ConsensusOptions{});
    CHECK(result->candidates.size() == 5);
    CHECK(result->method == result->candidates.front().method);
    const double accuracy = accuracy_of(*set, *result);
    CAPTURE(name);
    MESSAGE(accuracy);
    sum += accuracy;
  }
  CHECK(sum / std::size(test::crowd_set_names) >= 0.8167);
}

TEST_CASE("gold is held fixed and teaches who is right") {
  // Two raters against one on every item; gold says that the one is right.
  const VoteTable votes =
      votes_by_rater({"ababababababab", "ababababababab", "bababababababa"}, "ab");
  ConsensusOptions options = with(ConsensusMethod::Map);
  CHECK(find_consensus(votes, options)->label[13] == 1);
  for (ItemIndex item = 0; item < 10; ++item) {
    options.gold.push_back({item, static_cast<ClassIndex>(item % 2 == 0 ? 1 : 0)});
  }
  for (const ConsensusMethod method : all_methods) {
    options.method = method;
    const auto result = find_consensus(votes, options);
    for (const auto& [item, label] : options.gold) {
      CHECK(result->label[item] == label);
      CHECK(result->posterior.of(item)[label] == 1.0);
    }
    const bool weighs = method != ConsensusMethod::Majority &&
                        method != ConsensusMethod::WeightedMajority &&
                        method != ConsensusMethod::PooledCoin;
    if (weighs) CHECK(result->label[13] == 0);
  }
}

TEST_CASE("bad input is refused with its name") {
  const VoteTable votes = votes_by_rater({"aab", "abb"}, "ab");
  const auto refused = [&](const auto& change) {
    ConsensusOptions options;
    change(options);
    const auto result = find_consensus(votes, options);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::InvalidInput);
    return result.error().where;
  };
  using Options = ConsensusOptions;
  CHECK(refused([](Options& o) { o.gold = {{3, 0}}; }).starts_with("gold row 0"));
  CHECK(refused([](Options& o) { o.gold = {{0, 2}}; }).starts_with("gold row 0"));
  CHECK(refused([](Options& o) { o.gold = {{0, 1}, {0, 0}}; }).starts_with("gold row 1"));
  CHECK(refused([](Options& o) { o.rater_weight = {1.0}; }).starts_with("1 weights"));
  CHECK(refused([](Options& o) { o.rater_weight = {1.0, -1.0}; }).starts_with("rater 1"));
  CHECK(refused([](Options& o) { o.rater_weight = {1.0, std::nan("")}; }).starts_with("rater 1"));
  CHECK(refused([](Options& o) { o.tolerance = std::nan(""); }).starts_with("tolerance"));
  CHECK(refused([](Options& o) { o.smoothing = -1.0; }).starts_with("smoothing"));
  CHECK(refused([](Options& o) { o.prior.diagonal = 0.0; }).starts_with("prior.diagonal"));
  CHECK(refused([](Options& o) { o.iteration_max = 0; }).starts_with("iteration_max"));
  CHECK(refused([](Options& o) { o.fold_count = 1; }).starts_with("fold_count"));
  CHECK(refused([](Options& o) { o.interval_level = 1.0; }).starts_with("interval_level"));
  CHECK_FALSE(find_consensus(make_vote_table(std::span<const Vote>{}, 3, 2, 2).value(), {}));
  const std::vector<Vote> one{{0, 0, 0}};
  const auto large = find_consensus(make_vote_table(one, 1, 4'000'000, 60).value(), {});
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::TooLarge);
}

}  // namespace
}  // namespace consilium
