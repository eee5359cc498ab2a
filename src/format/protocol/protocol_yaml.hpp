// Protocol documents as people write them: YAML (1.2 core schema) to JSON to a Protocol, with every
// mistake placed by line, column and JSON pointer.
//
// Plain scalars are typed as the core schema says: true and false, null and ~, decimal integers and
// floats; all else, and everything in quotation marks, is text. JSON is YAML, so a .json file is
// read too. Refused: anchors and aliases (a few lines of them can unfold to gigabytes), tags, keys
// given twice, several documents, depth over 32, files over 4 MiB.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

// 1-based, as editors count; columns count code points.
struct TextPosition {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const TextPosition&, const TextPosition&) = default;
};

enum class Severity { Error, Warning };

struct ProtocolRemark {
  Severity severity = Severity::Error;
  std::string path;  // JSON pointer
  TextPosition position;
  std::string what;
  std::string remedy;  // may be empty
  friend bool operator==(const ProtocolRemark&, const ProtocolRemark&) = default;
};
// "7:12: error: /labels/0/colour: ... (remedy)"
[[nodiscard]] std::string to_line(const ProtocolRemark& remark);

struct ProtocolSource {
  std::string json;                               // the document as JSON text
  std::map<std::string, TextPosition> positions;  // by JSON pointer
};

// Of the member that a pointer names, else of the nearest thing around it.
[[nodiscard]] TextPosition nearest_position(const ProtocolSource& source, std::string_view path);

// Only YAML to JSON. The error has the one place where reading stopped.
[[nodiscard]] std::expected<ProtocolSource, ProtocolRemark> read_protocol_yaml(
    std::string_view yaml);

// The whole way. Errors: every mistake found.
[[nodiscard]] std::expected<Protocol, std::vector<ProtocolRemark>> parse_protocol(
    std::string_view yaml);

}  // namespace consilium
