#include "format/zip/zip_writer.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t zip64_from = 0xFFFFFFFF;
constexpr std::uint16_t version_plain = 20;
constexpr std::uint16_t version_zip64 = 45;
constexpr std::uint16_t made_on_unix = 3U << 8U;
constexpr std::uint16_t flag_descriptor = 1U << 3U;
constexpr std::uint16_t flag_utf8 = 1U << 11U;
constexpr std::size_t piece_bytes = 256UL * 1024UL;

// Little-endian fields, one after the other.
class Fields {
 public:
  Fields& u16(std::uint64_t value) { return put(value, 2); }
  Fields& u32(std::uint64_t value) { return put(value, 4); }
  Fields& u64(std::uint64_t value) { return put(value, 8); }
  Fields& text(std::string_view value) {
    const ByteView view = bytes_of(value);
    bytes_.insert(bytes_.end(), view.begin(), view.end());
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Fields& put(std::uint64_t value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      bytes_.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFFU));
    }
    return *this;
  }
  Bytes bytes_;
};

std::uint32_t capped(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min(value, zip64_from));
}

std::uint32_t crc_of(std::uint32_t crc, ByteView bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Raw deflate of a stream of pieces.
class Deflater {
 public:
  Deflater() {
    constexpr int raw_window = -15;
    is_ready_ = ::deflateInit2(&stream_, 6, Z_DEFLATED, raw_window, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Deflater() {
    if (is_ready_) ::deflateEnd(&stream_);
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // `take` gets what is ready; at the end all that is left.
  Status pack(ByteView bytes, bool is_last, const ByteSink& take) {
    if (!is_ready_) return fail(ErrorCode::Internal, "no memory to compress");
    do {
      const std::size_t count = std::min<std::size_t>(bytes.size(), piece_bytes);
      const bool is_end = is_last && count == bytes.size();
      // zlib does not write through next_in; its interface predates const.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(count);
      bytes = bytes.subspan(count);
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(room_.data());
        stream_.avail_out = static_cast<uInt>(room_.size());
        if (::deflate(&stream_, is_end ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
          return fail(ErrorCode::Internal, "compression failed");
        }
        CSL_TRY(take(ByteView(room_).first(room_.size() - stream_.avail_out)));
      } while (stream_.avail_out == 0);
    } while (!bytes.empty());
    return {};
  }

 private:
  z_stream stream_{};
  Bytes room_ = Bytes(piece_bytes);
  bool is_ready_ = false;
};

// MS-DOS date and time (APPNOTE 4.4.6): two-second steps from 1980 on.
std::uint32_t dos_time_of(Timestamp time) {
  const std::string text = to_rfc3339(time);
  const auto number = [&](std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      value = value * 10 + static_cast<std::uint32_t>(text[i] - '0');
    }
    return value;
  };
  const std::uint32_t year = number(0, 4);
  if (year < 1980) return (1U << 21U) | (1U << 16U);
  return ((std::min(year, 2107U) - 1980) << 25U) | (number(5, 2) << 21U) | (number(8, 2) << 16U) |
         (number(11, 2) << 11U) | (number(14, 2) << 5U) | (number(17, 2) / 2);
}

}  // namespace

ByteSink sink_of_file_descriptor(int file_descriptor) {
  return [file_descriptor](ByteView bytes) -> Status {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_descriptor, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const bool is_full = errno == ENOSPC || errno == EDQUOT;
        return fail(is_full ? ErrorCode::NoSpace : ErrorCode::Unavailable,
                    is_full ? "the disk is full" : "the archive cannot be written");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  };
}

ZipWriter::ZipWriter(ByteSink sink, Timestamp modified)
    : sink_(std::move(sink)), dos_time_(dos_time_of(modified)) {}

Status ZipWriter::emit(ByteView bytes) {
  if (bytes.empty()) return {};
  CSL_TRY(sink_(bytes));
  offset_ += bytes.size();
  return {};
}

Status ZipWriter::check_name(std::string_view name) {
  bool is_good = !name.empty() && name.size() <= 0xFFFF && is_utf8(name) &&
                 name.find_first_of(std::string_view("\\\0", 2)) == std::string_view::npos;
  for (std::size_t at = 0; is_good && at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    is_good = !part.empty() && part != "." && part != "..";
    at = end + 1;
  }
  if (!is_good) {
    return fail(ErrorCode::InvalidInput, "a name in an archive is not a relative path of UTF-8");
  }
  if (!names_.emplace(name).second) {
    return fail(ErrorCode::Conflict, "a name occurs twice in an archive");
  }
  return {};
}

// Local file header (APPNOTE 4.3.7). Sizes that come later, after the data, are 0 here.
Status ZipWriter::begin(Entry& entry) {
  entry.offset = offset_;
  const bool is_large = entry.size >= zip64_from || entry.packed_size >= zip64_from;
  Fields extra;
  if (is_large) {
    const bool is_later = entry.has_descriptor;
    extra.u16(1).u16(16).u64(is_later ? 0 : entry.size).u64(is_later ? 0 : entry.packed_size);
  }
  const std::uint64_t flags = flag_utf8 | (entry.has_descriptor ? flag_descriptor : 0U);
  Fields header;
  header.u32(0x04034B50).u16(is_large ? version_zip64 : version_plain).u16(flags);
  header.u16(entry.is_deflated ? 8 : 0).u32(dos_time_);
  if (entry.has_descriptor) {
    header.u32(0).u32(is_large ? zip64_from : 0).u32(is_large ? zip64_from : 0);
  } else {
    header.u32(entry.crc);
    header.u32(is_large ? zip64_from : entry.packed_size);
    header.u32(is_large ? zip64_from : entry.size);
  }
  header.u16(entry.name.size()).u16(extra.bytes().size()).text(entry.name);
  CSL_TRY(emit(header.bytes()));
  return emit(extra.bytes());
}

Status ZipWriter::add(std::string_view name, ByteView bytes) {
  CSL_TRY(check_name(name));
  Bytes packed;
  if (!bytes.empty()) {
    Deflater deflater;
    CSL_TRY(deflater.pack(bytes, true, [&packed](ByteView piece) -> Status {
      packed.insert(packed.end(), piece.begin(), piece.end());
      return {};
    }));
  }
  Entry entry{.name = std::string(name), .size = bytes.size(), .crc = crc_of(0, bytes)};
  entry.is_deflated = packed.size() < bytes.size();
  const ByteView content = entry.is_deflated ? ByteView(packed) : bytes;
  entry.packed_size = content.size();
  CSL_TRY(begin(entry));
  CSL_TRY(emit(content));
  entries_.push_back(std::move(entry));
  return {};
}

Status ZipWriter::add(std::string_view name, const ByteSource& source) {
  CSL_TRY(check_name(name));
  // Deflate may grow what it cannot pack, so a source near 4 GiB counts as large: the size given to
  // begin() decides whether the descriptor has 64-bit fields.
  Entry entry{.name = std::string(name),
              .size = source.size(),
              .is_deflated = true,
              .has_descriptor = true};
  entry.packed_size = entry.size + entry.size / 1000 + 64;
  const bool is_large = entry.packed_size >= zip64_from;
  CSL_TRY(begin(entry));
  entry.packed_size = 0;
  Deflater deflater;
  Bytes piece(piece_bytes);
  std::uint64_t at = 0;
  do {
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, entry.size - at));
    const std::span<std::byte> part = std::span(piece).first(count);
    CSL_TRY(source.read(at, part));
    at += count;
    entry.crc = crc_of(entry.crc, part);
    CSL_TRY(deflater.pack(part, at == entry.size, [&](ByteView ready) -> Status {
      entry.packed_size += ready.size();
      return emit(ready);
    }));
  } while (at < entry.size);
  Fields descriptor;  // APPNOTE 4.3.9
  descriptor.u32(0x08074B50).u32(entry.crc);
  if (is_large) {
    descriptor.u64(entry.packed_size).u64(entry.size);
  } else {
    descriptor.u32(entry.packed_size).u32(entry.size);
  }
  CSL_TRY(emit(descriptor.bytes()));
  entries_.push_back(std::move(entry));
  return {};
}

Status ZipWriter::finish() {
  const std::uint64_t directory_offset = offset_;
  for (const Entry& entry : entries_) {
    Fields sizes;
    if (entry.size >= zip64_from) sizes.u64(entry.size);
    if (entry.packed_size >= zip64_from) sizes.u64(entry.packed_size);
    if (entry.offset >= zip64_from) sizes.u64(entry.offset);
    Fields extra;
    if (!sizes.bytes().empty()) extra.u16(1).u16(sizes.bytes().size());
    const std::size_t extra_bytes = extra.bytes().size() + sizes.bytes().size();
    const std::uint16_t version = extra_bytes > 0 ? version_zip64 : version_plain;
    const std::uint64_t flags = flag_utf8 | (entry.has_descriptor ? flag_descriptor : 0U);
    constexpr std::uint64_t regular_file_0644 = 0100644ULL << 16U;
    Fields header;  // APPNOTE 4.3.12
    header.u32(0x02014B50).u16(made_on_unix | version).u16(version).u16(flags);
    header.u16(entry.is_deflated ? 8 : 0).u32(dos_time_).u32(entry.crc);
    header.u32(capped(entry.packed_size)).u32(capped(entry.size));
    header.u16(entry.name.size()).u16(extra_bytes).u16(0).u16(0).u16(0);
    header.u32(regular_file_0644).u32(capped(entry.offset)).text(entry.name);
    CSL_TRY(emit(header.bytes()));
    CSL_TRY(emit(extra.bytes()));
    CSL_TRY(emit(sizes.bytes()));
  }
  const std::uint64_t directory_bytes = offset_ - directory_offset;
  const std::uint64_t count = entries_.size();
  if (count >= 0xFFFF || directory_bytes >= zip64_from || directory_offset >= zip64_from) {
    const std::uint64_t record_offset = offset_;
    Fields record;  // APPNOTE 4.3.14, 4.3.15
    record.u32(0x06064B50).u64(44).u16(made_on_unix | version_zip64).u16(version_zip64);
    record.u32(0).u32(0).u64(count).u64(count).u64(directory_bytes).u64(directory_offset);
    record.u32(0x07064B50).u32(0).u64(record_offset).u32(1);
    CSL_TRY(emit(record.bytes()));
  }
  const std::uint64_t count_16 = std::min<std::uint64_t>(count, 0xFFFF);
  Fields end;  // APPNOTE 4.3.16
  end.u32(0x06054B50).u16(0).u16(0).u16(count_16).u16(count_16);
  end.u32(capped(directory_bytes)).u32(capped(directory_offset)).u16(0);
  return emit(end.bytes());
}

}  // namespace consilium
