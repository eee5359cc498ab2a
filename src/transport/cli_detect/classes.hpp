// `consilium classes`: a model of beat classes, learnt from annotated recordings; and its use by
// `consilium detect --what classes`.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/beat_classes/beat_class.hpp"
#include "base/result.hpp"
#include "transport/cli_detect/ecg_record.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct ClassesCommand {
  std::vector<std::filesystem::path> records;
  std::string beats = "atr";           // ending of the annotation files with the beats' classes
  std::optional<std::size_t> channel;  // none: all that hold an ECG
  std::filesystem::path model;
  unsigned threads = 1;
  bool json = false;
};

// Writes the model whole or not at all. The same records in the same order give the same bytes.
// Errors: those of reading (of every record, which is named), and of BeatClassModel::train.
[[nodiscard]] Result<int> train_classes_command(const ClassesCommand& command);
// Prints the recipe of a model: records, beats by class, settings, hash of the data.
[[nodiscard]] Result<int> show_classes_command(const ClassesCommand& command);

void add_classes_commands(CLI::App& app, ClassesCommand& command,
                          const std::function<void(std::function<Result<int>()>)>& choose);

struct FoundClasses {
  std::vector<SignalEvent> events;
  std::array<std::size_t, beat_class_count> counts{};
  std::size_t labels_used = 0;
};

// `labels`: beats of this record whose class a person gave; each counts for the nearest beat within
// 150 ms. Errors: those of reading the model and of with_labels.
[[nodiscard]] Result<FoundClasses> classes_in(const EcgRecord& record,
                                              const std::vector<SignalEvent>& beats,
                                              const std::filesystem::path& model,
                                              const std::vector<SignalEvent>& labels);

}  // namespace consilium::cli
