// `consilium tag`: a tagger learnt from labelled texts, used on others, and scored against a
// reference, on files of every format of labelled text.
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

struct TagTrainCommand {
  std::vector<std::filesystem::path> in;
  std::filesystem::path model;
  std::string format;
  std::uint32_t threads = 2;
  bool json = false;
};
struct TagRunCommand {
  std::filesystem::path model;
  std::filesystem::path in;
  std::filesystem::path out;
  std::string format;
  double probability_min = 0;
  std::uint32_t threads = 2;
  bool json = false;
};
struct TagScoreCommand {
  std::filesystem::path gold;
  std::filesystem::path pred;
  std::string format;
  bool json = false;
};
struct TagCommands {
  TagTrainCommand train;
  TagRunCommand run;
  TagScoreCommand score;
};

[[nodiscard]] Result<int> tag_train(const TagTrainCommand& command);
// The texts with the tagger's spans in place of those they had; the rest of what they say is left
// out, as it may rest on those.
[[nodiscard]] Result<int> tag_run(const TagRunCommand& command);
// Texts are paired by name, or by their order where names are missing or double. Errors:
// InvalidInput when a pair's texts differ.
[[nodiscard]] Result<int> tag_score(const TagScoreCommand& command);

void add_tag_commands(CLI::App& app, TagCommands& commands,
                      const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
