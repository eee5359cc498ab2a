#include "transport/api/route_areas.hpp"

namespace consilium::api {

using http::Method;

std::vector<Route> signals_routes() {
  constexpr std::uint64_t beats_bytes_max = 16ULL << 20U;  // 500,000 beats twice
  return {
      {.method = Method::Get,
       .path = CSL_PROJECT "/signal-detectors",
       .operation = "list_signal_detectors",
       .tag = "signal-detectors",
       .summary = "Detectors that label the project's recordings before people read them",
       .response = "SignalDetectorList",
       .scope = "read"},
      {.method = Method::Put,
       .path = CSL_PROJECT "/signal-detectors/{detector}",
       .operation = "put_signal_detector",
       .tag = "signal-detectors",
       .summary = "Turn one on or off; recordings that nobody has begun are labelled anew",
       .body = BodyKind::Json,
       .request = "SignalDetectorRequest",
       .response = "SignalDetectorList",
       .scope = "manage"},
      {.method = Method::Post,
       .path = CSL_ITEM "/recordings/{recording_id}/beat-clusters",
       .operation = "cluster_beats",
       .tag = "items",
       .summary = "Beats put into clusters of a look; nothing is stored",
       .purpose = "label",
       .body = BodyKind::Json,
       .request = "BeatClustersRequest",
       .response = "BeatClusters",
       .scope = "read",
       .body_bytes_max = beats_bytes_max},
  };
}

}  // namespace consilium::api
