#include "service/panel/voting_units.hpp"

#include <algorithm>
#include <array>

namespace consilium::service {
namespace {

constexpr std::array<PlaceGeometry, 8> geometries{
    PlaceGeometry::Spans, PlaceGeometry::Sample, PlaceGeometry::Interval, PlaceGeometry::Area,
    PlaceGeometry::Point, PlaceGeometry::Line,   PlaceGeometry::Whole,    PlaceGeometry::Mask};

constexpr std::string_view named = "named";
constexpr std::string_view not_named = "not_named";

std::string suffix_of(PlaceGeometry geometry) {
  switch (geometry) {
    case PlaceGeometry::Point:
      return "@point";
    case PlaceGeometry::Line:
      return "@line";
    case PlaceGeometry::Whole:
      return "@whole";
    case PlaceGeometry::Mask:
      return "@mask";
    case PlaceGeometry::Spans:
    case PlaceGeometry::Sample:
    case PlaceGeometry::Interval:
    case PlaceGeometry::Area:
      return "";
  }
  return "";
}

void add_reserved(const AnswerSpec& answer, std::vector<VotingClass>& classes) {
  if (answer.allows_absent) classes.push_back({std::string(value_absent), "Absent"});
  if (answer.allows_unsure) classes.push_back({std::string(value_unsure), "Unsure"});
}

UnitPlan plan_of(const QuestionSpec& question) {
  UnitPlan plan;
  plan.id = question.id;
  plan.title = question.name;
  plan.question = question.id;
  plan.level = question.level;
  plan.ordinal = question.answer.ordinal;
  for (const Choice& choice : question.answer.choices) {
    plan.classes.push_back({choice.id, choice.name});
  }
  if (question.answer.type == AnswerType::Bool) {
    plan.classes.push_back({"true", "Yes"});
    plan.classes.push_back({"false", "No"});
  }
  add_reserved(question.answer, plan.classes);
  return plan;
}

void plan_question(const QuestionSpec& question, std::vector<UnitPlan>& plans) {
  const bool has_classes =
      question.answer.type == AnswerType::Choice || question.answer.type == AnswerType::Bool;
  if (question.level == QuestionLevel::Finding || !has_classes) return;
  if (!question.answer.many) {
    plans.push_back(plan_of(question));
    return;
  }
  for (const Choice& choice : question.answer.choices) {
    UnitPlan plan = plan_of(question);
    plan.id = question.id + "/" + choice.id;
    plan.title = question.name + ": " + choice.name;
    plan.choice = choice.id;
    plan.ordinal = false;
    plan.classes = {{std::string(named), choice.name}, {std::string(not_named), "Not named"}};
    if (question.answer.allows_unsure) {
      plan.classes.push_back({std::string(value_unsure), "Unsure"});
    }
    plans.push_back(std::move(plan));
  }
}

bool can_be(const LabelSpec& label, PlaceGeometry geometry) {
  return std::ranges::any_of(label.places,
                             [&](PlaceKind kind) { return geometry_of(kind) == geometry; });
}

// The more lenient of two tolerances, member by member.
void widen(Tolerance& tolerance, const Tolerance& other) {
  const auto greater = [](auto& own, const auto& theirs) {
    if (theirs && (!own || *theirs > *own)) own = theirs;
  };
  if (other.iou_min && (!tolerance.iou_min || *other.iou_min < *tolerance.iou_min)) {
    tolerance.iou_min = other.iou_min;
  }
  greater(tolerance.distance_mm_max, other.distance_mm_max);
  greater(tolerance.window_ms, other.window_ms);
  greater(tolerance.boundary_code_points_max, other.boundary_code_points_max);
}

// Labels of one geometry that exclude one another, directly or through others; on whole items and
// of masks every label is a question of its own.
std::vector<std::vector<const LabelSpec*>> groups_of(const Protocol& protocol,
                                                     PlaceGeometry geometry) {
  std::vector<std::vector<const LabelSpec*>> groups;
  const bool alone = geometry == PlaceGeometry::Whole || geometry == PlaceGeometry::Mask;
  for (const LabelSpec& label : protocol.labels) {
    if (!can_be(label, geometry)) continue;
    std::vector<const LabelSpec*> joined;
    std::vector<std::vector<const LabelSpec*>> others;
    for (std::vector<const LabelSpec*>& group : groups) {
      const bool competes = !alone && std::ranges::any_of(group, [&](const LabelSpec* member) {
        return protocol.excludes(member->id, label.id);
      });
      if (competes) {
        joined.insert(joined.end(), group.begin(), group.end());
      } else {
        others.push_back(std::move(group));
      }
    }
    joined.push_back(&label);
    std::ranges::sort(joined);  // in the protocol's order: labels lie behind each other in memory
    others.push_back(std::move(joined));
    groups = std::move(others);
  }
  std::ranges::sort(groups, {}, [](const auto& group) { return group.front(); });
  return groups;
}

UnitPlan plan_labels(const std::vector<const LabelSpec*>& group, PlaceGeometry geometry) {
  UnitPlan plan;
  plan.kind = geometry == PlaceGeometry::Mask ? VotingKind::Mask : VotingKind::Label;
  plan.geometry = geometry;
  for (const LabelSpec* label : group) {
    plan.id += (plan.id.empty() ? "" : "+") + label->id;
    plan.title += (plan.title.empty() ? "" : ", ") + label->name;
    plan.labels.push_back(label->id);
    plan.classes.push_back({label->id, label->name});
    widen(plan.tolerance, label->tolerance);
  }
  plan.id += suffix_of(geometry);
  plan.classes.push_back({std::string(value_absent), "Absent"});
  return plan;
}

}  // namespace

std::optional<PlaceGeometry> geometry_of(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::Whole:
      return PlaceGeometry::Whole;
    case PlaceKind::Point:
      return PlaceGeometry::Point;
    case PlaceKind::Polyline:
    case PlaceKind::Length:
    case PlaceKind::Bidirectional:
    case PlaceKind::Angle:
    case PlaceKind::Cobb:
      return PlaceGeometry::Line;
    case PlaceKind::Polygon:
    case PlaceKind::Box:
    case PlaceKind::Ellipse:
    case PlaceKind::RotatedBox:
    case PlaceKind::Cuboid:
      return PlaceGeometry::Area;
    case PlaceKind::Mask:
      return PlaceGeometry::Mask;
    case PlaceKind::Spans:
      return PlaceGeometry::Spans;
    case PlaceKind::Sample:
      return PlaceGeometry::Sample;
    case PlaceKind::Interval:
      return PlaceGeometry::Interval;
    case PlaceKind::Patient:
    case PlaceKind::Study:
    case PlaceKind::Series:
    case PlaceKind::Instance:
    case PlaceKind::Frame:
    case PlaceKind::Relation:
    case PlaceKind::Event:
    case PlaceKind::Chain:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ClassIndex> UnitPlan::class_of(std::string_view class_id) const {
  const auto found = std::ranges::find(classes, class_id, &VotingClass::id);
  if (found == classes.end()) return std::nullopt;
  return static_cast<ClassIndex>(found - classes.begin());
}

bool UnitPlan::has_label(std::string_view label) const {
  return std::ranges::find(labels, label) != labels.end();
}

std::vector<UnitPlan> plan_units(const Protocol& protocol) {
  std::vector<UnitPlan> plans;
  for (const QuestionSpec& question : protocol.questions) plan_question(question, plans);
  for (const PlaceGeometry geometry : geometries) {
    for (const auto& group : groups_of(protocol, geometry)) {
      plans.push_back(plan_labels(group, geometry));
    }
  }
  return plans;
}

std::optional<ClassIndex> answered_class(const UnitPlan& plan, const Annotation& annotation) {
  if (annotation.question != plan.question) return std::nullopt;
  if (const bool* yes = std::get_if<bool>(&annotation.value)) {
    return plan.class_of(*yes ? "true" : "false");
  }
  std::vector<std::string> said;
  if (const auto* text = std::get_if<std::string>(&annotation.value)) said.push_back(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&annotation.value)) said = *list;
  if (!plan.choice) return said.size() == 1 ? plan.class_of(said.front()) : std::nullopt;
  if (said.size() == 1 && said.front() == value_unsure) return plan.class_of(value_unsure);
  if (said.size() == 1 && said.front() == value_not_evaluable) return std::nullopt;
  const bool is_named = std::ranges::find(said, *plan.choice) != said.end();
  return plan.class_of(is_named ? named : not_named);
}

}  // namespace consilium::service
