// Addresses to rows: served UIDs are one-way, so they are found by mapping those that there are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/dicom_metadata/metadata_form.hpp"
#include "storage/dicom_places.hpp"

namespace consilium::service {

// Why DICOMweb reads cases: the purpose of its events.
inline constexpr std::string_view purpose_dicomweb = "dicomweb";

struct StudyPlace {
  storage::DicomStudyRow row;
  std::string uid;  // as served
};
struct SeriesPlace {
  storage::SeriesRow row;
  std::string uid;
};
struct InstancePlace {
  StudyPlace study;
  SeriesPlace series;
  storage::InstanceRow row;
  std::string uid;
};

// Both ways between the archive's UIDs and the served ones, remembered.
class UidBook {
 public:
  [[nodiscard]] std::string served(storage::Store& store, const std::string& uid);
  // The archive's UID of a served one that came by before.
  [[nodiscard]] std::optional<std::string> known(const std::string& served_uid) const;

 private:
  struct Book {
    std::unordered_map<std::string, std::string> to_served;
    std::unordered_map<std::string, std::string> to_own;
  };
  Guarded<Book> book_;
};

[[nodiscard]] Result<std::vector<SeriesPlace>> series_places(storage::Store& store, UidBook& uids,
                                                             const storage::Reader& reader,
                                                             const StudyPlace& study);
// Errors: NotFound.
[[nodiscard]] Result<SeriesPlace> find_series_place(storage::Store& store, UidBook& uids,
                                                    const storage::Reader& reader,
                                                    const StudyPlace& study,
                                                    std::string_view served_uid);

// The metadata forms of a series, made from its objects (and kept) where the catalog has none or an
// older one. In the order of the instances' numbers.
struct KeptForm {
  std::string sop_uid;  // the archive's
  std::string form;
};
[[nodiscard]] Result<std::vector<KeptForm>> metadata_forms(storage::Store& store,
                                                           const storage::Reader& reader,
                                                           const StudyPlace& study,
                                                           const SeriesId& series);
// What is put between their pieces; nothing in a project that shows no descriptions.
[[nodiscard]] Result<std::optional<Descriptions>> descriptions_of(const storage::Reader& reader,
                                                                  const StudyPlace& study,
                                                                  const storage::SeriesRow& series);
[[nodiscard]] bool shows_descriptions(const StudyPlace& study);
[[nodiscard]] Result<std::string> study_description(const storage::Reader& reader,
                                                    const StudyPlace& study);

// How this store names the study's patient in objects. Errors: NotFound after erasure.
[[nodiscard]] Result<DicomPseudonym> pseudonym_of(storage::Store& store,
                                                  const storage::Reader& reader,
                                                  const StudyPlace& study);

}  // namespace consilium::service
