#include "transport/http/connection.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <utility>

#include "transport/http/compression.hpp"

namespace consilium::http {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 256U << 10U;
// A range of at most this is read before the head is sent, so that a failed read is still a proper
// answer.
constexpr std::uint64_t range_bytes_whole = 1U << 20U;
// A body that the handler left unread is taken to its end up to here; past it the connection is
// closed.
constexpr std::uint64_t drained_bytes_max = 1U << 20U;
constexpr std::int64_t linger_ms = 5'000;
constexpr std::uint64_t lingered_bytes_max = 64U << 20U;

using Parser = bhttp::request_parser<bhttp::buffer_body>;

Request request_of(const Parser& parser, std::string_view remote_address, bool secure) {
  const auto& head = parser.get();
  Request request;
  request.method = method_named({head.method_string().data(), head.method_string().size()});
  const std::string_view target{head.target().data(), head.target().size()};
  request.path = target.substr(0, target.find('?'));
  for (const auto& field : head) {
    request.headers.push_back({std::string(field.name_string().data(), field.name_string().size()),
                               std::string(field.value().data(), field.value().size())});
  }
  request.remote_address = remote_address;
  request.secure = secure;
  return request;
}

std::string_view query_of(const Parser& parser) {
  const std::string_view target{parser.get().target().data(), parser.get().target().size()};
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

std::chrono::milliseconds milliseconds(std::int64_t ms) { return std::chrono::milliseconds(ms); }

// Runs a function on a worker; the coroutine goes on on the input thread.
template <class Work>
asio::awaitable<void> on_worker(asio::thread_pool& workers, Work& work) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [&workers, &work](auto handler) {
        asio::post(workers, [&work, handler = std::move(handler)]() mutable {
          work();
          const auto executor = asio::get_associated_executor(handler);
          asio::post(executor, std::move(handler));
        });
      },
      asio::use_awaitable);
}

template <class Stream>
class Connection final : public OpenConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Connections& state, Stream stream, std::string remote_address)
      : state_(state),
        stream_(std::move(stream)),
        remote_address_(std::move(remote_address)),
        timer_(state.io) {
    state_.open.insert(this);
  }
  ~Connection() override { state_.open.erase(this); }

  void close() override {
    timer_.cancel();
    beast::get_lowest_layer(stream_).close();
  }
  void close_idle() override {
    if (!busy_) close();
  }

  // Holds the connection alive by its own argument.
  static asio::awaitable<void> run(std::shared_ptr<Connection> self) {
    if constexpr (secure) {
      self->expire_after(self->state_.options.head_timeout_ms);
      const auto [error] =
          co_await self->stream_.async_handshake(asio::ssl::stream_base::server, as_pair);
      if (error) co_return;
    }
    bool keep = true;
    while (keep && !self->state_.stopping) keep = co_await self->serve_one();
    if constexpr (secure) {
      self->expire_after(1000);
      co_await self->stream_.async_shutdown(as_pair);
    }
    beast::error_code ignored;
    beast::get_lowest_layer(self->stream_).socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (self->parser_ && !self->parser_->is_done()) co_await self->linger();
  }

 private:
  static constexpr bool secure = !std::is_same_v<Stream, beast::tcp_stream>;

  void expire_after(std::int64_t ms) {
    beast::get_lowest_layer(stream_).expires_after(milliseconds(ms));
  }

  // The sender of a body that was refused reads the answer only when it has sent; closing at once
  // would take the answer from it. So what still comes is read and dropped, for a while.
  asio::awaitable<void> linger() {
    expire_after(linger_ms);
    Bytes sink(piece_bytes);
    std::uint64_t dropped = 0;
    while (dropped < lingered_bytes_max) {
      const auto [error, count] = co_await beast::get_lowest_layer(stream_).async_read_some(
          asio::buffer(sink.data(), sink.size()), as_pair);
      if (error) co_return;
      dropped += count;
    }
  }

  // One request and its answer. False: the connection is to be closed.
  asio::awaitable<bool> serve_one() {
    parser_.emplace();
    parser_->header_limit(state_.options.header_bytes_max);
    parser_->body_limit(
        boost::none);  // the route's limit is checked below, when the route is known
    busy_ = false;
    // Waiting for the first byte of a request may take long, the rest of its head may not.
    if (buffer_.size() == 0) {
      expire_after(state_.options.idle_timeout_ms);
      const auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), as_pair);
      if (error) co_return false;
      buffer_.commit(count);
    }
    busy_ = true;
    expire_after(state_.options.head_timeout_ms);
    const auto [error, count] =
        co_await bhttp::async_read_header(stream_, buffer_, *parser_, as_pair);
    static_cast<void>(count);
    if (error == bhttp::error::header_limit) {
      co_return co_await refuse_head(431, ErrorCode::TooLarge,
                                     "the head of the request is too long");
    }
    if (error && error.category() == bhttp::make_error_code(bhttp::error::bad_method).category() &&
        error != bhttp::error::end_of_stream && error != bhttp::error::partial_message) {
      co_return co_await refuse_head(400, ErrorCode::InvalidInput,
                                     "the head of the request is broken");
    }
    if (error) co_return false;
    co_return co_await answer_request();
  }

  asio::awaitable<bool> answer_request() {
    Request request = request_of(*parser_, remote_address_, secure);
    auto query = parse_query(query_of(*parser_));
    if (!query) co_return co_await refuse(400, query.error());
    request.query = std::move(*query);
    is_head_ = request.method == Method::Head;
    keep_alive_ = parser_->keep_alive();

    plan_ = state_.application.plan(request);
    body_bytes_ = 0;
    const auto length = parser_->content_length();
    if (length && *length > plan_.bytes_max) co_return co_await refuse_size();
    if (state_.waiting.load() >= state_.options.waiting_max) {
      co_return co_await refuse_head(503, ErrorCode::Unavailable, "the server has too much to do");
    }
    if (equal_ignoring_case(request.header("expect"), "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      expire_after(state_.options.write_timeout_ms);
      const auto [error, count] =
          co_await asio::async_write(stream_, asio::buffer(go_on.data(), go_on.size()), as_pair);
      static_cast<void>(count);
      if (error) co_return false;
    }
    if (!plan_.streamed) {
      const Status read = co_await read_whole(request.body);
      if (!read && read.error().code == ErrorCode::TooLarge) co_return co_await refuse_size();
      if (!read) co_return false;
    }
    co_await handle(request);
    const bool drained = co_await drain();
    keep_alive_ = keep_alive_ && drained;
    co_return co_await send();
  }

  asio::awaitable<void> handle(Request& request) {
    StreamedBody body(*this);
    if (plan_.streamed) request.stream = &body;
    auto work = [&] {
      response_ = state_.application.handle(request);
      finish(request, response_);
    };
    state_.waiting.fetch_add(1);
    co_await on_worker(state_.workers, work);
    state_.waiting.fetch_sub(1);
  }

  // On the worker: what an answer needs beside the handler.
  void finish(const Request& request, Response& response) {
    if (const auto* range = std::get_if<RangeBody>(&response.body);
        range && range->length <= range_bytes_whole) {
      std::string text(range->length, '\0');
      const Status read =
          range->source->read(range->offset, std::as_writable_bytes(std::span(text)));
      if (read) {
        response.body = std::move(text);
      } else {
        response = state_.application.refuse(http_status(read.error().code), read.error());
      }
    }
    compress_if_asked(request, response);
  }

  // Body bytes into `out` until it is full or the body ends.
  asio::awaitable<Result<std::size_t>> read_body(std::span<std::byte> out) {
    if (parser_->is_done() || out.empty()) co_return std::size_t{0};
    parser_->get().body().data = out.data();
    parser_->get().body().size = out.size();
    expire_after(state_.options.body_timeout_ms);
    const auto [error, count] = co_await bhttp::async_read(stream_, buffer_, *parser_, as_pair);
    static_cast<void>(count);
    if (error && error != bhttp::error::need_buffer) {
      if (error == beast::error::timeout) {
        co_return fail(ErrorCode::Unavailable, "the sender was silent for too long", "",
                       "send it again");
      }
      co_return fail(ErrorCode::InvalidInput, "the sender broke off", "", "send it again");
    }
    const std::size_t got = out.size() - parser_->get().body().size;
    body_bytes_ += got;
    if (body_bytes_ > plan_.bytes_max) {
      co_return fail(ErrorCode::TooLarge, "the body is larger than this route takes");
    }
    co_return got;
  }

  asio::awaitable<Status> read_whole(std::string& body) {
    while (!parser_->is_done()) {
      const std::size_t at = body.size();
      const std::uint64_t left = parser_->content_length_remaining().value_or(piece_bytes);
      body.resize(at + std::min<std::size_t>(std::max<std::uint64_t>(left, 1), piece_bytes));
      const Result<std::size_t> got =
          co_await read_body(std::as_writable_bytes(std::span(body).subspan(at)));
      if (!got) co_return std::unexpected(got.error());
      body.resize(at + *got);
    }
    co_return Status{};
  }

  // Takes what the handler left of the body. False when that is too much.
  asio::awaitable<bool> drain() {
    std::uint64_t drained = 0;
    Bytes sink;
    while (!parser_->is_done()) {
      if (parser_->content_length_remaining().value_or(0) > drained_bytes_max ||
          drained > drained_bytes_max) {
        co_return false;
      }
      sink.resize(piece_bytes);
      const Result<std::size_t> got = co_await read_body(sink);
      if (!got) co_return false;
      drained += *got;
    }
    co_return true;
  }

  // Coroutines here take nothing by value that owns memory: g++ 12 destroys such a parameter twice.
  asio::awaitable<bool> refuse(int status, const Error& error) {
    keep_alive_ = false;
    response_ = state_.application.refuse(status, error);
    return send();
  }
  asio::awaitable<bool> refuse_head(int status, ErrorCode code, std::string_view what) {
    return refuse(status, {code, std::string(what), {}, {}});
  }
  asio::awaitable<bool> refuse_size() {
    return refuse(413, {ErrorCode::TooLarge, "the body is larger than this route takes",
                        fmt::format("at most {} bytes", plan_.bytes_max), "send less at once"});
  }

  // The status line and headers; the body's length is the caller's to set.
  template <class Message>
  void set_head(Message& message, const Response& response) const {
    message.version(11);
    message.result(static_cast<unsigned>(response.status));
    for (const Header& header : response.headers) message.insert(header.name, header.value);
    message.keep_alive(keep_alive_ && !state_.stopping);
  }

  asio::awaitable<bool> send() {
    const Response& response = response_;
    if (const auto* events = std::get_if<std::shared_ptr<EventStream>>(&response.body);
        events && !is_head_) {
      const std::shared_ptr<EventStream> stream = *events;
      co_await send_events(response, *stream);
      co_return false;
    }
    if (const auto* range = std::get_if<RangeBody>(&response.body)) {
      const RangeBody body = *range;
      co_return co_await send_range(response, body);
    }
    std::string_view text;
    if (const auto* own = std::get_if<std::string>(&response.body)) text = *own;
    if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body))
      text = **shared;
    bhttp::response<bhttp::span_body<const char>> message;
    set_head(message, response);
    // RFC 9110, 8.6: no Content-Length on 204, and none that is wrong on 304.
    if (response.status != 204 && response.status != 304) message.content_length(text.size());
    if (!is_head_) message.body() = {text.data(), text.size()};
    expire_after(state_.options.write_timeout_ms);
    bhttp::response_serializer<bhttp::span_body<const char>> serializer(message);
    bool sent = false;
    if (is_head_) {
      const auto [error, count] = co_await bhttp::async_write_header(stream_, serializer, as_pair);
      static_cast<void>(count);
      sent = !error;
    } else {
      const auto [error, count] = co_await bhttp::async_write(stream_, serializer, as_pair);
      static_cast<void>(count);
      sent = !error;
    }
    co_return sent&& message.keep_alive();
  }

  asio::awaitable<bool> send_range(const Response& response, const RangeBody& body) {
    bhttp::response<bhttp::empty_body> message;
    set_head(message, response);
    message.content_length(body.length);
    if (!co_await send_head(message)) co_return false;
    if (is_head_) co_return message.keep_alive();
    Bytes piece;
    for (std::uint64_t sent = 0; sent < body.length; sent += piece.size()) {
      piece.resize(std::min<std::uint64_t>(piece_bytes, body.length - sent));
      Status read;
      auto work = [&] { read = body.source->read(body.offset + sent, piece); };
      co_await on_worker(state_.workers, work);
      if (!read) co_return false;  // the head is sent: only breaking off can tell
      expire_after(state_.options.write_timeout_ms);
      const auto [error, count] =
          co_await asio::async_write(stream_, asio::buffer(piece.data(), piece.size()), as_pair);
      static_cast<void>(count);
      if (error) co_return false;
    }
    co_return message.keep_alive();
  }

  template <class Message>
  asio::awaitable<bool> send_head(Message& message) {
    bhttp::response_serializer<bhttp::empty_body> serializer(message);
    expire_after(state_.options.write_timeout_ms);
    const auto [error, count] = co_await bhttp::async_write_header(stream_, serializer, as_pair);
    static_cast<void>(count);
    co_return !error;
  }

  asio::awaitable<bool> send_text(std::string_view text) {
    expire_after(state_.options.write_timeout_ms);
    const auto [error, count] =
        co_await asio::async_write(stream_, asio::buffer(text.data(), text.size()), as_pair);
    static_cast<void>(count);
    co_return !error;
  }

  // A reader that does not take a piece within the write timeout is dropped; the stream's source
  // never waits for it.
  asio::awaitable<void> send_events(const Response& response, EventStream& events) {
    keep_alive_ = false;
    bhttp::response<bhttp::empty_body> message;
    set_head(message, response);
    if (!co_await send_head(message)) co_return;
    busy_ = false;  // a stop need not wait for it
    const std::weak_ptr<Connection> weak = this->weak_from_this();
    events.on_ready([weak, &io = state_.io] {
      asio::post(io, [weak] {
        if (const auto self = weak.lock()) {
          self->ready_ = true;
          self->timer_.cancel();
        }
      });
    });
    bool open = true;
    while (open && !state_.stopping) {
      ready_ = false;
      std::optional<std::string> text;
      auto work = [&] { text = events.take(); };
      co_await on_worker(state_.workers, work);
      if (!text) break;
      if (!text->empty()) {
        open = co_await send_text(*text);
      } else if (!ready_) {
        beast::get_lowest_layer(stream_).expires_never();
        timer_.expires_after(milliseconds(state_.options.ping_ms));
        const auto [cancelled] = co_await timer_.async_wait(as_pair);
        if (!cancelled) open = co_await send_text(": ping\n\n");
      }
    }
    events.on_ready({});
  }

  // The worker's end of a streamed body: asks the input thread for the next piece and waits.
  class StreamedBody final : public BodyReader {
   public:
    explicit StreamedBody(Connection& connection) : connection_(connection) {}
    Result<std::size_t> read(std::span<std::byte> out) override {
      try {
        return asio::co_spawn(connection_.state_.io, connection_.read_body(out), asio::use_future)
            .get();
      } catch (const std::exception&) {
        return fail(ErrorCode::Unavailable, "the connection was lost");
      }
    }

   private:
    Connection& connection_;
  };

  Connections& state_;
  Stream stream_;
  const std::string remote_address_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  BodyPlan plan_;
  Response response_;
  std::uint64_t body_bytes_ = 0;
  bool is_head_ = false;
  bool keep_alive_ = true;
  bool busy_ = false;
  bool ready_ = false;
};

}  // namespace

void begin_connection(Connections& state, TcpSocket socket, asio::ssl::context* tls) {
  beast::error_code error;
  socket.set_option(tcp::no_delay(true), error);
  const auto remote = socket.remote_endpoint(error);
  if (error || state.open.size() >= state.options.connection_count_max) return;
  const std::string address = remote.address().to_string();
  const auto spawn = [&state](auto connection) {
    using Type = typename decltype(connection)::element_type;
    asio::co_spawn(state.io, Type::run(connection), asio::detached);
  };
  if (tls != nullptr) {
    using Stream = beast::ssl_stream<beast::tcp_stream>;
    spawn(std::make_shared<Connection<Stream>>(
        state, Stream(beast::tcp_stream(std::move(socket)), *tls), address));
  } else {
    using Stream = beast::tcp_stream;
    spawn(std::make_shared<Connection<Stream>>(state, Stream(std::move(socket)), address));
  }
}

}  // namespace consilium::http
