// How the shares and windows of src/analysis/ecg_delineation/rules.hpp were set: a random search on
// every second record of the QT database; the others are held out and only reported.
//
// usage: csl_tune_waves QTDB_FOLDER ROUNDS. Prints every mark's sensitivity, mean and standard
// deviation (ms) by the best-lead rule before and after, and the rules found, in their order.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "analysis/ecg_delineation/beat_waves.hpp"
#include "analysis/qrs_detection/qrs_fusion.hpp"
#include "base/byte_source.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"

using namespace consilium;
using namespace consilium::delineation;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kinds = 9;
constexpr std::array<const char*, kinds> names{"P on",    "P peak", "P off",  "QRS on", "R",
                                               "QRS off", "T on",   "T peak", "T off"};
// The deviation (ms) at which a mark weighs 1; R is the detector's.
constexpr std::array<double, kinds> goals_ms{16, 16, 16, 10, 1e9, 10, 40, 22, 22};
constexpr int before_beat = 250;
constexpr int after_beat = 300;

struct Beat {
  std::int64_t at = 0;
  double before = 0;
  double after = 0;
  std::vector<Wavelet> leads;
};
struct Record {
  std::vector<Beat> beats;
  std::array<std::vector<std::int64_t>, kinds> reference;
};

// Brackets belong to the peak beside them.
void read_reference(const MitAnnotations& read, Record& record) {
  std::int64_t open = -1;
  std::optional<std::size_t> peak;
  for (const MitAnnotation& mark : read.annotations) {
    const auto code = static_cast<MitCode>(mark.code);
    if (code == MitCode::WaveformOnset) {
      open = mark.time;
      peak.reset();
    } else if (code == MitCode::WaveformEnd) {
      if (peak) record.reference[*peak * 3 + 2].push_back(mark.time);
      open = -1;
      peak.reset();
    } else {
      peak.reset();
      if (code == MitCode::PWavePeak) peak = 0;
      if (is_beat(code)) peak = 1;
      if (code == MitCode::TWavePeak) peak = 2;
      if (peak && open >= 0) record.reference[*peak * 3].push_back(open);
      if (peak) record.reference[*peak * 3 + 1].push_back(mark.time);
      open = -1;
    }
  }
}

Result<Record> read_record(const fs::path& header) {
  Record out;
  const auto marks = CSL_TRY(open_file_source(fs::path(header).replace_extension(".q1c")));
  read_reference(CSL_TRY(read_mit_annotations(CSL_TRY(read_all(*marks, 1U << 24U)))), out);
  const auto beside = [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(header.parent_path() / name);
  };
  const auto text = CSL_TRY(open_file_source(header));
  const auto source = CSL_TRY(open_wfdb(CSL_TRY(read_all(*text, wfdb_header_size_max)), beside));
  std::vector<std::vector<float>> leads;
  for (std::size_t c = 0; c < source->header().channels.size(); ++c) {
    std::vector<float>& lead = leads.emplace_back();
    for (const std::int32_t sample : CSL_TRY(read_channel(*source, c))) {
      lead.push_back(static_cast<float>(physical_value(source->header().channels[c], sample)));
    }
  }
  std::int64_t first = INT64_MAX;
  std::int64_t last = 0;
  for (const auto& times : out.reference) {
    for (const std::int64_t time : times) {
      first = std::min(first, time);
      last = std::max(last, time);
    }
  }
  const std::vector<std::span<const float>> views(leads.begin(), leads.end());
  const auto beats = CSL_TRY(detect_qrs_in_leads(views, rate_hz));
  for (std::size_t i = 1; i + 1 < beats.size(); ++i) {
    const std::int64_t at = beats[i].sample_index;
    if (at < first - after_beat || at > last + after_beat) continue;
    Beat beat{.at = at,
              .before = static_cast<double>(at - beats[i - 1].sample_index),
              .after = static_cast<double>(beats[i + 1].sample_index - at),
              .leads = {}};
    for (const auto& lead : leads) {
      std::vector<double> around;
      for (std::int64_t k = at - before_beat; k < at + after_beat; ++k) {
        const auto place = std::clamp<std::int64_t>(k, 0, std::ssize(lead) - 1);
        around.push_back(static_cast<double>(lead[static_cast<std::size_t>(place)]));
      }
      beat.leads.push_back(spline_wavelet(around));
    }
    out.beats.push_back(std::move(beat));
  }
  return out;
}

struct Score {
  double count = 0, hit = 0, sum = 0, squares = 0;
  [[nodiscard]] double mean_ms() const { return sum / hit; }
  [[nodiscard]] double deviation_ms() const {
    return std::sqrt(std::max(0.0, squares / hit - mean_ms() * mean_ms()));
  }
};
using Scores = std::array<Score, kinds>;

void score(const Record& record, const Rules& rules, Scores& scores) {
  std::array<std::vector<double>, kinds> found;  // of all leads: the best one counts
  for (const Beat& beat : record.beats) {
    for (const Wavelet& lead : beat.leads) {
      const BeatMarks marks = marks_of(lead, before_beat, beat.before, beat.after, rules);
      std::size_t kind = 0;
      for (const auto* wave : {&marks.p, &marks.qrs, &marks.t}) {
        if (*wave) {
          const auto from = static_cast<double>(beat.at - before_beat);
          found[kind].push_back(from + (*wave)->onset);
          found[kind + 1].push_back(from + (*wave)->peak);
          found[kind + 2].push_back(from + (*wave)->end);
        }
        kind += 3;
      }
    }
  }
  for (std::size_t k = 0; k < kinds; ++k) {
    for (const std::int64_t time : record.reference[k]) {
      double best = 1e9;
      for (const double at : found[k]) {
        const double off = std::round(at) - static_cast<double>(time);
        if (std::abs(off) < std::abs(best)) best = off;
      }
      const double off_ms = best * 1000 / rate_hz;
      ++scores[k].count;
      if (std::abs(off_ms) > 150) continue;
      ++scores[k].hit;
      scores[k].sum += off_ms;
      scores[k].squares += off_ms * off_ms;
    }
  }
}

// `half`: 0 or 1; every second record from there on.
Scores score_half(const std::vector<Record>& records, std::size_t half, const Rules& rules) {
  Scores scores;
  for (std::size_t r = half; r < records.size(); r += 2) score(records[r], rules, scores);
  return scores;
}

double cost_of(const Scores& scores) {
  double cost = 0;
  for (std::size_t k = 0; k < kinds; ++k) {
    if (goals_ms[k] > 1e6 || scores[k].count == 0) continue;
    const double missed = 1 - scores[k].hit / scores[k].count;
    cost += (scores[k].deviation_ms() + 0.3 * std::abs(scores[k].mean_ms())) / goals_ms[k] +
            (k == 6 ? 3 : 15) * missed;
  }
  return cost;
}

void print(const char* what, const Scores& scores) {
  fmt::print("{} (cost {:.3f})\n", what, cost_of(scores));
  for (std::size_t k = 0; k < kinds; ++k) {
    const Score& one = scores[k];
    fmt::print("  {:8} n {:5.0f} Se {:6.2f} {:6.1f} +- {:5.1f} ms\n", names[k], one.count,
               100 * one.hit / one.count, one.mean_ms(), one.deviation_ms());
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::vector<fs::path> headers;
  for (const auto& entry : fs::directory_iterator(arguments[1])) {
    const fs::path header = fs::path(entry.path()).replace_extension(".hea");
    if (entry.path().extension() == ".q1c" && fs::exists(header)) headers.push_back(header);
  }
  std::ranges::sort(headers);
  std::vector<Record> records;
  for (const fs::path& header : headers) {
    auto record = read_record(header);
    if (record) records.push_back(std::move(*record));
  }
  // All members are numbers, one after another.
  using Values = std::array<double, sizeof(Rules) / sizeof(double)>;
  auto best = std::bit_cast<Values>(Rules{});
  const auto cost = [&](const Values& values) {
    return cost_of(score_half(records, 0, std::bit_cast<Rules>(values)));
  };
  double least = cost(best);
  std::mt19937 random(1);
  std::normal_distribution<double> change;
  std::uniform_real_distribution<double> unit;
  for (int round = 0; round < std::atoi(arguments[2]); ++round) {
    Values tried = best;
    for (double& value : tried) {
      if (unit(random) < 0.2) value *= std::exp(0.2 * change(random));
    }
    const double here = cost(tried);
    if (here < least) {
      least = here;
      best = tried;
    }
  }
  print("set on", score_half(records, 0, std::bit_cast<Rules>(best)));
  print("held out", score_half(records, 1, std::bit_cast<Rules>(best)));
  for (const double value : best) fmt::print("{:.4g} ", value);
  fmt::print("\n");
  return 0;
}
