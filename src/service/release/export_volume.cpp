#include "service/release/export_volume.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/canonical_json.hpp"
#include "service/annotation/masks.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

const CodedConcept tissue{"SCT", "85756007", "", "Tissue"};
const CodedConcept abnormal{"SCT", "49755003", "", "Morphologically Abnormal Structure"};

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

}  // namespace

Result<VolumeFacts> volume_of(const storage::Reader& reader, const storage::ItemRow& item,
                              const std::string& grid_id) {
  const StudyId study = CSL_TRY(parse_id<StudyId>(item.source_id));
  VolumeFacts facts;
  facts.study_uid = CSL_TRY(storage::find_study(reader, study)).study_uid;
  for (storage::SeriesRow& series : CSL_TRY(storage::series_of_grid(reader, study, grid_id))) {
    const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
    for (const json::value& volume : volumes.as_array()) {
      if (volume.at("grid_id").as_string() != grid_id) continue;
      facts.volume = std::make_shared<const json::object>(volume.as_object());
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

SegSegment segment_for(const ExportWork& work, const ExportedAnnotation& mask,
                       const Layers& layers) {
  const LabelSpec* spec = mask.protocol->protocol.label(label_of(mask));
  SegSegment segment{.label = label_of(mask) + " " + std::to_string(segment_of(mask)) +
                              (mask.adjudicated ? ", adjudicated" : ""),
                     .category = abnormal,
                     .type = tissue,
                     .tracking_id = work.tracking_of(mask).id,
                     .tracking_uid = work.tracking_of(mask).uid};
  if (spec != nullptr) {
    segment.colour = colour_of(spec->colour);
    if (spec->coded) segment.type = *spec->coded;
    if (spec->exported.seg) {
      segment.category = spec->exported.seg->category;
      segment.type = spec->exported.seg->type;
      segment.anatomic_region = spec->exported.seg->anatomic_region;
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

Result<SegDescription> describe_seg(const ExportWork& work, const ExportCase& one,
                                    const VolumeFacts& facts, const RaterRef& rater,
                                    const std::vector<ExportedAnnotation>& masks) {
  SegDescription seg;
  seg.source_series_instance_uid = work.mapped_uid(facts.series.series_uid);
  const auto classes = CSL_TRY(sop_classes(work.reader, facts.series.id));
  std::map<std::string, int> frames;  // of each instance
  for (const json::value& slice : facts.volume->at("slices").as_array()) {
    ++frames[std::string(slice.at("instance_uid").as_string())];
  }
  for (const json::value& slice : facts.volume->at("slices").as_array()) {
    const std::string uid(slice.at("instance_uid").as_string());
    const auto found = classes.find(uid);
    seg.source_slices.push_back(
        {.sop_class_uid = found == classes.end() ? std::string() : found->second,
         .sop_instance_uid = work.mapped_uid(uid),
         .frame_number = frames[uid] > 1 ? slice.at("frame").to_number<int>() + 1 : 0});
  }
  seg.slice_thickness_mm = facts.volume->at("spacing_mm").as_array()[2].to_number<double>();
  const std::string grid(facts.volume->at("grid_id").as_string());
  static_cast<DerivedObject&>(seg) =
      derived_object(work, one, facts.study_uid, rater, masks.front(), grid);
  return seg;
}

DerivedObject derived_object(const ExportWork& work, const ExportCase& one,
                             const std::string& study_uid, const RaterRef& rater,
                             const ExportedAnnotation& example, const std::string& what) {
  DerivedObject object;
  object.patient_study.patient_name = one.item.pseudonym;
  object.patient_study.patient_id = one.item.pseudonym;
  object.patient_study.study_instance_uid = work.mapped_uid(study_uid);
  object.patient_study.study_date = compact_date(one.item.date);
  object.patient_study.deidentification_method =
      "Pseudonym, mapped UIDs, shifted dates (Consilium)";
  const std::string name = to_string(one.item.id) + to_string(rater.id) + what;
  object.series_instance_uid = work.mapped_uid("series " + name);
  object.sop_instance_uid = work.mapped_uid("instance " + name + work.edition);
  object.created_at = work.now;
  object.content_creator = work.rater_pseudonym(rater.id);
  object.protocol_id = example.stored.body.protocol.id;
  object.protocol_version = example.stored.body.protocol.version;
  object.software_version = "0.1.0";
  object.device_serial_number = work.mapped_uid("this installation").substr(5, 16);
  return object;
}

}  // namespace consilium::service
