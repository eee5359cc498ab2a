// Any bytes as an ISHNE recording and as its annotations.
#include "format/ishne/ishne.hpp"
#include "tests/read_some.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto record = open_ishne(view_source(bytes));
  if (record) test::read_some(**record);
  static_cast<void>(read_ishne_annotations(*view_source(bytes), RecordHeader{}));
  return 0;
}
