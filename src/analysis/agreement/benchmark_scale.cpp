#include "analysis/agreement/benchmark_scale.hpp"

#include <array>

#include "analysis/statistics/distributions.hpp"

namespace consilium {
namespace {

constexpr std::array landis_koch{
    BenchmarkRange{0.8, 1, "almost perfect"}, BenchmarkRange{0.6, 0.8, "substantial"},
    BenchmarkRange{0.4, 0.6, "moderate"},     BenchmarkRange{0.2, 0.4, "fair"},
    BenchmarkRange{0, 0.2, "slight"},         BenchmarkRange{-1, 0, "poor"}};
constexpr std::array fleiss{BenchmarkRange{0.75, 1, "excellent"},
                            BenchmarkRange{0.4, 0.75, "intermediate to good"},
                            BenchmarkRange{-1, 0.4, "poor"}};
constexpr std::array altman{BenchmarkRange{0.8, 1, "very good"}, BenchmarkRange{0.6, 0.8, "good"},
                            BenchmarkRange{0.4, 0.6, "moderate"}, BenchmarkRange{0.2, 0.4, "fair"},
                            BenchmarkRange{-1, 0.2, "poor"}};

}  // namespace

std::span<const BenchmarkRange> ranges_of(BenchmarkScale scale) {
  switch (scale) {
    case BenchmarkScale::Fleiss:
      return fleiss;
    case BenchmarkScale::Altman:
      return altman;
    case BenchmarkScale::LandisKoch:
      break;
  }
  return landis_koch;
}

Result<BenchmarkAnswer> benchmark(double coefficient, double standard_error, BenchmarkScale scale,
                                  double probability) {
  if (!(coefficient >= -1 && coefficient <= 1) || !(standard_error > 0)) {
    return fail(ErrorCode::InvalidInput,
                "a benchmark needs a coefficient from -1 to 1 and a positive standard error");
  }
  if (!(probability > 0 && probability < 1)) {
    return fail(ErrorCode::InvalidInput, "the probability is not between 0 and 1");
  }
  const auto reaches = [&](double lower) {  // not cut yet
    return normal_probability((coefficient - lower) / standard_error);
  };
  const double above = reaches(1);
  BenchmarkAnswer answer;
  for (const BenchmarkRange& range : ranges_of(scale)) {
    answer.cumulative.push_back((reaches(range.lower) - above) / (reaches(-1) - above));
  }
  while (answer.cumulative[answer.chosen] < probability) ++answer.chosen;
  return answer;
}

}  // namespace consilium
