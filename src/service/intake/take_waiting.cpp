#include "service/intake/take_waiting.hpp"

#include <algorithm>

#include "service/intake/waiting_object.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Transaction;
using storage::WaitingObjectRow;

namespace {

// As the import that brought it would have told it.
EventDraft refusal_event(const WaitingObjectRow& row, const Error& error) {
  EventDraft event{.type = "import.refused",
                   .project = row.project,
                   .item = std::nullopt,
                   .patient = std::nullopt,
                   .fields = {}};
  event.fields.set("import_id", row.import)
      .set("file_number", row.file_number)
      .set("code", std::string(name_of(error.code)))
      .set("what", error.what)
      .set("place", error.where)
      .set("remedy", error.remedy);
  return event;
}

class Waiting {
 public:
  Waiting(const IntakeTools& tools, const Access& access, LabelIntake& intake,
          const LabelMap& names, const std::function<Status(Prepared)>& commit)
      : tools_(tools), access_(access), intake_(intake), names_(names), commit_(commit) {}

  Status take(const WaitingObjectRow& row) {
    if (row.is_image) return end_if_here(row);
    LabelMap names = names_of(*CSL_TRY(tools_.store.read()), row);
    if (names.empty()) return take_by(intake_, row);
    // What was said of its own names goes before what this import says of its.
    names.insert(names_.begin(), names_.end());
    LabelIntake intake(tools_, names);
    CSL_TRY(take_by(intake, row));
    intake_.count_labels(intake.labels_added());
    return {};
  }

 private:
  // An image that was refused may have come another way, or was tried again.
  Status end_if_here(const WaitingObjectRow& row) {
    const auto reader = CSL_TRY(tools_.store.read());
    if (!CSL_TRY(storage::owner_of_content(*reader, row.content))) return {};
    return write([&](Transaction& transaction) { return transaction.append(taken_in_event(row)); });
  }

  Status take_by(LabelIntake& intake, const WaitingObjectRow& row) {
    const auto bytes = tools_.store.objects().get(row.patient, row.object);
    if (!bytes) return {};  // of a patient who was erased, or damaged: scrub tells of that
    Status committed;
    const PreparedSink sink = [&](Prepared prepared) {
      committed = commit_(std::move(prepared));
      return committed.has_value();
    };
    const auto left_out = intake.take_object(*bytes, MissingImages::Refused, sink);
    CSL_TRY(std::move(committed));
    if (!left_out) return go_on(row, left_out.error());
    return write([&](Transaction& transaction) -> Status {
      CSL_TRY(transaction.append(taken_in_event(row)));
      if (!*left_out) return {};
      return transaction.append(refusal_event(row, **left_out));
    });
  }

  // Why it waits may have become another reason. A failure of the machine's is none.
  Status go_on(WaitingObjectRow row, const Error& why) {
    if (exit_code(why.code) != 1) return std::unexpected(why);
    const Error told = waiting_error(why, false);
    if (told.what == row.what && told.where == row.place) return {};
    row.code = name_of(told.code);
    row.what = told.what;
    row.place = told.where;
    row.remedy = told.remedy;
    return write(
        [&](Transaction& transaction) { return transaction.append(waits_event(row, {})); });
  }

  Status write(const std::function<Status(Transaction&)>& change) {
    CSL_TRY(tools_.store.write(actor_of(access_), change));
    return {};
  }

  const IntakeTools& tools_;
  const Access& access_;
  LabelIntake& intake_;
  const LabelMap& names_;
  const std::function<Status(Prepared)>& commit_;
};

}  // namespace

Status take_waiting(const IntakeTools& tools, const Access& access, LabelIntake& intake,
                    const LabelMap& names, const std::function<Status(Prepared)>& commit,
                    const std::stop_token& stop) {
  std::vector<WaitingObjectRow> rows;
  {
    const auto reader = CSL_TRY(tools.store.read());
    rows = CSL_TRY(storage::waiting_objects(*reader, tools.project));
  }
  // Reports last: they say more of what segmentations bring.
  std::ranges::stable_partition(rows,
                                [](const WaitingObjectRow& row) { return row.modality != "SR"; });
  Waiting waiting(tools, access, intake, names, commit);
  for (const WaitingObjectRow& row : rows) {
    if (stop.stop_requested()) return {};  // they are tried again when the import goes on
    CSL_TRY(waiting.take(row));
  }
  return {};
}

Status end_waiting(const IntakeTools& tools, const Access& access, const std::string& content) {
  const auto reader = CSL_TRY(tools.store.read());
  const auto row = CSL_TRY(storage::waiting_object_of_content(*reader, tools.project, content));
  if (!row) return {};
  CSL_TRY(tools.store.write(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(taken_in_event(*row));
  }));
  return {};
}

}  // namespace consilium::service
