#include "format/icd10cm/tabular_elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t depth_max = 64;
constexpr std::size_t attributes_max = 64;
constexpr std::string_view space = " \t\r\n";

std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !std::string_view(" \t\r\n=/><\"'&").contains(text[at])) ++at;
  return at;
}

}  // namespace

std::unexpected<Error> TabularElements::refuse(std::string_view what) const {
  return fail(ErrorCode::Corrupt, std::string(what), fmt::format("byte {}", at_),
              "take the file as its publisher gave it");
}

Status TabularElements::unescape(std::string_view raw, std::string& out) const {
  while (!raw.empty()) {
    const std::size_t mark = std::min(raw.find('&'), raw.size());
    out += raw.substr(0, mark);
    raw.remove_prefix(mark);
    if (raw.empty()) return {};
    const std::size_t end = raw.substr(0, 12).find(';');
    if (end == std::string_view::npos) return refuse("an entity is not closed");
    const std::string_view entity = raw.substr(1, end - 1);
    raw.remove_prefix(end + 1);
    if (entity == "amp") {
      out += '&';
    } else if (entity == "lt") {
      out += '<';
    } else if (entity == "gt") {
      out += '>';
    } else if (entity == "quot") {
      out += '"';
    } else if (entity == "apos") {
      out += '\'';
    } else if (entity.starts_with('#')) {
      const bool hex = entity.size() > 1 && (entity[1] == 'x' || entity[1] == 'X');
      const char* begin = entity.data() + (hex ? 2 : 1);
      const char* last = entity.data() + entity.size();
      std::uint32_t code = 0;
      const auto read = std::from_chars(begin, last, code, hex ? 16 : 10);
      if (read.ec != std::errc{} || read.ptr != last || code < 9 || code > 0x10FFFF ||
          (code >= 0xD800 && code <= 0xDFFF)) {
        return refuse("a numbered entity is no character");
      }
      append_utf8(out, static_cast<char32_t>(code));
    } else {
      return refuse("an entity is not known");
    }
  }
  return {};
}

std::string_view TabularElements::attribute(std::string_view name) const {
  const auto found = std::ranges::find(
      attributes_, name, [](const auto& one) -> std::string_view { return one.first; });
  return found == attributes_.end() ? std::string_view{} : std::string_view(found->second);
}

// Comments, processing instructions and CDATA; false where an element begins or ends.
Result<bool> TabularElements::skip_markup() {
  const std::string_view rest = text_.substr(at_);
  const auto past = [&](std::string_view begin, std::string_view end) -> Result<bool> {
    const std::size_t stop = rest.find(end, begin.size());
    if (stop == std::string_view::npos) return refuse("markup is not closed");
    at_ += stop + end.size();
    return true;
  };
  if (rest.starts_with("<!--")) return past("<!--", "-->");
  if (rest.starts_with("<?")) return past("<?", "?>");
  if (rest.starts_with("<![CDATA[")) {
    const std::size_t begin = at_ + 9;
    CSL_TRY(past("<![CDATA[", "]]>"));
    content_ += text_.substr(begin, at_ - 3 - begin);
    return true;
  }
  if (rest.starts_with("<!")) {
    return fail(ErrorCode::Unsupported, "the XML has a document type", fmt::format("byte {}", at_),
                "remove the <!DOCTYPE> line");
  }
  return false;
}

Result<TabularElements::Step> TabularElements::open_element() {
  const std::size_t end = name_end(text_, at_ + 1);
  if (end == at_ + 1) return refuse("an element has no name");
  if (open_.size() >= depth_max) {
    return fail(ErrorCode::TooLarge, fmt::format("elements are nested over {} deep", depth_max),
                fmt::format("byte {}", at_));
  }
  name_ = text_.substr(at_ + 1, end - at_ - 1);
  attributes_.clear();
  at_ = end;
  while (true) {
    at_ = std::min(text_.find_first_not_of(space, at_), text_.size());
    if (at_ == text_.size()) return refuse("an element is not closed");
    if (text_[at_] == '>' || text_.substr(at_).starts_with("/>")) {
      close_next_ = text_[at_] == '/';
      at_ += close_next_ ? 2 : 1;
      open_.push_back(name_);
      content_.clear();
      return Step::Open;
    }
    const std::size_t stop = name_end(text_, at_);
    if (stop == at_ || stop + 1 >= text_.size() || text_[stop] != '=' ||
        (text_[stop + 1] != '"' && text_[stop + 1] != '\'') ||
        attributes_.size() >= attributes_max) {
      return refuse("an attribute has not the form name=\"value\"");
    }
    const std::size_t value = stop + 2;
    const std::size_t close = text_.find(text_[stop + 1], value);
    if (close == std::string_view::npos) return refuse("an attribute is not closed");
    std::string unescaped;
    CSL_TRY(unescape(text_.substr(value, close - value), unescaped));
    attributes_.emplace_back(text_.substr(at_, stop - at_), std::move(unescaped));
    at_ = close + 1;
  }
}

Result<TabularElements::Step> TabularElements::close_element() {
  const std::size_t end = name_end(text_, at_ + 2);
  name_ = text_.substr(at_ + 2, end - at_ - 2);
  const std::size_t stop = text_.find_first_not_of(space, end);
  if (stop == std::string_view::npos || text_[stop] != '>' || open_.empty() ||
      open_.back() != name_) {
    return refuse("an end tag closes another element");
  }
  open_.pop_back();
  at_ = stop + 1;
  return Step::Close;
}

Result<TabularElements::Step> TabularElements::next() {
  if (close_next_) {
    close_next_ = false;
    name_ = open_.back();
    open_.pop_back();
    return Step::Close;
  }
  while (true) {
    const std::size_t mark = std::min(text_.find('<', at_), text_.size());
    CSL_TRY(unescape(text_.substr(at_, mark - at_), content_));
    at_ = mark;
    if (at_ == text_.size()) {
      if (!open_.empty()) return refuse("the file ends within an element");
      return Step::End;
    }
    if (CSL_TRY(skip_markup())) continue;
    return text_.substr(at_).starts_with("</") ? close_element() : open_element();
  }
}

}  // namespace consilium
