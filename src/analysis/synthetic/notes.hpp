// Made clinical notes with the truth of their spans: discharge summaries, radiology reports,
// progress notes. Sentences are drawn from pools and filled with findings, medications and doses;
// names are made and marked SYNTHETIC. Labels and attributes are those of protocols/note-problems.
// Everything follows from the seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/text/canonical_text.hpp"

namespace consilium::synthetic {

enum class NoteKind { DischargeSummary, RadiologyReport, ProgressNote };

struct NoteSpan {
  TextSpan range;     // code points
  std::string label;  // "problem", "medication", "dose", "test"
  // Of problems: "present", "negated" or "possible"; "current" or "historical"; "patient" or
  // "family". Empty for other labels.
  std::string assertion = {};
  std::string time = {};
  std::string subject = {};
  friend bool operator==(const NoteSpan&, const NoteSpan&) = default;
};

struct MadeNote {
  NoteKind kind = NoteKind::ProgressNote;
  std::string title;
  std::string text;             // UTF-8; some code points take two bytes
  std::vector<NoteSpan> spans;  // in the order of the text
};

struct NotePatient {
  std::string name = "SYNTHETIC Person";
  std::string id = "SYN-0000";
  int age_years = 60;
  bool is_female = true;
};

// Cost: microseconds.
[[nodiscard]] MadeNote make_note(NoteKind kind, const NotePatient& patient, std::uint64_t seed);

// One note as long as those that fill with copies over a long stay: days of progress notes until it
// has at least `code_points_min` code points, ending with a whole sentence.
[[nodiscard]] MadeNote make_long_note(const NotePatient& patient, std::uint64_t seed,
                                      std::uint64_t code_points_min = 120'000);

}  // namespace consilium::synthetic
