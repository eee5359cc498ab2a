#include "transport/http/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.hpp"

namespace consilium::http {
namespace {

constexpr std::array<std::pair<Method, std::string_view>, 5> method_names{
    {{Method::Get, "GET"},
     {Method::Head, "HEAD"},
     {Method::Put, "PUT"},
     {Method::Post, "POST"},
     {Method::Delete, "DELETE"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> media_types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webp", "image/webp"},
    {".ico", "image/vnd.microsoft.icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".zip", "application/zip"},
    {".md", "text/markdown; charset=utf-8"},
    {".pdf", "application/pdf"},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view name_of(Method method) {
  for (const auto& [candidate, name] : method_names) {
    if (candidate == method) return name;
  }
  return "OTHER";
}

Method method_named(std::string_view name) {
  for (const auto& [method, candidate] : method_names) {
    if (candidate == name) return method;
  }
  return Method::Other;
}

bool is_safe(Method method) { return method == Method::Get || method == Method::Head; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Request::header(std::string_view name) const { return find_header(headers, name); }
std::string_view Response::header(std::string_view name) const {
  return find_header(headers, name);
}

bool Request::has_header(std::string_view name) const {
  return std::ranges::any_of(
      headers, [&](const Header& header) { return equal_ignoring_case(header.name, name); });
}

std::string_view Request::cookie(std::string_view name) const {
  for (const Header& header : headers) {
    if (!equal_ignoring_case(header.name, "cookie")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name)
        return pair.substr(equals + 1);
    }
  }
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      if (text.size() - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
        return fail(ErrorCode::InvalidInput, "the address has a broken percent escape",
                    fmt::format("character {}", i));
      }
      decoded.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    }
  }
  if (!is_utf8(decoded) || decoded.find('\0') != std::string::npos) {
    return fail(ErrorCode::InvalidInput, "the address is not UTF-8 text", {},
                "encode it as UTF-8, without NUL");
  }
  return decoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name = CSL_TRY(percent_decode(pair.substr(0, equals), true));
    std::string value =
        CSL_TRY(percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

std::string_view media_type_of(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [suffix, type] : media_types) {
      if (equal_ignoring_case(file_name.substr(dot), suffix)) return type;
    }
  }
  return "application/octet-stream";
}

Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>> parse_range(std::string_view header,
                                                                           std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit) || header.find(',') != std::string_view::npos) return std::nullopt;
  header.remove_prefix(unit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> first = parse_number(header.substr(0, dash));
  const std::optional<std::uint64_t> last = parse_number(header.substr(dash + 1));
  const bool last_is_absent = dash + 1 == header.size();
  if (!first && dash > 0) return std::nullopt;
  if (!last && !last_is_absent) return std::nullopt;
  if (!first) {  // "-500": the last 500 bytes
    if (!last) return std::nullopt;
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) return fail(ErrorCode::InvalidInput, "the range asked for is empty");
    return std::pair{size - length, length};
  }
  if (last && *last < *first) return std::nullopt;
  if (*first >= size)
    return fail(ErrorCode::InvalidInput, "the range asked for begins past the end");
  const std::uint64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return std::pair{*first, end - *first};
}

Response range_response(const Request& request, std::shared_ptr<const ByteSource> source,
                        std::string media_type) {
  const std::uint64_t size = source->size();
  Response response;
  response.with("Content-Type", std::move(media_type)).with("Accept-Ranges", "bytes");
  const auto range = parse_range(request.header("range"), size);
  if (!range) {
    response.status = 416;
    response.with("Content-Range", fmt::format("bytes */{}", size));
    return response;
  }
  if (*range) {
    const auto [offset, length] = **range;
    response.status = 206;
    response.with("Content-Range",
                  fmt::format("bytes {}-{}/{}", offset, offset + length - 1, size));
    response.body = RangeBody{std::move(source), offset, length};
  } else {
    response.body = RangeBody{std::move(source), 0, size};
  }
  return response;
}

}  // namespace consilium::http
