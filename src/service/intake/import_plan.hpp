// Which files of an import belong together: a recording is its header and the files that it names.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "service/intake/file_kind.hpp"
#include "service/intake/imports.hpp"

namespace consilium::service {

struct ImportUnit {
  FileKind kind = FileKind::Other;
  std::vector<std::size_t> files;  // indices into the list; the first one names the unit
  std::vector<std::size_t> counted_files = {};  // those of them that no unit before has too
  std::optional<Error> refusal;                 // known already while planning
};

// In the order of the list. Cost: a look at each file's beginning, and all WFDB headers read.
[[nodiscard]] std::vector<ImportUnit> plan_import(std::span<const ImportFile> files);

}  // namespace consilium::service
