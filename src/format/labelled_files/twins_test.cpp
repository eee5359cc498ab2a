// One annotated document in ten formats (bconv's test data): each must say the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "format/labelled_files/labelled_files.hpp"

using namespace consilium;

namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path data_folder() {
  const char* root = std::getenv("CONSILIUM_DATA");
  return std::filesystem::path(root == nullptr ? "" : root) / "text";
}

// "28-47 Gene estrogen receptor 1", with the concept where the format says one.
std::vector<std::string> said(const LabelledText& text, bool with_concepts) {
  std::vector<std::string> out;
  for (const TextMention& m : text.mentions) {
    std::string line;
    for (const TextSpan& r : m.ranges) {
      line += std::to_string(r.begin) + "-" + std::to_string(r.end) + " ";
    }
    line += m.type + " " + surface_of(text.text, m.ranges);
    if (with_concepts) {
      for (const TextConcept& c : m.concepts) line += " " + reference_of(c);
    }
    out.push_back(line);
  }
  std::ranges::sort(out);
  return out;
}

LabelledText read_twin(const std::filesystem::path& path, const std::filesystem::path& txt) {
  const std::string bytes = bytes_of(path);
  const LabelledFormat* format = sniff_labelled_format(path.filename().string(), bytes);
  REQUIRE_MESSAGE(format != nullptr, path.string());
  std::string text = bytes_of(txt);
  const auto texts = read_labelled(*format, bytes, text);
  REQUIRE_MESSAGE(texts.has_value(), path.string());
  REQUIRE(texts->size() == 1);
  return texts->front();
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

// "18-34 cardiac asystole", as the table says it in columns five to seven.
std::vector<std::string> places_in_table(const std::string& table) {
  std::vector<std::string> places;
  TextLines lines(table);
  std::string_view line;
  while (lines.next(line)) {
    const auto columns = parted(line, '\t');
    if (columns.size() < 7) continue;
    places.push_back(std::string(columns[4]) + "-" + std::string(columns[5]) + " " +
                     std::string(columns[6]));
  }
  std::ranges::sort(places);
  return places;
}

std::vector<std::string> places_of(const LabelledText& text) {
  std::vector<std::string> places;
  for (const TextMention& m : text.mentions) {
    places.push_back(std::to_string(m.ranges.front().begin) + "-" +
                     std::to_string(m.ranges.back().end) + " " + surface_of(text.text, m.ranges));
  }
  std::ranges::sort(places);
  return places;
}

std::vector<std::string> surfaces_of(const LabelledText& text) {
  std::vector<std::string> surfaces;
  for (const TextMention& m : text.mentions) surfaces.push_back(surface_of(text.text, m.ranges));
  std::ranges::sort(surfaces);
  return surfaces;
}

// The values of "exact", which have no escapes here.
std::vector<std::string> surfaces_in_europepmc(const std::string& jsonl) {
  constexpr std::string_view key = "\"exact\": \"";
  std::vector<std::string> surfaces;
  for (std::size_t at = jsonl.find(key); at != std::string::npos; at = jsonl.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    surfaces.push_back(jsonl.substr(begin, jsonl.find('"', begin) - begin));
  }
  std::ranges::sort(surfaces);
  return surfaces;
}

}  // namespace

TEST_CASE("twins in ten formats agree") {
  const auto folder = data_folder() / "formats_bconv";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  struct Twin {
    std::string file;
    std::string format;
    bool concepts;
  };
  for (const std::string& name : std::vector<std::string>{"BC5CDR-example", "tutorial-example"}) {
    const std::vector<Twin> twins{{"bioc_xml/" + name + ".xml", "bioc-xml", true},
                                  {"bioc_json/" + name + ".json", "bioc-json", true},
                                  {"pubanno_json/" + name + ".json", "pubannotation", true},
                                  {"pubtator/" + name + ".txt", "pubtator", true},
                                  {"conll/" + name + ".conll", "conll", false}};
    const LabelledText model = read_twin(folder / twins[0].file, {});
    CHECK(model.mentions.size() == (name.starts_with("BC") ? 6 : 9));
    for (const Twin& twin : twins) {
      CAPTURE(twin.file);
      const std::string bytes = bytes_of(folder / twin.file);
      const LabelledFormat* format = sniff_labelled_format("x", bytes);
      REQUIRE(format != nullptr);
      CHECK(format->name == twin.format);
      const LabelledText text = read_twin(folder / twin.file, {});
      CHECK(said(text, twin.concepts) == said(model, twin.concepts));
      CHECK(text.id == model.id);
      if (twin.format != "conll") CHECK(text.problems.empty());
    }
    // brat and BioNLP count in the text of BioC.
    for (const std::string& file :
         std::vector<std::string>{"brat/" + name + ".ann", "bionlp/" + name + ".bionlp"}) {
      CAPTURE(file);
      const auto texts =
          read_labelled(*labelled_format("brat"), bytes_of(folder / file), model.text.utf8());
      REQUIRE(texts);
      CHECK(texts->front().problems.empty());
      const bool concepts = file.starts_with("brat/B");
      CHECK(said(texts->front(), concepts) == said(model, concepts));
      if (concepts) {
        REQUIRE(texts->front().relations.size() == 1);
        CHECK(texts->front().relations[0].type == model.relations.at(0).type);
      }
    }
    // Three more are no formats of ours: plain text, a table of places, surfaces without places.
    // The plain text has one line end more between title and abstract.
    CHECK(without_blanks(bytes_of(folder / "txt" / (name + ".txt"))) ==
          without_blanks(std::string(model.text.utf8())));
    CHECK(places_in_table(bytes_of(folder / "tsv" / (name + ".tsv"))) == places_of(model));
    CHECK(surfaces_in_europepmc(bytes_of(folder / "europepmc" / (name + ".jsonl"))) ==
          surfaces_of(model));
  }
}

TEST_CASE("the long twin with gaps agrees in XML, JSON and brat") {
  const auto folder = data_folder() / "formats_bconv";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const LabelledText xml = read_twin(folder / "bioc_xml/CRAFT-example.xml", {});
  const LabelledText json = read_twin(folder / "bioc_json/CRAFT-example.json", {});
  CHECK(described(xml) == described(json));
  CHECK(xml.text == json.text);
  CHECK(xml.problems.empty());
  // Plain text and brat were made with fewer blanks, so places differ there and nothing else.
  const LabelledText brat =
      read_twin(folder / "brat/CRAFT-example.ann", folder / "txt/CRAFT-example.txt");
  CHECK(brat.problems.empty());
  REQUIRE(brat.mentions.size() == xml.mentions.size());
  for (std::size_t i = 0; i < xml.mentions.size(); ++i) {
    CHECK(brat.mentions[i].type == xml.mentions[i].type);
    CHECK(surface_of(brat.text, brat.mentions[i].ranges) ==
          surface_of(xml.text, xml.mentions[i].ranges));
    REQUIRE(brat.mentions[i].concepts.size() == 1);
    CHECK(reference_of(brat.mentions[i].concepts[0]) ==
          reference_of(xml.mentions[i].concepts.at(0)));
  }
  CHECK(xml.mentions.size() > 20);
}

// The same training data twice: once by offsets, once by tags.
TEST_CASE("PubTator and tags of the disease corpus name the same surfaces") {
  const auto folder = data_folder() / "ncbi_disease";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const std::string by_offset = bytes_of(folder / "dev.pubtator");
  const auto texts = read_labelled(*labelled_format("pubtator"), by_offset);
  REQUIRE(texts);
  std::size_t mentions = 0;
  for (const LabelledText& text : *texts) {
    CHECK(text.problems.empty());
    mentions += text.mentions.size();
  }
  const auto tagged = read_labelled(*labelled_format("conll"), bytes_of(folder / "dev.iob.tsv"));
  REQUIRE(tagged);
  std::size_t tagged_mentions = 0;
  for (const LabelledText& text : *tagged) tagged_mentions += text.mentions.size();
  CHECK(mentions == tagged_mentions);
  CHECK(mentions == 787);
}
