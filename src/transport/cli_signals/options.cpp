#include <CLI/CLI.hpp>

#include "transport/cli_signals/signal_commands.hpp"

namespace consilium::cli {

void add_signal_commands(CLI::App& app, SignalCommands& commands,
                         const std::function<void(std::function<Result<int>()>)>& choose) {
  VariabilityCommand& variability = commands.variability;
  CLI::App* to = app.add_subcommand(
      "variability", "Heart rate variability from the intervals between normal beats.");
  to->footer("Example:\n  consilium variability 101.hea --beats atr --json");
  to->callback([choose, &variability] {
    choose([&variability] { return variability_command(variability); });
  });
  to->add_option("RECORD", variability.record, "A WFDB header, an EDF or a BDF file")->required();
  to->add_option("--beats", variability.beats, "Ending of the WFDB annotation file with the beats")
      ->required();
  to->add_flag("--json", variability.json, "Answer as one JSON object, with each five minutes");

  DoubtsCommand& doubts = commands.doubts;
  to = app.add_subcommand("doubts", "Beats whose label a model and their neighbours dispute.");
  to->footer("Example:\n  consilium doubts 101.hea --beats atr --limit 20");
  to->callback([choose, &doubts] { choose([&doubts] { return doubts_command(doubts); }); });
  to->add_option("RECORD", doubts.record, "A WFDB header, an EDF or a BDF file")->required();
  to->add_option("--beats", doubts.beats, "Ending of the WFDB annotation file with the beats")
      ->required();
  to->add_option("--channel", doubts.channel,
                 "The lead, from 0; without it all in a unit of voltage together");
  to->add_option("--limit", doubts.limit, "How many to list at most")->capture_default_str();
  to->add_flag("--json", doubts.json, "Answer as one JSON object");

  FeaturesCommand& features = commands.features;
  to = app.add_subcommand("features", "Features of each epoch of a channel, mostly of an EEG.");
  to->footer("Example:\n  consilium features night.edf --channel 2 --out c3.csv");
  to->callback([choose, &features] { choose([&features] { return features_command(features); }); });
  to->add_option("RECORD", features.record, "A WFDB header, an EDF or a BDF file")->required();
  to->add_option("--channel", features.channel, "The channel, from 0")->capture_default_str();
  to->add_option("--epoch-s", features.epoch_s, "Seconds of an epoch")->capture_default_str();
  to->add_option("--out", features.out, "The CSV file to write")->required();
  to->add_flag("--json", features.json, "Answer as one JSON object");

  LearnCommand& learn = commands.learn;
  to = app.add_subcommand("learn", "Learn classes of series with MiniRocket and ridge regression.");
  to->footer(
      "A table has a series a line: its label, then its samples, channel after channel, set apart "
      "by\n"
      "tabs, commas or blanks.\n"
      "Example:\n  consilium learn ECG5000_TRAIN.tsv --test ECG5000_TEST.tsv");
  to->callback([choose, &learn] { choose([&learn] { return learn_command(learn); }); });
  to->add_option("TABLE", learn.train, "Labelled series to learn from")->required();
  to->add_option("--test", learn.test, "Labelled series to judge by");
  to->add_option("--features", learn.features,
                 "Write the judged series' features there, a line of numbers each");
  to->add_option("--feature-count", learn.feature_count, "How many, rounded down to whole 84s")
      ->capture_default_str();
  to->add_option("--channels", learn.channels, "Channels of a series")->capture_default_str();
  to->add_option("--threads", learn.threads, "Threads; the result does not depend on them")
      ->capture_default_str();
  to->add_flag("--as-they-are", learn.as_they_are,
               "Leave means and scales, which are else taken out of each series");
  to->add_flag("--json", learn.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
