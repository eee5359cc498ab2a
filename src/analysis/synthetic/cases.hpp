// Made patients for the sample project: each has images, notes and a recording under one made
// identifier, so that what is asked of real patients (keep them together in a split, show the note
// beside the image) can be tried on them. Everything follows from the seed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/synthetic/ct_phantom.hpp"
#include "analysis/synthetic/ecg_model.hpp"
#include "analysis/synthetic/mr_phantom.hpp"
#include "analysis/synthetic/notes.hpp"

namespace consilium::synthetic {

struct MadePatient {
  std::string id;           // "SYN-0001"
  std::string family_name;  // "SYNTHETIC"
  std::string given_name;   // "Case 1"
  int birth_year = 1960;
  bool is_female = true;
  std::string study_date;  // "20260112"
  // Not every patient has every kind, as in life.
  std::optional<CtPhantomOptions> ct = std::nullopt;
  std::optional<MrPhantomOptions> mr = std::nullopt;
  std::vector<MadeNote> notes = {};
  std::vector<EcgOptions> recordings = {};
};

// Patients that cover the three workspaces: chest CT with nodules, head MR, ten-second and
// half-hour ECGs with ectopy and fibrillation, a whole day of the first patient, two to three notes
// each. Slices and lengths are
// those of real examinations; a caller in a hurry makes them smaller before rendering.
// Cost: milliseconds; nothing is rendered yet.
[[nodiscard]] std::vector<MadePatient> make_cases(std::uint64_t seed, std::size_t patient_count);

}  // namespace consilium::synthetic
