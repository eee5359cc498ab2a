// The elements of the tabular list's XML, one after another. Only what that file uses of XML 1.0:
// elements, attributes, text, comments, CDATA, the five named entities and numbered ones. No
// document type, so no entity of its own and nothing outside the file is ever looked up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace consilium {

class TabularElements {
 public:
  // `text` is valid UTF-8 and outlives the reader.
  explicit TabularElements(std::string_view text) : text_(text) {}

  enum class Step { Open, Close, End };
  // Errors: Corrupt ("byte 120"), Unsupported on a document type, TooLarge over 64 levels.
  [[nodiscard]] Result<Step> next();
  // After Open and Close: the element's name.
  [[nodiscard]] const std::string& name() const { return name_; }
  // After Open: an attribute, or empty.
  [[nodiscard]] std::string_view attribute(std::string_view name) const;
  // After Close: the text that stands in the element itself since its last child.
  [[nodiscard]] const std::string& text() const { return content_; }
  [[nodiscard]] std::size_t depth() const { return open_.size(); }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const;
  [[nodiscard]] Status unescape(std::string_view raw, std::string& out) const;
  [[nodiscard]] Result<bool> skip_markup();
  [[nodiscard]] Result<Step> open_element();
  [[nodiscard]] Result<Step> close_element();

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::string content_;
  bool close_next_ = false;
};

}  // namespace consilium
