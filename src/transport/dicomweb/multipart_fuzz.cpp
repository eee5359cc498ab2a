// Any message under any boundary: parts are read to their end or refused; nothing crashes or hangs.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "transport/dicomweb/media.hpp"
#include "transport/dicomweb/multipart.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const auto boundary = dicomweb::boundary_of(text.substr(0, line));
  static_cast<void>(dicomweb::wanted_frames(dicomweb::parse_media_types(text.substr(0, line))));
  if (!boundary || line == std::string_view::npos) return 0;
  std::string_view rest = text.substr(line + 1);
  const std::size_t piece = 1 + size % 97;
  dicomweb::MultipartReader reader(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t count = std::min({out.size(), rest.size(), piece});
        if (count > 0) std::memcpy(out.data(), rest.data(), count);
        rest.remove_prefix(count);
        return count;
      },
      *boundary);
  std::array<std::byte, 61> out{};
  while (true) {
    const auto part = reader.next();
    if (!part || !*part) return 0;
    while (true) {
      const auto got = reader.read(out);
      if (!got) return 0;
      if (*got == 0) break;
    }
  }
}
