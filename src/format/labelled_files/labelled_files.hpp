// All formats of labelled text behind one door: by name, or told by ending and content.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

struct LabelledFormat {
  std::string_view name;    // "webanno-tsv"
  std::string_view title;   // "WebAnno TSV 3.3"
  std::string_view ending;  // of files that we write: ".tsv"
  TextAbilities abilities;  // of what we write
  bool reads = true;
  bool writes = true;
  bool one_text = false;     // a file holds one text
  bool text_beside = false;  // the text is a file of its own, .txt (brat)
};

[[nodiscard]] std::span<const LabelledFormat> labelled_formats();
[[nodiscard]] const LabelledFormat* labelled_format(std::string_view name);

// The format that the content has; the file's name decides only between those that it could be.
// nullptr when it is none.
[[nodiscard]] const LabelledFormat* sniff_labelled_format(std::string_view file_name,
                                                          std::string_view bytes);
// The same, and nullptr where the file may as well be text without labels: a table of notes.
[[nodiscard]] const LabelledFormat* sniff_labels(std::string_view file_name,
                                                 std::string_view bytes);

// `text_beside` is the text of a brat file; its absence is an error there.
// Errors: those of the format; InvalidInput when the format is not read.
[[nodiscard]] Result<std::vector<LabelledText>> read_labelled(
    const LabelledFormat& format, std::string_view bytes,
    std::optional<std::string_view> text_beside = std::nullopt);

struct LabelledFile {
  struct Beside {
    std::string name;  // "TypeSystem.xml"
    std::string bytes;
  };
  std::string bytes;
  std::string text_beside;       // of brat
  std::vector<TextLoss> losses;  // by kind, in alphabetical order
  std::vector<Beside> beside = {};
};

// What a file says of its own making, where the format has a place for it.
struct LabelledOrigin {
  std::string recorded_at = {};  // RFC 3339; FHIR and OMOP want one
};

// Fits the texts to the format and writes them. Errors: InvalidInput under OverlapPolicy::Refuse
// when mentions overlap or have gaps and the format cannot say so, when the format is not written,
// for several texts where a file holds one, and without a time where the format wants it.
[[nodiscard]] Result<LabelledFile> write_labelled(const LabelledFormat& format,
                                                  std::vector<LabelledText> texts,
                                                  OverlapPolicy overlaps,
                                                  const LabelledOrigin& origin = {});

}  // namespace consilium
