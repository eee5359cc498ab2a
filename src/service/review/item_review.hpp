// One item under review: its opinions by their keys, what they differ in, and what was decided.
// Used inside this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/annotation/rater_names.hpp"
#include "service/panel/opinions.hpp"
#include "service/review/differences.hpp"
#include "service/review/outcome.hpp"
#include "service/review/posteriors.hpp"
#include "storage/adjudication_drafts.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {

struct ItemReview {
  std::shared_ptr<const KnownProtocol> protocol;
  ReadItem read;
  RaterNames names;
  std::vector<const Opinion*> opinions;  // of those who submitted, by key; they point into `read`
  std::vector<std::string> keys;
  std::vector<Difference> differences;  // point into `read`
  std::optional<storage::AdjudicationRow> adjudication;
  std::optional<storage::AdjudicationDraftRow> draft;
  std::map<std::string, std::string> decisions;  // difference id -> Decision as it was sent, JSON

  // The decision on a difference, if there is one that still holds.
  [[nodiscard]] const std::string* settled(const Difference& difference) const;
};

// Choices have the panel's posteriors where `posteriors` is given and knows them, else the shares
// of the opinions. Errors: NotFound; Conflict when the project has no protocol.
[[nodiscard]] Result<ItemReview> load_review(storage::Store& store, const storage::Reader& reader,
                                             ProtocolCache& protocols, const Posteriors* posteriors,
                                             const Access& access, const ProjectId& project,
                                             const ItemId& item);

// The submitted annotations that are opinions, in the order of their ids.
[[nodiscard]] Result<std::vector<storage::AnnotationRow>> opinion_rows(
    const storage::Reader& reader, const ItemId& item);
// ["annotation id@revision"...] of the opinions, as the event keeps it.
[[nodiscard]] Result<std::string> rests_on(const storage::Reader& reader, const ItemId& item);

// A short name of what `rests_on` says: two of them are the same while no opinion changed.
[[nodiscard]] std::string opinions_revision(const std::string& rests_on);

// The review's part of what outcome_of is asked; it points into `review` and `decisions`.
[[nodiscard]] OutcomeInput outcome_input(const ItemReview& review, const RaterId& adjudicator,
                                         std::span<const Decision> decisions);

// Why this person may not adjudicate the item now: Forbidden or Conflict; ok when they may.
[[nodiscard]] Status may_adjudicate(const Access& access, const storage::Reader& reader,
                                    const ProjectId& project, const ItemId& item);

// AdjudicationDraft as the API shows it to this person, or null.
[[nodiscard]] Result<boost::json::value> draft_json(const storage::Reader& reader,
                                                    const Access& access, const ProjectId& project,
                                                    const ItemReview& review);

// ItemOpinions, as the API shows it.
[[nodiscard]] Result<boost::json::object> opinions_json(const storage::Reader& reader,
                                                        const Access& access,
                                                        const ProjectId& project,
                                                        const ItemReview& review);

}  // namespace consilium::service
