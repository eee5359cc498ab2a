#include "storage/signal_detectors.hpp"

namespace consilium::storage {

Result<std::vector<SignalDetectorRow>> signal_detectors(const Reader& reader,
                                                        const ProjectId& project) {
  std::vector<SignalDetectorRow> all;
  for (const Row& row :
       CSL_TRY(reader.query("signal_detectors.of_project", Fields().set("project", project)))) {
    all.push_back({.project = project,
                   .detector = row.text("detector"),
                   .is_on = row.flag("is_on"),
                   .changed_at = {row.integer("changed_at")},
                   .changed_by = row.text("changed_by")});
  }
  return all;
}

EventDraft signal_detector_set(const SignalDetectorRow& row) {
  return {.type = "signal_detector.set",
          .project = row.project,
          .fields = Fields()
                        .set("detector", row.detector)
                        .set("is_on", row.is_on)
                        .set("changed_by", row.changed_by)};
}

}  // namespace consilium::storage
