#include "service/intake/arrangement.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>

#include "domain/image/phase.hpp"
#include "format/dicom/series.hpp"
#include "service/intake/description_json.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// Times are written in whole seconds: a second of F-18's decay is a ten-thousandth.
constexpr double suv_spread_max = 1e-3;

json::object grid_json(const Grid& grid) {
  json::array affine;
  for (std::size_t i = 0; i < 12; ++i) affine.emplace_back(grid.affine.values[i]);
  return json::object{{"dims", json::array{grid.dims[0], grid.dims[1], grid.dims[2]}},
                      {"affine", std::move(affine)},
                      {"frame_of_reference", grid.frame_of_reference_uid}};
}

json::object transform_json(const ModalityTransform& transform) {
  json::object object{
      {"slope", transform.slope}, {"intercept", transform.intercept}, {"unit", transform.unit}};
  if (transform.table) {
    json::array values;
    for (const std::uint16_t value : transform.table->values) values.emplace_back(value);
    object["table"] =
        json::object{{"first", transform.table->first_mapped}, {"values", std::move(values)}};
  }
  return object;
}

json::array windows_json(const std::vector<Window>& windows) {
  json::array array;
  for (const Window& window : windows) {
    array.push_back(
        json::object{{"name", window.name}, {"centre", window.centre}, {"width", window.width}});
  }
  return array;
}

struct Series {
  std::vector<CatalogedImage> images;
  std::vector<SeriesInstance> instances;

  [[nodiscard]] const FrameFacts& frame(const FrameRef& ref) const {
    return images[ref.instance_index].image.frame(ref.frame_index);
  }
};

bool is_same(const ModalityTransform& a, const ModalityTransform& b) {
  const bool has_same_table = a.table == b.table || (a.table && b.table && *a.table == *b.table);
  return a.slope == b.slope && a.intercept == b.intercept && has_same_table;
}

json::array slices_json(const Series& series, const Volume& volume) {
  json::array slices;
  const ModalityTransform& first = series.frame(volume.slices.front()).modality;
  for (std::size_t k = 0; k < volume.slices.size(); ++k) {
    const FrameRef& ref = volume.slices[k];
    const PatientPoint point = volume.grid.affine.apply(0, 0, static_cast<double>(k));
    json::object slice{{"instance_uid", series.instances[ref.instance_index].sop_instance_uid},
                       {"frame", ref.frame_index},
                       {"position_mm", json::array{point.x_mm, point.y_mm, point.z_mm}}};
    // PET and others scale every slice on its own.
    const ModalityTransform& own = series.frame(ref).modality;
    if (!is_same(own, first)) slice["transform"] = transform_json(own);
    slices.push_back(std::move(slice));
  }
  return slices;
}

// One factor for the volume: images that differ were not made by one injection, or one is wrong.
void put_suv(const Series& series, const Volume& volume, json::object& object) {
  const CatalogedImage& first = series.images[volume.slices.front().instance_index];
  std::string refused = first.suv_refused;
  for (const FrameRef& ref : volume.slices) {
    const CatalogedImage& image = series.images[ref.instance_index];
    if (!image.suv_refused.empty() && refused.empty()) refused = image.suv_refused;
    if (!first.suv_factor || !image.suv_factor) continue;
    if (std::abs(*image.suv_factor / *first.suv_factor - 1) > suv_spread_max && refused.empty()) {
      refused = "the images of the series give different factors";
    }
  }
  if (!refused.empty()) {
    object["suv"] = json::object{{"refused", refused}};
  } else if (first.suv_factor) {
    object["suv"] = json::object{{"factor", *first.suv_factor}};
  }
}

Result<json::object> volume_json(const Series& series, const Volume& volume,
                                 std::uint32_t phase_index) {
  const FrameRef& first = volume.slices.front();
  const ImageDescription& image = series.images[first.instance_index].image;
  const PixelLayout& layout = volume.layout;
  json::array notes;
  for (const std::string& note : volume.notes) notes.emplace_back(note);
  json::object object{
      {"grid_id", CSL_TRY(phase_grid_id(volume.grid, phase_index))},
      {"grid", grid_json(volume.grid)},
      {"layout", json::object{{"rows", layout.rows},
                              {"columns", layout.columns},
                              {"sample_type", name_of(layout.sample_type)},
                              {"samples_per_pixel", layout.samples_per_pixel},
                              {"photometric", name_of(layout.photometric)}}},
      {"frame_bytes", frame_size_bytes(layout)},
      {"transform", transform_json(series.frame(first).modality)},
      {"windows", windows_json(series.frame(volume.slices[volume.slices.size() / 2]).windows)},
      {"spacing_mm",
       json::array{length(volume.grid.affine.axis_mm(0)), length(volume.grid.affine.axis_mm(1)),
                   length(volume.grid.affine.axis_mm(2))}},
      {"has_patient_geometry", volume.has_patient_geometry},
      {"is_lossy", image.is_lossy},
      {"slices", slices_json(series, volume)},
      {"notes", std::move(notes)}};
  put_suv(series, volume, object);
  if (image.padding) {
    object["padding"] = json::array{image.padding->low, image.padding->high};
  }
  if (!image.frame_times_ms.empty()) {
    json::array times;
    for (const double time : image.frame_times_ms) times.emplace_back(time);
    object["frame_times_ms"] = std::move(times);
  }
  return object;
}

}  // namespace

Result<Arrangement> arrange(std::span<const storage::InstanceRow> instances) {
  Series series;
  series.images.reserve(instances.size());  // instances point into it
  std::set<std::string> notes;
  for (const storage::InstanceRow& row : instances) {
    series.images.push_back(CSL_TRY(read_description(row.description_json)));
    const CatalogedImage& cataloged = series.images.back();
    series.instances.push_back({.image = &cataloged.image,
                                .sop_instance_uid = row.sop_uid,
                                .instance_number = cataloged.instance_number});
    notes.insert(cataloged.image.notes.begin(), cataloged.image.notes.end());
  }
  json::array volumes;
  std::map<std::string, std::uint32_t> on_lattice;  // how many so far
  for (const Volume& volume : make_volumes(series.instances)) {
    const std::uint32_t phase_index = on_lattice[CSL_TRY(grid_id(volume.grid))]++;
    volumes.push_back(CSL_TRY(volume_json(series, volume, phase_index)));
  }
  json::array note_array;
  for (const std::string& note : notes) note_array.emplace_back(note);
  return Arrangement{.volumes_json = json::serialize(volumes),
                     .notes_json = json::serialize(note_array)};
}

std::string study_modality(std::span<const storage::SeriesRow> series) {
  std::set<std::string> names;
  for (const storage::SeriesRow& row : series) names.insert(row.modality);
  std::string joined;
  for (const std::string& name : names) {
    if (!joined.empty() && !name.empty()) joined += '/';
    joined += name;
  }
  return joined;
}

std::string study_title(std::span<const storage::SeriesRow> series) {
  std::int64_t images = 0;
  std::string body_part;
  for (const storage::SeriesRow& row : series) {
    images += row.instance_count;
    if (body_part.empty()) body_part = row.body_part;
  }
  std::string title = study_modality(series);
  if (!body_part.empty()) title += " " + body_part;
  return title + ", " + std::to_string(images) + (images == 1 ? " image" : " images");
}

}  // namespace consilium::service
