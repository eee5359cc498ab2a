#include "format/sampled_data/sampled_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace consilium {
namespace json = boost::json;

namespace {

constexpr std::int64_t samples_at_once = 1 << 14;

Status put(const ByteSink& sink, std::string_view text) { return sink(bytes_of(text)); }

// The component without its data, which follow as its last field.
std::string component_head(const Channel& channel, TickRate rate) {
  const double factor = 1 / channel.adu_per_unit;
  json::object origin{{"value", -channel.baseline_adu * factor}};
  if (!channel.unit.empty()) {
    origin["unit"] = channel.unit;
    origin["system"] = "http://unitsofmeasure.org";
    origin["code"] = channel.unit;
  }
  const double period_ms = 1000.0 * static_cast<double>(channel.ticks_per_sample) / rate.hz();
  json::object value{{"origin", std::move(origin)}, {"period", period_ms}, {"factor", factor}};
  if (channel.digital_min < channel.digital_max) {
    const double low = physical_value(channel, channel.digital_min);
    const double high = physical_value(channel, channel.digital_max);
    value["lowerLimit"] = std::min(low, high);
    value["upperLimit"] = std::max(low, high);
  }
  value["dimensions"] = 1;
  std::string text = json::serialize(
      json::object{{"code", {{"text", channel.name}}}, {"valueSampledData", std::move(value)}});
  text.resize(text.size() - 2);  // the two brackets, closed when the data are there
  return text + ",\"data\":\"";
}

void append(const Channel& channel, std::span<const std::int32_t> samples, bool is_first,
            std::string& out) {
  const bool has_range = channel.digital_min < channel.digital_max;
  // With a negative gain the highest number is the lowest value.
  const bool is_turned = channel.adu_per_unit < 0;
  for (const std::int32_t sample : samples) {
    if (!is_first) out += ' ';
    is_first = false;
    if (sample == channel.missing) {
      out += 'E';
    } else if (has_range && sample > channel.digital_max) {
      out += is_turned ? 'L' : 'U';
    } else if (has_range && sample < channel.digital_min) {
      out += is_turned ? 'U' : 'L';
    } else {
      fmt::format_to(std::back_inserter(out), "{}", sample);
    }
  }
}

}  // namespace

Status write_sampled_data(const SampleSource& source, const std::string& subject,
                          const ByteSink& sink) {
  const RecordHeader& header = source.header();
  if (header.channels.empty()) return fail(ErrorCode::InvalidInput, "the record has no channels");
  json::object observation{
      {"resourceType", "Observation"}, {"status", "final"}, {"code", {{"text", "Recording"}}}};
  if (!subject.empty()) observation["subject"] = {{"display", subject}};
  std::string text = json::serialize(observation);
  text.pop_back();
  CSL_TRY(put(sink, text + ",\"component\":["));
  std::vector<std::int32_t> samples;
  for (std::size_t c = 0; c < header.channels.size(); ++c) {
    const Channel& channel = header.channels[c];
    CSL_TRY(put(sink, (c == 0 ? "" : ",") + component_head(channel, header.tick_rate)));
    for (std::int64_t at = 0; at < channel.sample_count; at += samples_at_once) {
      samples.resize(
          static_cast<std::size_t>(std::min(samples_at_once, channel.sample_count - at)));
      CSL_TRY(source.read(c, SampleIndex{at}, samples));
      text.clear();
      append(channel, samples, at == 0, text);
      CSL_TRY(put(sink, text));
    }
    CSL_TRY(put(sink, "\"}}"));
  }
  return put(sink, "]}\n");
}

}  // namespace consilium
