// How fast recordings are read, in megabytes of the file a second of one core: WFDB in formats 212
// and 16, EDF, packed samples of DICOM and BrainVision; and annotations a second. Files are made
// and lie in memory, as chunks of the store's cache do. Processor time, best of five.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "domain/signal/sample_table.hpp"
#include "format/edf/edf.hpp"
#include "format/edf/edf_writer.hpp"
#include "format/packed_samples/packed_samples.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"
#include "format/wfdb/wfdb_writer.hpp"

using namespace consilium;

namespace {

constexpr std::int64_t ticks_at_once = 1 << 16;

double seconds_now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class Work>
double least_seconds(Work work) {
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double begin = seconds_now();
    work();
    least = std::min(least, seconds_now() - begin);
  }
  return least;
}

// Two leads of six hours at 360 Hz, within 12 bits.
std::unique_ptr<SampleSource> made_record() {
  constexpr std::size_t count = std::size_t{6} * 3600 * 360;
  RecordHeader header;
  std::vector<std::vector<std::int32_t>> samples(2);
  for (std::size_t c = 0; c < 2; ++c) {
    header.channels.push_back({.name = c == 0 ? "II" : "V1",
                               .unit = "mV",
                               .rate = Rate::of(360, 1).value(),
                               .adu_per_unit = 200});
    samples[c].reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      samples[c].push_back(static_cast<std::int32_t>((i * i / 7 + c * 31) % 4000) - 2000);
    }
  }
  return sample_table(std::move(header), std::move(samples)).value();
}

// Reads all channels, a block at a time; says how many samples went by.
std::int64_t read_through(const SampleSource& source) {
  SignalBlock block;
  std::int64_t count = 0;
  for (std::int64_t at = 0; at < source.header().length_ticks; at += ticks_at_once) {
    if (!source.read_block({Tick{at}, Tick{at + ticks_at_once}}, block)) return -1;
    for (const auto& channel : block.channels) count += std::ssize(channel);
  }
  return count;
}

void say(const char* what, const SampleSource& source, std::size_t bytes, double goal) {
  std::int64_t samples = 0;
  const double seconds = least_seconds([&] { samples = read_through(source); });
  fmt::print("{:<28} {:8.0f} MB/s (goal {:.0f}), {:.0f} million samples/s\n", what,
             static_cast<double>(bytes) / seconds / 1e6, goal,
             static_cast<double>(samples) / seconds / 1e6);
}

Bytes gathered(auto&& write) {
  Bytes bytes;
  const ByteSink sink = [&](ByteView piece) -> Status {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
  write(sink);
  return bytes;
}

bool say_wfdb(const SampleSource& record, WfdbFormat format, const char* name) {
  WfdbHeader header;
  const auto data = std::make_shared<const Bytes>(gathered([&](const ByteSink& sink) {
    const auto written = write_wfdb(record, {.record_name = "made", .format = format}, sink);
    if (written) header = *written;
  }));
  const auto opened =
      open_wfdb(header, [&](std::string_view) -> Result<std::shared_ptr<const ByteSource>> {
        return view_source(*data);
      });
  if (!opened) return false;
  say(name, **opened, data->size(), 600);
  return true;
}

void say_annotations() {
  constexpr int count = 2'000'000;
  MitAnnotations made;
  for (int i = 0; i < count; ++i) {
    made.annotations.push_back({.time = i * 290LL, .code = 1});
  }
  Bytes bytes;
  const double write_s = least_seconds([&] { bytes = write_mit_annotations(made).value(); });
  const double read_s = least_seconds([&] { made = read_mit_annotations(bytes).value(); });
  fmt::print("{:<28} {:8.1f} million/s (goal 20)\n", "annotations read", count / read_s / 1e6);
  fmt::print("{:<28} {:8.1f} million/s\n", "annotations written", count / write_s / 1e6);
}

}  // namespace

int main() {
  const std::unique_ptr<SampleSource> record = made_record();
  if (!say_wfdb(*record, WfdbFormat::F212, "WFDB, format 212")) return 1;
  if (!say_wfdb(*record, WfdbFormat::F16, "WFDB, format 16")) return 1;
  const Bytes edf_bytes =
      gathered([&](const ByteSink& sink) { static_cast<void>(write_edf(*record, {}, {}, sink)); });
  const auto edf = open_edf(view_source(edf_bytes));
  if (!edf) return 1;
  say("EDF+", **edf, edf_bytes.size(), 800);
  Bytes packed(record->header().channels[0].sample_count * 4);
  RecordHeader header = record->header();
  const auto opened =
      packed_source(header, view_source(packed),
                    {{.stride = 4, .stored_count = header.channels[0].sample_count},
                     {.offset = 2, .stride = 4, .stored_count = header.channels[0].sample_count}});
  if (!opened) return 1;
  say("packed (DICOM, BrainVision)", **opened, packed.size(), 600);
  say_annotations();
  return 0;
}
