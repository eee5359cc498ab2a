#include "analysis/beat_classes/beat_traits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "analysis/beat_clusters/beat_clusters.hpp"
#include "analysis/ecg_rhythm/ecg_rhythm.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::size_t rhythm_columns = 23;
constexpr std::size_t group_columns = 17;
constexpr std::size_t lead_columns = 11;  // each as mean, least and most of the leads
static_assert(BeatTraits::columns == rhythm_columns + group_columns + 3 * lead_columns);

constexpr std::size_t group_count = 24;
constexpr std::size_t shape_group_count = 12;
constexpr double in_time = 0.85;  // of the usual interval

// Places in a shape, steps of 8 ms from its begin.
struct Range {
  std::size_t begin, end;
};
constexpr Range p_range{3, 20};
constexpr Range qrs_range{20, 46};
constexpr Range t_range{48, 71};
constexpr Range width_range{18, 50};

double log_of(double ratio) { return std::log(std::clamp(ratio, 0.2, 5.0)); }

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double correlation(std::span<const float> one, std::span<const float> other) {
  const auto count = static_cast<double>(one.size());
  double first = 0;
  double second = 0;
  double product = 0;
  double first_square = 0;
  double second_square = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto a = static_cast<double>(one[i]);
    const auto b = static_cast<double>(other[i]);
    first += a;
    second += b;
    product += a * b;
    first_square += a * a;
    second_square += b * b;
  }
  const double spread =
      (first_square - first * first / count) * (second_square - second * second / count);
  return (product - first * second / count) / std::sqrt(std::max(spread, 1e-12));
}

// Shifted by up to `slack` steps, the best one.
double likeness(std::span<const float> shape, std::span<const float> own, Range range,
                std::size_t slack) {
  const auto part = own.subspan(range.begin, range.end - range.begin);
  double best = -1;
  for (std::size_t begin = range.begin - slack;
       begin <= range.begin + slack && begin + part.size() <= shape.size(); ++begin) {
    best = std::max(best, correlation(shape.subspan(begin, part.size()), part));
  }
  return best;
}

double height(std::span<const float> shape, Range range) {
  const auto part = shape.subspan(range.begin, range.end - range.begin);
  const auto [least, most] = std::ranges::minmax(part);
  return static_cast<double>(most - least);
}

double norm(std::span<const float> shape, Range range) {
  double sum = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    sum += static_cast<double>(shape[i]) * static_cast<double>(shape[i]);
  }
  return std::sqrt(sum);
}

// Of the difference, each without its mean.
double distance(std::span<const float> shape, std::span<const float> own, Range range) {
  double sum = 0;
  double squares = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const double off = static_cast<double>(shape[i] - own[i]);
    sum += off;
    squares += off * off;
  }
  const auto count = static_cast<double>(range.end - range.begin);
  return std::sqrt(std::max(0.0, squares - sum * sum / count) / count);
}

double area(std::span<const float> shape, Range range) {
  double sum = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    sum += std::abs(static_cast<double>(shape[i]));
  }
  return sum / static_cast<double>(range.end - range.begin);
}

// Steps in which the middle four fifths of all rise and fall lie.
double width(std::span<const float> shape) {
  std::array<double, width_range.end - width_range.begin> sums{};
  double sum = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t at = width_range.begin + i;
    sum += std::abs(static_cast<double>(shape[at] - shape[at - 1]));
    sums[i] = sum;
  }
  const auto place = [&](double share) {  // between two steps by a straight line
    std::size_t i = 0;
    while (i + 1 < sums.size() && sums[i] < share * sum) ++i;
    const double before = i > 0 ? sums[i - 1] : 0;
    return static_cast<double>(i) + (share * sum - before) / std::max(1e-9, sums[i] - before);
  };
  return place(0.9) - place(0.1);
}

using LeadTraits = std::array<double, lead_columns>;

LeadTraits lead_traits(std::span<const float> shape, std::span<const float> own) {
  const double own_p = std::max(0.01, height(own, p_range));
  const double own_t = std::max(0.01, height(own, t_range));
  const double own_height = std::max(1e-3, height(own, qrs_range));
  const double own_norm = std::max(1e-3, norm(own, qrs_range));
  const auto count = static_cast<double>(qrs_range.end - qrs_range.begin);
  const double tall = log_of(height(shape, qrs_range) / own_height);
  return {likeness(shape, own, qrs_range, 2),
          log_of(norm(shape, qrs_range) / own_norm),
          tall,
          log_of(width(shape) / std::max(1.0, width(own))),
          std::min(5.0, distance(shape, own, qrs_range) * std::sqrt(count) / own_norm),
          likeness(shape, own, p_range, 3),
          std::min(5.0, distance(shape, own, p_range) / own_p),
          log_of(height(shape, p_range) / own_p),
          correlation(shape.subspan(t_range.begin, t_range.end - t_range.begin),
                      own.subspan(t_range.begin, t_range.end - t_range.begin)),
          std::min(5.0, distance(shape, own, t_range) / own_t),
          log_of(area(shape, qrs_range) / std::max(1e-3, area(own, qrs_range))) - tall};
}

// A value of each beat that may be asked for beyond the record's ends.
struct Series {
  std::vector<double> values;
  [[nodiscard]] double at(std::size_t i, std::ptrdiff_t shift) const {
    const auto place = static_cast<std::ptrdiff_t>(i) + shift;
    const auto last = static_cast<std::ptrdiff_t>(values.size()) - 1;
    return values[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(place, 0, last))];
  }
};

struct Rhythms {
  std::vector<double> before_s;
  Series early;  // log of the interval before over the usual one around
  Series late;   // of that after
  std::vector<double> sum;
  std::vector<double> before_wide;  // over the usual one of 64 around
  std::vector<double> after_wide;
  std::vector<double> irregularity;
  double usual_s = 1;
  double long_s = 1;   // the interval that 30 % of the record's are longer than
  Series before_slow;  // over the longer ones around (three quarters are shorter): what a run of
  Series after_slow;   // early beats does not hide
  std::vector<double> before_longest;   // over the longest of the last 13
  std::vector<double> before_previous;  // over the mean of the three before
};

double quantile_of(std::vector<double>& values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

Rhythms rhythms_of(std::span<const std::int64_t> beats, double rate_hz) {
  constexpr std::size_t beside = 32;
  Rhythms out;
  const auto intervals = beat_intervals(beats);
  std::vector<RhythmBeat> timed;
  for (const std::int64_t beat : beats)
    timed.push_back({.at_s = static_cast<double>(beat) / rate_hz});
  out.irregularity = irregularity(timed);
  const auto interval_s = [&](std::size_t i) {  // to the one before
    const std::size_t k = std::clamp<std::size_t>(i, 1, beats.size() - 1);
    return std::max(1e-3, timed[k].at_s - timed[k - 1].at_s);
  };
  std::vector<double> values;
  for (std::size_t i = 1; i < beats.size(); ++i) values.push_back(interval_s(i));
  out.usual_s = median_of(values);
  out.long_s = quantile_of(values, 0.7);
  for (std::size_t i = 0; i < beats.size(); ++i) {
    values.clear();
    const std::size_t end = std::min(beats.size(), i + beside + 1);
    for (std::size_t k = i < beside ? 1 : i - beside + 1; k < end; ++k) {
      values.push_back(interval_s(k));
    }
    const double usual = median_of(values);
    const BeatIntervals& here = intervals[i];
    out.before_s.push_back(interval_s(i));
    out.early.values.push_back(log_of(here.before));
    out.late.values.push_back(log_of(here.after));
    out.sum.push_back(log_of((here.before + here.after) / 2));
    out.before_wide.push_back(log_of(interval_s(i) / usual));
    out.after_wide.push_back(log_of(interval_s(i + 1) / usual));
    const double slow = quantile_of(values, 0.75);
    out.before_slow.values.push_back(log_of(interval_s(i) / slow));
    out.after_slow.values.push_back(log_of(interval_s(i + 1) / slow));
    double longest = interval_s(i);
    for (std::size_t k = i < 12 ? 1 : i - 12; k < i; ++k)
      longest = std::max(longest, interval_s(k));
    out.before_longest.push_back(log_of(interval_s(i) / longest));
    double sum = 0;
    for (std::size_t k = 1; k <= 3; ++k) sum += interval_s(i < k ? 0 : i - k);
    out.before_previous.push_back(log_of(3 * interval_s(i) / sum));
  }
  return out;
}

// Beats alike in shape alone.
Result<BeatClusters> shape_groups(const BeatFeatures& features, std::size_t lead_count) {
  BeatFeatures shapes{.columns = lead_count * beat_shape_size, .values = {}};
  for (std::size_t at = 0; at < features.values.size(); at += features.columns) {
    const auto begin = features.values.begin() + static_cast<std::ptrdiff_t>(at);
    shapes.values.insert(shapes.values.end(), begin,
                         begin + static_cast<std::ptrdiff_t>(shapes.columns));
  }
  return cluster_beats(shapes, shape_group_count);
}

// The middle of the patient's own beats, lead by lead.
std::vector<float> own_shape(const BeatFeatures& features, std::size_t shape_columns,
                             const BeatClusters& groups, const Rhythms& rhythms) {
  constexpr std::size_t enough = 1'000;
  const double early = std::log(in_time);
  const auto is_regular = [&](std::size_t b) {
    return rhythms.early.values[b] > early && rhythms.late.values[b] > early;
  };
  std::vector<std::size_t> counts(groups.clusters.size(), 0);
  for (std::size_t b = 0; b < groups.cluster.size(); ++b)
    counts[groups.cluster[b]] += is_regular(b);
  const auto most = static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin());
  std::vector<std::size_t> members;
  for (std::size_t b = 0; b < groups.cluster.size(); ++b) {
    if (groups.cluster[b] == most && (is_regular(b) || counts[most] == 0)) members.push_back(b);
  }
  const std::size_t step = members.size() / enough + 1;
  std::vector<float> own;
  std::vector<double> values;
  for (std::size_t c = 0; c < shape_columns; ++c) {
    values.clear();
    for (std::size_t m = 0; m < members.size(); m += step) {
      values.push_back(static_cast<double>(features.values[members[m] * features.columns + c]));
    }
    own.push_back(static_cast<float>(median_of(values)));
  }
  return own;
}

// The mean of a trait over each beat's group.
std::vector<double> group_means(const BeatClusters& groups, const std::vector<double>& of_beat) {
  std::vector<double> sums(groups.clusters.size(), 0);
  for (std::size_t b = 0; b < of_beat.size(); ++b) sums[groups.cluster[b]] += of_beat[b];
  std::vector<double> out;
  for (const std::uint16_t group : groups.cluster) {
    out.push_back(sums[group] / static_cast<double>(groups.clusters[group].size));
  }
  return out;
}

std::vector<double> group_shares(const BeatClusters& groups) {
  std::vector<double> out;
  for (const std::uint16_t group : groups.cluster) {
    out.push_back(std::log(static_cast<double>(groups.clusters[group].size) /
                           static_cast<double>(groups.cluster.size())));
  }
  return out;
}

// By beat: mean, least and most of the leads of each trait.
std::vector<std::array<LeadTraits, 3>> all_lead_traits(const BeatFeatures& features,
                                                       std::size_t lead_count,
                                                       std::span<const float> own) {
  std::vector<std::array<LeadTraits, 3>> out;
  const std::size_t count = features.values.size() / features.columns;
  for (std::size_t b = 0; b < count; ++b) {
    std::array<LeadTraits, 3> told{};
    for (std::size_t l = 0; l < lead_count; ++l) {
      const auto shape = std::span(features.values)
                             .subspan(b * features.columns + l * beat_shape_size, beat_shape_size);
      const LeadTraits here = lead_traits(shape, own.subspan(l * beat_shape_size, beat_shape_size));
      for (std::size_t t = 0; t < lead_columns; ++t) {
        told[0][t] += here[t] / static_cast<double>(lead_count);
        told[1][t] = l == 0 ? here[t] : std::min(told[1][t], here[t]);
        told[2][t] = l == 0 ? here[t] : std::max(told[2][t], here[t]);
      }
    }
    out.push_back(told);
  }
  return out;
}

}  // namespace

Result<BeatTraits> beat_traits(const BeatFeatures& features, std::size_t lead_count,
                               std::span<const std::int64_t> beats, double sampling_rate_hz) {
  const bool is_ordered = std::ranges::adjacent_find(beats, std::greater_equal<>()) == beats.end();
  if (!is_ordered || features.values.size() != beats.size() * features.columns ||
      features.columns < lead_count * beat_shape_size) {
    return fail(ErrorCode::InvalidInput, "the beats are not in order", "beats",
                "sort them by time, each once");
  }
  BeatTraits out;
  if (beats.size() < 2) {
    out.values.assign(beats.size() * BeatTraits::columns, 0);
    return out;
  }
  const Rhythms rhythms = rhythms_of(beats, sampling_rate_hz);
  const BeatClusters groups = CSL_TRY(cluster_beats(features, group_count));
  const BeatClusters shapes = CSL_TRY(shape_groups(features, lead_count));
  const auto own = own_shape(features, lead_count * beat_shape_size, shapes, rhythms);
  const auto leads = all_lead_traits(features, lead_count, own);
  const auto of_leads = [&](std::size_t trait) {
    std::vector<double> values;
    for (const auto& told : leads) values.push_back(told[0][trait]);
    return values;
  };
  const Series alike{of_leads(0)};
  const Series apart{of_leads(4)};
  const std::vector<double> wide = of_leads(3);
  const std::array<std::vector<double>, 14> by_group{group_shares(groups),
                                                     group_means(groups, rhythms.early.values),
                                                     group_means(groups, rhythms.late.values),
                                                     group_means(groups, alike.values),
                                                     group_means(groups, wide),
                                                     group_shares(shapes),
                                                     group_means(shapes, rhythms.early.values),
                                                     group_means(shapes, rhythms.late.values),
                                                     group_means(shapes, rhythms.sum),
                                                     group_means(shapes, rhythms.irregularity),
                                                     group_means(shapes, alike.values),
                                                     group_means(shapes, apart.values),
                                                     group_means(shapes, wide),
                                                     group_means(shapes, of_leads(5))};
  out.values.reserve(beats.size() * BeatTraits::columns);
  const auto put = [&](double value) {
    constexpr double most = 32'000;
    out.values.push_back(
        static_cast<std::int16_t>(std::lround(std::clamp(value / BeatTraits::unit, -most, most))));
  };
  for (std::size_t b = 0; b < beats.size(); ++b) {
    const Series& early = rhythms.early;
    const Series& slow = rhythms.before_slow;
    for (const double value : {early.at(b, 0),
                               rhythms.late.at(b, 0),
                               early.at(b, 0) - early.at(b, -1),
                               rhythms.late.at(b, 0) - early.at(b, 0),
                               rhythms.before_wide[b],
                               rhythms.after_wide[b],
                               log_of(rhythms.before_s[b] / rhythms.usual_s),
                               rhythms.before_s[b],
                               rhythms.irregularity[b],
                               early.at(b, -1),
                               early.at(b, -2),
                               early.at(b, 2),
                               rhythms.sum[b],
                               slow.at(b, 0),
                               rhythms.after_slow.at(b, 0),
                               log_of(rhythms.before_s[b] / rhythms.long_s),
                               rhythms.before_longest[b],
                               slow.at(b, -1),
                               slow.at(b, 1),
                               slow.at(b, -2),
                               slow.at(b, 2),
                               std::abs(slow.at(b, 0) - slow.at(b, 1)),
                               rhythms.before_previous[b]}) {
      put(value);
    }
    for (const auto& values : by_group) put(values[b]);
    put(apart.at(b, -1));
    put(apart.at(b, 1));
    put(std::exp(by_group[5][b]));
    for (const LeadTraits& told : leads[b]) {
      for (const double value : told) put(value);
    }
  }
  CSL_CHECK(out.values.size() == beats.size() * BeatTraits::columns);
  return out;
}

}  // namespace consilium
