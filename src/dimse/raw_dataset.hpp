// Datasets of an association as bytes: what a peer sends is passed on as it came and parsed by our
// own reader, in the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"

// Of DCMTK, whose headers stay in .cpp files.
struct T_ASC_Association;
class OFCondition;
class DcmDataset;

namespace consilium::dimse {

inline constexpr std::uint64_t dataset_size_max = std::uint64_t{2} << 30U;
// How long a peer may stay silent inside a message.
inline constexpr int message_timeout_s = 60;

// Stock peers wait for our TCP acknowledgement before they send a message's last piece (Nagle);
// Linux would give it 40 ms later. The setting lapses, so it is renewed at each read.
void acknowledge_quickly(int connection);

// The dataset that follows a command. Fails as the association fails; bytes past the limit are read
// and dropped, and `is_too_large` is set.
[[nodiscard]] OFCondition receive_dataset(T_ASC_Association* association, int connection,
                                          unsigned char& context, Bytes& dataset,
                                          bool& is_too_large);

// For sending: null when the bytes do not parse in that transfer syntax.
[[nodiscard]] std::unique_ptr<DcmDataset> parse_dataset(ByteView bytes, const std::string& syntax);

}  // namespace consilium::dimse
