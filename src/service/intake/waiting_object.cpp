#include "service/intake/waiting_object.hpp"

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/identity.hpp"
#include "service/intake/image_intake.hpp"
#include "service/intake/received_object.hpp"
#include "service/prelabel/object_labels.hpp"
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

// Of labels the patient of their study, else the one whom the object names.
Result<Owner> owner_of(const IntakeTools& tools, const DicomFile& file, bool is_image) {
  if (!is_image) {
    if (const auto study = CSL_TRY(study_of_object(tools, file))) {
      return Owner{.patient = {.patient = study->patient, .pseudonym = {}}, .shift_if_new = {}};
    }
  }
  const DicomSplit split = split_identity(file.dataset);
  const auto found = CSL_TRY(tools.store.vault().find_or_add(identity_of_dicom(split.identity)));
  return Owner{
      .patient = found.entry,
      .shift_if_new = CSL_TRY(tools.shifts->of(tools.store, found.entry.patient, tools.random))};
}

std::unexpected<Error> other_content() {
  return fail(ErrorCode::Conflict, "an object with this UID is there, with other content", "",
              "find out which of the two is right; the first one was kept");
}

// Nobody was promised to have it kept: then the first of a UID is the one.
Status check_uid(const Transaction& transaction, const WaitingObjectRow& row) {
  const auto received =
      CSL_TRY(storage::find_received_object(transaction, row.project, row.sop_uid));
  if (received && received->content != row.content) return other_content();
  for (const WaitingObjectRow& waiting :
       CSL_TRY(storage::waiting_objects_of_uid(transaction, row.project, row.sop_uid))) {
    if (waiting.content != row.content) return other_content();
  }
  return {};
}

Result<Committed> commit_waiting(Transaction& transaction, const WaitingObjectRow& row,
                                 const Owner& owner, const WaitingFrom& from) {
  if (!from.was_acknowledged) CSL_TRY(check_uid(transaction, row));
  const auto received =
      CSL_TRY(storage::find_received_object(transaction, row.project, row.sop_uid));
  const auto waiting =
      CSL_TRY(storage::waiting_object_of_content(transaction, row.project, row.content));
  Committed committed;
  committed.is_duplicate =
      (received && received->content == row.content) || (waiting && !from.was_acknowledged);
  if (committed.is_duplicate) return committed;
  if (owner.shift_if_new) {
    CSL_TRY(ensure_patient(transaction, owner.patient, *owner.shift_if_new));
  }
  LabelMap names = from.names;
  if (waiting) {
    // It was tried again: the import that tried last tells why.
    names.merge(names_of(transaction, *waiting));
    CSL_TRY(transaction.append(taken_in_event(*waiting)));
  }
  CSL_TRY(transaction.append(waits_event(row, names)));
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

bool may_wait(const Error& why) { return why.code == ErrorCode::NotFound; }

Error waiting_error(Error why, bool is_image) {
  std::string next = "it is kept, and tried again when images come; send it anew where it is wrong";
  if (is_image) next = "it is kept as it came: try it again when the cause is gone, or discard it";
  if (!is_image && may_wait(why)) {
    why.remedy = "import its images: it is kept, and taken in when they are here";
  } else if (!why.remedy.ends_with(next)) {
    why.remedy += (why.remedy.empty() ? "" : "; ") + next;
  }
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
                       .received_at = {},
                       .is_image = false,
                       .names = {}};
  if (row.sop_uid.empty()) {
    return fail(ErrorCode::Corrupt, "the object lacks its instance UID", "",
                "export it again from its tool");
  }
  row.is_image = !is_label_object(file);
  row.modality = row.is_image ? std::string(file.dataset.ascii(tags::modality))
                              : std::string(modality_of_labels(row.sop_class_uid));
  const Owner owner = CSL_TRY(owner_of(tools, file, row.is_image));
  row.patient = owner.patient.patient;
  row.object = CSL_TRY(tools.store.objects().put(row.patient, bytes)).object;
  Prepared prepared;
  prepared.objects.push_back(row.object);
  prepared.commit = [row = std::move(row), owner, from](Transaction& transaction) {
    return commit_waiting(transaction, row, owner, from);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

LabelMap names_of(const storage::Reader& reader, const WaitingObjectRow& row) {
  if (row.names.empty()) return {};
  const auto text = reader.open_sealed(row.patient, row.names);
  if (!text) return {};  // the patient was erased
  return read_label_map_text(*text).value_or(LabelMap{});
}

EventDraft waits_event(const WaitingObjectRow& row, const LabelMap& names) {
  EventDraft event = event_of("object.waits", row);
  event.fields.set("sop_class_uid", row.sop_class_uid)
      .set("modality", row.modality)
      .set("content", row.content)
      .set("object", row.object.name)
      .set("object_size", static_cast<std::int64_t>(row.object.size_bytes))
      .set("code", row.code)
      .set("what", row.what)
      .set("place", row.place)
      .set("remedy", row.remedy)
      .set("is_image", row.is_image);
  // A name in a file of labels may be anybody's.
  if (!names.empty()) event.fields.set("names", storage::PatientText{label_map_text(names)});
  return event;
}

EventDraft taken_in_event(const WaitingObjectRow& row) { return event_of("object.taken_in", row); }

EventDraft discarded_event(const WaitingObjectRow& row) {
  return event_of("object.discarded", row);
}

}  // namespace consilium::service
