#include "domain/protocol/item_order.hpp"

#include <boost/json.hpp>

namespace consilium {
namespace json = boost::json;

ItemOrderRule item_order_of(const Protocol& protocol) {
  boost::system::error_code problem;
  const json::value document = json::parse(protocol.document, problem);
  if (problem || !document.is_object()) return ItemOrderRule::Number;
  const json::value* plan = document.get_object().if_contains("reader_plan");
  const json::value* order =
      plan != nullptr && plan->is_object() ? plan->get_object().if_contains("order") : nullptr;
  return order != nullptr && order->is_string() && order->get_string() == "gain"
             ? ItemOrderRule::Gain
             : ItemOrderRule::Number;
}

}  // namespace consilium
