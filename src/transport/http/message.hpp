// One HTTP request and its answer as plain values (RFC 9110), so that nothing but server.cpp knows
// the library that speaks the protocol, and a handler is tested without a socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium::http {

enum class Method { Get, Head, Put, Post, Delete, Other };
[[nodiscard]] std::string_view name_of(Method method);
[[nodiscard]] Method method_named(std::string_view name);
// RFC 9110, 9.2.1: does not ask the server to change anything.
[[nodiscard]] bool is_safe(Method method);

struct Header {
  std::string name;
  std::string value;
};

// A body as it arrives; the sender is held back while nobody reads. For one thread, a worker of the
// server.
class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;
  virtual ~BodyReader() = default;
  // Waits for at least one byte; 0 when the body has ended.
  // Errors: InvalidInput when the sender broke off, TooLarge past the route's limit, Unavailable
  // when it was silent for too long.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
};

struct Request {
  Method method = Method::Get;
  std::string path;  // as sent, still percent-encoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::vector<Header> headers;
  std::string body;  // when the route takes it whole
  BodyReader* stream =
      nullptr;  // when the route takes it in pieces; lives as long as the handler's call
  std::string remote_address;  // without the port
  bool secure = false;         // came over TLS

  // Names compare without case; the first counts. Empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
  [[nodiscard]] std::string_view cookie(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
};

// Server-sent events (WHATWG HTML, 9.2): text in pieces, as it comes about. The connection waits
// without holding a worker; `take` is called on a worker after `on_ready`'s function was.
class EventStream {
 public:
  EventStream() = default;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  virtual ~EventStream() = default;
  // What came about since the last call, as finished event-stream text; empty when nothing. No
  // value: the stream is over (signed out, or fell too far behind).
  [[nodiscard]] virtual std::optional<std::string> take() = 0;
  // `ready` may be called from any thread and must return at once. An empty function takes it away;
  // after that call returned, the former one is not called any more.
  virtual void on_ready(std::function<void()> ready) = 0;
};

struct RangeBody {
  std::shared_ptr<const ByteSource> source;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

using Body = std::variant<std::string, std::shared_ptr<const std::string>, RangeBody,
                          std::shared_ptr<EventStream>>;

struct Response {
  int status = 200;
  std::vector<Header> headers;
  Body body = std::string{};

  Response& with(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// "a=1&b=%20" decoded; "+" is a space. Errors: InvalidInput on a bad escape, on text that is not
// UTF-8 or holds NUL.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query);
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
// "image/webp" for "x.webp"; "application/octet-stream" when unknown.
[[nodiscard]] std::string_view media_type_of(std::string_view file_name);

// The one range of "bytes=0-99" within `size` (RFC 9110, 14.2): {offset, length}. No value when the
// header does not ask for one that we serve (several ranges, another unit): the whole is then
// answered. Errors: InvalidInput when it cannot be satisfied (416).
[[nodiscard]] Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>> parse_range(
    std::string_view header, std::uint64_t size);
// The source, or the range of it that the request asks for: 200, 206 or 416.
[[nodiscard]] Response range_response(const Request& request,
                                      std::shared_ptr<const ByteSource> source,
                                      std::string media_type);

}  // namespace consilium::http
