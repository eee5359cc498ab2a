#include <algorithm>
#include <string>
#include <vector>

#include "service/intake/imports.hpp"

namespace consilium::service {
namespace {

Status add_folder(const std::filesystem::path& folder, std::vector<ImportFile>& files) {
  std::error_code problem;
  std::filesystem::recursive_directory_iterator walk(
      folder, std::filesystem::directory_options::skip_permission_denied, problem);
  if (problem) return fail(ErrorCode::Unavailable, "the folder cannot be read");
  for (const auto end = std::filesystem::recursive_directory_iterator(); walk != end;
       walk.increment(problem)) {
    if (problem) return fail(ErrorCode::Unavailable, "the folder cannot be read to its end");
    if (walk->is_regular_file(problem)) {
      files.push_back({.path = walk->path(),
                       .name = walk->path().lexically_relative(folder.parent_path()).string()});
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ImportFile>> list_files(std::span<const std::filesystem::path> paths) {
  std::vector<ImportFile> files;
  std::size_t number = 0;
  for (const std::filesystem::path& path : paths) {
    ++number;
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) {
      CSL_TRY(add_folder(path, files));
    } else if (std::filesystem::is_regular_file(path, problem)) {
      files.push_back({.path = path, .name = path.filename().string()});
    } else {
      return fail(ErrorCode::NotFound, "there is no such file or folder",
                  "path " + std::to_string(number), "check the spelling");
    }
  }
  std::ranges::stable_sort(files, {}, &ImportFile::name);
  return files;
}

}  // namespace consilium::service
