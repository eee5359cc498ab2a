#include "domain/protocol/recording_plan.hpp"

#include <boost/json.hpp>

namespace consilium {
namespace json = boost::json;
namespace {

json::object document_of(const Protocol& protocol) {
  boost::system::error_code problem;
  json::value document = json::parse(protocol.document, problem);
  return problem || !document.is_object() ? json::object() : document.as_object();
}

const json::object* member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

}  // namespace

std::optional<EpochPlan> epoch_plan_of(const Protocol& protocol) {
  const json::object document = document_of(protocol);
  const json::object* view = member(document, "view");
  const json::object* epochs = view == nullptr ? nullptr : member(*view, "epochs");
  if (epochs == nullptr) return std::nullopt;
  EpochPlan plan{.length_s = epochs->at("length_s").to_number<double>(), .stages = {}};
  for (const json::value& stage : epochs->at("stages").as_array()) {
    plan.stages.emplace_back(stage.as_string());
  }
  return plan;
}

std::map<std::string, std::string> edf_texts_of(const Protocol& protocol) {
  std::map<std::string, std::string> texts;
  const json::object document = document_of(protocol);
  const json::value* labels = document.if_contains("labels");
  if (labels == nullptr) return texts;
  for (const json::value& label : labels->as_array()) {
    const json::object* exported = member(label.as_object(), "export");
    const json::object* edf = exported == nullptr ? nullptr : member(*exported, "edf");
    if (edf == nullptr) continue;
    texts.emplace(label.at("id").as_string(), edf->at("text").as_string());
  }
  return texts;
}

}  // namespace consilium
