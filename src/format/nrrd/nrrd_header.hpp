// The header of an NRRD file. Internal to this module.
#pragma once

#include "format/nrrd/nrrd.hpp"

namespace consilium::detail {

enum class NrrdEncoding { Raw, Gzip, Text };

struct NrrdHeader {
  ScalarVolume shape;  // without samples
  bool has_space = false;
  std::uint64_t list_size = 1;
  bool list_is_fastest = false;  // else it is the slowest axis
  NrrdEncoding encoding = NrrdEncoding::Raw;
  bool is_big_endian = false;
  std::uint64_t line_skip = 0;
  std::int64_t byte_skip = 0;           // -1: the data are the file's last bytes
  std::vector<std::string> data_files;  // empty: the data follow the header
  std::size_t size_bytes = 0;           // of the header itself
  std::vector<NrrdSegment> segments;
};

[[nodiscard]] Result<NrrdHeader> read_nrrd_header(ByteView file);

}  // namespace consilium::detail
