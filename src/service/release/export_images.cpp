// Masks as DICOM SEG, structure sets, NIfTI and NRRD; boxes, polygons and masks as COCO and its
// kin.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/canonical_json.hpp"
#include "format/coco/coco.hpp"
#include "format/coco/other_forms.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "service/release/export_pictures.hpp"
#include "service/release/export_volume.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

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

NrrdSegment nrrd_segment(const SegSegment& segment) {
  return {.name = segment.label,
          .label_value = segment.layer_value,
          .layer = 0,
          .colour = std::array{segment.colour.red, segment.colour.green, segment.colour.blue},
          .category = segment.category,
          .type = segment.type};
}

// One file for the exclusive layer, one for each segment that has a layer of its own.
Status write_nrrd_files(ExportWork& work, const std::string& name, const Layers& layers,
                        const std::vector<SegSegment>& segments) {
  for (std::size_t l = 0; l < layers.layers.size(); ++l) {
    NrrdVolume volume{.volume = volume_of_mask(layers.layers[l])};
    for (const SegSegment& segment : segments) {
      if (segment.layer_index == l) volume.segments.push_back(nrrd_segment(segment));
    }
    if (volume.segments.empty()) continue;
    const std::string number = layers.exclusive == l ? "" : "_layer_" + std::to_string(l);
    CSL_TRY(work.sink(name + number + ".seg.nrrd", CSL_TRY(write_nrrd(volume, NrrdPacking::Gzip))));
  }
  return {};
}

// The same labels in another form are another object, in a series of its own.
void put_form(const ExportWork& work, SegDescription& description, ExportFormat format) {
  if (format == ExportFormat::DicomSeg) return;
  const bool is_contours = format == ExportFormat::RtStruct;
  const std::string form = is_contours ? "contours " : "label map ";
  description.series_instance_uid = work.mapped_uid(form + description.series_instance_uid);
  description.sop_instance_uid = work.mapped_uid(form + description.sop_instance_uid);
  description.series_number += is_contours ? 1 : 2;
  if (format == ExportFormat::DicomSegLabelMap) description.form = SegForm::LabelMap;
}

Result<Bytes> dicom_masks(const SegDescription& description, const Layers& layers,
                          const std::vector<SegSegment>& segments, ExportFormat format) {
  if (format == ExportFormat::RtStruct) {
    return write_rt_structures(description, layers.layers, segments);
  }
  return write_dicom_seg(description, layers.layers, segments);
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
  std::vector<SegSegment> segments;
  for (const ExportedAnnotation& mask : masks) segments.push_back(segment_for(work, mask, layers));
  if (format == ExportFormat::Nrrd) {
    CSL_TRY(write_nrrd_files(work, name, layers, segments));
    work.annotation_count += count;
    return {};
  }
  const VolumeFacts facts = CSL_TRY(volume_of(work.reader, one.item, grid));
  SegDescription description = CSL_TRY(describe_seg(work, one, facts, rater, masks));
  put_form(work, description, format);
  const auto seg = dicom_masks(description, layers, segments, format);
  if (!seg) {
    work.exclude(seg.error().what, count);
    return {};
  }
  CSL_TRY(work.sink(name + ".dcm", *seg));
  work.annotation_count += count;
  return {};
}

// The share of the item's raters that marked each voxel, label by label.
Status write_fractions(ExportWork& work, const ExportCase& one, const std::string& grid) {
  const std::vector<RaterRef> raters = one.raters();
  std::map<std::string, std::vector<std::uint16_t>> votes;
  std::map<std::string, SegSegment> segments;
  std::vector<ExportedAnnotation> all;
  std::optional<Grid> place;
  for (const RaterRef& rater : raters) {
    const std::vector<ExportedAnnotation> masks = masks_on(one.of_rater(rater.id), grid);
    if (masks.empty()) continue;
    const Layers layers = CSL_TRY(load_layers(work, one.item, rater.id, grid, masks));
    if (layers.layers.empty()) continue;
    all.insert(all.end(), masks.begin(), masks.end());
    place = layers.layers.front().grid;
    std::vector<std::vector<std::uint16_t>> dense;
    for (const MaskLayer& layer : layers.layers) dense.push_back(to_dense(layer));
    std::map<std::string, std::vector<bool>> marked;  // several segments may have one label
    for (const ExportedAnnotation& mask : masks) {
      const SegSegment segment = segment_for(work, mask, layers);
      segments.emplace(label_of(mask), segment);
      const std::vector<std::uint16_t>& voxels = dense[segment.layer_index];
      std::vector<bool>& mark = marked[label_of(mask)];
      mark.resize(voxels.size());
      for (std::size_t v = 0; v < voxels.size(); ++v) {
        if (voxels[v] == segment.layer_value) mark[v] = true;
      }
    }
    for (const auto& [label, mark] : marked) {
      std::vector<std::uint16_t>& count = votes[label];
      count.resize(mark.size());
      for (std::size_t v = 0; v < mark.size(); ++v) {
        count[v] = static_cast<std::uint16_t>(count[v] + (mark[v] ? 1 : 0));
      }
    }
  }
  const auto mask_count = static_cast<std::int64_t>(all.size());
  if (!place) {
    work.exclude("nothing was drawn", 1);
    return {};
  }
  if (!place->frame_of_reference_uid.empty()) {
    place->frame_of_reference_uid = work.mapped_uid(place->frame_of_reference_uid);
  }
  std::vector<std::vector<std::uint8_t>> fractions;
  std::vector<SegSegment> described;
  for (const auto& [label, count] : votes) {
    std::vector<std::uint8_t> fraction(count.size());
    for (std::size_t v = 0; v < count.size(); ++v) {
      fraction[v] =
          static_cast<std::uint8_t>((count[v] * 255U + raters.size() / 2) / raters.size());
    }
    fractions.push_back(std::move(fraction));
    SegSegment segment = segments.at(label);
    segment.label = label;
    segment.description = "share of " + std::to_string(raters.size()) + " raters who marked it";
    segment.tracking_id = label + " of all raters";
    segment.tracking_uid = work.mapped_uid("fraction " + to_string(one.item.id) + grid + label);
    described.push_back(std::move(segment));
  }
  const VolumeFacts facts = CSL_TRY(volume_of(work.reader, one.item, grid));
  SegDescription description = CSL_TRY(describe_seg(work, one, facts, raters.front(), all));
  description.form = SegForm::Probability;
  description.content_creator = std::to_string(raters.size()) + " raters";
  description.sop_instance_uid = work.mapped_uid("fraction " + description.sop_instance_uid);
  description.series_instance_uid = work.mapped_uid("fraction " + description.series_instance_uid);
  const auto seg = write_fractional_seg(description, *place, fractions, described);
  if (!seg) {
    work.exclude(seg.error().what, mask_count);
    return {};
  }
  work.annotation_count += mask_count;
  return work.sink(
      "all_raters/" + ExportWork::name_of_item(one.item) + "_" + grid.substr(0, 8) + ".dcm", *seg);
}

}  // namespace

Status export_fractions(ExportWork& work, const std::vector<ExportCase>& cases) {
  for (const ExportCase& one : cases) {
    std::int64_t mask_count = 0;
    for (const std::string& grid : grids_of(one.annotations)) {
      mask_count += static_cast<std::int64_t>(masks_on(one.annotations, grid).size());
      CSL_TRY(write_fractions(work, one, grid));
    }
    const auto others = static_cast<std::int64_t>(one.annotations.size()) - mask_count;
    if (others > 0) work.exclude("not a mask", others);
  }
  return {};
}

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

  Result<std::int64_t> image(const ExportCase& one, const SeriesId& series,
                             const std::string& instance_uid, std::uint32_t frame,
                             std::uint32_t columns, std::uint32_t rows) {
    const auto [place, is_new] =
        images_.emplace(std::pair{instance_uid, frame}, dataset_.images.size() + 1);
    if (is_new) {
      std::string file_name = CSL_TRY(export_picture(work_, series, instance_uid, frame));
      dataset_.images.push_back({.id = static_cast<std::int64_t>(place->second),
                                 .file_name = std::move(file_name),
                                 .width = columns,
                                 .height = rows,
                                 .series_id = to_string(series),
                                 .instance_uid = work_.mapped_uid(instance_uid),
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
  const std::int64_t image = CSL_TRY(book.image(one, region.series_id, region.instance_uid,
                                                region.frame_index, size->second, size->first));
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
  const json::array& slices = facts.volume->at("slices").as_array();
  bool is_empty = true;
  for (std::uint32_t k = 0; k < layer.grid.dims[2]; ++k) {
    CocoRle rle = rle_of_slice(layer, is_binary ? std::uint16_t{1} : target.segment, k);
    if (area_pixels(rle) == 0) continue;
    is_empty = false;
    const json::value& slice = slices.at(k);
    const std::int64_t image = CSL_TRY(book.image(
        one, facts.series.id, std::string(slice.at("instance_uid").as_string()),
        slice.at("frame").to_number<std::uint32_t>(), layer.grid.dims[0], layer.grid.dims[1]));
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

Status export_coco(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
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
      } else if (std::holds_alternative<SpaceTarget>(target)) {
        work.exclude(std::string(drawn_in_space));
      } else {
        work.exclude("neither box, polygon nor mask");
      }
    }
  }
  if (format == ExportFormat::Coco) {
    const std::string text = CSL_TRY(write_coco(dataset, CocoRuns::Compressed));
    return work.sink("annotations.json", bytes_of(text));
  }
  const std::vector<NamedText> files =
      CSL_TRY(format == ExportFormat::Yolo  ? write_yolo(dataset)
              : format == ExportFormat::Voc ? write_voc(dataset)
                                            : write_shapes_csv(dataset));
  for (const NamedText& file : files) CSL_TRY(work.sink(file.name, bytes_of(file.text)));
  return {};
}

}  // namespace consilium::service
