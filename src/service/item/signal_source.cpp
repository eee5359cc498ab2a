#include "service/item/signal_source.hpp"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/canonical_json.hpp"
#include "format/recording_file/recording_file.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t known_recordings_max = 8;
constexpr std::int64_t pixels_max = 16'384;

template <class T>
void put(Bytes& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

}  // namespace

Result<json::object> signal_source(const storage::Reader& reader, const storage::ItemRow& item) {
  const storage::RecordingRow recording =
      CSL_TRY(storage::find_recording(reader, CSL_TRY(parse_id<RecordingId>(item.source_id))));
  json::value header = CSL_TRY(parse_json(recording.header_json));
  json::object view = std::move(header).as_object();
  view["id"] = to_string(recording.id);
  return json::object{{"kind", "signal"}, {"recordings", json::array{std::move(view)}}};
}

Result<OpenRecording> open_recording(storage::Store& store, const RecordingId& id) {
  const auto reader = CSL_TRY(store.read());
  const storage::RecordingRow row = CSL_TRY(storage::find_recording(*reader, id));
  const json::value names =
      CSL_TRY(parse_json(CSL_TRY(storage::opened(*reader, row.patient, row.sealed_file_names))));
  std::map<std::string, std::shared_ptr<const ByteSource>> files;
  std::shared_ptr<const ByteSource> first;
  std::size_t index = 0;
  for (const storage::ObjectRef& object : CSL_TRY(storage::recording_files(*reader, id))) {
    std::shared_ptr<const ByteSource> source = CSL_TRY(store.objects().open(row.patient, object));
    if (!first) first = source;
    files.emplace(std::string(names.as_array().at(index++).as_string()), std::move(source));
  }
  if (!first) return fail(ErrorCode::Internal, "the recording has no files");

  OpenRecording recording;
  const auto beside = [files](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    const auto found = files.find(std::string(name));
    if (found == files.end()) return fail(ErrorCode::NotFound, "a signal file is missing");
    return found->second;
  };
  const std::string name(names.as_array().at(0).as_string());
  const RecordKind kind = CSL_TRY(kind_of_stored_name(row.format));
  recording.samples = CSL_TRY(open_recording_file(kind, first, name, beside)).samples;
  std::shared_ptr<const ByteSource> bytes = CSL_TRY(store.objects().open(row.patient, row.pyramid));
  recording.pyramid = CSL_TRY(Pyramid::open(std::move(bytes), *recording.samples));
  return recording;
}

Result<std::shared_ptr<const OpenRecording>> RecordingCache::open(storage::Store& store,
                                                                  const RecordingId& id) {
  auto found = known_.with([&](auto& known) -> std::shared_ptr<const OpenRecording> {
    const auto place = known.find(id);
    return place == known.end() ? nullptr : place->second;
  });
  if (found) return found;
  auto opened = std::make_shared<const OpenRecording>(CSL_TRY(open_recording(store, id)));
  known_.with([&](auto& known) {
    if (known.size() >= known_recordings_max) known.clear();
    known[id] = opened;
  });
  return opened;
}

namespace {

struct Plan {
  TickSpan span;
  std::vector<std::size_t> channels;
  bool is_samples = false;
  std::int64_t pixels = 0;
};

Result<Plan> plan_of(const RecordHeader& header, const WindowQuery& query) {
  Plan plan;
  const std::int64_t from = std::clamp<std::int64_t>(query.from_tick, 0, header.length_ticks);
  const std::int64_t to = std::clamp<std::int64_t>(query.to_tick, 0, header.length_ticks);
  if (from >= to) {
    return fail(ErrorCode::InvalidInput, "the range is empty or outside the recording", "from, to",
                "it has " + std::to_string(header.length_ticks) + " ticks");
  }
  if (query.pixels < 1 || query.pixels > pixels_max) {
    return fail(ErrorCode::InvalidInput, "1 to 16,384 pixels can be asked for", "pixels");
  }
  plan.span = {{from}, {to}};
  plan.pixels = query.pixels;
  for (const std::int64_t channel : query.channels) {
    if (channel < 0 || channel >= static_cast<std::int64_t>(header.channels.size())) {
      return fail(ErrorCode::InvalidInput, "the recording has no such channel", "channels");
    }
    plan.channels.push_back(static_cast<std::size_t>(channel));
  }
  if (query.channels.empty()) {
    for (std::size_t i = 0; i < header.channels.size(); ++i) plan.channels.push_back(i);
  }
  std::int64_t most = 0;
  for (const std::size_t channel : plan.channels) {
    const SampleSpan samples = samples_in(header.channels[channel], plan.span);
    most = std::max(most, samples.last.value - samples.first.value);
  }
  plan.is_samples = most <= 2 * plan.pixels;  // then minima and maxima would be no shorter
  return plan;
}

Result<std::vector<float>> samples_of(const OpenRecording& recording, const Plan& plan,
                                      std::size_t index) {
  const Channel& channel = recording.samples->header().channels[index];
  const SampleSpan span = samples_in(channel, plan.span);
  std::vector<std::int32_t> samples(static_cast<std::size_t>(span.last.value - span.first.value));
  if (!samples.empty()) CSL_TRY(recording.samples->read(index, span.first, samples));
  std::vector<float> values;
  values.reserve(samples.size());
  for (const std::int32_t sample : samples) {
    values.push_back(static_cast<float>(physical_value(channel, sample)));
  }
  return values;
}

// Least and greatest in the channel's unit; a negative gain turns them round.
std::vector<float> ranges_in_units(const Channel& channel, std::span<const MinMax> pixels) {
  std::vector<float> values;
  values.reserve(2 * pixels.size());
  for (const MinMax& pixel : pixels) {
    if (pixel.empty()) {
      values.insert(values.end(), 2, std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    const auto a = static_cast<float>(physical_value(channel, pixel.min));
    const auto b = static_cast<float>(physical_value(channel, pixel.max));
    values.push_back(std::min(a, b));
    values.push_back(std::max(a, b));
  }
  return values;
}

// One vector for each of the plan's channels; asked for together, they share what is read.
Result<std::vector<std::vector<float>>> ranges_of(const OpenRecording& recording,
                                                  const Plan& plan) {
  const std::vector<std::vector<MinMax>> pixels = CSL_TRY(recording.pyramid->query(
      plan.channels, plan.span.first, plan.span.last, static_cast<int>(plan.pixels)));
  std::vector<std::vector<float>> values;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    values.push_back(
        ranges_in_units(recording.samples->header().channels[plan.channels[i]], pixels[i]));
  }
  return values;
}

}  // namespace

Result<Bytes> window_bytes(const OpenRecording& recording, const WindowQuery& query) {
  const Plan plan = CSL_TRY(plan_of(recording.samples->header(), query));
  Bytes table;
  Bytes payload;
  std::uint32_t columns = 0;
  std::vector<std::vector<float>> ranges;
  if (!plan.is_samples) ranges = CSL_TRY(ranges_of(recording, plan));
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const std::size_t channel = plan.channels[i];
    const std::vector<float> values =
        plan.is_samples ? CSL_TRY(samples_of(recording, plan, channel)) : std::move(ranges[i]);
    const auto count =
        static_cast<std::uint32_t>(plan.is_samples ? values.size() : values.size() / 2);
    columns = std::max(columns, count);
    put(table, static_cast<std::uint32_t>(channel));
    put(table, count);
    for (const float value : values) put(payload, value);
  }
  Bytes out = to_bytes("CSW1");
  put(out, std::uint32_t{plan.is_samples ? 0U : 1U});
  put(out, static_cast<std::uint32_t>(plan.channels.size()));
  put(out, columns);
  put(out, plan.span.first.value);
  put(out, plan.span.last.value);
  out.insert(out.end(), table.begin(), table.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Result<json::object> overview_json(const OpenRecording& recording, std::int64_t pixels) {
  const RecordHeader& header = recording.samples->header();
  if (header.channels.empty() || header.length_ticks == 0) {
    return json::object{{"activity", nullptr}};
  }
  std::size_t channel = 0;  // lead II where there is one: the rhythm is read from it
  for (std::size_t i = 0; i < header.channels.size(); ++i) {
    if (header.channels[i].name == "II" || header.channels[i].name == "MLII") channel = i;
  }
  const Plan plan{.span = {{0}, {header.length_ticks}},
                  .channels = {channel},
                  .is_samples = false,
                  .pixels = std::clamp<std::int64_t>(pixels, 1, pixels_max)};
  const std::vector<float> ranges = CSL_TRY(ranges_of(recording, plan)).front();
  json::array low;
  json::array high;
  for (std::size_t i = 0; i + 1 < ranges.size(); i += 2) {
    low.push_back(std::isnan(ranges[i]) ? json::value(nullptr) : json::value(ranges[i]));
    high.push_back(std::isnan(ranges[i + 1]) ? json::value(nullptr) : json::value(ranges[i + 1]));
  }
  return json::object{
      {"activity",
       json::object{{"channel", channel}, {"min", std::move(low)}, {"max", std::move(high)}}},
      {"ticks_per_pixel",
       static_cast<double>(header.length_ticks) / static_cast<double>(plan.pixels)}};
}

}  // namespace consilium::service
