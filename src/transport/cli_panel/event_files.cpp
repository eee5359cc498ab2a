#include "transport/cli_panel/event_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

#include "format/wfdb/wfdb_header.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t annotation_bytes_max = 1ULL << 30U;
constexpr std::int64_t time_max = std::int64_t{1} << 51;

Result<Rate> frame_rate_of(const CompareCommand& command) {
  if (command.rate_hz) {
    return in_file(Rate::parse(fmt::format("{}", *command.rate_hz)), "--rate");
  }
  for (const std::filesystem::path* file : {&command.reference, &command.test}) {
    std::filesystem::path header = *file;
    header.replace_extension(".hea");
    std::error_code problem;
    if (!std::filesystem::is_regular_file(header, problem)) continue;
    const Bytes bytes = CSL_TRY(read_input(header, wfdb_header_size_max));
    return CSL_TRY(in_file(parse_wfdb_header(bytes), header)).frame_rate;
  }
  return fail(ErrorCode::NotFound, "there is no header that says how fast time runs",
              command.reference.string(),
              "put the record's .hea file beside it, or give --rate in Hz");
}

Result<MitAnnotations> read_annotations(const std::filesystem::path& file) {
  const Bytes bytes = CSL_TRY(read_input(file, annotation_bytes_max));
  MitAnnotations found = CSL_TRY(in_file(read_mit_annotations(bytes), file));
  if (found.annotations.empty()) {
    return fail(ErrorCode::InvalidInput, "the file has no annotations", file.string(),
                "is it a WFDB annotation file (100.atr)?");
  }
  return found;
}

Result<std::vector<TimedMark>> marks_of(const MitAnnotations& annotations, std::int64_t factor,
                                        const std::filesystem::path& file) {
  std::vector<TimedMark> marks;
  for (const MitAnnotation& one : annotations.annotations) {
    if (one.code == 0 || one.code > mit_code_max) continue;
    if (one.time < 0 || one.time > time_max / factor) {
      return fail(ErrorCode::Corrupt, "a time is out of range", file.string(),
                  "write the annotations again");
    }
    marks.push_back({one.time * factor, static_cast<MitCode>(one.code)});
  }
  std::ranges::stable_sort(marks, {}, &TimedMark::time);
  return marks;
}

}  // namespace

Result<EventPair> read_event_pair(const CompareCommand& command) {
  const MitAnnotations reference = CSL_TRY(read_annotations(command.reference));
  const MitAnnotations test = CSL_TRY(read_annotations(command.test));
  const Rate frames = CSL_TRY(frame_rate_of(command));
  const std::array<Rate, 2> rates{reference.time_resolution.value_or(frames),
                                  test.time_resolution.value_or(frames)};
  const TickRate ticks = CSL_TRY(common_tick_rate(rates));
  EventPair pair{.rate_hz = ticks.hz(), .window = 0, .reference = {}, .test = {}};
  // A window of 150 ms at 360 Hz is 54 samples, and stays 54 if the product falls just below.
  pair.window = static_cast<std::int64_t>(command.window_ms / 1000 * pair.rate_hz + 1e-9);
  pair.reference =
      CSL_TRY(marks_of(reference, CSL_TRY(ticks_per_sample(ticks, rates[0])), command.reference));
  pair.test = CSL_TRY(marks_of(test, CSL_TRY(ticks_per_sample(ticks, rates[1])), command.test));
  return pair;
}

}  // namespace consilium::cli
