// A series' images cut into volumes, in the form that the catalog keeps and the API shows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

struct Arrangement {
  std::string volumes_json;  // array of VolumeInfo: grid_id, grid, layout, frame_bytes, transform,
                             // windows, spacing_mm, slices, notes
  std::string notes_json;    // array of texts
};

// Errors: InvalidInput when a kept description does not read. Cost: O(frames x log frames).
[[nodiscard]] Result<Arrangement> arrange(std::span<const storage::InstanceRow> instances);

// "CT CHEST, 300 images": nothing that a person wrote.
[[nodiscard]] std::string study_title(std::span<const storage::SeriesRow> series);
// "CT", or "CT/PT" of several.
[[nodiscard]] std::string study_modality(std::span<const storage::SeriesRow> series);

}  // namespace consilium::service
