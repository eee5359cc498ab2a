// Imports with other tools' labels among the files: what the lead says of their names.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "service/intake/imports.hpp"

namespace consilium::service {

struct LabelOptions {
  // What names in label files mean, beside those that are the protocol's own: label ids, "" to
  // leave the name out (service/prelabel/label_names.hpp).
  std::map<std::string, std::string> names = {};
};

struct LabelledImport {
  ImportReport report;
  std::int64_t labels_added = 0;
};

// As run_import. Errors too: InvalidInput when a name is mapped to a label that the protocol lacks.
[[nodiscard]] Result<LabelledImport> run_labelled_import(
    const ImportTools& tools, const Access& access, const ProjectId& project,
    std::span<const ImportFile> files, const ImportOptions& options, const LabelOptions& labels);

}  // namespace consilium::service
