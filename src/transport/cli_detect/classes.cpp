#include "transport/cli_detect/classes.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "analysis/beat_classes/beat_class_model.hpp"
#include "analysis/beat_classes/patient_labels.hpp"
#include "transport/cli_detect/beat_rows.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

Result<LabelledBeats> labelled_beats(const std::filesystem::path& path,
                                     const ClassesCommand& command) {
  const EcgRecord record = CSL_TRY(open_ecg(path, command.channel));
  const MarkedBeats beats = marked_beats(record, CSL_TRY(read_annotations(record, command.beats)));
  const BeatFeatures features = CSL_TRY(features_in(record, beats.samples));
  LabelledBeats out{.traits = CSL_TRY(beat_traits(features, record.leads.size(), beats.samples,
                                                  record.channel().rate.hz())),
                    .classes = {}};
  std::ranges::transform(beats.codes, std::back_inserter(out.classes), beat_class_of);
  return out;
}

std::string hex_of(const Sha256Digest& digest) {
  std::string text;
  for (const std::byte each : digest) text += fmt::format("{:02x}", std::to_integer<int>(each));
  return text;
}

void print_recipe(const BeatClassRecipe& recipe, bool as_json) {
  json::object beats;
  std::string text;
  for (std::size_t k = 0; k < beat_class_count; ++k) {
    beats[beat_class_names[k]] = recipe.beat_counts[k];
    text += fmt::format(" {} {}", beat_class_names[k], recipe.beat_counts[k]);
  }
  const BoostingOptions& boosting = recipe.boosting;
  if (!as_json) {
    fmt::print(
        "{} records, beats{}\n{} trees of depth {}, rate {:g}, ridge {:g}, balance {:g}\n"
        "of normal beats every {}. is learnt; weights N {:g} S {:g} V {:g} F {:g} Q {:g}\n"
        "data {}\n",
        recipe.record_count, text, boosting.tree_count, boosting.depth, boosting.learning_rate,
        boosting.ridge, boosting.balance, recipe.normal_step, recipe.weights[0], recipe.weights[1],
        recipe.weights[2], recipe.weights[3], recipe.weights[4], hex_of(recipe.data));
    return;
  }
  fmt::print("{}\n", json::serialize(json::object{
                         {"records", recipe.record_count},
                         {"beats", std::move(beats)},
                         {"trees", boosting.tree_count},
                         {"depth", boosting.depth},
                         {"learning_rate", boosting.learning_rate},
                         {"ridge", boosting.ridge},
                         {"balance", boosting.balance},
                         {"normal_step", recipe.normal_step},
                         {"weights", json::array(recipe.weights.begin(), recipe.weights.end())},
                         {"data_sha256", hex_of(recipe.data)}}));
}

Result<BeatClassModel> read_model(const std::filesystem::path& path) {
  constexpr std::uint64_t size_max = 1U << 26U;
  return in_file(BeatClassModel::parse(CSL_TRY(read_input(path, size_max))), path);
}

}  // namespace

Result<int> train_classes_command(const ClassesCommand& command) {
  std::vector<LabelledBeats> records;
  for (const std::filesystem::path& path : command.records) {
    records.push_back(CSL_TRY(in_file(labelled_beats(path, command), path)));
  }
  const BeatClassModel model = CSL_TRY(BeatClassModel::train(records, command.threads));
  CSL_TRY(write_whole(command.model, model.serialise()));
  print_recipe(model.recipe(), command.json);
  return 0;
}

Result<int> show_classes_command(const ClassesCommand& command) {
  print_recipe(CSL_TRY(read_model(command.model)).recipe(), command.json);
  return 0;
}

Result<FoundClasses> classes_in(const EcgRecord& record, const std::vector<SignalEvent>& events,
                                const std::filesystem::path& model_path,
                                const std::vector<SignalEvent>& labels) {
  const BeatClassModel model = CSL_TRY(read_model(model_path));
  const double rate_hz = record.channel().rate.hz();
  const MarkedBeats beats = marked_beats(record, events);
  const BeatFeatures features = CSL_TRY(features_in(record, beats.samples));
  auto shares =
      model.classify(CSL_TRY(beat_traits(features, record.leads.size(), beats.samples, rate_hz)));
  const auto window = static_cast<std::int64_t>(0.15 * rate_hz);
  const MarkedBeats known = marked_beats(record, labels);
  std::vector<BeatLabel> used;
  for (std::size_t k = 0; k < known.samples.size(); ++k) {
    const auto after = std::ranges::lower_bound(beats.samples, known.samples[k]);
    std::size_t nearest = static_cast<std::size_t>(after - beats.samples.begin());
    const auto distance = [&](std::size_t b) {
      return b < beats.samples.size() ? std::abs(beats.samples[b] - known.samples[k]) : INT64_MAX;
    };
    if (nearest > 0 && distance(nearest - 1) < distance(nearest)) --nearest;
    if (distance(nearest) > window) continue;
    used.push_back({.beat = nearest, .label = beat_class_of(known.codes[k])});
  }
  shares = CSL_TRY(with_labels(features, shares, used));
  FoundClasses found{.events = {}, .counts = {}, .labels_used = used.size()};
  for (std::size_t b = 0; b < beats.samples.size(); ++b) {
    const BeatClass each = likeliest(shares[b]);
    ++found.counts[static_cast<std::size_t>(each)];
    found.events.push_back({.at = Tick{beats.samples[b] * record.channel().ticks_per_sample},
                            .code = code_of(each),
                            .chan = static_cast<int>(record.leads.front())});
  }
  return found;
}

void add_classes_commands(CLI::App& app, ClassesCommand& command,
                          const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* classes = app.add_subcommand("classes", "Models of beat classes (N, S, V, F, Q).");
  classes->require_subcommand(1);
  classes->footer("Example:\n  consilium classes train 101 106 108 --beats atr --model beats.cslm");
  CLI::App* train = classes->add_subcommand("train", "Learn one from annotated recordings");
  train->footer(
      "Example:\n  consilium classes train 101 106 108 --beats atr --model beats.cslm\n"
      "  consilium detect 109 --what classes --model beats.cslm --annotator cls");
  train->callback([choose, &command] { choose([&] { return train_classes_command(command); }); });
  train->add_option("RECORD", command.records, "WFDB headers, EDF or BDF files")->required();
  train->add_option("--beats", command.beats, "Ending of the annotation files with the classes")
      ->capture_default_str();
  train->add_option("--channel", command.channel,
                    "The lead, from 0; without it all in a unit of voltage together");
  train->add_option("--threads", command.threads, "How many at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  train->add_option("--model", command.model, "The model file to write")->required();
  train->add_flag("--json", command.json, "Answer as one JSON object");
  CLI::App* show = classes->add_subcommand("show", "From what and how a model was made");
  show->footer("Example:\n  consilium classes show beats.cslm");
  show->callback([choose, &command] { choose([&] { return show_classes_command(command); }); });
  show->add_option("MODEL", command.model, "The model file")->required();
  show->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
