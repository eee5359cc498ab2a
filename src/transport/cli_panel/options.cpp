// The options of the commands, declared once: parser and help are made from this.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "analysis/agreement/agreement.hpp"
#include "transport/cli_panel/agree.hpp"
#include "transport/cli_panel/panel.hpp"
#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {
namespace {

using Choose = std::function<void(std::function<Result<int>()>)>;

CLI::App* declare(CLI::App& app, const char* name, const char* what, const char* example,
                  const Choose& choose, std::function<Result<int>()> run) {
  CLI::App* added = app.add_subcommand(name, what);
  added->footer(fmt::format("Example:\n  {}", example));
  added->callback([choose, run = std::move(run)] { choose(run); });
  return added;
}

// Without the list of values that CLI11 would add: the sentence has them already, in less room.
CLI::Option* one_of(CLI::Option* option, std::vector<std::string> values) {
  CLI::IsMember check(std::move(values));
  check.description("");
  return option->check(check);
}

void add_threads(CLI::App* to, std::uint32_t& threads) {
  to->add_option("--threads", threads, "At once; the answer is the same")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names{"ac1", "ac2", "kappa", "alpha-nominal"};
  for (const NamedAgreementMetric& metric : agreement_metrics()) names.emplace_back(metric.name);
  for (const std::string_view name : measured_metrics()) names.emplace_back(name);
  return names;
}

void add_agree(CLI::App& app, AgreeCommand& c, const Choose& choose) {
  CLI::App* to = declare(app, "agree", "How well raters agree beyond chance.",
                         "consilium agree votes.csv --metric alpha,fleiss --cluster patient "
                         "--bootstrap 1000\n"
                         "  consilium agree votes.csv --metric cohen --pair ann,ben --weights "
                         "own.csv",
                         choose, [&c] { return agree_command(c); });
  to->add_option("VOTES", c.votes, "CSV: item,rater,label")->required();
  one_of(to->add_option("--metric", c.metrics,
                        "percent, cohen, scott, fleiss, conger, brennan-prediger,\n"
                        "gwet (ac1, ac2), alpha, alpha-ordinal, alpha-interval,\n"
                        "alpha-ratio, alpha-circular; on measured labels icc1 to\n"
                        "icc3, icc1k to icc3k, bland-altman; several: alpha,fleiss")
             ->required()
             ->allow_extra_args(false)
             ->delimiter(','),
         metric_names());
  to->add_option("--weights", c.weights,
                 "Between classes: identity, linear, quadratic, radical,\n"
                 "gwet-ordinal, gwet-ratio, circular, bipolar; or your own,\n"
                 "a square FILE.csv with the classes along both sides")
      ->capture_default_str()
      ->check(CLI::Validator(
          [](const std::string& given) {
            const auto kind = parse_weight_kind(given);
            return is_weight_file(given) || (kind && *kind != WeightKind::Own)
                       ? std::string{}
                       : given + " is neither such a name nor a FILE.csv";
          },
          ""));
  to->add_option("--classes", c.classes, "The whole scale in its order: none,mild,severe")
      ->allow_extra_args(false)
      ->delimiter(',');
  to->add_option("--pair", c.pair, "Two raters, for cohen, scott, bland-altman: A,B")
      ->allow_extra_args(false)
      ->delimiter(',');
  one_of(to->add_option("--repeats", c.repeats,
                        "A rater's several votes on an item: refuse, separate (for alpha)")
             ->capture_default_str(),
         {"refuse", "separate"});
  to->add_option("--circumference", c.circumference, "Of alpha-circular's scale: 24 for hours");
  to->add_option("--level", c.level, "Confidence of intervals")->capture_default_str();
  to->add_option("--cluster", c.cluster, "Column with the item's patient: items are then alike");
  to->add_option("--bootstrap", c.replicates, "Replicates, of items or clusters")
      ->check(CLI::Range(10, 1'000'000));
  one_of(to->add_option("--interval", c.interval, "Of the bootstrap: percentile, bca")
             ->capture_default_str(),
         {"percentile", "bca"});
  to->add_option("--seed", c.seed, "Of the bootstrap")->capture_default_str();
  to->add_flag("--by-class", c.by_class, "Also each class against all others");
  to->add_flag("--keep-duplicates", c.keep_duplicates, "Count rows that repeat another one");
  add_threads(to, c.threads);
  to->add_flag("--json", c.json, "Answer as one JSON object");
}

void add_panel_methods(CLI::App* to, PanelCommand& c) {
  std::vector<std::string> methods(panel_methods().begin(), panel_methods().end());
  one_of(to->add_option("--method", c.method,
                        "auto, majority, weighted, pooled-coin, onecoin, map, ibcc,\n"
                        "dawid-skene, hierarchical, hierarchical-symmetric, wawa,\n"
                        "zero-based-skill, glad, mace, ordinal; quantity: labels are\n"
                        "measured; bradley-terry: CSV winner,loser; staple: masks")
             ->capture_default_str(),
         std::move(methods));
  to->add_option("--classes", c.classes, "The whole scale in its order: none,mild,severe")
      ->allow_extra_args(false)
      ->delimiter(',');
  one_of(to->add_option("--init", c.init, "Start: vote_share (default), majority, random"),
         {"vote_share", "majority", "random"});
  to->add_option("--restarts", c.restarts, "Further starts; the best is kept")
      ->check(CLI::Range(0, 10'000));
  to->add_option("--prior", c.prior, "none, or right and wrong pseudo-votes: 4,1");
  to->add_option("--smoothing", c.smoothing, "Pseudo-votes in each cell of dawid-skene");
  one_of(to->add_option("--tie", c.tie, "Equal best classes: abstain, lowest, fractional")
             ->capture_default_str(),
         {"abstain", "lowest", "fractional"});
  to->add_option("--max-iter", c.iteration_max, "Iterations at most")
      ->check(CLI::Range(1, 1'000'000'000));
  to->add_option("--tol", c.tolerance, "When to stop; the method's own measure");
  one_of(to->add_option("--prior-mode", c.prior_mode, "Of staple: fixed (as ITK), estimated")
             ->capture_default_str(),
         {"fixed", "estimated"});
}

void add_panel(CLI::App& app, PanelCommand& c, const Choose& choose) {
  CLI::App* to = declare(app, "panel", "One answer out of several raters', and how good each is.",
                         "consilium panel votes.csv --method dawid-skene --out consensus.csv "
                         "--raters raters.json",
                         choose, [&c] { return panel_command(c); });
  to->add_option("VOTES", c.inputs, "CSV: item,rater,label; several masks for staple")->required();
  add_panel_methods(to, c);
  to->add_option("--gold", c.gold, "CSV item,label: truths held fixed inside the model");
  to->add_option("--gold-eval", c.gold_eval, "CSV item,label: truths to be judged by");
  to->add_option("--out", c.out, "The consensus, CSV (staple: NIfTI)");
  to->add_flag("--posteriors", c.posteriors, "In it, every class's probability (staple: voxels')");
  to->add_option("--raters", c.raters, "What is known of each rater, JSON");
  to->add_option("--seed", c.seed, "Of random starts")->capture_default_str();
  to->add_flag("--keep-duplicates", c.keep_duplicates, "Count rows that repeat another one");
  add_threads(to, c.threads);
  to->add_flag("--json", c.json, "Answer as one JSON object");
}

void add_compare(CLI::App& app, CompareCommand& c, const Choose& choose) {
  CLI::App* to = declare(app, "compare", "Score labels against reference labels.",
                         "consilium compare truth.nii.gz mine.nii.gz --kind masks --tolerance-mm 2",
                         choose, [&c] { return compare_command(c); });
  to->add_option("REF", c.reference, "The reference")->required();
  to->add_option("TEST", c.test, "What is scored")->required();
  one_of(to->add_option("--kind", c.kind,
                        "masks (NIfTI), beats, waves (WFDB annotations), spans\n"
                        "(brat .ann, a folder of them, or JSON lines), classes\n"
                        "(CSV item,label)")
             ->required(),
         {"masks", "beats", "waves", "spans", "classes"});
  to->add_option("--label", c.labels, "Only these labels, classes or marks")
      ->allow_extra_args(false)
      ->delimiter(',');
  to->add_option("--tolerance-mm", c.tolerance_mm, "Masks: surfaces so near agree")
      ->capture_default_str();
  one_of(to->add_option("--surface", c.surface, "Masks: marching-cubes, voxel-border")
             ->capture_default_str(),
         {"marching-cubes", "voxel-border"});
  to->add_option("--window-ms", c.window_ms, "Beats, waves: marks so near may be the same")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  one_of(to->add_option("--pairing", c.pairing,
                        "Beats: one-pass, as WFDB's bxb; best, as many pairs as can be")
             ->capture_default_str(),
         {"one-pass", "best"});
  to->add_option("--skip-s", c.skip_s, "Beats: the learning period, not scored")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e7));
  to->add_option("--rate", c.rate_hz, "Beats, waves: Hz, where there is no .hea beside")
      ->check(CLI::Range(1e-3, 1e9));
  to->add_option("--tolerance-letters", c.tolerance_letters,
                 "Spans: also scored with ends so far off")
      ->check(CLI::Range(0, 1'000'000));
  add_threads(to, c.threads);
  to->add_flag("--json", c.json, "Answer as one JSON object");
}

void add_readers(CLI::App& app, ReadersCommand& c, const Choose& choose) {
  CLI::App* to = declare(app, "readers", "Reader study: do readers do better with one modality?",
                         "consilium readers readings.csv --method delong --margin 0.05", choose,
                         [&c] { return readers_command(c); });
  to->add_option("READINGS", c.readings, "CSV: reader,modality,case,truth,rating")->required();
  one_of(to->add_option("--method", c.method, "Of covariance: delong, unbiased, jackknife")
             ->capture_default_str(),
         {"delong", "unbiased", "jackknife"});
  to->add_option("--margin", c.margin, "Non-inferiority of each first modality, by this much");
  to->add_option("--level", c.level, "Confidence of intervals")->capture_default_str();
  to->add_flag("--json", c.json, "Answer as one JSON object");
}

}  // namespace

void add_panel_commands(CLI::App& app, PanelCommands& commands, const Choose& choose) {
  add_agree(app, commands.agree, choose);
  add_panel(app, commands.panel, choose);
  add_compare(app, commands.compare, choose);
  add_readers(app, commands.readers, choose);
}

}  // namespace consilium::cli
