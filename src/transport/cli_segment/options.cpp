#include <CLI/CLI.hpp>

#include "transport/cli_segment/methods.hpp"
#include "transport/cli_segment/segment.hpp"

namespace consilium::cli {

void add_segment_command(CLI::App& app, SegmentCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand("segment", "Label every voxel of a volume from a few seeds.");
  to->footer(
      "Examples:\n"
      "  consilium segment now.nii.gz --method propagate --from before.nii.gz --seeds "
      "before_mask.nii.gz"
      " --out mask.nii.gz\n"
      "  consilium segment ct.nii.gz --seeds seeds.nii.gz --out mask.nii.gz --json");
  to->callback([choose, &command] { choose([&command] { return segment_command(command); }); });
  to->add_option("VOLUME", command.volume, "NIfTI, NRRD, MetaImage or DICOM, or a DICOM folder")
      ->required();
  to->add_option("--seeds", command.seeds,
                 "Label volume of the same grid (propagate: of PRIOR's): 0 none, 255 background")
      ->required();
  to->add_option("--out", command.out, "The mask to write: .nii, .nii.gz, .nrrd or .mha")
      ->required();
  std::vector<std::string> names;
  std::string sentence;
  for (const SegmentMethod& method : segment_methods()) {
    names.emplace_back(method.name);
    sentence += (sentence.empty() ? "" : "; ") + std::string(method.what);
  }
  CLI::IsMember check(std::move(names));
  check.description("");
  to->add_option("--method", command.method, sentence)->capture_default_str()->check(check);
  to->add_option("--from", command.from, "Of propagate: the earlier volume, as VOLUME")
      ->type_name("PRIOR");
  to->add_flag("--rigid", command.rigid, "Of propagate: turn and shift it, do not bend it");
  to->add_flag("--other-modality", command.other_modality,
               "Of propagate: the two show tissue in different values (CT and MR, T1 and T2)");
  to->add_option("--range", command.range, "Only voxels with values in LOWER,UPPER are labelled")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->expected(2);
  to->add_option("--axis", command.axis, "Of fill: the drawn slices lie across 0 x, 1 y or 2 z")
      ->capture_default_str()
      ->check(CLI::Range(0, 2));
  CLI::IsMember likelihood({"intensity", "classifier"});
  likelihood.description("");
  to->add_option("--likelihood", command.likelihood,
                 "Of seeds: by intensity, or by what a classifier learns from the seeds")
      ->type_name("intensity|classifier")
      ->capture_default_str()
      ->check(likelihood);
  to->add_flag("--exact", command.exact, "Solve every voxel: slower, for the thinnest structures");
  to->add_option("--threads", command.threads, "At once; the answer is the same")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
