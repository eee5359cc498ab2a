// Import rate of CT series from a folder, with sealing and fsync on: made slices of 512 x 512,
// 16 bit, in studies of at most 600, into a fresh store on the disk of the given folder.
//
//   csl_bench_import FOLDER [SLICES [RUNS]]      600 slices, 3 runs; 8192 slices are 4 GiB
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include "base/random.hpp"
#include "format/dicom_write/image_series.hpp"
#include "service/intake/imports.hpp"
#include "service/project/projects.hpp"
#include "storage/open_store.hpp"

using namespace consilium;

namespace {

// A phantom of discs and noise: it compresses about as a CT does.
std::vector<std::int16_t> slice_of(std::uint32_t edge, std::uint32_t slice, SeededRandom& random) {
  std::vector<std::int16_t> samples(std::size_t{edge} * edge);
  const double centre = edge / 2.0;
  for (std::uint32_t y = 0; y < edge; ++y) {
    for (std::uint32_t x = 0; x < edge; ++x) {
      const double dx = (x - centre) / centre;
      const double dy = (y - centre) / centre;
      const double r = dx * dx + dy * dy;
      double value = r > 0.8 ? 24 : r > 0.3 ? 1060 : 180 + slice % 60;
      if (r <= 0.8) value += 20 * random.normal();
      samples[std::size_t{y} * edge + x] = static_cast<std::int16_t>(value);
    }
  }
  return samples;
}

constexpr std::uint32_t study_slices_max = 600;
// As many slices have noise of their own; after that it repeats. Every file's content is its own by
// its UIDs, and packs as well as any other.
constexpr std::uint32_t distinct_slices = 600;

int write_series(const std::filesystem::path& folder, std::uint32_t study, std::uint32_t slices,
                 std::vector<std::vector<std::int16_t>>& pixels, SeededRandom& random) {
  MadeImageSeries series;
  const std::string number = study == 0 ? "" : "." + std::to_string(study);
  series.patient_study.patient_name = "MADE^BENCH";
  series.patient_study.patient_id = "BENCH-" + std::to_string(study + 1);
  series.patient_study.study_instance_uid = "2.25.501" + number;
  series.patient_study.study_date = "20200101";
  series.acquisition = CtAcquisition{};
  series.series_instance_uid = "2.25.502" + number;
  series.frame_of_reference_uid = "2.25.503" + number;
  series.body_part_examined = "CHEST";
  series.grid.dims = {512, 512, slices};
  series.grid.affine = affine_from_axes({0, 0, 0}, {0.7, 0, 0}, {0, 0.7, 0}, {0, 0, 1});
  series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
  std::filesystem::create_directories(folder);
  for (std::uint32_t k = 0; k < slices; ++k) {
    if (k % distinct_slices >= pixels.size()) pixels.push_back(slice_of(512, k, random));
    const auto file = write_image_slice(series, k, pixels[k % distinct_slices]);
    if (!file) return 1;
    std::ofstream out(folder / file->name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(file->bytes.data()),
              static_cast<std::streamsize>(file->bytes.size()));
  }
  return 0;
}

int write_studies(const std::filesystem::path& folder, std::uint32_t slices) {
  std::vector<std::vector<std::int16_t>> pixels;
  SeededRandom random(1);
  for (std::uint32_t study = 0; study * study_slices_max < slices; ++study) {
    const std::uint32_t left = slices - study * study_slices_max;
    const auto part = study == 0 ? folder : folder / std::to_string(study);
    const int code = write_series(part, study, std::min(left, study_slices_max), pixels, random);
    if (code != 0) return code;
  }
  return 0;
}

struct Taken {
  double wall_s = 0;
  double cpu_s = 0;  // of all threads, the system's part too
};

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<Taken> measure(const std::filesystem::path& folder, const std::filesystem::path& in) {
  // A store of an earlier run knows every file and would only count duplicates.
  std::error_code nothing_there;
  std::filesystem::remove_all(folder, nothing_there);
  const auto clock = system_clock();
  const auto random = system_random();
  const auto store = CSL_TRY(storage::open_store({.folder = folder}));
  service::Projects projects(*store, *clock);
  const service::Access access = service::operator_access();
  const auto project = make_id<ProjectId>(*clock, *random);
  if (!projects.put(access, project, {.name = "Bench"}, std::nullopt)) {
    return fail(ErrorCode::Internal, "the project was not made");
  }
  const auto files = CSL_TRY(service::list_files(std::array{in}));
  const auto begin = std::chrono::steady_clock::now();
  const double cpu_before = cpu_s();
  const auto report = CSL_TRY(
      service::run_import({.store = *store, .codec = nullptr, .clock = *clock, .random = *random},
                          access, project, files, {.id = make_id<ImportId>(*clock, *random)}));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!report.refused.empty()) return std::unexpected(report.refused.front().error);
  return Taken{.wall_s = took.count(), .cpu_s = cpu_s() - cpu_before};
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    fmt::print(stderr, "usage: csl_bench_import FOLDER [SLICES [RUNS]]\n");
    return 2;
  }
  const std::filesystem::path root = arguments[1];
  const auto slices =
      static_cast<std::uint32_t>(argument_count > 2 ? std::atoi(arguments[2]) : 600);
  const int runs = argument_count > 3 ? std::atoi(arguments[3]) : 3;
  if (write_studies(root / "in", slices) != 0) return 3;
  for (int run = 1; run <= runs; ++run) {
    const auto taken = measure(root / ("store" + std::to_string(run)), root / "in");
    if (!taken) {
      fmt::print(stderr, "{}\n", to_line(taken.error()));
      return 3;
    }
    fmt::print(
        "run {}: {} instances of 512 x 512 in {:.2f} s, {:.0f} instances/s, {:.0f} MB/s; {:.2f} ms "
        "of "
        "processor time an instance\n",
        run, slices, taken->wall_s, slices / taken->wall_s,
        slices * 512.0 * 512 * 2 / 1e6 / taken->wall_s, taken->cpu_s * 1000 / slices);
  }
  return 0;
}
