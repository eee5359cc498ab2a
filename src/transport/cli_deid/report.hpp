// The report of a de-identification: what was done with each file, signed.
//
// JSON: {"files":[...],"report":{...},"signature":{"algorithm":"Ed25519","public_key","value"}};
// the signature is over the canonical form (RFC 8785) of the document without it. The key pair
// follows from the run's key, so reports of one key have one public key. Files are numbered as they
// were met; neither their names nor any value of theirs is in it.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "format/dicom_deid/deidentify.hpp"

namespace consilium::cli {

struct DeidOutcome {
  std::uint64_t number = 0;
  std::string kind;  // "dicom", "edf", ...
  std::string out;   // empty: held back
  std::string sha256;
  std::string patient;
  std::vector<DeidStep> steps;
  Error reason;  // of what is held back
};

struct DeidSummary {
  std::uint64_t released = 0;
  std::uint64_t held_back = 0;
  std::uint64_t patients = 0;
  std::uint64_t actions = 0;
  std::string leak_bound;
};

// The file's bytes. Errors: none but Internal ones.
[[nodiscard]] Result<std::string> deid_report(const DeidProfile& profile, const DeidKey& key,
                                              const std::vector<DeidOutcome>& outcomes,
                                              const DeidSummary& summary, Timestamp at);

}  // namespace consilium::cli
