#include <algorithm>

#include "transport/api/route.hpp"

namespace consilium::api {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }
std::string_view parameter_name(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

bool matches(std::span<const std::string_view> pattern,
             std::span<const std::string_view> segments) {
  if (pattern.size() != segments.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i]) ? segments[i].empty() : pattern[i] != segments[i]) return false;
  }
  return true;
}

}  // namespace

const Route* route_of_operation(std::string_view operation) {
  for (const Route& route : route_table()) {
    if (route.operation == operation) return &route;
  }
  return nullptr;
}

std::vector<std::string_view> path_parameters(std::string_view path) {
  std::vector<std::string_view> names;
  for (const std::string_view segment : split_path(path)) {
    if (is_parameter(segment)) names.push_back(parameter_name(segment));
  }
  return names;
}

std::string_view path_parameter_type(std::string_view name) {
  if (name == "grid_id" || name == "token") return "string";
  if (name.ends_with("_id")) return "uuid";
  return name == "index" || name == "file_number" ? "integer" : "string";
}

Router::Router(std::span<const Route> routes) {
  for (const Route& route : routes) {
    Entry entry{&route, split_path(route.path), 0};
    for (const std::string_view segment : entry.segments) {
      entry.literal_segments = (entry.literal_segments << 1U) | (is_parameter(segment) ? 0U : 1U);
    }
    entries_.push_back(std::move(entry));
  }
  std::ranges::stable_sort(entries_, std::greater{}, &Entry::literal_segments);
}

Router::Match Router::find(http::Method method, std::string_view path) const {
  const std::vector<std::string_view> segments = split_path(path);
  const http::Method wanted = method == http::Method::Head ? http::Method::Get : method;
  Match match;
  for (const Entry& entry : entries_) {
    if (!matches(entry.segments, segments)) continue;
    if (entry.route->method != wanted) {
      if (!match.allowed.empty()) match.allowed += ", ";
      match.allowed += http::name_of(entry.route->method);
      continue;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (!is_parameter(entry.segments[i])) continue;
      Result<std::string> value = http::percent_decode(segments[i], false);
      if (!value) return Match{};
      match.values.emplace_back(parameter_name(entry.segments[i]), std::move(*value));
    }
    match.route = entry.route;
    return match;
  }
  return match;
}

}  // namespace consilium::api
