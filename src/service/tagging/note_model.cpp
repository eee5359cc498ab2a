#include "service/tagging/note_model.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/sha256.hpp"
#include "service/taught/taught.hpp"

namespace consilium::service {
namespace {

// The tokens that the range covers or touches; none when it has no token.
Result<std::optional<TokenRange>> tokens_of(const CutNote& note, TextSpan range) {
  const std::uint64_t begin = CSL_TRY(note.text.byte_of_code_point(range.begin));
  const std::uint64_t end = CSL_TRY(note.text.byte_of_code_point(range.end));
  const auto& tokens = note.structure.tokens;
  const auto first = std::ranges::upper_bound(tokens, begin, {}, &Token::end_byte);
  const auto last = std::ranges::lower_bound(tokens, end, {}, &Token::begin_byte);
  if (first >= last) return std::optional<TokenRange>{};
  return TokenRange{static_cast<std::uint32_t>(first - tokens.begin()),
                    static_cast<std::uint32_t>(last - tokens.begin())};
}

// The sentences that the range covers at least half of.
Result<std::vector<std::size_t>> sentences_of(const CutNote& note, TextSpan range) {
  const std::uint64_t begin = CSL_TRY(note.text.byte_of_code_point(range.begin));
  const std::uint64_t end = CSL_TRY(note.text.byte_of_code_point(range.end));
  const auto& tokens = note.structure.tokens;
  const auto& sentences = note.structure.sentences;
  std::vector<std::size_t> covered;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const std::uint64_t first = tokens[sentences[i].begin_token].begin_byte;
    const std::uint64_t last = tokens[sentences[i].end_token - 1].end_byte;
    if (first >= end) break;
    const std::uint64_t from = std::max(first, begin);
    const std::uint64_t to = std::min(last, end);
    if (from < to && 2 * (to - from) >= last - first) covered.push_back(i);
  }
  return covered;
}

Status teach(const Protocol& protocol, const Annotation& said, TaughtNote& note) {
  if (said.question) {
    const auto* choice = std::get_if<std::string>(&said.value);
    if (choice != nullptr && !is_reserved_value(*choice) &&
        is_choice_of_item(protocol, *said.question)) {
      note.answers[*said.question] = *choice;
    }
    return {};
  }
  const auto* spans = std::get_if<SpansTarget>(&said.target);
  const LabelSpec* label = said.label ? protocol.label(*said.label) : nullptr;
  if (spans == nullptr || spans->ranges.size() != 1 || label == nullptr) return {};
  if (label->level == SpanLevel::Sentence) {
    for (const std::size_t i : CSL_TRY(sentences_of(note.note, spans->ranges.front()))) {
      note.sentences[label->id].insert(i);
    }
    return {};
  }
  if (const auto tokens = CSL_TRY(tokens_of(note.note, spans->ranges.front()))) {
    note.spans.push_back({tokens->begin_token, tokens->end_token, label->id});
  }
  return {};
}

}  // namespace

Result<std::optional<CutNote>> cut_note(storage::Store& store, const storage::Reader& reader,
                                        const storage::ItemRow& item) {
  const storage::NoteRow row =
      CSL_TRY(storage::find_note(reader, CSL_TRY(parse_id<NoteId>(item.source_id))));
  const auto bytes = store.objects().get(row.patient, row.object);
  if (!bytes && bytes.error().code == ErrorCode::NotFound) return std::optional<CutNote>{};
  if (!bytes) return std::unexpected(bytes.error());
  CutNote note{.text = CSL_TRY(CanonicalText::from_utf8(std::string(text_of(*bytes)))),
               .structure = {},
               .hints = {}};
  CSL_TRY(structure_text(note.text.utf8(), note.structure));
  auto section = note.structure.sections.begin();
  for (const Token& token : note.structure.tokens) {
    while (section != note.structure.sections.end() && section->end_byte <= token.begin_byte) {
      ++section;
    }
    TokenHints hints;
    if (section != note.structure.sections.end()) {
      hints.section = static_cast<std::uint8_t>(section->kind);
    }
    note.hints.push_back(hints);
  }
  return std::optional<CutNote>(std::move(note));
}

Result<std::vector<TaughtNote>> taught_notes(storage::Store& store, const storage::Reader& reader,
                                             const Protocol& protocol, const ProjectId& project) {
  std::vector<storage::ReadingRow> readings =
      readings_that_count(CSL_TRY(storage::readings(reader, project, std::nullopt)));
  if (readings.size() > notes_learnt_max) {
    readings.erase(readings.begin(),
                   readings.end() - static_cast<std::ptrdiff_t>(notes_learnt_max));
  }
  std::vector<TaughtNote> notes;
  for (const storage::ReadingRow& reading : readings) {
    const storage::ItemRow item = CSL_TRY(storage::find_item(reader, project, reading.item));
    if (item.kind != "text") continue;
    auto cut = CSL_TRY(cut_note(store, reader, item));
    if (!cut) continue;
    TaughtNote& note = notes.emplace_back(TaughtNote{.note = std::move(*cut),
                                                     .said = {},
                                                     .spans = {},
                                                     .sentences = {},
                                                     .answers = {},
                                                     .duration_s = {}});
    note.duration_s = reading.duration_s;
    note.said = CSL_TRY(said_in(reader, project, reading));
    for (const Annotation& said : note.said) CSL_TRY(teach(protocol, said, note));
  }
  return notes;
}

namespace {

Result<std::map<std::string, TextClassifier>> train_classifiers(
    const std::vector<TaughtNote>& notes) {
  std::map<std::string, std::vector<ClassifiedText>> texts;
  for (const TaughtNote& note : notes) {
    for (const auto& [question, choice] : note.answers) {
      texts[question].push_back({note.note.text.utf8(), note.note.structure.tokens, choice});
    }
  }
  std::map<std::string, TextClassifier> classifiers;
  for (const auto& [question, answered] : texts) {
    std::set<std::string_view> choices;
    for (const ClassifiedText& text : answered) choices.insert(text.label);
    if (answered.size() < answers_learnt_min || choices.size() < 2) continue;
    classifiers.emplace(question, CSL_TRY(TextClassifier::train(answered)));
  }
  return classifiers;
}

constexpr std::string_view has_label = "yes";
constexpr std::string_view lacks_label = "no";

std::span<const Token> tokens_of_sentence(const CutNote& note, std::size_t sentence) {
  const TokenRange range = note.structure.sentences[sentence];
  return std::span(note.structure.tokens)
      .subspan(range.begin_token, range.end_token - range.begin_token);
}

// What nobody labelled is told apart from what somebody did: all sentences of finished notes teach.
Result<std::map<std::string, TextClassifier>> train_sentence_classifiers(
    const std::vector<TaughtNote>& notes) {
  std::size_t count = 0;
  auto first = notes.end();
  while (first != notes.begin()) {
    const std::size_t more = std::prev(first)->note.structure.sentences.size();
    if (count + more > sentences_learnt_max && count > 0) break;
    count += more;
    --first;
  }
  std::set<std::string> labels;
  for (auto note = first; note != notes.end(); ++note) {
    for (const auto& [label, sentences] : note->sentences) labels.insert(label);
  }
  std::map<std::string, TextClassifier> classifiers;
  for (const std::string& label : labels) {
    std::vector<ClassifiedText> texts;
    std::size_t labelled = 0;
    for (auto note = first; note != notes.end(); ++note) {
      const auto known = note->sentences.find(label);
      for (std::size_t i = 0; i < note->note.structure.sentences.size(); ++i) {
        const bool is_labelled = known != note->sentences.end() && known->second.contains(i);
        if (is_labelled) ++labelled;
        texts.push_back({note->note.text.utf8(), tokens_of_sentence(note->note, i),
                         is_labelled ? has_label : lacks_label});
      }
    }
    if (labelled < answers_learnt_min || labelled == texts.size()) continue;
    classifiers.emplace(label, CSL_TRY(TextClassifier::train(texts)));
  }
  return classifiers;
}

}  // namespace

double probability_of_sentence(const TextClassifier& classifier, const CutNote& note,
                               std::size_t sentence) {
  for (const LabelProbability& one :
       classifier.classify(note.text.utf8(), tokens_of_sentence(note, sentence))) {
    if (classifier.labels()[one.label] == has_label) return double{one.probability};
  }
  return 0;
}

Result<std::optional<NoteModel>> train_note_model(const std::vector<TaughtNote>& notes,
                                                  unsigned threads) {
  NoteModel model;
  model.note_count = notes.size();
  std::vector<TaggerExample> examples;
  std::vector<ReadingTime> times;
  for (const TaughtNote& note : notes) {
    examples.push_back({note.note.view(), note.spans});
    model.span_count += note.spans.size();
    for (const auto& [label, sentences] : note.sentences) {
      model.sentence_count += sentences.size();
    }
    if (!note.duration_s) continue;
    times.push_back({.seconds = *note.duration_s,
                     .tokens = static_cast<double>(note.note.structure.tokens.size()),
                     .spans = static_cast<double>(note.spans.size())});
  }
  model.reading = fitted_reading_model(times);
  model.classifiers = CSL_TRY(train_classifiers(notes));
  model.sentence_classifiers = CSL_TRY(train_sentence_classifiers(notes));
  if (model.span_count > 0) model.tagger = CSL_TRY(Tagger::train(examples, {}, threads));
  if (!model.tagger && model.classifiers.empty() && model.sentence_classifiers.empty()) {
    return std::optional<NoteModel>{};
  }
  Bytes form;
  const auto add = [&](std::string_view name, const Bytes& bytes) {
    const std::string part = std::string(name) + " " + std::to_string(bytes.size()) + "\n";
    const ByteView head = bytes_of(part);
    form.insert(form.end(), head.begin(), head.end());
    form.insert(form.end(), bytes.begin(), bytes.end());
  };
  if (model.tagger) add("tagger", model.tagger->serialise());
  for (const auto& [question, classifier] : model.classifiers) {
    add(question, classifier.serialise());
  }
  for (const auto& [label, classifier] : model.sentence_classifiers) {
    add("sentence " + label, classifier.serialise());
  }
  model.version = to_hex(sha256(form));
  return std::optional<NoteModel>(std::move(model));
}

}  // namespace consilium::service
