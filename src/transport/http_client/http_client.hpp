// Asks another server over HTTP/1.1, where the site names one: one request on a connection of its
// own, on the caller's thread. Beyond this machine only over TLS 1.2 or later, the certificate
// checked against the authorities and the host's name (RFC 9110, 4.3.4). No redirect is followed:
// it could lead a token elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::http {

struct ClientOptions {
  std::string base_url;  // "https://terms.example/fhir"; what is asked lies below it
  std::filesystem::path authorities = {};  // PEM; empty: those that the system trusts
  std::string bearer_token = {};           // sent with every request; empty: none
  std::int64_t timeout_ms = 5'000;         // of all that a request takes once the name is resolved
  std::uint64_t answer_bytes_max = 16U << 20U;
};

class Client {
 public:
  // Errors: InvalidInput when the base is no such URL, is plain HTTP to another machine than this
  // one, or holds a user or a query; and when the authorities cannot be read.
  [[nodiscard]] static Result<Client> make(ClientOptions options);

  // The body of the answer to a POST below the base. `path` begins with '/'.
  // Errors: Unavailable when no one answers in time, the certificate does not hold, or the answer's
  // status is 429 or from 500; NotFound and InvalidInput for 404 and the others that are not 2xx;
  // TooLarge. The body of an error is not looked at.
  [[nodiscard]] Result<std::string> post(std::string_view path, const std::string& body,
                                         std::string_view content_type) const;

  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  ClientOptions options_;
  std::string host_;
  std::string port_;
  std::string base_path_;
  bool is_tls_ = true;
};

}  // namespace consilium::http
