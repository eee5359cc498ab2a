// What a project's tagger knows: spans, labels of sentences and answers as people submitted them on
// its notes, and the model that follows from them. Used inside this module, and by
// service/note_tools, whose tools are judged by the same notes.
//
// Nothing is stored. The model is made of the notes that were read last, in a fixed order, and
// training is the same bit for bit, so its version (a hash of it) says what it is. The labels and
// texts that it is made of lie sealed under their patients' keys: with a key their part goes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/next_note/next_note.hpp"
#include "analysis/tagger/tagger.hpp"
#include "analysis/text_classifier/text_classifier.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

inline constexpr std::size_t notes_learnt_max = 500;
inline constexpr std::size_t answers_learnt_min = 4;  // of a question, two of them different
// Of the notes read last: half a second of training for each label of sentences.
inline constexpr std::size_t sentences_learnt_max = 5'000;

// A note with its tokens, sentences and what else the tagger sees.
struct CutNote {
  CanonicalText text;
  TextStructure structure;
  std::vector<TokenHints> hints;  // the sections
  [[nodiscard]] TaggerText view() const {
    return {text.utf8(), structure.tokens, structure.sentences, hints};
  }
};
// None when its patient was erased.
[[nodiscard]] Result<std::optional<CutNote>> cut_note(storage::Store& store,
                                                      const storage::Reader& reader,
                                                      const storage::ItemRow& item);

struct TaughtNote {
  CutNote note;
  std::vector<Annotation> said;       // all of the reading
  std::vector<LabelledTokens> spans;  // types are label ids, views into the protocol
  std::map<std::string, std::set<std::size_t>> sentences;  // label to indexes of sentences
  std::map<std::string, std::string> answers;              // question to choice
  std::optional<double> duration_s;
};

// The notes that people finished, the one read last at the end: of each the adjudicated word, else
// the reading that was submitted last. Spans in several parts are not learnt from. A label of
// sentences is on those that it covers at least half of. `protocol` must outlive the result.
[[nodiscard]] Result<std::vector<TaughtNote>> taught_notes(storage::Store& store,
                                                           const storage::Reader& reader,
                                                           const Protocol& protocol,
                                                           const ProjectId& project);

struct NoteModel {
  std::optional<Tagger> tagger;                       // none while no span is labelled
  std::map<std::string, TextClassifier> classifiers;  // by question
  // By label of sentences: whether a sentence has it. One each, for a sentence may have several.
  std::map<std::string, TextClassifier> sentence_classifiers;
  ReadingModel reading;
  std::string version;  // SHA-256 of all of them, hexadecimal
  std::size_t note_count = 0;
  std::size_t span_count = 0;
  std::size_t sentence_count = 0;  // labelled ones
};
// How probable it holds that the sentence has the label of the classifier.
[[nodiscard]] double probability_of_sentence(const TextClassifier& classifier, const CutNote& note,
                                             std::size_t sentence);
// None when there is nothing to learn from.
[[nodiscard]] Result<std::optional<NoteModel>> train_note_model(
    const std::vector<TaughtNote>& notes, unsigned threads);

}  // namespace consilium::service
