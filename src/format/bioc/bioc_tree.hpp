// A BioC collection as its files have it, XML and JSON alike. Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/labelled_text/parts.hpp"

namespace consilium::detail {

using BiocInfons = std::vector<TextAttribute>;

struct BiocLocation {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct BiocAnnotation {
  std::string id = {};
  BiocInfons infons = {};
  std::vector<BiocLocation> locations = {};
  std::string text = {};
};
struct BiocNode {
  std::string refid = {};
  std::string role = {};
};
struct BiocRelation {
  std::string id = {};
  BiocInfons infons = {};
  std::vector<BiocNode> nodes = {};
};
// A passage or a sentence; a passage with sentences has its text in them.
struct BiocPart {
  BiocInfons infons = {};
  std::uint64_t offset = 0;
  std::string text = {};
  std::vector<BiocPart> sentences = {};
  std::vector<BiocAnnotation> annotations = {};
  std::vector<BiocRelation> relations = {};
};
struct BiocDocument {
  std::string id = {};
  BiocInfons infons = {};
  std::vector<BiocPart> passages = {};
  std::vector<BiocAnnotation> annotations = {};
  std::vector<BiocRelation> relations = {};
};
struct BiocCollection {
  BiocInfons infons = {};  // source, date and key among them
  std::vector<BiocDocument> documents = {};
};

[[nodiscard]] Result<std::vector<LabelledText>> texts_of(const BiocCollection& collection);
[[nodiscard]] BiocCollection collection_of(std::span<const LabelledText> texts);

}  // namespace consilium::detail
