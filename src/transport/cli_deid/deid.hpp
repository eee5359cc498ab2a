// `consilium deid`: identities out of files and folders, each result checked by a second reader
// before it is released, and a signed report of every action.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct DeidCommand {
  std::filesystem::path in;
  std::filesystem::path out;
  std::string profile = "basic";  // basic, safe-harbor, or a file
  std::vector<std::string> options;
  std::filesystem::path known;   // CSV of people; empty: only what a file says itself
  std::filesystem::path report;  // empty: none
  std::filesystem::path key;     // empty: a new one that is forgotten
  bool json = false;
};

// What cannot be de-identified completely, or leaks by the checker's word, is not written: it is
// named on stderr with the reason, and the rest goes on. Answers 0 when all was released, 1 when
// something was held back.
// Errors: InvalidInput when the profile, the key or the people cannot be read, or OUT lies in IN or
// holds files already; those of the disk.
[[nodiscard]] Result<int> deid_command(const DeidCommand& command);

void add_deid_command(CLI::App& app, DeidCommand& command,
                      const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
