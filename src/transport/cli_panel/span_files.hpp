// Spans of two raters as files: brat .ann (a file or a folder of them) or JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "analysis/matching/unit.hpp"
#include "base/result.hpp"

namespace consilium::cli {

struct NamedSpan {
  std::string label;
  std::vector<Part> parts;  // code points; sorted, disjoint
  friend auto operator<=>(const NamedSpan&, const NamedSpan&) = default;
};

struct SpanFiles {
  std::map<std::string, std::vector<NamedSpan>> documents;  // by name
  std::uint64_t left_out = 0;  // lines that are no spans that we can read
};

// A folder of .ann files (each a document, named as its file without the ending); one .ann file,
// whose document has the empty name, so that two single files are always of one document; or JSON
// lines, one span each: {"item_id": ..., "label": ..., "target": {"ranges": [[0, 5]]}} as
// our export writes them, or {"item": ..., "label": ..., "begin": 0, "end": 5}.
// Errors: those of reading; Corrupt with the line for JSON that has not these members.
[[nodiscard]] Result<SpanFiles> read_spans(const std::filesystem::path& path);

}  // namespace consilium::cli
