#include "analysis/synthetic/cases.hpp"

#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

std::string padded(std::size_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

EcgOptions short_ecg(std::uint64_t seed, double heart_rate_bpm) {
  EcgOptions options;
  options.seed = seed;
  options.heart_rate_bpm = heart_rate_bpm;
  return options;
}

EcgOptions half_hour_ecg(std::uint64_t seed, double heart_rate_bpm) {
  EcgOptions options = short_ecg(seed, heart_rate_bpm);
  options.duration_s = 1800;
  options.sampling_rate_hz = 250;
  options.leads = {"II", "V1", "V5"};
  options.ventricular_share = 0.03;
  options.supraventricular_share = 0.02;
  options.episodes = {{EcgEpisode::Kind::AtrialFibrillation, 420, 780},
                      {EcgEpisode::Kind::VentricularRun, 1100, 1103},
                      {EcgEpisode::Kind::Noise, 1300, 1312}};
  return options;
}

// A worn recorder's day: single ectopic beats, a run of them at noon, fibrillation in the evening,
// and noise where the electrodes were changed.
EcgOptions day_long_ecg(std::uint64_t seed, double heart_rate_bpm) {
  EcgOptions options = half_hour_ecg(seed, heart_rate_bpm);
  constexpr double hour_s = 3600;
  options.duration_s = 24 * hour_s;
  options.ventricular_share = 0.004;
  options.supraventricular_share = 0.003;
  options.episodes = {{EcgEpisode::Kind::VentricularRun, 3.2 * hour_s, 3.2 * hour_s + 5},
                      {EcgEpisode::Kind::AtrialFibrillation, 9.5 * hour_s, 10.75 * hour_s},
                      {EcgEpisode::Kind::Noise, 14 * hour_s, 14 * hour_s + 90}};
  return options;
}

}  // namespace

std::vector<MadePatient> make_cases(std::uint64_t seed, std::size_t patient_count) {
  std::vector<MadePatient> patients;
  for (std::size_t i = 0; i < patient_count; ++i) {
    // A patient's own generator: one more patient changes none of the others.
    const std::uint64_t own_seed = seed * 1'000'003 + i + 1;
    SeededRandom random(own_seed);
    MadePatient patient;
    patient.id = "SYN-" + padded(i + 1, 4);
    patient.family_name = "SYNTHETIC";
    patient.given_name = "Case " + std::to_string(i + 1);
    patient.birth_year = 1938 + static_cast<int>(random.below(50));
    patient.is_female = random.below(2) == 0;
    patient.study_date = "2026" + padded(1 + random.below(6), 2) + padded(1 + random.below(28), 2);
    const std::size_t nodule_count = 1 + random.below(5);
    const double emphysema = random.below(3) == 0 ? 0.4 + 0.5 * random.uniform() : 0.0;
    const double heart_rate_bpm = 56 + 34 * random.uniform();
    if (i % 3 != 1) {
      CtPhantomOptions ct;
      ct.seed = own_seed;
      ct.emphysema = emphysema;
      ct.nodules = place_nodules(own_seed, nodule_count);
      patient.ct = std::move(ct);
    }
    if (i % 3 == 1) patient.mr = MrPhantomOptions{.seed = own_seed};
    patient.recordings.push_back(short_ecg(own_seed, heart_rate_bpm));
    if (i % 2 == 0) patient.recordings.push_back(half_hour_ecg(own_seed + 1, heart_rate_bpm));
    if (i == 0) patient.recordings.push_back(day_long_ecg(own_seed + 2, heart_rate_bpm));
    const NotePatient named{patient.given_name + " " + patient.family_name, patient.id,
                            2026 - patient.birth_year, patient.is_female};
    if (patient.ct) {
      patient.notes.push_back(make_note(NoteKind::RadiologyReport, named, own_seed));
    }
    patient.notes.push_back(make_note(NoteKind::DischargeSummary, named, own_seed + 1));
    patient.notes.push_back(make_note(NoteKind::ProgressNote, named, own_seed + 2));
    patients.push_back(std::move(patient));
  }
  return patients;
}

}  // namespace consilium::synthetic
