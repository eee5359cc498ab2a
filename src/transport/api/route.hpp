// The routes of /api/v1 as data: the router, the checks before a handler, OpenAPI and so the
// browser's client are made from this one table (route_table.cpp). What a role may do stands in
// policy.csv, the shapes in schemas/*.json.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/http/message.hpp"

namespace consilium::api {

struct Parameter {
  std::string_view name;
  std::string_view type;  // of JSON Schema, or "uuid", "date-time"
  std::string_view description;
  std::string_view values = {};  // the closed choice, parted by "|"
  bool required = false;
};

enum class BodyKind {
  None,
  Json,      // checked against the schema `request`
  Octets,    // taken whole, up to `body_bytes_max`
  Streamed,  // taken in pieces by the handler, of any size
};

struct Route {
  http::Method method = http::Method::Get;
  std::string_view path;  // "/api/v1/projects/{project_id}"
  std::string_view
      operation;  // "get_project": the handler's name, policy.csv's key and OpenAPI's operationId
  std::string_view tag;
  std::string_view summary;
  // Why patient data is read here; it is part of the durable event that precedes the first byte.
  // Empty: none is.
  std::string_view purpose = {};
  BodyKind body = BodyKind::None;
  std::string_view request = {};   // schema of the body
  std::string_view response = {};  // schema of the answer
  std::string_view media = "application/json";
  int status = 200;
  bool empty_too = false;    // may also answer 204
  bool conditional = false;  // If-Match or If-None-Match decides
  std::vector<Parameter> query = {};
  std::string_view scope = {};  // what a token needs; empty: people only
  std::uint64_t body_bytes_max = 1ULL << 20U;
  // Schema of what the handler answers, in `media`, when it cannot do what was asked, where a
  // standard has a form of its own for that. The handler then also judges the query's values.
  std::string_view failure = {};
};

[[nodiscard]] std::span<const Route> route_table();
[[nodiscard]] const Route* route_of_operation(std::string_view operation);
// The parameters in a path template: {"project_id", "item_id"}.
[[nodiscard]] std::vector<std::string_view> path_parameters(std::string_view path);

// A path parameter is a UUID where its name ends in "_id", else an integer ("index", "file_number")
// or text.
[[nodiscard]] std::string_view path_parameter_type(std::string_view name);

using PathValues = std::vector<std::pair<std::string_view, std::string>>;

// Finds the route of a method and path. Literal segments win over parameters. Built once; then
// O(segments).
class Router {
 public:
  explicit Router(std::span<const Route> routes);
  struct Match {
    const Route* route = nullptr;  // null: no such path, or no such method on it
    PathValues values;             // decoded
    std::string allowed;           // methods of the path when the method is wrong: "GET, PUT"
  };
  [[nodiscard]] Match find(http::Method method, std::string_view path) const;

 private:
  struct Entry {
    const Route* route;
    std::vector<std::string_view> segments;
    std::uint64_t literal_segments;  // a bit for each literal one, the first segment's the highest
  };
  std::vector<Entry> entries_;
};

}  // namespace consilium::api
