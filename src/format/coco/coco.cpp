#include "format/coco/coco.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace consilium {
namespace {

namespace json = boost::json;

json::string text(std::string_view value) { return json::string(value.data(), value.size()); }

json::object image_json(const CocoImage& image) {
  return {{"id", image.id},
          {"file_name", text(image.file_name)},
          {"width", image.width},
          {"height", image.height},
          {"series_id", text(image.series_id)},
          {"instance_uid", text(image.instance_uid)},
          {"frame_index", image.frame_index},
          {"patient", text(image.patient_pseudonym)}};
}

json::object category_json(const CocoCategory& category) {
  json::object out{{"id", category.id},
                   {"name", text(category.name)},
                   {"supercategory", text(category.supercategory)}};
  if (category.code) {
    out["code"] = json::object{{"system", text(category.code->system)},
                               {"code", text(category.code->code)},
                               {"version", text(category.code->version)},
                               {"display", text(category.code->display)}};
  }
  if (!category.colour.empty()) out["colour"] = text(category.colour);
  return out;
}

struct Shape {
  json::array bbox;
  double area = 0;
  json::value segmentation;
};

Shape box_shape(double x0, double y0, double x1, double y1) {
  // A rectangle as polygon lets tools that want a segmentation read boxes too.
  return {{x0, y0, x1 - x0, y1 - y0},
          (x1 - x0) * (y1 - y0),
          json::array{json::array{x0, y0, x1, y0, x1, y1, x0, y1}}};
}

Shape shape_json(const CocoBox& box, CocoRuns) {
  const auto [x0, x1] = std::minmax({box.first.x + 0.5, box.second.x + 0.5});
  const auto [y0, y1] = std::minmax({box.first.y + 0.5, box.second.y + 0.5});
  return box_shape(x0, y0, x1, y1);
}

Shape shape_json(const CocoPolygons& polygons, CocoRuns) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double x0 = infinity;
  double y0 = infinity;
  double x1 = -infinity;
  double y1 = -infinity;
  Shape shape;
  json::array rings;
  for (const std::vector<ImagePoint>& ring : polygons.rings) {
    json::array coordinates;
    double twice_area = 0;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const ImagePoint& point = ring[i];
      const ImagePoint& next = ring[(i + 1) % ring.size()];
      twice_area += point.x * next.y - next.x * point.y;
      coordinates.push_back(point.x + 0.5);
      coordinates.push_back(point.y + 0.5);
      x0 = std::min(x0, point.x + 0.5);
      y0 = std::min(y0, point.y + 0.5);
      x1 = std::max(x1, point.x + 0.5);
      y1 = std::max(y1, point.y + 0.5);
    }
    shape.area += std::abs(twice_area) / 2;
    rings.push_back(std::move(coordinates));
  }
  shape.bbox = {x0, y0, x1 - x0, y1 - y0};
  shape.segmentation = std::move(rings);
  return shape;
}

Shape shape_json(const CocoRle& rle, CocoRuns runs) {
  const PixelBox box = bounds(rle);
  json::object segmentation{{"size", json::array{rle.height, rle.width}}};
  if (runs == CocoRuns::Compressed) {
    segmentation["counts"] = text(rle_text(rle));
  } else {
    json::array counts;
    for (const std::uint32_t count : rle.counts) counts.push_back(count);
    segmentation["counts"] = std::move(counts);
  }
  return {{box.x, box.y, box.width, box.height},
          static_cast<double>(area_pixels(rle)),
          std::move(segmentation)};
}

json::object annotation_json(const CocoAnnotation& annotation, CocoRuns runs) {
  Shape shape =
      std::visit([runs](const auto& form) { return shape_json(form, runs); }, annotation.shape);
  return {{"id", annotation.id},
          {"image_id", annotation.image_id},
          {"category_id", annotation.category_id},
          {"bbox", std::move(shape.bbox)},
          {"area", shape.area},
          {"segmentation", std::move(shape.segmentation)},
          {"iscrowd", 0},
          {"annotation_id", text(annotation.annotation_id)},
          {"rater", text(annotation.rater)},
          {"rater_kind", text(annotation.rater_kind)},
          {"stage", text(annotation.stage)},
          {"protocol_id", text(annotation.protocol_id)},
          {"protocol_version", text(annotation.protocol_version)},
          {"created_at", text(annotation.created_at)}};
}

Status check_shape(const CocoAnnotation& annotation, const CocoImage& image) {
  if (const auto* rle = std::get_if<CocoRle>(&annotation.shape)) {
    if (rle->width != image.width || rle->height != image.height) {
      return fail(ErrorCode::InvalidInput, "a mask is not of the size of its image");
    }
  }
  if (const auto* polygons = std::get_if<CocoPolygons>(&annotation.shape)) {
    const bool is_whole =
        !polygons->rings.empty() &&
        std::ranges::all_of(polygons->rings, [](const auto& ring) { return ring.size() >= 3; });
    if (!is_whole) {
      return fail(ErrorCode::InvalidInput, "a polygon has fewer than three points");
    }
  }
  return {};
}

Status check(const CocoDataset& dataset) {
  std::map<std::int64_t, const CocoImage*> images;
  std::set<std::int64_t> categories;
  std::set<std::int64_t> annotations;
  const auto twice = [](std::string what) {
    return fail(ErrorCode::InvalidInput, "an id of COCO occurs twice", std::move(what));
  };
  for (const CocoImage& image : dataset.images) {
    if (!images.emplace(image.id, &image).second) return twice("images");
  }
  for (const CocoCategory& category : dataset.categories) {
    if (!categories.insert(category.id).second) return twice("categories");
  }
  for (const CocoAnnotation& annotation : dataset.annotations) {
    if (!annotations.insert(annotation.id).second) return twice("annotations");
    const auto image = images.find(annotation.image_id);
    if (image == images.end() || !categories.contains(annotation.category_id)) {
      return fail(ErrorCode::InvalidInput, "an annotation names no image or category of the set");
    }
    CSL_TRY(check_shape(annotation, *image->second));
  }
  return {};
}

}  // namespace

Result<std::string> write_coco(const CocoDataset& dataset, CocoRuns runs) {
  CSL_TRY(check(dataset));
  json::object info{{"description", text(dataset.description)},
                    {"version", text(dataset.version)},
                    {"date_created", text(dataset.created_at)},
                    {"contributor", text(dataset.contributor)},
                    {"url", ""}};
  if (dataset.created_at.size() >= 4) info["year"] = std::atoi(dataset.created_at.c_str());
  json::array licences;
  if (!dataset.licence_name.empty()) {
    licences.push_back({{"id", 1}, {"name", text(dataset.licence_name)}, {"url", ""}});
  }
  json::array images;
  for (const CocoImage& image : dataset.images) {
    json::object entry = image_json(image);
    if (!licences.empty()) entry["license"] = 1;
    images.push_back(std::move(entry));
  }
  json::array categories;
  for (const CocoCategory& category : dataset.categories) {
    categories.push_back(category_json(category));
  }
  json::array annotations;
  for (const CocoAnnotation& annotation : dataset.annotations) {
    annotations.push_back(annotation_json(annotation, runs));
  }
  return json::serialize(json::object{{"info", std::move(info)},
                                      {"licenses", std::move(licences)},
                                      {"images", std::move(images)},
                                      {"categories", std::move(categories)},
                                      {"annotations", std::move(annotations)}});
}

}  // namespace consilium
