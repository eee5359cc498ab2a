#include "format/dicom_gsps/presentation_state.hpp"

#include <algorithm>
#include <map>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium {
namespace {

constexpr std::string_view gsps_storage = "1.2.840.10008.5.1.4.1.1.11.1";
constexpr DicomTag graphic_annotation_sequence = dicom_tag(0x00700001);
constexpr DicomTag graphic_layer = dicom_tag(0x00700002);
constexpr DicomTag anchor_point_annotation_units = dicom_tag(0x00700004);
constexpr DicomTag graphic_annotation_units = dicom_tag(0x00700005);
constexpr DicomTag unformatted_text_value = dicom_tag(0x00700006);
constexpr DicomTag text_object_sequence = dicom_tag(0x00700008);
constexpr DicomTag graphic_object_sequence = dicom_tag(0x00700009);
constexpr DicomTag anchor_point = dicom_tag(0x00700014);
constexpr DicomTag anchor_point_visibility = dicom_tag(0x00700015);
constexpr DicomTag graphic_dimensions = dicom_tag(0x00700020);
constexpr DicomTag number_of_graphic_points = dicom_tag(0x00700021);
constexpr DicomTag graphic_data = dicom_tag(0x00700022);
constexpr DicomTag graphic_type = dicom_tag(0x00700023);
constexpr DicomTag graphic_filled = dicom_tag(0x00700024);
constexpr DicomTag displayed_area_top_left = dicom_tag(0x00700052);
constexpr DicomTag displayed_area_bottom_right = dicom_tag(0x00700053);
constexpr DicomTag displayed_area_selection_sequence = dicom_tag(0x0070005A);
constexpr DicomTag graphic_layer_sequence = dicom_tag(0x00700060);
constexpr DicomTag graphic_layer_order = dicom_tag(0x00700062);
constexpr DicomTag graphic_layer_description = dicom_tag(0x00700068);
constexpr DicomTag presentation_creation_date = dicom_tag(0x00700082);
constexpr DicomTag presentation_creation_time = dicom_tag(0x00700083);
constexpr DicomTag presentation_size_mode = dicom_tag(0x00700100);
constexpr DicomTag presentation_pixel_aspect_ratio = dicom_tag(0x00700102);
constexpr DicomTag graphic_layer_cie_lab = dicom_tag(0x00700401);
constexpr DicomTag softcopy_voi_lut_sequence = dicom_tag(0x00283110);

std::string_view graphic_term(GspsGraphic graphic) {
  switch (graphic) {
    case GspsGraphic::Point:
      return "POINT";
    case GspsGraphic::Polyline:
      return "POLYLINE";
    case GspsGraphic::Circle:
      return "CIRCLE";
    case GspsGraphic::Ellipse:
      return "ELLIPSE";
  }
  return "";
}

bool has_its_points(const GspsShape& shape) {
  switch (shape.graphic) {
    case GspsGraphic::Point:
      return shape.points.size() == 1;
    case GspsGraphic::Polyline:
      return shape.points.size() >= 2;
    case GspsGraphic::Circle:
      return shape.points.size() == 2;
    case GspsGraphic::Ellipse:
      return shape.points.size() == 4;
  }
  return false;
}

// Layers are named by CS values: upper case, digits, spaces and underscores, 16 characters.
std::string layer_name(std::size_t index) { return "LABEL_" + std::to_string(index + 1); }

std::optional<std::size_t> layer_of(const PresentationState& state, const std::string& name) {
  const auto found = std::ranges::find(state.layers, name, &GspsLayer::name);
  if (found == state.layers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - state.layers.begin());
}

Status check(const PresentationState& state) {
  const auto refuse = [](std::string what) {
    return fail(ErrorCode::InvalidInput, std::move(what));
  };
  if (state.images.empty()) return refuse("a presentation state without images");
  for (const GspsImage& image : state.images) {
    if (image.rows == 0 || image.columns == 0 || image.rows != state.images.front().rows ||
        image.columns != state.images.front().columns) {
      return refuse("the images of a presentation state differ in size");
    }
    for (const GspsShape& shape : image.shapes) {
      if (!has_its_points(shape)) return refuse("a shape has not the points of its kind");
      if (!layer_of(state, shape.layer)) return refuse("a shape's layer is not listed");
    }
  }
  if (state.window && !(state.window->width >= 1)) {
    return refuse("a window is narrower than 1");
  }
  return {};
}

DicomDataset shape_item(const GspsShape& shape) {
  std::vector<double> data;
  for (const ImagePoint& point : shape.points) {
    // PS3.3 C.10.5.1.2: the corner of the first pixel is 0\0.
    data.insert(data.end(), {point.x + 0.5, point.y + 0.5});
  }
  DicomDataset item;
  item.put_text(graphic_annotation_units, Vr::Cs, "PIXEL");
  put_integer(item, graphic_dimensions, Vr::Us, 2);
  put_integer(item, number_of_graphic_points, Vr::Us,
              static_cast<std::int64_t>(shape.points.size()));
  item.put_numbers(graphic_data, Vr::Fl, data);
  item.put_text(graphic_type, Vr::Cs, graphic_term(shape.graphic));
  const bool may_fill =
      shape.graphic == GspsGraphic::Circle || shape.graphic == GspsGraphic::Ellipse ||
      (shape.graphic == GspsGraphic::Polyline && shape.points.front() == shape.points.back());
  if (may_fill) item.put_text(graphic_filled, Vr::Cs, "N");
  return item;
}

DicomDataset text_item(const GspsShape& shape) {
  DicomDataset item;
  item.put_text(anchor_point_annotation_units, Vr::Cs, "PIXEL");
  item.put_text(unformatted_text_value, Vr::St, short_text(shape.text, 1024));
  item.put_numbers(anchor_point, Vr::Fl,
                   std::array{shape.points.front().x + 0.5, shape.points.front().y + 0.5});
  item.put_text(anchor_point_visibility, Vr::Cs, "N");
  return item;
}

// One annotation for each image and layer.
std::vector<DicomDataset> annotation_items(const PresentationState& state) {
  std::vector<DicomDataset> items;
  for (const GspsImage& image : state.images) {
    std::map<std::size_t, std::pair<std::vector<DicomDataset>, std::vector<DicomDataset>>> layers;
    for (const GspsShape& shape : image.shapes) {
      auto& [shapes, texts] = layers[layer_of(state, shape.layer).value_or(0)];
      shapes.push_back(shape_item(shape));
      if (!shape.text.empty()) texts.push_back(text_item(shape));
    }
    for (auto& [layer, objects] : layers) {
      DicomDataset item;
      item.put_items(tags::referenced_image_sequence, {reference_item(image.image)});
      item.put_text(graphic_layer, Vr::Cs, layer_name(layer));
      if (!objects.second.empty()) item.put_items(text_object_sequence, objects.second);
      item.put_items(graphic_object_sequence, objects.first);
      items.push_back(std::move(item));
    }
  }
  return items;
}

void put_layers(DicomDataset& dataset, const PresentationState& state) {
  std::vector<DicomDataset> items;
  for (std::size_t n = 0; n < state.layers.size(); ++n) {
    DicomDataset item;
    item.put_text(graphic_layer, Vr::Cs, layer_name(n));
    put_integer(item, graphic_layer_order, Vr::Is, static_cast<std::int64_t>(n) + 1);
    item.put_text(graphic_layer_description, Vr::Lo, short_text(state.layers[n].name));
    const auto lab = dicom_cielab(state.layers[n].colour);
    item.put_integers(graphic_layer_cie_lab, Vr::Us,
                      std::array<std::int64_t, 3>{lab[0], lab[1], lab[2]});
    items.push_back(std::move(item));
  }
  if (!items.empty()) dataset.put_items(graphic_layer_sequence, std::move(items));
}

void put_display(DicomDataset& dataset, const PresentationState& state) {
  DicomDataset area;
  area.put_integers(displayed_area_top_left, Vr::Sl, std::array<std::int64_t, 2>{1, 1});
  area.put_integers(
      displayed_area_bottom_right, Vr::Sl,
      std::array<std::int64_t, 2>{state.images.front().columns, state.images.front().rows});
  area.put_text(presentation_size_mode, Vr::Cs, "SCALE TO FIT");
  area.put_text(presentation_pixel_aspect_ratio, Vr::Is, "1\\1");
  dataset.put_items(displayed_area_selection_sequence, {area});
  if (state.rescale) {
    put_number(dataset, tags::rescale_intercept, Vr::Ds, (*state.rescale)[1]);
    put_number(dataset, tags::rescale_slope, Vr::Ds, (*state.rescale)[0]);
    dataset.put_text(tags::rescale_type, Vr::Lo, state.rescale_type);
  }
  if (state.window) {
    DicomDataset window;
    put_number(window, tags::window_center, Vr::Ds, state.window->centre);
    put_number(window, tags::window_width, Vr::Ds, state.window->width);
    dataset.put_items(softcopy_voi_lut_sequence, {window});
  }
  dataset.put_text(tags::presentation_lut_shape, Vr::Cs, "IDENTITY");
}

}  // namespace

Result<Bytes> write_presentation_state(const PresentationState& state) {
  CSL_TRY(check(state));
  DicomDataset dataset;
  put_derived_object(dataset, state, gsps_storage, "PR", "Drawings by " + protocol_text(state));
  const DicomDateTime created = dicom_date_time(state.created_at);
  dataset.put_text(tags::laterality, Vr::Cs, "");  // wanted, and not known for the series
  dataset.put_text(tags::content_label, Vr::Cs, "DRAWINGS");
  dataset.put_text(tags::content_description, Vr::Lo,
                   short_text("protocol " + protocol_text(state)));
  dataset.put_text(presentation_creation_date, Vr::Da, created.date);
  dataset.put_text(presentation_creation_time, Vr::Tm, created.time);
  dataset.put_text(tags::content_creator_name, Vr::Pn, person_name(state.content_creator));
  std::vector<ImageReference> images;
  for (const GspsImage& image : state.images) images.push_back(image.image);
  DicomDataset series;
  series.put_items(tags::referenced_image_sequence, instance_items(images));
  series.put_text(tags::series_instance_uid, Vr::Ui, state.source_series_instance_uid);
  dataset.put_items(tags::referenced_series_sequence, {series});
  std::vector<DicomDataset> annotations = annotation_items(state);
  if (!annotations.empty()) {
    dataset.put_items(graphic_annotation_sequence, std::move(annotations));
    put_layers(dataset, state);
  }
  put_display(dataset, state);
  return write_part10(dataset);
}

}  // namespace consilium
