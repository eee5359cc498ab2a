#include "format/protocol/protocol_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include "base/canonical_json.hpp"
#include "base/utf8.hpp"
#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t yaml_size_max = std::size_t{4} << 20U;
// Checked as each level opens, so that the parser's recursion stops there too.
constexpr std::size_t depth_max = 32;

// Ends the parse from inside a callback; caught in read_protocol_yaml only.
struct Refused {
  ProtocolRemark remark;
};

TextPosition position_of(const YAML::Mark& mark) {
  const auto from_zero = [](int value) { return static_cast<std::uint32_t>(std::max(value, 0)); };
  return {from_zero(mark.line) + 1, from_zero(mark.column) + 1};
}

[[noreturn]] void refuse(const YAML::Mark& mark, std::string path, std::string what,
                         std::string remedy = {}) {
  throw Refused{
      {Severity::Error, std::move(path), position_of(mark), std::move(what), std::move(remedy)}};
}

// Plain scalars by the core schema (YAML 1.2, 10.3.2), without octal and hexadecimal: nobody
// writes those in a protocol on purpose.
json::value typed_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (text.find_first_not_of("0123456789+-.eE") != std::string::npos) return json::string(text);
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(begin, end, whole);
      read.ec == std::errc{} && read.ptr == end) {
    return whole;
  }
  double number = 0;
  if (const auto read = std::from_chars(begin, end, number);
      read.ec == std::errc{} && read.ptr == end && std::isfinite(number)) {
    return number;
  }
  return json::string(text);
}

// Builds JSON from the parser's events, so that nothing of an alias is ever unfolded.
class JsonBuilder final : public YAML::EventHandler {
 public:
  json::value root;
  std::map<std::string, TextPosition> positions;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, path(), "anchors are not read", "write the text out where it is needed");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, path(), "aliases are not read", "write the text out where it is needed");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    add(mark, nullptr);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check(mark, tag == "!" ? "" : tag, anchor);
    if (!is_utf8(text)) refuse(mark, path(), "the text is not UTF-8");
    if (expects_key()) return take_key(mark, text);
    // The parser marks a quoted scalar with the tag "!", a plain one with "?".
    if (tag == "!") {
      add(mark, json::string(text));
    } else {
      add(mark, typed_scalar(text));
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, json::array{});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, json::object{});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    json::value value;
    std::string path;
    std::optional<std::string> key;  // of a map whose value comes next
  };

  [[nodiscard]] bool expects_key() const {
    return !levels_.empty() && levels_.back().value.is_object() && !levels_.back().key;
  }
  // The pointer of what comes next.
  [[nodiscard]] std::string path() const {
    if (levels_.empty()) return {};
    const Level& level = levels_.back();
    if (const json::array* array = level.value.if_array()) {
      return pointer_to(level.path, array->size());
    }
    return level.key ? pointer_to(level.path, *level.key) : level.path;
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != 0) {
      refuse(mark, path(), "anchors are not read", "write the text out where it is needed");
    }
    if (!tag.empty() && tag != "?") refuse(mark, path(), "tags are not read", "leave the tag out");
  }
  void take_key(const YAML::Mark& mark, const std::string& key) {
    Level& level = levels_.back();
    if (level.value.get_object().contains(key)) {
      refuse(mark, pointer_to(level.path, key), "this member is given twice", "keep one of them");
    }
    level.key = key;
  }
  void add(const YAML::Mark& mark, json::value value) {
    if (expects_key()) refuse(mark, path(), "a member's name must be text");
    positions.emplace(path(), position_of(mark));
    place(std::move(value));
  }
  void place(json::value value) {
    if (levels_.empty()) {
      root = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (json::array* array = level.value.if_array()) {
      array->push_back(std::move(value));
    } else {
      level.value.get_object().emplace(*level.key, std::move(value));
      level.key.reset();
    }
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            json::value empty) {
    check(mark, tag, anchor);
    if (expects_key()) refuse(mark, path(), "a member's name must be text");
    if (levels_.size() == depth_max) refuse(mark, path(), "this is nested too deeply");
    std::string here = path();
    positions.emplace(here, position_of(mark));
    levels_.push_back({std::move(empty), std::move(here), std::nullopt});
  }
  void close() {
    json::value value = std::move(levels_.back().value);
    levels_.pop_back();
    place(std::move(value));
  }

  std::vector<Level> levels_;
};

ProtocolRemark whole_file(std::string what, std::string remedy) {
  return {Severity::Error, "", {}, std::move(what), std::move(remedy)};
}

}  // namespace

TextPosition nearest_position(const ProtocolSource& source, std::string_view path) {
  std::string at(path);
  for (;;) {
    const auto found = source.positions.find(at);
    if (found != source.positions.end()) return found->second;
    if (at.empty()) return {};
    at.resize(at.rfind('/'));
  }
}

std::string to_line(const ProtocolRemark& remark) {
  return fmt::format("{}:{}: {}: {}{}{}{}", remark.position.line, remark.position.column,
                     remark.severity == Severity::Error ? "error" : "warning", remark.path,
                     remark.path.empty() ? "" : ": ", remark.what,
                     remark.remedy.empty() ? "" : " (" + remark.remedy + ")");
}

std::expected<ProtocolSource, ProtocolRemark> read_protocol_yaml(std::string_view yaml) {
  if (yaml.size() > yaml_size_max) {
    return std::unexpected(whole_file("the file is larger than 4 MiB", "split the protocol"));
  }
  if (!is_utf8(yaml)) {
    return std::unexpected(whole_file("the file is not UTF-8", "save it as UTF-8"));
  }
  JsonBuilder builder;
  try {
    std::istringstream stream{std::string(yaml)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      return std::unexpected(whole_file("the file is empty", "start from one of the examples"));
    }
    JsonBuilder rest;
    if (parser.HandleNextDocument(rest)) {
      return std::unexpected(
          whole_file("the file has several documents", "one file holds one protocol"));
    }
  } catch (const Refused& refused) {
    return std::unexpected(refused.remark);
  } catch (const YAML::Exception& problem) {
    return std::unexpected(ProtocolRemark{Severity::Error, "", position_of(problem.mark),
                                          "this is not YAML: " + problem.msg,
                                          "check indentation, colons and quotation marks"});
  }
  return ProtocolSource{json::serialize(builder.root), std::move(builder.positions)};
}

std::expected<Protocol, std::vector<ProtocolRemark>> parse_protocol(std::string_view yaml) {
  const auto source = read_protocol_yaml(yaml);
  if (!source) return std::unexpected(std::vector{source.error()});
  const auto document = parse_json(source->json, 2 * depth_max);
  if (!document) {
    return std::unexpected(std::vector{whole_file(document.error().what, document.error().remedy)});
  }
  auto protocol = read_protocol(*document);
  if (protocol) return std::move(*protocol);
  std::vector<ProtocolRemark> remarks;
  for (Violation& violation : protocol.error()) {
    const TextPosition position = nearest_position(*source, violation.path);
    remarks.push_back({Severity::Error, std::move(violation.path), position,
                       std::move(violation.what), std::move(violation.remedy)});
  }
  return std::unexpected(std::move(remarks));
}

}  // namespace consilium
