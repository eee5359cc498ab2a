// What a protocol has to vote on: questions with choices, and labels by geometry. Used inside this
// module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/protocol/protocol.hpp"
#include "service/panel/project_votes.hpp"

namespace consilium::service {

// Places of one geometry are compared with each other, never with those of another.
enum class PlaceGeometry { Spans, Sample, Interval, Area, Point, Line, Whole, Mask };

[[nodiscard]] std::optional<PlaceGeometry> geometry_of(PlaceKind kind);

struct UnitPlan {
  std::string id;
  VotingKind kind = VotingKind::Question;
  std::string title;
  bool ordinal = false;
  std::vector<VotingClass> classes;  // all that may be said

  // Of questions.
  std::string question;
  QuestionLevel level = QuestionLevel::Item;
  std::optional<std::string> choice;  // of several choices: the one that is named or not

  // Of labels.
  PlaceGeometry geometry = PlaceGeometry::Whole;
  std::vector<std::string> labels;
  Tolerance tolerance;  // the widest of the labels'

  [[nodiscard]] std::optional<ClassIndex> class_of(std::string_view class_id) const;
  [[nodiscard]] bool has_label(std::string_view label) const;
};

// In the protocol's order: questions, then labels. Questions on findings are answered among the
// attributes of places and are no units; numbers and texts are none either.
[[nodiscard]] std::vector<UnitPlan> plan_units(const Protocol& protocol);

// What the annotation says, if it answers the unit's question; none for `not evaluable`.
[[nodiscard]] std::optional<ClassIndex> answered_class(const UnitPlan& plan,
                                                       const Annotation& annotation);

}  // namespace consilium::service
