// What the two ways to an adjudication share: decisions on differences (adjudicate.cpp) and a draft
// that is drawn in the workspace (draft.cpp). Used inside this module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/review/outcome.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {

// Who writes on which item.
struct AdjudicatorWrite {
  const Access& access;
  storage::ItemRow item;
  TaskId new_task;            // when they have none yet
  std::int64_t lease_ms = 0;  // how long a task that is opened is theirs without a sign of them
};

// Of a task of the stage "adjudicate".
[[nodiscard]] storage::EventDraft task_event(std::string type, const storage::ItemRow& item,
                                             const TaskId& task, const RaterId& rater);

// The person's labels under an adjudication, drafts included.
[[nodiscard]] Result<std::vector<storage::AnnotationRow>> adjudicated_rows(
    const storage::Reader& reader, const ItemId& item, const RaterId& rater);

// Another adjudicator's word gives way: their labels are retracted, their place is free.
[[nodiscard]] Status replace_former(storage::Transaction& transaction,
                                    const AdjudicatorWrite& write,
                                    const storage::AdjudicationRow& former);
// The adjudicator's task, open for what follows; `reason` is why it is opened again. A new one
// holds `place`, or none.
[[nodiscard]] Result<TaskId> open_own_task(storage::Transaction& transaction,
                                           const AdjudicatorWrite& write, const std::string& reason,
                                           std::optional<std::int64_t> place);
// The adjudicator's labels made exactly these.
[[nodiscard]] Status write_labels(storage::Transaction& transaction, const AdjudicatorWrite& write,
                                  const TaskId& task, std::span<const PreparedAnnotation> labels);

struct Adjudicated {
  std::string reason;
  bool gold = false;
  std::string decisions;  // canonical JSON
  std::string rests_on;
  std::optional<double> duration_s;
  std::int64_t revision = 1;
};
// The task submitted and the item adjudicated.
[[nodiscard]] Status append_adjudicated(storage::Transaction& transaction,
                                        const AdjudicatorWrite& write, const TaskId& task,
                                        const Adjudicated& adjudicated);

// Errors: Conflict, naming who is at it, when somebody has a draft in work on the item.
[[nodiscard]] Status no_draft_in_work(const storage::Reader& reader, const ItemId& item,
                                      const RaterId& rater);
// Errors: Conflict when the opinions are not those of `rests_on` any more, or a mask that is to be
// written was drawn on.
[[nodiscard]] Status opinions_unchanged(const storage::Reader& reader, const ItemId& item,
                                        const RaterId& rater, const std::string& rests_on,
                                        std::span<const MaskCopy> masks);

// Where a label came from, for a violation's path.
[[nodiscard]] std::string path_of(const OutcomeLabel& label);
// Each label as one that may be written at `stage`, and on submission all of them together.
[[nodiscard]] Answer<std::vector<PreparedAnnotation>> prepare_labels(
    const AnnotationWriter& writer, const storage::Reader& reader, ProtocolCache& protocols,
    const Protocol& present, const std::vector<OutcomeLabel>& labels, Stage stage);

// The adjudicator's masks made what was decided, on every grid that has or had some: `base`'s layer
// by layer as they are where it is given, else each label's segment in a layer of its own.
[[nodiscard]] Result<std::vector<MaskCopy>> copy_masks(
    storage::Store& store, const storage::Reader& reader, const storage::ItemRow& item,
    const RaterId& rater, std::span<const OutcomeLabel> labels, const std::optional<RaterId>& base,
    const Clock& clock, Random& random);

}  // namespace consilium::service
