#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "format/dicom_seg/dicom_seg_read.hpp"

namespace consilium {
namespace {

constexpr double place_tolerance = 0.05;  // of a pixel or a slice's step
constexpr double lattice_tolerance_mm = 0.01;
constexpr double slice_count_max = 100'000;
constexpr std::uint32_t plane_rows = brick_edge * brick_edge;

std::string frame_name(std::size_t index) { return "frame " + std::to_string(index + 1); }

std::unexpected<Error> off_grid(std::string what, std::size_t frame) {
  return fail(ErrorCode::InvalidInput, std::move(what), frame_name(frame),
              "give the images that it was drawn on");
}

Vector3 vector_of(const PatientPoint& point) { return {point.x_mm, point.y_mm, point.z_mm}; }

struct Axes {
  Vector3 row_step;     // to the next column
  Vector3 column_step;  // to the next row
  Vector3 normal;
};

Axes axes_of(const DicomSegmentation& seg) {
  Axes axes{};
  for (std::size_t i = 0; i < 3; ++i) {
    axes.row_step[i] = seg.orientation[i] * seg.spacing_mm[1];
    axes.column_step[i] = seg.orientation[i + 3] * seg.spacing_mm[0];
  }
  const Vector3 normal = cross(axes.row_step, axes.column_step);
  for (std::size_t i = 0; i < 3; ++i) axes.normal[i] = normal[i] / length(normal);
  return axes;
}

// Which slice of the grid each frame is.
Result<std::vector<std::uint32_t>> slices_of_frames(const DicomSegmentation& seg,
                                                    const Grid& grid) {
  if (seg.columns != grid.dims[0] || seg.rows != grid.dims[1]) {
    return off_grid("its frames are not of the images' size", 0);
  }
  const auto inverse = grid.affine.inverse();
  if (!inverse) return off_grid("the images' axes lie in one plane", 0);
  const Axes axes = axes_of(seg);
  std::vector<std::uint32_t> slices;
  slices.reserve(seg.frames.size());
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    // First and last pixel's centre decide over place, direction and spacing at once.
    const Vector3 first = vector_of(seg.frames[f].position);
    Vector3 last = first;
    for (std::size_t i = 0; i < 3; ++i) {
      last[i] += axes.row_step[i] * (seg.columns - 1) + axes.column_step[i] * (seg.rows - 1);
    }
    const PatientPoint at = inverse->apply(first[0], first[1], first[2]);
    const PatientPoint end = inverse->apply(last[0], last[1], last[2]);
    const double slice = std::round(at.z_mm);
    const auto is_near = [](double value, double wanted) {
      return std::abs(value - wanted) <= place_tolerance;
    };
    if (!is_near(at.z_mm, slice) || slice < 0 || slice >= grid.dims[2]) {
      return off_grid("a frame does not lie on a slice of the images", f);
    }
    const bool fits = is_near(at.x_mm, 0) && is_near(at.y_mm, 0) && is_near(end.z_mm, slice) &&
                      is_near(end.x_mm, seg.columns - 1.0) && is_near(end.y_mm, seg.rows - 1.0);
    if (!fits) return off_grid("a frame's pixels are not those of the images", f);
    slices.push_back(static_cast<std::uint32_t>(slice));
  }
  return slices;
}

// The object's pixels: native ones viewed in the file, compressed ones frame by frame.
class FramePixels {
 public:
  static Result<FramePixels> open(const DicomSegmentation& seg, const DicomFile& file,
                                  const SegFrameDecoder& decoder) {
    FramePixels pixels(seg, decoder);
    const PixelDataPlace& place = file.pixel_data;
    if (place.kind != PixelDataKind::Integer) {
      return fail(ErrorCode::Corrupt, "it has no pixel data", "(7FE0,0010)",
                  "export it anew with the program that made it");
    }
    pixels.is_compressed_ = place.is_encapsulated;
    if (place.is_encapsulated) {
      if (!decoder || seg.bits_allocated == 1) {
        return fail(ErrorCode::Unsupported, "its frames are compressed", "(0002,0010)",
                    "decompress it first, for example with dcmdrle or gdcmconv --raw");
      }
      return pixels;
    }
    if (file.dataset.byte_order() != std::endian::little) {
      return fail(ErrorCode::Unsupported, "it is big endian", "(0002,0010)",
                  "convert it to Explicit VR Little Endian");
    }
    const std::uint64_t needed = (pixels.frame_bits_ * seg.frames.size() + 7) / 8;
    if (place.length < needed) {
      return fail(ErrorCode::Corrupt, "the pixel data ends before its last frame", "(7FE0,0010)",
                  "compare its size with the original's and copy it again");
    }
    pixels.native_ = file.bytes.subspan(place.offset, needed);
    return pixels;
  }

  // The frame's bytes (8 and 16 bits a pixel); valid until the next call.
  Result<ByteView> frame(std::size_t index) {
    const std::uint64_t size = frame_bits_ / 8;
    if (!is_compressed_) return native_.subspan(index * size, size);
    decoded_ = CSL_TRY((*decoder_)(static_cast<std::uint32_t>(index)));
    if (decoded_.size() != size) {
      return fail(ErrorCode::Corrupt, "a frame decodes to another size", frame_name(index));
    }
    return ByteView(decoded_);
  }

  // 32 pixels of 1 bit from pixel `at` of all on, the first in bit 0; 0 past the end.
  [[nodiscard]] std::uint32_t bits(std::uint64_t at) const {
    std::uint64_t word = 0;
    const std::uint64_t byte = at / 8;
    const std::size_t count = std::min<std::size_t>(8, native_.size() - byte);
    std::memcpy(&word, native_.data() + byte, count);
    return static_cast<std::uint32_t>(word >> (at % 8));
  }

  [[nodiscard]] std::uint64_t frame_bits() const { return frame_bits_; }

 private:
  FramePixels(const DicomSegmentation& seg, const SegFrameDecoder& decoder)
      : decoder_(&decoder),
        frame_bits_(std::uint64_t{seg.rows} * seg.columns *
                    static_cast<std::uint64_t>(seg.bits_allocated)) {}

  const SegFrameDecoder* decoder_;
  std::uint64_t frame_bits_;
  bool is_compressed_ = false;
  ByteView native_;
  Bytes decoded_;
};

// The bricks of one slab of 32 slices, looked up once each.
template <class Bricks>
class Slab {
 public:
  Slab(Bricks& bricks, const Grid& grid, std::size_t brick_size)
      : bricks_(bricks), counts_(brick_dims(grid)), brick_size_(brick_size) {}

  void select(std::uint32_t slice) {
    const std::uint32_t number = slice / brick_edge;
    if (number == number_ && !known_.empty()) return;
    number_ = number;
    known_.assign(std::size_t{counts_[0]} * counts_[1], nullptr);
  }

  auto* brick(std::uint32_t brick_i, std::uint32_t brick_j) {
    const std::uint32_t place = brick_i + counts_[0] * brick_j;
    if (known_[place] == nullptr) {
      auto& brick = bricks_[place + counts_[0] * counts_[1] * number_];
      if (brick.empty()) brick.resize(brick_size_);
      known_[place] = brick.data();
    }
    return known_[place];
  }

 private:
  using Value = typename Bricks::mapped_type::value_type;
  Bricks& bricks_;
  std::array<std::uint32_t, 3> counts_;
  std::size_t brick_size_;
  std::uint32_t number_ = 0;
  std::vector<Value*> known_;
};

// Calls `visit(j, brick_i, word)` for each run of 32 pixels of the frame that has any.
template <class Visit>
Status for_words(const DicomSegmentation& seg, FramePixels& pixels, std::size_t frame,
                 int threshold, const Visit& visit) {
  ByteView bytes;
  if (seg.bits_allocated == 8) bytes = CSL_TRY(pixels.frame(frame));
  for (std::uint32_t j = 0; j < seg.rows; ++j) {
    const std::uint64_t row = std::uint64_t{j} * seg.columns;
    for (std::uint32_t i = 0; i < seg.columns; i += brick_edge) {
      const std::uint32_t width = std::min(brick_edge, seg.columns - i);
      std::uint32_t word = 0;
      if (seg.bits_allocated == 1) {
        word = pixels.bits(frame * pixels.frame_bits() + row + i);
        if (width < brick_edge) word &= (1U << width) - 1;
      } else {
        for (std::uint32_t n = 0; n < width; ++n) {
          const bool is_in = std::to_integer<int>(bytes[row + i + n]) >= threshold;
          word |= static_cast<std::uint32_t>(is_in) << n;
        }
      }
      if (word != 0) visit(j, i / brick_edge, word);
    }
  }
  return {};
}

// True when it wrote over another segment.
bool paint(std::uint16_t* row, std::uint32_t word, std::uint16_t number) {
  bool overlaps = false;
  if (word == 0xFFFF'FFFFU) {
    unsigned others = 0;
    for (std::uint32_t n = 0; n < brick_edge; ++n) {
      others |= static_cast<unsigned>(row[n] != 0 && row[n] != number);
      row[n] = number;
    }
    return others != 0;
  }
  for (; word != 0; word &= word - 1) {
    std::uint16_t& voxel = row[std::countr_zero(word)];
    overlaps = overlaps || (voxel != 0 && voxel != number);
    voxel = number;
  }
  return overlaps;
}

// Into one exclusive layer, for as long as no voxel has two segments. False: it has.
Result<bool> lay_exclusive(const DicomSegmentation& seg, FramePixels& pixels,
                           std::span<const std::uint32_t> slices, int threshold, MaskLayer& layer) {
  auto& bricks = std::get<ExclusiveBricks>(layer.bricks);
  Slab slab(bricks, layer.grid, brick_voxel_count);
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    const std::uint32_t k = slices[f];
    const auto number = static_cast<std::uint16_t>(seg.frames[f].segment_number);
    slab.select(k);
    bool overlaps = false;
    CSL_TRY(for_words(seg, pixels, f, threshold,
                      [&](std::uint32_t j, std::uint32_t brick_i, std::uint32_t word) {
                        std::uint16_t* const brick = slab.brick(brick_i, j / brick_edge);
                        const std::size_t row = k % brick_edge * brick_edge + j % brick_edge;
                        overlaps |= paint(brick + row * brick_edge, word, number);
                      }));
    if (overlaps) return false;
  }
  return true;
}

Result<std::vector<MaskLayer>> lay_binary(const DicomSegmentation& seg, FramePixels& pixels,
                                          std::span<const std::uint32_t> slices, int threshold,
                                          const Grid& grid) {
  std::vector<MaskLayer> layers;
  std::map<int, std::size_t> place;
  for (const ReadSegment& segment : seg.segments) {
    place[segment.number] = layers.size();
    layers.push_back(CSL_TRY(make_binary_layer(grid)));
  }
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    MaskLayer& layer = layers[place.at(seg.frames[f].segment_number)];
    const std::uint32_t k = slices[f];
    Slab slab(std::get<BinaryBricks>(layer.bricks), grid, brick_voxel_count / 8);
    slab.select(k);
    CSL_TRY(for_words(
        seg, pixels, f, threshold, [&](std::uint32_t j, std::uint32_t brick_i, std::uint32_t word) {
          std::uint8_t* const brick = slab.brick(brick_i, j / brick_edge);
          std::uint8_t* const row = brick + (k % brick_edge * brick_edge + j % brick_edge) * 4;
          for (std::uint32_t n = 0; n < 4; ++n) {
            row[n] = static_cast<std::uint8_t>(row[n] | (word >> (8 * n) & 0xFFU));
          }
        }));
  }
  return layers;
}

// Which label each pixel value of a label map becomes: its own, but 0 for the background. A segment
// whose number is 0 gets the first number that is free.
struct LabelTable {
  std::vector<std::uint16_t> label;
  std::vector<bool> is_described;
  std::uint16_t label_of_zero = 0;
};

LabelTable label_table(const DicomSegmentation& seg) {
  LabelTable table{std::vector<std::uint16_t>(0x10000), std::vector<bool>(0x10000), 0};
  for (const ReadSegment& segment : seg.segments) {
    const auto number = static_cast<std::size_t>(segment.number);
    table.label[number] = static_cast<std::uint16_t>(segment.number);
    table.is_described[number] = true;
  }
  if (table.is_described[0]) {
    std::uint16_t free = 1;
    while (table.is_described[free]) ++free;
    table.label[0] = free;
    table.label_of_zero = free;
  }
  const auto background = static_cast<std::size_t>(seg.background_value & 0xFFFF);
  table.is_described[background] = true;
  table.label[background] = 0;
  if (!table.is_described[0]) table.is_described[0] = true;  // nothing but background can be 0
  return table;
}

template <class Pixel>
Status lay_label_frame(const DicomSegmentation& seg, ByteView bytes, std::uint32_t k,
                       const LabelTable& table, Slab<ExclusiveBricks>& slab) {
  std::array<Pixel, brick_edge> values{};
  for (std::uint32_t j = 0; j < seg.rows; ++j) {
    for (std::uint32_t i = 0; i < seg.columns; i += brick_edge) {
      const std::uint32_t width = std::min(brick_edge, seg.columns - i);
      const std::uint64_t at = (std::uint64_t{j} * seg.columns + i) * sizeof(Pixel);
      values.fill(static_cast<Pixel>(seg.background_value));
      std::memcpy(values.data(), bytes.data() + at, width * sizeof(Pixel));
      const bool is_uniform =
          std::memcmp(values.data(), values.data() + 1, (brick_edge - 1) * sizeof(Pixel)) == 0;
      if (is_uniform && table.is_described[values[0]] && table.label[values[0]] == 0) continue;
      const std::size_t row_index = k % brick_edge * brick_edge + j % brick_edge;
      std::uint16_t* const row =
          slab.brick(i / brick_edge, j / brick_edge) + row_index * brick_edge;
      bool is_sound = true;
      for (std::uint32_t n = 0; n < width; ++n) {
        is_sound = is_sound && table.is_described[values[n]];
        row[n] = table.label[values[n]];
      }
      if (!is_sound) {
        return fail(ErrorCode::Corrupt, "a pixel is of a segment that is not described",
                    "row " + std::to_string(j + 1), "export it anew with the program that made it");
      }
    }
  }
  return {};
}

Result<LaidSegments> lay_label_map(const DicomSegmentation& seg, FramePixels& pixels,
                                   std::span<const std::uint32_t> slices, const Grid& grid) {
  LaidSegments laid;
  laid.segments = seg.segments;
  laid.layers.push_back(CSL_TRY(make_exclusive_layer(grid)));
  const LabelTable table = label_table(seg);
  auto& bricks = std::get<ExclusiveBricks>(laid.layers.front().bricks);
  Slab<ExclusiveBricks> slab(bricks, grid, brick_voxel_count);
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    slab.select(slices[f]);
    const ByteView bytes = CSL_TRY(pixels.frame(f));
    if (seg.bits_allocated == 8) {
      CSL_TRY(lay_label_frame<std::uint8_t>(seg, bytes, slices[f], table, slab));
    } else {
      CSL_TRY(lay_label_frame<std::uint16_t>(seg, bytes, slices[f], table, slab));
    }
  }
  for (ReadSegment& segment : laid.segments) {
    segment.facts.layer_index = 0;
    segment.facts.layer_value =
        segment.number != 0 ? static_cast<std::uint16_t>(segment.number) : table.label_of_zero;
  }
  return laid;
}

// Bricks that only zeros were written to are no bricks.
void drop_empty(ExclusiveBricks& bricks) {
  std::erase_if(bricks, [](const auto& brick) {
    return std::ranges::all_of(brick.second, [](std::uint16_t voxel) { return voxel == 0; });
  });
}

}  // namespace

Result<Grid> grid_of_frames(const DicomSegmentation& seg) {
  const Axes axes = axes_of(seg);
  std::vector<std::pair<double, std::size_t>> heights;
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    heights.emplace_back(dot(vector_of(seg.frames[f].position), axes.normal), f);
  }
  std::ranges::sort(heights);
  double smallest = 0;
  for (std::size_t n = 1; n < heights.size(); ++n) {
    const double step = heights[n].first - heights[n - 1].first;
    if (step > lattice_tolerance_mm && (smallest == 0 || step < smallest)) smallest = step;
  }
  const double begin = heights.front().first;
  const double range = heights.back().first - begin;
  const auto is_lattice = [&](double step) {
    return std::ranges::all_of(heights, [&](const auto& height) {
      const double slice = (height.first - begin) / step;
      return std::abs(slice - std::round(slice)) * step <=
             lattice_tolerance_mm + 0.01 * std::min(step, 1.0);
    });
  };
  double step = seg.slice_spacing_mm.value_or(seg.slice_thickness_mm);
  const bool is_stated = step > 0 && range / step < slice_count_max && is_lattice(step);
  if (smallest > 0 && !is_stated) {
    step = smallest;
    if (range / step >= slice_count_max || !is_lattice(step)) {
      return fail(ErrorCode::InvalidInput, "its frames do not lie at equal steps", "",
                  "give the images that it was drawn on");
    }
  }
  const PatientPoint origin = seg.frames[heights.front().second].position;
  const auto last_slice = std::round(range / step);
  Vector3 slice_step{};
  const Vector3 far = vector_of(seg.frames[heights.back().second].position);
  for (std::size_t i = 0; i < 3; ++i) {
    // From the first to the last frame: a tilted gantry's slices are shifted against each other.
    slice_step[i] =
        last_slice > 0 ? (far[i] - vector_of(origin)[i]) / last_slice : axes.normal[i] * step;
  }
  Grid grid{.dims = {seg.columns, seg.rows, static_cast<std::uint32_t>(last_slice) + 1},
            .affine = affine_from_axes(origin, axes.row_step, axes.column_step, slice_step),
            .frame_of_reference_uid = seg.frame_of_reference_uid};
  CSL_TRY(slices_of_frames(seg, grid));
  return grid;
}

Result<LaidSegments> lay_segments(const DicomSegmentation& seg, const DicomFile& file,
                                  const Grid& grid, const SegFrameDecoder& decoder,
                                  double fraction_min) {
  const std::vector<std::uint32_t> slices = CSL_TRY(slices_of_frames(seg, grid));
  FramePixels pixels = CSL_TRY(FramePixels::open(seg, file, decoder));
  if (seg.form == SegForm::LabelMap) {
    LaidSegments laid = CSL_TRY(lay_label_map(seg, pixels, slices, grid));
    drop_empty(std::get<ExclusiveBricks>(laid.layers.front().bricks));
    return laid;
  }
  const int threshold =
      std::max(1, static_cast<int>(std::ceil(fraction_min * seg.maximum_fractional_value)));
  LaidSegments laid;
  laid.segments = seg.segments;
  laid.layers.push_back(CSL_TRY(make_exclusive_layer(grid)));
  if (CSL_TRY(lay_exclusive(seg, pixels, slices, threshold, laid.layers.front()))) {
    for (ReadSegment& segment : laid.segments) {
      segment.facts.layer_index = 0;
      segment.facts.layer_value = static_cast<std::uint16_t>(segment.number);
    }
    return laid;
  }
  laid.overlap = true;
  laid.layers = CSL_TRY(lay_binary(seg, pixels, slices, threshold, grid));
  for (std::size_t s = 0; s < laid.segments.size(); ++s) {
    laid.segments[s].facts.layer_index = s;
    laid.segments[s].facts.layer_value = 1;
  }
  return laid;
}

Result<std::vector<std::uint8_t>> fractions_of(const DicomSegmentation& seg, const DicomFile& file,
                                               const Grid& grid, int segment_number,
                                               const SegFrameDecoder& decoder) {
  if (seg.form != SegForm::Probability && seg.form != SegForm::Occupancy) {
    return fail(ErrorCode::InvalidInput, "only a FRACTIONAL segmentation has fractions");
  }
  const bool is_there = std::ranges::any_of(
      seg.segments, [&](const auto& segment) { return segment.number == segment_number; });
  if (!is_there) return fail(ErrorCode::NotFound, "there is no such segment");
  const std::vector<std::uint32_t> slices = CSL_TRY(slices_of_frames(seg, grid));
  FramePixels pixels = CSL_TRY(FramePixels::open(seg, file, decoder));
  std::vector<std::uint8_t> dense(voxel_count(grid));
  const std::size_t plane = std::size_t{grid.dims[0]} * grid.dims[1];
  for (std::size_t f = 0; f < seg.frames.size(); ++f) {
    if (seg.frames[f].segment_number != segment_number) continue;
    const ByteView bytes = CSL_TRY(pixels.frame(f));
    for (std::size_t n = 0; n < plane; ++n) {
      const int value = std::min(std::to_integer<int>(bytes[n]), seg.maximum_fractional_value);
      dense[slices[f] * plane + n] = static_cast<std::uint8_t>(
          (value * 255 + seg.maximum_fractional_value / 2) / seg.maximum_fractional_value);
    }
  }
  return dense;
}

}  // namespace consilium
