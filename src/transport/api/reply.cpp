#include "transport/api/reply.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/check.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

http::Response problem_of(json::object problem, int status) {
  http::Response response = json_response(problem, status);
  response.headers.front().value = "application/problem+json";
  return response;
}

json::object problem_members(int status, std::string_view code, std::string_view what) {
  return {{"type", fmt::format("https://consilium.invalid/problems/{}", code)},
          {"title", what},
          {"status", status},
          {"code", code},
          {"detail", what}};
}

}  // namespace

http::Response json_response(const json::value& value, int status) {
  http::Response response;
  response.status = status;
  response.with("Content-Type", "application/json");
  response.body = json::serialize(value);
  return response;
}

json::object problem_json(const Error& error) {
  json::object problem = problem_members(http_status(error.code), name_of(error.code), error.what);
  if (!error.where.empty()) problem["where"] = error.where;
  if (!error.remedy.empty()) problem["remedy"] = error.remedy;
  return problem;
}

http::Response problem_response(const Error& error, const std::vector<Violation>& violations,
                                std::string_view current_json) {
  json::object problem = problem_json(error);
  if (!violations.empty()) {
    json::array rows;
    for (const Violation& violation : violations) {
      rows.push_back(json::object{
          {"path", violation.path}, {"what", violation.what}, {"remedy", violation.remedy}});
    }
    problem["violations"] = std::move(rows);
  }
  if (!current_json.empty()) {
    json::error_code ignored;
    const json::value current = json::parse(current_json, ignored);
    problem["current"] = current;
    // What a lost mask patch has to know stands beside, too.
    if (current.is_object() && current.get_object().contains("conflicts")) {
      problem["conflicts"] = current.get_object().at("conflicts");
      if (const json::value* revision = current.get_object().if_contains("revision")) {
        problem["current_revision"] = *revision;
      }
    }
  }
  http::Response response = problem_of(std::move(problem), http_status(error.code));
  if (error.code == ErrorCode::Unauthenticated) response.with("WWW-Authenticate", "Bearer");
  return response;
}

http::Response problem_response(int status, std::string_view code, std::string_view what,
                                std::string_view remedy) {
  json::object problem = problem_members(status, code, what);
  if (!remedy.empty()) problem["remedy"] = remedy;
  return problem_of(std::move(problem), status);
}

http::Response reply(const Result<json::object>& result, int status) {
  if (!result) return problem_response(result.error());
  http::Response response = json_response(*result, status);
  const json::value* revision = result->if_contains("revision");
  if (revision != nullptr && revision->is_int64()) {
    response.with("ETag", fmt::format("\"{}\"", revision->get_int64()));
  }
  return response;
}

http::Response reply(const service::Answer<json::object>& answer, int status) {
  if (!answer) {
    return problem_response(answer.error().error, answer.error().violations,
                            answer.error().current_json);
  }
  return reply(Result<json::object>(*answer), status);
}

http::Response reply_rows(Result<json::object> result) {
  if (!result) return problem_response(result.error());
  for (json::value& row : result->at("results").as_array()) {
    json::value* problem = row.as_object().if_contains("problem");
    if (problem == nullptr) continue;
    json::object whole = problem_members(row.at("status").to_number<int>(),
                                         std::string_view(problem->at("code").as_string()),
                                         std::string_view(problem->at("detail").as_string()));
    for (const auto& member : problem->as_object()) whole[member.key()] = member.value();
    *problem = std::move(whole);
  }
  return json_response(*result);
}

http::Response reply(const Status& status) {
  if (!status) return problem_response(status.error());
  http::Response response;
  response.status = 204;
  return response;
}

http::Response binary_response(std::string bytes, std::string_view media_type) {
  http::Response response;
  response.with("Content-Type", std::string(media_type));
  response.body = std::move(bytes);
  return response;
}

std::string_view Call::value(std::string_view name) const {
  for (const auto& [key, text] : values) {
    if (key == name) return text;
  }
  return {};
}

Result<std::int64_t> Call::integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                                   std::int64_t most) const {
  const std::optional<std::string_view> given = request.query_value(name);
  if (!given) return fallback;
  const std::optional<std::int64_t> number = parse_integer(*given);
  if (!number || *number < least || *number > most) {
    return fail(ErrorCode::InvalidInput, "a number in the address is out of range",
                fmt::format("query {}", name), fmt::format("send {} to {}", least, most));
  }
  return *number;
}

std::string Call::text(std::string_view name) const {
  return std::string(request.query_value(name).value_or(std::string_view{}));
}

Result<std::vector<std::int64_t>> Call::integers(std::string_view name) const {
  constexpr std::size_t count_max = 100'000;
  std::vector<std::int64_t> numbers;
  const std::string all = text(name);
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::optional<std::int64_t> number = parse_integer(rest.substr(0, comma));
    if (!number || *number < 0 || *number > 0xFFFFFFFFLL || numbers.size() >= count_max) {
      return fail(ErrorCode::InvalidInput, "a list of numbers in the address is wrong",
                  fmt::format("query {}", name), "send numbers from 0 on, parted by commas");
    }
    numbers.push_back(*number);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return numbers;
}

Result<std::optional<std::int64_t>> Call::if_match() const {
  if (!request.has_header("if-match")) return std::nullopt;
  std::string_view tag = request.header("if-match");
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"')
    tag = tag.substr(1, tag.size() - 2);
  const std::optional<std::int64_t> revision = parse_integer(tag);
  if (!revision || *revision < 1) {
    return fail(ErrorCode::InvalidInput, "If-Match holds no revision", "header If-Match",
                "send \"N\", N from ETag");
  }
  return revision;
}

std::string Call::body_text(std::string_view name) const {
  const json::value* member = body->if_contains(name);
  if (member == nullptr || !member->is_string()) return {};
  return std::string(member->get_string());
}

std::vector<std::string> Call::body_texts(std::string_view name) const {
  std::vector<std::string> texts;
  const json::value* member = body->if_contains(name);
  if (member == nullptr || !member->is_array()) return texts;
  for (const json::value& entry : member->get_array()) {
    if (entry.is_string()) texts.emplace_back(entry.get_string());
  }
  return texts;
}

void HandlerTable::add(std::string_view operation, Handler handler) {
  CSL_CHECK(route_of_operation(operation) != nullptr);
  CSL_CHECK(handlers_.emplace(std::string(operation), std::move(handler)).second);
}

const Handler* HandlerTable::find(std::string_view operation) const {
  const auto found = handlers_.find(operation);
  return found == handlers_.end() ? nullptr : &found->second;
}

}  // namespace consilium::api
