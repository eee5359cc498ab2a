#include "format/coco/other_forms.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace consilium;

namespace {

CocoDataset sample() {
  CocoDataset dataset;
  dataset.images.push_back(
      {.id = 5, .file_name = "a.b.dcm", .width = 20, .height = 10, .patient_pseudonym = "P-1"});
  dataset.categories.push_back({.id = 7,
                                .name = "nodule, <solid>",
                                .supercategory = "finding",
                                .code = CodedConcept{"SCT", "27925004", "", "Nodule"}});
  dataset.annotations.push_back({.id = 1,
                                 .image_id = 5,
                                 .category_id = 7,
                                 .shape = CocoBox{{1.5, 3.5}, {5.5, 5.5}},
                                 .rater = "R-1"});
  // Pixels (0, 0) and (0, 1): a mask of two.
  dataset.annotations.push_back(
      {.id = 2, .image_id = 5, .category_id = 7, .shape = CocoRle{20, 10, {0, 2, 198}}});
  return dataset;
}

std::string text_named(const std::vector<NamedText>& files, std::string_view name) {
  const auto found = std::ranges::find(files, name, &NamedText::name);
  REQUIRE(found != files.end());
  return found->text;
}

}  // namespace

TEST_CASE("YOLO's boxes and polygons are shares of the image") {
  const auto files = write_yolo(sample()).value();
  CHECK(text_named(files, "detect/labels/a.b.txt") ==
        "0 0.200000 0.500000 0.200000 0.200000\n0 0.025000 0.100000 0.050000 0.200000\n");
  const std::string segments = text_named(files, "segment/labels/a.b.txt");
  CHECK(segments.starts_with("0 0.100000 0.400000 0.300000 0.400000 0.300000 0.600000"));
  CHECK(std::ranges::count(segments, '\n') == 2);
  CHECK(text_named(files, "detect/data.yaml").find("0: \"nodule, <solid>\"") != std::string::npos);
}

TEST_CASE("VOC's boxes are whole pixels from 1, both ends in") {
  const std::string xml = text_named(write_voc(sample()).value(), "Annotations/a.b.xml");
  CHECK(xml.find("<xmin>3</xmin><ymin>5</ymin><xmax>6</xmax><ymax>6</ymax>") != std::string::npos);
  CHECK(xml.find("<xmin>1</xmin><ymin>1</ymin><xmax>1</xmax><ymax>2</ymax>") != std::string::npos);
  CHECK(xml.find("nodule, &lt;solid&gt;") != std::string::npos);
}

TEST_CASE("the table quotes what has commas and names rater and code") {
  const std::string csv = text_named(write_shapes_csv(sample()).value(), "shapes.csv");
  CHECK(csv.find("a.b.dcm,20,10,0,P-1,\"nodule, <solid>\",box,2,4,6,6,8,2 4 6 4 6 6 2 6,SCT,"
                 "27925004,,R-1,") != std::string::npos);
  CHECK(csv.find(",mask,0,0,1,2,2,") != std::string::npos);
}

TEST_CASE("an annotation without its image is refused") {
  CocoDataset dataset = sample();
  dataset.annotations[0].image_id = 6;
  CHECK(write_yolo(dataset).error().code == ErrorCode::InvalidInput);
}
