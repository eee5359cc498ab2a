// Objects of labels beside a study's images: our own labels (service/derived_series), and objects
// of other tools as they were received. Searched, told and retrieved as images are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "service/derived_series/derived_series.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "service/dicomweb/object_parts.hpp"
#include "service/dicomweb/place.hpp"
#include "storage/received_objects.hpp"

namespace consilium::service {

struct LabelObject {
  // As served.
  std::string series_uid;
  std::string sop_uid;
  std::string modality;
  std::optional<std::int64_t> series_number;
  std::string series_description;  // of ours alone: what others describe is no word of ours
  std::string metadata_form;
  // One of the two.
  std::shared_ptr<const DerivedInstance> own;
  std::shared_ptr<const storage::ReceivedObjectRow> received;
};

struct StudyLabels {
  StudyPlace study;
  std::vector<LabelObject> objects;
};

struct LabelTools {
  storage::Store& store;
  DerivedSeries& derived;
  UidBook& uids;
};

// Those of the study that the caller may see, series by series; below a series or an instance when
// the path names one. What other tools sent shows to whoever may see all labels, and to others as
// the protocol shows tools' labels of every kind. Errors: those of the store.
[[nodiscard]] Result<std::vector<LabelObject>> label_objects(const LabelTools& tools,
                                                             const Access& access,
                                                             const storage::Reader& reader,
                                                             const StudyPlace& study,
                                                             const DicomPath& path);

// "/studies/1/series/2/instances/3"
[[nodiscard]] std::string location_of(const StudyPlace& study, const LabelObject& object);

// Errors: Unsupported when it has none of the wanted forms.
[[nodiscard]] Result<RetrievedPart> label_object_part(const PartTools& tools,
                                                      const StudyPlace& study,
                                                      const LabelObject& object,
                                                      std::span<const WantedForm> wanted);
// Errors: NotFound past the last frame, and for objects without frames; Unsupported.
[[nodiscard]] Result<std::vector<RetrievedPart>> label_frame_parts(
    const PartTools& tools, const StudyPlace& study, const LabelObject& object,
    std::span<const std::uint32_t> numbers, std::span<const WantedForm> wanted);
// A binary value by its place in the metadata. Errors: NotFound.
[[nodiscard]] Result<std::vector<RetrievedPart>> label_bulk_parts(
    const PartTools& tools, const StudyPlace& study, const LabelObject& object,
    std::string_view place, std::span<const WantedForm> wanted);

}  // namespace consilium::service
