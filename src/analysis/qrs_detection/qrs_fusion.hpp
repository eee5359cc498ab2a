// Where the heart beats, from all leads of an ECG together.
//
// Each lead is filtered as in qrs_detection.hpp. First every lead is told, for every two seconds,
// how far its QRS complexes stand out: the largest energy of the QRS band over the middle one, both
// medians over the 34 s around (LeadContrast). Then the leads' energies, each in units of its own
// beats, are added with these ratios as weights, and candidates are found in the sum; so a lead
// counts for as much as it shows, and one that fell off for nothing. A candidate that a lead of
// weight hardly shows is dropped where it looks like none of its neighbours, or where no beat is
// due.
//
// The record is so read twice. Pieces of any size give the same beats; leads may be upside down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/qrs_detection/qrs_detection.hpp"

namespace consilium {

// Of two seconds of a lead.
struct LeadBlock {
  double peak = 0;      // mean energy of the band in a QRS
  double contrast = 0;  // over that of the middle of the block; 0: nothing beats here
  friend bool operator==(const LeadBlock&, const LeadBlock&) = default;
};

class LeadContrast {
 public:
  // Errors: as check_qrs_rate.
  [[nodiscard]] static Result<LeadContrast> create(double sampling_rate_hz);
  void push(std::span<const float> samples_mv);
  // Every two seconds of the lead, the last one maybe shorter.
  [[nodiscard]] std::vector<LeadBlock> finish();

 private:
  explicit LeadContrast(double sampling_rate_hz);
  void take_filtered(bool is_last);

  std::int64_t block_size_;
  qrs::LeadFilter filter_;
  qrs::MovingSum sum_;
  qrs::Track energy_;
  std::vector<LeadBlock> blocks_;
};

class QrsFusion {
 public:
  // `leads`: what LeadContrast said of each lead.
  // Errors: as check_qrs_rate; InvalidInput for no lead, or leads of different lengths.
  [[nodiscard]] static Result<QrsFusion> create(double sampling_rate_hz,
                                                std::vector<std::vector<LeadBlock>> leads);

  // The next samples of all leads, in mV, as many of each (CSL_CHECKed). Keeps twenty seconds of
  // them and the candidates.
  void push(std::span<const std::span<const float>> leads_mv);
  // The beats of all that was pushed, in order; `strength` is that of the sum: about 1.
  [[nodiscard]] std::vector<QrsComplex> finish();

 private:
  struct Lead {
    std::vector<LeadBlock> blocks;
    qrs::LeadFilter filter;
    qrs::MovingSum sum;
    qrs::Track energy;  // of the band over a QRS
  };
  // What the leads show of a candidate.
  struct Look {
    std::vector<double> strength;            // by lead
    std::vector<double> weight;              // by lead, of sum 1
    std::vector<std::vector<float>> shapes;  // by lead; emptied when no longer compared
    double likeness = 0;                     // with its neighbours, in the lead that likens it most
  };

  QrsFusion(double sampling_rate_hz, std::vector<std::vector<LeadBlock>> leads);
  [[nodiscard]] std::vector<double> weights_at(std::int64_t i) const;
  void add_energies();
  void look(std::size_t candidate_count);
  void liken(std::size_t i);
  void liken_until(std::size_t end);
  [[nodiscard]] std::vector<QrsComplex> kept() const;

  double sampling_rate_hz_;
  std::int64_t step_;  // between a shape's values
  std::vector<Lead> leads_;
  std::int64_t added_ = 0;  // samples whose energies are in the sum
  qrs::CandidateFinder candidates_;
  std::vector<Look> looks_;
  std::size_t likened_ = 0;
};

// Of whole leads at once. Errors: as QrsFusion::create.
[[nodiscard]] Result<std::vector<QrsComplex>> detect_qrs_in_leads(
    std::span<const std::span<const float>> leads_mv, double sampling_rate_hz);

}  // namespace consilium
