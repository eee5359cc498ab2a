#include "analysis/ridge_classifier/ridge_classifier.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"

using namespace consilium;

namespace {

struct Rows {
  std::size_t columns = 0;
  std::vector<float> features;
  std::vector<std::uint32_t> classes;
};

// Three classes, each `apart` deviations higher in some of the columns.
Rows made_rows(std::size_t count, std::size_t columns, double apart, std::uint64_t seed = 3) {
  SeededRandom random(seed);
  Rows rows{.columns = columns, .features = {}, .classes = {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto k = static_cast<std::uint32_t>(i % 3);
    rows.classes.push_back(k);
    for (std::size_t f = 0; f < columns; ++f) {
      rows.features.push_back(static_cast<float>(random.normal() + (f % 10 == k ? apart : 0) + 5));
    }
  }
  return rows;
}

RidgeClassifier trained(const Rows& rows, unsigned threads = 1) {
  auto made = RidgeClassifier::train(rows.features, rows.columns, rows.classes, 3, threads);
  REQUIRE(made.has_value());
  return std::move(*made);
}

double share_right(const std::vector<double>& scores, const std::vector<std::uint32_t>& classes) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto begin = scores.begin() + static_cast<std::ptrdiff_t>(3 * i);
    right += std::max_element(begin, begin + 3) - begin == classes[i] ? 1U : 0U;
  }
  return static_cast<double>(right) / static_cast<double>(classes.size());
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("classes that lie apart are told apart, by rows and by columns") {
  for (const std::size_t columns : {20U, 400U}) {
    const Rows rows = made_rows(150, columns, 3);
    const RidgeClassifier classifier = trained(rows);
    CHECK(share_right(classifier.scores(rows.features), rows.classes) == 1.0);
    const Rows others = made_rows(90, columns, 3, 8);
    CHECK(share_right(classifier.scores(others.features), others.classes) >= 0.9);
  }
}

TEST_CASE("what it says of a row left out is what a training without that row says") {
  // Without standardising twice: a training on the other rows has other means, so that the equality
  // is looked for with rows whose means and deviations one row hardly moves.
  for (const std::size_t columns : {12U, 800U}) {
    const Rows rows = made_rows(600, columns, 2);
    const RidgeClassifier whole = trained(rows);
    for (const std::size_t left : {0U, 301U, 599U}) {
      Rows others = rows;
      const auto begin = others.features.begin() + static_cast<std::ptrdiff_t>(left * columns);
      const std::vector<float> one(begin, begin + static_cast<std::ptrdiff_t>(columns));
      others.features.erase(begin, begin + static_cast<std::ptrdiff_t>(columns));
      others.classes.erase(others.classes.begin() + static_cast<std::ptrdiff_t>(left));
      const RidgeClassifier without = trained(others);
      REQUIRE(without.ridge() == whole.ridge());
      const std::vector<double> said = without.scores(one);
      for (std::size_t k = 0; k < 3; ++k) {
        CHECK(whole.left_out()[left * 3 + k] == doctest::Approx(said[k]).epsilon(0.05));
      }
    }
  }
}

TEST_CASE("rows and columns give the same answer") {
  // 99 columns and a constant: 99 rows are solved by rows, and the same with one added by the
  // columns' way of another object of 100 rows.
  const Rows rows = made_rows(99, 99, 3);
  const Rows more = made_rows(3, 99, 3, 5);
  RidgeClassifier grown = trained(rows);
  REQUIRE(grown.add(more.features, more.classes).has_value());
  CHECK(grown.row_count() == 102);
  Rows all = rows;
  all.features.insert(all.features.end(), more.features.begin(), more.features.end());
  all.classes.insert(all.classes.end(), more.classes.begin(), more.classes.end());
  const RidgeClassifier by_columns = trained(all);
  CHECK(largest_difference(grown.scores(all.features), by_columns.scores(all.features)) < 0.25);
}

TEST_CASE("added rows give what one training on all of them gives, with the same means") {
  // A large set whose two halves are equal has the means of each half.
  const Rows half = made_rows(240, 300, 3);
  RidgeClassifier grown = trained(half);
  REQUIRE(grown.add(half.features, half.classes).has_value());
  Rows all = half;
  all.features.insert(all.features.end(), half.features.begin(), half.features.end());
  all.classes.insert(all.classes.end(), half.classes.begin(), half.classes.end());
  const RidgeClassifier whole = trained(all);
  if (whole.ridge() == grown.ridge()) {
    CHECK(largest_difference(grown.scores(half.features), whole.scores(half.features)) < 1e-3);
  }
  // The same rows again are met better.
  CHECK(share_right(grown.scores(half.features), half.classes) == 1.0);
}

TEST_CASE("the number of threads makes no difference, bit for bit") {
  const Rows rows = made_rows(130, 500, 2);
  const RidgeClassifier one = trained(rows, 1);
  const RidgeClassifier four = trained(rows, 4);
  CHECK(one.serialise() == four.serialise());
  CHECK(one.left_out() == four.left_out());
}

TEST_CASE("probabilities sum to one and are as sure as the rows left out were right") {
  const Rows rows = made_rows(300, 60, 0.5);
  const RidgeClassifier classifier = trained(rows);
  double sure = 0;
  for (std::size_t i = 0; i < rows.classes.size(); ++i) {
    const auto said = std::span(classifier.left_out()).subspan(3 * i, 3);
    const std::vector<double> p = classifier.probabilities(said);
    CHECK(p[0] + p[1] + p[2] == doctest::Approx(1));
    sure += std::ranges::max(p) / 300;
  }
  CHECK(std::abs(sure - share_right(classifier.left_out(), rows.classes)) < 0.05);
}

TEST_CASE("what cannot be learnt from is refused, and leaves a trained one as it was") {
  Rows rows = made_rows(30, 8, 3);
  CHECK_FALSE(RidgeClassifier::train(rows.features, 8, rows.classes, 4).has_value());
  CHECK_FALSE(RidgeClassifier::train(rows.features, 7, rows.classes, 3).has_value());
  CHECK_FALSE(RidgeClassifier::train(rows.features, 8, rows.classes, 1).has_value());
  RidgeClassifier classifier = trained(rows);
  const Bytes before = classifier.serialise();
  rows.features[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(classifier.add(rows.features, rows.classes).has_value());
  CHECK_FALSE(classifier.add({}, std::vector<std::uint32_t>{1}).has_value());
  CHECK(classifier.serialise() == before);
  CHECK(classifier.add({}, {}).has_value());
  CHECK(classifier.serialise() == before);
}
