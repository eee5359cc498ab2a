// Labels from files that are no DICOM: label volumes (NIfTI, NRRD, MetaImage) by the lattice that
// they lie on, shapes (COCO, YOLO, VOC) by the names of their images.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/image/pixel.hpp"
#include "format/coco/coco.hpp"
#include "format/volume/scalar_volume.hpp"
#include "service/prelabel/image_finder.hpp"
#include "service/prelabel/label_set.hpp"

namespace consilium::service {

struct VolumeLabel {
  std::uint16_t value = 1;
  std::size_t layer = 0;
  std::string name;
  std::vector<CodedConcept> codes = {};
};
struct LabelVolume {
  std::string file_name;  // a pseudonym in it decides between equal lattices
  std::string source;     // tells the file from others
  std::string tool;
  std::vector<ScalarVolume> layers;  // several where segments overlap
  double slope = 1;
  double intercept = 0;
  std::vector<VolumeLabel> labels;  // what it names; values without a name are named by themselves
};

// The voxels are put onto the project's volume whose lattice they lie on: axes may be swapped and
// turned, and a part cut out, but nothing is resampled.
// Errors: NotFound when no volume has the lattice; InvalidInput when several have it, when a voxel
// is no label, or a labelled voxel lies outside of the image.
[[nodiscard]] Result<ReadLabels> labels_of_volume(const LabelVolume& volume, ImageFinder& images);

struct NamedShape {
  std::string image;              // its file's name
  std::string instance_uid = {};  // where the file says it
  std::uint32_t frame_index = 0;
  std::uint32_t width = 0;  // as the file says; 0: not said
  std::uint32_t height = 0;
  std::string key;
  std::string name;
  std::vector<CodedConcept> codes = {};
  RaterKind kind = RaterKind::Import;
  std::variant<CocoBox, CocoPolygons, CocoRle> shape;
  bool in_shares = false;  // of the image's width and height, from its corner
};
struct ShapeFile {
  std::string source;
  std::string tool;
  std::vector<NamedShape> shapes;
};
// The SOP instance UID of an image that was given beside the shapes, by its file's name.
using ImageByName = std::function<std::optional<std::string>(std::string_view file_name)>;

// Images are found by the UID that the file says; by their name, when it is a UID, with "_" and a
// frame's number or not; else by the file of that name in the import. Masks of one key on several
// slices become one segment. Errors: NotFound when none of the images is in the project.
[[nodiscard]] Result<ReadLabels> labels_of_shapes(const ShapeFile& file, ImageFinder& images,
                                                  const ImageByName& by_name);

}  // namespace consilium::service
