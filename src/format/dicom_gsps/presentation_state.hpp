// Grayscale Softcopy Presentation States (PS3.3 A.33.1): drawings and the window they were seen in,
// for viewers that show neither segmentations nor reports. One object for the images of one series.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "format/dicom_seg/cielab.hpp"
#include "format/dicom_write/derived_object.hpp"

namespace consilium {

enum class GspsGraphic { Point, Polyline, Circle, Ellipse };

struct GspsShape {
  GspsGraphic graphic = GspsGraphic::Polyline;
  std::vector<ImagePoint> points;  // a closed polyline ends where it begins
  std::string text;                // beside the shape; may be empty
  std::string layer;               // the label's name: shapes of one label lie on one layer
};

struct GspsImage {
  ImageReference image;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::vector<GspsShape> shapes;
};

struct GspsWindow {
  double centre = 0;
  double width = 1;
};

struct GspsLayer {
  std::string name;
  RgbColour colour;
};

struct PresentationState : DerivedObject {
  std::string source_series_instance_uid;
  std::vector<GspsImage> images;
  std::vector<GspsLayer> layers;
  std::optional<GspsWindow> window;
  // Stored value -> modality value of the images; left out where they have none (MR, US).
  std::optional<std::array<double, 2>> rescale;  // slope, intercept
  std::string rescale_type = "US";               // "HU"
};

// Errors: InvalidInput when there is no image, images differ in size, or a shape has not the points
// of its kind or a layer that is not listed. Cost: O(points).
[[nodiscard]] Result<Bytes> write_presentation_state(const PresentationState& state);

}  // namespace consilium
