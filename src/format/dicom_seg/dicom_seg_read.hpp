// Reads DICOM Segmentations of any writer: BINARY, FRACTIONAL and LABELMAP (PS3.3 A.51, C.8.20;
// Supplement 243), frames sparse or not, what they say shared or for each frame. First what the
// object says, then, on a grid, its voxels: the images' own grid, or one made from its frames.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/mask.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_seg/dicom_seg.hpp"

namespace consilium {

struct ReadSegment {
  int number = 1;    // as the object has it; need not follow each other in a label map
  SegSegment facts;  // `layer_index` and `layer_value` are filled by lay_segments
  bool has_colour = false;
};

struct ReadSegFrame {
  int segment_number = 0;  // 0 in a label map
  PatientPoint position;
  std::string source_instance_uid;  // empty when the object does not say
  int source_frame_number = 0;      // from 1; 0 when it does not say
};

struct DicomSegmentation {
  SegForm form = SegForm::Binary;
  std::string sop_instance_uid;
  std::string series_instance_uid;
  std::string study_instance_uid;
  std::string frame_of_reference_uid;
  std::string source_series_instance_uid;         // the first that is referred to; may be empty
  std::vector<std::string> source_instance_uids;  // every image that it refers to, each once
  // What made it: together the rater's name.
  std::string manufacturer;
  std::string model;
  std::string software_version;
  std::string content_creator;
  std::string series_description;

  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  int bits_allocated = 1;
  int maximum_fractional_value = 255;
  int background_value = 0;  // of a label map
  std::array<double, 6> orientation{1, 0, 0, 0, 1, 0};
  std::array<double, 2> spacing_mm{1, 1};  // between rows, between columns
  double slice_thickness_mm = 1;
  std::optional<double> slice_spacing_mm;
  std::vector<ReadSegment> segments;  // without a label map's background
  std::vector<ReadSegFrame> frames;
};

// Errors: Unsupported when the object is no segmentation, or one of a slide's tiles; Corrupt when
// what it must say is missing or contradicts itself. Cost: O(frames); pixels are not looked at.
[[nodiscard]] Result<DicomSegmentation> read_dicom_seg(const DicomFile& file);

// The grid of its own frames: their places along the normal, gaps (empty slices) put back in.
// Errors: InvalidInput when the places do not lie on one regular lattice.
[[nodiscard]] Result<Grid> grid_of_frames(const DicomSegmentation& seg);

// One decompressed frame, 8 or 16 bits a pixel, little endian: for compressed objects.
using SegFrameDecoder = std::function<Result<Bytes>(std::uint32_t frame_index)>;

struct LaidSegments {
  std::vector<MaskLayer> layers;  // one exclusive layer, or a binary one for each segment
  std::vector<ReadSegment> segments;
  bool overlap = false;
};

// The voxels on `grid`. Voxels of a FRACTIONAL object belong to a segment from `fraction_min` of
// its maximum on. Where segments overlap every segment gets a binary layer of its own.
// Errors: InvalidInput when a frame does not lie on a slice of the grid (its rows, columns,
// spacing, direction or place differ; `where` names the frame); Unsupported when frames are
// compressed and no decoder is given; Corrupt when the pixel data ends early or a frame names a
// segment that is not described. Cost: about 0.2 ns a voxel that is empty, 1 ns one that is not.
[[nodiscard]] Result<LaidSegments> lay_segments(const DicomSegmentation& seg, const DicomFile& file,
                                                const Grid& grid,
                                                const SegFrameDecoder& decoder = nullptr,
                                                double fraction_min = 0.5);

// The values of one segment of a FRACTIONAL object, 255 being its maximum, as a dense volume.
// Errors: as above; NotFound when there is no such segment.
[[nodiscard]] Result<std::vector<std::uint8_t>> fractions_of(
    const DicomSegmentation& seg, const DicomFile& file, const Grid& grid, int segment_number,
    const SegFrameDecoder& decoder = nullptr);

}  // namespace consilium
