#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "analysis/registration/registration.hpp"
#include "analysis/seed_growth/seed_growth.hpp"
#include "transport/cli_segment/methods.hpp"

namespace consilium::cli {
namespace json = boost::json;
namespace {

constexpr double focus_margin_mm = 20;  // around what the labels may reach

PlacedVolume placed(const LoadedVolume& volume) {
  return {.samples = std::visit([](const auto& samples) { return VolumeView(std::span(samples)); },
                                volume.samples),
          .dims = volume.lattice.dims,
          .affine = volume.place.affine};
}

void tell_rigid(const RigidRegistration& rigid, json::object& facts, std::string& text) {
  json::array matrix;
  for (std::size_t v = 0; v < 12; ++v) matrix.push_back(rigid.to_moving.values[v]);
  facts["rigid"] = json::object{
      {"quality", name_of(rigid.quality)},
      {"to_prior_mm", std::move(matrix)},
      {"turn_deg", json::value_from(rigid.turn_deg)},
      {"shift_mm", json::value_from(rigid.shift_mm)},
      {"similarity", rigid.similarity},
      {"similarity_before",
       rigid.similarity_before ? json::value(*rigid.similarity_before) : json::value(nullptr)},
      {"overlap", rigid.overlap}};
  const auto& t = rigid.turn_deg;
  const auto& s = rigid.shift_mm;
  text += fmt::format(
      "rigid: turned by {:.2f}, {:.2f}, {:.2f} degrees, shifted by {:.2f}, {:.2f}, {:.2f} mm; "
      "similarity {:.3f}, {}\n",
      t[0], t[1], t[2], s[0], s[1], s[2], rigid.similarity, name_of(rigid.quality));
}

void tell_bend(const DeformableRegistration& bend, json::object& facts, std::string& text) {
  facts["deformable"] =
      json::object{{"quality", name_of(bend.quality)},
                   {"similarity", bend.similarity},
                   {"similarity_before", bend.similarity_before},
                   {"jacobian", json::array{bend.jacobian_min, bend.jacobian_max}},
                   {"displacement_mm_max", bend.displacement_mm_max}};
  text += fmt::format(
      "deformable: up to {:.2f} mm, volumes change {:.2f} to {:.2f} times; local similarity {:.3f} "
      "after {:.3f}, {}\n",
      bend.displacement_mm_max, bend.jacobian_min, bend.jacobian_max, bend.similarity,
      bend.similarity_before, name_of(bend.quality));
}

std::vector<std::uint8_t> in_volume(const PropagatedLabels& carried, const Lattice& lattice) {
  std::vector<std::uint8_t> labels(lattice.voxel_count());
  const VoxelDims size = carried.box.dims();
  auto from = carried.labels.begin();
  for (std::size_t z = carried.box.first[2]; z < carried.box.end[2]; ++z) {
    for (std::size_t y = carried.box.first[1]; y < carried.box.end[1]; ++y, from += size[0]) {
      const std::size_t row = (z * lattice.dims[1] + y) * lattice.dims[0] + carried.box.first[0];
      std::transform(from, from + size[0], labels.begin() + static_cast<std::ptrdiff_t>(row),
                     [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
    }
  }
  return labels;
}

}  // namespace

Result<SegmentOutcome> propagate(const SegmentInput& input) {
  const SegmentCommand& command = input.command;
  const PlacedVolume fixed = placed(input.volume);
  const PlacedVolume moving = placed(*input.prior);
  std::vector<std::uint16_t> labels(input.seeds.labels.begin(), input.seeds.labels.end());
  std::ranges::replace(labels, std::uint16_t{background_label}, std::uint16_t{unlabelled});
  const PlacedLabels prior{.labels = labels, .dims = moving.dims, .affine = moving.affine};
  const Similarity similarity =
      command.other_modality ? Similarity::MutualInformation : Similarity::Correlation;

  json::object facts;
  SegmentOutcome outcome;
  const RigidRegistration rigid = CSL_TRY(
      register_rigid(fixed, moving, {.similarity = similarity, .threads = command.threads}));
  tell_rigid(rigid, facts, outcome.text);
  Deformation deformation;
  deformation.to_moving = rigid.to_moving;
  if (!command.rigid) {
    const VoxelRange focus =
        CSL_TRY(reached_box(prior, deformation, fixed.dims, fixed.affine, focus_margin_mm));
    if (focus.end[0] > 0) {
      DeformableRegistration bend = CSL_TRY(register_deformable(
          fixed, moving, rigid.to_moving,
          {.similarity = similarity, .focus = focus, .threads = command.threads}));
      tell_bend(bend, facts, outcome.text);
      deformation = std::move(bend.deformation);
    }
  }
  outcome.labels = in_volume(
      CSL_TRY(propagate_labels(prior, deformation, fixed.dims, fixed.affine, command.threads)),
      input.volume.lattice);
  outcome.facts_json = json::serialize(facts);
  return outcome;
}

}  // namespace consilium::cli
