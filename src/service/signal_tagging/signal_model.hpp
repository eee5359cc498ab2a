// What a project's signal tagger knows: which windows of recordings bear which labels, and which
// recordings got which answers, as people submitted them; and the model that follows from it. Used
// inside this module.
//
// Nothing is stored. The model is made of the recordings that were read last, in a fixed order, and
// training is the same bit for bit, so its version (a hash of it) says what it is. Labels and
// samples that it is made of lie sealed under their patients' keys: with a key their part goes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/mini_rocket/mini_rocket.hpp"
#include "analysis/ridge_classifier/ridge_classifier.hpp"
#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "domain/signal/sample_source.hpp"
#include "service/signal_tagging/recording_windows.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

inline constexpr std::size_t recordings_learnt_max = 40;
inline constexpr std::size_t windows_learnt_max = 2'000;
inline constexpr std::size_t windows_learnt_min = 10;
inline constexpr std::size_t answers_to_learn_min = 4;  // of a question, two of them different
inline constexpr std::size_t windows_labelled_max = 3'000;

// None when its patient was erased.
[[nodiscard]] Result<std::shared_ptr<const SampleSource>> samples_of(storage::Store& store,
                                                                     const storage::ItemRow& item);

struct TaughtRecording {
  std::shared_ptr<const SampleSource> samples;
  std::vector<Annotation> said;
};
// The recordings that people finished, the one read last at the end.
[[nodiscard]] Result<std::vector<TaughtRecording>> taught_recordings(storage::Store& store,
                                                                     const storage::Reader& reader,
                                                                     const ProjectId& project);

struct SignalModel {
  // Labels that exclude each other, told apart together; "" is none of them.
  struct Group {
    std::vector<std::string> classes;
    RidgeClassifier classifier;
  };
  struct Windows {
    WindowForm form;
    MiniRocket rocket;
    std::vector<Group> groups;
    // Whether people label window by window (sleep epochs), or stretches that a label fills.
    bool is_by_window = false;
    std::size_t labelled = 0;  // windows learnt from that bear a label
  };
  struct Answers {
    WindowForm form;
    MiniRocket rocket;
    std::map<std::string, Group> questions;  // classes are choices
  };
  std::optional<Windows> windows;
  std::optional<Answers> answers;
  std::string version;  // SHA-256 of all of it, hexadecimal
  std::size_t recording_count = 0;
};
// None when there is nothing to learn from. Cost: windows_learnt_max windows in some seconds.
[[nodiscard]] Result<std::optional<SignalModel>> train_signal_model(
    const std::vector<TaughtRecording>& taught, const Protocol& protocol, unsigned threads);

struct FoundInterval {
  std::string label;
  TickSpan span;
  double probability = 0;
};
// What the windows' model says of a recording, group by group; none where it lacks a channel.
[[nodiscard]] Result<std::vector<FoundInterval>> found_intervals(const SignalModel::Windows& model,
                                                                 const SampleSource& samples,
                                                                 unsigned threads);

struct FoundAnswer {
  std::string question;
  std::string choice;
  double probability = 0;
};
[[nodiscard]] Result<std::vector<FoundAnswer>> found_answers(const SignalModel::Answers& model,
                                                             const SampleSource& samples);

}  // namespace consilium::service
