// Over all formats: what is written reads as it was after fitting, every surface stands where the
// value says, and what is lost is what the golden list says.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/random.hpp"
#include "base/utf8.hpp"
#include "format/labelled_files/labelled_files.hpp"

using namespace consilium;

namespace {

constexpr char32_t letters[] = {
    U'a', U'Z', U'7',  U' ',      U'-',      U'\t', U'\r', U'\n',         U'\0',     U'"',   U'<',
    U'&', U'|', U'\\', U'\u00e9', U'\u0301', U'_',  U'#',  U'\U0001F9E0', U'\u3042', U'\x1b'};

std::string random_text(SeededRandom& random) {
  std::string utf8 = "x";
  for (std::uint64_t i = 0, n = 10 + random.below(60); i < n; ++i) {
    append_utf8(utf8, letters[random.below(std::size(letters))]);
  }
  return utf8 + "x";
}

// Everything that any format can say.
LabelledText random_labels(SeededRandom& random) {
  LabelledText text;
  text.id = "d1";
  text.text = CanonicalText::from_utf8(random_text(random)).value();
  const std::uint64_t size = text.text.code_point_count();
  const char* types[] = {"Disease", "Drug"};
  for (std::uint64_t i = 0, n = 1 + random.below(6); i < n; ++i) {
    TextMention m{.id = "T" + std::to_string(i + 1), .type = types[random.below(2)]};
    const std::uint64_t begin = random.below(size);
    const std::uint64_t end = begin + 1 + random.below(std::min<std::uint64_t>(size - begin, 12));
    m.ranges = {{begin, end}};
    if (random.below(3) == 0 && end + 2 < size) m.ranges.push_back({end + 1, end + 2});
    if (random.below(3) == 0) m.attributes = {{"certainty", "low"}};
    if (random.below(3) == 0) m.concepts = {{"MESH", "D1", ""}};
    if (random.below(3) == 0) m.comment = "see \u00e9";
    text.mentions.push_back(std::move(m));
  }
  if (text.mentions.size() > 1) {
    text.relations = {{.id = "R1", .type = "in", .from = {"", "T1"}, .to = {"", "T2"}}};
    text.events = {{.id = "E1", .type = "Ev", .trigger = "T2", .arguments = {{"Theme", "T1"}}}};
    text.chains = {{.id = "C1", .type = "Equiv", .members = {"T1", "T2"}}};
  }
  return text;
}

// CoNLL has only tokens, and of FHIR only the documents are read.
bool is_exact(const LabelledFormat& format) {
  return !format.name.starts_with("conll") && format.name != "fhir";
}

const LabelledOrigin origin{.recorded_at = "2026-01-02T03:04:05Z"};

// The words under each mention, in order, are those that were under it before.
void check_surfaces(const LabelledText& before, const LabelledText& after) {
  const auto surfaces = [](const LabelledText& text) {
    std::vector<std::string> all;
    for (const TextMention& m : text.mentions) all.push_back(surface_of(text.text, m.ranges, "|"));
    std::ranges::sort(all);
    return all;
  };
  CHECK(surfaces(before) == surfaces(after));
}

}  // namespace

TEST_CASE("any text and labels read as they were written") {
  for (const LabelledFormat& format : labelled_formats()) {
    if (!format.writes || !format.reads || !is_exact(format)) continue;
    CAPTURE(format.name);
    SeededRandom random(11);
    for (int round = 0; round < 150; ++round) {
      const LabelledText text = random_labels(random);
      const auto fitted = fit_text(text, format.abilities, OverlapPolicy::Split);
      REQUIRE(fitted);
      const auto file = write_labelled(format, {text}, OverlapPolicy::Split);
      REQUIRE(file);
      const auto read = read_labelled(format, file->bytes, file->text_beside);
      REQUIRE(read);
      REQUIRE(read->size() == 1);
      CHECK(read->front().text == fitted->text.text);
      // brat cuts line ends off a mention's edge, a CAS cannot say which of several mentions at one
      // place is a chain's, and both say so.
      const bool is_cut = std::ranges::any_of(file->losses, [](const TextLoss& loss) {
        return loss.kind.contains("line ends") || loss.kind.starts_with("members of chains");
      });
      if (is_cut) continue;
      CHECK(described(read->front()) == described(fitted->text));
      check_surfaces(fitted->text, read->front());
      for (const TextProblem& p : read->front().problems) FAIL_CHECK(p.what);
    }
  }
}

TEST_CASE("tags say every mention that has a token") {
  SeededRandom random(12);
  for (int round = 0; round < 300; ++round) {
    const LabelledText text = random_labels(random);
    for (const std::string_view name : {"conll", "conll-iob1", "conll-bilou", "conll-iobes"}) {
      const LabelledFormat& format = *labelled_format(name);
      const auto fitted = fit_text(text, format.abilities, OverlapPolicy::Split);
      REQUIRE(fitted);
      const auto file = write_labelled(format, {text}, OverlapPolicy::Split);
      REQUIRE(file);
      const auto read = read_labelled(format, file->bytes);
      REQUIRE(read);
      if (read->empty()) continue;  // nothing but blanks
      std::uint64_t lost = 0;
      for (const TextLoss& loss : file->losses) {
        if (loss.kind == "mentions without a token") lost = loss.count;
      }
      CAPTURE(file->bytes);
      CHECK(read->front().mentions.size() + lost == fitted->text.mentions.size());
    }
  }
}

TEST_CASE("what each format loses of one text that says all") {
  LabelledText text;
  text.id = "d1";
  text.text = CanonicalText::from_utf8("breast and ovarian cancers\ncause pain.").value();
  text.sections = {{0, 26}, {27, 38}};
  text.sentences = {{0, 26}, {27, 38}};
  text.mentions = {{.id = "T1",
                    .layer = "L",
                    .type = "D",
                    .ranges = {{0, 6}, {19, 26}},
                    .attributes = {{"a", "b"}},
                    .concepts = {{"MESH", "D1", "name"}},
                    .comment = "c",
                    .rater = "r",
                    .probability = 0.5,
                    .said_at = "2026-01-01T00:00:00Z"},
                   {.id = "T2", .layer = "L", .type = "D", .ranges = {{11, 26}}},
                   {.id = "T3", .type = "S", .ranges = {{33, 37}}}};
  text.relations = {{.id = "R1",
                     .type = "x",
                     .from = {"Cause", "T2"},
                     .to = {"Theme", "T3"},
                     .attributes = {{"p", "q"}},
                     .comment = "c"}};
  text.events = {{.id = "E1", .type = "e", .trigger = "T3", .arguments = {{"Theme", "T2"}}}};
  text.chains = {{.id = "C1", .type = "Equiv", .members = {"T1", "T2"}}};
  text.answers = {{"kind", "note"}};
  text.metadata = {{"licence", "none"}};
  const std::map<std::string, std::string> golden{
#include "format/labelled_files/losses_golden.inc"
  };
  for (const LabelledFormat& format : labelled_formats()) {
    if (!format.writes) continue;
    const auto file = write_labelled(format, {text}, OverlapPolicy::Split, origin);
    REQUIRE(file);
    std::string losses;
    for (const TextLoss& loss : file->losses) {
      losses += (losses.empty() ? "" : "; ") + std::to_string(loss.count) + " " + loss.kind;
    }
    const auto expected = golden.find(std::string(format.name));
    CHECK_MESSAGE((expected != golden.end() && expected->second == losses),
                  "{\"" << format.name << "\", \"" << losses << "\"},");
    const bool refuses = !format.abilities.discontinuous || !format.abilities.overlapping;
    CHECK(write_labelled(format, {text}, OverlapPolicy::Refuse, origin).has_value() != refuses);
  }
}

TEST_CASE("a text of 50 MB with labels is written and read") {
  for (const auto& [name, size_bytes] :
       std::map<std::string, std::size_t>{{"brat", std::size_t{50} << 20U},
                                          {"bioc-xml", std::size_t{5} << 20U},
                                          {"uima-xmi", std::size_t{5} << 20U},
                                          {"uima-json", std::size_t{5} << 20U},
                                          {"webanno-tsv", std::size_t{1} << 20U}}) {
    CAPTURE(name);
    std::string utf8;
    while (utf8.size() < size_bytes) utf8 += "No br\xC3\xB6st \xF0\x9F\xA7\xA0 pain today.\n";
    LabelledText text;
    text.text = CanonicalText::from_utf8(std::move(utf8)).value();
    const std::uint64_t size = text.text.code_point_count();
    text.mentions = {{.id = "T1", .type = "S", .ranges = {{11, 15}}},
                     {.id = "T2", .type = "S", .ranges = {{size - 12, size - 8}}}};
    const LabelledFormat& format = *labelled_format(name);
    const auto file = write_labelled(format, {text}, OverlapPolicy::Refuse);
    REQUIRE(file);
    const auto read = read_labelled(format, file->bytes, file->text_beside);
    REQUIRE(read);
    CHECK(described(read->front()) == described(text));
    CHECK(read->front().problems.empty());
  }
}
