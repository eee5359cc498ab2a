#include "transport/cli_convert/convert.hpp"

#include <doctest/doctest.h>

#include "tests/data_path.hpp"
#include "transport/cli_convert/label_files.hpp"

using namespace consilium;
using cli::convert_labels;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / "consilium_convert_test";
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

std::vector<std::uint16_t> dense_of(const fs::path& path, const fs::path& images) {
  std::vector<cli::detail::ReferenceSeries> series;
  if (!images.empty()) series = cli::detail::read_reference_series(images).value();
  const cli::detail::ReferenceSeries* chosen = nullptr;
  auto labels = cli::detail::read_label_file(path, series, chosen).value();
  if (chosen == nullptr && !series.empty()) {
    labels.layers = cli::detail::fitted(labels.layers, series.front().grid).value();
  }
  std::vector<std::uint16_t> any(voxel_count(labels.layers.front().grid));
  for (const MaskLayer& layer : labels.layers) {
    const auto dense = to_dense(layer);
    for (std::size_t v = 0; v < dense.size(); ++v) any[v] = any[v] != 0 || dense[v] != 0 ? 1 : 0;
  }
  return any;
}

}  // namespace

TEST_CASE("labels go through every form and come back as the same voxels") {
  const auto data = test::data_path("imaging/dicom/dcmqi");
  if (!data) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Folder folder;
  const fs::path images = *data / "ct-3slice";
  const Timestamp now{1'767'262'500'000};
  fs::path from = *data / "liver_seg.nrrd";
  const auto wanted = dense_of(from, images);
  const struct {
    const char* name;
    const char* to;
  } steps[] = {{"a.dcm", "dicom-seg"},
               {"b.nii.gz", ""},
               {"c.dcm", "rtstruct"},
               {"d.seg.nrrd", "nrrd"},
               {"e.dcm", "dicom-seg-labelmap"},
               {"f.mha", "metaimage"},
               {"g.nii", "nifti"},
               {"h.nii.gz", "nifti2"}};
  for (const auto& step : steps) {
    CAPTURE(step.name);
    const auto report = convert_labels(
        {.in = from, .out = folder.path / step.name, .images = images, .to = step.to}, now);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().what));
    CHECK(report->segment_count == 1);
    CHECK(report->notes.empty());
    from = folder.path / step.name;
    CHECK(dense_of(from, images) == wanted);
  }
}

TEST_CASE("what cannot be converted says what is missing") {
  const auto data = test::data_path("imaging/dicom/dcmqi");
  if (!data) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Folder folder;
  const Timestamp now{0};
  const auto without = convert_labels(
      {.in = *data / "liver_seg.nrrd", .out = folder.path / "a.dcm", .images = {}, .to = ""}, now);
  CHECK(without.error().what == "a DICOM object needs the images it was drawn on");
  const auto others = convert_labels({.in = *data / "liver.dcm",
                                      .out = folder.path / "a.nii",
                                      .images = *data / "24x38x3" / "image",
                                      .to = ""},
                                     now);
  CHECK(others.error().what == "it refers to none of the images");
  const auto overlapping = convert_labels(
      {.in = *data / "partial_overlaps.dcm", .out = folder.path / "a.nrrd", .images = {}, .to = ""},
      now);
  CHECK(overlapping.error().what == "segments overlap, which one label map cannot say");
}
