#include "domain/signal/sample_table.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace consilium {
namespace {

class SampleTable final : public SampleSource {
 public:
  SampleTable(RecordHeader header, std::vector<std::vector<std::int32_t>> samples)
      : header_(std::move(header)), samples_(std::move(samples)) {}
  const RecordHeader& header() const override { return header_; }
  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const auto at = static_cast<std::size_t>(first.value);
    std::ranges::copy(std::span(samples_[channel]).subspan(at, out.size()), out.begin());
    return {};
  }

 private:
  RecordHeader header_;
  std::vector<std::vector<std::int32_t>> samples_;
};

}  // namespace

Status set_time_line(RecordHeader& header) {
  header.length_ticks = 0;
  if (header.channels.empty()) return {};
  std::vector<Rate> rates;
  for (const Channel& channel : header.channels) rates.push_back(channel.rate);
  header.tick_rate = CSL_TRY(common_tick_rate(rates));
  for (Channel& channel : header.channels) {
    channel.ticks_per_sample = CSL_TRY(ticks_per_sample(header.tick_rate, channel.rate));
    const auto ticks = checked_multiply(channel.sample_count, channel.ticks_per_sample);
    if (!ticks) return fail(ErrorCode::Unsupported, "the recording is too long");
    header.length_ticks = std::max(header.length_ticks, *ticks);
  }
  return {};
}

void set_range(Channel& channel, std::int32_t low, std::int32_t high) {
  channel.digital_min = low;
  channel.digital_max = high;
  channel.physical_min = physical_value(channel, low);
  channel.physical_max = physical_value(channel, high);
}

Result<std::unique_ptr<SampleSource>> sample_table(RecordHeader header,
                                                   std::vector<std::vector<std::int32_t>> samples) {
  if (header.channels.size() != samples.size()) {
    return fail(ErrorCode::InvalidInput, "the samples are of another number of channels");
  }
  for (std::size_t c = 0; c < samples.size(); ++c) {
    header.channels[c].sample_count = std::ssize(samples[c]);
  }
  CSL_TRY(set_time_line(header));
  return std::make_unique<SampleTable>(std::move(header), std::move(samples));
}

}  // namespace consilium
