// Review and adjudication: in what the opinions on an item differ, and whose word stands.
//
// Whoever reads others' opinions does so as blinding allows (service/annotation/blinding.hpp), by
// an accountable read with the purpose "review", and without the readers' names until the item is
// adjudicated (service/annotation/rater_names.hpp). Nobody adjudicates an item that they read
// themselves, nor before all readers who are wanted have submitted.
//
// An adjudication is one transaction: a task of the stage "adjudicate", the labels that stand as
// annotations of the adjudicator, and the event `item.adjudicated` with person, reason, decisions,
// the opinions that were weighed and whether the outcome serves as gold. It may be repeated;
// deciding otherwise later, with a reason, makes new revisions; another adjudicator's word replaces
// it.
//
// It may also be drawn: the item opens in its workspace on a copy of an opinion, of what stands, or
// of what the decisions come to. That draft is an open task of the stage "adjudicate", at most one
// on an item; labels and masks are written to it as to any reading, and count for nothing until it
// is submitted. Until then a word that the same person spoke before is kept and comes back when the
// draft is discarded.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"

namespace consilium::service {

class Items;

class Review {
 public:
  Review(storage::Store& store, Items& items, const Clock& clock, Random& random);
  ~Review();

  // The items that the protocol's adjudication rule names, those that are open before those that
  // are settled, most doubtful first. Where the rule is "never" a lead sees those with
  // disagreement, others none. {"items": [ReviewRow...], "next_cursor", "total"}
  // Cost: the first time the comparison of every item's opinions; then of those that changed.
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project,
                                                 const std::string& cursor, std::int64_t limit);
  // ItemOpinions. Errors: Forbidden while the person holds an open blinded read of the item.
  [[nodiscard]] Result<boost::json::object> opinions(const Access& access, const ProjectId& project,
                                                     const ItemId& item);
  // `request` is an AdjudicationRequest. Errors: Forbidden to one who read the item; Conflict when
  // readers are missing or an opinion changed meanwhile; InvalidInput with violations, also when
  // the protocol forbids what was decided.
  [[nodiscard]] Answer<boost::json::object> adjudicate(const Access& access,
                                                       const ProjectId& project, const ItemId& item,
                                                       const boost::json::object& request);

  // Begins a draft; `request` is an AdjudicationDraftRequest. Gives an AdjudicationDraft; one's own
  // draft again when it was begun from the same. Errors: those of `adjudicate`; Conflict when
  // somebody has a draft in work; TooLarge past 65,536 bricks of a mask.
  [[nodiscard]] Answer<boost::json::object> begin_draft(const Access& access,
                                                        const ProjectId& project,
                                                        const ItemId& item,
                                                        const boost::json::object& request);
  // Gives up one's own draft, or another's whose lease ran out. Errors: Conflict while they are at
  // it; those of `opinions`, which it answers.
  [[nodiscard]] Result<boost::json::object> discard_draft(const Access& access,
                                                          const ProjectId& project,
                                                          const ItemId& item);
  // The draft is the last word; `request` is an AdjudicationDraftSubmission. Gives ItemOpinions.
  // Errors: InvalidInput with violations; Conflict without a draft, or when an opinion changed
  // since `opinions_revision`.
  [[nodiscard]] Answer<boost::json::object> submit_draft(const Access& access,
                                                         const ProjectId& project,
                                                         const ItemId& item,
                                                         const boost::json::object& request);

 private:
  struct State;

  storage::Store& store_;
  Items& items_;
  const Clock& clock_;
  Random& random_;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
