#include "transport/dimse/node.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/child_process.hpp"
#include "transport/dimse/desk.hpp"

namespace consilium::dimse {
namespace {

constexpr std::size_t association_count_max = 64;
constexpr int waiting_connections_max = 64;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Result<Descriptor> listen_at(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return fail(ErrorCode::InvalidInput, "the DICOM address is not an IP address", address,
                "write listen: 127.0.0.1:11112");
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (socket.get() < 0 || bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.get(), waiting_connections_max) != 0) {
    return fail(ErrorCode::Unavailable, "the DICOM port cannot be had",
                address + ":" + std::to_string(port), "is another program listening there?");
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const bool is_6 = address.ss_family == AF_INET6;
  return ntohs(is_6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                    : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string text_of(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  const bool is_known = getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, text.data(),
                                    text.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  return is_known ? text.data() : "";
}

std::vector<std::string> helper_words(const NodeSettings& settings, bool sends) {
  std::vector<std::string> words{"dimse"};
  if (sends) words.emplace_back("--send");
  if (!settings.certificate.empty()) {
    words.insert(words.end(),
                 {"--certificate", settings.certificate.string(), "--key", settings.key.string()});
  }
  if (!settings.peer_certificates.empty()) {
    words.insert(words.end(), {"--peer-certificates", settings.peer_certificates.string()});
  }
  return words;
}

}  // namespace

struct Node::State {
  NodeSettings settings;
  NodeTools tools;
  Descriptor listener;
  Descriptor stop_signal;
  std::unique_ptr<Clerk> clerk;
  std::optional<Office> office;

  // A helper that is ready before a peer comes saves each association 30 ms.
  std::mutex mutex;
  std::optional<ChildProcess> spare;

  struct Served {
    std::jthread thread;
    std::atomic<bool> is_over = false;
    std::atomic<int> connection = -1;  // shut down to end it
  };
  std::list<Served> served;  // of the accepting thread alone, until that has ended
  std::jthread acceptor;

  Result<ChildProcess> start_helper(bool sends) {
    ChildProcess helper = CSL_TRY(ChildProcess::start(tools.program, helper_words(settings, sends),
                                                      ChildProcess::SocketKind::Stream));
    Message ready;
    if (!receive(helper.socket(), ready) || ready.op != Op::Ready) {
      return fail(ErrorCode::Unavailable, "the DICOM helper process could not be set up", "",
                  "check certificate, key and peer_certificates, and that seccomp is there");
    }
    return helper;
  }

  Result<ChildProcess> take_helper() {
    {
      const std::scoped_lock lock(mutex);
      if (spare) {
        ChildProcess helper = std::move(*spare);
        spare.reset();
        return helper;
      }
    }
    return start_helper(false);
  }

  void make_spare() {
    auto helper = start_helper(false);
    const std::scoped_lock lock(mutex);
    if (helper && !spare) spare.emplace(std::move(*helper));
  }

  void serve_connection(Descriptor connection, const std::string& address) {
    auto helper = take_helper();
    if (!helper) return;  // the peer sees its connection closed and tries again
    const bool is_sent =
        send(helper->socket(), {.op = Op::Connection, .status = 0, .words = {}, .body = {}},
             connection.get());
    connection = Descriptor();  // the helper's alone now
    if (!is_sent) return;
    make_spare();
    Desk desk(*office, address);
    desk.serve(helper->socket());
  }

  void drop_ended() {
    served.remove_if([](const Served& each) { return each.is_over.load(); });
  }

  void accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    Descriptor connection(
        accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC));
    drop_ended();
    if (connection.get() < 0 || served.size() >= association_count_max) return;
    Served& entry = served.emplace_back();
    // A copy of the descriptor stays here, so that stopping can end what the helper waits for.
    entry.connection = fcntl(connection.get(), F_DUPFD_CLOEXEC, 0);
    entry.thread = std::jthread(
        [this, &entry, peer = text_of(address, size), shared = std::move(connection)]() mutable {
          serve_connection(std::move(shared), peer);
          const Descriptor copy(entry.connection.exchange(-1));
          entry.is_over = true;
        });
  }

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::array<pollfd, 2> waits{{{.fd = listener.get(), .events = POLLIN, .revents = 0},
                                   {.fd = stop_signal.get(), .events = POLLIN, .revents = 0}}};
      if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
      if ((waits[0].revents & POLLIN) != 0) accept_one();
    }
  }

  // A new association to the peer, for a report.
  void report(const Peer& peer, const std::vector<std::string>& words) {
    if (peer.address.empty() || peer.port == 0) return;  // there is nowhere to send it
    auto helper = start_helper(true);
    const Message begin{
        .op = Op::Begin,
        .status = 0,
        .words = {settings.ae_title, peer.ae_title, peer.address + ":" + std::to_string(peer.port),
                  "1.2.840.10008.1.20.1", "1.2.840.10008.1.2"},
        .body = {}};
    if (!helper || !send(helper->socket(), begin)) return;
    bool is_sent = false;
    for (Message next; receive(helper->socket(), next) && next.op == Op::Next; is_sent = true) {
      const Message answer{.op = Op::Reply,
                           .status = 0,
                           .words = is_sent ? std::vector<std::string>() : words,
                           .body = {}};
      if (!send(helper->socket(), answer)) return;
    }
  }
};

Node::Node(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Node>> Node::start(NodeSettings settings, NodeTools tools) {
  auto state = std::make_unique<State>(std::move(settings), std::move(tools));
  State& it = *state;
  std::vector<KnownPeer> peers;
  for (const Peer& peer : it.settings.peers) {
    peers.push_back({.settings = peer, .project = CSL_TRY(it.tools.project_named(peer.project))});
  }
  CSL_TRY(it.tools.inbox.resume());
  it.listener = CSL_TRY(listen_at(it.settings.address, it.settings.port));
  it.stop_signal = Descriptor(eventfd(0, EFD_CLOEXEC));
  it.spare.emplace(CSL_TRY(it.start_helper(false)));
  it.clerk = std::make_unique<Clerk>(
      it.tools.inbox,
      [&it](const Peer& peer, const std::vector<std::string>& words) { it.report(peer, words); });
  it.office.emplace(Office{.ae_title = it.settings.ae_title,
                           .peers = std::move(peers),
                           .inbox = it.tools.inbox,
                           .clerk = *it.clerk,
                           .web = it.tools.web,
                           .start_sender = [&it] { return it.start_helper(true); }});
  it.acceptor = std::jthread([&it](const std::stop_token& stop) { it.accept_all(stop); });
  return std::unique_ptr<Node>(new Node(std::move(state)));
}

Node::~Node() {
  state_->acceptor.request_stop();
  eventfd_write(state_->stop_signal.get(), 1);
  state_->acceptor.join();
  for (State::Served& each : state_->served) {
    const Descriptor copy(each.connection.exchange(-1));
    if (copy.get() >= 0) ::shutdown(copy.get(), SHUT_RDWR);
  }
  state_->served.clear();  // joins
}

std::uint16_t Node::port() const { return port_of(state_->listener.get()); }

}  // namespace consilium::dimse
