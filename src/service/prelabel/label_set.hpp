// What a file of another tool's labels says, whatever its format: which labels, where on which of
// our images, and which tool said so. Readers make it; keep_labels.hpp keeps it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/protected.hpp"
#include "domain/image/mask.hpp"
#include "domain/label/annotation.hpp"
#include "domain/label/coded_concept.hpp"
#include "domain/label/stored_annotation.hpp"

namespace consilium::service {

// The rater that a file's labels are of. A model is what an algorithm drew; an import is a label
// set that does not say so, or that people made elsewhere: they are no people of ours.
struct ToolName {
  RaterKind kind = RaterKind::Import;
  std::string name;  // "TotalSegmentator 2.4.0"
  friend auto operator<=>(const ToolName&, const ToolName&) = default;
};

// A layer taken apart: each value that occurs, with its voxels.
using SplitLayer = std::shared_ptr<const std::map<std::uint16_t, BinaryBricks>>;
// The voxels of a layer that have the value (there are some); it lies on one of our grids.
struct SaidVoxels {
  std::string grid_id;
  SplitLayer layer;
  std::uint16_t value = 1;
};
// A drawing that may be told as several kinds of geometry (a rectangle is a polygon too), the most
// telling first: the protocol decides.
struct SaidRegion {
  std::vector<RegionTarget> forms;
  // The same as voxels, for labels that stand on masks alone; may be null.
  std::function<SaidVoxels()> as_voxels = nullptr;
};
// The same in the patient, in millimetres.
struct SaidSpace {
  std::vector<SpaceTarget> forms;
};
// More of a label that another file brings or brought: which file, and its key there.
struct SaidOfKept {
  std::string source;
  std::string key;
};
// Of the item as a whole; with a reserved value ("absent", "unsure") or none.
struct SaidWhole {
  std::string value = {};
};
// Ranges of a note and what they quote.
struct SaidSpans {
  SpansTarget target;
  Protected<std::string> surface;
};
// A moment or a stretch of a recording.
struct SaidOnSignal {
  std::variant<SampleTarget, IntervalTarget> target;
};
// Joins other labels of the same set, named by their keys: a relation (from, to), an event (a
// trigger or none, arguments in roles), a chain.
struct SaidJoining {
  struct Part {
    std::string role;
    std::string key;
  };
  PlaceKind kind = PlaceKind::Relation;
  std::optional<std::string> trigger = std::nullopt;
  std::vector<Part> parts = {};
};
// The label was looked for on the item, and is not there: a segment without any voxel.
struct SaidAbsent {};

// A name, and what is said to it: a code, or text. A name without a code system is one that a
// text's annotators gave: the protocol's id, however its letters are cased.
struct SaidAnswer {
  CodedConcept name;
  std::variant<CodedConcept, std::string> value;
};

struct SaidLabel {
  std::string key;                  // tells it apart in its file: "segment 3"
  std::string name;                 // as the file names it
  std::vector<CodedConcept> codes;  // of what it is, the most particular first
  ToolName tool;
  std::variant<SaidVoxels, SaidRegion, SaidSpace, SaidOfKept, SaidWhole, SaidAbsent, SaidSpans,
               SaidOnSignal, SaidJoining>
      place;
  std::map<std::string, Quantity> measurements = {};
  std::vector<SaidAnswer> answers = {};                // of the finding: its attributes
  std::optional<std::string> evidence = std::nullopt;  // why the tool says so; quotes no patient
};

// An answer about the item, or about images of it: the protocol's question says which of them,
// their series or frames it is of.
struct SaidItemAnswer {
  std::string key;
  ToolName tool;
  SaidAnswer answer;
  std::vector<FrameTarget> images = {};  // none: the whole
};

// An answer to one of the protocol's questions on the item, named by its id.
struct SaidQuestionAnswer {
  std::string question;  // its id
  AnswerValue value;
  ToolName tool;
  std::map<std::string, Quantity> measurements = {};
  std::optional<std::string> evidence = std::nullopt;
};

// A tool that knows how sure it is says so among the measurements, as a number of unit "1".
inline constexpr std::string_view probability_measurement = "probability";

// Of one file and one item.
struct LabelSet {
  ItemId item;
  std::string source;  // tells the file from others: its SOP instance UID, or its content
  std::vector<SaidLabel> labels;
  std::vector<SaidItemAnswer> answers = {};
  std::vector<SaidQuestionAnswer> question_answers = {};
};

struct ReadLabels {
  std::vector<LabelSet> sets;
  std::vector<std::string> notes;  // what stands in the file and is not taken over, and why
};

}  // namespace consilium::service
