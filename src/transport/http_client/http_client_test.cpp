#include "transport/http_client/http_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "transport/http/server.hpp"

using namespace consilium;

namespace {

// Says what it was asked, or what its path asks it to say.
class Echo : public http::Application {
 public:
  [[nodiscard]] http::BodyPlan plan(const http::Request&) const override {
    return {.streamed = false, .bytes_max = 1U << 20U};
  }
  [[nodiscard]] http::Response handle(http::Request& request) override {
    http::Response response;
    if (request.path == "/base/slow") std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    if (request.path == "/base/gone") response.status = 404;
    if (request.path == "/base/broken") response.status = 500;
    response.body = request.path + "|" + std::string(request.header("authorization")) + "|" +
                    std::string(request.header("content-type")) + "|" + request.body;
    return response;
  }
  [[nodiscard]] http::Response refuse(int status, const Error&) const override {
    http::Response response;
    response.status = status;
    return response;
  }
};

struct Running {
  Echo echo;
  std::unique_ptr<http::Server> server;
  Running() {
    auto started = http::Server::start({.port = 0, .worker_count = 2}, echo);
    REQUIRE(started);
    server = std::move(*started);
  }
  ~Running() { server->stop(); }
  [[nodiscard]] std::string base() const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + "/base/";
  }
};

}  // namespace

TEST_CASE("a client asks below its base, with its token, and gives the body back") {
  const Running running;
  const auto client = http::Client::make({.base_url = running.base(), .bearer_token = "secret"});
  REQUIRE(client);
  const auto said = client->post("/thing", "{}", "application/fhir+json");
  REQUIRE(said);
  CHECK(*said == "/base/thing|Bearer secret|application/fhir+json|{}");
}

TEST_CASE("what the other server cannot or will not do is an error that says so") {
  const Running running;
  const auto client = http::Client::make(
      {.base_url = running.base(), .timeout_ms = 400, .answer_bytes_max = 1'000});
  REQUIRE(client);
  const auto code_of = [&](std::string_view path, const std::string& body) {
    const auto said = client->post(path, body, "text/plain");
    REQUIRE_FALSE(said);
    return said.error().code;
  };
  CHECK(code_of("/gone", "") == ErrorCode::NotFound);
  CHECK(code_of("/broken", "") == ErrorCode::Unavailable);
  CHECK(code_of("/large", std::string(2'000, 'x')) == ErrorCode::TooLarge);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(code_of("/slow", "") == ErrorCode::Unavailable);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(1'400));
}

TEST_CASE("no one listening is no crash") {
  std::string base;
  {
    const Running running;
    base = running.base();
  }
  const auto client = http::Client::make({.base_url = base});
  REQUIRE(client);
  const auto said = client->post("/thing", "", "text/plain");
  REQUIRE_FALSE(said);
  CHECK(said.error().code == ErrorCode::Unavailable);
}

TEST_CASE("an address that is none, or would send in the clear, is refused") {
  for (const char* base :
       {"", "terms.example", "ftp://terms.example", "https://", "https://:443",
        "https://user@terms.example/fhir", "https://terms.example/fhir?a=b",
        "https://terms example", "https://terms.example:port", "http://terms.example/fhir"}) {
    CAPTURE(base);
    CHECK_FALSE(http::Client::make({.base_url = base}));
  }
  for (const char* base : {"https://terms.example/fhir", "https://terms.example:8443",
                           "https://[::1]/fhir", "http://localhost:8080/fhir"}) {
    CAPTURE(base);
    CHECK(http::Client::make({.base_url = base}));
  }
  CHECK_FALSE(
      http::Client::make({.base_url = "https://terms.example", .authorities = "no such file.pem"}));
}
