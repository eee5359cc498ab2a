// What the commands of this module share: inputs whose errors name the file, outputs that appear
// whole or not at all, and numbers as answers write them.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium::cli {

// The error with the file's name before the place inside it.
[[nodiscard]] Error in_file(Error error, const std::filesystem::path& file);

template <class T>
[[nodiscard]] Result<T> in_file(Result<T> result, const std::filesystem::path& file) {
  if (!result.has_value()) return std::unexpected(in_file(std::move(result).error(), file));
  return result;
}

// Errors: those of open_file_source.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_input(const std::filesystem::path& file);
// All of a file. Errors: as above; TooLarge.
[[nodiscard]] Result<Bytes> read_input(const std::filesystem::path& file, std::uint64_t size_max);

// A file that is written under another name beside its own, and takes its own by `commit`. One that
// is not committed leaves nothing behind, so a command that fails half way changes no output.
class OutputFile {
 public:
  // Errors: NotFound, Forbidden or Unavailable when the folder is not there or cannot be written
  // to; InvalidInput when there is something of that name that is no regular file.
  [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& file);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // A failure to write is told by `commit`.
  void write(std::string_view text);
  // Errors: NoSpace or Unavailable when not all could be written.
  [[nodiscard]] Status commit();

 private:
  OutputFile(std::filesystem::path file, std::filesystem::path part, std::FILE* stream)
      : file_(std::move(file)), part_(std::move(part)), stream_(stream) {}

  std::filesystem::path file_;
  std::filesystem::path part_;
  std::FILE* stream_ = nullptr;
  bool has_failed_ = false;
};

// Of an output that may not be asked for (an empty name gives none).
[[nodiscard]] Result<std::optional<OutputFile>> create_output(const std::filesystem::path& file);
[[nodiscard]] Status commit(std::optional<OutputFile>& file);

// null for what is undefined; "infinite" for what is infinite: JSON has no number for it.
[[nodiscard]] boost::json::value number_json(std::optional<double> value);
// "0.9473", "undefined", "infinite".
[[nodiscard]] std::string number_text(std::optional<double> value, int digits = 4);

// A share with the interval of E. B. Wilson (J. Am. Stat. Assoc. 22 (1927) 209-212), 95 %. `right`
// need not be whole. None without cases.
struct Share {
  double right = 0;
  std::uint64_t count = 0;

  struct Interval95 {
    double lower = 0;
    double upper = 0;
  };
  [[nodiscard]] std::optional<double> value() const;
  [[nodiscard]] std::optional<Interval95> interval() const;
};
[[nodiscard]] boost::json::value share_json(const Share& share);
// "0.9473 (95% 0.9310 to 0.9601; 751 of 800)"
[[nodiscard]] std::string share_text(const Share& share);

// Said on stderr when rows were dropped.
void tell_duplicates(const std::filesystem::path& file, std::uint64_t dropped);

}  // namespace consilium::cli
