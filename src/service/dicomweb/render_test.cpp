#include "service/dicomweb/render.hpp"

#include <doctest/doctest.h>

using namespace consilium;
using namespace consilium::service;

namespace {

constexpr PixelLayout ramp_layout{.rows = 2,
                                  .columns = 4,
                                  .samples_per_pixel = 1,
                                  .sample_type = SampleType::I16,
                                  .photometric = Photometric::Monochrome2};

Bytes ramp() {
  const std::int16_t values[] = {-1000, 0, 40, 1000, -1000, 0, 40, 1000};
  const ByteView view = std::as_bytes(std::span(values));
  return {view.begin(), view.end()};
}

int grey(const Picture& picture, std::size_t index) {
  return std::to_integer<int>(picture.samples[index]);
}

}  // namespace

TEST_CASE("values outside the window are black and white, its centre is the middle grey") {
  RenderQuery query;
  query.window = Window{.centre = 40.5, .width = 401, .name = {}};
  const Picture picture = picture_of(ramp(), ramp_layout, {}, query);
  CHECK(grey(picture, 0) == 0);
  CHECK(grey(picture, 2) == 128);
  CHECK(grey(picture, 3) == 255);
  PixelLayout inverse = ramp_layout;
  inverse.photometric = Photometric::Monochrome1;
  CHECK(grey(picture_of(ramp(), inverse, {}, query), 0) == 255);
}

TEST_CASE("a viewport keeps the shape of pixels that are no squares") {
  FrameFacts facts;
  facts.spacing_mm = {2.0, 1.0};
  RenderQuery query;
  query.viewport = Viewport{.width = 100, .height = 100};
  const Picture picture = picture_of(ramp(), ramp_layout, facts, query);
  CHECK(picture.columns == 100);
  CHECK(picture.rows == 100);
  query.viewport = Viewport{.width = 8, .height = 8, .left = 2, .source_width = 2};
  const Picture part = picture_of(ramp(), ramp_layout, facts, query);
  CHECK(part.columns == 4);
  CHECK(part.rows == 8);
}

TEST_CASE("pictures are coded as JPEG and PNG; a region outside is refused") {
  RenderQuery query;
  auto jpeg = render(ramp(), ramp_layout, {}, query);
  REQUIRE(jpeg);
  CHECK((*jpeg)[0] == std::byte{0xFF});
  CHECK((*jpeg)[1] == std::byte{0xD8});
  query.media = RenderedMedia::Png;
  CHECK(text_of(render(ramp(), ramp_layout, {}, query).value()).substr(1, 3) == "PNG");
  query.viewport = Viewport{.width = 8, .height = 8, .left = 3, .source_width = 2};
  CHECK(render(ramp(), ramp_layout, {}, query).error().code == ErrorCode::InvalidInput);
}
