// The gate before every handler: route, sign-in, CSRF, rights, the form of path, query and body;
// then the handler; then what every answer carries. Whatever is not declared is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "service/people/people.hpp"
#include "transport/api/policy.hpp"
#include "transport/api/reply.hpp"
#include "transport/api/route.hpp"
#include "transport/api/schemas.hpp"
#include "transport/http/server.hpp"
#include "transport/http/static_files.hpp"

namespace consilium::api {

inline constexpr std::string_view session_cookie = "__Host-consilium";

// Sets or takes away the session cookie.
void set_session_cookie(http::Response& response, std::string_view secret);
void clear_session_cookie(http::Response& response);

class ApiApplication final : public http::Application {
 public:
  // All must outlive it. `files` may be null: then only the API is served.
  ApiApplication(service::People& people, const Policy& policy, const SchemaSet& schemas,
                 const HandlerTable& handlers, const http::StaticFiles* files, Random& random);

  [[nodiscard]] http::BodyPlan plan(const http::Request& head) const override;
  [[nodiscard]] http::Response handle(http::Request& request) override;
  [[nodiscard]] http::Response refuse(int status, const Error& error) const override;

 private:
  [[nodiscard]] Result<http::Response> answer(http::Request& request);
  [[nodiscard]] Result<service::Caller> authenticate(const http::Request& request) const;
  [[nodiscard]] Status check_rights(const Route& route, const service::Caller& caller,
                                    const PathValues& values);
  [[nodiscard]] Result<http::Response> dispatch(http::Request& request, const Router::Match& match,
                                                const service::Caller* caller);

  service::People& people_;
  const Policy& policy_;
  const SchemaSet& schemas_;
  const HandlerTable& handlers_;
  const http::StaticFiles* files_;
  Random& random_;
  const Router router_;
};

}  // namespace consilium::api
