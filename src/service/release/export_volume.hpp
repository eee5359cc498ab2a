// What exports of images share: the volume that was drawn on, the layers of one rater, and what a
// derived object says of itself.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "format/dicom_seg/dicom_seg.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {

// A series' volume as the catalog shows it, found by its grid.
struct VolumeFacts {
  storage::SeriesRow series;
  std::string study_uid;
  std::shared_ptr<const boost::json::object> volume;
};
[[nodiscard]] Result<VolumeFacts> volume_of(const storage::Reader& reader,
                                            const storage::ItemRow& item,
                                            const std::string& grid_id);

[[nodiscard]] std::vector<ExportedAnnotation> masks_on(
    const std::vector<ExportedAnnotation>& annotations, const std::string& grid_id);
[[nodiscard]] std::set<std::string> grids_of(const std::vector<ExportedAnnotation>& annotations);
[[nodiscard]] std::uint16_t segment_of(const ExportedAnnotation& annotation);
[[nodiscard]] std::string label_of(const ExportedAnnotation& annotation);

// The layers that were drawn on: the exclusive one, and a binary one for each segment that has it.
struct Layers {
  std::vector<MaskLayer> layers;
  std::optional<std::size_t> exclusive;
  std::map<std::uint16_t, std::size_t> binary;  // segment -> place in `layers`
};
[[nodiscard]] Result<Layers> load_layers(ExportWork& work, const storage::ItemRow& item,
                                         const RaterId& rater, const std::string& grid_id,
                                         const std::vector<ExportedAnnotation>& masks);

// "#e69f00"; orange where the protocol names no colour.
[[nodiscard]] RgbColour colour_of(const std::string& text);
[[nodiscard]] SegSegment segment_for(const ExportWork& work, const ExportedAnnotation& mask,
                                     const Layers& layers);
[[nodiscard]] Result<SegDescription> describe_seg(const ExportWork& work, const ExportCase& one,
                                                  const VolumeFacts& facts, const RaterRef& rater,
                                                  const std::vector<ExportedAnnotation>& masks);
// `what` tells a rater's objects on one item apart; `example` names the protocol.
[[nodiscard]] DerivedObject derived_object(const ExportWork& work, const ExportCase& one,
                                           const std::string& study_uid, const RaterRef& rater,
                                           const ExportedAnnotation& example,
                                           const std::string& what);

}  // namespace consilium::service
