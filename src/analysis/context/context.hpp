// ConText: does a sentence say that a finding is there, that it is the patient's, now, for certain?
// A rule names words ("denies", "family history of"), what they say of the findings around them,
// and how far that reaches. Source of the method: H. Harkema, J. N. Dowling, T. Thornblade,
// W. W. Chapman, J. Biomed. Inform. 42 (2009) 839-851; W. W. Chapman et al., J. Biomed. Inform. 34
// (2001) 301-310. The rules are our own; other languages are other rule files (rule_file.md).
//
// Invariants C1 to C8 are in semantics.md. Cost: a table look-up per token and rule word begun;
// over 500,000 sentences/s on one core.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/context/phrase_trie.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "base/result.hpp"

namespace consilium {

enum class Negation : std::uint8_t { Affirmed, Negated };
enum class Temporality : std::uint8_t { Recent, Historical, Hypothetical };
enum class Experiencer : std::uint8_t { Patient, Other };
enum class Certainty : std::uint8_t { Certain, Uncertain };

// "affirmed", "negated"; "recent", "historical", "hypothetical"; "patient", "other"; "certain",
// "uncertain".
[[nodiscard]] std::string_view name_of(Negation value);
[[nodiscard]] std::string_view name_of(Temporality value);
[[nodiscard]] std::string_view name_of(Experiencer value);
[[nodiscard]] std::string_view name_of(Certainty value);

enum class ContextDimension : std::uint8_t { Negation, Temporality, Experiencer, Certainty };
inline constexpr std::size_t context_dimension_count = 4;

// What is said of one finding, and by which rule, by dimension: an index for `rule_id`, or
// `no_rule` where nothing spoke and the first value stands.
struct Assertion {
  static constexpr std::uint32_t no_rule = 0xFFFFFFFF;
  Negation negation = Negation::Affirmed;
  Temporality temporality = Temporality::Recent;
  Experiencer experiencer = Experiencer::Patient;
  Certainty certainty = Certainty::Certain;
  std::array<std::uint32_t, context_dimension_count> rules{no_rule, no_rule, no_rule, no_rule};
  friend bool operator==(const Assertion&, const Assertion&) = default;
};

class ContextRules {
 public:
  // A rule file's text (rule_file.md). Errors: InvalidInput with line and column; TooLarge above
  // 16 MiB, or when a line's alternatives make over 4,096 phrases.
  [[nodiscard]] static Result<ContextRules> parse(std::string_view file);
  // The rules that come with the program. Read once.
  [[nodiscard]] static const ContextRules& english();

  [[nodiscard]] std::string_view language() const { return language_; }
  [[nodiscard]] std::string_view version() const { return version_; }
  [[nodiscard]] std::size_t rule_count() const { return rules_.size(); }
  // "negated forward: no evidence of". The same for a rule in every version that holds it.
  [[nodiscard]] const std::string& rule_id(std::uint32_t rule) const { return rules_[rule].id; }

 private:
  friend class ContextReader;
  friend class ContextRuleParser;

  enum class Direction : std::uint8_t { Forward, Backward, Both, Inside, Bare, Pseudo, Stop };
  static constexpr std::uint8_t every_value = 0xFF;  // of a stop
  struct Group {
    ContextDimension dimension = ContextDimension::Negation;
    std::uint8_t value = 0;
    Direction direction = Direction::Forward;
    std::uint32_t tokens_max = 0;  // the scope's reach
  };
  struct Rule {
    Group group;
    std::string id;
  };
  struct SectionDefault {
    SectionKind section = SectionKind::None;
    std::uint32_t rule = 0;
  };

  std::string language_;
  std::string version_;
  std::vector<Rule> rules_;
  PhraseTrie phrases_;  // its values are rules
  std::vector<SectionDefault> sections_;
};

// Reads sentences by one set of rules, which must outlive it, and keeps its memory between them.
class ContextReader {
 public:
  explicit ContextReader(const ContextRules& rules) : rules_(rules) {}

  // `hashes` are the sentence's tokens folded (`hash_tokens`), `findings` ranges of them (0 is the
  // sentence's first token), `section` where it stands. One assertion for each finding into `out`,
  // which is as long. CSL_CHECKs that findings are not reversed and within the sentence.
  void read(std::span<const std::uint64_t> hashes, std::span<const TokenRange> findings,
            SectionKind section, std::span<Assertion> out);

 private:
  struct Trigger {
    std::uint32_t rule = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct Choice {  // of a value for one dimension of one finding
    std::uint32_t rule = Assertion::no_rule;
    std::uint32_t distance = 0;
  };
  void find_triggers(std::span<const std::uint64_t> hashes);
  [[nodiscard]] bool reaches(const Trigger& trigger, TokenRange finding, std::uint32_t sentence_end,
                             std::uint32_t& distance) const;
  [[nodiscard]] Choice choose(std::size_t dimension, TokenRange finding, std::uint32_t sentence_end,
                              SectionKind section) const;

  const ContextRules& rules_;
  std::array<std::vector<Trigger>, context_dimension_count> triggers_;
  std::array<std::vector<Trigger>, context_dimension_count> stops_;
  std::vector<PhraseTrie::Match> matches_;
};

}  // namespace consilium
