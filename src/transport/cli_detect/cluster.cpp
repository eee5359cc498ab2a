#include "transport/cli_detect/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "analysis/beat_clusters/beat_clusters.hpp"
#include "transport/cli_detect/beat_rows.hpp"

namespace consilium::cli {
namespace json = boost::json;

Result<int> cluster_command(const ClusterCommand& command) {
  const auto begin = std::chrono::steady_clock::now();
  const EcgRecord record = CSL_TRY(open_ecg(command.record, command.channel));
  const std::vector<std::int64_t> beats =
      marked_beats(record, CSL_TRY(read_annotations(record, command.beats))).samples;
  const BeatClusters found =
      CSL_TRY(cluster_beats(CSL_TRY(features_in(record, beats)), command.cluster_count_max));
  json::array clusters;
  for (const BeatCluster& cluster : found.clusters) {
    clusters.push_back({{"size", cluster.size}, {"representative", cluster.representative}});
  }
  json::array members;
  for (std::size_t b = 0; b < beats.size(); ++b) {
    // Thousandths are enough, and keep a day's file small.
    const double doubt = std::round(static_cast<double>(found.doubt[b]) * 1000) / 1000;
    members.push_back({{"sample", beats[b]}, {"cluster", found.cluster[b]}, {"doubt", doubt}});
  }
  const std::string text =
      json::serialize(json::object{{"clusters", clusters}, {"beats", std::move(members)}}) + "\n";
  CSL_TRY(write_whole(command.out, bytes_of(text)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (command.json) {
    fmt::print("{}\n",
               json::serialize(json::object{
                   {"beats", beats.size()}, {"clusters", clusters}, {"seconds", took.count()}}));
  } else {
    fmt::print("{} beats in {} cluster{}\n", beats.size(), found.clusters.size(),
               found.clusters.size() == 1 ? "" : "s");
  }
  return 0;
}

}  // namespace consilium::cli
