// `consilium cluster`: beats that look alike, put together, as JSON.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct ClusterCommand {
  std::filesystem::path record;
  std::string beats;                   // ending of the annotation file with the beats
  std::size_t cluster_count_max = 12;  // 1 to 64
  std::optional<std::size_t> channel;  // none: all that hold an ECG
  std::filesystem::path out;           // the JSON file
  bool json = false;
};

// {"clusters": [{"size", "representative"}], "beats": [{"sample", "cluster", "doubt"}]}, samples in
// the record's frames; clusters the largest first, a representative as an index into "beats".
// Errors: those of reading and writing, and of cluster_beats.
[[nodiscard]] Result<int> cluster_command(const ClusterCommand& command);

void add_cluster_command(CLI::App& app, ClusterCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
