#include "format/uima/uima.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace consilium;

namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path webanno_folder() {
  const char* root = std::getenv("CONSILIUM_DATA");
  return std::filesystem::path(root == nullptr ? "" : root) / "text/formats_webanno";
}

LabelledText read(const std::string& bytes) {
  const auto text = read_webanno_tsv(bytes);
  REQUIRE_MESSAGE(text, (text ? "" : to_line(text.error())));
  for (const TextProblem& problem : text->problems) FAIL_CHECK(problem.what);
  return *text;
}

std::string surface(const LabelledText& text, const TextMention& mention) {
  return surface_of(text.text, mention.ranges);
}

constexpr std::string_view begin = "#FORMAT=WebAnno TSV 3.3\n";

}  // namespace

TEST_CASE("WebAnno: offsets count UTF-16 units, numbers join units and part what is stacked") {
  const LabelledText text = read(std::string(begin) +
                                 "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|"
                                 "identifier|value\n\n\n"
                                 "#Text=\xF0\x9F\xA7\xA0 tumour of left lung .\n"
                                 "1-1\t0-2\t\xF0\x9F\xA7\xA0\t_\t_\t\n"
                                 "1-2\t3-9\ttumour\tSCT:1[1]|*[2]\tFinding[1]|Word[2]\t\n"
                                 "1-3\t10-12\tof\tSCT:1[1]\tFinding[1]\t\n"
                                 "1-4\t13-17\tleft\tSCT:1[1]\tFinding[1]\t\n"
                                 "1-5\t18-22\tlung\tSCT:1[1]\tFinding[1]\t\n"
                                 "1-5.1\t18-20\tlu\t*\tHalf\\_word\t\n"
                                 "1-6\t23-24\t.\t_\t_\t\n");
  CHECK(text.text.utf8() == "\xF0\x9F\xA7\xA0 tumour of left lung .");
  CHECK(text.tokens.size() == 6);
  CHECK(text.sentences == std::vector<TextSpan>{{0, 23}});
  REQUIRE(text.mentions.size() == 3);
  CHECK(text.mentions[0].type == "Finding");
  CHECK(surface(text, text.mentions[0]) == "tumour of left lung");
  CHECK(text.mentions[0].concepts == std::vector<TextConcept>{{"SCT", "1", ""}});
  CHECK(surface(text, text.mentions[1]) == "tumour");
  CHECK(text.mentions[1].concepts.empty());
  CHECK(text.mentions[2].type == "Half_word");
  CHECK(surface(text, text.mentions[2]) == "lu");
}

TEST_CASE("WebAnno: relations point by unit and number, slots by role, chains by link") {
  const LabelledText text =
      read(std::string(begin) +
           "#T_SP=webanno.custom.Span|label\n"
           "#T_SP=webanno.custom.Frame|ROLE_webanno.custom.Frame:args_webanno.custom.Link|"
           "uima.tcas.Annotation\n"
           "#T_CH=webanno.custom.CorefLink|referenceType|referenceRelation\n"
           "#T_RL=webanno.custom.Rel|kind|BT_webanno.custom.Span\n\n\n"
           "#Text=He gave aspirin .\n"
           "#Text=It helped .\n"
           "1-1\t0-2\tHe\tPerson\t_\t_\t_\t_\t_\t_\t\n"
           "1-2\t3-7\tgave\t_\tagent;drug\t1-1;1-3[2]\t_\t_\t_\t_\t\n"
           "1-3\t8-15\taspirin\tDrug[2]|Word[3]\t_\t_\tdrug[1]\tcoref->1-1\tby\t1-1[0_2]\t\n"
           "1-4\t16-17\t.\t_\t_\t_\t_\t_\t_\t_\t\n"
           "1-5\t18-20\tIt\t_\t_\t_\t*[1]\t*->1-2\t_\t_\t\n"
           "1-6\t21-27\thelped\t_\t_\t_\t_\t_\t_\t_\t\n");
  CHECK(text.text.utf8() == "He gave aspirin .\nIt helped .");
  REQUIRE(text.relations.size() == 1);
  const auto of_id = [&](const std::string& id) {
    return *std::ranges::find(text.mentions, id, &TextMention::id);
  };
  CHECK(surface(text, of_id(text.relations[0].from.target)) == "He");
  CHECK(of_id(text.relations[0].to.target).type == "Drug");
  CHECK(text.relations[0].attributes == std::vector<TextAttribute>{{"kind", "by"}});
  REQUIRE(text.events.size() == 1);
  CHECK(surface(text, of_id(text.events[0].trigger)) == "gave");
  REQUIRE(text.events[0].arguments.size() == 2);
  CHECK(text.events[0].arguments[1].role == "drug");
  CHECK(of_id(text.events[0].arguments[1].target).type == "Drug");
  REQUIRE(text.chains.size() == 1);
  REQUIRE(text.chains[0].members.size() == 2);
  CHECK(text.chains[0].links == std::vector<std::string>{"coref", ""});
  CHECK(surface(text, of_id(text.chains[0].members[1])) == "It");
}

namespace {

struct CasForm {
  std::string_view name;
  UimaFile (*write)(const LabelledText&);
  Result<LabelledText> (*read)(std::string_view);
};
const CasForm cas_forms[] = {{"XMI", write_xmi, read_xmi},
                             {"JSON", write_cas_json, read_cas_json},
                             {"TSV", write_webanno_tsv, read_webanno_tsv}};

std::uint64_t lost(const UimaFile& file, std::string_view kind) {
  const auto found = std::ranges::find(file.losses, kind, &TextLoss::kind);
  return found == file.losses.end() ? 0 : found->count;
}

}  // namespace

TEST_CASE("chains come back as they were: of named entities, with what links them") {
  LabelledText text;
  text.text =
      CanonicalText::from_utf8("\xF0\x9F\xA7\xA0 Chest pain; the pain went. It is gone.").value();
  text.mentions = {{.id = "T1", .type = "Problem", .ranges = {{2, 12}}},
                   {.id = "T2", .type = "Problem", .ranges = {{18, 22}}},
                   {.id = "T3", .type = "Word", .ranges = {{18, 22}}, .attributes = {{"a", "b"}}},
                   {.id = "T4", .type = "Problem", .ranges = {{29, 31}}},
                   {.id = "T5", .type = "Word", .ranges = {{23, 27}}}};
  text.chains = {{.id = "C1", .type = "Same", .members = {"T1", "T4"}, .links = {"by", ""}},
                 {.id = "C2", .layer = "webanno.custom.OtherChain", .members = {"T4", "T1", "T5"}}};
  for (const CasForm& form : cas_forms) {
    CAPTURE(form.name);
    const UimaFile file = form.write(text);
    CHECK(file.losses.empty());
    CAPTURE(file.bytes);
    const auto again = form.read(file.bytes);
    REQUIRE(again);
    CHECK(described(*again) == described(text));
    REQUIRE(again->chains.size() == 2);
    const auto same = std::ranges::find(again->chains, "Same", &TextChain::type);
    REQUIRE(same != again->chains.end());
    CHECK(same->links == std::vector<std::string>{"by", ""});
    CHECK(same->layer.empty());
  }
}

TEST_CASE(
    "links that are mentions of their own stay so, and what cannot be told apart is counted") {
  LabelledText text;
  text.text = CanonicalText::from_utf8("He saw him. It hurt.").value();
  const std::string layer = "de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink";
  text.mentions = {{.id = "T1", .layer = layer, .type = "pronoun", .ranges = {{0, 2}}},
                   {.id = "T2", .layer = layer, .type = "other", .ranges = {{7, 10}}}};
  text.chains = {{.id = "C1", .members = {"T1", "T2"}}};
  for (const CasForm& form : cas_forms) {
    CAPTURE(form.name);
    const UimaFile file = form.write(text);
    CHECK(file.losses.empty());
    const auto again = form.read(file.bytes);
    REQUIRE(again);
    CHECK(described(*again) == described(text));
    CHECK(described(form.read(form.write(*again).bytes).value()) == described(text));
  }
  // Two entities at one place, and a member of another layer.
  text.mentions = {{.id = "T1", .type = "A", .ranges = {{0, 2}}},
                   {.id = "T2", .type = "B", .ranges = {{0, 2}}},
                   {.id = "T3", .type = "A", .ranges = {{7, 10}}}};
  text.chains = {{.id = "C1", .members = {"T1", "T3"}}};
  for (const CasForm& form : cas_forms) {
    CAPTURE(form.name);
    const UimaFile file = form.write(text);
    CHECK(lost(file, "members of chains that become mentions of their own") == 2);
    const auto again = form.read(file.bytes);
    REQUIRE(again);
    CHECK(again->mentions.size() == 5);
    REQUIRE(again->chains.size() == 1);
    CHECK(again->chains[0].members.size() == 2);
  }
}

TEST_CASE("WebAnno: a broken table says where") {
  const std::string head = std::string(begin) + "#T_SP=a.B|c\n\n\n#Text=ab cd\n";
  const struct {
    std::string line;
    std::string what;
  } cases[] = {{"1-1\t0-2\tab\n", "a line has too few columns"},
               {"1-1\t2-0\tab\t_\t\n", "a line is no token"},
               {"1-1\tx\tab\t_\t\n", "a line is no token"},
               {"1-1\t9000000000-9000000002\tab\t_\t\n", "a gap of over a million characters"},
               {"1-1\t0-2\tab\t_\n1-1\t3-5\tcd\t_\n", "a token comes twice"}};
  for (const auto& one : cases) {
    const auto text = read_webanno_tsv(head + one.line);
    REQUIRE_FALSE(text);
    CHECK(text.error().what == one.what);
    CHECK(text.error().where.starts_with("line "));
  }
  CHECK(read_webanno_tsv("#FORMAT=WebAnno TSV 3.3\n\n").error().code == ErrorCode::InvalidInput);
  CHECK(read_webanno_tsv(std::string(begin) + "#T_S").error().what ==
        "a layer is declared in part");
  const auto past = read_webanno_tsv(head + "1-1\t0-200\tab\t*\t\n");
  REQUIRE(past);
  CHECK(past->mentions.empty());
  CHECK_FALSE(past->problems.empty());
}

TEST_CASE("a CAS with structures of many kinds: what is not read is told") {
  const std::string xmi =
      "<xmi:XMI xmlns:xmi=\"http://www.omg.org/XMI\" xmlns:cas=\"http:///uima/cas.ecore\" "
      "xmlns:c=\"http:///webanno/custom.ecore\">"
      "<cas:Sofa xmi:id=\"1\" sofaID=\"_InitialView\" sofaString=\"ab cd\"/>"
      "<cas:Sofa xmi:id=\"2\" sofaID=\"other\" sofaString=\"xyz\"/>"
      "<c:Span xmi:id=\"3\" sofa=\"1\" begin=\"0\" end=\"2\" n=\"12\"/>"
      "<c:Span xmi:id=\"4\" sofa=\"1\" begin=\"3\" end=\"99\"/>"
      "<c:Span xmi:id=\"5\" sofa=\"2\" begin=\"0\" end=\"1\"/>"
      "<c:Meta xmi:id=\"6\" sofa=\"1\" kind=\"x\"/></xmi:XMI>";
  const auto text = read_xmi(xmi);
  REQUIRE(text);
  REQUIRE(text->mentions.size() == 1);
  CHECK(text->mentions[0].layer == "webanno.custom.Span");
  CHECK(text->mentions[0].attributes == std::vector<TextAttribute>{{"n", "12"}});
  CHECK(text->problems.size() == 3);
  CHECK_FALSE(read_xmi("<a/>"));
  CHECK_FALSE(read_xmi("<!DOCTYPE a [<!ENTITY b \"c\">]><xmi:XMI>&b;</xmi:XMI>"));
  CHECK_FALSE(read_cas_json("{}"));
  CHECK_FALSE(read_cas_json("{\"%FEATURE_STRUCTURES\": []}"));
}

TEST_CASE("the curation suites of INCEpTION: tables and XMI of one text agree") {
  const auto folder = webanno_folder() / "multivalspanrel";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const LabelledText tale = read(bytes_of(folder / "tale.tsv"));
  const auto said = [](const LabelledText& text) {
    std::vector<std::string> lines;
    for (const TextMention& m : text.mentions) {
      std::string line = m.layer + " " + surface_of(text.text, m.ranges);
      for (const TextAttribute& a : m.attributes) line += " " + a.name + "=" + a.value;
      lines.push_back(line);
    }
    return lines;
  };
  const std::string layer = "webanno.custom.Multivalspan ";
  CHECK(said(tale) == std::vector<std::string>{layer + "tale f1=A f2=B", layer + "kinds f1=C f2=D",
                                               layer + "kinds f1=C f2=D",
                                               layer + "annotations f1=E f2=F"});
  REQUIRE(tale.relations.size() == 2);
  CHECK(tale.relations[0].attributes == std::vector<TextAttribute>{{"rel1", "X"}, {"rel2", "Y"}});
  const auto xmi = read_xmi(bytes_of(folder / "stackedrel2.xmi"));
  REQUIRE(xmi);
  CHECK(xmi->text.utf8() == std::string(tale.text.utf8()) + "\n");
  CHECK(xmi->tokens == tale.tokens);
  CHECK(xmi->sentences == tale.sentences);
  CHECK(xmi->id == "admin");
  CHECK(said(*xmi) == std::vector<std::string>{layer + "tale f1=A f2=B", layer + "tale f1=A f2=C",
                                               layer + "tale f1=B f2=C",
                                               layer + "kinds f1=C f2=D"});
  REQUIRE(xmi->relations.size() == 4);
  CHECK(xmi->relations[0].from.target == "107");
  CHECK(xmi->relations[0].to.target == "70");
}
