#include "domain/protocol/stop_plan.hpp"

#include <boost/json.hpp>

namespace consilium {
namespace json = boost::json;

std::optional<StopPlan> stop_plan_of(const Protocol& protocol) {
  boost::system::error_code problem;
  const json::value document = json::parse(protocol.document, problem);
  if (problem || !document.is_object()) return std::nullopt;
  const json::value* plan = document.get_object().if_contains("reader_plan");
  const json::value* stop =
      plan != nullptr && plan->is_object() ? plan->get_object().if_contains("stop") : nullptr;
  if (stop == nullptr) return std::nullopt;
  return StopPlan{.readers_min = stop->at("readers_min").to_number<int>(),
                  .readers_max = stop->at("readers_max").to_number<int>()};
}

}  // namespace consilium
