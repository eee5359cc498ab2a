// How fast segmentations are written and read: 98 made organs (ellipsoids) in 512 x 512 x 640
// voxels, as a label map and as BINARY frames. Prints user CPU time, which other work on the
// machine changes little, and the median of the runs. Usage: csl_bench_seg [runs] [FOLDER to leave
// files in]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "base/random.hpp"
#include "format/dicom_seg/dicom_seg_read.hpp"

using namespace consilium;

namespace {

constexpr std::uint32_t segment_count = 98;

double user_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Work>
void measure(std::string_view name, int runs, Work work) {
  std::vector<double> times_s;
  for (int run = 0; run < runs; ++run) {
    const double begin = user_seconds();
    work();
    times_s.push_back(user_seconds() - begin);
  }
  std::ranges::sort(times_s);
  fmt::print("{:<24} {:6.2f} s CPU  ({:.2f} to {:.2f})\n", name, times_s[times_s.size() / 2],
             times_s.front(), times_s.back());
}

// Organs of many sizes; later ones lie over earlier ones.
MaskLayer made_organs(const Grid& grid) {
  MaskLayer layer = make_exclusive_layer(grid).value();
  std::vector<std::uint16_t> dense(voxel_count(grid));
  SeededRandom random(98);
  const auto draw = [&](double low, double high) {
    std::array<std::byte, 2> bytes{};
    random.fill(bytes);
    const double share =
        (std::to_integer<int>(bytes[0]) * 256 + std::to_integer<int>(bytes[1])) / 65535.0;
    return low + share * (high - low);
  };
  for (std::uint32_t s = 1; s <= segment_count; ++s) {
    const double radius = s < 8 ? draw(60, 110) : draw(12, 45);
    const double x = draw(110, 400);
    const double y = draw(110, 400);
    const double z = draw(60, 580);
    const auto first = [&](double centre) {
      return static_cast<std::uint32_t>(std::max(0.0, centre - radius));
    };
    for (std::uint32_t k = first(z); k < grid.dims[2] && k < z + radius; ++k) {
      for (std::uint32_t j = first(y); j < grid.dims[1] && j < y + radius; ++j) {
        for (std::uint32_t i = first(x); i < grid.dims[0] && i < x + radius; ++i) {
          const double r2 = (i - x) * (i - x) + (j - y) * (j - y) + (k - z) * (k - z);
          if (r2 < radius * radius) {
            dense[i + 512UL * (j + 512UL * k)] = static_cast<std::uint16_t>(s);
          }
        }
      }
    }
  }
  return exclusive_layer_from_dense(grid, dense).value();
}

void save(const char* folder, const char* name, ByteView bytes) {
  if (folder == nullptr) return;
  std::ofstream out(std::string(folder) + "/" + name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const char* folder = argc > 2 ? argv[2] : nullptr;
  const Grid grid{{512, 512, 640},
                  affine_from_axes({-200, -200, -500}, {0.8, 0, 0}, {0, 0.8, 0}, {0, 0, 1}),
                  "1.2.3"};
  const MaskLayer layer = made_organs(grid);
  SegDescription description;
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    description.source_slices.push_back(
        {"1.2.840.10008.5.1.4.1.1.2", "1.2.3." + std::to_string(k + 1)});
  }
  description.source_series_instance_uid = "1.2.3";
  description.patient_study.study_instance_uid = "1.2.4";
  description.series_instance_uid = "1.2.5";
  description.sop_instance_uid = "1.2.6";
  description.device_serial_number = "1";
  std::vector<SegSegment> segments;
  for (std::uint32_t s = 1; s <= segment_count; ++s) {
    segments.push_back({.label = fmt::format("organ {}", s),
                        .category = {"SCT", "123037004", "", "Anatomical Structure"},
                        .type = {"SCT", "113343008", "", "Organ"},
                        .layer_value = static_cast<std::uint16_t>(s)});
  }
  fmt::print("{} segments, {} x {} x {}\n", segment_count, grid.dims[0], grid.dims[1],
             grid.dims[2]);
  for (const SegForm form : {SegForm::LabelMap, SegForm::Binary}) {
    const char* const name = form == SegForm::LabelMap ? "LABELMAP" : "BINARY";
    description.form = form;
    Bytes bytes;
    measure(fmt::format("{} written", name), runs,
            [&] { bytes = write_dicom_seg(description, std::span(&layer, 1), segments).value(); });
    bool is_equal = false;
    measure(fmt::format("{} read", name), runs, [&] {
      const DicomFile file = read_dicom(bytes).value();
      const DicomSegmentation seg = read_dicom_seg(file).value();
      const LaidSegments laid = lay_segments(seg, file, grid).value();
      is_equal = laid.layers.front() == layer;
    });
    const DicomFile file = read_dicom(bytes).value();
    fmt::print("{:<24} {} frames, {} MB, {}\n", name, read_dicom_seg(file).value().frames.size(),
               bytes.size() / 1'000'000, is_equal ? "equal" : "DIFFERENT");
    save(folder, form == SegForm::LabelMap ? "labelmap.dcm" : "binary.dcm", bytes);
  }
}
