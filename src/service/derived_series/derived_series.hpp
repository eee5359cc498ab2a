// The labels of an image item as DICOM objects of its study: segmentations and structure sets of
// masks, measurement reports of all else, exactly as exports write them (service/release).
//
// Offered are the submitted labels, one set of objects a rater: each reader's latest submitted
// opinion, an adjudicator's word (it says so in its segments' names), and what tools said. A draft
// is not. Who asks gets what the product shows them: their own labels; others' as blinding allows
// (service/annotation/blinding.hpp); tools' as the assist policy says (service/prelabel).
//
// They are made from the stored labels when they are asked for, so they cannot differ from them.
// A series is of one rater, grid and kind, whatever is said later; its one instance is of one state
// of the labels: the same state has the same UIDs and bytes, another state another instance UID.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// UIDs, dates and patient are those that go out; nothing is to be mapped any more.
struct DerivedInstance {
  std::string series_uid;
  std::string sop_uid;
  std::string sop_class_uid;
  std::string modality;  // "SEG" | "RTSTRUCT" | "SR"
  std::int64_t series_number = 0;
  std::string series_description;
  std::string transfer_syntax_uid;
  std::string metadata_form;           // service/dicom_metadata
  std::shared_ptr<const Bytes> bytes;  // the whole file
};
using DerivedInstances = std::vector<std::shared_ptr<const DerivedInstance>>;

class DerivedSeries {
 public:
  explicit DerivedSeries(storage::Store& store) : store_(store) {}

  // By rater, the segmentations of each first. What no object can say (a mask without a voxel) is
  // left out, as in exports. Errors: NotFound when the project has no such item, and after erasure.
  // Cost: two indexed queries when nothing changed since; else making the objects (a segmentation
  // of 512 x 512 x 300: about 0.3 s). At most `cached_bytes_max` of them are remembered.
  [[nodiscard]] Result<DerivedInstances> of_item(const Access& access,
                                                 const storage::Reader& reader,
                                                 const ProjectId& project, const ItemId& item);

  static constexpr std::uint64_t cached_bytes_max = 128U << 20U;

 private:
  struct Kept {
    std::string state;
    DerivedInstances instances;
    std::uint64_t size_bytes = 0;
  };
  [[nodiscard]] std::shared_ptr<const Kept> kept(const std::string& state) const;
  void keep(std::shared_ptr<const Kept> made);

  storage::Store& store_;
  ProtocolCache protocols_;
  Guarded<std::list<std::shared_ptr<const Kept>>> recent_;  // the latest first
};

}  // namespace consilium::service
