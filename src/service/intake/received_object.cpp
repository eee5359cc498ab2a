#include "service/intake/received_object.hpp"

#include "base/sha256.hpp"
#include "domain/image/dicom_tags.hpp"
#include "service/access/pseudonym.hpp"
#include "storage/received_objects.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Transaction;

namespace {

std::unexpected<Error> other_content() {
  return fail(ErrorCode::Conflict, "an object with this UID is there, with other content", "",
              "find out which of the two is right; the first one was kept");
}

Result<Committed> commit_object(Transaction& transaction, const EventDraft& event,
                                const std::string& sop_uid, const std::string& content) {
  const auto stored = CSL_TRY(storage::find_received_object(transaction, *event.project, sop_uid));
  if (stored && stored->content != content) return other_content();
  if (stored) return Committed{.is_duplicate = true, .series = std::nullopt, .study = std::nullopt};
  CSL_TRY(transaction.append(event));
  return Committed{};
}

}  // namespace

std::string_view modality_of_labels(std::string_view sop_class_uid) {
  if (sop_class_uid.starts_with("1.2.840.10008.5.1.4.1.1.88.")) return "SR";
  if (sop_class_uid.starts_with("1.2.840.10008.5.1.4.1.1.11.")) return "PR";
  return sop_class_uid == "1.2.840.10008.5.1.4.1.1.481.3" ? "RTSTRUCT" : "SEG";
}

Result<std::optional<storage::StudyRow>> study_of_object(const IntakeTools& tools,
                                                         const DicomFile& file) {
  const std::string uid(file.dataset.ascii(tags::study_instance_uid));
  const auto reader = CSL_TRY(tools.store.read());
  if (auto study = CSL_TRY(storage::study_of_uid(*reader, uid))) {
    const auto item =
        CSL_TRY(storage::item_of_source(*reader, tools.project, to_string(study->id)));
    if (!item) return std::optional<storage::StudyRow>{};
    return std::optional(std::move(*study));
  }
  for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, tools.project))) {
    if (item.kind != "image") continue;
    storage::StudyRow study =
        CSL_TRY(storage::find_study(*reader, CSL_TRY(parse_id<StudyId>(item.source_id))));
    if (mapped_uid(tools.store, study.study_uid) == uid) return std::optional(std::move(study));
  }
  return std::optional<storage::StudyRow>{};
}

Status keep_received_object(const IntakeTools& tools, const DicomFile& file, ByteView bytes,
                            const storage::StudyRow& study, const PreparedSink& sink) {
  const DicomDataset& dataset = file.dataset;
  const std::string sop_uid(dataset.ascii(tags::sop_instance_uid));
  const std::string series_uid(dataset.ascii(tags::series_instance_uid));
  if (sop_uid.empty() || series_uid.empty()) {
    return fail(ErrorCode::Corrupt, "the object lacks its series or instance UID", "",
                "export it again from its tool");
  }
  const std::string content = content_name(tools.store, sha256(bytes));
  {
    const auto reader = CSL_TRY(tools.store.read());
    const auto stored = CSL_TRY(storage::find_received_object(*reader, tools.project, sop_uid));
    if (stored && stored->content != content) return other_content();
    if (stored) return {};
  }
  Prepared prepared;
  prepared.objects.push_back(CSL_TRY(tools.store.objects().put(study.patient, bytes)).object);
  const storage::ObjectRef& object = prepared.objects.front();
  EventDraft event{.type = "object.received",
                   .project = tools.project,
                   .item = std::nullopt,
                   .patient = study.patient,
                   .fields = {}};
  const std::string_view sop_class = dataset.ascii(tags::sop_class_uid);
  event.fields.set("study_id", study.id)
      .set("series_uid", series_uid)
      .set("modality", std::string(modality_of_labels(sop_class)))
      .set("sop_uid", sop_uid)
      .set("sop_class_uid", std::string(sop_class))
      .set("content", content)
      .set("object", object.name)
      .set("object_size", static_cast<std::int64_t>(object.size_bytes))
      .set("speaks_served",
           dataset.ascii(tags::study_instance_uid) == mapped_uid(tools.store, study.study_uid));
  if (const auto number = dataset.integer(tags::series_number)) {
    event.fields.set("series_number", *number);
  }
  prepared.commit = [event = std::move(event), sop_uid, content](Transaction& transaction) {
    return commit_object(transaction, event, sop_uid, content);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

}  // namespace consilium::service
