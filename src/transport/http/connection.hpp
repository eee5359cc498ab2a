// One connection: its requests read, handed to workers and answered, one after another, until it is
// closed. Used inside this module.
#pragma once

#include <atomic>
#include <cstddef>
#include <set>

#include "transport/http/server.hpp"

// As Boost.Asio declares them: its headers stay in the .cpp files.
namespace boost::asio {
class any_io_executor;
class io_context;
class thread_pool;
template <typename Protocol, typename Executor>
class basic_stream_socket;
namespace ip {
class tcp;
}
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace consilium::http {

using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::any_io_executor>;

class OpenConnection {
 public:
  OpenConnection() = default;
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;
  virtual ~OpenConnection() = default;
  virtual void close() = 0;       // at once
  virtual void close_idle() = 0;  // when no request is under way
};

// What all connections of a server share.
struct Connections {
  Connections(const ServerOptions& given, Application& handler, boost::asio::io_context& input,
              boost::asio::thread_pool& pool)
      : options(given), application(handler), io(input), workers(pool) {}

  const ServerOptions options;
  Application& application;
  boost::asio::io_context& io;
  boost::asio::thread_pool& workers;
  std::atomic<std::size_t> waiting{0};  // requests given to the workers and not yet answered
  // Only on the input thread.
  std::set<OpenConnection*> open;
  bool stopping = false;
};

// Serves the socket on the input thread, with TLS where there is a context for it. One connection
// too many is closed at once.
void begin_connection(Connections& connections, TcpSocket socket, boost::asio::ssl::context* tls);

}  // namespace consilium::http
