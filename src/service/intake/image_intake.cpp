#include "service/intake/image_intake.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "codec/pool.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom/frames.hpp"
#include "format/dicom_suv/suv.hpp"
#include "format/dicom_write/uid.hpp"
#include "service/dicom_metadata/metadata_form.hpp"
#include "service/intake/description_json.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Fields;
using storage::ObjectRef;
using storage::PatientText;
using storage::Transaction;

namespace {

struct ReadyFrames {
  ObjectRef object;
  std::uint64_t first_offset = 0;
};

struct ImageFacts {
  InstanceId instance;
  SeriesId new_series;
  StudyId new_study;
  storage::VaultEntry patient;
  std::int64_t shift_days = 0;  // the patient's, or the one to be
  std::string metadata;         // as DICOMweb serves it, with that shift
  DicomSplit split;
  std::string content;
  ObjectRef object;
  ReadyFrames frames;
  std::uint32_t frame_count = 1;
  std::string description;
  std::string body_part;
  std::string study_description;
  std::string series_description;
};

// Ready frames that lie in the file as they are: then the sealed file serves them, by offset.
std::optional<std::uint64_t> ready_in_file(const DicomFile& file, const ImageDescription& image) {
  if (file.pixel_data.is_encapsulated || file.inflated) return std::nullopt;
  const std::uint64_t frame_bytes = frame_size_bytes(image.ready);
  for (std::uint32_t i = 0; i < image.frame_count; ++i) {
    const auto native = native_frame(file, image, i);
    if (!native || native->size() != frame_bytes) return std::nullopt;
    const auto place = static_cast<std::uint64_t>(native->data() - file.bytes.data());
    if (place != file.pixel_data.offset + i * frame_bytes) return std::nullopt;
    const auto ready = make_ready(*native, image, i);
    if (!ready || ready->size() != frame_bytes ||
        std::memcmp(ready->data(), native->data(), frame_bytes) != 0) {
      return std::nullopt;
    }
  }
  return file.pixel_data.offset;
}

Result<Bytes> ready_frame(const IntakeTools& tools, const DicomFile& file,
                          const ImageDescription& image, std::uint32_t index) {
  if (!file.pixel_data.is_encapsulated) {
    return make_ready(CSL_TRY(native_frame(file, image, index)), image, index);
  }
  if (tools.codec == nullptr) {
    return fail(ErrorCode::Unsupported, "compressed images need the codec worker");
  }
  return tools.codec->ready_frame(file, image, index);
}

Result<ObjectRef> derive_frames(const IntakeTools& tools, const DicomFile& file,
                                const ImageDescription& image, const PatientId& patient,
                                ByteView first_frame) {
  const auto writer = CSL_TRY(tools.store.objects().begin(patient));
  CSL_TRY(writer->write(first_frame));
  for (std::uint32_t i = 1; i < image.frame_count; ++i) {
    CSL_TRY(writer->write(CSL_TRY(ready_frame(tools, file, image, i))));
  }
  return CSL_TRY(writer->finish()).object;
}

std::string fact(const DicomCatalogFacts& facts, std::string_view keyword) {
  for (const auto& [name, value] : facts.acquisition) {
    if (name == keyword) return value;
  }
  return "";
}

std::string described(const std::string& description) {
  return json::serialize(json::object{{"description", description}});
}

EventDraft source_event(std::string type, const PatientId& patient) {
  return {.type = std::move(type),
          .project = std::nullopt,
          .item = std::nullopt,
          .patient = patient,
          .fields = {}};
}

Result<StudyId> ensure_study(Transaction& transaction, const ImageFacts& facts,
                             std::int64_t shift_days) {
  const std::string& uid = facts.split.catalog.study_instance_uid;
  if (const auto stored = CSL_TRY(storage::study_of_uid(transaction, uid))) {
    if (stored->patient != facts.patient.patient) {
      return fail(ErrorCode::Conflict, "its study is there already, of another patient", "",
                  "check the patient ids of the study's files");
    }
    return stored->id;
  }
  EventDraft event = source_event("study.added", facts.patient.patient);
  const std::string& date = facts.split.dates.study_date.reveal(AuditedAccess::event_recorded());
  event.fields.set("study_id", facts.new_study)
      .set("study_uid", uid)
      .set("date", shifted_date(date, shift_days))
      .set("facts", PatientText{described(facts.study_description)});
  CSL_TRY(transaction.append(std::move(event)));
  return facts.new_study;
}

Result<SeriesId> ensure_series(Transaction& transaction, const ImageFacts& facts,
                               const StudyId& study) {
  const std::string& uid = facts.split.catalog.series_instance_uid;
  if (const auto stored = CSL_TRY(storage::series_of_uid(transaction, uid))) {
    if (stored->study != study) {
      return fail(ErrorCode::Conflict, "its series is there already, in another study", "",
                  "check the UIDs of the series' files");
    }
    return stored->id;
  }
  EventDraft event = source_event("series.added", facts.patient.patient);
  event.fields.set("series_id", facts.new_series)
      .set("study_id", study)
      .set("series_uid", uid)
      .set("modality", facts.split.catalog.modality)
      .set("body_part", facts.body_part)
      .set("facts", PatientText{described(facts.series_description)});
  if (facts.split.catalog.series_number) {
    event.fields.set("number", *facts.split.catalog.series_number);
  }
  CSL_TRY(transaction.append(std::move(event)));
  return facts.new_series;
}

Result<Committed> commit_image(Transaction& transaction, const ImageFacts& facts) {
  if (const auto owner = CSL_TRY(storage::owner_of_content(transaction, facts.content))) {
    Committed committed;
    committed.is_duplicate = true;
    return committed;
  }
  const std::string& uid = facts.split.catalog.sop_instance_uid;
  if (!CSL_TRY(transaction.query("catalog.instance_of_uid", {{"uid", uid}})).empty()) {
    return fail(ErrorCode::Conflict, "an image with this UID is there, with other content", "",
                "find out which of the two is right; the first one was kept");
  }
  const std::int64_t shift = CSL_TRY(ensure_patient(transaction, facts.patient, facts.shift_days));
  const StudyId study = CSL_TRY(ensure_study(transaction, facts, shift));
  const SeriesId series = CSL_TRY(ensure_series(transaction, facts, study));
  EventDraft event = source_event("instance.added", facts.patient.patient);
  event.fields.set("instance_id", facts.instance)
      .set("series_id", series)
      .set("sop_uid", uid)
      .set("sop_class_uid", facts.split.catalog.sop_class_uid)
      .set("content", facts.content)
      .set("object", facts.object.name)
      .set("object_size", static_cast<std::int64_t>(facts.object.size_bytes))
      .set("frames_object", facts.frames.object.name)
      .set("frames_object_size", static_cast<std::int64_t>(facts.frames.object.size_bytes))
      .set("first_frame_offset", static_cast<std::int64_t>(facts.frames.first_offset))
      .set("frame_count", std::int64_t{facts.frame_count})
      .set("description", storage::JsonText{facts.description});
  // Another import may have given the patient another shift meanwhile: DICOMweb then makes it anew.
  if (shift == facts.shift_days && !facts.metadata.empty()) {
    event.fields.set("metadata", PatientText{facts.metadata});
  }
  CSL_TRY(transaction.append(std::move(event)));
  return Committed{.is_duplicate = false, .series = series, .study = study, .added_item = false};
}

Status check_uids(const DicomCatalogFacts& facts) {
  if (facts.study_instance_uid.empty() || facts.series_instance_uid.empty() ||
      facts.sop_instance_uid.empty()) {
    return fail(ErrorCode::Corrupt, "the image lacks its study, series or instance UID", "",
                "export it again from the archive");
  }
  return {};
}

}  // namespace

storage::Identity identity_of_dicom(const DicomIdentity& identity) {
  return {.issuer = identity.issuer,
          .patient_id = identity.patient_id,
          .name = identity.name,
          .birth_date = identity.birth_date,
          .sex = identity.sex};
}

Status prepare_image(const IntakeTools& tools, ByteView bytes, const std::string& content,
                     const PreparedSink& sink) {
  const DicomFile file = CSL_TRY(read_dicom(bytes));
  const ImageDescription image = CSL_TRY(describe_image(file));
  ImageFacts facts;
  facts.split = split_identity(file.dataset);
  CSL_TRY(check_uids(facts.split.catalog));
  // A frame that does not decode refuses the file before anything of it is kept.
  const std::optional<std::uint64_t> offset = ready_in_file(file, image);
  Bytes first;
  if (!offset) first = CSL_TRY(ready_frame(tools, file, image, 0));

  facts.patient =
      CSL_TRY(tools.store.vault().find_or_add(identity_of_dicom(facts.split.identity))).entry;
  facts.content = content;
  facts.frame_count = image.frame_count;
  facts.object = CSL_TRY(tools.store.objects().put(facts.patient.patient, bytes)).object;
  if (offset) {
    facts.frames = {.object = facts.object, .first_offset = *offset};
  } else {
    auto derived = derive_frames(tools, file, image, facts.patient.patient, first);
    if (!derived) {
      static_cast<void>(tools.store.objects().discard(facts.object));
      return std::unexpected(std::move(derived).error());
    }
    facts.frames = {.object = *derived, .first_offset = 0};
  }
  facts.instance = make_id<InstanceId>(tools.clock, tools.random);
  facts.new_series = make_id<SeriesId>(tools.clock, tools.random);
  facts.new_study = make_id<StudyId>(tools.clock, tools.random);
  facts.shift_days = CSL_TRY(tools.shifts->of(tools.store, facts.patient.patient, tools.random));
  facts.metadata = make_metadata_form(
      file, dicom_pseudonym(tools.store, facts.patient.pseudonym, facts.shift_days));
  CatalogedImage cataloged{.image = image, .instance_number = facts.split.catalog.instance_number};
  if (image.modality == "PT") {
    const auto factor = suvbw_factor(file.dataset);
    if (factor) cataloged.suv_factor = *factor;
    if (!factor) cataloged.suv_refused = factor.error().what;
  }
  facts.description = description_json(cataloged);
  facts.body_part = fact(facts.split.catalog, "BodyPartExamined");
  facts.study_description = file.dataset.text(tags::study_description);
  facts.series_description = file.dataset.text(tags::series_description);

  Prepared prepared;
  prepared.objects.push_back(facts.object);
  if (!offset) prepared.objects.push_back(facts.frames.object);
  prepared.commit = [facts = std::move(facts)](Transaction& transaction) {
    return commit_image(transaction, facts);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

namespace {

// The same text gives the same UID in this store, and the UID tells nothing of the text.
std::string uid_of(storage::Store& store, std::string_view purpose, std::string_view text) {
  return uid_from_name(to_hex(store.objects().keyed_hash(purpose, bytes_of(text))));
}

bool lies_in(ByteView part, ByteView whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

std::string plain_image_uid(storage::Store& store, const std::string& content) {
  return uid_of(store, "plain image", content);
}

Status prepare_plain_image(const IntakeTools& tools, ByteView file, const PlainImage& plain,
                           const std::string& content, const PreparedSink& sink) {
  ImageFacts facts;
  // Without a name the content stands for the patient, so that the same file is the same patient's.
  storage::Identity identity;
  identity.patient_id =
      Protected<std::string>(plain.patient_id.empty() ? "file " + content : plain.patient_id);
  facts.patient = CSL_TRY(tools.store.vault().find_or_add(identity)).entry;
  const std::string place = to_string(facts.patient.patient) + "/";
  facts.split.catalog.study_instance_uid = uid_of(tools.store, "plain study", place + plain.study);
  facts.split.catalog.series_instance_uid =
      uid_of(tools.store, "plain series", place + plain.study + "/" + plain.series);
  facts.split.catalog.sop_instance_uid = plain_image_uid(tools.store, content);
  facts.split.catalog.modality = plain.image.modality;
  facts.content = content;
  facts.frame_count = plain.image.frame_count;
  facts.object = CSL_TRY(tools.store.objects().put(facts.patient.patient, file)).object;
  if (lies_in(plain.frames, file)) {
    facts.frames = {.object = facts.object,
                    .first_offset = static_cast<std::uint64_t>(plain.frames.data() - file.data())};
  } else {
    auto frames = tools.store.objects().put(facts.patient.patient, plain.frames);
    if (!frames) {
      static_cast<void>(tools.store.objects().discard(facts.object));
      return std::unexpected(std::move(frames).error());
    }
    facts.frames = {.object = frames->object, .first_offset = 0};
  }
  ImageDescription image = plain.image;
  image.frame_of_reference_uid =
      uid_of(tools.store, "plain frame of reference", place + plain.study + "/" + plain.series);
  facts.instance = make_id<InstanceId>(tools.clock, tools.random);
  facts.new_series = make_id<SeriesId>(tools.clock, tools.random);
  facts.new_study = make_id<StudyId>(tools.clock, tools.random);
  facts.shift_days = CSL_TRY(tools.shifts->of(tools.store, facts.patient.patient, tools.random));
  facts.description = description_json({.image = image, .instance_number = std::nullopt});
  Prepared prepared;
  prepared.objects.push_back(facts.object);
  if (facts.frames.object != facts.object) prepared.objects.push_back(facts.frames.object);
  prepared.commit = [facts = std::move(facts)](Transaction& transaction) {
    return commit_image(transaction, facts);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

}  // namespace consilium::service
