// `consilium segment`: from a volume and seeds to a label volume, by the engine that the browser
// uses, for scripts, checks and benchmarks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct SegmentCommand {
  std::filesystem::path volume;
  std::filesystem::path seeds;
  std::filesystem::path out;
  std::string method = "seeds";
  std::filesystem::path from;  // of `propagate`: the volume that has the seeds
  bool rigid = false;          // and whether it is only turned and shifted
  bool other_modality = false;
  std::vector<double> range;             // empty, or lower and upper
  std::string likelihood = "intensity";  // of `seeds`
  bool exact = false;                    // no coarser grids
  std::uint32_t axis = 2;                // of `fill`: across which the drawn slices lie
  std::uint32_t threads = 2;
  bool json = false;
};

// Errors: those of reading; InvalidInput when the grids differ, or when the seeds are none or of
// one label only. Nothing is written then.
[[nodiscard]] Result<int> segment_command(const SegmentCommand& command);

// Declares the command. When it is chosen, `choose` gets what runs it; that refers to `command`,
// which must outlive it.
void add_segment_command(CLI::App& app, SegmentCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
