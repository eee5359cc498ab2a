// Reads COCO object detection JSON of any writer, and what YOLO and Pascal VOC have instead. Places
// come out in our pixels (centres at integers), but for YOLO's shares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "format/coco/coco.hpp"

namespace consilium {

struct ReadCoco {
  CocoDataset dataset;
  bool has_scores = false;         // it holds a model's predictions
  std::vector<std::string> notes;  // annotations that have no shape that we read
};
// Boxes, polygons, run lengths of both forms. What other tools add is passed over. Errors: Corrupt
// when the JSON, or a shape, does not read; InvalidInput when it is no COCO dataset, or an
// annotation names an image or category that it lacks. Cost: O(size).
[[nodiscard]] Result<ReadCoco> read_coco(std::string_view json_text);

// The names of data.yaml, by class. Errors: InvalidInput when it has no list of names.
[[nodiscard]] Result<std::vector<std::string>> read_yolo_names(std::string_view yaml);
struct YoloShape {
  std::size_t class_index = 0;
  // In shares of the image, its corner being (0, 0): a box's two corners, or a polygon.
  bool is_box = true;
  std::vector<ImagePoint> points;
};
// One image's labels: a line each. Errors: Corrupt, with the line.
[[nodiscard]] Result<std::vector<YoloShape>> read_yolo_labels(std::string_view text);

struct VocObject {
  std::string name;
  CocoBox box;
};
struct VocAnnotation {
  std::string file_name;
  std::string database;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<VocObject> objects;
};
// Boxes in whole pixels, the first being 1, both ends in the box. Errors: Corrupt when the XML ends
// early or a box is none; Unsupported when it is no VOC annotation or has a document type.
[[nodiscard]] Result<VocAnnotation> read_voc(std::string_view xml);

}  // namespace consilium
