#include "transport/cli_tag/text_files.hpp"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "base/bytes.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t file_bytes_max = std::uint64_t{1} << 30U;

Result<const LabelledFormat*> format_named(const std::string& name) {
  if (name.empty()) return nullptr;
  if (const LabelledFormat* format = labelled_format(name)) return format;
  std::string names;
  for (const LabelledFormat& format : labelled_formats()) {
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return fail(ErrorCode::InvalidInput, "there is no format '" + name + "'", "--format",
              "name one of " + names);
}

Result<std::optional<TextFile>> read_one(const fs::path& file, const fs::path& relative,
                                         const LabelledFormat* format, bool is_named) {
  const Bytes bytes = CSL_TRY(read_input(file, file_bytes_max));
  const std::string_view text = text_of(bytes);
  // Of a text with its labels beside it the .txt stands for both.
  if (file.extension() == ".txt" && (format == nullptr || format->text_beside)) {
    fs::path ann = file;
    ann.replace_extension(".ann");
    std::error_code problem;
    const bool has_labels = fs::exists(ann, problem);
    const LabelledFormat* brat = format != nullptr ? format : labelled_format("brat");
    if (has_labels || format != nullptr) {
      const Bytes labels = has_labels ? CSL_TRY(read_input(ann, file_bytes_max)) : Bytes{};
      TextFile read{.file = file, .relative = relative, .format = brat, .texts = {}};
      read.texts =
          CSL_TRY(in_file(read_labelled(*brat, text_of(labels), text), has_labels ? ann : file));
      for (LabelledText& one : read.texts) one.id = relative.stem().string();
      return std::optional<TextFile>(std::move(read));
    }
  }
  if (format == nullptr) format = sniff_labelled_format(file.filename().string(), text);
  if (format == nullptr || format->text_beside) {
    if (!is_named) return std::optional<TextFile>{};
    return fail(ErrorCode::InvalidInput, "this is no format of labelled text that we know",
                file.string(), "name it with --format");
  }
  TextFile read{.file = file, .relative = relative, .format = format, .texts = {}};
  read.texts = CSL_TRY(in_file(read_labelled(*format, text), file));
  return std::optional<TextFile>(std::move(read));
}

// The files of a folder that may hold texts, by name.
Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code problem;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->is_regular_file(problem) && !at->path().filename().string().starts_with('.')) {
      files.push_back(at->path());
    }
  }
  if (problem) {
    return fail(ErrorCode::Unavailable, "the folder cannot be read", folder.string(),
                problem.message());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<std::vector<TextFile>> read_texts(const std::vector<fs::path>& paths,
                                         const std::string& format_name) {
  const LabelledFormat* format = CSL_TRY(format_named(format_name));
  std::vector<TextFile> read;
  for (const fs::path& path : paths) {
    std::error_code problem;
    if (!fs::is_directory(path, problem)) {
      auto one = CSL_TRY(read_one(path, path.filename(), format, true));
      if (one) read.push_back(std::move(*one));
      continue;
    }
    const std::size_t before = read.size();
    for (const fs::path& file : CSL_TRY(files_below(path))) {
      if (format != nullptr && file.extension() != format->ending &&
          !(format->text_beside && file.extension() == ".txt")) {
        continue;
      }
      if (file.extension() == ".ann" && (format == nullptr || format->text_beside)) continue;
      auto one = CSL_TRY(read_one(file, fs::relative(file, path, problem), format, false));
      if (one) read.push_back(std::move(*one));
    }
    if (read.size() == before) {
      return fail(ErrorCode::InvalidInput, "the folder has no labelled text", path.string(),
                  "name its format with --format");
    }
  }
  return read;
}

Status write_texts(const std::vector<TextFile>& files, bool is_folder, const fs::path& out) {
  for (const TextFile& one : files) {
    const fs::path file = is_folder ? out / one.relative : out;
    std::error_code problem;
    if (is_folder) fs::create_directories(file.parent_path(), problem);
    const LabelledFile made =
        CSL_TRY(in_file(write_labelled(*one.format, one.texts, OverlapPolicy::Refuse), file));
    fs::path labels = file;
    if (one.format->text_beside) {
      OutputFile text = CSL_TRY(OutputFile::create(file));
      text.write(made.text_beside);
      CSL_TRY(text.commit());
      labels.replace_extension(".ann");
    }
    OutputFile output = CSL_TRY(OutputFile::create(labels));
    output.write(made.bytes);
    CSL_TRY(output.commit());
  }
  return {};
}

}  // namespace consilium::cli
