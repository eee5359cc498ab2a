#include <boost/json.hpp>

#include "service/beat_clusters/beat_clusters.hpp"
#include "service/signal_detectors/signal_detectors.hpp"
#include "transport/api/signal_handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

std::vector<std::int64_t> integers_in(const json::value& list) {
  std::vector<std::int64_t> values;
  values.reserve(list.as_array().size());
  for (const json::value& value : list.as_array()) {
    values.push_back(value.to_number<std::int64_t>());
  }
  return values;
}

Result<http::Response> cluster(const Call& call, service::BeatClusterer& clusterer) {
  service::BeatClusterQuery query{.ticks = integers_in(call.body->at("ticks")), .only = {}};
  if (const json::value* only = call.body->if_contains("only")) query.only = integers_in(*only);
  if (const json::value* count = call.body->if_contains("clusters_max")) {
    query.cluster_count_max = count->to_number<std::size_t>();
  }
  return binary_response(
      CSL_TRY(clusterer.cluster(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                                CSL_TRY(call.id<ItemId>("item_id")),
                                CSL_TRY(call.id<RecordingId>("recording_id")), query)),
      "application/json");
}

}  // namespace

void add_signal_handlers(HandlerTable& handlers, service::SignalDetectors& detectors,
                         service::BeatClusterer& clusterer) {
  handlers.add("list_signal_detectors", [&](Call& call) -> Result<http::Response> {
    return reply(detectors.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id"))));
  });
  handlers.add("put_signal_detector", [&](Call& call) -> Result<http::Response> {
    return reply(detectors.put(call.access(), CSL_TRY(call.id<ProjectId>("project_id")),
                               call.value("detector"), call.body->at("is_on").as_bool()));
  });
  handlers.add("cluster_beats", [&](Call& call) { return cluster(call, clusterer); });
}

}  // namespace consilium::api
