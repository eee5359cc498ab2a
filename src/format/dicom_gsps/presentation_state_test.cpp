#include "format/dicom_gsps/presentation_state.hpp"

#include <doctest/doctest.h>

#include "format/dicom/dicom_file.hpp"

using namespace consilium;

namespace {

PresentationState sample() {
  PresentationState state;
  state.sop_instance_uid = "1.2.3.4";
  state.device_serial_number = "1";
  state.layers = {{"nodule", {230, 159, 0}}};
  state.images.push_back({.image = {"1.2.840.10008.5.1.4.1.1.2", "1.2.3.1", 0},
                          .rows = 20,
                          .columns = 30,
                          .shapes = {{.graphic = GspsGraphic::Polyline,
                                      .points = {{1, 2}, {3, 2}, {3, 4}, {1, 2}},
                                      .text = "nodule 1",
                                      .layer = "nodule"}}});
  state.window = GspsWindow{-600, 1500};
  state.rescale = std::array{1.0, -1024.0};
  return state;
}

}  // namespace

TEST_CASE("shapes are counted from the first pixel's corner") {
  const Bytes bytes = write_presentation_state(sample()).value();
  const DicomFile file = read_dicom(bytes).value();
  const DicomDataset* annotation = file.dataset.item(dicom_tag(0x00700001));
  REQUIRE(annotation != nullptr);
  const DicomDataset* shape = annotation->item(dicom_tag(0x00700009));
  REQUIRE(shape != nullptr);
  CHECK(shape->numbers(dicom_tag(0x00700022)) ==
        std::vector<double>{1.5, 2.5, 3.5, 2.5, 3.5, 4.5, 1.5, 2.5});
}

TEST_CASE("what no viewer could show is refused") {
  const auto refused = [](const PresentationState& state) {
    return write_presentation_state(state).error().code == ErrorCode::InvalidInput;
  };
  PresentationState empty = sample();
  empty.images.clear();
  CHECK(refused(empty));
  PresentationState unlisted = sample();
  unlisted.layers.clear();
  CHECK(refused(unlisted));
  PresentationState pointless = sample();
  pointless.images[0].shapes[0].points.resize(1);
  CHECK(refused(pointless));
  PresentationState mixed = sample();
  mixed.images.push_back(mixed.images[0]);
  mixed.images[1].rows = 21;
  CHECK(refused(mixed));
}
