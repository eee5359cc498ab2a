// The columns of WebAnno's tables. Used inside this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace consilium::cas {

enum class LayerKind { Span, Chain, Relation };
enum class ColumnKind {
  Placeholder,  // of a layer without features
  Feature,
  SlotRole,
  SlotTarget,
  Source,      // where a relation comes from
  LinkLabel,   // of a chain's link, with the chain's number
  LinkNumber,  // what it links by, its chain's number and its own
};

struct Column {
  std::size_t layer = 0;
  ColumnKind kind = ColumnKind::Feature;
  std::string feature;
};
struct Layer {
  LayerKind kind = LayerKind::Span;
  std::string type;
  std::string base = {};  // of a relation: what it stands on
};
struct Table {
  std::vector<Layer> layers;
  std::vector<Column> columns;
};

// What the format gives a meaning to is written behind a backslash.
[[nodiscard]] std::string escaped_value(std::string_view value);
[[nodiscard]] std::string unescaped_value(std::string_view value);
// For text; line feeds stay.
[[nodiscard]] std::string escaped_text(std::string_view text);
[[nodiscard]] std::string unescaped_text(std::string_view text);

// Parts at marks that no backslash stands before.
[[nodiscard]] std::vector<std::string_view> parts_of_cell(std::string_view cell, char mark);

}  // namespace consilium::cas
