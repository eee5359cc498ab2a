// Labelled texts from files and folders, and tagged ones written the same way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"
#include "format/labelled_files/labelled_files.hpp"

namespace consilium::cli {

struct TextFile {
  std::filesystem::path file;      // that was read; of brat the .txt
  std::filesystem::path relative;  // below the folder that was given, or its name
  const LabelledFormat* format = nullptr;
  std::vector<LabelledText> texts;
};

// A file, or all files of a folder and those below, by name. `format` is a name of
// labelled_formats(), or empty: told by the content. Of brat a .txt without a .ann is a text that
// nothing is said of. Errors: those of the readers, with the file; NotFound; InvalidInput when the
// format is not known, or a folder has no such file.
[[nodiscard]] Result<std::vector<TextFile>> read_texts(
    const std::vector<std::filesystem::path>& paths, const std::string& format);

// To `out`: a file when a single file was read, else a folder, with the names that they had.
// Errors: those of the writer and of the disk.
[[nodiscard]] Status write_texts(const std::vector<TextFile>& files, bool is_folder,
                                 const std::filesystem::path& out);

}  // namespace consilium::cli
