#include "service/item/signal_source.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "format/recording_file/recording_file.hpp"
#include "service/item/window_form.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t known_recordings_max = 8;
constexpr std::int64_t pixels_max = 16'384;

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

Result<std::vector<std::vector<MinMax>>> columns_of(const OpenRecording& recording,
                                                    const Plan& plan) {
  return recording.pyramid->query(plan.channels, plan.span.first, plan.span.last,
                                  static_cast<int>(plan.pixels));
}

}  // namespace

Result<Bytes> window_bytes(const OpenRecording& recording, const WindowQuery& query) {
  const Plan plan = CSL_TRY(plan_of(recording.samples->header(), query));
  const auto& channels = recording.samples->header().channels;
  if (!plan.is_samples) {
    WindowWriter window(WindowWriter::Kind::Columns, plan.span);
    const auto columns = CSL_TRY(columns_of(recording, plan));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      window.add_columns(plan.channels[i], channels[plan.channels[i]], columns[i]);
    }
    return window.finish();
  }
  // Together, for formats that interleave channels decode each byte once so.
  SignalBlock block;
  CSL_TRY(recording.samples->read_block(plan.span, block));
  WindowWriter window(WindowWriter::Kind::Samples, plan.span);
  for (const std::size_t channel : plan.channels) {
    window.add_samples(channel, channels[channel], block.channels[channel]);
  }
  return window.finish();
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
  json::array low;
  json::array high;
  const auto columns = CSL_TRY(columns_of(recording, plan));
  for (const MinMax& column : columns.front()) {
    if (column.empty()) {
      low.emplace_back(nullptr);
      high.emplace_back(nullptr);
      continue;
    }
    // A negative gain turns them round.
    const auto [least, greatest] =
        std::minmax(static_cast<float>(physical_value(header.channels[channel], column.min)),
                    static_cast<float>(physical_value(header.channels[channel], column.max)));
    low.emplace_back(least);
    high.emplace_back(greatest);
  }
  return json::object{
      {"activity",
       json::object{{"channel", channel}, {"min", std::move(low)}, {"max", std::move(high)}}},
      {"ticks_per_pixel",
       static_cast<double>(header.length_ticks) / static_cast<double>(plan.pixels)}};
}

}  // namespace consilium::service
