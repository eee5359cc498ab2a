#include "transport/cli_segment/segment.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <iterator>
#include <optional>

#include "analysis/pixel_classifier/pixel_classifier.hpp"
#include "analysis/pixel_classifier/seed_likelihood.hpp"
#include "analysis/seed_growth/seed_growth.hpp"
#include "analysis/slice_fill/slice_fill.hpp"
#include "base/canonical_json.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_segment/methods.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

using LabelCounts = std::array<std::uint64_t, 256>;

LabelCounts counts_of(std::span<const std::uint8_t> labels) {
  LabelCounts counts{};
  for (const std::uint8_t label : labels) ++counts[label];
  return counts;
}

Result<SegmentOutcome> grow_from_seeds(const SegmentInput& input) {
  LoadedVolume& volume = input.volume;
  const SegmentCommand& command = input.command;
  SeedGrowthOptions options;
  if (command.exact) options.coarsest_voxels_max = volume.lattice.voxel_count();
  if (!command.range.empty()) {
    const double a = (command.range[0] - volume.intercept) / volume.slope;
    const double b = (command.range[1] - volume.intercept) / volume.slope;
    options.intensity_range = {std::min(a, b), std::max(a, b)};
  }
  const VolumeView view = std::visit(
      [](const auto& samples) { return VolumeView(std::span(samples)); }, volume.samples);
  std::optional<SeedLikelihood> likelihood;
  if (command.likelihood == "classifier") {
    const auto pyramid = CSL_TRY(
        FeaturePyramid::create(view, volume.lattice, IntensityScale::Percentiles, command.threads));
    likelihood = CSL_TRY(likelihood_of_seeds(pyramid, input.seeds.labels, command.threads));
  }
  SeedGrowth growth = CSL_TRY(SeedGrowth::create(view, volume.lattice, options, command.threads));
  volume.samples = std::vector<std::uint8_t>();  // the engine has what it needs
  if (likelihood) CSL_TRY(growth.set_likelihood(std::move(likelihood), command.threads));
  CSL_TRY(growth.set_seeds(input.seeds.labels));
  growth.update(command.threads);
  return SegmentOutcome{
      .labels = {growth.labels().begin(), growth.labels().end()}, .facts_json = {}, .text = {}};
}

// The seeds are whole slices that someone drew; background is none of what lies between.
Result<SegmentOutcome> fill_drawn(const SegmentInput& input) {
  const std::vector<std::uint8_t>& seeds = input.seeds.labels;
  std::vector<std::uint16_t> labels(seeds.begin(), seeds.end());
  std::ranges::replace(labels, std::uint16_t{background_label}, std::uint16_t{unlabelled});
  CSL_TRY(fill_between_slices(labels, input.volume.lattice,
                              {.segments = {},
                               .axis = input.command.axis,
                               .cap_ends = true,
                               .image = {},
                               .threads = input.command.threads}));
  std::vector<std::uint8_t> out(labels.size());
  std::ranges::transform(labels, out.begin(),
                         [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
  return SegmentOutcome{.labels = std::move(out), .facts_json = {}, .text = {}};
}

// Learns from the seeds what each label looks like; they keep their own labels.
Result<SegmentOutcome> classify_all(const SegmentInput& input) {
  LoadedVolume& volume = input.volume;
  const std::vector<std::uint8_t>& seeds = input.seeds.labels;
  const SegmentCommand& command = input.command;
  const VolumeView view = std::visit(
      [](const auto& samples) { return VolumeView(std::span(samples)); }, volume.samples);
  const auto pyramid = CSL_TRY(
      FeaturePyramid::create(view, volume.lattice, IntensityScale::Percentiles, command.threads));
  volume.samples = std::vector<std::uint8_t>();
  std::vector<LabelledVoxel> marked;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i] != unlabelled) marked.push_back({static_cast<std::uint32_t>(i), seeds[i]});
  }
  const PixelSamples samples = CSL_TRY(sample_voxels(pyramid, marked));
  const auto classifier = CSL_TRY(PixelClassifier::train(samples, {}, command.threads));
  std::vector<std::uint8_t> labels(seeds.size());
  CSL_TRY(classifier.classify(pyramid, {.first = {}, .size = volume.lattice.dims}, labels, {},
                              command.threads));
  for (const LabelledVoxel& each : marked) labels[each.voxel] = each.label;
  std::ranges::replace(labels, unlabelled, background_label);
  return SegmentOutcome{.labels = std::move(labels), .facts_json = {}, .text = {}};
}

constexpr std::array methods{
    SegmentMethod{
        .name = "seeds", .what = "seeds: grow them along like intensities", .run = grow_from_seeds},
    SegmentMethod{.name = "fill",
                  .what = "fill: between drawn slices (--axis)",
                  .run = fill_drawn,
                  .needs_two_labels = false},
    SegmentMethod{.name = "classifier",
                  .what = "classifier: learn from the seeds what each label looks like",
                  .run = classify_all},
    SegmentMethod{.name = "propagate",
                  .what = "propagate: carry the labels of an earlier volume (--from) across",
                  .run = propagate,
                  .needs_two_labels = false,
                  .needs_prior = true}};

Status check_seeds(const LabelCounts& counts, const SegmentMethod& method,
                   const std::filesystem::path& file) {
  const auto labels = std::ranges::count_if(counts.begin() + 1, counts.end(),
                                            [](std::uint64_t count) { return count > 0; });
  if (labels == 0) {
    return fail(ErrorCode::InvalidInput, "there are no seeds: every voxel is 0", file.string(),
                "mark some voxels of each structure, and of the background with 255");
  }
  if (labels == 1 && method.needs_two_labels) {
    return fail(ErrorCode::InvalidInput, "the seeds have one label only: it would take all",
                file.string(), "mark some voxels of the background too, with 255");
  }
  return {};
}

Status check_range(const std::vector<double>& range) {
  if (range.empty() || range[0] <= range[1]) return {};
  return fail(ErrorCode::InvalidInput, "the range is empty",
              fmt::format("--range {:g},{:g}", range[0], range[1]), "give the lower value first");
}

class Stopwatch {
 public:
  double lap_s() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::string name_of_label(const NiftiVolume& place, std::size_t value) {
  const auto found = std::ranges::find(place.labels, value, &NiftiLabel::value);
  return found == place.labels.end() ? std::string() : found->name;
}

struct Times {
  double read_s = 0;
  double compute_s = 0;
  double write_s = 0;
};

struct Answer {
  const SegmentCommand& command;
  const LoadedLabels& seeds;
  const LabelCounts& seed_counts;
  const LoadedVolume& volume;
  const SegmentOutcome& outcome;
  LabelCounts counts{};
};

Result<int> print_answer(const Answer& answer, const Times& times) {
  const auto& [command, seeds, seed_counts, volume, outcome, counts] = answer;
  const auto& dims = volume.place.dims;
  json::array labels;
  std::string text =
      fmt::format("{} x {} x {} voxels by {}\n", dims[0], dims[1], dims[2], command.method);
  for (std::size_t label = 1; label < counts.size(); ++label) {
    if (counts[label] == 0 && seed_counts[label] == 0) continue;
    const bool is_background = label == background_label;
    const std::string name = is_background ? "background" : name_of_label(seeds.place, label);
    const double ml = static_cast<double>(counts[label]) * volume.lattice.voxel_volume_ml();
    json::object one{{"label", label},
                     {"seed_voxels", seed_counts[label]},
                     {"voxels", counts[label]},
                     {"ml", ml}};
    if (!name.empty()) one["name"] = name;
    labels.push_back(std::move(one));
    fmt::format_to(std::back_inserter(text), "label {}{}{}: {} voxels, {:.3f} ml, from {} seeds\n",
                   label, name.empty() ? "" : " ", name, counts[label], ml, seed_counts[label]);
  }
  text += outcome.text;
  json::object whole{{"method", command.method},
                     {"dims", json::array{dims[0], dims[1], dims[2]}},
                     {"labels", std::move(labels)},
                     {"unlabelled_voxels", counts[unlabelled]}};
  if (!outcome.facts_json.empty()) {
    const json::value facts = CSL_TRY(parse_json(outcome.facts_json));
    for (const auto& [name, value] : facts.as_object()) whole[name] = value;
  }
  whole["seconds"] =
      json::object{{"read", times.read_s}, {"compute", times.compute_s}, {"write", times.write_s}};
  whole["peak_memory_mib"] = peak_memory_mib();
  fmt::print("{}", command.json ? json::serialize(whole) + "\n" : text);
  return 0;
}

// The seeds' grid is that of the volume they were drawn on.
Status check_grids(const LoadedVolume& volume, const std::filesystem::path& file,
                   const LoadedLabels& seeds, const SegmentCommand& command) {
  return check_same_grid({.volume = volume.place, .labels = {}, .lattice = volume.lattice}, file,
                         {.volume = seeds.place, .labels = {}, .lattice = seeds.lattice},
                         command.seeds);
}

}  // namespace

std::span<const SegmentMethod> segment_methods() { return methods; }

Result<int> segment_command(const SegmentCommand& command) {
  CSL_TRY(check_label_format(command.out));
  CSL_TRY(check_range(command.range));
  const auto method = std::ranges::find(methods, command.method, &SegmentMethod::name);
  if (method == methods.end()) {
    return fail(ErrorCode::InvalidInput, "there is no such method", command.method);
  }
  if (method->needs_prior == command.from.empty()) {
    return fail(ErrorCode::InvalidInput,
                method->needs_prior ? "propagate needs an earlier volume"
                                    : "only propagate takes an earlier volume",
                "--from", "give both --method propagate and --from PRIOR");
  }
  Stopwatch watch;
  Times times;
  const LoadedLabels seeds = CSL_TRY(load_labels(command.seeds));
  const LabelCounts seed_counts = counts_of(seeds.labels);
  CSL_TRY(check_seeds(seed_counts, *method, command.seeds));
  LoadedVolume volume = CSL_TRY(load_volume(command.volume, command.threads));
  std::optional<LoadedVolume> prior;
  if (method->needs_prior) prior = CSL_TRY(load_volume(command.from, command.threads));
  CSL_TRY(
      check_grids(prior ? *prior : volume, prior ? command.from : command.volume, seeds, command));
  auto out = CSL_TRY(create_output(command.out));
  times.read_s = watch.lap_s();

  SegmentOutcome outcome = CSL_TRY(in_file(method->run({.volume = volume,
                                                        .seeds = seeds,
                                                        .prior = prior ? &*prior : nullptr,
                                                        .command = command}),
                                           command.volume));
  const LabelCounts counts = counts_of(outcome.labels);
  times.compute_s = watch.lap_s();

  std::ranges::replace(outcome.labels, background_label, unlabelled);
  NiftiVolume place = volume.place;
  place.labels = seeds.place.labels;
  if (out) out->write(text_of(CSL_TRY(label_bytes(command.out, place, outcome.labels))));
  CSL_TRY(commit(out));
  times.write_s = watch.lap_s();
  return print_answer({.command = command,
                       .seeds = seeds,
                       .seed_counts = seed_counts,
                       .volume = volume,
                       .outcome = outcome,
                       .counts = counts},
                      times);
}

}  // namespace consilium::cli
