#include "transport/dicomweb/multipart.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

using namespace consilium;
using namespace consilium::dicomweb;

namespace {

struct ReadPart {
  PartHead head;
  std::string body;
};

// The message handed out in pieces of so many bytes.
Result<std::vector<ReadPart>> read_message(std::string_view message, std::string_view boundary,
                                           std::size_t piece) {
  MultipartReader reader(
      [&message, piece](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t count = std::min({out.size(), message.size(), piece});
        if (count > 0) std::memcpy(out.data(), message.data(), count);
        message.remove_prefix(count);
        return count;
      },
      boundary);
  std::vector<ReadPart> parts;
  while (auto head = CSL_TRY(reader.next())) {
    ReadPart part{.head = std::move(*head), .body = {}};
    Bytes block(4093);
    while (const std::size_t count = CSL_TRY(reader.read(block))) {
      part.body += text_of(ByteView(block).first(count));
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

TEST_CASE("a message is read as it was written, whatever the pieces it comes in") {
  std::string large(300'000, 'x');
  large += "\r\n--bound";  // nearly the delimiter
  const std::vector<std::string> bodies{"one", "", "\r\n", "\r\n--boundar", large};
  std::vector<OutgoingPart> outgoing;
  for (const std::string& body : bodies) {
    outgoing.push_back({.content_type = "application/dicom",
                        .location = "/x",
                        .bytes = memory_source(to_bytes(body))});
  }
  const auto source = multipart_message(std::move(outgoing), "boundary");
  const Bytes message = read_all(*source, source->size()).value();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, SIZE_MAX}) {
    CAPTURE(piece);
    const auto parts = read_message(text_of(message), "boundary", piece);
    REQUIRE_MESSAGE(parts, to_line(parts.error()));
    REQUIRE(parts->size() == bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) CHECK((*parts)[i].body == bodies[i]);
    CHECK(parts->front().head.content_type == "application/dicom");
    CHECK(parts->front().head.location == "/x");
  }
}

TEST_CASE("a preamble and blanks after a boundary are passed over, an epilogue is left") {
  const auto parts = read_message(
      "preamble\r\n--b \t\r\nContent-Type: a/b\r\n\r\nbody\r\n--b--\r\nepilogue", "b", 5);
  REQUIRE(parts);
  REQUIRE(parts->size() == 1);
  CHECK(parts->front().body == "body");
}

TEST_CASE("a message that is cut anywhere is refused, with the byte") {
  const std::string whole = "--b\r\nContent-Type: a/b\r\n\r\nbody\r\n--b\r\n\r\n\r\nmore\r\n--b--";
  REQUIRE(read_message(whole, "b", 4));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto parts = read_message(whole.substr(0, size), "b", 4);
    REQUIRE_FALSE(parts);
    CHECK(parts.error().code == ErrorCode::InvalidInput);
    CHECK(parts.error().where.find("byte") != std::string::npos);
  }
}

TEST_CASE("heads have limits") {
  const std::string end = "\r\n\r\nx\r\n--b--";
  std::string many = "--b";
  for (int i = 0; i < 70; ++i) many += "\r\nA: b";
  const std::vector<std::string> messages{"--b\r\n" + std::string(20'000, 'a') + end, many + end,
                                          "--b\r\nno colon" + end, "--bx\r\n\r\nx\r\n--b--",
                                          std::string(70'000, ' ') + "--b\r\n\r\nx\r\n--b--"};
  for (const std::string& message : messages) {
    const auto parts = read_message(message, "b", SIZE_MAX);
    REQUIRE_FALSE(parts);
    CHECK(parts.error().code == ErrorCode::InvalidInput);
  }
}

TEST_CASE("a boundary is taken from multipart/related of DICOM objects alone") {
  CHECK(boundary_of("multipart/related; type=\"application/dicom\"; boundary=\"a b\"").value() ==
        "a b");
  CHECK(boundary_of("Multipart/Related;boundary=x").value() == "x");
  for (const char* wrong : {"", "application/dicom", "multipart/mixed; boundary=x",
                            "multipart/related; type=\"application/dicom+json\"; boundary=x"}) {
    CHECK(boundary_of(wrong).error().code == ErrorCode::Unsupported);
  }
  for (const char* wrong :
       {"multipart/related", "multipart/related; boundary=\"\"",
        "multipart/related; boundary=\"a;b\"", "multipart/related; boundary=\"a \""}) {
    CHECK(boundary_of(wrong).error().code == ErrorCode::InvalidInput);
  }
}
