#include "analysis/statistics/special_functions.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "analysis/statistics/lanes.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

using lanes::Four;

// One body for every processor; the loader takes the quickest that this one can run.
// ThreadSanitizer's hooks would run in the loader's choice, before they can: one body for it alone.
#if defined(__SANITIZE_THREAD__)
#define CSL_MULTIVERSION
#else
#define CSL_MULTIVERSION __attribute__((target_clones("avx2", "default")))
#endif

#define CSL_LANES [[gnu::always_inline]] inline

// Lanes beyond the end hold 1, which every function here takes, and are not stored.
CSL_LANES void load_up_to(const double* values, std::size_t count, Four& x) {
  if (count >= 4) {
    lanes::load(values, x);
    return;
  }
  x = Four{1.0, 1.0, 1.0, 1.0};
  std::memcpy(&x, values, count * sizeof(double));
}
CSL_LANES void store_up_to(const Four& x, std::size_t count, double* values) {
  if (count >= 4) {
    lanes::store(x, values);
    return;
  }
  std::memcpy(values, &x, count * sizeof(double));
}

CSL_MULTIVERSION void log_of(double* values, std::size_t count) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load_up_to(values + at, count - at, x);
    lanes::log(x);
    store_up_to(x, count - at, values + at);
  }
}

CSL_MULTIVERSION void exp_of(double* values, std::size_t count) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load_up_to(values + at, count - at, x);
    lanes::exp_or_zero(x);
    store_up_to(x, count - at, values + at);
  }
}

CSL_MULTIVERSION void logistic_of(const double* values, std::size_t count, double* probability) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load_up_to(values + at, count - at, x);
    Four of_probability;
    lanes::logistic(x, of_probability);
    store_up_to(of_probability, count - at, probability + at);
  }
}

CSL_MULTIVERSION void logistic_and_softplus_of(const double* values, std::size_t count,
                                               double* probability, double* softplus) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load_up_to(values + at, count - at, x);
    Four of_probability;
    Four of_softplus;
    lanes::logistic(x, of_probability, of_softplus);
    store_up_to(of_probability, count - at, probability + at);
    store_up_to(of_softplus, count - at, softplus + at);
  }
}

CSL_MULTIVERSION void gamma_of(const double* values, std::size_t count, double* log_gamma,
                               double* digamma) {
  for (std::size_t at = 0; at < count; at += 4) {
    Four x;
    load_up_to(values + at, count - at, x);
    Four of_log_gamma;
    Four of_digamma;
    lanes::gamma(x, of_log_gamma, of_digamma);
    store_up_to(of_log_gamma, count - at, log_gamma + at);
    store_up_to(of_digamma, count - at, digamma + at);
  }
}

#undef CSL_LANES
#undef CSL_MULTIVERSION

}  // namespace

void log_in_place(std::span<double> values) { log_of(values.data(), values.size()); }

double exact_log(double value) {
  Four x{value, 1.0, 1.0, 1.0};
  lanes::log(x);
  return x[0];
}

void exp_in_place(std::span<double> values) { exp_of(values.data(), values.size()); }

void logistic(std::span<const double> x, std::span<double> probability,
              std::span<double> softplus) {
  CSL_CHECK(x.size() == probability.size() && x.size() == softplus.size());
  logistic_and_softplus_of(x.data(), x.size(), probability.data(), softplus.data());
}

void logistic(std::span<const double> x, std::span<double> probability) {
  CSL_CHECK(x.size() == probability.size());
  logistic_of(x.data(), x.size(), probability.data());
}

void gamma_functions(std::span<const double> x, std::span<double> log_gamma,
                     std::span<double> digamma) {
  CSL_CHECK(x.size() == log_gamma.size() && x.size() == digamma.size());
  gamma_of(x.data(), x.size(), log_gamma.data(), digamma.data());
}

double log_gamma(double x) {
  double result = 0;
  double unused = 0;
  gamma_of(&x, 1, &result, &unused);
  return result;
}

double digamma(double x) {
  double result = 0;
  double unused = 0;
  gamma_of(&x, 1, &unused, &result);
  return result;
}

double trigamma(double x) {
  double shift = 0.0;
  while (x < 10.0) {
    shift += 1.0 / (x * x);
    x += 1.0;
  }
  const double i = 1.0 / (x * x);
  const double series =
      1.0 / 6 -
      i * (1.0 / 30 -
           i * (1.0 / 42 - i * (1.0 / 30 - i * (5.0 / 66 - i * (691.0 / 2730 - i * 7 / 6)))));
  return shift + (1.0 / x + i / 2 + i / x * series);
}

}  // namespace consilium
