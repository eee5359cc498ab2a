#include "dimse/channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "codec/wire.hpp"

namespace consilium::dimse {
namespace {

constexpr std::uint64_t body_size_max = std::uint64_t{4} << 30U;
constexpr std::uint32_t words_size_max = 64U << 20U;
constexpr std::uint32_t word_count_max = 4'000'000;

struct Head {
  std::uint32_t op = 0;
  std::uint32_t status = 0;
  std::uint32_t word_count = 0;
  std::uint32_t words_size = 0;  // bytes: for each word u32 length, then its text
  std::uint64_t body_size = 0;
};

bool write_all(int socket, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::send(socket, at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

bool read_all(int socket, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t count = ::recv(socket, at, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

bool send(int socket, const Message& message, int descriptor) {
  std::string words;
  for (const std::string& word : message.words) {
    const auto size = static_cast<std::uint32_t>(word.size());
    words.append(reinterpret_cast<const char*>(&size), sizeof(size));
    words += word;
  }
  if (words.size() > words_size_max || message.words.size() > word_count_max) return false;
  const Head head{.op = static_cast<std::uint32_t>(message.op),
                  .status = message.status,
                  .word_count = static_cast<std::uint32_t>(message.words.size()),
                  .words_size = static_cast<std::uint32_t>(words.size()),
                  .body_size = message.body.size()};
  return wire::send_bytes(socket, &head, sizeof(head), descriptor) &&
         write_all(socket, words.data(), words.size()) &&
         write_all(socket, message.body.data(), message.body.size());
}

bool receive(int socket, Message& message, int* descriptor) {
  Head head;
  int came_along = -1;
  if (!wire::receive_bytes(socket, &head, sizeof(head), came_along)) return false;
  if (descriptor != nullptr) {
    *descriptor = came_along;
  } else if (came_along >= 0) {
    ::close(came_along);
  }
  if (head.body_size > body_size_max || head.words_size > words_size_max ||
      head.word_count > word_count_max) {
    return false;
  }
  std::string words(head.words_size, '\0');
  if (!read_all(socket, words.data(), words.size())) return false;
  message = {.op = static_cast<Op>(head.op), .status = head.status, .words = {}, .body = {}};
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < head.word_count; ++i) {
    std::uint32_t size = 0;
    if (words.size() - at < sizeof(size)) return false;
    std::memcpy(&size, words.data() + at, sizeof(size));
    at += sizeof(size);
    if (words.size() - at < size) return false;
    message.words.emplace_back(words, at, size);
    at += size;
  }
  message.body.resize(static_cast<std::size_t>(head.body_size));
  return read_all(socket, message.body.data(), message.body.size());
}

}  // namespace consilium::dimse
