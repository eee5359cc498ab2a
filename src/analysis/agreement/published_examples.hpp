// Data of published worked examples, for the tests of this module.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "base/random.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::test {

// One row of characters a rater, '*' for a missing rating, '1' for class 0.
inline VoteTable votes_of(std::span<const std::string_view> rows, std::uint32_t class_count) {
  std::vector<Vote> votes;
  for (std::uint32_t g = 0; g < rows.size(); ++g) {
    for (std::uint32_t i = 0; i < rows[g].size(); ++i) {
      if (rows[g][i] == '*') continue;
      votes.push_back({i, g, static_cast<ClassIndex>(rows[g][i] - '1')});
    }
  }
  return *make_vote_table(votes, static_cast<std::uint32_t>(rows[0].size()),
                          static_cast<std::uint32_t>(rows.size()), class_count);
}

// K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), C; also "raw_4raters" of
// K. L. Gwet's irrCAC.
inline constexpr std::string_view krippendorff_rows[] = {"123321412***", "1233224125*3",
                                                         "*3332342251*", "12332441251*"};
inline VoteTable krippendorff_votes() { return votes_of(krippendorff_rows, 5); }

// Wikipedia, "Krippendorff's alpha".
inline constexpr std::string_view wikipedia_rows[] = {"*****34121133*3", "1*213343*******",
                                                      "**21344*21133*4"};
inline VoteTable wikipedia_votes() { return votes_of(wikipedia_rows, 4); }

// J. L. Fleiss, Psychol. Bull. 76 (1971) 378-382: counts of 5 diagnoses by 6 psychiatrists.
inline constexpr std::string_view fleiss_rows[] = {
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006",
    "10050", "11040", "03300", "10050", "02031", "00501", "30012", "51000", "02040", "10203",
    "00006", "01050", "02013", "20040", "10041", "05010", "40002", "02040", "10500", "00006"};
inline VoteTable fleiss_votes() {
  std::vector<Vote> votes;
  for (std::uint32_t i = 0; i < 30; ++i) {
    std::uint32_t rater = 0;
    for (std::uint32_t k = 0; k < 5; ++k) {
      for (int n = fleiss_rows[i][k] - '0'; n > 0; --n) {
        votes.push_back({i, rater++, static_cast<ClassIndex>(k)});
      }
    }
  }
  return *make_vote_table(votes, 30, 6, 5);
}

// "cont3x3abstractors" of K. L. Gwet's irrCAC: two abstractors, 100 records.
inline VoteTable abstractors_votes() {
  constexpr int table[3][3] = {{13, 0, 0}, {0, 20, 7}, {0, 4, 56}};
  std::vector<Vote> votes;
  std::uint32_t item = 0;
  for (ClassIndex k = 0; k < 3; ++k) {
    for (ClassIndex l = 0; l < 3; ++l) {
      for (int n = 0; n < table[k][l]; ++n, ++item) {
        votes.push_back({item, 0, k});
        votes.push_back({item, 1, l});
      }
    }
  }
  return *make_vote_table(votes, item, 2, 3);
}

// Votes of raters who name the true class more often than not; some are missing. Every item has a
// vote.
inline VoteTable made_votes(std::uint32_t items, std::uint32_t raters, std::uint32_t classes,
                            double missing, std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<Vote> votes;
  for (std::uint32_t i = 0; i < items; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(classes));
    for (std::uint32_t g = 0; g < raters; ++g) {
      if (g > 0 && random.uniform() < missing) continue;
      const bool right = random.uniform() < 0.6 + 0.05 * g;
      votes.push_back({i, g, right ? truth : static_cast<ClassIndex>(random.below(classes))});
    }
  }
  return *make_vote_table(votes, items, raters, classes);
}

inline doctest::Approx near(double value, double absolute = 1e-9) {
  // doctest compares against epsilon x (scale + |value|).
  return doctest::Approx(value).scale(0).epsilon(absolute / (value == 0 ? 1 : std::abs(value)));
}

inline AgreementEstimate estimate_of(const Result<AgreementModel>& model) {
  REQUIRE(model.has_value());
  const auto result = estimate(*model);
  REQUIRE(result.has_value());
  REQUIRE(result->uncertainty.has_value());
  return *result;
}
inline double coefficient_of(const Result<AgreementModel>& model) {
  return estimate_of(model).coefficient;
}
inline double error_of(const Result<AgreementModel>& model) {
  return estimate_of(model).uncertainty->standard_error;
}

}  // namespace consilium::test
