// What lies behind an image item: its study's series and volumes, and their ready frames.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/item/items.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

// The studies that an image item shows, its own first. Where the project's protocol says so
// (view.priors), the patient's earlier studies that are items of the same project follow, the
// latest first, prior_studies_max at most; no other study is ever given with an item.
inline constexpr std::int64_t prior_studies_max = 3;
[[nodiscard]] Result<std::vector<StudyId>> studies_of(const storage::Reader& reader,
                                                      const storage::ItemRow& item);

// API "source" of an image item. Free texts (descriptions) only `with_descriptions`: a project that
// de-identifies at import shows none.
[[nodiscard]] Result<boost::json::object> image_source(const storage::Reader& reader,
                                                       const storage::ItemRow& item,
                                                       bool with_descriptions);

// A series is shown as one `volume` (the largest stack of more than one frame), and the rest as
// `images`. Indexes into the arranged volumes.
struct SeriesShape {
  std::optional<std::size_t> volume;
  std::vector<std::size_t> images;
};
[[nodiscard]] SeriesShape shape_of(const boost::json::array& volumes);

struct FrameSource {
  storage::ObjectRef object;
  std::uint64_t offset = 0;
};
struct IndexedVolume {
  std::uint64_t frame_bytes = 0;
  std::vector<FrameSource> frames;
  std::string json;  // the VolumeInfo without its slices
};
struct IndexedSeries {
  PatientId patient;
  StudyId study;
  SeriesShape shape;
  std::vector<IndexedVolume> volumes;
};

// Where each frame of a series lies; kept for the series that are being looked at.
class FrameIndex {
 public:
  [[nodiscard]] Result<FrameRange> volume(storage::Store& store, const storage::Reader& reader,
                                          const storage::ItemRow& item, const SeriesId& series,
                                          std::uint32_t from, std::uint32_t count);
  [[nodiscard]] Result<FrameRange> image(storage::Store& store, const storage::Reader& reader,
                                         const storage::ItemRow& item, const SeriesId& series,
                                         std::uint32_t index);
  [[nodiscard]] Result<Bytes> thumbnail(storage::Store& store, const storage::Reader& reader,
                                        const storage::ItemRow& item,
                                        const std::optional<SeriesId>& series);

 private:
  [[nodiscard]] Result<std::shared_ptr<const IndexedSeries>> find(const storage::Reader& reader,
                                                                  const storage::ItemRow& item,
                                                                  const SeriesId& series);
  struct Known {
    std::int64_t instance_count = 0;  // a series that grew is indexed anew
    std::shared_ptr<const IndexedSeries> series;
  };
  Guarded<std::map<SeriesId, Known>> known_;
};

}  // namespace consilium::service
