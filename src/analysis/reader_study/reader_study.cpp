#include "analysis/reader_study/reader_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "analysis/statistics/distributions.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::string name_of(std::uint32_t reader, std::uint32_t modality, std::uint32_t case_index) {
  return fmt::format("reader {}, modality {}, case {}", reader, modality, case_index);
}

std::string name_of(const CaseReading& reading) {
  return name_of(reading.reader, reading.modality, reading.case_index);
}

// The readings of a crossed study by modality, then reader, then case.
struct Crossed {
  std::vector<CaseReading> readings{};
  std::uint32_t readers = 0;
  std::uint32_t modalities = 0;
  std::uint32_t cases = 0;
  [[nodiscard]] std::size_t count() const { return std::size_t{readers} * modalities; }
};

// The first place where the sorted readings leave the crossed order is a reading that stands twice
// or one that is missing; so nothing is allocated by what an index claims.
Status check_crossed(const Crossed& study) {
  const auto place = [](const CaseReading& r) {
    return std::tuple(r.modality, r.reader, r.case_index);
  };
  std::tuple<std::uint32_t, std::uint32_t, std::uint32_t> due{0, 0, 0};
  const CaseReading* previous = nullptr;
  for (const CaseReading& reading : study.readings) {
    if (previous != nullptr && place(*previous) == place(reading)) {
      return fail(ErrorCode::InvalidInput, "a case was read twice", name_of(reading),
                  "give repeated reads as a modality of their own, or leave one out");
    }
    if (place(reading) != due) break;
    previous = &reading;
    auto& [modality, reader, case_index] = due;
    if (++case_index < study.cases) continue;
    case_index = 0;
    if (++reader < study.readers) continue;
    reader = 0;
    ++modality;
  }
  const auto [modality, reader, case_index] = due;
  if (modality == study.modalities) return {};
  return fail(ErrorCode::InvalidInput, "a reading is missing from the crossed study",
              name_of(reader, modality, case_index),
              "have it read, or leave that case, reader or modality out altogether");
}

Result<Crossed> crossed(std::span<const CaseReading> readings) {
  if (readings.empty()) return fail(ErrorCode::InvalidInput, "the reader study has no readings");
  Crossed study{.readings = std::vector<CaseReading>(readings.begin(), readings.end())};
  std::ranges::sort(study.readings, {}, [](const CaseReading& r) {
    return std::tuple(r.modality, r.reader, r.case_index, r.truth, r.rating);
  });
  for (const CaseReading& reading : readings) {
    if (std::isnan(reading.rating)) {
      return fail(ErrorCode::InvalidInput, "a rating is not a number", name_of(reading),
                  "leave that case out for every reader and modality");
    }
    if (std::max({reading.reader, reading.modality, reading.case_index}) == UINT32_MAX) {
      return fail(ErrorCode::InvalidInput, "an index is too large", name_of(reading));
    }
    study.readers = std::max(study.readers, reading.reader + 1);
    study.modalities = std::max(study.modalities, reading.modality + 1);
    study.cases = std::max(study.cases, reading.case_index + 1);
  }
  CSL_TRY(check_crossed(study));
  for (std::size_t i = study.cases; i < study.readings.size(); ++i) {
    if (study.readings[i].truth != study.readings[i % study.cases].truth) {
      return fail(ErrorCode::InvalidInput, "a case's truth is said in two ways",
                  name_of(study.readings[i]), "a case has one truth for all who read it");
    }
  }
  return study;
}

// Figures and their covariance of all (modality, reader).
Result<FigureCovariance> figures_of(const Crossed& study, const ReaderStudyOptions& options) {
  std::vector<std::vector<double>> negative(study.count());
  std::vector<std::vector<double>> positive(study.count());
  for (std::size_t i = 0; i < study.readings.size(); ++i) {
    const CaseReading& reading = study.readings[i];
    (reading.truth == Truth::Positive ? positive : negative)[i / study.cases].push_back(
        reading.rating);
  }
  if (options.figure == FigureOfMerit::Auc) {
    std::vector<CaseRatings> ratings(study.count());
    for (std::size_t a = 0; a < ratings.size(); ++a) ratings[a] = {negative[a], positive[a]};
    return auc_covariance(ratings, options.covariance);
  }
  const bool sensitivity = options.figure == FigureOfMerit::Sensitivity;
  std::vector<std::vector<std::uint8_t>> yes(study.count());
  for (std::size_t a = 0; a < yes.size(); ++a) {
    for (const double rating : sensitivity ? positive[a] : negative[a]) {
      yes[a].push_back((rating >= options.threshold) == sensitivity ? 1 : 0);
    }
  }
  return share_covariance(yes);
}

// Summed from the least: no renumbering of readers or modalities changes a bit.
double ordered_mean(std::vector<double> values) {
  const auto count = static_cast<double>(values.size());
  return values.empty() ? 0 : sorted_sum(values) / count;
}

struct Model {
  const FigureCovariance* readings = nullptr;
  std::uint32_t modalities = 0;
  std::uint32_t readers = 0;
  double confidence = 0;
  std::vector<double> modality_mean{};
  ErrorComponents pooled{};
  std::vector<ErrorComponents> of_modality{};  // variance and same_modality alone
  std::vector<double> reader_square{};         // MS(R) within each modality
  std::optional<double> square_t{};
  std::optional<double> square_r{};
  std::optional<double> square_tr{};

  [[nodiscard]] double figure(std::uint32_t t, std::uint32_t r) const {
    return readings->estimate[std::size_t{t} * readers + r];
  }
  [[nodiscard]] double covariance(std::uint32_t t, std::uint32_t r, std::uint32_t u,
                                  std::uint32_t s) const {
    return readings->at(std::size_t{t} * readers + r, std::size_t{u} * readers + s);
  }
};

void add_components(Model& model) {
  std::vector<double> variance{};
  std::vector<double> same_reader{};
  std::vector<double> same_modality{};
  std::vector<double> neither{};
  for (std::uint32_t t = 0; t < model.modalities; ++t) {
    std::vector<double> own_variance;
    std::vector<double> own_covariance;
    for (std::uint32_t r = 0; r < model.readers; ++r) {
      own_variance.push_back(model.covariance(t, r, t, r));
      for (std::uint32_t s = 0; s < model.readers; ++s) {
        if (s != r) own_covariance.push_back(model.covariance(t, r, t, s));
        for (std::uint32_t u = 0; u < model.modalities; ++u) {
          if (u == t) continue;
          (s == r ? same_reader : neither).push_back(model.covariance(t, r, u, s));
        }
      }
    }
    variance.insert(variance.end(), own_variance.begin(), own_variance.end());
    same_modality.insert(same_modality.end(), own_covariance.begin(), own_covariance.end());
    model.of_modality.push_back({.variance = ordered_mean(std::move(own_variance)),
                                 .same_modality = ordered_mean(std::move(own_covariance))});
  }
  model.pooled = {.variance = ordered_mean(std::move(variance)),
                  .same_reader = ordered_mean(std::move(same_reader)),
                  .same_modality = ordered_mean(std::move(same_modality)),
                  .neither = ordered_mean(std::move(neither))};
}

// The square of a deviation of figures from their means. A figure is a multiple of 1 / (2 x
// positive x negative cases), so in any study that people can read a deviation that is not 0 is far
// above this; what is below is rounding, which must not pass for variation.
double deviation_square(double deviation) {
  constexpr double rounding = 1e-13;
  return std::abs(deviation) < rounding ? 0 : deviation * deviation;
}

// a - b, and 0 where they differ by rounding alone.
double difference_beyond_rounding(double a, double b) {
  constexpr double rounding = 1e-12;
  const double difference = a - b;
  return std::abs(difference) <= rounding * (std::abs(a) + std::abs(b)) ? 0 : difference;
}

void add_mean_squares(Model& model) {
  const auto t_count = static_cast<double>(model.modalities);
  const auto r_count = static_cast<double>(model.readers);
  std::vector<double> reader_mean(model.readers);
  std::vector<double> all{};
  for (std::uint32_t t = 0; t < model.modalities; ++t) {
    std::vector<double> own;
    for (std::uint32_t r = 0; r < model.readers; ++r) own.push_back(model.figure(t, r));
    all.insert(all.end(), own.begin(), own.end());
    model.modality_mean.push_back(ordered_mean(std::move(own)));
  }
  for (std::uint32_t r = 0; r < model.readers; ++r) {
    std::vector<double> own;
    for (std::uint32_t t = 0; t < model.modalities; ++t) own.push_back(model.figure(t, r));
    reader_mean[r] = ordered_mean(std::move(own));
  }
  const double mean = ordered_mean(std::move(all));
  std::vector<double> of_t{};
  std::vector<double> of_r{};
  std::vector<double> of_tr{};
  for (const double own : model.modality_mean) of_t.push_back(deviation_square(own - mean));
  for (const double own : reader_mean) of_r.push_back(deviation_square(own - mean));
  for (std::uint32_t t = 0; t < model.modalities; ++t) {
    std::vector<double> within;
    for (std::uint32_t r = 0; r < model.readers; ++r) {
      within.push_back(deviation_square(model.figure(t, r) - model.modality_mean[t]));
      // The two means are added first, since which of them comes first must not matter.
      of_tr.push_back(
          deviation_square(model.figure(t, r) + mean - (model.modality_mean[t] + reader_mean[r])));
    }
    model.reader_square.push_back(model.readers > 1 ? sorted_sum(within) / (r_count - 1) : 0);
  }
  if (model.modalities > 1) model.square_t = r_count * sorted_sum(of_t) / (t_count - 1);
  if (model.readers > 1) model.square_r = t_count * sorted_sum(of_r) / (r_count - 1);
  if (model.modalities > 1 && model.readers > 1) {
    model.square_tr = sorted_sum(of_tr) / ((t_count - 1) * (r_count - 1));
  }
}

Interval around(double centre, double standard_error, double df, double confidence) {
  const double half = -student_quantile((1 - confidence) / 2, df) * standard_error;
  return {centre - half, centre + half};
}

ModalityDifference difference_of(std::uint32_t first, std::uint32_t second, double difference,
                                 double standard_error, double df, double confidence) {
  ModalityDifference out{.first = first,
                         .second = second,
                         .difference = difference,
                         .standard_error = standard_error,
                         .df = df,
                         .t = difference / standard_error};
  out.p = student_two_sided(out.t, df);
  out.interval = around(difference, standard_error, df, confidence);
  return out;
}

// What an analysis takes as error: of a modality's mean (squared standard error and degrees of
// freedom), and the denominator of F with its own.
struct ErrorTerm {
  double value = 0;
  double df = 0;
};

ReaderStudyAnalysis analysis_of(const Model& model, const std::vector<ErrorTerm>& of_mean,
                                const std::optional<ErrorTerm>& denominator) {
  ReaderStudyAnalysis out{};
  const auto readers = static_cast<double>(model.readers);
  for (const ErrorTerm& term : of_mean) {
    if (!(term.value > 0)) {
      out.undefined = "a modality's figures do not vary: there is no error to measure against";
      return out;
    }
  }
  if (denominator.has_value() && !(denominator->value > 0)) {
    out.undefined = "the differences do not vary: there is no error to measure against";
    return out;
  }
  for (std::uint32_t t = 0; t < model.modalities; ++t) {
    const double error = std::sqrt(of_mean[t].value / readers);
    const double mean = model.modality_mean[t];
    out.modalities.push_back(
        {mean, error, of_mean[t].df, around(mean, error, of_mean[t].df, model.confidence)});
  }
  if (!denominator.has_value()) return out;
  const double df1 = model.modalities - 1.0;
  const double f = *model.square_t / denominator->value;
  out.overall = OverallTest{f, df1, denominator->df, fisher_upper_tail(f, df1, denominator->df)};
  const double error = std::sqrt(2 / readers * denominator->value);
  for (std::uint32_t a = 0; a < model.modalities; ++a) {
    for (std::uint32_t b = a + 1; b < model.modalities; ++b) {
      out.differences.push_back(difference_of(a, b, model.modality_mean[a] - model.modality_mean[b],
                                              error, denominator->df, model.confidence));
    }
  }
  return out;
}

ReaderStudyAnalysis needs_readers() {
  return {.overall = {},
          .modalities = {},
          .differences = {},
          .undefined = "one reader cannot stand for all readers: random readers need two or more"};
}

// Hillis 2007: Satterthwaite's degrees of freedom of mean square + readers * excess.
ErrorTerm with_excess(double mean_square, double excess, double df) {
  const double value = mean_square + excess;
  if (!(mean_square > 0)) return {value, infinite};
  return {value, df * (value / mean_square) * (value / mean_square)};
}

ReaderStudyAnalysis random_random(const Model& model) {
  if (model.readers < 2) return needs_readers();
  const auto readers = static_cast<double>(model.readers);
  std::vector<ErrorTerm> of_mean{};
  for (std::uint32_t t = 0; t < model.modalities; ++t) {
    const double excess = readers * std::max(model.of_modality[t].same_modality, 0.0);
    of_mean.push_back(with_excess(model.reader_square[t], excess, readers - 1));
  }
  std::optional<ErrorTerm> denominator{};
  if (model.modalities > 1) {
    const double excess =
        readers *
        std::max(difference_beyond_rounding(model.pooled.same_modality, model.pooled.neither), 0.0);
    denominator = with_excess(*model.square_tr, excess, (model.modalities - 1.0) * (readers - 1));
  }
  return analysis_of(model, of_mean, denominator);
}

ReaderStudyAnalysis fixed_random(const Model& model) {
  const double others = model.readers - 1.0;
  std::vector<ErrorTerm> of_mean{};
  for (const ErrorComponents& own : model.of_modality) {
    of_mean.push_back({own.variance + others * std::max(own.same_modality, 0.0), infinite});
  }
  std::optional<ErrorTerm> denominator{};
  if (model.modalities > 1) {
    const ErrorComponents& all = model.pooled;
    const double own = difference_beyond_rounding(all.variance, all.same_reader);
    const double shared = difference_beyond_rounding(all.same_modality, all.neither);
    denominator = ErrorTerm{own + others * std::max(shared, 0.0), infinite};
  }
  return analysis_of(model, of_mean, denominator);
}

ReaderStudyAnalysis random_fixed(const Model& model) {
  if (model.readers < 2) return needs_readers();
  const double others = model.readers - 1.0;
  std::vector<ErrorTerm> of_mean{};
  for (const double square : model.reader_square) of_mean.push_back({square, others});
  std::optional<ErrorTerm> denominator{};
  if (model.modalities > 1) {
    denominator = ErrorTerm{*model.square_tr, (model.modalities - 1.0) * others};
  }
  return analysis_of(model, of_mean, denominator);
}

std::vector<ReaderDifference> reader_differences(const Model& model) {
  std::vector<ReaderDifference> out{};
  for (std::uint32_t r = 0; r < model.readers; ++r) {
    for (std::uint32_t a = 0; a < model.modalities; ++a) {
      for (std::uint32_t b = a + 1; b < model.modalities; ++b) {
        const double variance =
            difference_beyond_rounding(model.covariance(a, r, a, r) + model.covariance(b, r, b, r),
                                       2 * model.covariance(a, r, b, r));
        if (!(variance > 0)) continue;  // two equal readings: no test of this reader is defined
        out.push_back({r, difference_of(a, b, model.figure(a, r) - model.figure(b, r),
                                        std::sqrt(variance), infinite, model.confidence)});
      }
    }
  }
  return out;
}

}  // namespace

Result<ReaderStudy> analyse_reader_study(std::span<const CaseReading> readings,
                                         const ReaderStudyOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1) || std::isnan(options.threshold)) {
    return fail(ErrorCode::InvalidInput,
                "the confidence must lie in (0, 1) and the threshold be a number",
                fmt::format("confidence {}, threshold {}", options.confidence, options.threshold));
  }
  const Crossed study = CSL_TRY(crossed(readings));
  ReaderStudy out{.reader_count = study.readers, .modality_count = study.modalities};
  for (std::size_t i = 0; i < study.cases; ++i) {
    ++(study.readings[i].truth == Truth::Positive ? out.positive_count : out.negative_count);
  }
  out.readings = CSL_TRY(figures_of(study, options));
  Model model{.readings = &out.readings,
              .modalities = study.modalities,
              .readers = study.readers,
              .confidence = options.confidence};
  add_components(model);
  add_mean_squares(model);
  out.components = model.pooled;
  out.mean_square_modality = model.square_t;
  out.mean_square_reader = model.square_r;
  out.mean_square_interaction = model.square_tr;
  out.random_readers_random_cases = random_random(model);
  out.fixed_readers_random_cases = fixed_random(model);
  out.random_readers_fixed_cases = random_fixed(model);
  out.fixed_reader_differences = reader_differences(model);
  return out;
}

Result<NonInferiority> test_non_inferiority(const ModalityDifference& difference, double margin,
                                            double alpha) {
  if (!(margin >= 0) || !(alpha > 0 && alpha <= 0.5)) {
    return fail(ErrorCode::InvalidInput, "the margin must be >= 0 and alpha in (0, .5]",
                fmt::format("margin {}, alpha {}", margin, alpha));
  }
  if (!(difference.standard_error > 0 && difference.df > 0)) {
    return fail(ErrorCode::InvalidInput,
                "a difference without a standard error above 0 has no test of non-inferiority",
                fmt::format("standard error {}", difference.standard_error));
  }
  NonInferiority out;
  out.lower_bound =
      difference.difference + student_quantile(alpha, difference.df) * difference.standard_error;
  out.p = student_upper_tail((difference.difference + margin) / difference.standard_error,
                             difference.df);
  out.shown = out.lower_bound > -margin;
  return out;
}

}  // namespace consilium
