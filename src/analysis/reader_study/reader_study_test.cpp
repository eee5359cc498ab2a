#include "analysis/reader_study/reader_study.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "base/random.hpp"

namespace consilium {
namespace {

// The study of C. W. Van Dyke et al. (RSNA 1993) that the literature on this method analyses:
// ratings 1-5 of 69 cases without aortic dissection, then 45 with it; five readers with the first
// MRI technique, then the same five with the other.
constexpr std::array<std::string_view, 10> van_dyke = {
    "122151111111411111111131311214111113121211233131133111111221111332111"
    "555545554555434245555555154454553555115554451",
    "232222222322522232222222422223222222222222222222222222222432232222222"
    "535555542555442225555555243354552425225555352",
    "222235112242422232221232411322112224121412112222223211211221151421212"
    "545555555555542355555555252255552555225555552",
    "111111311111111111112111211112111111111111111111331111111111111311111"
    "555555555555555155555555554544553555125555555",
    "351211112221211122113221111211211231221113332111211111111341231212113"
    "525255551545452235555554144322151515115553552",
    "333222223213122222211111421312214323123122233111333113412421241442111"
    "535555554555544335555555355355554455535555551",
    "322222223222222122221222322222212212222231223222222222322322222222122"
    "535555552555344245455545252355532425525555552",
    "242222322211132222121121411512112122212221132111233113221232341242121"
    "525555555555354145555555253355543555534555551",
    "221111312111122111211111321212111122112111112121212211111212111323211"
    "545555554555455555555555455445555555535555555",
    "223122221222111222122212322321212222112121132122332122221222231233111"
    "525455555455343335555555251332532545533555553"};

std::vector<CaseReading> van_dyke_readings() {
  std::vector<CaseReading> out;
  for (std::uint32_t line = 0; line < van_dyke.size(); ++line) {
    for (std::uint32_t c = 0; c < van_dyke[line].size(); ++c) {
      out.push_back({.reader = line % 5,
                     .modality = line / 5,
                     .case_index = c,
                     .truth = c < 69 ? Truth::Negative : Truth::Positive,
                     .rating = static_cast<double>(van_dyke[line][c] - '0')});
    }
  }
  return out;
}

TEST_CASE("Van Dyke's study: the printed areas, components, F, degrees of freedom and interval") {
  const auto study = analyse_reader_study(van_dyke_readings());
  REQUIRE(study.has_value());
  CHECK(study->positive_count == 45);
  CHECK(study->negative_count == 69);
  constexpr double areas[2][5] = {{.919646, .858776, .903865, .973108, .829791},
                                  {.947826, .905314, .921739, .999356, .929952}};
  for (std::uint32_t t = 0; t < 2; ++t) {
    for (std::uint32_t r = 0; r < 5; ++r) CHECK(std::abs(study->figure(t, r) - areas[t][r]) < 5e-7);
  }
  CHECK(std::abs(study->components.variance - .0007921325) < 5e-11);
  CHECK(std::abs(study->components.same_reader - .0003420090) < 5e-11);
  CHECK(std::abs(study->components.same_modality - .0003395265) < 5e-11);
  CHECK(std::abs(study->components.neither - .0002358497) < 5e-11);
  CHECK(std::abs(*study->mean_square_modality - .004796171) < 5e-10);
  CHECK(std::abs(*study->mean_square_interaction - .0005510306) < 5e-11);
  const ReaderStudyAnalysis& both = study->random_readers_random_cases;
  REQUIRE(both.overall.has_value());
  CHECK(std::abs(both.overall->f - 4.484854) < 1e-6);
  CHECK(both.overall->df1 == 1);
  CHECK(std::abs(both.overall->df2 - 15.06611) < 5e-6);
  CHECK(std::abs(both.overall->p - .05123303) < 5e-9);
  CHECK(std::abs(both.modalities[0].mean - .8970370) < 5e-8);
  CHECK(std::abs(both.modalities[1].mean - .9408374) < 5e-8);
  REQUIRE(both.differences.size() == 1);
  const ModalityDifference& difference = both.differences[0];
  CHECK(std::abs(difference.difference - -.04380032) < 5e-9);
  CHECK(std::abs(difference.standard_error - .0206825) < 5e-8);
  CHECK(std::abs(difference.p - both.overall->p) < 1e-12);
  CHECK(std::abs(difference.interval.lower - -.0878671960) < 5e-11);
  CHECK(std::abs(difference.interval.upper - .0002665519) < 5e-11);
}

TEST_CASE("Van Dyke's study with unbiased covariances: the printed components and test") {
  const auto study =
      analyse_reader_study(van_dyke_readings(), {.covariance = CovarianceMethod::Unbiased});
  REQUIRE(study.has_value());
  CHECK(std::abs(study->components.variance - .0007883925) < 5e-11);
  CHECK(std::abs(study->components.same_reader - .0003416706) < 5e-11);
  CHECK(std::abs(study->components.same_modality - .0003390650) < 5e-11);
  CHECK(std::abs(study->components.neither - .0002356148) < 5e-11);
  const OverallTest test = study->random_readers_random_cases.overall.value();
  CHECK(std::abs(test.f - 4.489614) < 5e-7);
  CHECK(std::abs(test.df2 - 15.03418) < 5e-6);
  CHECK(std::abs(test.p - .0511618) < 5e-8);
}

// Values of an independent calculation with NumPy and SciPy, pair by pair.
TEST_CASE("Van Dyke's study: jackknife, fixed readers, fixed cases, single modalities") {
  const auto jackknife =
      analyse_reader_study(van_dyke_readings(), {.covariance = CovarianceMethod::Jackknife});
  REQUIRE(jackknife.has_value());
  CHECK(jackknife->components.variance == doctest::Approx(.0008022882655720671).epsilon(1e-11));
  CHECK(jackknife->components.neither == doctest::Approx(.00023902837089215378).epsilon(1e-11));
  const auto study = analyse_reader_study(van_dyke_readings());
  REQUIRE(study.has_value());
  const ReaderStudyAnalysis& cases = study->fixed_readers_random_cases;
  CHECK(cases.overall.value().f == doctest::Approx(5.545789288861957).epsilon(1e-11));
  CHECK(cases.overall.value().p == doctest::Approx(.01852520043752541).epsilon(1e-10));
  CHECK(std::isinf(cases.overall.value().df2));
  CHECK(cases.differences[0].standard_error == doctest::Approx(.0185992581179397).epsilon(1e-11));
  CHECK(cases.modalities[0].standard_error == doctest::Approx(.024130803574245394).epsilon(1e-11));
  const ReaderStudyAnalysis& readers = study->random_readers_fixed_cases;
  CHECK(readers.overall.value().f == doctest::Approx(8.704).epsilon(1e-11));
  CHECK(readers.overall.value().df2 == 4);
  CHECK(readers.overall.value().p == doctest::Approx(.041958752494638665).epsilon(1e-10));
  const ModalityEstimate& first = study->random_readers_random_cases.modalities[0];
  CHECK(first.standard_error == doctest::Approx(.033076420615856875).epsilon(1e-11));
  CHECK(first.df == doctest::Approx(12.595969478216746).epsilon(1e-10));
  CHECK(first.interval.lower == doctest::Approx(.8253460774456576).epsilon(1e-10));
  CHECK(first.interval.upper == doctest::Approx(.9687279966284164).epsilon(1e-10));
  REQUIRE(study->fixed_reader_differences.size() == 5);
  const ModalityDifference& own = study->fixed_reader_differences[0].modalities;
  CHECK(own.standard_error == doctest::Approx(.02536299884777309).epsilon(1e-11));
  CHECK(own.p == doctest::Approx(.26653334718084654).epsilon(1e-10));
}

TEST_CASE("Van Dyke's study: sensitivity at a rating of 3 or more (independent calculation)") {
  const auto study = analyse_reader_study(van_dyke_readings(),
                                          {.figure = FigureOfMerit::Sensitivity, .threshold = 3});
  REQUIRE(study.has_value());
  CHECK(study->components.variance == doctest::Approx(.002368125701459035).epsilon(1e-11));
  CHECK(study->components.neither == doctest::Approx(.0006604938271604939).epsilon(1e-11));
  const ReaderStudyAnalysis& both = study->random_readers_random_cases;
  CHECK(both.modalities[1].mean == doctest::Approx(.92));
  CHECK(both.overall.value().f == doctest::Approx(6.689492696717431).epsilon(1e-10));
  CHECK(both.overall.value().df2 == doctest::Approx(15.71732443250637).epsilon(1e-10));
  CHECK(both.overall.value().p == doctest::Approx(.02008822008114106).epsilon(1e-9));
}

TEST_CASE("specificity of turned ratings and truths is sensitivity") {
  std::vector<CaseReading> turned = van_dyke_readings();
  for (CaseReading& reading : turned) {
    reading.rating = -reading.rating;
    reading.truth = reading.truth == Truth::Positive ? Truth::Negative : Truth::Positive;
  }
  const auto one = analyse_reader_study(van_dyke_readings(),
                                        {.figure = FigureOfMerit::Sensitivity, .threshold = 3});
  const auto other =
      analyse_reader_study(turned, {.figure = FigureOfMerit::Specificity, .threshold = -2.5});
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK(one->readings.estimate == other->readings.estimate);
  CHECK(one->readings.covariance == other->readings.covariance);
}

TEST_CASE("renumbering readers, modalities and cases renumbers the results, to the bit") {
  const std::vector<CaseReading> before = van_dyke_readings();
  std::vector<CaseReading> after;
  constexpr std::uint32_t reader_to[] = {3, 0, 4, 1, 2};
  for (const CaseReading& r : before) {
    after.push_back({.reader = reader_to[r.reader],
                     .modality = 1 - r.modality,
                     .case_index = 113 - r.case_index,
                     .truth = r.truth,
                     .rating = r.rating});
  }
  std::ranges::rotate(after, after.begin() + 333);
  for (const auto method :
       {CovarianceMethod::DeLong, CovarianceMethod::Jackknife, CovarianceMethod::Unbiased}) {
    const auto a = analyse_reader_study(before, {.covariance = method});
    const auto b = analyse_reader_study(after, {.covariance = method});
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    for (std::uint32_t t = 0; t < 2; ++t) {
      for (std::uint32_t r = 0; r < 5; ++r) {
        CHECK(a->figure(t, r) == b->figure(1 - t, reader_to[r]));
      }
    }
    CHECK(a->random_readers_random_cases.overall->f == b->random_readers_random_cases.overall->f);
    CHECK(a->random_readers_random_cases.overall->p == b->random_readers_random_cases.overall->p);
    CHECK(a->fixed_readers_random_cases.overall->f == b->fixed_readers_random_cases.overall->f);
    CHECK(a->random_readers_fixed_cases.overall->f == b->random_readers_fixed_cases.overall->f);
    CHECK(a->random_readers_random_cases.differences[0].difference ==
          -b->random_readers_random_cases.differences[0].difference);
    CHECK(*a->mean_square_reader == *b->mean_square_reader);
  }
}

TEST_CASE("a reading that is missing, twice there or of two truths is refused by its name") {
  std::vector<CaseReading> missing = van_dyke_readings();
  std::erase_if(missing, [](const CaseReading& r) {
    return r.reader == 2 && r.modality == 1 && r.case_index == 40;
  });
  auto refused = analyse_reader_study(missing);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "reader 2, modality 1, case 40");

  std::vector<CaseReading> twice = van_dyke_readings();
  twice.push_back(twice[7]);
  refused = analyse_reader_study(twice);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().what == "a case was read twice");
  CHECK(refused.error().where == "reader 0, modality 0, case 7");

  std::vector<CaseReading> two_truths = van_dyke_readings();
  two_truths[114 + 3].truth = Truth::Positive;
  refused = analyse_reader_study(two_truths);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "reader 1, modality 0, case 3");

  std::vector<CaseReading> last = van_dyke_readings();
  last.pop_back();
  refused = analyse_reader_study(last);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "reader 4, modality 1, case 113");

  std::vector<CaseReading> far = {{.reader = 4'000'000'000, .modality = 7, .case_index = 9}};
  refused = analyse_reader_study(far);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "reader 0, modality 0, case 0");

  CHECK_FALSE(analyse_reader_study({}).has_value());
  std::vector<CaseReading> broken = van_dyke_readings();
  broken[5].rating = std::nan("");
  CHECK_FALSE(analyse_reader_study(broken).has_value());
  CHECK_FALSE(analyse_reader_study(van_dyke_readings(), {.confidence = 1.5}).has_value());
}

TEST_CASE("what cannot be known is said to be undefined") {
  std::vector<CaseReading> one_reader = van_dyke_readings();
  std::erase_if(one_reader, [](const CaseReading& r) { return r.reader != 0; });
  const auto single = analyse_reader_study(one_reader);
  REQUIRE(single.has_value());
  CHECK_FALSE(single->random_readers_random_cases.undefined.empty());
  CHECK_FALSE(single->random_readers_fixed_cases.overall.has_value());
  // One reader's fixed-reader test is DeLong's of two areas.
  const OverallTest test = single->fixed_readers_random_cases.overall.value();
  CHECK(test.p == doctest::Approx(.26653334718084654).epsilon(1e-10));

  std::vector<CaseReading> one_modality = van_dyke_readings();
  std::erase_if(one_modality, [](const CaseReading& r) { return r.modality != 0; });
  const auto alone = analyse_reader_study(one_modality);
  REQUIRE(alone.has_value());
  CHECK_FALSE(alone->random_readers_random_cases.overall.has_value());
  CHECK(alone->random_readers_random_cases.modalities[0].df ==
        doctest::Approx(12.595969478216746).epsilon(1e-10));

  std::vector<CaseReading> perfect = van_dyke_readings();
  for (CaseReading& reading : perfect) reading.rating = reading.truth == Truth::Positive ? 5 : 1;
  const auto flat = analyse_reader_study(perfect);
  REQUIRE(flat.has_value());
  CHECK_FALSE(flat->random_readers_random_cases.overall.has_value());
  CHECK_FALSE(flat->fixed_readers_random_cases.undefined.empty());
  CHECK(flat->fixed_reader_differences.empty());
}

// Three negative and three positive cases; `placed` of the nine pairs are in the right order.
void add_readings(std::uint32_t reader, std::uint32_t modality, std::uint32_t placed,
                  std::vector<CaseReading>& out) {
  for (std::uint32_t c = 0; c < 6; ++c) {
    const std::uint32_t below = (placed + c % 3) / 3;  // negatives that this positive is above
    out.push_back({.reader = reader,
                   .modality = modality,
                   .case_index = c,
                   .truth = c < 3 ? Truth::Negative : Truth::Positive,
                   .rating = c < 3 ? c + 1.0 : below + 0.5});
  }
}

TEST_CASE("readers who all differ alike leave nothing to test against, whatever the rounding") {
  for (std::uint32_t first = 0; first <= 7; ++first) {
    for (std::uint32_t gain = 0; gain <= 2; ++gain) {
      CAPTURE(first);
      CAPTURE(gain);
      std::vector<CaseReading> readings;
      const std::array<std::uint32_t, 5> placed{first, 3, 5, 6, 7};
      for (std::uint32_t r = 0; r < placed.size(); ++r) {
        add_readings(r, 0, placed[r], readings);
        add_readings(r, 1, placed[r] + gain, readings);
      }
      const auto study = analyse_reader_study(readings);
      REQUIRE(study.has_value());
      CHECK(study->figure(1, 0) - study->figure(0, 0) == doctest::Approx(gain / 9.0));
      CHECK(study->mean_square_interaction.value() == 0);
      CHECK_FALSE(study->random_readers_fixed_cases.overall.has_value());
      CHECK(study->random_readers_fixed_cases.differences.empty());
      CHECK(study->random_readers_fixed_cases.undefined ==
            "the differences do not vary: there is no error to measure against");
      if (gain == 0) {  // the same readings twice: nor do cases give an error
        CHECK_FALSE(study->random_readers_random_cases.overall.has_value());
        CHECK_FALSE(study->fixed_readers_random_cases.overall.has_value());
        CHECK(study->fixed_reader_differences.empty());
      }
    }
  }
}

TEST_CASE("non-inferiority follows from the interval and its p value") {
  const auto study = analyse_reader_study(van_dyke_readings());
  REQUIRE(study.has_value());
  const ModalityDifference& difference = study->random_readers_random_cases.differences[0];
  const auto wide = test_non_inferiority(difference, 0.10);
  const auto narrow = test_non_inferiority(difference, 0.05);
  REQUIRE(wide.has_value());
  REQUIRE(narrow.has_value());
  CHECK(wide->lower_bound == doctest::Approx(-.0878671960).epsilon(1e-8));
  CHECK(wide->shown);
  CHECK(wide->p < 0.025);
  CHECK_FALSE(narrow->shown);
  CHECK(narrow->p > 0.025);
  CHECK_FALSE(test_non_inferiority(difference, -1).has_value());
  CHECK_FALSE(test_non_inferiority(difference, 0.1, 0.9).has_value());
  CHECK_FALSE(test_non_inferiority({.difference = 0.1, .standard_error = 0}, 0.1).has_value());
}

// Readings of a model with no difference between modalities: the random-effects test keeps its
// level.
TEST_CASE("the test's level holds where modalities are alike") {
  SeededRandom random(21);
  const int rounds = std::getenv("CONSILIUM_FULL") != nullptr ? 4000 : 300;
  int rejected = 0;
  for (int round = 0; round < rounds; ++round) {
    constexpr std::uint32_t cases = 80;
    std::array<double, cases> difficulty{};
    for (double& own : difficulty) own = random.normal();
    std::vector<CaseReading> readings;
    for (std::uint32_t r = 0; r < 4; ++r) {
      const double skill = 0.2 * random.normal();
      for (std::uint32_t t = 0; t < 2; ++t) {
        const double interaction = 0.15 * random.normal();
        for (std::uint32_t c = 0; c < cases; ++c) {
          const bool positive = c % 2 == 0;
          const double signal = positive ? 1.6 + skill + interaction : 0;
          readings.push_back({r, t, c, positive ? Truth::Positive : Truth::Negative,
                              signal + difficulty[c] + random.normal()});
        }
      }
    }
    const auto study = analyse_reader_study(readings);
    REQUIRE(study.has_value());
    rejected += study->random_readers_random_cases.overall->p < 0.05 ? 1 : 0;
  }
  const double rate = static_cast<double>(rejected) / rounds;
  MESSAGE("false alarm rate at .05: ", rate);
  CHECK(rate > 0.01);
  CHECK(rate < 0.09);
}

}  // namespace
}  // namespace consilium
