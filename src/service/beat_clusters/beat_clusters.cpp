#include "service/beat_clusters/beat_clusters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "analysis/beat_clusters/beat_clusters.hpp"
#include "analysis/ecg_leads/ecg_leads.hpp"
#include "service/item/signal_source.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t members_shown_max = 20;
constexpr std::size_t doubted_shown_max = 24;
constexpr float microvolts = 1000.0F;

// Two leads that see the heart from different sides, where the recording has them; a third adds
// little to what tells beats apart, and a day of twelve would be a gigabyte of shapes.
std::vector<std::size_t> chosen_leads(const RecordHeader& header) {
  constexpr std::array<std::string_view, 2> first{"II", "MLII"};
  constexpr std::array<std::string_view, 6> second{"V1", "V5", "V2", "V4", "MLV1", "MLIII"};
  const std::vector<std::size_t> all = voltage_channels(header);
  std::vector<std::size_t> leads;
  const auto take_named = [&](const auto& names) {
    for (const std::string_view name : names) {
      for (const std::size_t c : all) {
        if (header.channels[c].name != name) continue;
        leads.push_back(c);
        return;
      }
    }
  };
  take_named(first);
  take_named(second);
  for (const std::size_t c : all) {
    if (leads.size() == BeatClusterer::leads_used_max) break;
    if (std::ranges::find(leads, c) == leads.end()) leads.push_back(c);
  }
  if (leads.size() > BeatClusterer::leads_used_max) leads.resize(BeatClusterer::leads_used_max);
  return leads;
}

std::int16_t stored(float shape_mv) {
  return static_cast<std::int16_t>(
      std::clamp(std::lround(shape_mv * microvolts), -32'767L, 32'767L));
}

Status check(const RecordHeader& header, const std::vector<std::int64_t>& ticks) {
  if (ticks.size() > BeatClusterer::beats_max) {
    return fail(ErrorCode::TooLarge, "more than 500,000 beats cannot be clustered at once",
                "ticks");
  }
  for (std::size_t b = 0; b < ticks.size(); ++b) {
    if (ticks[b] < 0 || ticks[b] >= header.length_ticks || (b > 0 && ticks[b] <= ticks[b - 1])) {
      return fail(ErrorCode::InvalidInput, "beats rise and lie in the recording",
                  fmt::format("ticks, beat {}", b + 1));
    }
  }
  return {};
}

template <class Value>
void append_list(std::string& text, const std::vector<Value>& values) {
  text += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "{}{}", i == 0 ? "" : ",", values[i]);
  }
  text += ']';
}

}  // namespace

Result<std::shared_ptr<const BeatClusterer::Shapes>> BeatClusterer::shapes(
    const RecordingId& recording, const std::vector<std::int64_t>& ticks) {
  const OpenRecording opened = CSL_TRY(open_recording(store_, recording));
  const RecordHeader& header = opened.samples->header();
  CSL_TRY(check(header, ticks));
  EcgLeads leads{.samples = opened.samples.get(), .channels = chosen_leads(header)};
  if (leads.channels.empty()) {
    return fail(ErrorCode::InvalidInput, "the recording has no channel of a voltage", "",
                "beats are clustered by the shapes of an ECG");
  }
  auto known = kept_.with([&](auto& kept) -> std::shared_ptr<const Shapes> {
    const auto found =
        std::ranges::find(kept, recording, [](const auto& one) { return one->recording; });
    if (found == kept.end()) return nullptr;
    kept.splice(kept.begin(), kept, found);
    return kept.front();
  });
  const std::size_t row = leads.channels.size() * beat_shape_size;
  auto made = std::make_shared<Shapes>();
  made->recording = recording;
  for (const std::size_t c : leads.channels) made->lead_names.push_back(header.channels[c].name);
  for (const std::int64_t tick : ticks) {
    const std::int64_t sample = tick / leads.channel().ticks_per_sample;
    made->samples.push_back(std::min(sample, leads.channel().sample_count - 1));
  }
  made->values.resize(ticks.size() * row);
  std::vector<std::int64_t> missing;
  std::vector<std::size_t> missing_place;
  for (std::size_t b = 0; b < made->samples.size(); ++b) {
    if (known) {
      const auto at = std::ranges::lower_bound(known->samples, made->samples[b]);
      if (at != known->samples.end() && *at == made->samples[b]) {
        const auto from = known->values.begin() +
                          (at - known->samples.begin()) * static_cast<std::ptrdiff_t>(row);
        std::copy_n(from, row, made->values.begin() + static_cast<std::ptrdiff_t>(b * row));
        continue;
      }
    }
    missing.push_back(made->samples[b]);
    missing_place.push_back(b);
  }
  // Piece by piece, so that the shapes do not lie in memory twice as numbers of four bytes.
  constexpr std::size_t at_once = 4096;
  for (std::size_t first = 0; first < missing.size(); first += at_once) {
    const auto part = std::span(missing).subspan(first, std::min(at_once, missing.size() - first));
    const std::vector<float> found = CSL_TRY(shapes_of_beats(leads, part));
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (std::size_t v = 0; v < row; ++v) {
        made->values[missing_place[first + i] * row + v] = stored(found[i * row + v]);
      }
    }
  }
  // A part of the beats leaves what is known of the others.
  if (known && missing.empty()) return std::shared_ptr<const Shapes>(std::move(made));
  kept_.with([&](auto& kept) {
    std::erase_if(kept, [&](const auto& one) { return one->recording == recording; });
    kept.push_front(made);
    if (kept.size() > recordings_kept) kept.pop_back();
  });
  return std::shared_ptr<const Shapes>(std::move(made));
}

namespace {

struct ClusterView {
  std::vector<std::vector<double>> mean_uv;  // by lead
  std::vector<double> spread_uv;             // of the first lead: root mean square from the mean
  std::vector<std::size_t> members;          // up to members_shown_max, evenly chosen
  std::vector<std::size_t> doubted;          // up to doubted_shown_max, the most doubtful first
};

std::vector<ClusterView> views_of(const BeatClusters& found, std::span<const std::int16_t> values,
                                  std::size_t lead_count) {
  const std::size_t row = lead_count * beat_shape_size;
  std::vector<ClusterView> views(found.clusters.size());
  std::vector<std::vector<double>> squares(views.size(), std::vector<double>(beat_shape_size, 0));
  std::vector<std::size_t> seen(views.size(), 0);
  for (ClusterView& view : views) {
    view.mean_uv.assign(lead_count, std::vector<double>(beat_shape_size, 0));
  }
  for (std::size_t b = 0; b < found.cluster.size(); ++b) {
    const std::size_t c = found.cluster[b];
    const std::size_t size = found.clusters[c].size;
    for (std::size_t v = 0; v < row; ++v) {
      views[c].mean_uv[v / beat_shape_size][v % beat_shape_size] += values[b * row + v];
    }
    for (std::size_t v = 0; v < beat_shape_size; ++v) {
      squares[c][v] += static_cast<double>(values[b * row + v]) * values[b * row + v];
    }
    const std::size_t shown = std::min(members_shown_max, size);
    if (seen[c]++ * shown / size == views[c].members.size()) views[c].members.push_back(b);
  }
  std::vector<std::size_t> by_doubt(found.doubt.size());
  std::iota(by_doubt.begin(), by_doubt.end(), std::size_t{0});
  std::ranges::stable_sort(by_doubt, std::greater{}, [&](std::size_t b) { return found.doubt[b]; });
  for (const std::size_t b : by_doubt) {
    std::vector<std::size_t>& doubted = views[found.cluster[b]].doubted;
    if (doubted.size() < doubted_shown_max) doubted.push_back(b);
  }
  for (std::size_t c = 0; c < views.size(); ++c) {
    const auto size = static_cast<double>(found.clusters[c].size);
    for (auto& lead : views[c].mean_uv) {
      for (double& value : lead) value /= size;
    }
    for (std::size_t v = 0; v < beat_shape_size; ++v) {
      const double mean = views[c].mean_uv[0][v];
      views[c].spread_uv.push_back(std::sqrt(std::max(0.0, squares[c][v] / size - mean * mean)));
    }
  }
  return views;
}

std::vector<int> rounded(const std::vector<double>& values) {
  std::vector<int> whole;
  whole.reserve(values.size());
  for (const double value : values) whole.push_back(static_cast<int>(std::lround(value)));
  return whole;
}

// Of these beats in the first lead.
void append_shapes(std::string& text, const std::vector<std::size_t>& beats,
                   std::span<const std::int16_t> values, std::size_t row) {
  text += '[';
  for (std::size_t i = 0; i < beats.size(); ++i) {
    if (i > 0) text += ',';
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(beats[i] * row);
    append_list(text, std::vector<std::int16_t>(begin, begin + beat_shape_size));
  }
  text += ']';
}

std::string text_of(const BeatClusters& found, const std::vector<ClusterView>& views,
                    std::span<const std::int16_t> values, const std::vector<std::string>& leads) {
  const std::size_t row = leads.size() * beat_shape_size;
  std::string text = R"({"leads":[)";
  for (std::size_t l = 0; l < leads.size(); ++l) {
    // Names of channels that were chosen are letters and digits, or the file's own words.
    text += l == 0 ? "\"" : ",\"";
    for (const char c : leads[l]) {
      if (static_cast<unsigned char>(c) < 0x20) continue;
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  fmt::format_to(std::back_inserter(text), R"(],"step_ms":8,"before":{},"clusters":[)",
                 beat_shape_before);
  for (std::size_t c = 0; c < views.size(); ++c) {
    fmt::format_to(std::back_inserter(text), R"({}{{"size":{},"representative":{},"template_uv":[)",
                   c == 0 ? "" : ",", found.clusters[c].size, found.clusters[c].representative);
    for (std::size_t l = 0; l < views[c].mean_uv.size(); ++l) {
      if (l > 0) text += ',';
      append_list(text, rounded(views[c].mean_uv[l]));
    }
    text += R"(],"spread_uv":)";
    append_list(text, rounded(views[c].spread_uv));
    text += R"(,"members_uv":)";
    append_shapes(text, views[c].members, values, row);
    text += R"(,"doubted":)";
    append_list(text, views[c].doubted);
    text += R"(,"doubted_uv":)";
    append_shapes(text, views[c].doubted, values, row);
    text += '}';
  }
  text += R"(],"cluster":)";
  append_list(text, found.cluster);
  text += R"(,"doubt":)";
  std::vector<double> thousandths;
  thousandths.reserve(found.doubt.size());
  for (const float doubt : found.doubt) thousandths.push_back(static_cast<double>(doubt) * 1000);
  append_list(text, rounded(thousandths));
  text += '}';
  return text;
}

// Of the beats at these places alone.
Status take_part(const std::vector<std::int64_t>& only, std::size_t row,
                 std::span<const std::int16_t> values, std::vector<std::int16_t>& part,
                 std::vector<BeatIntervals>& intervals) {
  std::vector<BeatIntervals> own;
  std::int64_t before = -1;
  for (const std::int64_t beat : only) {
    if (beat <= before || beat >= std::ssize(intervals)) {
      return fail(ErrorCode::InvalidInput, "places rise and are those of beats", "only");
    }
    before = beat;
    const auto place = static_cast<std::size_t>(beat);
    const auto shape = values.subspan(place * row, row);
    part.insert(part.end(), shape.begin(), shape.end());
    own.push_back(intervals[place]);
  }
  intervals = std::move(own);
  return {};
}

Result<BeatClusters> clusters_of(std::span<const std::int16_t> values, std::size_t lead_count,
                                 const std::vector<BeatIntervals>& intervals,
                                 std::size_t cluster_count_max) {
  BeatFeatures features;
  {
    std::vector<float> shapes_mv;
    shapes_mv.reserve(values.size());
    for (const std::int16_t value : values) {
      shapes_mv.push_back(static_cast<float>(value) / microvolts);
    }
    features = beat_features(shapes_mv, lead_count, intervals);
  }
  return cluster_beats(features, cluster_count_max);
}

}  // namespace

Result<std::string> BeatClusterer::cluster(const Access& access, const ProjectId& project,
                                           const ItemId& item, const RecordingId& recording,
                                           const BeatClusterQuery& query) {
  CSL_TRY(items_.record_read(access, project, item, "labelling"));
  {
    const auto reader = CSL_TRY(store_.read());
    const storage::ItemRow row = CSL_TRY(storage::find_item(*reader, project, item));
    if (row.source_id != to_string(recording)) {
      return fail(ErrorCode::NotFound, "the item has no such recording");
    }
  }
  const auto known = CSL_TRY(shapes(recording, query.ticks));
  const std::size_t lead_count = known->lead_names.size();
  // How early a beat comes follows from all beats, also where a part of them is asked about.
  std::vector<BeatIntervals> intervals = beat_intervals(known->samples);
  std::span<const std::int16_t> values = known->values;
  std::vector<std::int16_t> part;
  if (!query.only.empty()) {
    CSL_TRY(take_part(query.only, lead_count * beat_shape_size, values, part, intervals));
    values = part;
  }
  const BeatClusters found =
      CSL_TRY(clusters_of(values, lead_count, intervals, query.cluster_count_max));
  return text_of(found, views_of(found, values, lead_count), values, known->lead_names);
}

}  // namespace consilium::service
