// How fast recordings are decoded, their annotations read, and their pyramids built and asked.
//
// usage: csl_pyramid_bench WFDB_212_HEADER EDF_FILE ANNOTATION_FILE
// Prints one JSON line for each measurement, in CPU time of one core: median and range of several
// runs, in the bar's unit. MB are the bytes of the file for decoding, and 2 bytes a sample for the
// pyramid.
#include "analysis/pyramid/pyramid.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "format/edf/edf.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"
#include "format/wfdb/wfdb_writer.hpp"

namespace {

using namespace consilium;

constexpr int runs = 7;
constexpr double least_seconds = 0.15;  // of one run

// Of this thread on its core: the bars are stated per core, and others may use the machine.
double cpu_seconds() {
  ::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_for(const std::function<void()>& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

void say(const std::string& what, std::vector<double> rates, const std::string& unit, double bar) {
  std::ranges::sort(rates);
  fmt::print(
      "{{\"what\": \"{}\", \"median\": {:.1f}, \"least\": {:.1f}, \"most\": {:.1f}, \"unit\": "
      "\"{}\", \"bar\": {}}}\n",
      what, rates[rates.size() / 2], rates.front(), rates.back(), unit, bar);
}

// `amount` of the unit each time `work` is done.
void measure(const std::string& what, double amount, const std::string& unit, double bar,
             const std::function<void()>& work) {
  work();  // warm
  const int times =
      std::max(1, static_cast<int>(least_seconds / std::max(1e-6, seconds_for(work))));
  std::vector<double> rates;
  for (int run = 0; run < runs; ++run) {
    const double seconds = seconds_for([&] {
      for (int i = 0; i < times; ++i) work();
    });
    rates.push_back(amount * times / seconds);
  }
  say(what, rates, unit, bar);
}

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", to_line(result.error()));
    std::exit(1);
  }
  return std::move(*result);
}

void walk_all(const SampleSource& source) {
  constexpr std::int64_t step = 65'536;
  SignalBlock block;
  for (std::int64_t at = 0; at < source.header().length_ticks; at += step) {
    if (!source.read_block({Tick{at}, Tick{at + step}}, block)) std::exit(1);
  }
}

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

// A day of twelve channels at 500 Hz, made as it is read.
class MadeDay final : public SampleSource {
 public:
  MadeDay() {
    header_.tick_rate = value_of(Rate::of(500, 1));
    header_.length_ticks = 500LL * 86'400;
    for (int c = 0; c < 12; ++c) {
      header_.channels.push_back({.rate = header_.tick_rate, .sample_count = header_.length_ticks});
    }
    for (int i = 0; i < 500; ++i) {
      wave_.push_back(static_cast<std::int32_t>(1000.0 * std::sin(i * 0.01256637) +
                                                (i % 97 == 0 ? 900 : i % 13)));
    }
  }
  const RecordHeader& header() const override { return header_; }
  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    auto at = static_cast<std::size_t>(first.value % 500);
    for (std::int32_t& sample : out) {
      sample = wave_[at];
      at = at + 1 == wave_.size() ? 0 : at + 1;
    }
    return {};
  }

 private:
  RecordHeader header_;
  std::vector<std::int32_t> wave_;
};

void measure_decoding(const std::string& header_path, const std::string& edf_path) {
  const std::filesystem::path path(header_path);
  const Bytes header = value_of(read_all(*value_of(open_file_source(path)), 1U << 20U));
  std::uint64_t bytes = 0;
  const auto record = value_of(
      open_wfdb(header, [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
        const auto file = CSL_TRY(open_file_source(path.parent_path() / name));
        bytes = file->size();
        return memory_source(CSL_TRY(read_all(*file, 1U << 30U)));
      }));
  measure("decode WFDB 212", megabytes(bytes), "MB/s", 600, [&] { walk_all(*record); });
  Bytes written;
  const WfdbHeader header_16 = value_of(
      write_wfdb(*record, {.record_name = "a", .format = WfdbFormat::F16}, [&](ByteView part) {
        written.insert(written.end(), part.begin(), part.end());
        return Status{};
      }));
  const auto record_16 = value_of(
      open_wfdb(header_16, [&](std::string_view) -> Result<std::shared_ptr<const ByteSource>> {
        return view_source(written);
      }));
  measure("decode WFDB 16", megabytes(written.size()), "MB/s", 600, [&] { walk_all(*record_16); });
  const auto edf_file = value_of(open_file_source(edf_path));
  const auto edf = value_of(open_edf(memory_source(value_of(read_all(*edf_file, 1U << 30U)))));
  measure("decode EDF", megabytes(edf_file->size()), "MB/s", 800, [&] { walk_all(*edf); });
}

void measure_annotations(const std::string& path) {
  const Bytes bytes = value_of(read_all(*value_of(open_file_source(path)), 1U << 30U));
  const std::size_t count = value_of(read_mit_annotations(bytes)).annotations.size();
  measure("read annotations", static_cast<double>(count) / 1e6, "M/s", 20, [&] {
    if (read_mit_annotations(bytes)->annotations.size() != count) std::exit(1);
  });
}

void measure_pyramid() {
  const MadeDay day;
  const double samples = 12.0 * 500 * 86'400;
  SignalBlock block;
  const double reading = seconds_for([&] {
    for (std::int64_t at = 0; at < day.header().length_ticks; at += 20'000) {
      if (!day.read_block({Tick{at}, Tick{at + 20'000}}, block)) std::exit(1);
    }
  });
  Bytes bytes;
  const double building = seconds_for([&] {
    const Status built = build_pyramid(day, [&](ByteView part) {
      bytes.insert(bytes.end(), part.begin(), part.end());
      return Status{};
    });
    if (!built) std::exit(1);
  });
  say("build pyramid, day of 12 x 500 Hz, making of samples included",
      {samples * 2 / building / 1e6}, "MB/s", 300);
  say("build pyramid, making of samples taken off", {samples * 2 / (building - reading) / 1e6},
      "MB/s", 300);
  const auto pyramid = value_of(Pyramid::open(view_source(bytes), day));
  std::vector<std::size_t> channels;
  for (std::size_t c = 0; c < 12; ++c) channels.push_back(c);
  for (const std::int64_t seconds : {10, 60, 600, 3600, 6 * 3600, 86'400}) {
    std::vector<double> times;
    for (int run = 0; run < 101; ++run) {
      const std::int64_t first = (86'400 - seconds) * 500 * run / 100;
      times.push_back(
          1000 * seconds_for([&] {
            if (!pyramid->query(channels, Tick{first}, Tick{first + seconds * 500}, 2000))
              std::exit(1);
          }));
    }
    say(fmt::format("ask 2,000 px x 12 channels over {} s", seconds), times, "ms", 15);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: csl_pyramid_bench WFDB_212_HEADER EDF_FILE ANNOTATION_FILE\n");
    return 2;
  }
  measure_decoding(argv[1], argv[2]);
  measure_annotations(argv[3]);
  measure_pyramid();
  return 0;
}
