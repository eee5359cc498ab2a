// multipart/related (RFC 2387, RFC 2046 5.1) as a stream, both ways: parts of any size pass through
// a window of a few hundred kilobytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium::dicomweb {

// The boundary parameter of a Content-Type. Errors: Unsupported when it is no multipart/related of
// DICOM parts; InvalidInput when the boundary is missing or none.
[[nodiscard]] Result<std::string> boundary_of(std::string_view content_type);

struct PartHead {
  std::string content_type;  // empty when the part has none
  std::string location;
};

class MultipartReader {
 public:
  // Fills the span from the front, tells how much; 0 at the end.
  using Source = std::function<Result<std::size_t>(std::span<std::byte>)>;
  MultipartReader(Source source, std::string_view boundary);

  // The head of the next part, what is left of the one before passed over; nothing after the last.
  // Errors: those of the source; InvalidInput, with the byte, on a message that ends before its
  // last boundary, on no boundary in the first 64 KiB, on heads of more than 16 KiB or 64 lines.
  [[nodiscard]] Result<std::optional<PartHead>> next();
  // The part's bytes; 0 at its end. Errors as `next`.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out);

 private:
  [[nodiscard]] Status fill(std::size_t wanted);
  [[nodiscard]] std::size_t available() const { return buffer_.size() - at_; }
  [[nodiscard]] std::string_view window() const;
  void take(std::size_t count);
  [[nodiscard]] Result<std::string> line();
  [[nodiscard]] Result<PartHead> head();
  // How many of the window's bytes are the part's for certain, and whether its end follows them.
  struct Span {
    std::size_t count = 0;
    bool ends = false;
  };
  [[nodiscard]] Span part_span() const;

  Source source_;
  std::string delimiter_;  // CR LF, two dashes, boundary
  Bytes buffer_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;  // of the window in the message
  bool source_ended_ = false;
  enum class State { Begin, InPart, Done } state_ = State::Begin;
};

struct OutgoingPart {
  std::string content_type;
  std::string location;  // may be empty
  std::shared_ptr<const ByteSource> bytes;
};
// The message of these parts; its size is known before a byte of them is read.
[[nodiscard]] std::shared_ptr<const ByteSource> multipart_message(std::vector<OutgoingPart> parts,
                                                                  std::string_view boundary);

}  // namespace consilium::dicomweb
