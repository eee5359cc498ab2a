#include "service/dicomweb/dicomweb.hpp"

#include <algorithm>
#include <map>

#include "base/sha256.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "service/dicomweb/label_objects.hpp"
#include "service/dicomweb/object_parts.hpp"
#include "service/dicomweb/open_image.hpp"
#include "service/dicomweb/place.hpp"
#include "service/dicomweb/render.hpp"
#include "service/intake/description_json.hpp"
#include "service/item/items.hpp"
#include "service/item/read_ledger.hpp"

namespace consilium::service {

namespace {

constexpr std::size_t objects_at_once_max = 20'000;

bool sees_all(const Access& access, const ProjectId& project) {
  return roles_in(access, project).has_any({Role::Reviewer, Role::Adjudicator, Role::Lead});
}

// Messages that a stop interrupted were never acknowledged: their senders send them again.
void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().starts_with("dicomweb-"))
      leftovers.push_back(entry.path());
  }
  for (const std::filesystem::path& path : leftovers) std::filesystem::remove_all(path, ignored);
}

std::unexpected<Error> no_study() {
  return fail(ErrorCode::NotFound, "there is no such study", "path study_uid",
              "search the studies: UIDs here are mapped, as in exports");
}

}  // namespace

DicomWeb::DicomWeb(ImportTools tools, Items& items, std::filesystem::path upload_folder)
    : tools_(tools),
      items_(items),
      upload_folder_(std::move(upload_folder)),
      ledger_(std::make_unique<ReadLedger>()),
      uids_(std::make_unique<UidBook>()),
      derived_(std::make_unique<DerivedSeries>(tools.store)),
      images_(std::make_shared<ImageCache>()) {
  remove_leftovers(upload_folder_);
}
DicomWeb::~DicomWeb() = default;

Result<std::vector<StudyPlace>> DicomWeb::visible_studies(const Access& access,
                                                          const DicomPath& path) {
  std::vector<ProjectId> projects;
  if (path.project) {
    CSL_TRY(require(access, *path.project, case_roles));
    projects.push_back(*path.project);
  } else {
    for (const auto& [project, roles] : access.projects) {
      if (roles.has_any(case_roles)) projects.push_back(project);
    }
  }
  const auto reader = CSL_TRY(tools_.store.read());
  std::optional<StudyId> study;
  if (!path.study.empty()) {
    if (const auto known = uids_->known(path.study)) {
      const auto row = CSL_TRY(storage::study_of_uid(*reader, *known));
      if (!row) return std::vector<StudyPlace>{};
      study = row->id;
    }
  }
  std::vector<StudyPlace> places;
  for (const ProjectId& project : projects) {
    for (storage::DicomStudyRow& row : CSL_TRY(storage::dicom_studies(
             *reader, project, access.rater(), sees_all(access, project), study))) {
      std::string uid = uids_->served(tools_.store, row.study_uid);
      if (!path.study.empty() && uid != path.study) continue;
      places.push_back({.row = std::move(row), .uid = std::move(uid)});
    }
  }
  return places;
}

Status DicomWeb::record(const Access& access, std::span<const StudyPlace> places) {
  std::map<ProjectId, std::vector<ItemToRead>> reads;
  for (const StudyPlace& place : places) {
    reads[place.row.project].push_back({.item = place.row.item, .patient = place.row.patient});
  }
  for (const auto& [project, items] : reads) {
    CSL_TRY(ledger_->record(tools_.store, access, project, items, purpose_dicomweb));
  }
  return {};
}

Result<StudyPlace> DicomWeb::find_study(const Access& access, const DicomPath& path) {
  std::vector<StudyPlace> places = CSL_TRY(visible_studies(access, path));
  if (places.empty()) return no_study();
  StudyPlace place = std::move(places.front());
  const auto reader = CSL_TRY(tools_.store.read());
  // Fails once the patient was erased, whatever lies in memory still.
  CSL_TRY(pseudonym_of(tools_.store, *reader, place));
  CSL_TRY(items_.record_read(access, place.row.project, place.row.item, purpose_dicomweb));
  return place;
}

Result<StudyLabels> DicomWeb::find_labels(const Access& access, const DicomPath& path) {
  StudyLabels found{.study = CSL_TRY(find_study(access, path)), .objects = {}};
  const auto reader = CSL_TRY(tools_.store.read());
  found.objects =
      CSL_TRY(label_objects({.store = tools_.store, .derived = *derived_, .uids = *uids_}, access,
                            *reader, found.study, path));
  if (found.objects.empty() && !path.series.empty()) {
    return path.instance.empty() ? fail(ErrorCode::NotFound, "the study has no such series",
                                        "path series_uid", "search its series")
                                 : fail(ErrorCode::NotFound, "the series has no such instance",
                                        "path sop_uid", "search its instances");
  }
  return found;
}

Result<InstancePlace> DicomWeb::find_instance(const Access& access, const DicomPath& path) {
  InstancePlace place;
  place.study = CSL_TRY(find_study(access, path));
  const auto reader = CSL_TRY(tools_.store.read());
  place.series =
      CSL_TRY(find_series_place(tools_.store, *uids_, *reader, place.study, path.series));
  std::optional<std::string> sop_uid = uids_->known(path.instance);
  if (!sop_uid) {
    for (const storage::MetadataRow& row :
         CSL_TRY(storage::metadata_of_series(*reader, place.series.row.id))) {
      if (uids_->served(tools_.store, row.sop_uid) == path.instance) sop_uid = row.sop_uid;
    }
  }
  if (sop_uid) {
    auto row = CSL_TRY(storage::instance_of_uid(*reader, *sop_uid));
    if (row && row->series == place.series.row.id) {
      place.row = std::move(*row);
      place.uid = path.instance;
      return place;
    }
  }
  return fail(ErrorCode::NotFound, "the series has no such instance", "path sop_uid",
              "search its instances");
}

Result<std::vector<InstancePlace>> DicomWeb::find_instances(const Access& access,
                                                            const DicomPath& path) {
  std::vector<InstancePlace> places;
  if (!path.instance.empty()) {
    places.push_back(CSL_TRY(find_instance(access, path)));
    return places;
  }
  const StudyPlace study = CSL_TRY(find_study(access, path));
  const auto reader = CSL_TRY(tools_.store.read());
  std::vector<SeriesPlace> series;
  if (path.series.empty()) {
    series = CSL_TRY(series_places(tools_.store, *uids_, *reader, study));
  } else {
    series.push_back(CSL_TRY(find_series_place(tools_.store, *uids_, *reader, study, path.series)));
  }
  for (const SeriesPlace& one : series) {
    for (storage::InstanceRow& row : CSL_TRY(storage::instances_of_series(*reader, one.row.id))) {
      std::string uid = uids_->served(tools_.store, row.sop_uid);
      places.push_back({.study = study, .series = one, .row = std::move(row), .uid = uid});
    }
  }
  return places;
}

Result<MetadataAnswer> DicomWeb::metadata(const Access& access, const DicomPath& path,
                                          std::string_view address) {
  const StudyPlace study = CSL_TRY(find_study(access, path));
  const auto reader = CSL_TRY(tools_.store.read());
  std::vector<SeriesPlace> series = CSL_TRY(series_places(tools_.store, *uids_, *reader, study));
  if (!path.series.empty()) {
    std::erase_if(series, [&](const SeriesPlace& one) { return one.uid != path.series; });
  }
  MetadataAnswer answer{.json = "[", .etag = {}};
  const std::string study_address = std::string(address) + "/studies/" + study.uid + "/series/";
  for (const SeriesPlace& one : series) {
    const auto descriptions = CSL_TRY(descriptions_of(*reader, study, one.row));
    for (const KeptForm& kept : CSL_TRY(metadata_forms(tools_.store, *reader, study, one.row.id))) {
      if (!path.instance.empty() && uids_->served(tools_.store, kept.sop_uid) != path.instance) {
        continue;
      }
      if (answer.json.size() > 1) answer.json += ',';
      CSL_TRY(append_metadata(answer.json, kept.form, descriptions, study_address + one.uid));
    }
  }
  if (path.series.empty() || series.empty()) {
    for (const LabelObject& object : CSL_TRY(find_labels(access, path)).objects) {
      if (answer.json.size() > 1) answer.json += ',';
      CSL_TRY(append_metadata(answer.json, object.metadata_form, std::nullopt,
                              study_address + object.series_uid));
    }
  }
  if (answer.json.size() == 1) {
    return fail(ErrorCode::NotFound, "there is no such instance", "path sop_uid",
                "search its instances");
  }
  answer.json += ']';
  answer.etag = '"' + to_hex(sha256(bytes_of(answer.json))).substr(0, 32) + '"';
  return answer;
}

Result<std::vector<RetrievedPart>> DicomWeb::objects(const Access& access, const DicomPath& path,
                                                     std::span<const WantedForm> wanted) {
  auto found = find_instances(access, path);
  const bool is_no_image = !found && found.error().code == ErrorCode::NotFound;
  if (!found && !is_no_image) return std::unexpected(std::move(found).error());
  const std::vector<InstancePlace> places =
      found ? std::move(*found) : std::vector<InstancePlace>{};
  if (places.size() > objects_at_once_max) {
    return fail(ErrorCode::TooLarge, "the study has too many objects for one answer",
                std::to_string(places.size()) + " instances", "retrieve its series one by one");
  }
  const PartTools tools{.store = tools_.store, .images = images_, .codec = tools_.codec};
  const auto reader = CSL_TRY(tools_.store.read());
  std::vector<RetrievedPart> parts;
  parts.reserve(places.size());
  for (const InstancePlace& place : places) {
    const auto descriptions = CSL_TRY(descriptions_of(*reader, place.study, place.series.row));
    const DicomPseudonym pseudonym = CSL_TRY(pseudonym_of(tools_.store, *reader, place.study));
    parts.push_back(CSL_TRY(object_part(tools, place, pseudonym, descriptions, wanted)));
  }
  if (path.series.empty() || is_no_image) {
    const StudyLabels labels = CSL_TRY(find_labels(access, path));
    for (const LabelObject& object : labels.objects) {
      parts.push_back(CSL_TRY(label_object_part(tools, labels.study, object, wanted)));
    }
  }
  return parts;
}

Result<std::vector<RetrievedPart>> DicomWeb::frames(const Access& access, const DicomPath& path,
                                                    std::span<const std::uint32_t> numbers,
                                                    std::span<const WantedForm> wanted) {
  const PartTools tools{.store = tools_.store, .images = images_, .codec = tools_.codec};
  const auto place = find_instance(access, path);
  if (!place && place.error().code == ErrorCode::NotFound) {
    const StudyLabels labels = CSL_TRY(find_labels(access, path));
    return label_frame_parts(tools, labels.study, labels.objects.front(), numbers, wanted);
  }
  return frame_parts(tools, CSL_TRY(place), numbers, wanted);
}

Result<std::vector<RetrievedPart>> DicomWeb::bulk(const Access& access, const DicomPath& path,
                                                  std::string_view where,
                                                  std::span<const WantedForm> wanted) {
  const PartTools tools{.store = tools_.store, .images = images_, .codec = tools_.codec};
  const auto found = find_instance(access, path);
  if (!found && found.error().code == ErrorCode::NotFound) {
    const StudyLabels labels = CSL_TRY(find_labels(access, path));
    return label_bulk_parts(tools, labels.study, labels.objects.front(), where, wanted);
  }
  const InstancePlace place = CSL_TRY(found);
  const auto image = CSL_TRY(images_->open(tools_.store, place.row));
  if (where == "7FE00010") {
    std::vector<std::uint32_t> all(image->image.frame_count);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i + 1;
    return frame_parts(tools, place, all, wanted);
  }
  const auto reader = CSL_TRY(tools_.store.read());
  const DicomDataset dataset =
      pseudonymised(image->file.dataset, CSL_TRY(pseudonym_of(tools_.store, *reader, place.study)));
  std::vector<RetrievedPart> parts;
  parts.push_back(CSL_TRY(bulk_part(
      dataset, where,
      "/studies/" + place.study.uid + "/series/" + place.series.uid + "/instances/" + place.uid)));
  return parts;
}

Result<Bytes> DicomWeb::rendered(const Access& access, const DicomPath& path,
                                 std::optional<std::uint32_t> frame_number,
                                 const RenderQuery& query) {
  std::vector<InstancePlace> places = CSL_TRY(find_instances(access, path));
  if (places.empty()) return fail(ErrorCode::NotFound, "there is nothing to show");
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto described = CSL_TRY(read_description(places[i].row.description_json));
    order.emplace_back(described.instance_number.value_or(0), i);
  }
  std::ranges::sort(order);
  const storage::InstanceRow& row = places[order[order.size() / 2].second].row;
  const CatalogedImage described = CSL_TRY(read_description(row.description_json));
  const std::uint32_t number = frame_number.value_or(row.frame_count / 2 + 1);
  if (number == 0 || number > row.frame_count) {
    return fail(ErrorCode::NotFound, "the instance has no such frame",
                "frame " + std::to_string(number), "it has " + std::to_string(row.frame_count));
  }
  const std::uint64_t size = frame_size_bytes(described.image.ready);
  const auto source = CSL_TRY(tools_.store.objects().open(row.patient, row.frames));
  const Bytes frame =
      CSL_TRY(read_bytes(*source, row.first_frame_offset + (number - 1) * size, size, size));
  return render(frame, described.image.ready, described.image.frame(number - 1), query);
}

}  // namespace consilium::service
