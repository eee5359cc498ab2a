#include "format/uima/webanno_table.hpp"

namespace consilium::cas {
namespace {

bool is_reserved(char c) { return std::string_view("\\[]|_;*").contains(c); }

}  // namespace

std::string escaped_value(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (is_reserved(c) || value.substr(i).starts_with("->")) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescaped_value(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      out += value[i];
      continue;
    }
    const char c = value[++i];
    const bool is_arrow = value.substr(i).starts_with("->");
    if (c == 't') {
      out += '\t';
    } else if (c == 'n') {
      out += '\n';
    } else if (c == 'r') {
      out += '\r';
    } else if (is_reserved(c) || is_arrow) {
      out += c;
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

std::string escaped_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string unescaped_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    switch (c) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'f':
        out += '\f';
        break;
      case 'b':
        out += '\b';
        break;
      case '\\':
        out += '\\';
        break;
      default:
        // Control characters stand behind a backslash as they are.
        if (c >= 0 && c < 0x20) {
          out += c;
        } else {
          out += '\\';
          out += c;
        }
    }
  }
  return out;
}

std::vector<std::string_view> parts_of_cell(std::string_view cell, char mark) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] == '\\') {
      ++i;
    } else if (cell[i] == mark) {
      parts.push_back(cell.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(cell.substr(begin));
  return parts;
}

}  // namespace consilium::cas
