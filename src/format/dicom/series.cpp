#include "format/dicom/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <tuple>

namespace consilium {
namespace {

// Directions and spacings that differ less than this are the same (devices round differently).
constexpr double direction_step = 1e-4;
constexpr double spacing_step_mm = 1e-5;
constexpr double same_place_mm = 1e-3;
constexpr double step_tolerance = 0.01;
constexpr double step_tolerance_mm = 0.01;
constexpr double tilt_degrees_min = 0.1;
constexpr double uneven_mm = 0.1;

struct Slice {
  FrameRef ref;
  Vector3 place{};
  double distance_mm = 0;  // along the normal
  std::int64_t order = 0;  // by instance number
};

struct Plane {
  std::array<double, 6> orientation{};
  std::array<double, 2> spacing_mm{};

  [[nodiscard]] Vector3 row() const { return {orientation[0], orientation[1], orientation[2]}; }
  [[nodiscard]] Vector3 column() const { return {orientation[3], orientation[4], orientation[5]}; }
  [[nodiscard]] Vector3 normal() const {
    Vector3 across = cross(row(), column());
    const double size = length(across);
    for (double& part : across) part /= size;
    return across;
  }
};

std::int64_t rounded(double value, double step) {
  constexpr double most = 9e15;
  return static_cast<std::int64_t>(std::llround(std::clamp(value / step, -most, most)));
}

struct StackKey {
  std::array<std::uint32_t, 3> size{};
  SampleType sample_type = SampleType::U8;
  Photometric photometric = Photometric::Monochrome2;
  std::string frame_of_reference_uid;
  std::array<std::int64_t, 6> orientation{};
  std::array<std::int64_t, 2> spacing{};
  std::string stack;
  friend auto operator<=>(const StackKey&, const StackKey&) = default;
};

struct Stack {
  Plane plane;
  const ImageDescription* image = nullptr;
  std::optional<double> thickness_mm;
  std::vector<Slice> slices;
};

Vector3 scaled(const Vector3& vector, double factor) {
  return {vector[0] * factor, vector[1] * factor, vector[2] * factor};
}

Vector3 difference(const Vector3& a, const Vector3& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

StackKey key_of(const ImageDescription& image, const FrameFacts& facts) {
  StackKey key{.size = {image.ready.columns, image.ready.rows, image.ready.samples_per_pixel},
               .sample_type = image.ready.sample_type,
               .photometric = image.ready.photometric,
               .frame_of_reference_uid = image.frame_of_reference_uid,
               .stack = facts.stack_key};
  for (std::size_t i = 0; i < 6; ++i) {
    key.orientation[i] = rounded((*facts.orientation)[i], direction_step);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    key.spacing[i] = rounded((*facts.spacing_mm)[i], spacing_step_mm);
  }
  return key;
}

bool has_place(const FrameFacts& facts) {
  return facts.position && facts.orientation && facts.spacing_mm;
}

// An image without a place in the patient: its frames are the slices of a grid of its own.
Volume placeless_volume(const SeriesInstance& instance, std::uint32_t instance_index) {
  const ImageDescription& image = *instance.image;
  const auto spacing = image.frame(0).spacing_mm.value_or(std::array<double, 2>{1, 1});
  Volume volume;
  volume.grid = {.dims = {image.ready.columns, image.ready.rows, image.frame_count},
                 .affine = affine_from_axes({}, {spacing[1], 0, 0}, {0, spacing[0], 0}, {0, 0, 1}),
                 .frame_of_reference_uid = instance.sop_instance_uid};
  volume.layout = image.ready;
  for (std::uint32_t frame = 0; frame < image.frame_count; ++frame) {
    volume.slices.push_back({.instance_index = instance_index, .frame_index = frame});
  }
  volume.notes.emplace_back("the image has no place in the patient");
  return volume;
}

// Slices at the same place go to different passes, each place once in a pass.
std::vector<std::vector<Slice>> split_repeated(std::vector<Slice> slices) {
  std::ranges::sort(slices, [](const Slice& a, const Slice& b) {
    return std::tuple(a.distance_mm, a.order) < std::tuple(b.distance_mm, b.order);
  });
  std::vector<std::vector<Slice>> passes;
  std::vector<Slice> same;  // slices at one place
  const auto deal = [&] {
    std::ranges::sort(same, {}, [](const Slice& slice) {
      return std::tuple(slice.order, slice.ref.instance_index, slice.ref.frame_index);
    });
    for (std::size_t pass = 0; pass < same.size(); ++pass) {
      if (pass == passes.size()) passes.emplace_back();
      passes[pass].push_back(same[pass]);
    }
    same.clear();
  };
  for (const Slice& slice : slices) {
    if (!same.empty() && slice.distance_mm - same.front().distance_mm > same_place_mm) deal();
    same.push_back(slice);
  }
  deal();
  return passes;
}

// Runs of equal steps.
std::vector<std::vector<Slice>> split_at_steps(const std::vector<Slice>& pass) {
  std::vector<std::vector<Slice>> runs;
  double step_mm = 0;
  for (const Slice& slice : pass) {
    bool joins = !runs.empty();
    if (joins) {
      const double gap_mm = slice.distance_mm - runs.back().back().distance_mm;
      if (runs.back().size() == 1) {
        step_mm = gap_mm;
      } else {
        joins = std::abs(gap_mm - step_mm) <= step_tolerance * step_mm + step_tolerance_mm;
      }
    }
    if (!joins) runs.emplace_back();
    runs.back().push_back(slice);
  }
  return runs;
}

double single_step_mm(const Stack& stack) {
  const auto& spacing = stack.image->slice_spacing_mm;
  if (spacing && *spacing != 0) return std::abs(*spacing);
  return stack.thickness_mm.value_or(1);
}

void note_shape(const Stack& stack, const std::vector<Slice>& run, const Vector3& step,
                Volume& volume) {
  const double along = dot(step, stack.plane.normal());
  const double cosine = std::clamp(along / length(step), -1.0, 1.0);
  const double tilt_degrees = std::acos(cosine) * 180 / std::numbers::pi;
  if (tilt_degrees > tilt_degrees_min) {
    volume.notes.push_back(
        fmt::format("the slices are sheared by {:.1f} degrees (tilted gantry)", tilt_degrees));
  }
  double worst_mm = 0;
  for (std::size_t k = 0; k < run.size(); ++k) {
    const Vector3 ideal = scaled(step, static_cast<double>(k));
    const Vector3 actual = difference(run[k].place, run.front().place);
    worst_mm = std::max(worst_mm, length(difference(actual, ideal)));
  }
  if (worst_mm > uneven_mm) {
    volume.notes.push_back(fmt::format("slices lie up to {:.2f} mm off the grid", worst_mm));
  }
}

Volume volume_of(const Stack& stack, const std::vector<Slice>& run) {
  const Plane& plane = stack.plane;
  Vector3 step = scaled(plane.normal(), single_step_mm(stack));
  Volume volume;
  volume.has_patient_geometry = true;
  if (run.size() > 1) {
    step = scaled(difference(run.back().place, run.front().place),
                  1.0 / static_cast<double>(run.size() - 1));
    note_shape(stack, run, step, volume);
  }
  const Vector3& first = run.front().place;
  volume.grid = {.dims = {stack.image->ready.columns, stack.image->ready.rows,
                          static_cast<std::uint32_t>(run.size())},
                 .affine = affine_from_axes({.x_mm = first[0], .y_mm = first[1], .z_mm = first[2]},
                                            scaled(plane.row(), plane.spacing_mm[1]),
                                            scaled(plane.column(), plane.spacing_mm[0]), step),
                 .frame_of_reference_uid = stack.image->frame_of_reference_uid};
  volume.layout = stack.image->ready;
  for (const Slice& slice : run) volume.slices.push_back(slice.ref);
  return volume;
}

void add_volumes(const Stack& stack, std::vector<Volume>& volumes) {
  const auto passes = split_repeated(stack.slices);
  for (std::size_t pass = 0; pass < passes.size(); ++pass) {
    const auto runs = split_at_steps(passes[pass]);
    for (const std::vector<Slice>& run : runs) {
      Volume volume = volume_of(stack, run);
      if (passes.size() > 1) {
        volume.notes.push_back(
            fmt::format("places repeat; this is pass {} of {}", pass + 1, passes.size()));
      }
      if (runs.size() > 1) {
        volume.notes.emplace_back("the step between slices changes; the series was cut there");
      }
      volumes.push_back(std::move(volume));
    }
  }
}

}  // namespace

std::vector<Volume> make_volumes(std::span<const SeriesInstance> instances) {
  std::map<StackKey, Stack> stacks;
  std::vector<Volume> volumes;
  for (std::uint32_t index = 0; index < instances.size(); ++index) {
    const ImageDescription& image = *instances[index].image;
    bool are_placed = true;
    for (const FrameFacts& facts : image.frames) are_placed = are_placed && has_place(facts);
    // Frames that all lie at one place are a film, not a stack.
    const bool is_film = image.frame_count > 1 && image.frames.size() == 1;
    if (!are_placed || is_film) {
      volumes.push_back(placeless_volume(instances[index], index));
      continue;
    }
    for (std::uint32_t frame = 0; frame < image.frame_count; ++frame) {
      const FrameFacts& facts = image.frame(frame);
      Stack& stack = stacks[key_of(image, facts)];
      if (stack.image == nullptr) {
        stack.image = &image;
        stack.plane = {.orientation = *facts.orientation, .spacing_mm = *facts.spacing_mm};
        stack.thickness_mm = facts.slice_thickness_mm;
      }
      const Vector3 place{facts.position->x_mm, facts.position->y_mm, facts.position->z_mm};
      constexpr std::int64_t unnumbered = std::numeric_limits<std::int64_t>::max();
      stack.slices.push_back({.ref = {.instance_index = index, .frame_index = frame},
                              .place = place,
                              .distance_mm = dot(place, stack.plane.normal()),
                              .order = instances[index].instance_number.value_or(unnumbered)});
    }
  }
  for (const auto& [key, stack] : stacks) add_volumes(stack, volumes);
  return volumes;
}

}  // namespace consilium
