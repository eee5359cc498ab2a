// Tape archives (POSIX.1-1988, ustar) read where they lie: the table of their files, and each file
// as a part of the archive. Folders, links and what only extends names (pax, GNU) are passed over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium {

inline constexpr std::size_t tar_files_max = 10'000;

struct TarFile {
  std::string name;  // with its folders, as the archive has it
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  friend bool operator==(const TarFile&, const TarFile&) = default;
};

// In the archive's order. An archive may end without its two empty blocks.
// Errors: Corrupt, with the byte, when a header's sum is wrong or a file runs past the end;
// TooLarge over 10,000 files; those of the source. Cost: one read a file.
[[nodiscard]] Result<std::vector<TarFile>> read_tar(const ByteSource& archive);

// A part of a source, which must outlive it. CSL_CHECKs that it lies within.
[[nodiscard]] std::unique_ptr<ByteSource> part_of(const ByteSource& whole, std::uint64_t offset,
                                                  std::uint64_t size);

}  // namespace consilium
