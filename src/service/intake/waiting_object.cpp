#include "service/intake/waiting_object.hpp"

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/identity.hpp"
#include "service/intake/image_intake.hpp"
#include "service/intake/received_object.hpp"
#include "storage/catalog.hpp"
#include "storage/received_objects.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Transaction;
using storage::WaitingObjectRow;

namespace {

struct Owner {
  storage::VaultEntry patient;
  // By how many days the dates of a patient who is not in the catalog yet will be shifted.
  std::optional<std::int64_t> shift_if_new;
};

// The patient of its study, else the one whom it names.
Result<Owner> owner_of(const IntakeTools& tools, const DicomFile& file) {
  if (const auto study = CSL_TRY(study_of_object(tools, file))) {
    return Owner{.patient = {.patient = study->patient, .pseudonym = {}}, .shift_if_new = {}};
  }
  const DicomSplit split = split_identity(file.dataset);
  const auto found = CSL_TRY(tools.store.vault().find_or_add(identity_of_dicom(split.identity)));
  return Owner{
      .patient = found.entry,
      .shift_if_new = CSL_TRY(tools.shifts->of(tools.store, found.entry.patient, tools.random))};
}

Result<Committed> commit_waiting(Transaction& transaction, const WaitingObjectRow& row,
                                 const Owner& owner) {
  const auto received =
      CSL_TRY(storage::find_received_object(transaction, row.project, row.sop_uid));
  const auto waiting = CSL_TRY(storage::find_waiting_object(transaction, row.project, row.sop_uid));
  if ((received && received->content != row.content) ||
      (waiting && waiting->content != row.content)) {
    return fail(ErrorCode::Conflict, "an object with this UID is there, with other content", "",
                "find out which of the two is right; the first one was kept");
  }
  Committed committed;
  committed.is_duplicate = received || waiting;
  if (committed.is_duplicate) return committed;
  if (owner.shift_if_new) {
    CSL_TRY(ensure_patient(transaction, owner.patient, *owner.shift_if_new));
  }
  CSL_TRY(transaction.append(waits_event(row)));
  return committed;
}

EventDraft event_of(std::string type, const WaitingObjectRow& row) {
  EventDraft event{.type = std::move(type),
                   .project = row.project,
                   .item = std::nullopt,
                   .patient = row.patient,
                   .fields = {}};
  event.fields.set("import_id", row.import)
      .set("file_number", row.file_number)
      .set("sop_uid", row.sop_uid);
  return event;
}

}  // namespace

bool may_wait(const Error& why, bool was_acknowledged) {
  switch (why.code) {
    case ErrorCode::NotFound:
      return true;
    case ErrorCode::InvalidInput:
    case ErrorCode::Corrupt:
    case ErrorCode::Unsupported:
    case ErrorCode::TooLarge:
      return was_acknowledged;
    default:
      return false;
  }
}

Error waiting_error(Error why) {
  why.remedy = why.code == ErrorCode::NotFound
                   ? "import its images: it is kept, and taken in when they are here"
                   : "it is kept, and tried again when images come; send it anew where it is wrong";
  return why;
}

Status keep_waiting(const IntakeTools& tools, const DicomFile& file, ByteView bytes,
                    const WaitingFrom& from, const Error& why, const PreparedSink& sink) {
  WaitingObjectRow row{.project = tools.project,
                       .patient = {},
                       .import = from.import,
                       .file_number = from.file_number,
                       .sop_uid = std::string(file.dataset.ascii(tags::sop_instance_uid)),
                       .sop_class_uid = std::string(file.dataset.ascii(tags::sop_class_uid)),
                       .modality = {},
                       .content = content_name(tools.store, sha256(bytes)),
                       .object = {},
                       .code = std::string(name_of(why.code)),
                       .what = why.what,
                       .place = why.where,
                       .remedy = why.remedy,
                       .received_at = {}};
  if (row.sop_uid.empty()) {
    return fail(ErrorCode::Corrupt, "the object lacks its instance UID", "",
                "export it again from its tool");
  }
  row.modality = modality_of_labels(row.sop_class_uid);
  const Owner owner = CSL_TRY(owner_of(tools, file));
  row.patient = owner.patient.patient;
  row.object = CSL_TRY(tools.store.objects().put(row.patient, bytes)).object;
  Prepared prepared;
  prepared.objects.push_back(row.object);
  prepared.commit = [row = std::move(row), owner](Transaction& transaction) {
    return commit_waiting(transaction, row, owner);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

EventDraft waits_event(const WaitingObjectRow& row) {
  EventDraft event = event_of("object.waits", row);
  event.fields.set("sop_class_uid", row.sop_class_uid)
      .set("modality", row.modality)
      .set("content", row.content)
      .set("object", row.object.name)
      .set("object_size", static_cast<std::int64_t>(row.object.size_bytes))
      .set("code", row.code)
      .set("what", row.what)
      .set("place", row.place)
      .set("remedy", row.remedy);
  return event;
}

EventDraft taken_in_event(const WaitingObjectRow& row) { return event_of("object.taken_in", row); }

}  // namespace consilium::service
