// The shares and windows by which waves are told in the wavelet of one beat. Set on the records
// named in bench/signals. Used inside this module.
#pragma once

namespace consilium::delineation {

struct Rules {
  // QRS, at scale 2^2: flanks within these times of the beat, at least this share of the steepest.
  double qrs_before_ms = 120.5;
  double qrs_after_ms = 117.2;
  double qrs_first_share = 0.1532;
  double qrs_last_share = 0.0949;
  double qrs_onset_share = 0.02231;  // of the first flank's slope
  double qrs_end_share = 0.1525;
  // T, at scale 2^4.
  double t_after_qrs_ms = 21.33;
  double t_latest_ms = 576.7;
  double t_latest_rr = 0.6131;
  double t_flank_share = 0.4719;  // of the largest, for a flank to belong to the wave
  double t_onset_share = 0.3824;
  double t_end_share = 0.373;
  double t_height_min = 0.01744;
  // P, at scale 2^4.
  double p_before_qrs_ms = 637.8;
  double p_rr = 0.3212;
  double p_flank_share = 1.515;
  double p_onset_share = 0.5309;
  double p_end_share = 0.6613;
  double p_height_min = 0.01231;
};

}  // namespace consilium::delineation
