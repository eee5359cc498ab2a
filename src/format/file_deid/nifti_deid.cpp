#include <algorithm>

#include "base/byte_reader.hpp"
#include "format/file_deid/file_deid.hpp"
#include "format/volume/packing.hpp"

namespace consilium {
namespace {

constexpr std::size_t inflated_size_max = std::size_t{4} << 30U;

struct Field {
  const char* name;
  std::size_t at;
  std::size_t size;
};
// Free text of the two versions' headers (nifti1.h, nifti2.h).
constexpr Field fields_1[] = {{"data_type", 4, 10},
                              {"db_name", 14, 18},
                              {"descrip", 148, 80},
                              {"aux_file", 228, 24},
                              {"intent_name", 328, 16}};
constexpr Field fields_2[] = {
    {"descrip", 240, 80}, {"aux_file", 320, 24}, {"intent_name", 508, 16}, {"unused_str", 525, 15}};

struct Header {
  bool is_second = false;
  std::endian order = std::endian::little;
  std::uint64_t voxel_offset = 0;
  std::uint64_t end = 0;  // of the voxels
};

Result<Header> header_of(ByteView file) {
  const auto broken = [] {
    return fail(ErrorCode::Corrupt, "the NIfTI header cannot be read", "byte 0",
                "compare the file with the original");
  };
  Header header;
  ByteReader reader(file);
  std::uint32_t size = CSL_TRY(reader.u32());
  if (size != 348 && size != 540) {
    header.order = std::endian::big;
    reader = ByteReader(file, std::endian::big);
    size = CSL_TRY(reader.u32());
  }
  header.is_second = size == 540;
  if ((size != 348 && size != 540) || file.size() < size + 4) return broken();
  std::uint64_t voxels = 1;
  const std::size_t dims_at = header.is_second ? 16 : 40;
  const std::size_t dim_size = header.is_second ? 8 : 2;
  std::int64_t rank = 0;
  for (std::int64_t i = 0; i <= rank; ++i) {
    CSL_TRY(reader.seek(dims_at + static_cast<std::size_t>(i) * dim_size));
    const std::int64_t value =
        header.is_second ? static_cast<std::int64_t>(CSL_TRY(reader.u64())) : CSL_TRY(reader.i16());
    if (i == 0) rank = value;
    if (value < 1 || rank > 7 || value > 65535 * 64) return broken();
    if (i > 0) voxels *= static_cast<std::uint64_t>(value);
    if (voxels > inflated_size_max * 8) return broken();
  }
  CSL_TRY(reader.seek(header.is_second ? 14 : 72));
  const std::uint64_t bits = CSL_TRY(reader.u16());
  CSL_TRY(reader.seek(header.is_second ? 168 : 108));
  if (header.is_second) {
    header.voxel_offset = CSL_TRY(reader.u64());
  } else {
    const float offset = CSL_TRY(reader.f32());
    if (!(offset >= 0 && offset < 1e9F)) return broken();
    header.voxel_offset = static_cast<std::uint64_t>(offset);
  }
  if (header.voxel_offset < size || header.voxel_offset > file.size()) return broken();
  header.end = header.voxel_offset + (voxels * bits + 7) / 8;
  return header;
}

}  // namespace

bool looks_like_nifti(ByteView file) {
  if (is_gzip(file)) {
    const auto opened = gunzip(file, inflated_size_max);
    return opened && looks_like_nifti(*opened);
  }
  const std::string_view text = text_of(file);
  return (text.size() >= 348 && text.substr(344, 4) == std::string_view("n+1\0", 4)) ||
         (text.size() >= 12 && text.substr(4, 4) == std::string_view("n+2\0", 4));
}

Result<DeidentifiedFile> deidentify_nifti(ByteView source, const FileDeid& /*how*/) {
  const bool is_packed = is_gzip(source);
  DeidentifiedFile result;
  Bytes file =
      is_packed ? CSL_TRY(gunzip(source, inflated_size_max)) : Bytes(source.begin(), source.end());
  const Header header = CSL_TRY(header_of(file));
  const auto clear = [&](std::uint64_t from, std::uint64_t to, const char* name) {
    std::fill(file.begin() + static_cast<std::ptrdiff_t>(from),
              file.begin() + static_cast<std::ptrdiff_t>(to), std::byte{0});
    result.steps.push_back({.place = name, .action = DeidAction::Empty, .rule = "free text"});
  };
  if (header.is_second) {
    for (const Field& field : fields_2) clear(field.at, field.at + field.size, field.name);
  } else {
    for (const Field& field : fields_1) clear(field.at, field.at + field.size, field.name);
  }
  clear(header.is_second ? 540 : 348, header.voxel_offset, "extensions");
  if (file.size() < header.end) {
    return fail(ErrorCode::Corrupt, "the file ends within its voxels", {},
                "compare the file with the original");
  }
  file.resize(header.end);
  result.bytes = is_packed ? CSL_TRY(gzip(file)) : std::move(file);
  return result;
}

}  // namespace consilium
