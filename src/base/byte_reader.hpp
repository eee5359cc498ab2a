// The only way to read bytes from outside: every step is checked against the end, the offset is
// known for messages, and a reader never throws and never runs past its view. Cost: O(1) a call but
// for the returned copy of text.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

class ByteReader {
 public:
  // `offset_base` is where the view begins in its file, so that `where()` speaks of the file.
  explicit ByteReader(ByteView bytes, std::endian order = std::endian::little,
                      std::uint64_t offset_base = 0)
      : bytes_(bytes), order_(order), offset_base_(offset_base) {}

  [[nodiscard]] std::endian order() const { return order_; }
  void set_order(std::endian order) { order_ = order; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_base_ + position_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }
  [[nodiscard]] bool at_end() const { return position_ == bytes_.size(); }
  // "byte 2560"
  [[nodiscard]] std::string where() const;

  // Errors of all below: Corrupt when fewer bytes are left than asked for; nothing is then
  // consumed.
  [[nodiscard]] Result<ByteView> take(std::uint64_t count) {
    if (count > left()) return ends_early(count);
    const ByteView view = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return view;
  }
  [[nodiscard]] Status skip(std::uint64_t count);
  [[nodiscard]] Status seek(std::uint64_t position);
  // The next bytes without consuming them; shorter at the end.
  [[nodiscard]] ByteView peek(std::size_t count) const {
    return bytes_.subspan(position_, count < left() ? count : left());
  }
  // A reader of the next `count` bytes, which are consumed here.
  [[nodiscard]] Result<ByteReader> sub_reader(std::uint64_t count);

  [[nodiscard]] Result<std::uint8_t> u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] Result<std::uint16_t> u16() { return integer<std::uint16_t>(); }
  [[nodiscard]] Result<std::uint32_t> u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] Result<std::uint64_t> u64() { return integer<std::uint64_t>(); }
  [[nodiscard]] Result<std::int16_t> i16() { return integer<std::int16_t>(); }
  [[nodiscard]] Result<std::int32_t> i32() { return integer<std::int32_t>(); }
  [[nodiscard]] Result<float> f32();
  [[nodiscard]] Result<double> f64();
  // `count` characters as they stand.
  [[nodiscard]] Result<std::string_view> text(std::uint64_t count);
  // A number written in `count` ASCII characters with spaces around it; Corrupt on anything else.
  [[nodiscard]] Result<std::int64_t> decimal(std::uint64_t count);
  // Up to and without the next LF (a CR before it goes too), or up to the end. Errors at the end.
  [[nodiscard]] Result<std::string_view> line();

 private:
  [[nodiscard]] std::unexpected<Error> ends_early(std::uint64_t count) const;

  template <class T>
  [[nodiscard]] Result<T> integer() {
    using Unsigned = std::make_unsigned_t<T>;
    const ByteView view = CSL_TRY(take(sizeof(T)));
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const std::size_t at = order_ == std::endian::little ? sizeof(T) - 1 - i : i;
      value = static_cast<Unsigned>(
          static_cast<Unsigned>(sizeof(T) > 1 ? value << (sizeof(T) > 1 ? 8U : 0U) : 0U) |
          std::to_integer<Unsigned>(view[at]));
    }
    return std::bit_cast<T>(value);
  }

  ByteView bytes_;
  std::size_t position_ = 0;
  std::endian order_;
  std::uint64_t offset_base_;
};

}  // namespace consilium
