#include "service/intake/dicom_inbox.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom/image_description.hpp"
#include "format/dicom_write/part10.hpp"
#include "service/intake/prepared.hpp"
#include "service/prelabel/object_labels.hpp"
#include "storage/catalog.hpp"
#include "storage/received_objects.hpp"
#include "storage/waiting_objects.hpp"

namespace consilium::service {
namespace {

// A batch that never ends (a device that keeps its association open for days) is cut here.
constexpr std::int64_t batch_size_max = 2000;

// The same dataset in the same syntax; files differ in who wrote their head.
Result<bool> is_same(storage::Store& store, const PatientId& patient,
                     const storage::ObjectRef& stored, const NetworkObject& object) {
  const Bytes file = CSL_TRY(store.objects().get(patient, stored));
  const DicomFile kept = CSL_TRY(read_dicom(file, {.stops_at_pixel_data = true}));
  const ByteView dataset = ByteView(file).subspan(kept.dataset_offset);
  return kept.transfer_syntax_uid == object.transfer_syntax_uid &&
         std::ranges::equal(dataset, object.dataset);
}

// Whether what is there under its UID (one or several, or none) is all of other content.
template <class Rows>
Result<bool> is_other(storage::Store& store, const Rows& stored, const NetworkObject& object) {
  bool is_there = false;
  for (const auto& row : stored) {
    if (CSL_TRY(is_same(store, row.patient, row.object, object))) return false;
    is_there = true;
  }
  return is_there;
}

bool is_whole(storage::Store& store, const PatientId& patient, const storage::ObjectRef& object,
              const std::string& content) {
  const auto bytes = store.objects().get(patient, object);
  return bytes && content_name(store, sha256(*bytes)) == content;
}

template <class Row>
Commitment state_of(storage::Store& store, const Row& row, std::string_view sop_class_uid) {
  if (row.sop_class_uid != sop_class_uid) return Commitment::OtherClass;
  return is_whole(store, row.patient, row.object, row.content) ? Commitment::Safe
                                                               : Commitment::Damaged;
}

// What an import would refuse is refused here already.
Status check_object(const NetworkObject& object, ByteView file) {
  const DicomFile dicom = CSL_TRY(read_dicom(file));
  if (dicom.dataset.ascii(tags::sop_instance_uid) != object.sop_instance_uid ||
      dicom.dataset.ascii(tags::sop_class_uid) != object.sop_class_uid) {
    return fail(ErrorCode::InvalidInput, "the object's UIDs are not those of the command");
  }
  // Labels are read when their images are in: all of a batch first.
  if (!is_label_object(dicom)) CSL_TRY(describe_image(dicom));
  return {};
}

}  // namespace

Status DicomInbox::add(Batch& batch, const NetworkObject& object) {
  const Bytes head = CSL_TRY(
      part10_head(object.sop_class_uid, object.sop_instance_uid, object.transfer_syntax_uid));
  const auto reader = CSL_TRY(tools_.store.read());
  const auto stored = CSL_TRY(storage::instance_of_uid(*reader, object.sop_instance_uid));
  if (stored && CSL_TRY(is_same(tools_.store, stored->patient, stored->object, object))) return {};
  const std::string& uid = object.sop_instance_uid;
  std::vector<storage::ReceivedObjectRow> received;
  if (auto row = CSL_TRY(storage::find_received_object(*reader, batch.project, uid))) {
    received.push_back(std::move(*row));
  }
  const auto waiting = CSL_TRY(storage::waiting_objects_of_uid(*reader, batch.project, uid));
  if (stored || CSL_TRY(is_other(tools_.store, received, object)) ||
      CSL_TRY(is_other(tools_.store, waiting, object))) {
    return fail(ErrorCode::Conflict, "the instance is there already, with other content");
  }
  // The reader wants head and dataset in one piece; only this copy is parsed.
  Bytes file;
  file.reserve(head.size() + object.dataset.size());
  file.insert(file.end(), head.begin(), head.end());
  file.insert(file.end(), object.dataset.begin(), object.dataset.end());
  CSL_TRY(check_object(object, file));
  if (batch.object_count >= batch_size_max) CSL_TRY(flush(batch));
  if (!batch.import) {
    const auto id = make_id<ImportId>(tools_.clock, tools_.random);
    CSL_TRY(imports_.begin(batch.access, batch.project, id, "", ""));
    batch.import = id;
  }
  CSL_TRY(imports_.keep(*batch.import, batch.object_count + 1, file, {}));
  ++batch.object_count;
  return {};
}

Status DicomInbox::flush(Batch& batch) {
  if (!batch.import) return {};
  CSL_TRY(finish(batch.access, batch.project, *batch.import));
  batch.import.reset();
  batch.object_count = 0;
  return {};
}

Status DicomInbox::finish(const Access& access, const ProjectId& project, const ImportId& id) {
  CSL_TRY(imports_.finish(access, project, id));
  const std::scoped_lock lock(mutex_);
  running_.insert(id);
  return {};
}

Result<bool> DicomInbox::is_settled() {
  const auto reader = CSL_TRY(tools_.store.read());
  const std::scoped_lock lock(mutex_);
  for (auto at = running_.begin(); at != running_.end();) {
    const storage::ImportRow row = CSL_TRY(storage::find_import(*reader, *at));
    at = row.state == "running" ? std::next(at) : running_.erase(at);
  }
  return running_.empty();
}

Result<Commitment> DicomInbox::check(std::string_view sop_class_uid,
                                     std::string_view sop_instance_uid) {
  const auto reader = CSL_TRY(tools_.store.read());
  const auto stored = CSL_TRY(storage::instance_of_uid(*reader, sop_instance_uid));
  if (stored) return state_of(tools_.store, *stored, sop_class_uid);
  const auto labels = CSL_TRY(storage::any_received_object(*reader, sop_instance_uid));
  if (labels) return state_of(tools_.store, *labels, sop_class_uid);
  const auto waiting = CSL_TRY(storage::any_waiting_object(*reader, sop_instance_uid));
  if (waiting) return state_of(tools_.store, *waiting, sop_class_uid);
  return Commitment::NotThere;
}

Status DicomInbox::resume() {
  Access access = operator_access();
  access.origin = "resumed at start";
  const auto reader = CSL_TRY(tools_.store.read());
  // Uploads of a browser are a person's and go on when that person does.
  for (const storage::ImportRow& row :
       CSL_TRY(storage::imports_receiving(*reader, actor_of(access).person))) {
    CSL_TRY(finish(access, row.project, row.id));
  }
  return {};
}

}  // namespace consilium::service
