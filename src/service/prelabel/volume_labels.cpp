#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "service/prelabel/file_labels.hpp"

namespace consilium::service {
namespace {

using Volume = std::shared_ptr<const KnownVolume>;
using Step = std::array<std::int64_t, 3>;

// Where the voxels of one lattice lie in another: whole steps only.
struct Placing {
  Step origin{};
  std::array<Step, 3> steps{};  // of the file's axes
};

constexpr double placing_tolerance = 0.05;  // of a voxel, over the whole extent

std::optional<Step> whole_steps(const PatientPoint& at, double tolerance) {
  Step steps{};
  const std::array<double, 3> values{at.x_mm, at.y_mm, at.z_mm};
  for (std::size_t a = 0; a < 3; ++a) {
    const double whole = std::round(values[a]);
    if (!(std::abs(values[a] - whole) <= tolerance) || std::abs(whole) > 1e6) return std::nullopt;
    steps[a] = static_cast<std::int64_t>(whole);
  }
  return steps;
}

std::optional<Placing> place_on(const ScalarVolume& volume, const Grid& grid) {
  const auto inverse = grid.affine.inverse();
  if (!inverse) return std::nullopt;
  const auto index_of = [&](double i, double j, double k) {
    const PatientPoint mm = volume.affine.apply(i, j, k);
    return inverse->apply(mm.x_mm, mm.y_mm, mm.z_mm);
  };
  const PatientPoint zero = index_of(0, 0, 0);
  const auto origin = whole_steps(zero, placing_tolerance);
  if (!origin) return std::nullopt;
  Placing placing{.origin = *origin, .steps = {}};
  std::array<bool, 3> used{};
  for (std::size_t a = 0; a < 3; ++a) {
    const PatientPoint one = index_of(a == 0 ? 1 : 0, a == 1 ? 1 : 0, a == 2 ? 1 : 0);
    const PatientPoint step{one.x_mm - zero.x_mm, one.y_mm - zero.y_mm, one.z_mm - zero.z_mm};
    const auto whole = whole_steps(step, placing_tolerance / std::max(1U, volume.dims[a]));
    if (!whole) return std::nullopt;
    std::size_t along = 3;
    for (std::size_t b = 0; b < 3; ++b) {
      const std::int64_t size = std::abs((*whole)[b]);
      if (size == 0) continue;
      if (size != 1 || along != 3 || used[b]) return std::nullopt;
      along = b;
    }
    if (along == 3) return std::nullopt;
    used[along] = true;
    placing.steps[a] = *whole;
  }
  return placing;
}

std::string size_text(const ScalarVolume& volume) {
  const auto edge = [&](int axis) { return length(volume.affine.axis_mm(axis)); };
  return fmt::format("{} x {} x {} voxels of {:.4g} x {:.4g} x {:.4g} mm", volume.dims[0],
                     volume.dims[1], volume.dims[2], edge(0), edge(1), edge(2));
}

// Narrowed by what the file's name and size tell, as long as something is left.
template <class Wanted>
void keep_if_any(std::vector<Volume>& volumes, const Wanted& wanted) {
  std::vector<Volume> kept;
  std::ranges::copy_if(volumes, std::back_inserter(kept), wanted);
  if (!kept.empty()) volumes = std::move(kept);
}

Result<Volume> volume_for(const LabelVolume& file, ImageFinder& images) {
  const ScalarVolume& first = file.layers.front();
  std::vector<Volume> fitting = CSL_TRY(images.all_volumes());
  std::erase_if(fitting, [&](const Volume& one) { return !place_on(first, one->grid); });
  if (fitting.empty()) {
    return fail(ErrorCode::NotFound, "no volume of the project has the lattice of its voxels",
                size_text(first), "import the images first, or resample the labels onto them");
  }
  keep_if_any(fitting, [&](const Volume& one) {
    return file.file_name.find(one->pseudonym) != std::string::npos;
  });
  keep_if_any(fitting, [&](const Volume& one) {
    auto own = one->grid.dims;
    auto theirs = first.dims;
    std::ranges::sort(own);
    std::ranges::sort(theirs);
    return own == theirs;
  });
  // One image may be in the project in several forms: one item is enough to know.
  if (fitting.size() > 1 && std::ranges::all_of(fitting, [&](const Volume& one) {
        return one->series == fitting.front()->series;
      })) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("the {} phases of a series have the lattice of its voxels", fitting.size()),
        size_text(first), "give the labels as DICOM SEG, which names its phase's images");
  }
  if (fitting.size() > 1) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("{} volumes of the project have the lattice of its voxels", fitting.size()),
        size_text(first),
        "put the pseudonym of its patient, " + fitting.front()->pseudonym +
            " or another, into the file's name");
  }
  return fitting.front();
}

// The voxels of each value on the image's grid.
Result<std::map<std::uint16_t, BinaryBricks>> voxels_on(const ScalarVolume& volume,
                                                        const LabelVolume& file, const Grid& grid) {
  const auto placing = place_on(volume, grid);
  if (!placing) {
    return fail(ErrorCode::InvalidInput, "its layers do not lie on one lattice", size_text(volume),
                "export it anew with the program that made it");
  }
  const std::vector<std::uint16_t> labels =
      CSL_TRY(labels_of_samples(volume.sample_type, volume.samples, file.slope, file.intercept));
  std::map<std::uint16_t, BinaryBricks> values;
  std::size_t v = 0;
  for (std::uint32_t k = 0; k < volume.dims[2]; ++k) {
    for (std::uint32_t j = 0; j < volume.dims[1]; ++j) {
      for (std::uint32_t i = 0; i < volume.dims[0]; ++i, ++v) {
        if (labels[v] == 0) continue;
        Step at = placing->origin;
        for (std::size_t a = 0; a < 3; ++a) {
          at[a] += i * placing->steps[0][a] + j * placing->steps[1][a] + k * placing->steps[2][a];
          if (at[a] < 0 || at[a] >= grid.dims[a]) {
            return fail(ErrorCode::InvalidInput, "a labelled voxel lies outside of the image",
                        fmt::format("voxel {} {} {}", i, j, k), "give the labels of this image");
          }
        }
        const Voxel voxel{.i = static_cast<std::uint32_t>(at[0]),
                          .j = static_cast<std::uint32_t>(at[1]),
                          .k = static_cast<std::uint32_t>(at[2])};
        std::vector<std::uint8_t>& bits = values[labels[v]][brick_index_of(grid, voxel)];
        bits.resize(brick_voxel_count / 8);
        const std::size_t bit = place_in_brick(voxel);
        bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | (1U << (bit % 8)));
      }
    }
  }
  return values;
}

}  // namespace

Result<ReadLabels> labels_of_volume(const LabelVolume& volume, ImageFinder& images) {
  const Volume image = CSL_TRY(volume_for(volume, images));
  LabelSet set{.item = image->item, .source = volume.source, .labels = {}};
  for (std::size_t l = 0; l < volume.layers.size(); ++l) {
    const auto values = std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(
        CSL_TRY(voxels_on(volume.layers[l], volume, image->grid)));
    const auto add = [&](std::uint16_t value, std::string name, std::vector<CodedConcept> codes) {
      SaidLabel said{.key = fmt::format("layer {} value {}", l, value),
                     .name = std::move(name),
                     .codes = std::move(codes),
                     .tool = {.kind = RaterKind::Import, .name = volume.tool},
                     .place = SaidAbsent{}};
      if (values->contains(value)) said.place = SaidVoxels{image->grid_id, values, value};
      set.labels.push_back(std::move(said));
    };
    std::set<std::uint16_t> named;
    for (const VolumeLabel& label : volume.labels) {
      if (label.layer != l || label.value == 0 || !named.insert(label.value).second) continue;
      add(label.value, label.name, label.codes);
    }
    for (const auto& [value, voxels] : *values) {
      if (!named.contains(value)) add(value, std::to_string(value), {});
    }
  }
  ReadLabels read;
  read.sets.push_back(std::move(set));
  return read;
}

}  // namespace consilium::service
