// A value kept as bytes of our own: a magic word, a version, what the value is made of, and a
// SHA-256 of all before it, so that what was cut or altered is told before it is read.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_reader.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

struct SealedForm {
  std::string_view magic;
  std::uint16_t version = 1;
  std::string_view name;    // of the value, in messages: "tagger"
  std::string_view remedy;  // "train the tagger again"

  [[nodiscard]] Bytes begin() const;
  static void seal(Bytes& form);
  // A reader of what lies between the version and the seal; `where()` counts from the form's begin.
  // Errors: Corrupt when the magic or the seal is wrong; Unsupported for another version.
  [[nodiscard]] Result<ByteReader> open(ByteView form) const;
  [[nodiscard]] std::unexpected<Error> corrupt(const ByteReader& reader, std::string what) const;
};

}  // namespace consilium
