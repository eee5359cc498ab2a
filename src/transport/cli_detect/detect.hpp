// `consilium detect`: what the detectors find in a recording, written as a WFDB annotation file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct DetectCommand {
  std::filesystem::path record;  // its header, with or without .hea; or an EDF or BDF file
  std::string what = "beats";
  std::string annotator;               // the file's ending
  std::optional<std::size_t> channel;  // from 0; none: all that hold an ECG together
  std::string beats;            // for rhythm, quality, classes: a file of beats; empty: found
  std::filesystem::path model;  // for classes
  std::string labels;           // for classes: a file of beats that a person labelled
  std::filesystem::path out;    // empty: beside the record
  bool json = false;
};

// The file is written whole or not at all, and never over the record itself.
// Errors: those of reading; InvalidInput for a channel that the record lacks, or an annotator's
// name that is no file ending or that of one of the record's files.
[[nodiscard]] Result<int> detect_command(const DetectCommand& command);

// Declares the command. When it is chosen, `choose` gets what runs it; that refers to `command`,
// which must outlive it.
void add_detect_command(CLI::App& app, DetectCommand& command,
                        const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
