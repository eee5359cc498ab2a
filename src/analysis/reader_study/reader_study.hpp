// Multi-reader multi-case studies: do several readers do better with one modality than another, and
// would other readers on other cases? The analysis of variance of Obuchowski & Rockette (Commun.
// Stat. Simul. Comput. 24 (1995) 285) with the degrees of freedom of Hillis (Stat. Med. 26 (2007)
// 596) and the intervals of Hillis (Stat. Med. 33 (2014) 330). See semantics.md.
//
// Readers, modalities and cases are numbers from 0. Every reader reads every case with every
// modality once (a fully crossed study); anything else is refused, and the first reading that is
// missing is named. Split-plot studies and missing readings have other degrees of freedom and are
// not analysed as if they were crossed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/reader_study/auc.hpp"
#include "analysis/statistics/interval.hpp"
#include "base/result.hpp"

namespace consilium {

enum class Truth : std::uint8_t { Negative, Positive };

struct CaseReading {
  std::uint32_t reader = 0;
  std::uint32_t modality = 0;
  std::uint32_t case_index = 0;
  Truth truth = Truth::Negative;
  double rating = 0;  // higher speaks for positive
};

// What is averaged over readers and compared. Sensitivity is the share of positive cases rated at
// or above the threshold, specificity the share of negative cases rated below it.
enum class FigureOfMerit : std::uint8_t { Auc, Sensitivity, Specificity };

struct ReaderStudyOptions {
  FigureOfMerit figure = FigureOfMerit::Auc;
  CovarianceMethod covariance = CovarianceMethod::DeLong;
  double threshold = 0;      // for sensitivity and specificity
  double confidence = 0.95;  // of every interval
};

struct ModalityEstimate {
  double mean = 0;  // over readers
  double standard_error = 0;
  double df = 0;        // infinite where cases alone are random
  Interval interval{};  // by Student's t; not cut to [0, 1]
};

struct ModalityDifference {
  std::uint32_t first = 0;  // modality
  std::uint32_t second = 0;
  double difference = 0;  // mean of first - mean of second
  double standard_error = 0;
  double df = 0;
  double t = 0;
  double p = 0;  // two-sided; not corrected for several comparisons
  Interval interval{};
};

// All modalities alike? F = MS(T) / denominator.
struct OverallTest {
  double f = 0;
  double df1 = 0;
  double df2 = 0;  // infinite: chi-square with df1 over df1
  double p = 0;
};

// One of the three analyses. `undefined` says in words why there are no numbers (one reader where
// readers are random; no variation to test against, as when all readers' differences are equal and
// cases are fixed: F would be a number over 0); the vectors are then empty and `overall` is
// nullopt. With one modality there are estimates, and no test.
struct ReaderStudyAnalysis {
  std::optional<OverallTest> overall{};
  std::vector<ModalityEstimate> modalities{};
  std::vector<ModalityDifference> differences{};  // of modalities a < b
  std::string undefined{};
};

// A fixed reader's difference of two modalities, by that reader's own covariances.
struct ReaderDifference {
  std::uint32_t reader = 0;
  ModalityDifference modalities{};
};

// The error of one reading's figure and its covariances, averaged over what they are shared by.
struct ErrorComponents {
  double variance = 0;
  double same_reader = 0;    // Cov1: same reader, other modality
  double same_modality = 0;  // Cov2: other reader, same modality
  double neither = 0;        // Cov3: other reader, other modality
};

struct ReaderStudy {
  std::uint32_t reader_count = 0;
  std::uint32_t modality_count = 0;
  std::uint32_t positive_count = 0;
  std::uint32_t negative_count = 0;
  FigureCovariance readings{};  // reading (modality, reader) is modality * reader_count + reader
  ErrorComponents components{};
  std::optional<double> mean_square_modality{};              // MS(T); from two modalities on
  std::optional<double> mean_square_reader{};                // MS(R); from two readers on
  std::optional<double> mean_square_interaction{};           // MS(T:R); from two of both on
  ReaderStudyAnalysis random_readers_random_cases{};         // generalises to both
  ReaderStudyAnalysis fixed_readers_random_cases{};          // these readers, other cases
  ReaderStudyAnalysis random_readers_fixed_cases{};          // other readers, these cases
  std::vector<ReaderDifference> fixed_reader_differences{};  // each reader, random cases

  [[nodiscard]] double figure(std::uint32_t modality, std::uint32_t reader) const {
    return readings.estimate[std::size_t{modality} * reader_count + reader];
  }
};

// Errors: InvalidInput for no readings, a confidence outside (0, 1), a reading twice, a reading
// that is not there, a case whose truth is said in two ways, a rating that is not a number (each
// names reader, modality and case), and fewer than two cases of a truth that the figure needs.
// Cost: O(n log n) for n readings, and for r of (reader, modality) O(r^2) times the cases; 60 bytes
// a reading.
// The order of the readings changes nothing; renumbering readers, modalities or cases renumbers the
// results, to the bit.
[[nodiscard]] Result<ReaderStudy> analyse_reader_study(std::span<const CaseReading> readings,
                                                       const ReaderStudyOptions& options = {});

// Is `first` of a difference no worse than `second` by more than `margin`?
struct NonInferiority {
  double lower_bound = 0;  // one-sided, at 1 - alpha
  double p = 0;            // of difference <= -margin
  bool shown = false;      // lower_bound > -margin
};

// The one-sided test of H0: first - second <= -margin at level alpha (FDA 2016, non-inferiority
// guidance; usually alpha = .025). Errors: InvalidInput for a margin < 0, alpha outside (0, .5] or
// a standard error that is not above 0.
[[nodiscard]] Result<NonInferiority> test_non_inferiority(const ModalityDifference& difference,
                                                          double margin, double alpha = 0.025);

}  // namespace consilium
