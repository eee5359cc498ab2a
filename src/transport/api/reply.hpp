// What handlers share: answers as JSON, errors as problems (RFC 9457), values out of the request.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "domain/label/violation.hpp"
#include "service/access/answer.hpp"
#include "service/people/people.hpp"
#include "transport/api/route.hpp"
#include "transport/http/message.hpp"

namespace consilium::api {

[[nodiscard]] http::Response json_response(const boost::json::value& value, int status = 200);
[[nodiscard]] http::Response problem_response(const Error& error,
                                              const std::vector<Violation>& violations = {},
                                              std::string_view current_json = {});
// For statuses that no ErrorCode stands for (405, 416, 431, 501).
[[nodiscard]] http::Response problem_response(int status, std::string_view code,
                                              std::string_view what, std::string_view remedy = {});
// The members of a problem, for rows of bulk answers.
[[nodiscard]] boost::json::object problem_json(const Error& error);

// With ETag where the object has a "revision".
[[nodiscard]] http::Response reply(const Result<boost::json::object>& result, int status = 200);
[[nodiscard]] http::Response reply(const service::Answer<boost::json::object>& answer,
                                   int status = 200);
[[nodiscard]] http::Response reply(const Status& status);  // 204
// Of a bulk answer: its rows' problems have a code and a detail, and become whole ones here.
[[nodiscard]] http::Response reply_rows(Result<boost::json::object> result);
[[nodiscard]] http::Response binary_response(std::string bytes, std::string_view media_type);

// One request on its way to a handler: routed, signed in, allowed, its body checked.
struct Call {
  http::Request& request;
  const Route& route;
  const PathValues& values;
  const service::Caller* caller = nullptr;    // null on public routes
  const boost::json::object* body = nullptr;  // null on routes without a JSON body

  [[nodiscard]] const service::Access& access() const { return caller->access; }
  [[nodiscard]] service::Origin origin() const {
    return {request.remote_address, std::string(request.header("user-agent"))};
  }
  [[nodiscard]] std::string_view value(std::string_view name) const;
  // The gate has checked the form already. Errors: NotFound.
  template <class IdType>
  [[nodiscard]] Result<IdType> id(std::string_view name) const {
    Result<IdType> id = parse_id<IdType>(value(name));
    if (!id) return fail(ErrorCode::NotFound, "there is nothing at this address");
    return id;
  }
  // A query parameter. Errors: InvalidInput when it is no integer or out of [least, most].
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t fallback,
                                             std::int64_t least, std::int64_t most) const;
  [[nodiscard]] std::string text(std::string_view name) const;  // "" when absent
  template <class IdType>
  [[nodiscard]] Result<std::optional<IdType>> optional_id(std::string_view name) const {
    const std::string value = text(name);
    if (value.empty()) return std::nullopt;
    return std::optional<IdType>{CSL_TRY(parse_id<IdType>(value))};
  }
  // "0,3,7". Errors: InvalidInput.
  [[nodiscard]] Result<std::vector<std::int64_t>> integers(std::string_view name) const;
  // The revision of If-Match: "N"; nothing when the header is absent or If-None-Match: * stands.
  // Errors: InvalidInput.
  [[nodiscard]] Result<std::optional<std::int64_t>> if_match() const;

  // Members of the checked body.
  [[nodiscard]] std::string body_text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> body_texts(std::string_view name) const;
  template <class IdType>
  [[nodiscard]] Result<std::vector<IdType>> body_ids(std::string_view name) const {
    std::vector<IdType> ids;
    for (const std::string& text : body_texts(name)) ids.push_back(CSL_TRY(parse_id<IdType>(text)));
    return ids;
  }
};

using Handler = std::function<Result<http::Response>(Call&)>;

// Handlers by operation. Adding one for an operation without a route, or twice, ends the process.
class HandlerTable {
 public:
  void add(std::string_view operation, Handler handler);
  [[nodiscard]] const Handler* find(std::string_view operation) const;

 private:
  std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace consilium::api
