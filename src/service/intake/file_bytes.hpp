// A whole file as bytes: read into memory when small, mapped when large.
#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::service {

class FileBytes {
 public:
  // Errors: NotFound, Forbidden, Unavailable; InvalidInput when it is no regular file.
  [[nodiscard]] static Result<FileBytes> open(const std::filesystem::path& path);
  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&&) = delete;
  ~FileBytes();
  [[nodiscard]] ByteView view() const { return view_; }

 private:
  FileBytes() = default;
  Bytes owned_;
  void* mapped_ = nullptr;
  ByteView view_;
};

}  // namespace consilium::service
