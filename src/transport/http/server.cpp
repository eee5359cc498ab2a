#include "transport/http/server.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "transport/http/connection.hpp"

namespace consilium::http {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using SystemError = boost::system::error_code;

// Listening; what is accepted is `connections`' business.
struct Server::State {
  State(const ServerOptions& given, Application& handler)
      : workers(given.worker_count),
        connections(given, handler, io, workers),
        acceptor(io),
        stop_timer(io) {}

  asio::io_context io{1};
  asio::thread_pool workers;
  Connections connections;
  // Keeps the input thread until `stop` has seen the last connection end.
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> keep_running{
      asio::make_work_guard(io)};
  tcp::acceptor acceptor;
  asio::steady_timer stop_timer;
  std::optional<asio::ssl::context> tls;
  std::thread io_thread;
};

namespace {

template <class ServerState>
asio::awaitable<void> accept_connections(ServerState& state) {
  constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);
  while (state.acceptor.is_open()) {
    auto [error, socket] = co_await state.acceptor.async_accept(as_pair);
    if (!error) {
      begin_connection(state.connections, std::move(socket), state.tls ? &*state.tls : nullptr);
    } else if (state.acceptor.is_open()) {  // out of descriptors: wait for some to be freed
      asio::steady_timer pause(state.io, std::chrono::milliseconds(50));
      co_await pause.async_wait(as_pair);
    }
  }
}

Result<asio::ssl::context> tls_context(const TlsFiles& files) {
  try {
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
    context.use_certificate_chain_file(files.certificate.string());
    context.use_private_key_file(files.key.string(), asio::ssl::context::pem);
    return context;
  } catch (const std::exception& error) {
    return fail(ErrorCode::InvalidInput, "the certificate or its key cannot be used", error.what(),
                "give PEM files that belong together");
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                              Application& application) {
  auto state = std::make_unique<State>(options, application);
  if (options.tls) state->tls.emplace(CSL_TRY(tls_context(*options.tls)));
  SystemError error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    return fail(ErrorCode::InvalidInput, "the address to listen on is no IP address",
                options.address);
  const tcp::endpoint endpoint(address, options.port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(
        ErrorCode::Unavailable, "the address to listen on cannot be bound: " + error.message(),
        fmt::format("{}:{}", options.address, options.port), "choose another port with --listen");
  }
  asio::co_spawn(state->io, accept_connections(*state), asio::detached);
  State* raw = state.get();
  state->io_thread = std::thread([raw] { raw->io.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { stop(); }

std::uint16_t Server::port() const {
  SystemError error;
  return state_->acceptor.local_endpoint(error).port();
}

void Server::stop() {
  if (!state_->io_thread.joinable()) return;
  asio::post(state_->io, [state = state_.get()] {
    state->connections.stopping = true;
    SystemError ignored;
    state->acceptor.close(ignored);
    for (OpenConnection* connection : state->connections.open) connection->close_idle();
    if (state->connections.open.empty()) return;
    // What is still under way then is cut off.
    state->stop_timer.expires_after(
        std::chrono::milliseconds(state->connections.options.stop_timeout_ms));
    state->stop_timer.async_wait([state](const SystemError& cancelled) {
      if (cancelled) return;
      for (OpenConnection* connection : state->connections.open) connection->close();
    });
  });
  while (true) {
    std::promise<bool> promise;
    auto done = promise.get_future();
    asio::post(state_->io, [state = state_.get(), &promise] {
      promise.set_value(state->connections.open.empty());
    });
    if (done.get()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  asio::post(state_->io, [state = state_.get()] {
    state->stop_timer.cancel();
    state->keep_running.reset();
  });
  state_->io_thread.join();
  state_->workers.join();
}

}  // namespace consilium::http
