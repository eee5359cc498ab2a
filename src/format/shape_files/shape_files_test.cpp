#include "format/shape_files/shape_files.hpp"

#include <doctest/doctest.h>

#include "format/coco/other_forms.hpp"

using namespace consilium;

namespace {

CocoDataset made_dataset() {
  CocoDataset set;
  set.contributor = "Made tool";
  set.version = "2";
  set.images = {{.id = 7, .file_name = "a.dcm", .width = 10, .height = 8},
                {.id = 9, .file_name = "b & c.dcm", .width = 20, .height = 30}};
  set.categories = {{.id = 3, .name = "nodule", .supercategory = "finding"},
                    {.id = 1, .name = "cyst", .supercategory = "finding"}};
  CocoRle rle{.width = 10, .height = 8, .counts = {9, 3, 60, 8}};
  set.annotations = {{.id = 1, .image_id = 7, .category_id = 3, .shape = CocoBox{{1, 2}, {4, 6}}},
                     {.id = 2,
                      .image_id = 9,
                      .category_id = 1,
                      .shape = CocoPolygons{{{{1, 1}, {9.25, 1}, {5, 12.5}}}}},
                     {.id = 3, .image_id = 7, .category_id = 1, .shape = rle}};
  return set;
}

}  // namespace

TEST_CASE("a COCO dataset comes back as it was written") {
  const CocoDataset set = made_dataset();
  for (const CocoRuns runs : {CocoRuns::Compressed, CocoRuns::Counts}) {
    const auto read = read_coco(write_coco(set, runs).value());
    REQUIRE(read);
    CHECK(read->dataset.contributor == "Made tool");
    REQUIRE(read->dataset.annotations.size() == 3);
    CHECK(read->dataset.categories[1].name == "cyst");
    CHECK(std::get<CocoRle>(read->dataset.annotations[2].shape) ==
          std::get<CocoRle>(set.annotations[2].shape));
    CHECK(std::get<CocoPolygons>(read->dataset.annotations[1].shape).rings ==
          std::get<CocoPolygons>(set.annotations[1].shape).rings);
    // A box is written with its outline, which is what is read.
    const auto& ring = std::get<CocoPolygons>(read->dataset.annotations[0].shape).rings[0];
    CHECK(ring.front() == ImagePoint{1, 2});
    CHECK(ring[2] == ImagePoint{4, 6});
  }
}

TEST_CASE("bad COCO is refused with its place") {
  const auto problem = [](std::string_view text) {
    const auto read = read_coco(text);
    REQUIRE(!read);
    return read.error().where + ": " + read.error().what;
  };
  CHECK(problem("[]") == ": the JSON is no COCO dataset");
  CHECK(problem(R"({"images": []})") == ": the JSON has no images, categories and annotations");
  const std::string head =
      R"({"images":[{"id":1,"width":4,"height":2}],"categories":[{"id":1,"name":"x"}],"annotations":[)";
  CHECK(problem(head + R"({"image_id":2,"category_id":1,"bbox":[0,0,1,1]}]})") ==
        "annotations 1: an annotation names no image or category of the set");
  CHECK(problem(head + R"({"image_id":1,"category_id":1,"segmentation":[[0,0,1,1]]}]})") ==
        "annotations 1: a polygon has fewer than three points");
  CHECK(problem(head +
                R"({"image_id":1,"category_id":1,"segmentation":{"size":[2,4],"counts":[9]}}]})") ==
        "annotations 1: a mask's run lengths do not add up to its image");
  CHECK(problem(head +
                R"({"image_id":1,"category_id":1,"segmentation":{"size":[4,2],"counts":[8]}}]})") ==
        "annotations 1: a mask is not of the size of its image");
  const auto box = read_coco(head + R"({"image_id":1,"category_id":1,"bbox":[0,0,3,2]}]})");
  REQUIRE(box);
  CHECK(std::get<CocoBox>(box->dataset.annotations[0].shape).second == ImagePoint{2.5, 1.5});
}

TEST_CASE("YOLO's files come back within a millionth of the image") {
  const CocoDataset set = made_dataset();
  std::string names;
  std::string detect;
  std::string segment;
  const auto files = write_yolo(set).value();
  for (const NamedText& file : files) {
    if (file.name == "detect/data.yaml") names = file.text;
    if (file.name == "detect/labels/a.txt") detect = file.text;
    if (file.name == "segment/labels/b & c.txt") segment = file.text;
  }
  CHECK(read_yolo_names(names).value() == std::vector<std::string>{"nodule", "cyst"});
  CHECK(read_yolo_names("names: [a, b]").value() == std::vector<std::string>{"a", "b"});
  CHECK(!read_yolo_names("nc: 2"));
  CHECK(!read_yolo_names("names: {2000000: x}"));
  const auto boxes = read_yolo_labels(detect).value();
  REQUIRE(boxes.size() == 2);
  CHECK(boxes[0].is_box);
  CHECK(boxes[0].points[0].x * 10 - 0.5 == doctest::Approx(1).epsilon(1e-5));
  CHECK(boxes[0].points[1].y * 8 - 0.5 == doctest::Approx(6).epsilon(1e-5));
  const auto polygons = read_yolo_labels(segment).value();
  REQUIRE(polygons.size() == 1);
  CHECK(!polygons[0].is_box);
  CHECK(polygons[0].points[1].x * 20 - 0.5 == doctest::Approx(9.25).epsilon(1e-5));
  CHECK(read_yolo_labels("0 0.1 0.2\n").error().where == "line 1");
  CHECK(read_yolo_labels("0 0.5 0.5 0.1 0.1 0.93\n").value()[0].is_box);
}

TEST_CASE("VOC's boxes come back in whole pixels") {
  const CocoDataset set = made_dataset();
  const auto files = write_voc(set).value();
  const std::string text = files[0].text;
  const auto voc = read_voc("<?xml version=\"1.0\"?>\n<!-- made -->" + text);
  REQUIRE(voc);
  CHECK(voc->file_name == "a.dcm");
  CHECK(voc->width == 10);
  REQUIRE(voc->objects.size() == 2);
  CHECK(voc->objects[0].name == "nodule");
  // Corners 1.5 to 4.5 touch the pixels 2 to 5 of VOC's count: 1 to 4 of ours, edges included.
  CHECK(voc->objects[0].box.first == ImagePoint{0.5, 1.5});
  CHECK(voc->objects[0].box.second == ImagePoint{4.5, 6.5});
  CHECK(read_voc(files[1].text).value().file_name == "b & c.dcm");
  CHECK(read_voc("<annotation><object>").error().what == "the XML ends early");
  CHECK(read_voc("<!DOCTYPE x []><annotation/>").error().code == ErrorCode::Unsupported);
  CHECK(read_voc("<svg></svg>").error().code == ErrorCode::Unsupported);
  CHECK(read_voc("<annotation><object><name>x</name></object></annotation>").error().what ==
        "a box lacks its xmin");
}
