#include "transport/http/server.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

using namespace consilium;
using namespace consilium::http;

namespace {

class CountingEvents final : public EventStream {
 public:
  std::optional<std::string> take() override {
    const std::scoped_lock lock(mutex_);
    return std::exchange(text_, "");
  }
  void on_ready(std::function<void()> ready) override {
    const std::scoped_lock lock(mutex_);
    ready_ = std::move(ready);
  }
  void publish(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    text_ += text;
    if (ready_) ready_();
  }

 private:
  std::mutex mutex_;
  std::string text_;
  std::function<void()> ready_;
};

class TestApplication final : public Application {
 public:
  BodyPlan plan(const Request& head) const override {
    return {.streamed = head.path == "/stream",
            .bytes_max = head.path == "/stream" ? 1ULL << 40U : 1000};
  }
  Response handle(Request& request) override {
    Response response;
    response.with("Content-Type", "text/plain");
    if (request.path == "/stream") {
      Bytes piece(64U << 10U);
      std::uint64_t total = 0;
      while (true) {
        const auto got = request.stream->read(piece);
        if (!got || *got == 0) break;
        total += *got;
      }
      response.body = std::to_string(total);
    } else if (request.path == "/events") {
      response.body = std::static_pointer_cast<EventStream>(events);
    } else if (request.path == "/large") {
      response =
          range_response(request, memory_source(Bytes(3U << 20U, std::byte{'x'})), "text/plain");
    } else if (request.path == "/long-text") {
      response.body = std::string(100'000, 'a');
    } else {
      response.body =
          std::string(name_of(request.method)) + " " + request.path + " " + request.body;
    }
    return response;
  }
  Response refuse(int status, const Error& error) const override {
    Response response;
    response.status = status;
    response.body = error.what;
    return response;
  }
  std::shared_ptr<CountingEvents> events = std::make_shared<CountingEvents>();
};

// A client as plain as can be: sends bytes, reads until `enough` says so or the server closes.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::string receive(const std::function<bool(const std::string&)>& enough) const {
    std::string all;
    char piece[65536];
    while (!enough(all)) {
      const ssize_t got = ::recv(socket_, piece, sizeof piece, 0);
      if (got <= 0) break;
      all.append(piece, static_cast<std::size_t>(got));
    }
    return all;
  }
  std::string receive_until(const std::string& end) const {
    return receive([&](const std::string& all) { return all.find(end) != std::string::npos; });
  }

 private:
  int socket_;
};

struct Running {
  TestApplication application;
  std::unique_ptr<Server> server;
  Running() {
    auto started = Server::start({.port = 0, .worker_count = 4, .ping_ms = 200}, application);
    REQUIRE(started);
    server = std::move(*started);
  }
};

}  // namespace

TEST_CASE("one connection serves several requests, also when they were sent at once") {
  const Running running;
  const Client client(running.server->port());
  client.send(
      "GET /a?x=1 HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: "
      "3\r\n\r\nabc");
  const std::string answers = client.receive_until("PUT /b abc");
  CHECK(answers.find("GET /a ") != std::string::npos);
  CHECK(answers.find("PUT /b abc") != std::string::npos);
}

TEST_CASE("a body past the route's limit is refused, with and without a declared length") {
  const Running running;
  {
    const Client client(running.server->port());
    client.send("PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    CHECK(client.receive_until("\r\n").starts_with("HTTP/1.1 413"));
  }
  const Client client(running.server->port());
  client.send("PUT /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" +
              std::string(1024, 'x') + "\r\n0\r\n\r\n");
  CHECK(client.receive_until("\r\n").starts_with("HTTP/1.1 413"));
}

TEST_CASE("a head that is too long or broken is refused") {
  const Running running;
  {
    const Client client(running.server->port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(40'000, 'x') + "\r\n\r\n");
    CHECK(client.receive_until("\r\n").starts_with("HTTP/1.1 431"));
  }
  const Client client(running.server->port());
  client.send("this is no HTTP\r\n\r\n");
  CHECK(client.receive_until("\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("a streamed body reaches the handler piece by piece") {
  const Running running;
  const Client client(running.server->port());
  constexpr std::size_t size = 20U << 20U;
  client.send("PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
              "\r\n\r\n");
  const std::string piece(1U << 20U, 'x');
  for (std::size_t sent = 0; sent < size; sent += piece.size()) client.send(piece);
  CHECK(client.receive_until(std::to_string(size)).find("200 OK") != std::string::npos);
}

TEST_CASE("HEAD gets the length and no body") {
  const Running running;
  const Client client(running.server->port());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.receive([](const std::string&) { return false; });
  CHECK(answer.find("Content-Length: 8") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("a large range is sent whole, and text is packed when asked") {
  const Running running;
  {
    const Client client(running.server->port());
    client.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(client.receive([](const std::string&) { return false; }).size() > (3U << 20U));
  }
  const Client client(running.server->port());
  client.send(
      "GET /long-text HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip\r\nConnection: "
      "close\r\n\r\n");
  const std::string answer = client.receive([](const std::string&) { return false; });
  CHECK(answer.find("Content-Encoding: gzip") != std::string::npos);
  CHECK(answer.size() < 2000);
}

TEST_CASE("an event stream sends what comes about, and signs of life between") {
  const Running running;
  const Client client(running.server->port());
  client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.receive_until(": ping").find("200 OK") != std::string::npos);
  running.application.events->publish("data: 1\n\n");
  CHECK(client.receive_until("data: 1").find("data: 1") != std::string::npos);
}

TEST_CASE("the server stops with connections open") {
  Running running;
  const Client idle(running.server->port());
  const Client events(running.server->port());
  events.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_FALSE(events.receive_until("200 OK").empty());
  running.server->stop();
  CHECK(idle.receive([](const std::string&) { return false; }).empty());
}
