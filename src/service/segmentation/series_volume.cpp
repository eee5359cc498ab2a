#include "service/segmentation/series_volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/canonical_json.hpp"
#include "base/checked.hpp"
#include "service/item/image_source.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
namespace {

// Which frames of the item carry the grid.
struct Found {
  storage::SeriesRow series;
  json::object volume;
  std::optional<std::uint32_t> image;  // its number among the images; none: the series' volume
};

Result<Found> find_grid(const storage::Reader& reader, const storage::ItemRow& item,
                        const std::string& grid_id) {
  if (item.kind == "image") {
    for (storage::SeriesRow& series : CSL_TRY(storage::series_of_grid(
             reader, CSL_TRY(parse_id<StudyId>(item.source_id)), grid_id))) {
      const json::value parsed = CSL_TRY(parse_json(series.volumes_json));
      const json::array& volumes = parsed.as_array();
      const SeriesShape shape = shape_of(volumes);
      if (shape.volume && volumes[*shape.volume].at("grid_id") == json::value(grid_id)) {
        return Found{std::move(series), volumes[*shape.volume].as_object(), std::nullopt};
      }
      for (std::uint32_t i = 0; i < shape.images.size(); ++i) {
        const json::value& image = volumes[shape.images[i]];
        if (image.at("grid_id") != json::value(grid_id)) continue;
        return Found{std::move(series), image.as_object(), i};
      }
    }
  }
  return fail(ErrorCode::NotFound, "the item has no such grid");
}

// Slope, intercept and table of the volume or of one slice of it.
struct Transform {
  double slope = 1;
  double intercept = 0;
  std::int64_t first = 0;
  std::vector<double> table;

  static Transform of(const json::value& object) {
    Transform transform{.slope = object.at("slope").to_number<double>(),
                        .intercept = object.at("intercept").to_number<double>(),
                        .table = {}};
    if (const json::value* table = object.as_object().if_contains("table")) {
      transform.first = table->at("first").to_number<std::int64_t>();
      for (const json::value& value : table->at("values").as_array()) {
        transform.table.push_back(value.to_number<double>());
      }
    }
    return transform;
  }
  [[nodiscard]] float operator()(double stored) const {
    if (table.empty()) return static_cast<float>(slope * stored + intercept);
    const double place =
        std::clamp(stored - static_cast<double>(first), 0.0, static_cast<double>(table.size() - 1));
    return static_cast<float>(table[static_cast<std::size_t>(place)]);
  }
};

template <class Sample>
Result<std::vector<Sample>> read_samples(const FrameRange& range, std::size_t count) {
  std::vector<Sample> samples(count);
  CSL_TRY(range.bytes->read(0, std::as_writable_bytes(std::span(samples))));
  return samples;
}

// Every frame through its own transform.
template <class Sample>
Result<std::vector<float>> read_values(const FrameRange& range, std::size_t frame_voxels,
                                       const std::vector<Transform>& transforms) {
  std::vector<float> values;
  values.reserve(frame_voxels * transforms.size());
  std::vector<Sample> frame(frame_voxels);
  for (std::size_t f = 0; f < transforms.size(); ++f) {
    CSL_TRY(range.bytes->read(f * range.frame_bytes, std::as_writable_bytes(std::span(frame))));
    for (const Sample sample : frame) values.push_back(transforms[f](static_cast<double>(sample)));
  }
  return values;
}

Result<std::vector<float>> read_values_of(const std::string& type, const FrameRange& range,
                                          std::size_t frame_voxels,
                                          const std::vector<Transform>& transforms) {
  if (type == "u8") return read_values<std::uint8_t>(range, frame_voxels, transforms);
  if (type == "i8") return read_values<std::int8_t>(range, frame_voxels, transforms);
  if (type == "u16") return read_values<std::uint16_t>(range, frame_voxels, transforms);
  if (type == "i16") return read_values<std::int16_t>(range, frame_voxels, transforms);
  if (type == "u32") return read_values<std::uint32_t>(range, frame_voxels, transforms);
  if (type == "i32") return read_values<std::int32_t>(range, frame_voxels, transforms);
  if (type == "f32") return read_values<float>(range, frame_voxels, transforms);
  return read_values<double>(range, frame_voxels, transforms);
}

Result<SeriesVolume> decode(const json::object& facts, const FrameRange& range) {
  SeriesVolume volume;
  const json::array& dims = facts.at("grid").at("dims").as_array();
  for (std::size_t i = 0; i < 3; ++i) volume.dims[i] = dims[i].to_number<std::uint32_t>();
  const std::size_t frame_voxels = static_cast<std::size_t>(volume.dims[0]) * volume.dims[1];
  const std::string type(facts.at("layout").at("sample_type").as_string());
  const json::array& slices = facts.at("slices").as_array();
  if (slices.size() != volume.dims[2] || range.frame_count != volume.dims[2]) {
    return fail(ErrorCode::Internal, "the grid has another depth than the series has frames");
  }
  std::vector<Transform> transforms;
  bool is_one_line = true;
  for (const json::value& slice : slices) {
    const json::value* own = slice.as_object().if_contains("transform");
    transforms.push_back(Transform::of(own != nullptr ? *own : facts.at("transform")));
    is_one_line = is_one_line && own == nullptr && transforms.back().table.empty();
  }
  volume.unit = facts.at("transform").at("unit").as_string();
  const std::size_t count = frame_voxels * volume.dims[2];
  if (is_one_line && (type == "u8" || type == "i16" || type == "u16")) {
    volume.slope = transforms.front().slope;
    volume.intercept = transforms.front().intercept;
    if (type == "u8") volume.samples = CSL_TRY(read_samples<std::uint8_t>(range, count));
    if (type == "i16") volume.samples = CSL_TRY(read_samples<std::int16_t>(range, count));
    if (type == "u16") volume.samples = CSL_TRY(read_samples<std::uint16_t>(range, count));
  } else {
    volume.samples = CSL_TRY(read_values_of(type, range, frame_voxels, transforms));
  }
  return volume;
}

Status check_size(const json::object& facts, std::size_t bytes_max) {
  if (facts.at("layout").at("samples_per_pixel").to_number<int>() != 1) {
    return fail(ErrorCode::Unsupported, "a colour image has no values to work with");
  }
  std::optional<std::uint64_t> bytes = 4;
  for (const json::value& edge : facts.at("grid").at("dims").as_array()) {
    bytes = checked_multiply(*bytes, edge.to_number<std::uint64_t>());
    if (!bytes) break;
  }
  if (!bytes || *bytes > bytes_max) {
    return fail(ErrorCode::TooLarge, "the volume is too large to be held in memory",
                bytes ? fmt::format("{} bytes", *bytes) : "");
  }
  return {};
}

}  // namespace

std::size_t SeriesVolume::size_bytes() const {
  return visit([](const auto& values) { return values.size() * sizeof(values[0]); });
}

VolumeView SeriesVolume::view() const {
  return visit([](const auto& values) -> VolumeView { return std::span(values); });
}

Result<std::shared_ptr<const SeriesVolume>> VolumeCache::find(const Access& access,
                                                              const ProjectId& project,
                                                              const ItemId& item_id,
                                                              const std::string& grid_id) {
  CSL_TRY(items_.record_read(access, project, item_id, "labelling"));
  const auto reader = CSL_TRY(store_.read());
  const storage::ItemRow item = CSL_TRY(storage::find_item(*reader, project, item_id));
  Found found = CSL_TRY(find_grid(*reader, item, grid_id));
  auto held = held_.with([&](auto& list) -> std::shared_ptr<const SeriesVolume> {
    const auto place = std::ranges::find_if(list, [&](const Held& one) {
      return one.series == found.series.id && one.grid_id == grid_id &&
             one.instance_count == found.series.instance_count;
    });
    if (place == list.end()) return nullptr;
    list.splice(list.begin(), list, place);
    return place->volume;
  });
  if (held) return held;
  CSL_TRY(check_size(found.volume, bytes_max_));
  const auto frames = static_cast<std::uint32_t>(found.volume.at("slices").as_array().size());
  const FrameRange range =
      found.image ? CSL_TRY(items_.image(access, project, item_id, found.series.id, *found.image))
                  : CSL_TRY(items_.frames(access, project, item_id, found.series.id, 0, frames));
  auto volume = std::make_shared<const SeriesVolume>(CSL_TRY(decode(found.volume, range)));
  keep({.series = found.series.id,
        .instance_count = found.series.instance_count,
        .grid_id = grid_id,
        .volume = volume});
  return volume;
}

void VolumeCache::keep(Held held) {
  held_.with([&](auto& list) {
    list.push_front(std::move(held));
    std::size_t bytes = 0;
    for (auto one = list.begin(); one != list.end();) {
      bytes += one->volume->size_bytes();
      one = bytes > bytes_max_ && one != list.begin() ? list.erase(one) : std::next(one);
    }
  });
}

}  // namespace consilium::service
