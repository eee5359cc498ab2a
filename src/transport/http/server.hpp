// The HTTP/1.1 server (RFC 9112), over TCP or TLS: one thread for input and output, a bounded pool
// of workers for handlers. A request is read by coroutines; its handler runs on a worker and may
// block; slow senders and slow readers hold a connection but never a worker, except while a handler
// itself waits for the next piece of a streamed body.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "transport/http/message.hpp"

namespace consilium::http {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, with its chain
  std::filesystem::path key;          // PEM
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any that is free
  std::optional<TlsFiles> tls = std::nullopt;
  std::size_t worker_count = 16;
  std::size_t waiting_max = 512;  // requests beyond that get 503 at once
  std::size_t connection_count_max = 2048;
  std::uint32_t header_bytes_max = 32U << 10U;
  std::int64_t idle_timeout_ms = 120'000;  // between requests
  std::int64_t head_timeout_ms =
      30'000;  // for a request's head, once begun, and for a TLS handshake
  std::int64_t body_timeout_ms = 60'000;   // between pieces of a body
  std::int64_t write_timeout_ms = 60'000;  // for a piece of an answer
  std::int64_t ping_ms = 15'000;           // between signs of life in an event stream
  std::int64_t stop_timeout_ms = 10'000;   // for requests under way when the server stops
};

// How the body of a request is taken, decided from its head.
struct BodyPlan {
  bool streamed = false;
  std::uint64_t bytes_max = 0;  // more is 413
};

class Application {
 public:
  Application() = default;
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  virtual ~Application() = default;
  // Called on the input thread: must return at once.
  [[nodiscard]] virtual BodyPlan plan(const Request& head) const = 0;
  // Called on a worker.
  [[nodiscard]] virtual Response handle(Request& request) = 0;
  // The answer to what never became a request: a broken head, too large a body, no free worker.
  [[nodiscard]] virtual Response refuse(int status, const Error& error) const = 0;
};

class Server {
 public:
  // Listens and serves at once. `application` must outlive the server.
  // Errors: Unavailable when the address cannot be bound, InvalidInput on a bad address,
  // certificate or key.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                             Application& application);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Ends as `stop` does.
  ~Server();
  [[nodiscard]] std::uint16_t port() const;
  // No new connections; requests under way are finished, event streams ended; then returns.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace consilium::http
