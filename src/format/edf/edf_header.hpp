// The header of EDF and BDF files, with what had to be mended. Used by edf.cpp alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/record.hpp"
#include "format/edf/edf.hpp"

namespace consilium::edf {

struct Signal {
  std::string label{};
  std::string transducer{};
  std::string unit{};
  std::string filter{};
  std::optional<double> physical_min{};
  std::optional<double> physical_max{};
  std::optional<double> digital_min{};
  std::optional<double> digital_max{};
  std::int64_t samples_per_record = 0;
  std::uint64_t offset_in_record = 0;  // in bytes
  bool is_annotations = false;
};

struct Header {
  EdfVariant variant = EdfVariant::Edf;
  int sample_bytes = 2;
  std::uint64_t header_bytes = 0;
  std::int64_t record_count_stated = -1;
  std::optional<Rate> records_per_second{};  // absent: records take no time (annotations alone)
  std::uint64_t record_bytes = 0;
  std::vector<Signal> signals{};
  RecordIdentity identity{};
  std::vector<ReadNote> notes{};
};

inline constexpr std::uint64_t fixed_header_bytes = 256;
inline constexpr int signal_count_max = 4096;
inline constexpr std::uint64_t record_bytes_max = 256U << 20U;

// How many signals the first 256 bytes state. Errors: Corrupt when it is no EDF header.
[[nodiscard]] Result<int> signal_count_in(ByteView fixed_header);
// `bytes` holds (signals + 1) x 256 bytes.
[[nodiscard]] Result<Header> parse_header(ByteView bytes);

// A time-stamped annotation list: decimal seconds as whole nanoseconds. Empty when it is none.
[[nodiscard]] std::optional<std::int64_t> parse_seconds_ns(std::string_view text);
// What is not UTF-8 is taken as Latin-1.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace consilium::edf
