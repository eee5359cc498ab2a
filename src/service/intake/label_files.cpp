#include "service/intake/label_files.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/canonical_json.hpp"
#include "format/labelled_files/labelled_files.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "format/shape_files/shape_files.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t looked_at_bytes = 64U << 10U;

std::vector<NiftiLabel> names_in(ByteView text) {
  std::vector<NiftiLabel> names;
  const auto value = parse_json(text_of(text));
  if (!value || !value->is_object()) return names;
  const json::value* list = value->get_object().if_contains("labels");
  if (list == nullptr || !list->is_array()) return names;
  for (const json::value& entry : list->get_array()) {
    const json::object* label = entry.if_object();
    const json::value* number = label != nullptr ? label->if_contains("value") : nullptr;
    const json::value* name = label != nullptr ? label->if_contains("name") : nullptr;
    if (number == nullptr || name == nullptr || !name->is_string()) return {};
    const auto labelled = json::try_value_to<std::uint16_t>(*number);
    if (!labelled) return {};
    names.push_back({*labelled, std::string(name->get_string())});
  }
  return names;
}

// The name without folders and extensions, in small letters.
std::string plain_stem(std::string_view name) {
  const std::size_t slash = name.find_last_of('/');
  std::string stem(slash == std::string_view::npos ? name : name.substr(slash + 1));
  for (char& c : stem) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view extension : {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}) {
    if (stem.ends_with(extension)) stem.resize(stem.size() - extension.size());
  }
  return stem;
}

Result<Bytes> bytes_beside(const LabelFile& file, std::string_view name) {
  for (const LabelFile::Beside& one : file.beside) {
    const std::size_t slash = one.name.find_last_of('/');
    if (one.name.substr(slash == std::string::npos ? 0 : slash + 1) == name) return one.bytes;
  }
  return fail(ErrorCode::NotFound, "the header's data file is not among the files", "",
              "give it together with its header");
}

Status read_nrrd_labels(const LabelFile& file, LabelVolume& volume) {
  const auto open = [&](std::string_view name) { return bytes_beside(file, name); };
  for (NrrdVolume& layer : CSL_TRY(read_nrrd_list(file.bytes, {.opener = open}))) {
    if (volume.layers.empty()) {
      for (const NrrdSegment& segment : layer.segments) {
        VolumeLabel label{
            .value = segment.label_value, .layer = segment.layer, .name = segment.name};
        if (segment.type) label.codes.push_back(*segment.type);
        volume.labels.push_back(std::move(label));
      }
      if (!layer.segments.empty()) volume.tool = "NRRD segmentation";
    }
    volume.layers.push_back(std::move(layer.volume));
  }
  return {};
}

Status read_nifti_labels(const LabelFile& file, LabelVolume& volume) {
  NiftiVolume nifti = CSL_TRY(read_nifti(file.bytes));
  volume.slope = nifti.slope;
  volume.intercept = nifti.intercept;
  if (!nifti.description.empty()) volume.tool = nifti.description;
  for (const NiftiLabel& label : nifti.labels) {
    volume.labels.push_back({.value = label.value, .layer = 0, .name = label.name});
  }
  volume.layers.push_back({.dims = nifti.dims,
                           .affine = nifti.affine,
                           .sample_type = nifti.sample_type,
                           .samples = std::move(nifti.samples)});
  return {};
}

std::string joined(const std::string& name, const std::string& version) {
  return version.empty() || name.ends_with(version) ? name : name + " " + version;
}

Result<ShapesRead> read_coco_shapes(const LabelFile& file) {
  ReadCoco coco = CSL_TRY(read_coco(text_of(file.bytes)));
  const CocoDataset& set = coco.dataset;
  ShapesRead read{.file = {.source = file.source, .tool = "COCO file", .shapes = {}},
                  .notes = std::move(coco.notes)};
  if (!set.contributor.empty()) read.file.tool = joined(set.contributor, set.version);
  std::map<std::int64_t, const CocoImage*> images;
  std::map<std::int64_t, const CocoCategory*> categories;
  for (const CocoImage& image : set.images) images[image.id] = &image;
  for (const CocoCategory& category : set.categories) categories[category.id] = &category;
  for (const CocoAnnotation& annotation : set.annotations) {
    const CocoImage& image = *images.at(annotation.image_id);
    const CocoCategory& category = *categories.at(annotation.category_id);
    NamedShape shape{.image = image.file_name,
                     .instance_uid = image.instance_uid,
                     .frame_index = image.frame_index,
                     .width = image.width,
                     .height = image.height,
                     .key = annotation.annotation_id.empty()
                                ? "annotation " + std::to_string(annotation.id)
                                : annotation.annotation_id,
                     .name = category.name,
                     .shape = annotation.shape};
    if (category.code) shape.codes.push_back(*category.code);
    if (coco.has_scores || annotation.rater_kind == "model") shape.kind = RaterKind::Model;
    read.file.shapes.push_back(std::move(shape));
  }
  return read;
}

Result<ShapesRead> read_yolo_shapes(const LabelFile& file) {
  const std::vector<std::string> names = CSL_TRY(read_yolo_names(text_of(file.bytes)));
  ShapesRead read{.file = {.source = file.source, .tool = "YOLO labels", .shapes = {}},
                  .notes = {}};
  for (const LabelFile::Beside& one : file.beside) {
    if (one.name.find("labels/") == std::string::npos) continue;  // images.txt only lists
    const std::size_t slash = one.name.find_last_of('/');
    const std::string image = one.name.substr(slash + 1, one.name.size() - slash - 5);
    auto shapes = read_yolo_labels(text_of(one.bytes));
    if (!shapes) {
      Error error = shapes.error();
      error.where = "labels of image " + image + ", " + error.where;
      return std::unexpected(std::move(error));
    }
    std::size_t line = 0;
    for (const YoloShape& shape : *shapes) {
      NamedShape named{.image = image + ".dcm",
                       .key = image + " " + std::to_string(++line),
                       .name = shape.class_index < names.size() ? names[shape.class_index]
                                                                : std::to_string(shape.class_index),
                       .shape = CocoBox{},
                       .in_shares = true};
      if (shape.is_box) {
        named.shape = CocoBox{shape.points[0], shape.points[1]};
      } else {
        named.shape = CocoPolygons{{shape.points}};
      }
      read.file.shapes.push_back(std::move(named));
    }
  }
  return read;
}

Result<ShapesRead> read_voc_shapes(const LabelFile& file) {
  const VocAnnotation voc = CSL_TRY(read_voc(text_of(file.bytes)));
  ShapesRead read{.file = {.source = file.source,
                           .tool = voc.database.empty() ? "VOC labels" : voc.database,
                           .shapes = {}},
                  .notes = {}};
  for (std::size_t o = 0; o < voc.objects.size(); ++o) {
    read.file.shapes.push_back({.image = voc.file_name,
                                .width = voc.width,
                                .height = voc.height,
                                .key = "object " + std::to_string(o + 1),
                                .name = voc.objects[o].name,
                                .shape = voc.objects[o].box});
  }
  return read;
}

}  // namespace

bool names_labels(ByteView text) { return !names_in(text).empty(); }

bool is_label_volume_kind(FileKind kind) {
  return kind == FileKind::Nifti || kind == FileKind::Nrrd || kind == FileKind::MetaImage;
}

bool is_label_volume(const LabelFile& file) {
  if (!is_label_volume_kind(file.kind)) return false;
  const bool has_names = std::ranges::any_of(file.beside, [](const LabelFile::Beside& one) {
    return one.name.ends_with(".json") && names_labels(one.bytes);
  });
  const std::string_view head =
      text_of(file.bytes.first(std::min(file.bytes.size(), looked_at_bytes)));
  const bool has_segments = file.kind == FileKind::Nrrd && head.find("Segment0_") != head.npos;
  const std::string stem = plain_stem(file.name);
  const bool is_named = std::ranges::any_of(
      std::initializer_list<std::string_view>{"seg", "segmentation", "label", "labels", "mask"},
      [&](std::string_view end) { return stem.ends_with(end); });
  return has_names || has_segments || is_named;
}

Result<LabelVolume> read_label_volume(const LabelFile& file) {
  LabelVolume volume{.file_name = file.name,
                     .source = file.source,
                     .tool = "Label volume",
                     .layers = {},
                     .labels = {}};
  if (file.kind == FileKind::Nrrd) {
    CSL_TRY(read_nrrd_labels(file, volume));
  } else if (file.kind == FileKind::Nifti) {
    CSL_TRY(read_nifti_labels(file, volume));
  } else {
    const auto open = [&](std::string_view name) { return bytes_beside(file, name); };
    volume.layers.push_back(CSL_TRY(read_metaimage(file.bytes, {.opener = open})));
  }
  for (const LabelFile::Beside& one : file.beside) {
    if (!one.name.ends_with(".json")) continue;
    for (const NiftiLabel& label : names_in(one.bytes)) {
      volume.labels.push_back({.value = label.value, .layer = 0, .name = label.name});
    }
  }
  return volume;
}

Result<ShapesRead> read_shapes(const LabelFile& file) {
  if (file.kind == FileKind::CocoJson) return read_coco_shapes(file);
  if (file.kind == FileKind::YoloNames) return read_yolo_shapes(file);
  return read_voc_shapes(file);
}

Result<TextsRead> read_labelled_texts(const LabelFile& file) {
  const std::string_view bytes = text_of(file.bytes);
  const LabelledFormat* format = sniff_labelled_format(file.name, bytes);
  if (format == nullptr || !format->reads) {
    return fail(ErrorCode::Unsupported, "the file is of no form of labelled text that is read");
  }
  std::optional<std::string_view> beside;
  for (const LabelFile::Beside& one : file.beside) {
    if (one.name.ends_with(".txt")) beside = text_of(one.bytes);
  }
  return TextsRead{.texts = CSL_TRY(read_labelled(*format, bytes, beside)),
                   .format = std::string(format->title)};
}

}  // namespace consilium::service
