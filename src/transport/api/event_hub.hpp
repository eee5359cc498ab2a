// What changes, told to browsers as server-sent events. The hub keeps the last few thousand
// changes; each stream reads them from its own place, so a slow one costs nothing, and one that
// asks for more than is kept is told to start anew (event "reset": the page fetches again).
//
// Who sees what: members of the project. A rater gets others' work only as "item.changed" without a
// name: neither their labels nor who does what (blinding). Leads and reviewers get all. Nothing
// here quotes a patient.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "service/access/access.hpp"
#include "storage/store.hpp"
#include "transport/http/message.hpp"

namespace consilium::api {

class EventHub {
 public:
  EventHub();
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // For Store::on_change: returns at once.
  void publish(const storage::Store::Change& change);
  // Looks up anew who the listener is and what they may see; nothing: the stream ends. Asked at the
  // start, when memberships or sign-ins changed, and every half minute.
  using Renew = std::function<std::optional<service::Access>()>;
  // `last_event_id`: from where on; else from now on.
  [[nodiscard]] std::shared_ptr<http::EventStream> subscribe(
      Renew renew, const Clock& clock, std::optional<std::int64_t> last_event_id);

  struct State;  // shared with the streams

 private:
  std::shared_ptr<State> state_;
};

}  // namespace consilium::api
