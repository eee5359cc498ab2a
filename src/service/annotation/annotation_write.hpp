// One rater's writes on one item: what can be checked before the store's writer is asked (shape,
// protocol, places), and what only it can decide (revision, task, who was first).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/label/annotation.hpp"
#include "domain/protocol/validate_annotation.hpp"
#include "domain/text/canonical_text.hpp"
#include "service/annotation/annotations.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"

namespace consilium::service {

struct PreparedAnnotation {
  Annotation body;
  std::string canonical;  // RFC 8785 of the body
  std::string protocol_hash;
  std::optional<std::string> surface;  // what spans quote
  std::optional<std::int64_t> if_match;
};

// Those who write labels on an item: its readers, and its adjudicator while a draft is in work.
inline constexpr Roles writing_roles{Role::Rater, Role::Adjudicator};

enum class WriteOutcome { Created, Replaced, Unchanged, LostRace };

class AnnotationWriter {
 public:
  AnnotationWriter(storage::Store& store, ProtocolCache& protocols, const Access& access,
                   const ProjectId& project, const ItemId& item, AnswerCheck check = {})
      : store_(store),
        protocols_(protocols),
        access_(access),
        project_(project),
        item_id_(item),
        check_(std::move(check)) {}

  // Rights, the item and what its labels can refer to. Errors: NotFound, Forbidden.
  [[nodiscard]] Status open(Roles roles = writing_roles);
  // Errors: InvalidInput, with violations.
  [[nodiscard]] Answer<PreparedAnnotation> prepare(const PutAnnotation& put) const;
  // In the writer. Repeating a write changes nothing. Errors: Conflict when the rater's task is not
  // open or the id is another's.
  [[nodiscard]] Result<WriteOutcome> apply(storage::Transaction& transaction,
                                           const PreparedAnnotation& prepared) const;
  [[nodiscard]] Result<WriteOutcome> retract(storage::Transaction& transaction,
                                             const AnnotationId& id,
                                             std::optional<std::int64_t> if_match) const;

  // Once open.
  [[nodiscard]] const storage::ItemRow& item() const { return item_; }
  [[nodiscard]] const ItemFacts& facts() const { return facts_; }

 private:
  [[nodiscard]] Status check_places(const Annotation& body) const;
  [[nodiscard]] Status check_image(const SeriesId& series, const std::string& instance_uid,
                                   std::uint32_t frame_index) const;

  storage::Store& store_;
  ProtocolCache& protocols_;
  const Access& access_;
  ProjectId project_;
  ItemId item_id_;
  AnswerCheck check_;
  std::unique_ptr<storage::Reader> reader_;
  storage::ItemRow item_;
  ItemFacts facts_;
  std::optional<CanonicalText> text_;  // of a note
};

// An event of the item, without fields yet.
[[nodiscard]] storage::EventDraft item_event(std::string type, const storage::ItemRow& item);

// The event that makes this body the annotation's revision `revision`, and the one that retracts
// it.
[[nodiscard]] storage::EventDraft revision_event(const PreparedAnnotation& prepared,
                                                 const storage::ItemRow& item, const RaterId& rater,
                                                 const TaskId& task, std::int64_t revision);
[[nodiscard]] storage::EventDraft retraction_event(const AnnotationId& id,
                                                   const storage::ItemRow& item,
                                                   std::int64_t revision);

// The person's open task on the item: their draft of an adjudication, else their reading. Errors:
// Conflict when there is none, or it was submitted; Forbidden without the role that the task is of.
[[nodiscard]] Result<TaskId> open_task(const storage::Reader& reader, const Access& access,
                                       const ProjectId& project, const ItemId& item);

}  // namespace consilium::service
