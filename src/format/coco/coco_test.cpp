#include "format/coco/coco.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/random.hpp"

using namespace consilium;

TEST_CASE("runs go down the columns and start with zeros") {
  // 1 0 1
  // 1 1 0   columns: 11 01 10
  const std::vector<std::uint8_t> rows{1, 0, 1, 1, 1, 0};
  CHECK(encode_rle(3, 2, rows)->counts == std::vector<std::uint32_t>{0, 2, 1, 2, 1});
}

TEST_CASE("masks come back from runs and from their text, whatever they show") {
  SeededRandom random(5);
  for (int round = 0; round < 200; ++round) {
    const auto width = static_cast<std::uint32_t>(1 + random.below(70));
    const auto height = static_cast<std::uint32_t>(1 + random.below(70));
    std::vector<std::uint8_t> rows(std::size_t{width} * height);
    const double share = random.uniform();
    const std::uint64_t run = 1 + random.below(40);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i] = i % run == 0 ? (random.uniform() < share ? 1 : 0) : rows[i - 1];
    }
    const CocoRle rle = encode_rle(width, height, rows).value();
    CHECK(decode_rle(rle).value() == rows);
    CHECK(parse_rle_text(width, height, rle_text(rle)).value() == rle);
    std::uint64_t area = 0;
    PixelBox box{width, height, 0, 0};
    std::uint32_t x1 = 0;
    std::uint32_t y1 = 0;
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        if (rows[std::size_t{y} * width + x] == 0) continue;
        ++area;
        box.x = std::min(box.x, x);
        box.y = std::min(box.y, y);
        x1 = std::max(x1, x + 1);
        y1 = std::max(y1, y + 1);
      }
    }
    CHECK(area_pixels(rle) == area);
    if (area > 0) CHECK(bounds(rle) == PixelBox{box.x, box.y, x1 - box.x, y1 - box.y});
  }
}

TEST_CASE("a slice of a mask layer gives the runs of its voxels") {
  const Grid grid{{50, 40, 35}, {}, ""};
  MaskLayer exclusive = make_exclusive_layer(grid).value();
  MaskLayer binary = make_binary_layer(grid).value();
  for (const Voxel& voxel : {Voxel{49, 39, 34}, Voxel{0, 0, 34}, Voxel{31, 32, 34}}) {
    set_voxel(exclusive, voxel, 3);
    set_voxel(binary, voxel, 1);
  }
  set_voxel(exclusive, {5, 5, 34}, 4);
  set_voxel(exclusive, {6, 6, 2}, 3);
  const CocoRle rle = rle_of_slice(exclusive, 3, 34);
  CHECK(rle == rle_of_slice(binary, 1, 34));
  CHECK(area_pixels(rle) == 3);
  CHECK(bounds(rle) == PixelBox{0, 0, 50, 40});
  CHECK(area_pixels(rle_of_slice(exclusive, 3, 33)) == 0);
}

TEST_CASE("damaged compressed runs are refused") {
  CHECK_FALSE(parse_rle_text(2, 2, "P").has_value());  // more is announced than there is
  CHECK_FALSE(parse_rle_text(2, 2, "\x7F").has_value());
  CHECK_FALSE(parse_rle_text(2, 2, "_____________0").has_value());
  CHECK_FALSE(decode_rle({2, 2, {1, 1}}).has_value());
}

TEST_CASE("coordinates move by half a pixel, and areas and boxes follow") {
  CocoDataset dataset{.description = "d",
                      .version = "1",
                      .created_at = "2026-01-02T03:04:05.000Z",
                      .contributor = "c",
                      .images = {},
                      .categories = {},
                      .annotations = {}};
  dataset.images.push_back({.id = 1, .file_name = "a.png", .width = 20, .height = 10});
  dataset.categories.push_back({.id = 1, .name = "nodule", .supercategory = "finding"});
  dataset.annotations.push_back(
      {.id = 1, .image_id = 1, .category_id = 1, .shape = CocoBox{{5.5, 4.5}, {1.5, 2.5}}});
  dataset.annotations.push_back({.id = 2,
                                 .image_id = 1,
                                 .category_id = 1,
                                 .shape = CocoPolygons{{{{0, 0}, {4, 0}, {0, 3}}}}});
  const auto parsed = boost::json::parse(write_coco(dataset, CocoRuns::Compressed).value());
  const auto& annotations = parsed.at("annotations").as_array();
  CHECK(annotations[0].at("bbox") == boost::json::value{2.0, 3.0, 4.0, 2.0});
  CHECK(annotations[0].at("area").as_double() == 8.0);
  CHECK(annotations[1].at("bbox") == boost::json::value{0.5, 0.5, 4.0, 3.0});
  CHECK(annotations[1].at("area").as_double() == 6.0);
  CHECK(parsed.at("info").at("year").as_int64() == 2026);

  CocoDataset lost = dataset;
  lost.annotations[0].image_id = 9;
  CHECK(write_coco(lost, CocoRuns::Counts).error().code == ErrorCode::InvalidInput);
  CocoDataset doubled = dataset;
  doubled.annotations[1].id = 1;
  CHECK(write_coco(doubled, CocoRuns::Counts).error().code == ErrorCode::InvalidInput);
  CocoDataset thin = dataset;
  thin.annotations[1].shape = CocoPolygons{{{{0, 0}, {4, 0}}}};
  CHECK(write_coco(thin, CocoRuns::Counts).error().code == ErrorCode::InvalidInput);
  CocoDataset wrong = dataset;
  wrong.annotations[0].shape = CocoRle{3, 3, {9}};
  CHECK(write_coco(wrong, CocoRuns::Counts).error().code == ErrorCode::InvalidInput);
}
