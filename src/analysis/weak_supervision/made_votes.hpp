// Votes made from one seed by functions of known rates; for this module's tests.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium::test {

struct MadeVotes {
  std::vector<Vote> votes;
  std::vector<ClassIndex> truth;
  std::vector<std::vector<double>> rates;  // of each function: P(votes l | c) at l * classes + c
  std::uint32_t functions = 0;
  std::uint32_t classes = 0;
  [[nodiscard]] VoteTable table() const {
    return make_vote_table(votes, static_cast<std::uint32_t>(truth.size()), functions, classes)
        .value();
  }
};

// As Snorkel's generate_simple_label_matrix: of each function and class the answers (abstaining and
// every class) have random weights in [0, 1), the right answer `classes` - 1 more, over their sum.
inline MadeVotes made_votes(SeededRandom& random, std::uint32_t items, std::uint32_t functions,
                            std::uint32_t classes) {
  MadeVotes made{.votes = {},
                 .truth = {},
                 .rates = std::vector<std::vector<double>>(functions),
                 .functions = functions,
                 .classes = classes};
  for (auto& own : made.rates) {
    own.resize(std::size_t{classes} * classes);
    for (std::uint32_t c = 0; c < classes; ++c) {
      double sum = random.uniform();  // abstains
      for (std::uint32_t l = 0; l < classes; ++l) {
        own[l * classes + c] = random.uniform() + (l == c ? classes - 1.0 : 0);
        sum += own[l * classes + c];
      }
      for (std::uint32_t l = 0; l < classes; ++l) own[l * classes + c] /= sum;
    }
  }
  for (ItemIndex i = 0; i < items; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(classes));
    made.truth.push_back(truth);
    for (RaterIndex j = 0; j < functions; ++j) {
      double left = random.uniform();
      for (std::uint32_t l = 0; l < classes; ++l) {
        left -= made.rates[j][l * classes + truth];
        if (left >= 0) continue;
        made.votes.push_back({i, j, static_cast<ClassIndex>(l)});
        break;
      }
    }
  }
  return made;
}

// One-coin functions: each votes with probability `coverage`, and is right with its accuracy.
inline MadeVotes coin_votes(SeededRandom& random, std::uint32_t items,
                            const std::vector<double>& accuracy, std::uint32_t classes,
                            double coverage) {
  MadeVotes made{.votes = {},
                 .truth = {},
                 .rates = {},
                 .functions = static_cast<std::uint32_t>(accuracy.size()),
                 .classes = classes};
  for (ItemIndex i = 0; i < items; ++i) {
    const auto truth = static_cast<std::uint32_t>(random.below(classes));
    made.truth.push_back(static_cast<ClassIndex>(truth));
    for (RaterIndex j = 0; j < made.functions; ++j) {
      if (random.uniform() >= coverage) continue;
      const bool right = random.uniform() < accuracy[j];
      const auto other = static_cast<std::uint32_t>(1 + random.below(classes - 1));
      made.votes.push_back(
          {i, j, static_cast<ClassIndex>(right ? truth : (truth + other) % classes)});
    }
  }
  return made;
}

}  // namespace consilium::test
