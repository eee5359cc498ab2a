#include "service/dicomweb/place.hpp"

#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/access/pseudonym.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t known_uids_max = 500'000;
constexpr std::uint64_t object_bytes_max = std::uint64_t{4} << 30U;

Result<std::string> description_of(const storage::Reader& reader, const PatientId& patient,
                                   const Bytes& sealed) {
  const std::string text = CSL_TRY(storage::opened(reader, patient, sealed));
  if (text.empty()) return std::string();
  const json::value facts = CSL_TRY(parse_json(text));
  const json::value* description = facts.as_object().if_contains("description");
  return description != nullptr && description->is_string() ? std::string(description->as_string())
                                                            : std::string();
}

Result<std::string> make_form(storage::Store& store, const storage::Reader& reader,
                              const DicomPseudonym& pseudonym, const PatientId& patient,
                              const std::string& sop_uid) {
  const auto row = CSL_TRY(storage::instance_of_uid(reader, sop_uid));
  if (!row) return fail(ErrorCode::NotFound, "there is no such instance");
  const auto source = CSL_TRY(store.objects().open(patient, row->object));
  const Bytes bytes = CSL_TRY(read_all(*source, object_bytes_max));
  return make_metadata_form(CSL_TRY(read_dicom(bytes, {.stops_at_pixel_data = true})), pseudonym);
}

// A store of an earlier version lacks forms, or has those of an earlier form.
Status keep_forms(storage::Store& store, const PatientId& patient,
                  const std::vector<std::pair<InstanceId, std::string>>& made) {
  CSL_TRY(store.write({.person = "system"}, [&](storage::Transaction& transaction) -> Status {
    for (const auto& [instance, form] : made) {
      storage::EventDraft event{.type = "instance.described",
                                .project = std::nullopt,
                                .item = std::nullopt,
                                .patient = patient,
                                .fields = {}};
      event.fields.set("instance_id", instance).set("metadata", storage::PatientText{form});
      CSL_TRY(transaction.append(std::move(event)));
    }
    return {};
  }));
  return {};
}

}  // namespace

std::string UidBook::served(storage::Store& store, const std::string& uid) {
  const auto found = book_.with([&](const Book& book) -> std::optional<std::string> {
    const auto place = book.to_served.find(uid);
    return place == book.to_served.end() ? std::nullopt : std::optional(place->second);
  });
  if (found) return *found;
  std::string mapped = mapped_uid(store, uid);
  book_.with([&](Book& book) {
    if (book.to_served.size() >= known_uids_max) book = {};
    book.to_served.emplace(uid, mapped);
    book.to_own.emplace(mapped, uid);
  });
  return mapped;
}

std::optional<std::string> UidBook::known(const std::string& served_uid) const {
  return book_.with([&](const Book& book) -> std::optional<std::string> {
    const auto place = book.to_own.find(served_uid);
    return place == book.to_own.end() ? std::nullopt : std::optional(place->second);
  });
}

Result<std::vector<SeriesPlace>> series_places(storage::Store& store, UidBook& uids,
                                               const storage::Reader& reader,
                                               const StudyPlace& study) {
  std::vector<SeriesPlace> places;
  for (storage::SeriesRow& row : CSL_TRY(storage::dicom_series_of_study(reader, study.row.id))) {
    std::string uid = uids.served(store, row.series_uid);
    places.push_back({.row = std::move(row), .uid = std::move(uid)});
  }
  return places;
}

Result<SeriesPlace> find_series_place(storage::Store& store, UidBook& uids,
                                      const storage::Reader& reader, const StudyPlace& study,
                                      std::string_view served_uid) {
  for (SeriesPlace& place : CSL_TRY(series_places(store, uids, reader, study))) {
    if (place.uid == served_uid) return std::move(place);
  }
  return fail(ErrorCode::NotFound, "the study has no such series", "path series_uid",
              "search its series");
}

bool shows_descriptions(const StudyPlace& study) { return study.row.deid_at == "release"; }

Result<std::string> study_description(const storage::Reader& reader, const StudyPlace& study) {
  return description_of(reader, study.row.patient, study.row.sealed_facts);
}

Result<std::optional<Descriptions>> descriptions_of(const storage::Reader& reader,
                                                    const StudyPlace& study,
                                                    const storage::SeriesRow& series) {
  if (!shows_descriptions(study)) return std::optional<Descriptions>{};
  return std::optional(
      Descriptions{.study = CSL_TRY(study_description(reader, study)),
                   .series = CSL_TRY(description_of(reader, series.patient, series.sealed_facts))});
}

Result<DicomPseudonym> pseudonym_of(storage::Store& store, const storage::Reader& reader,
                                    const StudyPlace& study) {
  const auto shift = CSL_TRY(stored_date_shift(reader, study.row.patient));
  return dicom_pseudonym(store, study.row.pseudonym, shift.value_or(0));
}

Result<std::vector<KeptForm>> metadata_forms(storage::Store& store, const storage::Reader& reader,
                                             const StudyPlace& study, const SeriesId& series) {
  std::vector<KeptForm> forms;
  std::vector<std::pair<InstanceId, std::string>> made;
  std::optional<DicomPseudonym> pseudonym;
  for (storage::MetadataRow& row : CSL_TRY(storage::metadata_of_series(reader, series))) {
    std::string form = CSL_TRY(storage::opened(reader, study.row.patient, row.sealed));
    if (!is_current_metadata_form(form)) {
      if (!pseudonym) pseudonym = CSL_TRY(pseudonym_of(store, reader, study));
      form = CSL_TRY(make_form(store, reader, *pseudonym, study.row.patient, row.sop_uid));
      made.emplace_back(row.instance, form);
    }
    forms.push_back({.sop_uid = std::move(row.sop_uid), .form = std::move(form)});
  }
  if (!made.empty()) CSL_TRY(keep_forms(store, study.row.patient, made));
  return forms;
}

}  // namespace consilium::service
