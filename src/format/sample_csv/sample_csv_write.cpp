#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "format/sample_csv/sample_csv.hpp"

namespace consilium {
namespace {

constexpr std::int64_t rows_at_once = 4096;

// Enough to tell one step of the channel from the next.
int decimals_of(const Channel& channel) {
  return std::clamp(static_cast<int>(std::ceil(std::log10(std::abs(channel.adu_per_unit)))) + 2, 0,
                    9);
}

void put_number_text(double value, int decimals, std::string& out) {
  const std::size_t begin = out.size();
  fmt::format_to(std::back_inserter(out), "{:.{}f}", value, decimals);
  if (out.find('.', begin) == std::string::npos) return;
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
}

std::string heading(const Channel& channel) {
  std::string name = channel.name;
  std::ranges::replace_if(
      name, [](char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; }, ' ');
  return channel.unit.empty() ? name : name + " [" + channel.unit + "]";
}

}  // namespace

Status write_sample_csv(const SampleSource& source, const ByteSink& sink) {
  const RecordHeader& header = source.header();
  std::int64_t step = 0;
  for (const Channel& channel : header.channels) step = std::gcd(step, channel.ticks_per_sample);
  if (step == 0) return fail(ErrorCode::InvalidInput, "the record has no channels");
  const double rate = header.tick_rate.hz() / static_cast<double>(step);
  std::string out = fmt::format("# sampling_rate_hz: {:.12g}\ntime_s", rate);
  for (const Channel& channel : header.channels) out += "," + heading(channel);
  out += '\n';
  SignalBlock block;
  for (std::int64_t at = 0; at < header.length_ticks; at += rows_at_once * step) {
    const std::int64_t end = std::min(at + rows_at_once * step, header.length_ticks);
    CSL_TRY(source.read_block({Tick{at}, Tick{end}}, block));
    for (std::int64_t tick = at; tick < end; tick += step) {
      put_number_text(seconds_of({tick}, header.tick_rate), 9, out);
      for (std::size_t c = 0; c < header.channels.size(); ++c) {
        const Channel& channel = header.channels[c];
        out += ',';
        if (tick % channel.ticks_per_sample != 0) continue;
        const auto i =
            static_cast<std::size_t>(tick / channel.ticks_per_sample - block.first[c].value);
        if (i >= block.channels[c].size()) continue;
        const double value = physical_value(channel, block.channels[c][i]);
        if (std::isfinite(value)) put_number_text(value, decimals_of(channel), out);
      }
      out += '\n';
    }
    CSL_TRY(sink(bytes_of(out)));
    out.clear();
  }
  return out.empty() ? Status{} : sink(bytes_of(out));
}

}  // namespace consilium
