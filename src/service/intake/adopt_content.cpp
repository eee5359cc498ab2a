#include "service/intake/adopt_content.hpp"

namespace consilium::service {
using storage::Transaction;

namespace {

// What the item shows is taken over from the item that there is.
Result<bool> adopt_source(const IntakeTools& tools, Transaction& transaction,
                          const std::string& source_id) {
  const storage::Rows rows =
      CSL_TRY(transaction.query("catalog.any_item_of_source", {{"source", source_id}}));
  if (rows.empty()) return false;
  const storage::Row& row = rows.front();
  NewItem item{.id = make_id<ItemId>(tools.clock, tools.random),
               .patient = CSL_TRY(row.id<PatientId>("patient_id")),
               .kind = row.text("kind"),
               .source_id = source_id,
               .title = row.text("title"),
               .modality = row.text("modality"),
               .date = row.text("date"),
               .preview = ""};
  item.preview = CSL_TRY(storage::opened(transaction, item.patient, row.bytes("preview")));
  return ensure_item(transaction, tools.project, item);
}

// Of the notes that a file brought.
Result<std::int64_t> adopt_notes(const IntakeTools& tools, Transaction& transaction,
                                 const std::string& content) {
  std::int64_t added = 0;
  for (const storage::Row& row :
       CSL_TRY(transaction.query("catalog.notes_of_file", {{"content", content}}))) {
    if (CSL_TRY(adopt_source(tools, transaction, row.text("note_id")))) ++added;
  }
  return added;
}

}  // namespace

Result<Committed> adopt_content(const IntakeTools& tools, Transaction& transaction,
                                const storage::ContentOwner& owner, const std::string& content,
                                std::int64_t& further_items) {
  Committed committed;
  committed.is_duplicate = true;
  if (owner.kind == "instance") {
    const storage::Rows rows =
        CSL_TRY(transaction.query("catalog.study_of_instance", {{"source", owner.source_id}}));
    if (!rows.empty()) committed.study = CSL_TRY(rows.front().id<StudyId>("study_id"));
  } else if (owner.kind == "recording") {
    committed.added_item = CSL_TRY(adopt_source(tools, transaction, owner.source_id));
  } else {
    const std::int64_t added = CSL_TRY(adopt_notes(tools, transaction, content));
    committed.added_item = added > 0;
    if (added > 1) further_items += added - 1;
  }
  return committed;
}

}  // namespace consilium::service
