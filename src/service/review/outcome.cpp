#include "service/review/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/sha256.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

std::string text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

class Outcome {
 public:
  explicit Outcome(const OutcomeInput& input) : input_(input) {}

  std::expected<std::vector<OutcomeLabel>, std::vector<Violation>> run() {
    std::map<std::string, std::size_t> decided;
    for (std::size_t i = 0; i < input_.decisions.size(); ++i) {
      const std::string& id = input_.decisions[i].difference_id;
      if (std::ranges::find(input_.differences, id, &Difference::id) == input_.differences.end()) {
        refuse_decision(i, "/difference_id", "the item has no such difference",
                        "its opinions may have changed: read them again");
      } else if (!decided.emplace(id, i).second) {
        refuse_decision(i, "/difference_id", "the difference is decided twice");
      }
    }
    for (const Difference& difference : input_.differences) {
      const auto found = decided.find(difference.id);
      if (found != decided.end()) {
        settle(difference, found->second);
      } else if (difference.agreed) {
        take_said(difference, difference.choices.front().said.front(), std::nullopt);
      } else {
        violations_.push_back({"/decisions",
                               "the difference on '" + difference.title + "' is not decided",
                               "decide each difference that is not agreed"});
      }
    }
    if (!violations_.empty()) return std::unexpected(std::move(violations_));
    add_drawn_beside();
    add_absent_votes();
    join_relations();
    number_segments();
    return std::move(labels_);
  }

 private:
  void refuse_decision(std::size_t decision, std::string_view member, std::string what,
                       std::string remedy = {}) {
    violations_.push_back(
        {fmt::format("/decisions/{}{}", decision, member), std::move(what), std::move(remedy)});
  }

  AnnotationId id_for(const std::string& slot) const {
    return outcome_id(input_.item, input_.adjudicator, slot);
  }

  void settle(const Difference& difference, std::size_t index) {
    const Decision& decision = input_.decisions[index];
    switch (decision.take) {
      case Take::Choice:
        return take_choice(difference, index);
      case Take::Edited:
        return take_edited(difference, index);
      case Take::Unsure:
        return take_unsure(difference, index);
      case Take::Drawn:
        return take_drawn(difference, index);
    }
  }

  void take_choice(const Difference& difference, std::size_t index) {
    const Decision& decision = input_.decisions[index];
    const auto choice =
        std::ranges::find(difference.choices, decision.class_id, &DifferenceChoice::class_id);
    if (choice == difference.choices.end()) {
      return refuse_decision(index, "/class", "nobody said this",
                             "take one of the choices, or send what stands instead as edited");
    }
    auto said = choice->said.begin();
    if (!decision.rater.empty()) {
      said = std::ranges::find_if(choice->said, [&](const Said& one) {
        return input_.keys[one.opinion] == decision.rater;
      });
    }
    if (said == choice->said.end()) {
      return refuse_decision(index, "/rater", "this reader did not say so",
                             "name one of the choice's readers");
    }
    take_said(difference, *said, index);
  }

  void take_said(const Difference& difference, const Said& said,
                 std::optional<std::size_t> decision) {
    if (said.annotation == nullptr) return;
    if (whole_vote_slot(*said.annotation)) return take_whole_vote(*said.annotation, decision);
    OutcomeLabel label{.body = *said.annotation, .decision = decision, .voxels = {}};
    if (const auto* mask = std::get_if<MaskTarget>(&label.body.target)) {
      label.voxels = VoxelSource{input_.opinions[said.opinion]->rater.id, mask->segment};
    }
    add(difference, std::move(label));
  }

  // That a label is not there, or that nobody can tell, is said once of the whole item, however
  // many places it settles.
  void take_whole_vote(const Annotation& vote, std::optional<std::size_t> decision) {
    const std::string value = std::get<std::string>(vote.value);
    OutcomeLabel label{.body = vote, .decision = decision, .voxels = {}};
    label.body.id = id_for(*whole_vote_slot(vote));
    (value == value_absent ? absent_votes_ : whole_votes_)
        .try_emplace(*vote.label + ' ' + value, std::move(label));
  }

  void take_edited(const Difference& difference, std::size_t index) {
    const Decision& decision = input_.decisions[index];
    if (!decision.annotation) {
      return refuse_decision(index, "/annotation", "what stands instead is missing", "send it");
    }
    OutcomeLabel label{.body = *decision.annotation, .decision = index, .voxels = {}};
    if (label.body.item_id != input_.item) {
      return refuse_decision(index, "/annotation/item_id", "this is another item");
    }
    if (std::holds_alternative<MaskTarget>(label.body.target)) {
      for (const DifferenceChoice& choice : difference.choices) {
        for (const Said& said : choice.said) {
          const bool is_named =
              decision.rater.empty() || input_.keys[said.opinion] == decision.rater;
          const auto* mask = said.annotation == nullptr
                                 ? nullptr
                                 : std::get_if<MaskTarget>(&said.annotation->target);
          if (mask == nullptr || !is_named || label.voxels) continue;
          label.voxels = VoxelSource{input_.opinions[said.opinion]->rater.id, mask->segment};
          label.body.target = *mask;
        }
      }
      if (!label.voxels) {
        return refuse_decision(index, "/rater", "no reader of that key drew this mask",
                               "name the reader whose voxels stand");
      }
    }
    add(difference, std::move(label));
  }

  void take_unsure(const Difference& difference, std::size_t index) {
    const Annotation* some = nullptr;  // what the most probable choice that is there says
    for (const DifferenceChoice& choice : difference.choices) {
      for (const Said& said : choice.said) {
        if (some == nullptr) some = said.annotation;
      }
    }
    if (some == nullptr) return;
    Annotation body{.id = {},
                    .item_id = input_.item,
                    .protocol = some->protocol,
                    .label = some->label,
                    .target = WholeTarget{},
                    .question = some->question,
                    .value = std::string(value_unsure),
                    .attributes = {},
                    .comment = {},
                    .number = {},
                    .measurements = {}};
    if (difference.kind != DifferenceKind::Question) return take_whole_vote(body, index);
    body.target = some->target;
    add(difference, {.body = std::move(body), .decision = index, .voxels = {}});
  }

  // What was drawn stays. A difference whose label was taken away there comes to none.
  void take_drawn(const Difference& difference, std::size_t index) {
    if (!input_.standing) {
      return refuse_decision(index, "/take", "nothing was drawn on this item",
                             "edit it in the workspace first");
    }
    is_any_drawn_ = true;
    const AnnotationId id = outcome_id(input_.item, input_.standing->adjudicator, difference.id);
    const auto found = std::ranges::find(input_.standing->labels, id, &Annotation::id);
    if (found != input_.standing->labels.end()) add(difference, standing_label(*found, index));
  }

  OutcomeLabel standing_label(const Annotation& body, std::optional<std::size_t> decision) const {
    OutcomeLabel label{.body = body, .decision = decision, .voxels = {}};
    if (const auto* mask = std::get_if<MaskTarget>(&body.target)) {
      label.voxels = VoxelSource{input_.standing->adjudicator, mask->segment};
    }
    return label;
  }

  // What was drawn where no opinion had anything.
  void add_drawn_beside() {
    if (!is_any_drawn_) return;
    std::set<AnnotationId> of_differences;
    for (const Difference& difference : input_.differences) {
      of_differences.insert(outcome_id(input_.item, input_.standing->adjudicator, difference.id));
    }
    for (const Annotation& body : input_.standing->labels) {
      if (of_differences.contains(body.id)) continue;
      if (whole_vote_slot(body)) {
        take_whole_vote(body, std::nullopt);
        continue;
      }
      OutcomeLabel label = standing_label(body, std::nullopt);
      if (input_.standing->adjudicator != input_.adjudicator) {
        label.body.id = id_for("copy " + to_string(body.id));
      }
      became_[body.id] = label.body.id;
      if (label.body.label) present_.insert(*label.body.label);
      labels_.push_back(std::move(label));
    }
  }

  void add(const Difference& difference, OutcomeLabel label) {
    became_[label.body.id] = id_for(difference.id);
    label.body.id = id_for(difference.id);
    label.body.item_id = input_.item;
    for (const DifferenceChoice& choice : difference.choices) {
      for (const Said& said : choice.said) {
        if (said.annotation != nullptr) became_[said.annotation->id] = label.body.id;
      }
    }
    if (label.body.label) present_.insert(*label.body.label);
    labels_.push_back(std::move(label));
  }

  // A label that stands somewhere is not absent, whoever's word on another place was taken.
  void add_absent_votes() {
    for (auto& [key, label] : whole_votes_) labels_.push_back(std::move(label));
    for (auto& [key, label] : absent_votes_) {
      if (!present_.contains(*label.body.label)) labels_.push_back(std::move(label));
    }
  }

  // What a relation, event or chain joins and was not taken leaves it with an id that nothing has:
  // the protocol's check then names it.
  void join_relations() {
    for (OutcomeLabel& label : labels_) {
      label.body.target = rejoined(std::move(label.body.target), became_);
    }
  }

  void number_segments() {
    std::map<std::string, std::uint16_t> last;
    for (OutcomeLabel& label : labels_) {
      if (auto* mask = std::get_if<MaskTarget>(&label.body.target)) {
        mask->segment = ++last[mask->grid_id];
      }
    }
  }

  const OutcomeInput& input_;
  std::vector<OutcomeLabel> labels_;
  std::map<std::string, OutcomeLabel> whole_votes_;
  std::map<std::string, OutcomeLabel> absent_votes_;
  std::map<AnnotationId, AnnotationId> became_;
  std::set<std::string> present_;
  bool is_any_drawn_ = false;
  std::vector<Violation> violations_;
};

}  // namespace

AnnotationId outcome_id(const ItemId& item, const RaterId& adjudicator, std::string_view slot) {
  const Sha256Digest hash =
      sha256(bytes_of(to_string(item) + to_string(adjudicator) + std::string(slot)));
  AnnotationId id;
  std::copy_n(hash.begin(), id.value.size(), id.value.begin());
  // RFC 9562, 5.8: version 8, made by a rule of one's own.
  id.value[6] = (id.value[6] & std::byte{0x0F}) | std::byte{0x80};
  id.value[8] = (id.value[8] & std::byte{0x3F}) | std::byte{0x80};
  return id;
}

std::optional<std::string> whole_vote_slot(const Annotation& annotation) {
  const auto* text = std::get_if<std::string>(&annotation.value);
  if (!annotation.label || text == nullptr || !is_reserved_value(*text) ||
      !std::holds_alternative<WholeTarget>(annotation.target)) {
    return std::nullopt;
  }
  return "whole " + *annotation.label + ' ' + *text;
}

Result<std::vector<Decision>> read_decisions(const json::array& decisions) {
  std::vector<Decision> result;
  result.reserve(decisions.size());
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const json::object& object = decisions[i].as_object();
    Decision decision{.difference_id = text_member(object, "difference_id"),
                      .take = Take::Choice,
                      .class_id = text_member(object, "class"),
                      .rater = text_member(object, "rater"),
                      .annotation = {}};
    const std::string take = text_member(object, "take");
    if (take == "edited") decision.take = Take::Edited;
    if (take == "unsure") decision.take = Take::Unsure;
    if (take == "drawn") decision.take = Take::Drawn;
    const json::value* annotation = object.if_contains("annotation");
    if (decision.take == Take::Edited && annotation != nullptr && annotation->is_object()) {
      auto read = read_annotation(*annotation);
      if (!read) {
        Error error = std::move(read).error();
        error.where = fmt::format("/decisions/{}/annotation{}", i, error.where);
        return std::unexpected(std::move(error));
      }
      decision.annotation = std::move(*read);
    }
    result.push_back(std::move(decision));
  }
  return result;
}

std::expected<std::vector<OutcomeLabel>, std::vector<Violation>> outcome_of(
    const OutcomeInput& input) {
  return Outcome(input).run();
}

}  // namespace consilium::service
