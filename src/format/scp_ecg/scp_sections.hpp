// The sections of an SCP-ECG file as they stand. Used by scp_ecg.cpp alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "domain/signal/record.hpp"
#include "format/scp_ecg/scp_huffman.hpp"

namespace consilium::scp {

struct Lead {
  std::int64_t first_sample = 1;  // from 1
  std::int64_t last_sample = 0;
  int number = 0;
};

struct Beat {
  int type = 0;            // 0: the reference beat is taken out of it
  std::int64_t begin = 0;  // from 1, in samples of the full rate
  std::int64_t fiducial = 0;
  std::int64_t end = 0;
};
struct Protected {
  std::int64_t begin = 0;  // from 1
  std::int64_t end = 0;
};

struct Signals {           // sections 5 and 6
  double nv_per_step = 0;  // AVM
  int interval_us = 0;
  int differences = 0;  // 0 none, 1 first, 2 second
  bool is_bimodal = false;
  std::vector<ByteView> leads{};
};

struct Sections {
  RecordIdentity identity{};
  std::string filter{};
  std::vector<HuffmanTable> tables{};  // none: the values are not coded
  bool has_huffman = false;
  bool subtracts_reference_beat = false;
  std::vector<Lead> leads{};
  std::int64_t reference_ms = 0;
  std::int64_t reference_fiducial = 0;  // sample of the reference beat, from 1
  std::vector<Beat> beats{};
  std::vector<Protected> zones{};
  std::optional<Signals> reference{};
  std::optional<Signals> rhythm{};
  std::vector<ReadNote> notes{};
};

// What `file` views must outlive the sections. Errors: as open_scp.
[[nodiscard]] Result<Sections> read_sections(ByteView file);

}  // namespace consilium::scp
