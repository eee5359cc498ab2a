// Masks as DICOM SEG and NIfTI; boxes, polygons and masks as COCO.
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>
#include <set>

#include "base/canonical_json.hpp"
#include "format/coco/coco.hpp"
#include "format/dicom_seg/dicom_seg.hpp"
#include "format/nifti/nifti.hpp"
#include "service/annotation/masks.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// A series' volume as the catalog shows it, found by its grid.
struct VolumeFacts {
  storage::SeriesRow series;
  std::string study_uid;
  json::object volume;
};

Result<VolumeFacts> volume_of(const storage::Reader& reader, const storage::ItemRow& item,
                              const std::string& grid_id) {
  const StudyId study = CSL_TRY(parse_id<StudyId>(item.source_id));
  VolumeFacts facts;
  facts.study_uid = CSL_TRY(storage::find_study(reader, study)).study_uid;
  for (storage::SeriesRow& series : CSL_TRY(storage::series_of_grid(reader, study, grid_id))) {
    const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
    for (const json::value& volume : volumes.as_array()) {
      if (volume.at("grid_id").as_string() != grid_id) continue;
      facts.volume = volume.as_object();
      facts.series = std::move(series);
      return facts;
    }
  }
  return fail(ErrorCode::NotFound, "the item has no such grid any more");
}

std::vector<ExportedAnnotation> masks_on(const std::vector<ExportedAnnotation>& annotations,
                                         const std::string& grid_id) {
  std::vector<ExportedAnnotation> masks;
  for (const ExportedAnnotation& annotation : annotations) {
    const auto* target = std::get_if<MaskTarget>(&annotation.stored.body.target);
    if (target != nullptr && target->grid_id == grid_id) masks.push_back(annotation);
  }
  return masks;
}

std::set<std::string> grids_of(const std::vector<ExportedAnnotation>& annotations) {
  std::set<std::string> grids;
  for (const ExportedAnnotation& annotation : annotations) {
    if (const auto* target = std::get_if<MaskTarget>(&annotation.stored.body.target)) {
      grids.insert(target->grid_id);
    }
  }
  return grids;
}

std::uint16_t segment_of(const ExportedAnnotation& annotation) {
  return std::get<MaskTarget>(annotation.stored.body.target).segment;
}

std::string label_of(const ExportedAnnotation& annotation) {
  return annotation.stored.body.label.value_or("segment");
}

// The layers that were drawn on: the exclusive one, and a binary one for each segment that has it.
struct Layers {
  std::vector<MaskLayer> layers;
  std::optional<std::size_t> exclusive;
  std::map<std::uint16_t, std::size_t> binary;  // segment -> place in `layers`
};

Result<Layers> load_layers(ExportWork& work, const storage::ItemRow& item, const RaterId& rater,
                           const std::string& grid_id,
                           const std::vector<ExportedAnnotation>& masks) {
  Layers layers;
  const auto add = [&](std::uint32_t number) -> Result<std::optional<std::size_t>> {
    auto layer = load_mask(work.store, item.patient, item.id, rater, grid_id, number);
    if (!layer && layer.error().code == ErrorCode::NotFound) return std::optional<std::size_t>{};
    layers.layers.push_back(CSL_TRY(std::move(layer)));
    return std::optional{layers.layers.size() - 1};
  };
  layers.exclusive = CSL_TRY(add(0));
  for (const ExportedAnnotation& mask : masks) {
    if (const auto place = CSL_TRY(add(segment_of(mask)))) layers.binary[segment_of(mask)] = *place;
  }
  return layers;
}

RgbColour colour_of(const std::string& text) {
  RgbColour colour{.red = 230, .green = 159, .blue = 0};
  if (text.size() != 7) return colour;
  const auto part = [&](std::size_t at) {
    std::uint8_t value = 0;
    std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
    return value;
  };
  return {.red = part(1), .green = part(3), .blue = part(5)};
}

const CodedConcept tissue{"SCT", "85756007", "", "Tissue"};
const CodedConcept abnormal{"SCT", "49755003", "", "Morphologically Abnormal Structure"};

SegSegment segment_for(const ExportWork& work, const ExportedAnnotation& mask,
                       const Layers& layers) {
  const LabelSpec* spec = mask.protocol->protocol.label(label_of(mask));
  SegSegment segment{.label = label_of(mask) + " " + std::to_string(segment_of(mask)) +
                              (mask.adjudicated ? ", adjudicated" : ""),
                     .category = abnormal,
                     .type = tissue,
                     .tracking_id = to_string(mask.stored.body.id),
                     .tracking_uid = work.mapped_uid(to_string(mask.stored.body.id))};
  if (spec != nullptr) {
    segment.colour = colour_of(spec->colour);
    if (spec->coded) segment.type = *spec->coded;
    if (spec->exported.seg) {
      segment.category = spec->exported.seg->category;
      segment.type = spec->exported.seg->type;
    }
  }
  const auto binary = layers.binary.find(segment_of(mask));
  if (binary != layers.binary.end()) {
    segment.layer_index = binary->second;
    segment.layer_value = 1;
  } else {
    segment.layer_index = layers.exclusive.value_or(0);
    segment.layer_value = segment_of(mask);
  }
  return segment;
}

std::string compact_date(std::string date) {
  std::erase(date, '-');
  return date;
}

Result<std::map<std::string, std::string>> sop_classes(const storage::Reader& reader,
                                                       const SeriesId& series) {
  std::map<std::string, std::string> classes;
  for (const storage::InstanceRow& row : CSL_TRY(storage::instances_of_series(reader, series))) {
    classes[row.sop_uid] = row.sop_class_uid;
  }
  return classes;
}

Result<SegDescription> describe_seg(const ExportWork& work, const ExportCase& one,
                                    const VolumeFacts& facts, const RaterRef& rater,
                                    const std::vector<ExportedAnnotation>& masks) {
  SegDescription seg;
  seg.patient_study.patient_name = one.item.pseudonym;
  seg.patient_study.patient_id = one.item.pseudonym;
  seg.patient_study.study_instance_uid = work.mapped_uid(facts.study_uid);
  seg.patient_study.study_date = compact_date(one.item.date);
  seg.patient_study.deidentification_method = "Pseudonym, mapped UIDs, shifted dates (Consilium)";
  seg.source_series_instance_uid = work.mapped_uid(facts.series.series_uid);
  const auto classes = CSL_TRY(sop_classes(work.reader, facts.series.id));
  std::map<std::string, int> frames;  // of each instance
  for (const json::value& slice : facts.volume.at("slices").as_array()) {
    ++frames[std::string(slice.at("instance_uid").as_string())];
  }
  for (const json::value& slice : facts.volume.at("slices").as_array()) {
    const std::string uid(slice.at("instance_uid").as_string());
    const auto found = classes.find(uid);
    seg.source_slices.push_back(
        {.sop_class_uid = found == classes.end() ? std::string() : found->second,
         .sop_instance_uid = work.mapped_uid(uid),
         .frame_number = frames[uid] > 1 ? slice.at("frame").to_number<int>() + 1 : 0});
  }
  seg.slice_thickness_mm = facts.volume.at("spacing_mm").as_array()[2].to_number<double>();
  const std::string name = to_string(one.item.id) + to_string(rater.id) +
                           std::string(facts.volume.at("grid_id").as_string());
  seg.series_instance_uid = work.mapped_uid("series " + name);
  seg.sop_instance_uid = work.mapped_uid("instance " + name + to_rfc3339(work.now));
  seg.created_at = work.now;
  seg.content_creator = work.rater_pseudonym(rater.id);
  seg.protocol_id = masks.front().stored.body.protocol.id;
  seg.protocol_version = masks.front().stored.body.protocol.version;
  seg.software_version = "0.1.0";
  seg.device_serial_number = work.mapped_uid("this installation").substr(5, 16);
  return seg;
}

Status write_nifti_files(ExportWork& work, const std::string& name, const Layers& layers,
                         const std::vector<ExportedAnnotation>& masks) {
  const auto write = [&](const std::string& file, const MaskLayer& layer,
                         std::vector<NiftiLabel> labels) -> Status {
    NiftiVolume volume = nifti_of_mask(layer, labels);
    volume.description = "Consilium 0.1.0";
    CSL_TRY(work.sink(file + ".nii.gz", CSL_TRY(write_nifti(volume, NiftiPacking::Gzip))));
    return work.sink(file + ".json", bytes_of(nifti_label_json(labels)));
  };
  std::vector<NiftiLabel> exclusive;
  for (const ExportedAnnotation& mask : masks) {
    const auto binary = layers.binary.find(segment_of(mask));
    if (binary == layers.binary.end()) {
      exclusive.push_back({segment_of(mask), label_of(mask)});
      continue;
    }
    CSL_TRY(write(name + "_segment_" + std::to_string(segment_of(mask)),
                  layers.layers[binary->second], {{1, label_of(mask)}}));
  }
  if (!layers.exclusive || exclusive.empty()) return {};
  return write(name, layers.layers[*layers.exclusive], std::move(exclusive));
}

Status write_masks(ExportWork& work, const ExportCase& one, const RaterRef& rater,
                   const std::string& grid, const std::vector<ExportedAnnotation>& masks,
                   ExportFormat format) {
  const auto count = static_cast<std::int64_t>(masks.size());
  Layers layers = CSL_TRY(load_layers(work, one.item, rater.id, grid, masks));
  if (layers.layers.empty()) {
    work.exclude("nothing was drawn", count);
    return {};
  }
  const std::string name =
      work.folder_of(masks) + ExportWork::name_of_item(one.item) + "_" + grid.substr(0, 8);
  if (format == ExportFormat::Nifti) {
    CSL_TRY(write_nifti_files(work, name, layers, masks));
    work.annotation_count += count;
    return {};
  }
  for (MaskLayer& layer : layers.layers) {
    std::string& uid = layer.grid.frame_of_reference_uid;
    if (!uid.empty()) uid = work.mapped_uid(uid);
  }
  const VolumeFacts facts = CSL_TRY(volume_of(work.reader, one.item, grid));
  std::vector<SegSegment> segments;
  for (const ExportedAnnotation& mask : masks) segments.push_back(segment_for(work, mask, layers));
  const SegDescription description = CSL_TRY(describe_seg(work, one, facts, rater, masks));
  const auto seg = write_dicom_seg(description, layers.layers, segments);
  if (!seg) {
    work.exclude(seg.error().what, count);
    return {};
  }
  CSL_TRY(work.sink(name + ".dcm", *seg));
  work.annotation_count += count;
  return {};
}

}  // namespace

Status export_masks(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
  for (const ExportCase& one : cases) {
    for (const RaterRef& rater : one.raters()) {
      const std::vector<ExportedAnnotation> own = one.of_rater(rater.id);
      std::size_t mask_count = 0;
      for (const std::string& grid : grids_of(own)) {
        const std::vector<ExportedAnnotation> masks = masks_on(own, grid);
        mask_count += masks.size();
        CSL_TRY(write_masks(work, one, rater, grid, masks, format));
      }
      if (own.size() > mask_count) {
        work.exclude("not a mask", static_cast<std::int64_t>(own.size() - mask_count));
      }
    }
  }
  return {};
}

namespace {

// The images and categories of a COCO file, each numbered when it is first asked for.
class CocoBook {
 public:
  CocoBook(ExportWork& work, CocoDataset& dataset) : work_(work), dataset_(dataset) {}

  std::int64_t image(const ExportCase& one, const std::string& series_id,
                     const std::string& instance_uid, std::uint32_t frame, std::uint32_t columns,
                     std::uint32_t rows) {
    const auto [place, is_new] =
        images_.emplace(std::pair{instance_uid, frame}, dataset_.images.size() + 1);
    if (is_new) {
      const std::string uid = work_.mapped_uid(instance_uid);
      dataset_.images.push_back({.id = static_cast<std::int64_t>(place->second),
                                 .file_name = uid + "_" + std::to_string(frame) + ".dcm",
                                 .width = columns,
                                 .height = rows,
                                 .series_id = series_id,
                                 .instance_uid = uid,
                                 .frame_index = frame,
                                 .patient_pseudonym = one.item.pseudonym});
    }
    return static_cast<std::int64_t>(place->second);
  }

  std::int64_t category(const ExportedAnnotation& annotation) {
    const std::string label = label_of(annotation);
    const auto known = categories_.find(label);
    if (known != categories_.end()) return known->second;
    const LabelSpec* spec = annotation.protocol->protocol.label(label);
    CocoCategory category{.id = 0, .name = label, .supercategory = "finding"};
    if (spec != nullptr) {
      category.code = spec->coded;
      category.colour = spec->colour;
      if (spec->exported.coco) {
        category.id = spec->exported.coco->category_id;
        if (!spec->exported.coco->supercategory.empty()) {
          category.supercategory = spec->exported.coco->supercategory;
        }
      }
    }
    while (category.id == 0 || used_.contains(category.id)) category.id = ++next_category_;
    used_.insert(category.id);
    categories_[label] = category.id;
    dataset_.categories.push_back(category);
    return category.id;
  }

  void add(const ExportedAnnotation& annotation, std::int64_t image,
           std::variant<CocoBox, CocoPolygons, CocoRle> shape) {
    const StoredAnnotation& stored = annotation.stored;
    dataset_.annotations.push_back(
        {.id = static_cast<std::int64_t>(dataset_.annotations.size()) + 1,
         .image_id = image,
         .category_id = category(annotation),
         .shape = std::move(shape),
         .annotation_id = to_string(stored.body.id),
         .rater = work_.rater_pseudonym(stored.rater.id),
         .rater_kind = std::string(name_of(stored.rater.kind)),
         .stage = annotation.adjudicated ? "adjudicate" : "label",
         .protocol_id = stored.body.protocol.id,
         .protocol_version = stored.body.protocol.version,
         .created_at = to_rfc3339(stored.created_at)});
  }

 private:
  ExportWork& work_;
  CocoDataset& dataset_;
  std::map<std::pair<std::string, std::uint32_t>, std::size_t> images_;
  std::map<std::string, std::int64_t> categories_;
  std::set<std::int64_t> used_;
  std::int64_t next_category_ = 1000;  // past those that protocols give
};

// Rows and columns of the frame, from the volume that has it.
Result<std::optional<std::pair<std::uint32_t, std::uint32_t>>> frame_size(
    const storage::Reader& reader, const RegionTarget& region) {
  const storage::SeriesRow series = CSL_TRY(storage::find_series(reader, region.series_id));
  const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
  for (const json::value& volume : volumes.as_array()) {
    for (const json::value& slice : volume.at("slices").as_array()) {
      if (slice.at("instance_uid").as_string() != region.instance_uid) continue;
      return std::optional{std::pair{volume.at("layout").at("rows").to_number<std::uint32_t>(),
                                     volume.at("layout").at("columns").to_number<std::uint32_t>()}};
    }
  }
  return std::optional<std::pair<std::uint32_t, std::uint32_t>>{};
}

Status add_region(ExportWork& work, CocoBook& book, const ExportCase& one,
                  const ExportedAnnotation& annotation, const RegionTarget& region) {
  if (region.kind != GeometryKind::Box && region.kind != GeometryKind::Polygon &&
      region.kind != GeometryKind::RotatedBox) {
    work.exclude("neither box, polygon nor mask");
    return {};
  }
  const auto size = CSL_TRY(frame_size(work.reader, region));
  if (!size) {
    work.exclude("its image is not there any more");
    return {};
  }
  const std::int64_t image = book.image(one, to_string(region.series_id), region.instance_uid,
                                        region.frame_index, size->second, size->first);
  if (region.kind == GeometryKind::Box) {
    book.add(annotation, image, CocoBox{region.points[0], region.points[1]});
  } else {
    book.add(annotation, image, CocoPolygons{{region.points}});
  }
  ++work.annotation_count;
  return {};
}

Status add_mask_slices(ExportWork& work, CocoBook& book, const ExportCase& one,
                       const RaterRef& rater, const ExportedAnnotation& annotation,
                       const MaskTarget& target) {
  const Layers layers =
      CSL_TRY(load_layers(work, one.item, rater.id, target.grid_id, {annotation}));
  const auto binary = layers.binary.find(target.segment);
  if (binary == layers.binary.end() && !layers.exclusive) {
    work.exclude("nothing was drawn");
    return {};
  }
  const bool is_binary = binary != layers.binary.end();
  const MaskLayer& layer = layers.layers[is_binary ? binary->second : *layers.exclusive];
  const VolumeFacts facts = CSL_TRY(volume_of(work.reader, one.item, target.grid_id));
  const json::array& slices = facts.volume.at("slices").as_array();
  bool is_empty = true;
  for (std::uint32_t k = 0; k < layer.grid.dims[2]; ++k) {
    CocoRle rle = rle_of_slice(layer, is_binary ? std::uint16_t{1} : target.segment, k);
    if (area_pixels(rle) == 0) continue;
    is_empty = false;
    const json::value& slice = slices.at(k);
    const std::int64_t image = book.image(
        one, to_string(facts.series.id), std::string(slice.at("instance_uid").as_string()),
        slice.at("frame").to_number<std::uint32_t>(), layer.grid.dims[0], layer.grid.dims[1]);
    book.add(annotation, image, std::move(rle));
  }
  if (is_empty) {
    work.exclude("nothing was drawn");
  } else {
    ++work.annotation_count;
  }
  return {};
}

}  // namespace

Status export_coco(ExportWork& work, const std::vector<ExportCase>& cases) {
  CocoDataset dataset;
  dataset.description = "Labels exported by Consilium";
  dataset.version = "1.0";
  dataset.created_at = to_rfc3339(work.now);
  dataset.contributor = "Consilium 0.1.0";
  CocoBook book(work, dataset);
  for (const ExportCase& one : cases) {
    for (const ExportedAnnotation& annotation : one.annotations) {
      const Target& target = annotation.stored.body.target;
      if (const auto* region = std::get_if<RegionTarget>(&target)) {
        CSL_TRY(add_region(work, book, one, annotation, *region));
      } else if (const auto* mask = std::get_if<MaskTarget>(&target)) {
        CSL_TRY(add_mask_slices(work, book, one, annotation.stored.rater, annotation, *mask));
      } else {
        work.exclude("neither box, polygon nor mask");
      }
    }
  }
  const std::string text = CSL_TRY(write_coco(dataset, CocoRuns::Compressed));
  return work.sink("annotations.json", bytes_of(text));
}

}  // namespace consilium::service
