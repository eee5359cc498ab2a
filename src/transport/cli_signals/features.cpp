#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <ctime>

#include "analysis/epoch_features/epoch_features.hpp"
#include "transport/cli_detect/ecg_record.hpp"
#include "transport/cli_signals/signal_commands.hpp"

namespace consilium::cli {
namespace json = boost::json;

Result<int> features_command(const FeaturesCommand& command) {
  const EcgRecord record = CSL_TRY(open_ecg(command.record, command.channel));
  const double rate_hz = record.channel().rate.hz();
  const auto epoch = static_cast<std::int64_t>(std::llround(command.epoch_s * rate_hz));
  if (epoch < 1) {
    return fail(ErrorCode::InvalidInput, "an epoch has no length", "--epoch-s", "take 30, or so");
  }
  std::string table = "begin_s";
  for (const std::string_view name : epoch_feature_names()) table += fmt::format(",{}", name);
  table += '\n';
  std::size_t count = 0;
  double processor_s = 0;
  for (std::int64_t begin = 0; begin + epoch <= record.channel().sample_count; begin += epoch) {
    const auto samples = CSL_TRY(record.ecg().read_lead(command.channel, begin, epoch));
    const std::clock_t started = std::clock();
    const EpochFeatures features = CSL_TRY(epoch_features(samples, rate_hz));
    processor_s += static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
    table += fmt::format("{:.6g}", static_cast<double>(begin) / rate_hz);
    for (const double value : as_row(features)) table += fmt::format(",{:.9g}", value);
    table += '\n';
    ++count;
  }
  CSL_TRY(write_whole(command.out, bytes_of(table)));
  if (command.json) {
    fmt::print("{}\n", json::serialize(json::object{{"epochs", count}, {"seconds", processor_s}}));
  } else {
    fmt::print("{} epochs of channel {}\n", count, command.channel);
  }
  return 0;
}

}  // namespace consilium::cli
