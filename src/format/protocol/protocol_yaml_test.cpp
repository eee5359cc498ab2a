#include "format/protocol/protocol_yaml.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/bytes.hpp"
#include "base/canonical_json.hpp"
#include "format/protocol/protocol_diff.hpp"
#include "format/protocol/protocol_lint.hpp"
#include "tests/source_dir.hpp"

namespace consilium {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path protocols_folder() { return test::source_dir() / "protocols"; }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, "not found: ", from);
  return text.replace(at, from.size(), to);
}

Protocol parsed(const std::string& yaml) {
  auto protocol = parse_protocol(yaml);
  if (!protocol) FAIL(to_line(protocol.error().front()));
  return *protocol;
}

const std::string small = R"(schema: 1
id: small
version: 1.2.0
title: A small one
authors: [{name: Somebody}]
clinical_question: Is it there?
item_unit: note
modalities: [NOTE]
attributes:
  - id: sure
    name: Sure
    answer: {type: choice, ordinal: true, choices: [{id: low, name: Low}, {id: high, name: High}]}
labels:
  - id: thing
    name: Thing
    definition: Any thing.
    places: [spans]
    attributes: [sure]
  - id: other
    name: Other
    definition: Another thing.
    places: [spans]
)";

TEST_CASE("our own protocols are read, have no error, and warn of missing codes only") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(protocols_folder())) {
    CAPTURE(entry.path().filename().string());
    const std::string yaml = read_text(entry.path());
    const auto protocol = parse_protocol(yaml);
    if (!protocol) FAIL(to_line(protocol.error().front()));
    CHECK(protocol->id == entry.path().stem().string());
    for (const ProtocolRemark& remark : lint_protocol(yaml)) {
      CAPTURE(to_line(remark));
      CHECK(remark.severity == Severity::Warning);
      CHECK(remark.what.ends_with("has no code"));
    }
    ++count;
  }
  CHECK(count == 6);
}

TEST_CASE("the content hash is that of the canonical document, however it was written") {
  const Protocol protocol = parsed(small);
  const Protocol as_json = parsed(protocol.document);
  CHECK(as_json.content_hash == protocol.content_hash);
  CHECK(as_json == protocol);
  CHECK(sha256(bytes_of(protocol.document)) == protocol.content_hash);
  const Protocol spaced =
      parsed(replaced(small, "title: A small one", "title:   'A small one' # x"));
  CHECK(spaced.content_hash == protocol.content_hash);
  const boost::json::object browser = protocol_json(protocol);
  CHECK(browser.at("content_hash").as_string() == to_hex(protocol.content_hash));
  CHECK(browser.at("labels").as_array().size() == 2);
}

TEST_CASE("every mistake is placed by line and column, all at once") {
  std::string yaml = replaced(small, "version: 1.2.0", "version: 1.2");
  yaml = replaced(yaml, "    places: [spans]\n    attributes: [sure]",
                  "    places: [spams]\n    colour: \"#00\"\n    attributes: [sure]");
  yaml = replaced(yaml, "definition: Another thing.", "defnition: Another thing.");
  const auto protocol = parse_protocol(yaml);
  REQUIRE_FALSE(protocol.has_value());
  std::vector<std::string> lines;
  for (const ProtocolRemark& remark : protocol.error()) {
    lines.push_back(remark.path + "@" + std::to_string(remark.position.line));
  }
  const auto has = [&](const std::string& line) {
    CAPTURE(line);
    CHECK(std::find(lines.begin(), lines.end(), line) != lines.end());
  };
  has("/version@3");
  has("/labels/0/places@17");
  has("/labels/0/colour@18");
  has("/labels/1/defnition@22");
  has("/labels/1@20");  // the definition is missing
}

TEST_CASE("broken references are named") {
  struct Case {
    std::string name;
    std::string yaml;
    std::string path;
  };
  const Case cases[] = {
      {"an unknown attribute", replaced(small, "attributes: [sure]", "attributes: [nope]"),
       "/labels/0/attributes/0"},
      {"an id twice", replaced(small, "- id: other", "- id: thing"), "/labels/1/id"},
      {"an attribute with a label's id", replaced(small, "- id: sure", "- id: other"),
       "/attributes/0/id"},
      {"a key twice",
       replaced(replaced(small, "name: Thing\n", "name: Thing\n    shortcut: \"t\"\n"),
                "name: Other\n", "name: Other\n    shortcut: \"t\"\n"),
       "/labels/1/shortcut"},
      {"a place on no note", replaced(small, "places: [spans]", "places: [mask]"),
       "/labels/0/places/0"},
      {"a reserved choice", replaced(small, "id: low", "id: unsure"),
       "/attributes/0/answer/choices/0/id"},
      {"a condition that can never hold",
       replaced(small, "attributes: [sure]",
                "attributes: [{id: sure, required_if: {of: sure, is: [low]}}]"),
       "/labels/0/attributes/0/required_if/of"},
      {"an excluded label that is not there",
       replaced(small, "attributes: [sure]", "excludes: [nope]"), "/labels/0/excludes/0"},
      {"a migration from the future", small + "migration: [{from: 9.0.0, labels: {old: thing}}]\n",
       "/migration/0/from"},
      {"a migration to nowhere", small + "migration: [{from: 1.0.0, labels: {old: gone}}]\n",
       "/migration/0/labels/old"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto protocol = parse_protocol(one.yaml);
    REQUIRE_FALSE(protocol.has_value());
    bool found = false;
    for (const ProtocolRemark& remark : protocol.error()) found |= remark.path == one.path;
    CHECK_MESSAGE(found, to_line(protocol.error().front()));
  }
}

TEST_CASE("what YAML must not do is refused") {
  struct Case {
    std::string name;
    std::string yaml;
  };
  const Case cases[] = {
      {"an alias", "a: &x [1, 2]\nb: *x\n"},
      {"an anchor on a scalar", "a: &x text\n"},
      {"a tag", "a: !!binary aGk=\n"},
      {"a member twice", "a: 1\na: 2\n"},
      {"two documents", "a: 1\n---\na: 2\n"},
      {"nothing", ""},
      {"a list as a name", "[a, b]: 1\n"},
      {"brackets without end", std::string(100'000, '[')},
      {"dashes without end",
       [] {
         std::string text;
         for (int i = 0; i < 20'000; ++i) text += "- ";
         return text;
       }()},
      {"not UTF-8", "a: \xFF\n"},
      {"a tab for indentation", "a:\n\t- b\n"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK_FALSE(read_protocol_yaml(one.yaml).has_value());
  }
}

TEST_CASE("plain scalars are typed by the core schema and quoted ones are text") {
  const auto source = read_protocol_yaml(
      "a: 12\nb: \"12\"\nc: 1.5\nd: true\ne: yes\nf: null\ng: 1.0.0\nh: '#fff'\ni: -0.5e2\nj: no\n"
      "k: |\n  two\n  lines\nl: 0x1F\nm: ~\nn:\no: \xC3\xA9\np: .inf\nq: 99999999999999999999\n");
  REQUIRE(source);
  const auto value = parse_json(source->json);
  REQUIRE(value);
  CHECK(canonical_json(*value).value() ==
        R"({"a":12,"b":"12","c":1.5,"d":true,"e":"yes","f":null,"g":"1.0.0","h":"#fff","i":-50,)"
        R"("j":"no","k":"two\nlines\n","l":"0x1F","m":null,"n":null,"o":"é","p":".inf",)"
        R"("q":100000000000000000000})");
  CHECK(source->positions.at("/k") == TextPosition{11, 4});
}

TEST_CASE("the linter warns of faint colours, taken keys and lossy exports") {
  CHECK(colour_contrast("#ffffff", "#000000") == doctest::Approx(21));
  CHECK(colour_contrast("#777777", "#ffffff") == doctest::Approx(4.478).epsilon(0.001));
  const auto warns = [](const std::string& yaml, const std::string& path) {
    CAPTURE(path);
    bool found = false;
    for (const ProtocolRemark& remark : lint_protocol(yaml)) {
      CHECK(remark.severity == Severity::Warning);
      found |= remark.path == path;
    }
    CHECK(found);
  };
  const auto first = [](const std::string& line) {
    return replaced(small, "name: Thing\n", "name: Thing\n    " + line + "\n");
  };
  warns(first("colour: \"#e69f00\""), "/labels/0/colour");  // 2.2:1 on white
  warns(first("shortcut: \"z\""), "/labels/0/shortcut");
  warns(first("tolerance: {window_ms: 5}"), "/labels/0/tolerance/window_ms");
  warns(first("concept: {system: XYZ, code: \"1\", display: One}"), "/labels/0/concept/system");
  warns(replaced(first("export: {brat: {type: A}}"), "name: Other\n",
                 "name: Other\n    export: {brat: {type: A}}\n"),
        "/labels/1/export/brat/type");
  warns(small, "/changelog");
  warns(replaced(small, "modalities: [NOTE]", "modalities: [CT]"), "/modalities");
  warns(first("colour: \"#0072b2\""), "/labels/0");  // no code
}

TEST_CASE("a diff says what breaks and which version it needs") {
  struct Case {
    std::string name;
    std::string after;
    ChangeLevel level;
    std::string needed;
  };
  const Case cases[] = {
      {"nothing", small, ChangeLevel::Patch, "1.2.0"},
      {"wording", replaced(small, "Any thing.", "Any thing at all."), ChangeLevel::Patch, "1.2.1"},
      {"a label more",
       small + "  - {id: third, name: Third, definition: A third., places: [spans]}\n",
       ChangeLevel::Minor, "1.3.0"},
      {"a label less", small.substr(0, small.find("  - id: other")), ChangeLevel::Major, "2.0.0"},
      {"a choice less", replaced(small, "{id: low, name: Low}, ", ""), ChangeLevel::Major, "2.0.0"},
      {"a scale with one step more",
       replaced(small, "{id: high", "{id: middle, name: Middle}, {id: high"), ChangeLevel::Major,
       "2.0.0"},
      {"a scale turned round",
       replaced(small, "{id: low, name: Low}, {id: high, name: High}",
                "{id: high, name: High}, {id: low, name: Low}"),
       ChangeLevel::Major, "2.0.0"},
      {"an attribute now required",
       replaced(small, "attributes: [sure]", "attributes: [{id: sure, required: true}]"),
       ChangeLevel::Major, "2.0.0"},
      {"unsure allowed", replaced(small, "ordinal: true,", "ordinal: true, allow: [unsure],"),
       ChangeLevel::Minor, "1.3.0"},
      {"a place more", replaced(small, "places: [spans]", "places: [spans, whole]"),
       ChangeLevel::Minor, "1.3.0"},
      {"an optional question",
       small + "questions: [{id: q, name: Q, prompt: Which, level: item, answer: {type: bool}}]\n",
       ChangeLevel::Minor, "1.3.0"},
      {"a required question",
       small + "questions: [{id: q, name: Q, prompt: Which, level: item, required: true, answer: "
               "{type: bool}}]\n",
       ChangeLevel::Major, "2.0.0"},
  };
  const Protocol before = parsed(small);
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const ProtocolDiff same_version = diff_protocols(before, parsed(one.after));
    CHECK(same_version.level == one.level);
    CHECK(same_version.version_needed == one.needed);
    CHECK(same_version.version_is_right == same_version.changes.empty());
    const Protocol stepped =
        parsed(replaced(one.after, "version: 1.2.0", "version: " + one.needed));
    CHECK(diff_protocols(before, stepped).version_is_right);
  }
}

TEST_CASE("a migration map carries a renamed label") {
  std::string after = replaced(small, "version: 1.2.0", "version: 2.0.0");
  after = replaced(after, "- id: other", "- id: another");
  const Protocol before = parsed(small);
  CHECK(diff_protocols(before, parsed(after)).unmapped == std::vector<std::string>{"other"});
  after += "migration: [{from: 1.2.0, labels: {other: another}}]\n";
  const ProtocolDiff diff = diff_protocols(before, parsed(after));
  CHECK(diff.unmapped.empty());
  CHECK(diff.version_is_right);
  REQUIRE(diff.changes.size() == 1);
  CHECK(diff.changes.front().what == "the label became 'another'");
}

TEST_CASE("a protocol cut or flipped anywhere is read or refused, never worse") {
  const std::string yaml = read_text(protocols_folder() / "chest-ct-nodule.yaml");
  REQUIRE(yaml.size() > 4096);
  for (std::size_t size = 0; size < yaml.size(); size += 97) {
    static_cast<void>(parse_protocol(std::string_view(yaml).substr(0, size)));
  }
  for (std::size_t at = 0; at < yaml.size(); at += 61) {
    std::string flipped = yaml;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    static_cast<void>(parse_protocol(flipped));
  }
}

}  // namespace
}  // namespace consilium
