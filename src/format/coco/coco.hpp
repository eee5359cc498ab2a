// COCO object detection JSON (cocodataset.org, "Data format") of boxes, polygons and masks, with
// who labelled what under which protocol in fields that COCO readers pass over.
//
// Our pixels have their centres at integers, COCO's their corners: all coordinates grow by 0.5.
// Polygons of one annotation are united by COCO; one with holes must be given as a mask.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/image/geometry.hpp"
#include "domain/label/coded_concept.hpp"
#include "format/coco/rle.hpp"

namespace consilium {

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;  // of the exported image: never the file's name at import
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::string series_id = {};     // ours
  std::string instance_uid = {};  // as exported
  std::uint32_t frame_index = 0;
  std::string patient_pseudonym = {};  // so that splits can keep patients apart
};

struct CocoCategory {
  std::int64_t id = 0;
  std::string name;           // the protocol's label id
  std::string supercategory;  // of the protocol's export mapping
  std::optional<CodedConcept> code = std::nullopt;
  std::string colour = {};  // "#e69f00"
};

struct CocoBox {
  ImagePoint first;  // two opposite corners
  ImagePoint second;
};
struct CocoPolygons {
  std::vector<std::vector<ImagePoint>> rings;
};

struct CocoAnnotation {
  std::int64_t id = 0;
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::variant<CocoBox, CocoPolygons, CocoRle> shape;
  std::string annotation_id = {};  // ours
  std::string rater = {};          // pseudonym
  std::string rater_kind = {};     // "human", "model", ...
  std::string stage = {};          // "label", or "adjudicate": the word that settled the item
  std::string protocol_id = {};
  std::string protocol_version = {};
  std::string created_at = {};  // RFC 3339
};

struct CocoDataset {
  std::string description;
  std::string version;
  std::string created_at;  // RFC 3339
  std::string contributor;
  std::string licence_name = {};  // empty: no licence is stated
  std::vector<CocoImage> images;
  std::vector<CocoCategory> categories;
  std::vector<CocoAnnotation> annotations;
};

// How masks are written: the compressed string, or the plain counts that also tools without
// pycocotools read.
enum class CocoRuns { Compressed, Counts };

// UTF-8 JSON. Errors: InvalidInput when an annotation names an image or category that is not there,
// when an id occurs twice, a mask is not of its image's size, or a ring has fewer than three
// points.
[[nodiscard]] Result<std::string> write_coco(const CocoDataset& dataset, CocoRuns runs);

}  // namespace consilium
