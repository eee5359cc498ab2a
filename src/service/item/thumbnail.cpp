#include "service/item/thumbnail.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/canonical_json.hpp"
#include "service/item/png.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::uint32_t rows_max = 128;

template <class T>
double sample_as(ByteView frame, std::size_t index) {
  T value{};
  std::memcpy(&value, frame.data() + index * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

using SampleReader = double (*)(ByteView, std::size_t);

SampleReader reader_of(std::string_view type) {
  if (type == "u8") return sample_as<std::uint8_t>;
  if (type == "i8") return sample_as<std::int8_t>;
  if (type == "u16") return sample_as<std::uint16_t>;
  if (type == "i16") return sample_as<std::int16_t>;
  if (type == "u32") return sample_as<std::uint32_t>;
  if (type == "i32") return sample_as<std::int32_t>;
  if (type == "f32") return sample_as<float>;
  return sample_as<double>;
}

struct Range {
  double low = 0;
  double high = 1;
};

// From the first window, in stored values; else from the values themselves.
Range grey_range(const json::value& facts, std::vector<double> values) {
  const json::array& windows = facts.at("windows").as_array();
  const double slope = facts.at("transform").at("slope").to_number<double>();
  const double intercept = facts.at("transform").at("intercept").to_number<double>();
  if (!windows.empty() && slope != 0) {
    const double centre = windows.front().at("centre").to_number<double>();
    const double width = windows.front().at("width").to_number<double>();
    return {(centre - width / 2 - intercept) / slope, (centre + width / 2 - intercept) / slope};
  }
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return {};
  const auto at = [&](double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + place, values.end());
    return values[static_cast<std::size_t>(place)];
  };
  return {at(0.01), at(0.99)};
}

}  // namespace

Result<Bytes> thumbnail_png(ByteView frame, std::string_view volume_json) {
  const json::value facts = CSL_TRY(parse_json(volume_json));
  const json::value& layout = facts.at("layout");
  const auto rows = layout.at("rows").to_number<std::uint32_t>();
  const auto columns = layout.at("columns").to_number<std::uint32_t>();
  const auto channels = layout.at("samples_per_pixel").to_number<std::uint32_t>();
  const std::string_view photometric = layout.at("photometric").as_string();
  const SampleReader sample = reader_of(layout.at("sample_type").as_string());

  const std::uint32_t step = std::max(1U, (rows + rows_max - 1) / rows_max);
  const std::uint32_t small_rows = std::max(1U, rows / step);
  const std::uint32_t small_columns = std::max(1U, columns / step);
  std::vector<double> values;
  values.reserve(std::size_t{small_rows} * small_columns * channels);
  for (std::uint32_t y = 0; y < small_rows; ++y) {
    for (std::uint32_t x = 0; x < small_columns; ++x) {
      for (std::uint32_t channel = 0; channel < channels; ++channel) {
        const std::size_t pixel = std::size_t{y * step} * columns + std::size_t{x} * step;
        values.push_back(sample(frame, pixel * channels + channel));
      }
    }
  }
  const Range range = channels == 3 ? Range{0, 255} : grey_range(facts, values);
  const double scale = range.high != range.low ? 255.0 / (range.high - range.low) : 0.0;
  Bytes grey;
  grey.reserve(values.size());
  for (const double value : values) {
    double shade = std::clamp((value - range.low) * scale, 0.0, 255.0);
    if (!std::isfinite(value)) shade = 0;
    if (photometric == "monochrome1") shade = 255 - shade;
    grey.push_back(static_cast<std::byte>(static_cast<int>(std::lround(shade))));
  }
  return write_png(small_columns, small_rows, channels, grey);
}

}  // namespace consilium::service
