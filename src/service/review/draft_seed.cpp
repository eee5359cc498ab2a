#include "service/review/draft_seed.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

namespace consilium::service {
namespace json = boost::json;

namespace {

using Slots = std::map<AnnotationId, std::string>;

Slots slots_of_opinions(const ItemReview& review) {
  Slots slots;
  for (const Difference& difference : review.differences) {
    for (const DifferenceChoice& choice : difference.choices) {
      for (const Said& said : choice.said) {
        if (said.annotation != nullptr) slots.emplace(said.annotation->id, difference.id);
      }
    }
  }
  return slots;
}

Slots slots_of_standing(const ItemReview& review, const RaterId& adjudicator) {
  Slots slots;
  for (const Difference& difference : review.differences) {
    slots.emplace(outcome_id(review.read.row.id, adjudicator, difference.id), difference.id);
  }
  return slots;
}

// Copies with the adjudicator's ids; relations, events and chains join the copies.
std::vector<OutcomeLabel> copies_of(const std::vector<Annotation>& annotations, const Slots& slots,
                                    const ItemId& item, const RaterId& adjudicator) {
  std::vector<OutcomeLabel> labels;
  std::map<AnnotationId, AnnotationId> became;
  std::set<AnnotationId> used;
  for (const Annotation& annotation : annotations) {
    const auto slot = slots.find(annotation.id);
    std::string name = "copy " + to_string(annotation.id);
    if (const auto vote = whole_vote_slot(annotation)) {
      name = *vote;
    } else if (slot != slots.end()) {
      name = slot->second;
    }
    AnnotationId id = outcome_id(item, adjudicator, name);
    if (!used.insert(id).second) {
      id = outcome_id(item, adjudicator, "copy " + to_string(annotation.id));
    }
    became[annotation.id] = id;
    labels.push_back({.body = annotation, .decision = {}, .voxels = {}});
    labels.back().body.id = id;
  }
  for (OutcomeLabel& label : labels) {
    label.body.target = rejoined(std::move(label.body.target), became);
  }
  return labels;
}

Answer<DraftSeed> seed_of_standing(const ItemReview& review, const RaterId& adjudicator) {
  if (!review.adjudication || !review.read.truth) {
    return fail(ErrorCode::NotFound, "the item is not adjudicated", "/from",
                "begin from an opinion or from decisions");
  }
  const Opinion& standing = *review.read.truth;
  DraftSeed seed{.name = "standing", .labels = {}, .base = standing.rater.id};
  if (standing.rater.id == adjudicator) {
    for (const Annotation& annotation : standing.annotations) {
      seed.labels.push_back({.body = annotation, .decision = {}, .voxels = {}});
    }
  } else {
    seed.labels = copies_of(standing.annotations, slots_of_standing(review, standing.rater.id),
                            review.read.row.id, adjudicator);
  }
  return seed;
}

Answer<DraftSeed> seed_of_opinion(std::string name, const ItemReview& review,
                                  const RaterId& adjudicator) {
  const auto key = std::ranges::find(review.keys, name.substr(name.find(' ') + 1));
  if (key == review.keys.end()) {
    return fail(ErrorCode::NotFound, "there is no such opinion on the item", "/opinion",
                "name one of the keys that the item's opinions have");
  }
  const Opinion& opinion = *review.opinions[static_cast<std::size_t>(key - review.keys.begin())];
  return DraftSeed{.name = std::move(name),
                   .labels = copies_of(opinion.annotations, slots_of_opinions(review),
                                       review.read.row.id, adjudicator),
                   .base = opinion.rater.id};
}

}  // namespace

Result<std::string> seed_name(const json::object& request) {
  const std::string from(request.at("from").as_string());
  if (from != "opinion") return from;
  const json::value* key = request.if_contains("opinion");
  if (key == nullptr || !key->is_string()) {
    return fail(ErrorCode::InvalidInput, "it is not said which opinion", "/opinion",
                "send its key: A, B, C");
  }
  return "opinion " + std::string(key->as_string());
}

Answer<DraftSeed> read_seed(const json::object& request, const ItemReview& review,
                            const RaterId& adjudicator) {
  std::string name = CSL_TRY(seed_name(request));
  if (name == "standing") return seed_of_standing(review, adjudicator);
  if (name != "decisions") return seed_of_opinion(std::move(name), review, adjudicator);
  const json::value* list = request.if_contains("decisions");
  if (list == nullptr || !list->is_array()) {
    return fail(ErrorCode::InvalidInput, "there are no decisions", "/decisions",
                "send one for each difference that is not agreed");
  }
  const auto decisions = CSL_TRY(read_decisions(list->as_array()));
  auto outcome = outcome_of(outcome_input(review, adjudicator, decisions));
  if (!outcome) return refuse(std::move(outcome).error());
  return DraftSeed{.name = std::move(name), .labels = std::move(*outcome), .base = {}};
}

}  // namespace consilium::service
