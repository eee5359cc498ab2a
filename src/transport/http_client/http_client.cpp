#include "transport/http_client/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace consilium::http {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

using Question = bhttp::request<bhttp::string_body>;
using Answer = bhttp::response<bhttp::string_body>;

std::unexpected<Error> no_base(const std::string& base, const char* what) {
  return fail(ErrorCode::InvalidInput, what, base, "write it like https://terms.example/fhir");
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

asio::ssl::context tls_context(const std::filesystem::path& authorities) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
  context.set_verify_mode(asio::ssl::verify_peer);
  if (authorities.empty()) {
    context.set_default_verify_paths();
  } else {
    context.load_verify_file(authorities.string());
  }
  return context;
}

template <class Stream>
asio::awaitable<Answer> exchanged(Stream& stream, const Question& question,
                                  std::uint64_t bytes_max) {
  co_await bhttp::async_write(stream, question, asio::use_awaitable);
  beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::string_body> parser;
  parser.body_limit(bytes_max);
  co_await bhttp::async_read(stream, buffer, parser, asio::use_awaitable);
  co_return parser.release();
}

struct Peer {
  std::string host;
  std::string port;
  bool is_tls = true;
  std::filesystem::path authorities;
  std::chrono::milliseconds timeout{};
  std::uint64_t bytes_max = 0;
};

asio::awaitable<Answer> ask(asio::io_context& io, const Peer& peer, const Question& question) {
  tcp::resolver resolver(io);
  const auto places = co_await resolver.async_resolve(peer.host, peer.port, asio::use_awaitable);
  if (!peer.is_tls) {
    beast::tcp_stream stream(io);
    stream.expires_after(peer.timeout);
    co_await stream.async_connect(places, asio::use_awaitable);
    co_return co_await exchanged(stream, question, peer.bytes_max);
  }
  asio::ssl::context context = tls_context(peer.authorities);
  beast::ssl_stream<beast::tcp_stream> stream(io, context);
  // Servers that stand behind one address choose their certificate by this name (RFC 6066, 3).
  // SSL_set_tlsext_host_name is this with a cast of C.
  std::string name = peer.host;
  if (SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               name.data()) != 1) {
    throw std::runtime_error("the host's name cannot be sent");
  }
  stream.set_verify_callback(asio::ssl::host_name_verification(peer.host));
  beast::get_lowest_layer(stream).expires_after(peer.timeout);
  co_await beast::get_lowest_layer(stream).async_connect(places, asio::use_awaitable);
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_return co_await exchanged(stream, question, peer.bytes_max);
}

}  // namespace

Result<Client> Client::make(ClientOptions options) {
  Client made;
  std::string_view rest = options.base_url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    made.is_tls_ = false;
  } else {
    return no_base(options.base_url, "the server's address is no URL of http or https");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  made.base_path_ = rest.substr(slash);
  while (made.base_path_.ends_with('/')) made.base_path_.pop_back();
  const bool is_plain = std::ranges::all_of(options.base_url, [](char c) {
    return c > ' ' && c < 0x7F && c != '@' && c != '?' && c != '#';
  });
  if (!is_plain)
    return no_base(options.base_url, "the server's address has a user, query or blank");
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  made.port_ = has_port ? authority.substr(colon + 1) : made.is_tls_ ? "443" : "80";
  if (has_port) authority = authority.substr(0, colon);
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  made.host_ = authority;
  const bool is_port = !made.port_.empty() && made.port_.size() <= 5 &&
                       std::ranges::all_of(made.port_, [](char c) { return c >= '0' && c <= '9'; });
  if (made.host_.empty() || !is_port) return no_base(options.base_url, "the address has no host");
  if (!made.is_tls_ && !is_this_machine(made.host_)) {
    return fail(ErrorCode::InvalidInput, "another machine is asked only over TLS", options.base_url,
                "write https");
  }
  if (made.is_tls_) {
    try {
      static_cast<void>(tls_context(options.authorities));
    } catch (const std::exception& problem) {
      return fail(ErrorCode::InvalidInput, "the authorities' certificates cannot be read",
                  options.authorities.string(), problem.what());
    }
  }
  made.options_ = std::move(options);
  return made;
}

Result<std::string> Client::post(std::string_view path, const std::string& body,
                                 std::string_view content_type) const {
  Question question(bhttp::verb::post, base_path_ + std::string(path), 11);
  question.set(bhttp::field::host, host_ + ":" + port_);
  question.set(bhttp::field::content_type, content_type);
  question.set(bhttp::field::accept, content_type);
  question.set(bhttp::field::user_agent, "consilium");
  question.set(bhttp::field::connection, "close");
  if (!options_.bearer_token.empty()) {
    question.set(bhttp::field::authorization, "Bearer " + options_.bearer_token);
  }
  question.body() = body;
  question.prepare_payload();
  const Peer peer{.host = host_,
                  .port = port_,
                  .is_tls = is_tls_,
                  .authorities = options_.authorities,
                  .timeout = std::chrono::milliseconds(options_.timeout_ms),
                  .bytes_max = options_.answer_bytes_max};
  asio::io_context io(1);
  Answer answer;
  std::string problem;
  bool is_too_large = false;
  // Whatever the library reports ends here, as a sentence.
  const auto took = [&](const std::exception_ptr& thrown, Answer got) {
    if (!thrown) {
      answer = std::move(got);
      return;
    }
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      is_too_large = error.code() == bhttp::error::body_limit;
      problem = error.code().message();
    } catch (const std::exception& error) {
      problem = error.what();
    }
  };
  asio::co_spawn(io, ask(io, peer, question), took);
  io.run();
  if (is_too_large) {
    return fail(ErrorCode::TooLarge, "the other server's answer is too long", host_,
                "ask for less at once");
  }
  if (!problem.empty()) {
    return fail(ErrorCode::Unavailable, "the other server does not answer", host_ + ": " + problem,
                "see whether it runs and whether its certificate holds");
  }
  const unsigned status = answer.result_int();
  if (status >= 200 && status < 300) return std::move(answer.body());
  const ErrorCode code = status == 429 || status >= 500 ? ErrorCode::Unavailable
                         : status == 404                ? ErrorCode::NotFound
                                                        : ErrorCode::InvalidInput;
  return fail(code, fmt::format("the other server answers {}", status), host_);
}

}  // namespace consilium::http
