#include <CLI/CLI.hpp>

#include "format/dicom_deid/deid_profile.hpp"
#include "transport/cli_deid/deid.hpp"

namespace consilium::cli {

void add_deid_command(CLI::App& app, DeidCommand& command,
                      const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand("deid", "Take identities out of files.");
  to->footer(
      "Example:\n  consilium deid study/ clean/ --option modified-dates --key site.key --report "
      "r.json");
  to->callback([choose, &command] { choose([&command] { return deid_command(command); }); });
  to->add_option("IN", command.in, "A file or a folder")->required();
  to->add_option("OUT", command.out, "The file to write, or an empty folder")->required();
  to->add_option("--profile", command.profile,
                 "basic (PS3.15 E.2), safe-harbor, or a file of rules (docs/DEID.md)")
      ->capture_default_str();
  to->add_option("--option", command.options, deid_option_names());
  to->add_option("--known", command.known,
                 "CSV of people: columns with \"name\" in their heading, and numbers");
  to->add_option("--report", command.report, "Write what was done with each attribute, signed");
  to->add_option("--key", command.key,
                 "File of the key: the same gives the same pseudonyms; made when it is not there");
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
