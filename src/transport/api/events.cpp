#include <boost/json/fwd.hpp>
#include <charconv>

#include "service/people/people.hpp"
#include "transport/api/application.hpp"
#include "transport/api/event_hub.hpp"
#include "transport/api/handlers.hpp"

namespace consilium::api {
namespace {

std::optional<std::int64_t> last_event_id(const http::Request& request) {
  const std::string_view text = request.header("last-event-id");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// Looks the caller up anew by what the request brought, so that a stream ends with its sign-in.
EventHub::Renew renewal(const Call& call, service::People& people) {
  const std::string address = call.request.remote_address;
  const bool is_token = call.caller->is_token;
  const std::string_view authorization = call.request.header("authorization");
  const std::string secret(is_token ? authorization.substr(authorization.find(' ') + 1)
                                    : call.request.cookie(session_cookie));
  return [&people, address, is_token, secret]() -> std::optional<service::Access> {
    Result<service::Caller> caller = is_token ? people.caller_of_token(secret, address)
                                              : people.caller_of_session(secret, address);
    if (!caller) return std::nullopt;
    return std::move(caller->access);
  };
}

}  // namespace

void add_event_handlers(HandlerTable& handlers, EventHub& hub, service::People& people,
                        const Clock& clock) {
  handlers.add("stream_events", [&](Call& call) -> Result<http::Response> {
    http::Response response;
    response.with("Content-Type", "text/event-stream").with("X-Accel-Buffering", "no");
    response.body = hub.subscribe(renewal(call, people), clock, last_event_id(call.request));
    return response;
  });
}

}  // namespace consilium::api
