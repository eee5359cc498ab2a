// Where the energy of a QRS rises above that of the beat and the last seconds around it: places
// that may be beats. Used inside this module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/qrs_detection/lead_filter.hpp"

namespace consilium::qrs {

struct Candidate {
  std::int64_t sample_index = 0;
  double strength = 0;       // of the band: square root of the largest mean energy
  double high_strength = 0;  // of what lies above it, where a QRS is strong and P and T are not
};

class CandidateFinder {
 public:
  // `level_share`: how much of the ten seconds' mean energy a QRS rises above the beat's.
  CandidateFinder(double rate_hz, double level_share);

  // Energies (squares) of the band and of what lies above, sample by sample.
  void push(std::span<const std::int64_t> energy, std::span<const std::int64_t> high_energy);
  void finish();

  // In order, at least 250 ms apart; the last may still be replaced by a stronger one.
  std::vector<Candidate> found;

 private:
  // A stretch in which the short mean is above the others.
  struct Stretch {
    std::int64_t begin = -1;  // none is open
    std::int64_t peak_index = 0;
    std::int64_t peak = -1;
    std::int64_t energy = 0;
    std::int64_t high_energy = 0;
  };
  // The means at a sample are over centred windows: this many samples to either side.
  struct Halves {
    std::int64_t qrs;
    std::int64_t beat;
    std::int64_t level;
  };
  // Of all energies before each sample: a window's sum is the difference of two. They may run
  // over, their differences do not.
  struct Totals {
    Track before;
    std::uint64_t all = 0;
    void push(std::span<const std::int64_t> energy);
    [[nodiscard]] std::int64_t sum(std::int64_t i, std::int64_t half, std::int64_t count) const;
  };
  void decide(std::int64_t end, std::int64_t count);
  [[nodiscard]] bool is_above(std::int64_t i, std::int64_t count) const;
  void take(std::int64_t i, bool is_above, std::int64_t count);
  void close_stretch(std::int64_t end);

  double rate_hz_;
  double level_share_;
  Halves half_;
  Totals energy_;
  Totals high_;  // of the energy above the band
  std::int64_t pushed_ = 0;
  std::int64_t decided_ = 0;
  Stretch open_;
};

}  // namespace consilium::qrs
