#include <CLI/CLI.hpp>

#include "transport/cli_detect/cluster.hpp"
#include "transport/cli_detect/detect.hpp"

namespace consilium::cli {

void add_detect_command(CLI::App& app, DetectCommand& command,
                        const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand(
      "detect",
      "Find beats, waves, classes, rhythm and quality of an ECG; pulses, breaths, muscle bursts.");
  to->footer("Example:\n  consilium detect 101.hea --what beats --annotator csl --out found");
  to->callback([choose, &command] { choose([&command] { return detect_command(command); }); });
  to->add_option("RECORD", command.record, "A WFDB header (101 or 101.hea), an EDF or a BDF file")
      ->required();
  CLI::IsMember check(
      {"beats", "waves", "rhythm", "quality", "classes", "pulses", "breaths", "bursts"});
  check.description("");
  to->add_option("--what", command.what,
                 "beats: the QRS complexes; waves: P, QRS and T of each; rhythm: by the beats; "
                 "quality: which leads are poor; classes: N, S, V, F, Q of each beat; pulses: of a "
                 "PPG or an arterial pressure; breaths: of "
                 "a belt; bursts: of an EMG")
      ->capture_default_str()
      ->check(check);
  to->add_option("--annotator", command.annotator, "Ending of the WFDB annotation file to write")
      ->required();
  to->add_option("--beats", command.beats,
                 "For rhythm, quality, classes: ending of the annotation file with the beats");
  to->add_option(
      "--channel", command.channel,
      "The channel, from 0; without it all in a unit of voltage together, and for pulses, "
      "breaths and bursts the first one whose name or unit fits");
  to->add_option("--model", command.model, "For classes: what `classes train` wrote");
  to->add_option("--labels", command.labels,
                 "For classes: ending of the file with beats labelled by hand, to learn from");
  to->add_option("--out", command.out, "Folder to write to, else beside the record");
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

void add_cluster_command(CLI::App& app, ClusterCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand("cluster", "Put beats that look alike together.");
  to->footer("Example:\n  consilium cluster 101.hea --beats csl --out 101.json");
  to->callback([choose, &command] { choose([&command] { return cluster_command(command); }); });
  to->add_option("RECORD", command.record, "A WFDB header (101 or 101.hea), an EDF or a BDF file")
      ->required();
  to->add_option("--beats", command.beats, "Ending of the WFDB annotation file with the beats")
      ->required();
  to->add_option("--clusters", command.cluster_count_max, "How many clusters at most, 1 to 64")
      ->capture_default_str();
  to->add_option("--channel", command.channel,
                 "The lead, from 0; without it all in a unit of voltage together");
  to->add_option("--out", command.out, "The JSON file to write")->required();
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
