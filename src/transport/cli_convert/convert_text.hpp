// Labelled text from one form into another: every format of format/labelled_files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "format/labelled_files/labelled_files.hpp"

namespace consilium::cli {

struct TextConversion {
  std::filesystem::path in;
  std::filesystem::path out;
  std::string from;  // a format's name; empty: told by content
  std::string to;    // empty: told by the ending of `out`
  OverlapPolicy overlaps = OverlapPolicy::Refuse;
  std::string recorded_at =
      {};  // RFC 3339: when the labels were said, where the file does not tell
};

struct TextConversionReport {
  std::string from;
  std::string to;
  std::size_t text_count = 0;
  std::size_t mention_count = 0;
  std::vector<TextLoss> problems;  // what reading could not keep, by kind
  std::vector<TextLoss> losses;    // what the other format cannot say, by kind
  std::vector<std::filesystem::path> files;
};

// Whether this is a conversion of text: by the names, else by the content of `in`.
[[nodiscard]] bool is_text_conversion(const TextConversion& conversion);

// "brat, conll, ...": the forms that are read, or those that are written.
enum class FormatUse { Read, Write };
[[nodiscard]] std::string labelled_format_names(FormatUse use);

// A brat file's text is taken from, and written to, the .txt beside it; what else a format wants
// beside its file is named after it (note.TypeSystem.xml). Several texts become files with numbers
// where the format holds one a file. Errors: those of reading and writing; InvalidInput when a
// format cannot be told or is not read or written.
[[nodiscard]] Result<TextConversionReport> convert_text(const TextConversion& conversion);

}  // namespace consilium::cli
