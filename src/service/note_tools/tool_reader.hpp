// What a project's tools say of a note, each for itself. Term lists and rule files name spans;
// ConText says of those spans, and of those that others found (the tagger, imported labels), which
// it has something to say of, with their label, how they are meant: it is silent where none of its
// rules speaks.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/text_suggestions/text_suggestions.hpp"
#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"
#include "domain/text/canonical_text.hpp"
#include "service/note_tools/note_tool.hpp"
#include "service/prelabel/replace_labels.hpp"
#include "service/tagging/note_model.hpp"

namespace consilium::service {

// One thing that one tool says of a note.
struct ToolWord {
  TextSpan span;
  std::string label;
  std::map<std::string, std::string> attributes;  // by the protocol's ids
  std::vector<TextConcept> concepts;
  std::string evidence;  // quotes no patient
};

// By tool and label, how often what it says is right, as far as people's finished notes tell:
// (right + 1) / (all + 2), to twentieths, so that one more note seldom changes it.
using Precisions = std::map<std::pair<std::size_t, std::string>, double>;
inline constexpr double unknown_precision = 0.5;

class ToolReader {
 public:
  // Both must outlive it.
  ToolReader(std::span<const std::shared_ptr<const NoteTool>> tools, const Protocol& protocol);

  // By tool, in reading order; each place and label once. `others` are spans for ConText alone.
  // Errors: TooLarge; InvalidInput for a span of others that leads past the text.
  [[nodiscard]] Result<std::vector<std::vector<ToolWord>>> read(
      const CanonicalText& text, std::span<const GivenSpan> others = {});

  // Whether one of them judges spans of others.
  [[nodiscard]] bool judges_others() const { return context_ != nullptr; }

  // A span is right when people put the same label on the same place; what ConText says of one,
  // when they answered its attributes alike (places that they left out are not counted against it).
  [[nodiscard]] Result<Precisions> precisions(std::span<const TaughtNote> notes);

  // What is said of a note, as labels to be kept, without what is less probable than the protocol's
  // assist policy wants. Empty sets too: they take back what was said before.
  [[nodiscard]] Result<std::vector<ToolSet>> sets(const ItemId& item, const CanonicalText& text,
                                                  const Precisions& precisions,
                                                  std::span<const GivenSpan> others);

 private:
  struct Pass {  // one tool that names spans
    std::size_t tool = 0;
    SuggestionEngine engine;
  };
  Status judge(const CanonicalText& text, std::span<const GivenSpan> spans,
               std::vector<ToolWord>& words);

  std::span<const std::shared_ptr<const NoteTool>> tools_;
  const Protocol& protocol_;
  const NoteTool* context_ = nullptr;  // null: none
  std::size_t context_index_ = 0;
  std::vector<Pass> passes_;
  std::optional<SuggestionEngine> judge_;
};

// Whether labellers may see now or later what raters of this kind say; below which probability not.
[[nodiscard]] bool is_shown(const AssistPolicy& policy, RaterKind kind);
[[nodiscard]] double probability_min_of(const AssistPolicy& policy, RaterKind kind);

}  // namespace consilium::service
