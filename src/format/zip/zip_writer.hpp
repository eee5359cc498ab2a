// ZIP archives (PKWARE APPNOTE 6.3.10) written straight into a sink: a file, or an HTTP answer
// while it is being made; nothing is kept but the table of names. Deflate where it helps, ZIP64
// where sizes or counts ask for it, names in UTF-8. The same input gives the same bytes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace consilium {

// Writes to an open file descriptor, which stays the caller's.
// Errors of the sink: NoSpace on a full disk, else Unavailable.
[[nodiscard]] ByteSink sink_of_file_descriptor(int file_descriptor);

class ZipWriter {
 public:
  // `modified` is the time of every entry, in UTC (ZIP knows no zone; before 1980 counts as 1980).
  ZipWriter(ByteSink sink, Timestamp modified);

  // Errors: InvalidInput when the name is empty, absolute, has a backslash, NUL, an empty, "." or
  // ".." part or is longer than 65,535 bytes; Conflict when it was added before; those of the sink
  // and the source. After an error of the sink or the source the archive is broken: give it up.
  // Cost: O(bytes), deflate at about 60 MB/s; 256 KiB of memory for a source of any size.
  [[nodiscard]] Status add(std::string_view name, ByteView bytes);
  [[nodiscard]] Status add(std::string_view name, const ByteSource& source);
  // Writes the central directory. To be called once, at the end.
  [[nodiscard]] Status finish();

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t packed_size = 0;
    std::uint32_t crc = 0;
    bool is_deflated = false;
    bool has_descriptor = false;
  };

  [[nodiscard]] Status emit(ByteView bytes);
  [[nodiscard]] Status begin(Entry& entry);
  [[nodiscard]] Status check_name(std::string_view name);

  ByteSink sink_;
  std::uint32_t dos_time_ = 0;
  std::uint64_t offset_ = 0;
  std::vector<Entry> entries_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace consilium
