#include "service/dicomweb/render.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "codec/encode_jpeg.hpp"
#include "service/item/png.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t sampled_for_range_max = 65'536;
constexpr double levels = 255;

template <class T>
double sample_as(ByteView frame, std::size_t index) {
  T value{};
  std::memcpy(&value, frame.data() + index * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

using SampleReader = double (*)(ByteView, std::size_t);

SampleReader reader_of(SampleType type) {
  switch (type) {
    case SampleType::U8:
      return sample_as<std::uint8_t>;
    case SampleType::I8:
      return sample_as<std::int8_t>;
    case SampleType::U16:
      return sample_as<std::uint16_t>;
    case SampleType::I16:
      return sample_as<std::int16_t>;
    case SampleType::U32:
      return sample_as<std::uint32_t>;
    case SampleType::I32:
      return sample_as<std::int32_t>;
    case SampleType::F32:
      return sample_as<float>;
    case SampleType::F64:
      break;
  }
  return sample_as<double>;
}

double transformed(double stored, const ModalityTransform& modality) {
  if (modality.table && !modality.table->values.empty()) {
    const auto last = static_cast<double>(modality.table->values.size() - 1);
    const double at = std::clamp(stored - modality.table->first_mapped, 0.0, last);
    return modality.table->values[static_cast<std::size_t>(at)];
  }
  return modality.slope * stored + modality.intercept;
}

// PS3.3 C.11.2.1.2 and C.11.2.1.3, to 0..1.
double shade(double value, const Window& window) {
  if (!std::isfinite(value)) return 0;
  if (window.function == WindowFunction::Sigmoid) {
    return 1 / (1 + std::exp(-4 * (value - window.centre) / window.width));
  }
  if (window.function == WindowFunction::LinearExact) {
    return std::clamp((value - window.centre) / window.width + 0.5, 0.0, 1.0);
  }
  const double width = std::max(window.width - 1, 1e-9);
  return std::clamp((value - (window.centre - 0.5)) / width + 0.5, 0.0, 1.0);
}

Window window_of_values(ByteView frame, SampleReader sample, std::size_t count,
                        const ModalityTransform& modality) {
  const std::size_t step = std::max<std::size_t>(1, count / sampled_for_range_max);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; i += step) {
    const double value = transformed(sample(frame, i), modality);
    if (std::isfinite(value)) values.push_back(value);
  }
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  const double low = at(0.01);
  const double high = at(0.99);
  return {.centre = (low + high) / 2,
          .width = std::max(high - low, 1e-9),
          .name = {},
          .function = WindowFunction::LinearExact};
}

Picture whole_picture(ByteView frame, const PixelLayout& layout, const FrameFacts& facts,
                      const RenderQuery& query) {
  const SampleReader sample = reader_of(layout.sample_type);
  Picture picture{.columns = layout.columns,
                  .rows = layout.rows,
                  .channels = layout.samples_per_pixel,
                  .samples = {}};
  const std::size_t count = std::size_t{layout.rows} * layout.columns * layout.samples_per_pixel;
  picture.samples.resize(count);
  if (layout.photometric == Photometric::Rgb) {
    const double scale = size_bytes(layout.sample_type) == 1 ? 1.0 : levels / 65535.0;
    for (std::size_t i = 0; i < count; ++i) {
      picture.samples[i] = static_cast<std::byte>(std::lround(sample(frame, i) * scale));
    }
    return picture;
  }
  Window window;
  if (query.window) {
    window = *query.window;
  } else if (!facts.windows.empty()) {
    window = facts.windows.front();
  } else {
    window = window_of_values(frame, sample, count, facts.modality);
  }
  const bool is_inverse = layout.photometric == Photometric::Monochrome1;
  for (std::size_t i = 0; i < count; ++i) {
    double grey = shade(transformed(sample(frame, i), facts.modality), window);
    if (is_inverse) grey = 1 - grey;
    picture.samples[i] = static_cast<std::byte>(std::lround(grey * levels));
  }
  return picture;
}

struct Region {
  double left = 0, top = 0, width = 0, height = 0;
};

// Samples of the region at the centres of the new pixels.
Picture resized(const Picture& from, const Region& region, std::uint32_t columns,
                std::uint32_t rows) {
  Picture to{.columns = columns, .rows = rows, .channels = from.channels, .samples = {}};
  to.samples.resize(std::size_t{columns} * rows * from.channels);
  const auto clamp_to = [](double value, std::uint32_t count) {
    return std::clamp(value, 0.0, static_cast<double>(count - 1));
  };
  std::size_t out = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    const double y = clamp_to(region.top + (row + 0.5) * region.height / rows - 0.5, from.rows);
    const auto y0 = static_cast<std::uint32_t>(y);
    const std::uint32_t y1 = std::min(y0 + 1, from.rows - 1);
    for (std::uint32_t column = 0; column < columns; ++column) {
      const double x =
          clamp_to(region.left + (column + 0.5) * region.width / columns - 0.5, from.columns);
      const auto x0 = static_cast<std::uint32_t>(x);
      const std::uint32_t x1 = std::min(x0 + 1, from.columns - 1);
      for (std::uint32_t channel = 0; channel < from.channels; ++channel) {
        const auto at = [&](std::uint32_t px, std::uint32_t py) {
          return std::to_integer<int>(
              from.samples[(std::size_t{py} * from.columns + px) * from.channels + channel]);
        };
        const double above = at(x0, y0) + (x - x0) * (at(x1, y0) - at(x0, y0));
        const double below = at(x0, y1) + (x - x0) * (at(x1, y1) - at(x0, y1));
        to.samples[out++] = static_cast<std::byte>(std::lround(above + (y - y0) * (below - above)));
      }
    }
  }
  return to;
}

}  // namespace

Picture picture_of(ByteView frame, const PixelLayout& layout, const FrameFacts& facts,
                   const RenderQuery& query) {
  Picture picture = whole_picture(frame, layout, facts, query);
  if (!query.viewport) return picture;
  const Viewport& view = *query.viewport;
  Region region{.left = view.left,
                .top = view.top,
                .width = view.source_width > 0 ? view.source_width : picture.columns - view.left,
                .height = view.source_height > 0 ? view.source_height : picture.rows - view.top};
  // Pixels that are no squares are shown as long as they are.
  const double row_mm = facts.spacing_mm ? (*facts.spacing_mm)[0] : 1;
  const double column_mm = facts.spacing_mm ? (*facts.spacing_mm)[1] : 1;
  const double shape = row_mm > 0 && column_mm > 0 ? row_mm / column_mm : 1;
  const double scale = std::min(view.width / region.width, view.height / (region.height * shape));
  const auto fitted = [&](double size, std::uint32_t most) {
    const auto wanted = static_cast<std::uint32_t>(std::lround(size * scale));
    return std::clamp<std::uint32_t>(wanted, 1, most);
  };
  return resized(picture, region, fitted(region.width, view.width),
                 fitted(region.height * shape, view.height));
}

Result<Bytes> render(ByteView frame, const PixelLayout& layout, const FrameFacts& facts,
                     const RenderQuery& query) {
  if (query.viewport) {
    const Viewport& view = *query.viewport;
    const bool is_inside = view.left >= 0 && view.top >= 0 && view.left < layout.columns &&
                           view.top < layout.rows &&
                           view.left + view.source_width <= layout.columns &&
                           view.top + view.source_height <= layout.rows;
    if (!is_inside) {
      return fail(ErrorCode::InvalidInput, "the viewport's region is not within the image",
                  "parameter viewport",
                  "the image has " + std::to_string(layout.columns) + " x " +
                      std::to_string(layout.rows) + " pixels");
    }
  }
  const Picture picture = picture_of(frame, layout, facts, query);
  if (query.media == RenderedMedia::Jpeg) {
    return encode_jpeg(picture.columns, picture.rows, picture.channels, picture.samples,
                       query.quality);
  }
  return write_png(picture.columns, picture.rows, picture.channels, picture.samples);
}

}  // namespace consilium::service
