#include "transport/cli_signals/series_table.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/byte_source.hpp"
#include "base/bytes.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t size_max = 1U << 30U;
constexpr std::string_view between = " \t,\r";

// The next field of the line, which it is taken from; empty at its end.
std::string_view next_field(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(between);
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  const std::size_t end = std::min(line.find_first_of(between, begin), line.size());
  const std::string_view field = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return field;
}

}  // namespace

Result<SeriesTable> read_series_table(const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  const Bytes bytes = CSL_TRY(read_all(*source, size_max));
  std::string_view rest = text_of(bytes);
  SeriesTable table;
  std::size_t samples_a_line = 0;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view label = next_field(line);
    if (label.empty()) continue;
    const std::size_t before = table.samples.size();
    for (std::string_view field = next_field(line); !field.empty(); field = next_field(line)) {
      float value = 0;
      const auto read = std::from_chars(field.data(), field.data() + field.size(), value);
      if (read.ec != std::errc{} || read.ptr != field.data() + field.size() ||
          !std::isfinite(value)) {
        return fail(ErrorCode::Corrupt, "a sample is no number", fmt::format("line {}", number),
                    "fill gaps, or leave the series out");
      }
      table.samples.push_back(value);
    }
    const std::size_t count = table.samples.size() - before;
    if (table.labels.empty()) samples_a_line = count;
    if (count == 0 || count != samples_a_line) {
      return fail(
          ErrorCode::Corrupt, "the series have unequal lengths",
          fmt::format("line {}: {} samples, the first has {}", number, count, samples_a_line),
          "cut or fill them to one length");
    }
    table.labels.emplace_back(label);
  }
  return table;
}

}  // namespace consilium::cli
