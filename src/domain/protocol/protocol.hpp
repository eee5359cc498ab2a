// The labelling protocol as typed values: what may be said of an item, where, by whom, and what
// becomes of it. Its document (docs/protocol/protocol.schema.json) is written as YAML or JSON; one
// document is one version, named by the SHA-256 of its RFC 8785 JSON. A value made by read_protocol
// is sound: ids are unique, every reference leads somewhere.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"
#include "domain/label/annotation.hpp"
#include "domain/label/coded_concept.hpp"
#include "domain/label/stored_annotation.hpp"
#include "domain/label/violation.hpp"
#include "domain/protocol/semantic_version.hpp"

namespace consilium {

enum class AnswerType { Choice, Number, Text, Bool, Concept };

struct Choice {
  std::string id;
  std::string name;
  std::string definition;  // may be empty
  std::optional<CodedConcept> coded;
  std::string shortcut;  // one character or empty
  friend bool operator==(const Choice&, const Choice&) = default;
};

// Which concepts may answer: of these systems, and of the value set or expression where one is
// given. Whether a code is among them is known where the terminology is loaded
// (service/terminology); the systems are checked here.
struct ConceptChoice {
  std::vector<std::string> systems;  // designators ("SCT") or URIs; at least one
  std::string value_set;             // URL of a FHIR value set, or empty
  std::string within;                // "<< 404684003": analysis/concept_search/expression.hpp
  friend bool operator==(const ConceptChoice&, const ConceptChoice&) = default;
};

struct AnswerSpec {
  AnswerType type = AnswerType::Choice;
  std::vector<Choice> choices;
  bool many = false;     // several choices
  bool ordinal = false;  // the choices are in order, least first
  std::string unit;      // UCUM, for numbers
  std::optional<double> min;
  std::optional<double> max;
  std::optional<ConceptChoice> concepts = std::nullopt;  // of the type Concept
  bool allows_unsure = false;
  bool allows_not_evaluable = false;
  bool allows_absent = false;
  friend bool operator==(const AnswerSpec&, const AnswerSpec&) = default;
};

// Holds when the attribute or question `of` was answered with one of `is`.
struct Condition {
  std::string of;
  std::vector<AnswerValue> is;  // text or bool
  friend bool operator==(const Condition&, const Condition&) = default;
};

// Of several choices, one that is named is enough.
[[nodiscard]] bool condition_holds(const Condition& condition, const AnswerValue& answer);

struct AttributeSpec {
  std::string id;
  std::string name;
  std::string definition;
  std::optional<CodedConcept> coded;
  AnswerSpec answer;
  friend bool operator==(const AttributeSpec&, const AttributeSpec&) = default;
};

struct LabelAttribute {
  std::string id;  // of an AttributeSpec
  bool required = false;
  std::optional<Condition> required_if;
  friend bool operator==(const LabelAttribute&, const LabelAttribute&) = default;
};

// How far two raters' places may lie apart and still be one finding.
struct Tolerance {
  std::optional<double> iou_min;
  std::optional<double> distance_mm_max;
  std::optional<double> window_ms;
  std::optional<std::int64_t> boundary_code_points_max;
  friend bool operator==(const Tolerance&, const Tolerance&) = default;
};

struct SegMapping {
  CodedConcept category;
  CodedConcept type;
  std::optional<CodedConcept> anatomic_region;
  friend bool operator==(const SegMapping&, const SegMapping&) = default;
};
struct CocoMapping {
  std::int64_t category_id = 0;
  std::string name;
  std::string supercategory;  // may be empty
  friend bool operator==(const CocoMapping&, const CocoMapping&) = default;
};
struct WfdbMapping {
  int code = 0;
  std::string mnemonic;  // one character
  std::string aux;       // for rhythm: "(AFIB"; may be empty
  friend bool operator==(const WfdbMapping&, const WfdbMapping&) = default;
};
struct ExportMapping {
  std::optional<SegMapping> seg;
  std::optional<CocoMapping> coco;
  std::optional<WfdbMapping> wfdb;
  std::string brat_type;  // may be empty
  friend bool operator==(const ExportMapping&, const ExportMapping&) = default;
};

struct Examples {
  std::vector<std::string> positive;
  std::vector<std::string> negative;
  std::vector<std::string> borderline;
  friend bool operator==(const Examples&, const Examples&) = default;
};

// One role of an event: which labels may play it, and how many annotations of one event do.
struct EventRole {
  std::string id;
  std::string name;
  std::vector<std::string> labels;        // event labels among them: events may be arguments
  std::int64_t count_min = 0;             // "min": asked of a submission
  std::optional<std::int64_t> count_max;  // "max"
  friend bool operator==(const EventRole&, const EventRole&) = default;
};

// What a label placed as an event joins.
struct EventSpec {
  std::vector<std::string> trigger_labels;  // none: the event has no trigger
  bool is_trigger_required = true;          // of a submission
  std::vector<EventRole> roles;             // 1 to 64
  friend bool operator==(const EventSpec&, const EventSpec&) = default;
};

// What a label placed as a chain joins.
struct ChainSpec {
  std::vector<std::string> labels;
  std::int64_t count_min = 2;  // "min": asked of a submission
  std::optional<std::int64_t> count_max;
  friend bool operator==(const ChainSpec&, const ChainSpec&) = default;
};

// What a span of a label is: a mention in the running text, or a section of the note, which the
// workspace shows in the margin.
enum class SpanLevel { Mention, Section };

struct LabelSpec {
  std::string id;
  std::string name;
  std::optional<CodedConcept> coded;
  std::string definition;
  std::vector<std::string> synonyms;
  std::string colour;           // "#0072b2"; may be empty
  std::string colour_on_light;  // where `colour` is too faint on white; may be empty
  std::string shortcut;
  Examples examples;
  std::vector<PlaceKind> places;
  Tolerance tolerance;
  std::optional<AnswerSpec> value;
  std::vector<LabelAttribute> attributes;
  std::vector<std::string> excludes;  // as written; exclusion holds both ways
  bool overlaps = false;  // its masks may share voxels with others': each has a layer of its own
  std::optional<std::int64_t> ordinal;
  std::vector<std::string> relates_from;  // for relations
  std::vector<std::string> relates_to;
  std::optional<EventSpec> event;
  std::optional<ChainSpec> chain;
  SpanLevel level = SpanLevel::Mention;
  ExportMapping exported;
  friend bool operator==(const LabelSpec&, const LabelSpec&) = default;
};

// What a question is asked of, the coarsest first. All but items and findings are of images.
enum class QuestionLevel {
  Patient,
  Item,
  Study,
  Series,    // of each
  Instance,  // of each image object
  Frame,     // of each frame of each
  Finding,   // asked of findings with one of `labels`; the answer is kept among their attributes
};
[[nodiscard]] std::string_view name_of(QuestionLevel level);  // "frame"
// Whether an answer at `coarse` stands for every place of `fine`, so that the question at `fine`
// may depend on it.
[[nodiscard]] bool covers(QuestionLevel coarse, QuestionLevel fine);

struct QuestionSpec {
  std::string id;
  std::string name;
  std::string prompt;
  std::string definition;
  std::optional<CodedConcept> coded;
  QuestionLevel level = QuestionLevel::Item;
  std::vector<std::string> labels;
  AnswerSpec answer;
  bool required = false;
  std::optional<Condition> required_if;
  friend bool operator==(const QuestionSpec&, const QuestionSpec&) = default;
};

enum class ItemUnit { Study, Series, Instance, Note, Recording };
[[nodiscard]] std::string_view name_of(ItemUnit unit);
[[nodiscard]] std::optional<ItemUnit> item_unit_named(std::string_view name);

struct Author {
  std::string name;
  std::string role;
  std::string affiliation;
  friend bool operator==(const Author&, const Author&) = default;
};

struct WindowPreset {
  std::string id;
  std::string name;
  double center = 0;
  double width = 1;
  friend bool operator==(const WindowPreset&, const WindowPreset&) = default;
};

struct ViewSettings {
  std::string layout;  // may be empty
  std::vector<WindowPreset> windows;
  std::vector<std::string> montage;
  std::optional<double> paper_speed_mm_per_s;
  std::optional<double> gain_mm_per_mv;
  std::optional<double> high_pass_hz;
  std::optional<double> low_pass_hz;
  std::optional<double> notch_hz;
  friend bool operator==(const ViewSettings&, const ViewSettings&) = default;
};

enum class AdjudicationRule { Never, Disagreement, PosteriorBelow, Always };
enum class Blinding { Independent, Open };

struct ReaderPlan {
  int readers = 1;
  Blinding blinding = Blinding::Independent;
  std::vector<std::string> qualification;
  AdjudicationRule adjudication = AdjudicationRule::Never;
  double adjudication_threshold = 0;  // for PosteriorBelow
  std::string adjudication_by;
  friend bool operator==(const ReaderPlan&, const ReaderPlan&) = default;
};

enum class ShowSuggestion { Before, After, Never };

struct AssistSource {
  RaterKind kind = RaterKind::Model;
  ShowSuggestion show = ShowSuggestion::After;
  double probability_min = 0;
  friend bool operator==(const AssistSource&, const AssistSource&) = default;
};
struct AssistPolicy {
  ShowSuggestion suggestions = ShowSuggestion::After;
  std::vector<AssistSource> sources;
  friend bool operator==(const AssistPolicy&, const AssistPolicy&) = default;
};

struct AgreementTarget {
  std::string metric;
  std::string of;  // a label, attribute or question
  double at_least = 0;
  double confidence = 0.95;
  bool lower_bound = true;  // the lower end of the interval must reach it, not the estimate
  friend bool operator==(const AgreementTarget&, const AgreementTarget&) = default;
};
struct QualityPlan {
  double gold_share = 0;
  double reread_share = 0;
  std::vector<AgreementTarget> targets;
  friend bool operator==(const QualityPlan&, const QualityPlan&) = default;
};

struct ChangelogEntry {
  SemanticVersion version;
  std::string date;
  std::vector<std::string> changes;
  friend bool operator==(const ChangelogEntry&, const ChangelogEntry&) = default;
};

// Labels of version `from` and what each becomes here; none when it is dropped.
struct MigrationMap {
  SemanticVersion from;
  std::map<std::string, std::optional<std::string>> labels;
  friend bool operator==(const MigrationMap&, const MigrationMap&) = default;
};

struct Protocol {
  std::string id;
  SemanticVersion version;
  std::string title;
  std::vector<Author> authors;
  std::string clinical_question;
  std::string intended_use;
  std::vector<std::string> inclusion;
  std::vector<std::string> exclusion;
  ItemUnit item_unit = ItemUnit::Study;
  std::vector<std::string> modalities;
  ViewSettings view;
  std::vector<AttributeSpec> attributes;
  std::vector<LabelSpec> labels;
  std::vector<QuestionSpec> questions;
  ReaderPlan reader_plan;
  AssistPolicy assist_policy;
  QualityPlan quality_plan;
  std::vector<ChangelogEntry> changelog;
  std::vector<MigrationMap> migration;
  std::string document;         // RFC 8785 JSON of the whole, as written by its authors
  Sha256Digest content_hash{};  // of `document`
  friend bool operator==(const Protocol&, const Protocol&) = default;

  // Null when there is none of that id.
  [[nodiscard]] const LabelSpec* label(std::string_view label_id) const;
  [[nodiscard]] const AttributeSpec* attribute(std::string_view attribute_id) const;
  [[nodiscard]] const QuestionSpec* question(std::string_view question_id) const;
  // Whether the two labels may not stand on the same place, whichever of them says so.
  [[nodiscard]] bool excludes(std::string_view label_id, std::string_view other_id) const;
};

// Reads and checks a document. The error lists everything that is wrong, in the document's order
// of kinds: shape first, and references once the shape holds. Cost: O(size).
[[nodiscard]] std::expected<Protocol, std::vector<Violation>> read_protocol(
    const boost::json::value& document);

// What the browser gets: the document with the member "content_hash" (hexadecimal) beside the rest.
[[nodiscard]] boost::json::object protocol_json(const Protocol& protocol);

}  // namespace consilium
