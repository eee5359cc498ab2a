// One connection: its requests read, handed to workers and answered, one after another, until it is
// closed. Used inside this module.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <set>

#include "transport/http/server.hpp"

namespace consilium::http {

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
  Connections(const ServerOptions& given, Application& handler)
      : options(given), application(handler), workers(given.worker_count) {}

  const ServerOptions options;
  Application& application;
  boost::asio::io_context io{1};
  boost::asio::thread_pool workers;
  std::atomic<std::size_t> waiting{0};  // requests given to the workers and not yet answered
  // Only on the input thread.
  std::set<OpenConnection*> open;
  bool stopping = false;
};

// Serves the socket on the input thread, with TLS where there is a context for it. One connection
// too many is closed at once.
void begin_connection(Connections& connections, boost::asio::ip::tcp::socket socket,
                      boost::asio::ssl::context* tls);

}  // namespace consilium::http
