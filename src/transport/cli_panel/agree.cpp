#include "transport/cli_panel/agree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "analysis/agreement/agreement.hpp"
#include "analysis/agreement/bootstrap.hpp"
#include "format/vote_csv/weight_csv.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

json::object estimate_json(const AgreementEstimate& found, double level) {
  json::object out{{"coefficient", found.coefficient},
                   {"observed", found.observed},
                   {"expected", found.expected},
                   {"items", found.item_count}};
  if (const auto& spread = found.uncertainty) {
    out["standard_error"] = number_json(spread->standard_error);
    out["degrees_of_freedom"] = number_json(spread->degrees_of_freedom);
    out["lower"] = number_json(spread->interval.lower);
    out["upper"] = number_json(spread->interval.upper);
    out["level"] = level;
    out["p_value"] = number_json(spread->p_value);
  }
  return out;
}

std::string estimate_text(std::string_view name, const AgreementEstimate& found, double level) {
  std::string text = fmt::format("{:<18} {:7.4f}", name, found.coefficient);
  if (const auto& spread = found.uncertainty) {
    fmt::format_to(std::back_inserter(text), "  {:g}% {:.4f} to {:.4f}, standard error {:.4f}",
                   level * 100, spread->interval.lower, spread->interval.upper,
                   spread->standard_error);
  }
  fmt::format_to(std::back_inserter(text), ", {} items\n", found.item_count);
  return text;
}

std::size_t cluster_count(std::span<const std::uint32_t> cluster) {
  std::vector<std::uint32_t> sorted(cluster.begin(), cluster.end());
  std::ranges::sort(sorted);
  return static_cast<std::size_t>(std::ranges::unique(sorted).begin() - sorted.begin());
}

// A rater's second vote on an item, by their names: the engine knows numbers only.
Status refuse_repeats(const VoteFile& file) {
  std::vector<RaterIndex> raters;
  for (ItemIndex item = 0; item < file.votes.item_count(); ++item) {
    const auto of_item = file.votes.raters_of(item);
    raters.assign(of_item.begin(), of_item.end());
    std::ranges::sort(raters);
    const auto twice = std::ranges::adjacent_find(raters);
    if (twice == raters.end()) continue;
    return fail(ErrorCode::InvalidInput, "a rater voted more than once on one item",
                fmt::format("item '{}', rater '{}'", file.items[item], file.raters[*twice]),
                "keep one vote of each rater and item; or ask for alpha with --repeats separate");
  }
  return {};
}

Status answer_classes(const VoteFile& file, const AgreementRequest& request,
                      const AgreeCommand& command, MetricAnswer answer) {
  const auto found = class_agreement(file.votes, request, command.level);
  json::array classes;
  for (std::size_t k = 0; k < found.size(); ++k) {
    json::object one{{"class", file.classes[k]}};
    if (found[k]) {
      for (auto& member : estimate_json(*found[k], command.level)) {
        one.insert_or_assign(member.key(), member.value());
      }
      answer.text += "  " + estimate_text(file.classes[k], *found[k], command.level);
    } else {
      one["undefined"] = found[k].error().what;
      fmt::format_to(std::back_inserter(answer.text), "  {:<18} undefined: {}\n", file.classes[k],
                     found[k].error().what);
    }
    classes.push_back(std::move(one));
  }
  answer.json["by_class"] = std::move(classes);
  return {};
}

// A single rater or class leaves nothing to agree on; the reasons are the same for every metric.
Status check_study(const VoteFile& file) {
  if (file.raters.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one rater",
                fmt::format("all rows are of '{}'", file.raters[0]),
                "agreement needs votes of two raters on the same items");
  }
  if (file.classes.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one class",
                fmt::format("all votes are '{}'", file.classes[0]),
                "give the scale that raters had by --classes, or choose items that differ");
  }
  return {};
}

json::object facts_of(const VoteFile& file) {
  json::array classes;
  for (const std::string& name : file.classes) classes.emplace_back(name);
  return json::object{{"items", file.items.size()},
                      {"raters", file.raters.size()},
                      {"votes", file.votes.vote_count()},
                      {"duplicate_rows_dropped", file.duplicate_count},
                      {"classes", std::move(classes)}};
}

json::object facts_of(const MeasurementFile& file) {
  return json::object{{"items", file.items.size()},
                      {"raters", file.raters.size()},
                      {"votes", file.item.size()},
                      {"duplicate_rows_dropped", file.duplicate_count}};
}

// Of --weights FILE.csv; empty when it names a kind.
Result<std::vector<double>> own_weights_of(const VoteFile& file, const AgreeCommand& command) {
  if (!is_weight_file(command.weights)) return std::vector<double>{};
  const auto source = CSL_TRY(open_input(command.weights));
  return in_file(read_class_weights(*source, file.classes), command.weights);
}

}  // namespace

bool is_weight_file(std::string_view weights) { return weights.ends_with(".csv"); }

Status answer_bootstrap(const AgreementModel& model, std::span<const std::uint32_t> cluster,
                        const AgreeCommand& command, MetricAnswer answer) {
  if (command.replicates == 0) return {};
  const BootstrapEstimate found = CSL_TRY(bootstrap(model, {.replicates = command.replicates,
                                                            .seed = command.seed,
                                                            .level = command.level,
                                                            .threads = command.threads,
                                                            .cluster = cluster}));
  const bool is_bca = command.interval == "bca";
  const std::optional<Interval> chosen =
      is_bca ? found.bca : std::optional<Interval>(found.percentile);
  json::object out{{"interval", command.interval},
                   {"lower", chosen ? number_json(chosen->lower) : json::value(nullptr)},
                   {"upper", chosen ? number_json(chosen->upper) : json::value(nullptr)},
                   {"standard_error", number_json(found.standard_error)},
                   {"level", command.level},
                   {"replicates", command.replicates},
                   {"undefined_replicates", found.undefined_count},
                   {"resampled", cluster.empty() ? "items" : "clusters"},
                   {"units", found.unit_count},
                   {"seed", command.seed}};
  const std::string shown = chosen ? fmt::format("{:.4f} to {:.4f}", chosen->lower, chosen->upper)
                                   : std::string("undefined: all replicates lie on one side");
  fmt::format_to(std::back_inserter(answer.text),
                 "  bootstrap {:g}% {} ({}, {} replicates of {} {}), standard error {:.4f}\n",
                 command.level * 100, shown, command.interval, command.replicates, found.unit_count,
                 cluster.empty() ? "items" : "clusters", found.standard_error);
  answer.json["bootstrap"] = std::move(out);
  return {};
}

Status answer_coefficient(std::string_view name, const AgreementModel& model,
                          std::span<const std::uint32_t> cluster, const AgreeCommand& command,
                          MetricAnswer answer) {
  const AgreementEstimate found =
      CSL_TRY(cluster.empty() ? estimate(model, command.level)
                              : estimate_clustered(model, cluster, command.level));
  for (auto& member : estimate_json(found, command.level)) {
    answer.json.insert_or_assign(member.key(), member.value());
  }
  answer.text += estimate_text(name, found, command.level);
  if (!cluster.empty()) {
    answer.json["clusters"] = cluster_count(cluster);
    answer.json["cluster"] = command.cluster;
  }
  return answer_bootstrap(model, cluster, command, answer);
}

Result<std::pair<RaterIndex, RaterIndex>> chosen_pair(const NameTable& raters,
                                                      const AgreeCommand& command) {
  if (command.pair.empty()) {
    if (raters.size() == 2) return std::pair<RaterIndex, RaterIndex>(0, 1);
    return fail(ErrorCode::InvalidInput,
                fmt::format("the metric is of two raters, and there are {}", raters.size()), {},
                "choose two by --pair A,B; or take conger, fleiss or alpha");
  }
  if (command.pair.size() != 2) {
    return fail(ErrorCode::InvalidInput, "a pair is two raters", "--pair", "give --pair A,B");
  }
  std::array<RaterIndex, 2> number{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto found = raters.find(command.pair[i]);
    if (!found) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the rater '{}' has no votes", command.pair[i]), "--pair",
                  "give names as they stand in the column rater");
    }
    number[i] = *found;
  }
  return std::pair(number[0], number[1]);
}

Status answer_class_metric(const VoteFile& file, std::string_view metric,
                           std::span<const double> own_weights, const AgreeCommand& command,
                           MetricAnswer answer) {
  CSL_TRY(check_study(file));
  AgreementRequest request{.metric = *parse_agreement_metric(metric),
                           .weights = parse_weight_kind(command.weights).value_or(WeightKind::Own),
                           .own_weights = own_weights,
                           .class_values = file.class_values,
                           .circumference = command.circumference};
  if (command.repeats == "separate") {
    request.repeats = Repeats::SeparateCodings;
  } else {
    CSL_TRY(refuse_repeats(file));
  }
  std::string shown(name_of(request.metric));
  answer.json["metric"] = shown;
  answer.json["weights"] = name_of(request.weights);
  if (request.metric == AgreementMetric::Cohen || request.metric == AgreementMetric::Scott) {
    const auto [first, second] = CSL_TRY(chosen_pair(file.raters, command));
    request.pair = {first, second};
    answer.json["pair"] = json::array{file.raters[first], file.raters[second]};
  }
  if (request.weights != WeightKind::Identity)
    shown += fmt::format(" ({})", name_of(request.weights));
  const AgreementModel model = CSL_TRY(agreement_model(file.votes, request));
  CSL_TRY(answer_coefficient(shown, model, file.cluster, command, answer));
  if (command.by_class) CSL_TRY(answer_classes(file, request, command, answer));
  return {};
}

Result<int> agree_command(const AgreeCommand& command) {
  const VoteCsvRules rules{
      .cluster_column = command.cluster,
      .class_order = command.classes,
      .duplicates = command.keep_duplicates ? Duplicates::Keep : Duplicates::Drop};
  const auto source = CSL_TRY(open_input(command.votes));
  std::optional<VoteFile> votes;
  std::vector<double> own_weights;
  std::optional<MeasurementFile> values;
  json::object out;
  json::array results;
  std::string text;
  std::optional<Error> undefined;
  for (const std::string& metric : command.metrics) {
    json::object members{{"metric", metric}};
    std::string lines;
    Status done;
    if (is_measured_metric(metric)) {
      if (!values) values = CSL_TRY(in_file(read_measurements(*source, rules), command.votes));
      done = answer_measured_metric(*values, metric, command, {members, lines});
    } else {
      if (!votes) {
        votes = CSL_TRY(in_file(read_votes(*source, rules), command.votes));
        own_weights = CSL_TRY(own_weights_of(*votes, command));
      }
      done = answer_class_metric(*votes, metric, own_weights, command, {members, lines});
    }
    if (!done) {
      undefined = in_file(done.error(), command.votes);
      members["undefined"] = done.error().what;
      lines = fmt::format("{:<18} undefined: {}\n", metric, done.error().what);
    }
    results.push_back(std::move(members));
    text += lines;
  }
  tell_duplicates(command.votes, votes ? votes->duplicate_count : values->duplicate_count);
  // One metric that is undefined is an error; beside others it is an answer, and exit 1.
  if (undefined && command.metrics.size() == 1) return std::unexpected(*undefined);
  out = votes ? facts_of(*votes) : facts_of(*values);
  out["results"] = std::move(results);
  if (command.json) {
    fmt::print("{}\n", json::serialize(out));
  } else {
    fmt::print("{}", text);
  }
  return undefined ? 1 : 0;
}

}  // namespace consilium::cli
