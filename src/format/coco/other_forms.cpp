#include "format/coco/other_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "domain/image/contour.hpp"
#include "format/note/csv_fields.hpp"

namespace consilium {
namespace {

using Rings = std::vector<std::vector<ImagePoint>>;

// In COCO's coordinates: the first pixel's corner is (0, 0).
struct Edges {
  double left = 0, top = 0, right = 0, bottom = 0;
};

struct Shape {
  const CocoAnnotation* annotation = nullptr;
  Rings rings;
  Edges box;
  double area = 0;
};

Rings moved_to_corners(Rings rings) {
  for (auto& ring : rings) {
    for (ImagePoint& point : ring) point = {point.x + 0.5, point.y + 0.5};
  }
  return rings;
}

Result<Rings> rings_of_rle(const CocoRle& rle) {
  const std::vector<std::uint8_t> rows = CSL_TRY(decode_rle(rle));
  const std::vector<std::uint16_t> plane(rows.begin(), rows.end());
  const std::vector<SliceLabel> labels = labels_on(plane, rle.width);
  if (labels.empty()) return Rings{};
  return moved_to_corners(with_keyholes(rings_of(plane, rle.width, labels.front())));
}

Result<Shape> shape_of(const CocoAnnotation& annotation) {
  Shape shape{.annotation = &annotation, .rings = {}, .box = {}, .area = 0};
  if (const auto* box = std::get_if<CocoBox>(&annotation.shape)) {
    const auto [left, right] = std::minmax({box->first.x + 0.5, box->second.x + 0.5});
    const auto [top, bottom] = std::minmax({box->first.y + 0.5, box->second.y + 0.5});
    shape.rings = {{{left, top}, {right, top}, {right, bottom}, {left, bottom}}};
    shape.box = {left, top, right, bottom};
    shape.area = (right - left) * (bottom - top);
    return shape;
  }
  if (const auto* rle = std::get_if<CocoRle>(&annotation.shape)) {
    shape.rings = CSL_TRY(rings_of_rle(*rle));
    const PixelBox b = bounds(*rle);
    shape.box = {double{1.0} * b.x, double{1.0} * b.y, double{1.0} * b.x + b.width,
                 double{1.0} * b.y + b.height};
    shape.area = static_cast<double>(area_pixels(*rle));
    return shape;
  }
  shape.rings = moved_to_corners(std::get<CocoPolygons>(annotation.shape).rings);
  bool is_first = true;
  for (const auto& ring : shape.rings) {
    if (ring.size() < 3) return fail(ErrorCode::InvalidInput, "a ring has fewer than 3 points");
    shape.area += std::abs(twice_area(ring)) / 2;
    for (const ImagePoint& p : ring) {
      if (is_first) shape.box = {p.x, p.y, p.x, p.y};
      is_first = false;
      shape.box = {std::min(shape.box.left, p.x), std::min(shape.box.top, p.y),
                   std::max(shape.box.right, p.x), std::max(shape.box.bottom, p.y)};
    }
  }
  return shape;
}

// The shapes of every image, and the place of every category.
struct Sorted {
  std::map<std::int64_t, std::size_t> categories;
  std::vector<std::vector<Shape>> shapes;  // of each image in the dataset's order
};

Result<Sorted> sorted(const CocoDataset& dataset) {
  Sorted out;
  out.shapes.resize(dataset.images.size());
  std::map<std::int64_t, std::size_t> images;
  for (std::size_t i = 0; i < dataset.images.size(); ++i) images[dataset.images[i].id] = i;
  for (std::size_t c = 0; c < dataset.categories.size(); ++c) {
    out.categories[dataset.categories[c].id] = c;
  }
  for (const CocoAnnotation& annotation : dataset.annotations) {
    const auto image = images.find(annotation.image_id);
    if (image == images.end() || !out.categories.contains(annotation.category_id)) {
      return fail(ErrorCode::InvalidInput, "an annotation's image or category is not there");
    }
    out.shapes[image->second].push_back(CSL_TRY(shape_of(annotation)));
  }
  return out;
}

std::string stem_of(const std::string& name) { return name.substr(0, name.find_last_of('.')); }

double share(double value, std::uint32_t size) { return std::clamp(value / size, 0.0, 1.0); }

std::string escaped_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out.push_back(c);
  }
  return out;
}

}  // namespace

Result<std::vector<NamedText>> write_yolo(const CocoDataset& dataset) {
  const Sorted all = CSL_TRY(sorted(dataset));
  std::string names;
  std::string listed;
  for (std::size_t c = 0; c < dataset.categories.size(); ++c) {
    std::string name = dataset.categories[c].name;
    std::ranges::replace(name, '"', '\'');
    names += fmt::format("  {}: \"{}\"\n", c, name);
  }
  for (const CocoImage& image : dataset.images) listed += "images/" + image.file_name + "\n";
  std::vector<NamedText> files;
  for (const std::string_view task : {"detect", "segment"}) {
    files.push_back({fmt::format("{}/data.yaml", task),
                     "path: .\ntrain: images.txt\nval: images.txt\nnames:\n" + names});
    files.push_back({fmt::format("{}/images.txt", task), listed});
    for (std::size_t i = 0; i < dataset.images.size(); ++i) {
      const CocoImage& image = dataset.images[i];
      std::string text;
      for (const Shape& shape : all.shapes[i]) {
        const std::size_t category = all.categories.at(shape.annotation->category_id);
        if (task == "detect") {
          const Edges& b = shape.box;
          text += fmt::format("{} {:.6f} {:.6f} {:.6f} {:.6f}\n", category,
                              share((b.left + b.right) / 2, image.width),
                              share((b.top + b.bottom) / 2, image.height),
                              share(b.right - b.left, image.width),
                              share(b.bottom - b.top, image.height));
          continue;
        }
        for (const auto& ring : shape.rings) {
          text += std::to_string(category);
          for (const ImagePoint& p : ring) {
            text +=
                fmt::format(" {:.6f} {:.6f}", share(p.x, image.width), share(p.y, image.height));
          }
          text += "\n";
        }
      }
      files.push_back({fmt::format("{}/labels/{}.txt", task, stem_of(image.file_name)), text});
    }
  }
  return files;
}

Result<std::vector<NamedText>> write_voc(const CocoDataset& dataset) {
  const Sorted all = CSL_TRY(sorted(dataset));
  std::vector<NamedText> files;
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    const CocoImage& image = dataset.images[i];
    std::string text = fmt::format(
        "<annotation>\n  <folder>images</folder>\n  <filename>{}</filename>\n"
        "  <source><database>{}</database></source>\n"
        "  <size><width>{}</width><height>{}</height><depth>1</depth></size>\n"
        "  <segmented>0</segmented>\n",
        escaped_xml(image.file_name), escaped_xml(dataset.description), image.width, image.height);
    for (const Shape& shape : all.shapes[i]) {
      const Edges& b = shape.box;
      const auto pixel = [](double value, std::uint32_t size) {
        return static_cast<std::int64_t>(std::clamp(value, 1.0, double{1.0} * size));
      };
      const auto category = all.categories.at(shape.annotation->category_id);
      const bool is_cut =
          b.left < 0 || b.top < 0 || b.right > image.width || b.bottom > image.height;
      text += fmt::format(
          "  <object>\n    <name>{}</name>\n    <pose>Unspecified</pose>\n"
          "    <truncated>{}</truncated>\n    <difficult>0</difficult>\n    <bndbox>"
          "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>\n  </object>\n",
          escaped_xml(dataset.categories[category].name), is_cut ? 1 : 0,
          pixel(std::floor(b.left) + 1, image.width), pixel(std::floor(b.top) + 1, image.height),
          pixel(std::ceil(b.right), image.width), pixel(std::ceil(b.bottom), image.height));
    }
    files.push_back({"Annotations/" + stem_of(image.file_name) + ".xml", text + "</annotation>\n"});
  }
  return files;
}

Result<std::vector<NamedText>> write_shapes_csv(const CocoDataset& dataset) {
  const Sorted all = CSL_TRY(sorted(dataset));
  std::string text =
      "image,width,height,frame,patient,category,kind,left,top,right,bottom,area,polygon,"
      "code_system,code,annotation,rater,rater_kind,protocol,protocol_version,created_at\n";
  for (std::size_t i = 0; i < dataset.images.size(); ++i) {
    const CocoImage& image = dataset.images[i];
    for (const Shape& shape : all.shapes[i]) {
      const CocoAnnotation& a = *shape.annotation;
      const CocoCategory& category = dataset.categories[all.categories.at(a.category_id)];
      std::string polygon;
      for (const auto& ring : shape.rings) {
        if (!polygon.empty()) polygon += ";";
        for (const ImagePoint& p : ring) {
          if (!polygon.empty() && polygon.back() != ';') polygon += " ";
          polygon += fmt::format("{} {}", p.x, p.y);
        }
      }
      const char* kind = std::holds_alternative<CocoBox>(a.shape)   ? "box"
                         : std::holds_alternative<CocoRle>(a.shape) ? "mask"
                                                                    : "polygon";
      const CodedConcept code = category.code.value_or(CodedConcept{});
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},", csv_field(image.file_name),
                          image.width, image.height, image.frame_index,
                          csv_field(image.patient_pseudonym), csv_field(category.name), kind,
                          shape.box.left, shape.box.top, shape.box.right, shape.box.bottom,
                          shape.area, polygon);
      text += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(code.system), csv_field(code.code),
                          a.annotation_id, csv_field(a.rater), a.rater_kind,
                          csv_field(a.protocol_id), a.protocol_version, a.created_at);
    }
  }
  return std::vector<NamedText>{{"shapes.csv", text}};
}

}  // namespace consilium
