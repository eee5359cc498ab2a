#include "transport/cli_panel/answer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <system_error>

namespace consilium::cli {
namespace json = boost::json;

Error in_file(Error error, const std::filesystem::path& file) {
  error.where = error.where.empty() ? file.string() : file.string() + ", " + error.where;
  return error;
}

Result<std::unique_ptr<ByteSource>> open_input(const std::filesystem::path& file) {
  auto source = open_file_source(file);
  if (!source) {
    Error error = source.error();
    error.where = file.string();
    return std::unexpected(std::move(error));
  }
  return source;
}

Result<Bytes> read_input(const std::filesystem::path& file, std::uint64_t size_max) {
  const auto source = CSL_TRY(open_input(file));
  return in_file(read_all(*source, size_max), file);
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& file) {
  std::error_code problem;
  const auto status = std::filesystem::status(file, problem);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return fail(ErrorCode::InvalidInput, "the output exists and is no file", file.string(),
                "give the name of a file");
  }
  std::filesystem::path part = file;
  part += fmt::format(".{}.part", ::getpid());
  std::FILE* stream = std::fopen(part.c_str(), "wbx");
  if (stream == nullptr) {
    const ErrorCode code = errno == ENOENT   ? ErrorCode::NotFound
                           : errno == EACCES ? ErrorCode::Forbidden
                                             : ErrorCode::Unavailable;
    return fail(code, "the output cannot be written", file.string(),
                "check that its folder exists and may be written to");
  }
  return OutputFile(file, std::move(part), stream);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::move(other.file_)),
      part_(std::move(other.part_)),
      stream_(std::exchange(other.stream_, nullptr)),
      has_failed_(other.has_failed_) {}

OutputFile::~OutputFile() {
  if (stream_ == nullptr) return;
  static_cast<void>(std::fclose(stream_));
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) has_failed_ = true;
}

Status OutputFile::commit() {
  errno = 0;
  bool done = !has_failed_ && std::fflush(stream_) == 0 && ::fsync(::fileno(stream_)) == 0;
  const bool is_full = errno == ENOSPC;
  done = std::fclose(std::exchange(stream_, nullptr)) == 0 && done;
  std::error_code problem;
  if (done) std::filesystem::rename(part_, file_, problem);
  if (done && !problem) return {};
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
  return fail(is_full ? ErrorCode::NoSpace : ErrorCode::Unavailable,
              "the output could not be written whole; it is as it was", file_.string(),
              "make room, or give another place");
}

Result<std::optional<OutputFile>> create_output(const std::filesystem::path& file) {
  std::optional<OutputFile> out;
  if (!file.empty()) out.emplace(CSL_TRY(OutputFile::create(file)));
  return out;
}

Status commit(std::optional<OutputFile>& file) {
  if (!file) return {};
  return file->commit();
}

json::value number_json(std::optional<double> value) {
  if (!value || std::isnan(*value)) return nullptr;
  if (std::isinf(*value)) return "infinite";
  return *value;
}

std::string number_text(std::optional<double> value, int digits) {
  if (!value || std::isnan(*value)) return "undefined";
  if (std::isinf(*value)) return "infinite";
  return fmt::format("{:.{}f}", *value, digits);
}

std::optional<double> Share::value() const {
  if (count == 0) return std::nullopt;
  return right / static_cast<double>(count);
}

std::optional<Share::Interval95> Share::interval() const {
  if (count == 0) return std::nullopt;
  constexpr double z = 1.959963984540054;  // of 97.5 %
  const auto n = static_cast<double>(count);
  const double p = right / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return Interval95{.lower = std::max(0.0, middle - half), .upper = std::min(1.0, middle + half)};
}

json::value share_json(const Share& share) {
  const auto interval = share.interval();
  if (!interval) return json::object{{"value", nullptr}, {"right", 0}, {"count", 0}};
  return json::object{{"value", *share.value()},  {"lower", interval->lower},
                      {"upper", interval->upper}, {"level", 0.95},
                      {"right", share.right},     {"count", share.count}};
}

std::string share_text(const Share& share) {
  const auto interval = share.interval();
  if (!interval) return "undefined (there are none)";
  return fmt::format("{:.4f} (95% {:.4f} to {:.4f}; {:g} of {})", *share.value(), interval->lower,
                     interval->upper, share.right, share.count);
}

void tell_duplicates(const std::filesystem::path& file, std::uint64_t dropped) {
  if (dropped == 0) return;
  fmt::print(stderr,
             "{}: {} that repeat another's item, rater and label {} dropped; "
             "--keep-duplicates counts them\n",
             file.string(), dropped == 1 ? "1 row" : fmt::format("{} rows", dropped),
             dropped == 1 ? "is" : "are");
}

}  // namespace consilium::cli
