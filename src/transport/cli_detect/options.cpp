#include <CLI/CLI.hpp>

#include "transport/cli_detect/detect.hpp"

namespace consilium::cli {

void add_detect_command(CLI::App& app, DetectCommand& command,
                        const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand("detect", "Find the beats of a recording.");
  to->footer("Example:\n  consilium detect 101.hea --what beats --annotator csl --out found");
  to->callback([choose, &command] { choose([&command] { return detect_command(command); }); });
  to->add_option("RECORD", command.record, "A WFDB header (101 or 101.hea), an EDF or a BDF file")
      ->required();
  CLI::IsMember check({"beats"});
  check.description("");
  to->add_option("--what", command.what, "beats: the QRS complexes")
      ->capture_default_str()
      ->check(check);
  to->add_option("--annotator", command.annotator, "Ending of the WFDB annotation file to write")
      ->required();
  to->add_option("--channel", command.channel,
                 "The lead, from 0; without it all in a unit of voltage together");
  to->add_option("--out", command.out, "Folder to write to, else beside the record");
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
