#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/canonical_json.hpp"
#include "format/shape_files/shape_files.hpp"

namespace consilium {
namespace json = boost::json;

namespace {

std::unexpected<Error> corrupt(std::string what, std::string where) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where),
              "export it anew with the program that made it");
}

std::string text_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

template <class Number>
std::optional<Number> number_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = json::try_value_to<Number>(*value);
  return number ? std::optional(*number) : std::nullopt;
}

const json::array* list_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

Result<std::vector<double>> numbers_of(const json::array& list, const std::string& where) {
  std::vector<double> numbers;
  numbers.reserve(list.size());
  for (const json::value& value : list) {
    const auto number = json::try_value_to<double>(value);
    if (!value.is_number() || !number || !std::isfinite(*number)) {
      return corrupt("a coordinate is no number", where);
    }
    numbers.push_back(*number);
  }
  return numbers;
}

Result<CocoPolygons> polygons_of(const json::array& rings, const std::string& where) {
  CocoPolygons polygons;
  for (const json::value& ring : rings) {
    if (!ring.is_array()) return corrupt("a polygon is no list of coordinates", where);
    const std::vector<double> numbers = CSL_TRY(numbers_of(ring.get_array(), where));
    if (numbers.size() < 6 || numbers.size() % 2 != 0) {
      return corrupt("a polygon has fewer than three points", where);
    }
    std::vector<ImagePoint> points;
    for (std::size_t n = 0; n < numbers.size(); n += 2) {
      points.push_back({numbers[n] - 0.5, numbers[n + 1] - 0.5});
    }
    polygons.rings.push_back(std::move(points));
  }
  return polygons;
}

Result<CocoRle> rle_of(const json::object& segmentation, const CocoImage& image,
                       const std::string& where) {
  const json::array* size = list_in(segmentation, "size");
  const json::value* counts = segmentation.if_contains("counts");
  if (size == nullptr || size->size() != 2 || counts == nullptr) {
    return corrupt("a mask lacks its size or counts", where);
  }
  const std::vector<double> edges = CSL_TRY(numbers_of(*size, where));
  if (edges[0] != image.height || edges[1] != image.width) {
    return corrupt("a mask is not of the size of its image", where);
  }
  CocoRle rle{.width = image.width, .height = image.height, .counts = {}};
  if (counts->is_string()) {
    rle = CSL_TRY(parse_rle_text(image.width, image.height, counts->get_string()));
  } else if (counts->is_array()) {
    for (const json::value& count : counts->get_array()) {
      const auto number = json::try_value_to<std::uint32_t>(count);
      if (!number) return corrupt("a run length is no number", where);
      rle.counts.push_back(*number);
    }
  }
  // The counts must fill the image exactly.
  std::uint64_t sum = 0;
  for (const std::uint32_t count : rle.counts) sum += count;
  if (sum != std::uint64_t{image.width} * image.height) {
    return corrupt("a mask's run lengths do not add up to its image", where);
  }
  return rle;
}

class CocoReader {
 public:
  explicit CocoReader(const json::object& root) : root_(root) {}

  Result<ReadCoco> read() {
    const json::array* images = list_in(root_, "images");
    const json::array* categories = list_in(root_, "categories");
    const json::array* annotations = list_in(root_, "annotations");
    if (images == nullptr || categories == nullptr || annotations == nullptr) {
      return fail(ErrorCode::InvalidInput, "the JSON has no images, categories and annotations", "",
                  "give a COCO object detection dataset");
    }
    if (const json::value* info = root_.if_contains("info"); info != nullptr && info->is_object()) {
      set().description = text_in(info->get_object(), "description");
      set().version = text_in(info->get_object(), "version");
      set().contributor = text_in(info->get_object(), "contributor");
    }
    for (const json::value& image : *images) CSL_TRY(add_image(image));
    for (const json::value& category : *categories) CSL_TRY(add_category(category));
    for (const json::value& annotation : *annotations) CSL_TRY(add_annotation(annotation));
    if (shapeless_ > 0) {
      read_.notes.push_back(
          fmt::format("{} annotations have neither box, polygon nor mask", shapeless_));
    }
    return std::move(read_);
  }

 private:
  CocoDataset& set() { return read_.dataset; }

  Status add_image(const json::value& value) {
    const std::string where = "images " + std::to_string(set().images.size() + 1);
    if (!value.is_object()) return corrupt("an image is no object", where);
    const json::object& object = value.get_object();
    const auto id = number_in<std::int64_t>(object, "id");
    if (!id) return corrupt("an image has no id", where);
    CocoImage image{.id = *id,
                    .file_name = text_in(object, "file_name"),
                    .width = number_in<std::uint32_t>(object, "width").value_or(0),
                    .height = number_in<std::uint32_t>(object, "height").value_or(0)};
    image.instance_uid = text_in(object, "instance_uid");
    image.frame_index = number_in<std::uint32_t>(object, "frame_index").value_or(0);
    images_.emplace(*id, set().images.size());
    set().images.push_back(std::move(image));
    return {};
  }

  Status add_category(const json::value& value) {
    const std::string where = "categories " + std::to_string(set().categories.size() + 1);
    if (!value.is_object()) return corrupt("a category is no object", where);
    const json::object& object = value.get_object();
    const auto id = number_in<std::int64_t>(object, "id");
    if (!id) return corrupt("a category has no id", where);
    CocoCategory category{.id = *id,
                          .name = text_in(object, "name"),
                          .supercategory = text_in(object, "supercategory")};
    if (const json::value* code = object.if_contains("code"); code && code->is_object()) {
      const json::object& coded = code->get_object();
      category.code = CodedConcept{.system = text_in(coded, "system"),
                                   .code = text_in(coded, "code"),
                                   .version = text_in(coded, "version"),
                                   .display = text_in(coded, "display")};
    }
    categories_.insert(*id);
    set().categories.push_back(std::move(category));
    return {};
  }

  Status add_annotation(const json::value& value) {
    const std::string where = "annotations " + std::to_string(++annotation_number_);
    if (!value.is_object()) return corrupt("an annotation is no object", where);
    const json::object& object = value.get_object();
    CocoAnnotation annotation{
        .id = number_in<std::int64_t>(object, "id").value_or(0),
        .image_id = number_in<std::int64_t>(object, "image_id").value_or(-1),
        .category_id = number_in<std::int64_t>(object, "category_id").value_or(-1),
        .shape = CocoBox{}};
    const auto image = images_.find(annotation.image_id);
    if (image == images_.end() || !categories_.contains(annotation.category_id)) {
      return fail(ErrorCode::InvalidInput, "an annotation names no image or category of the set",
                  where, "export it anew with the program that made it");
    }
    annotation.annotation_id = text_in(object, "annotation_id");
    annotation.rater_kind = text_in(object, "rater_kind");
    read_.has_scores = read_.has_scores || object.contains("score");
    if (!CSL_TRY(read_shape(object, set().images[image->second], where, annotation))) {
      ++shapeless_;
      return {};
    }
    set().annotations.push_back(std::move(annotation));
    return {};
  }

  static Result<bool> read_shape(const json::object& object, const CocoImage& image,
                                 const std::string& where, CocoAnnotation& annotation) {
    const json::value* segmentation = object.if_contains("segmentation");
    if (segmentation != nullptr && segmentation->is_object()) {
      annotation.shape = CSL_TRY(rle_of(segmentation->get_object(), image, where));
      return true;
    }
    if (segmentation != nullptr && segmentation->is_array() && !segmentation->get_array().empty()) {
      annotation.shape = CSL_TRY(polygons_of(segmentation->get_array(), where));
      return true;
    }
    const json::array* bbox = list_in(object, "bbox");
    if (bbox == nullptr || bbox->size() != 4) return false;
    const std::vector<double> box = CSL_TRY(numbers_of(*bbox, where));
    annotation.shape = CocoBox{.first = {box[0] - 0.5, box[1] - 0.5},
                               .second = {box[0] + box[2] - 0.5, box[1] + box[3] - 0.5}};
    return true;
  }

  const json::object& root_;
  ReadCoco read_;
  std::map<std::int64_t, std::size_t> images_;
  std::set<std::int64_t> categories_;
  std::size_t annotation_number_ = 0;
  std::size_t shapeless_ = 0;
};

}  // namespace

Result<ReadCoco> read_coco(std::string_view json_text) {
  const auto root = parse_json(json_text);
  if (!root) return corrupt("the JSON does not read", root.error().where);
  if (!root->is_object()) {
    return fail(ErrorCode::InvalidInput, "the JSON is no COCO dataset", "",
                "give the dataset with its images and categories, not a list of results alone");
  }
  return CocoReader(root->get_object()).read();
}

}  // namespace consilium
