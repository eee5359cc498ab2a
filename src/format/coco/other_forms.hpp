// A COCO dataset in the forms of its kin: YOLO's text files, Pascal VOC's XML, and one CSV table.
// Each says less than COCO: who labelled by which rules stands in the CSV only.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "format/coco/coco.hpp"

namespace consilium {

struct NamedText {
  std::string name;  // a path below the export's folder
  std::string text;
};

// Ultralytics' layout: detect/labels/IMAGE.txt ("class x y width height" of each shape's box, in
// shares of the image, centre first), segment/labels/IMAGE.txt ("class x1 y1 x2 y2 ..."; boxes as
// four corners, masks as the outlines of their parts, holes as keyholes), data.yaml and images.txt
// in both. Classes are numbered from 0 in the order of the categories.
[[nodiscard]] Result<std::vector<NamedText>> write_yolo(const CocoDataset& dataset);

// Annotations/IMAGE.xml as the VOC2012 development kit reads it: boxes in whole pixels, the first
// pixel being 1, both ends in the box.
[[nodiscard]] Result<std::vector<NamedText>> write_voc(const CocoDataset& dataset);

// shapes.csv: one row a shape: image, category, its box in pixels (corners, as COCO counts), area,
// polygon as "x y x y ..." (parts joined by ";"), code, rater, protocol.
[[nodiscard]] Result<std::vector<NamedText>> write_shapes_csv(const CocoDataset& dataset);

}  // namespace consilium
