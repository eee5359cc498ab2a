#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "format/note/note_table.hpp"
#include "format/note/note_text.hpp"

// The first byte chooses the reader and the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    static_cast<void>(decode_note_text(bytes_of(bytes)));
    return 0;
  }
  NoteTableReader reader(data[0] % 3 == 1 ? NoteTableFormat::Csv : NoteTableFormat::JsonLines, {},
                         {[](NoteRecord) {}, [](NoteRowError) {}});
  const std::size_t step = 1 + data[0] / 3;
  for (std::size_t at = 0; at < bytes.size(); at += step) reader.feed(bytes.substr(at, step));
  static_cast<void>(reader.finish());
  return 0;
}
