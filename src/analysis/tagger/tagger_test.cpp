#include "analysis/tagger/tagger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "analysis/span_scores/reliability.hpp"
#include "analysis/tagger/chain.hpp"
#include "tests/data_path.hpp"

using namespace consilium;

namespace {

// A text of words with a blank between them, and what is labelled in it.
struct Document {
  std::string utf8;
  std::vector<Token> tokens;
  std::vector<TokenRange> sentences;
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::string type;
    friend auto operator<=>(const Span&, const Span&) = default;
  };
  std::vector<Span> spans;

  void add(const std::string& word, const std::string& label) {
    const auto begin = static_cast<std::uint32_t>(utf8.size());
    utf8 += word;
    tokens.push_back({begin, static_cast<std::uint32_t>(utf8.size())});
    utf8 += ' ';
    const auto token = static_cast<std::uint32_t>(tokens.size() - 1);
    if (label.starts_with("B-")) spans.push_back({token, token + 1, label.substr(2)});
    if (label.starts_with("I-")) spans.back().end = token + 1;
  }
  void end_sentence() {
    const std::uint32_t begin = sentences.empty() ? 0 : sentences.back().end_token;
    if (begin < tokens.size()) {
      sentences.push_back({begin, static_cast<std::uint32_t>(tokens.size())});
    }
  }
  [[nodiscard]] TaggerText text() const { return {utf8, tokens, sentences}; }
  [[nodiscard]] TaggerExample example() const {
    TaggerExample made{text(), {}};
    for (const Span& span : spans) made.spans.push_back({span.begin, span.end, span.type});
    return made;
  }
};

Document read_iob(const std::string& path) {
  Document document;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.rfind('\t');
    if (tab == std::string::npos) {
      document.end_sentence();
    } else {
      document.add(line.substr(0, line.find('\t')), line.substr(tab + 1));
    }
  }
  document.end_sentence();
  return document;
}

// "The patient has severe asthma ." with drugs and findings from small lists.
std::vector<Document> made_notes(std::size_t count, std::size_t first) {
  static const std::vector<std::string> findings = {"asthma", "gout", "severe anaemia", "sepsis"};
  static const std::vector<std::string> drugs = {"aspirin", "warfarin", "insulin", "digoxin"};
  std::vector<Document> notes(count);
  for (std::size_t i = 0; i < count; ++i) {
    Document& note = notes[i];
    const std::size_t n = first + i;
    for (const char* word : {"Patient", n % 2 == 0 ? "has" : "had"}) note.add(word, "O");
    const std::string& finding = findings[n * 7 % findings.size()];
    const std::size_t blank = finding.find(' ');
    note.add(finding.substr(0, blank), "B-finding");
    if (blank != std::string::npos) note.add(finding.substr(blank + 1), "I-finding");
    for (const char* word : {"and", "takes"}) note.add(word, "O");
    note.add(drugs[n * 5 % drugs.size()], "B-drug");
    note.add(".", "O");
    note.end_sentence();
  }
  return notes;
}

std::vector<TaggerExample> examples_of(const std::vector<Document>& documents) {
  std::vector<TaggerExample> examples;
  for (const Document& document : documents) examples.push_back(document.example());
  return examples;
}

struct Scores {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};
Scores strict_scores(const Tagger& tagger, const Document& document, const TaggedText& tagged) {
  std::size_t right = 0;
  for (const TaggedSpan& span : tagged.spans) {
    const Document::Span found{span.tokens.begin_token, span.tokens.end_token,
                               tagger.types()[span.tokens.type]};
    if (std::ranges::find(document.spans, found) != document.spans.end()) ++right;
  }
  const double hits = static_cast<double>(right);
  Scores scores{.precision = hits / static_cast<double>(tagged.spans.size()),
                .recall = hits / static_cast<double>(document.spans.size())};
  scores.f1 = 2 * scores.precision * scores.recall / (scores.precision + scores.recall);
  return scores;
}

double uniform(std::uint64_t& state) {
  state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  return static_cast<double>(state >> 40U) / static_cast<double>(1U << 24U);
}

}  // namespace

TEST_CASE("probabilities and the best states are those of all sequences counted one by one") {
  for (const LabelScheme scheme : {LabelScheme::Bio, LabelScheme::Bilou}) {
    CAPTURE(static_cast<int>(scheme));
    // One span may follow another of the other type at once, in one order only.
    const StateGraph plain(scheme, 2, {});
    const StateGraph::State end =
        scheme == LabelScheme::Bio ? plain.first_of(0, true) : plain.state_in({0, 2, 0}, 1);
    const std::vector<StateGraph::Edge> adjacent = {{end, plain.first_of(1, false)}};
    const StateGraph graph(scheme, 2, adjacent);
    const std::size_t states = graph.state_count();
    constexpr std::size_t tokens = 4;
    std::uint64_t seed = 7;
    std::vector<float> edges(graph.edges().size());
    for (float& weight : edges) weight = static_cast<float>(uniform(seed) * 4 - 2);
    std::vector<float> scores(tokens * states);
    for (float& score : scores) score = static_cast<float>(uniform(seed) * 6 - 3);

    double all = 0;
    double best = -1e9;
    std::vector<StateGraph::State> best_sequence;
    std::map<TypedTokens, double> span_sums;
    std::vector<double> state_sums(tokens * states);
    std::vector<StateGraph::State> sequence(tokens);
    std::size_t combinations = 1;
    for (std::size_t t = 0; t < tokens; ++t) combinations *= states;
    for (std::size_t code = 0; code < combinations; ++code) {
      std::size_t rest = code;
      for (auto& state : sequence) {
        state = static_cast<StateGraph::State>(rest % states);
        rest /= states;
      }
      if (!graph.may_begin(sequence.front()) || !graph.may_end(sequence.back())) continue;
      double sum = 0;
      bool is_legal = true;
      for (std::size_t t = 0; t < tokens; ++t) {
        sum += double{scores[t * states + sequence[t]]};
        if (t == 0) continue;
        const std::size_t edge = graph.edge_of(sequence[t - 1], sequence[t]);
        if (edge == edges.size()) {
          is_legal = false;
          break;
        }
        sum += double{edges[edge]};
      }
      if (!is_legal) continue;
      if (sum > best) {
        best = sum;
        best_sequence = sequence;
      }
      const double weight = std::exp(sum);
      all += weight;
      std::vector<TypedTokens> spans;
      graph.spans_of(sequence, 0, spans);
      for (const TypedTokens& span : spans) span_sums[span] += weight;
      for (std::size_t t = 0; t < tokens; ++t) state_sums[t * states + sequence[t]] += weight;
    }

    Chain chain(graph);
    std::ranges::copy(scores, chain.scores(tokens).begin());
    std::vector<StateGraph::State> found;
    chain.best_states(edges, found);
    CHECK(found == best_sequence);
    chain.run_forward_backward(edges);
    double entropy = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t s = 0; s < states; ++s) {
        const double p = state_sums[t * states + s] / all;
        if (p > 0) entropy -= p * std::log(p);
        CHECK(double{chain.state_probability(t, static_cast<StateGraph::State>(s))} ==
              doctest::Approx(p).epsilon(1e-4));
      }
    }
    CHECK(chain.entropy() == doctest::Approx(entropy).epsilon(1e-4));
    CHECK(span_sums.size() > 10);
    for (const auto& [span, sum] : span_sums) {
      CAPTURE(span.begin_token);
      CAPTURE(span.end_token);
      CHECK(chain.span_probability(span) == doctest::Approx(sum / all).epsilon(1e-4));
    }
  }
}

TEST_CASE("spans become states and states the same spans") {
  for (const LabelScheme scheme : {LabelScheme::Bio, LabelScheme::Bilou}) {
    const StateGraph graph(scheme, 3, {});
    const std::vector<TypedTokens> spans = {{10, 11, 2}, {11, 14, 0}, {15, 17, 1}};
    std::vector<StateGraph::State> states;
    graph.states_of(spans, 9, 9, states);
    std::vector<TypedTokens> back;
    graph.spans_of(states, 9, back);
    CHECK(back == spans);
  }
}

TEST_CASE("a tagger learns from notes what it finds in others") {
  const auto notes = made_notes(60, 0);
  const auto tagger = Tagger::train(examples_of(notes));
  REQUIRE(tagger);
  CHECK(tagger->types() == std::vector<std::string>{"drug", "finding"});
  for (const Document& note : made_notes(8, 1'000)) {
    const std::vector<TaggerText> texts = {note.text()};
    const Scores scores = strict_scores(*tagger, note, tagger->tag(texts).front());
    CHECK(scores.f1 == 1.0);
  }
}

TEST_CASE("the result is the same, bit for bit, whatever the threads") {
  const auto notes = made_notes(80, 3);
  const auto examples = examples_of(notes);
  const auto one = Tagger::train(examples, {}, 1);
  const auto four = Tagger::train(examples, {}, 4);
  REQUIRE(one);
  REQUIRE(four);
  CHECK(one->serialise() == four->serialise());
  std::vector<TaggerText> texts;
  for (const Document& note : notes) texts.push_back(note.text());
  CHECK(one->tag(texts, 1) == one->tag(texts, 5));
}

TEST_CASE("bytes give the same tagger back, and none when they are cut or altered") {
  const auto notes = made_notes(30, 0);
  const auto tagger = Tagger::train(examples_of(notes));
  REQUIRE(tagger);
  const Bytes bytes = tagger->serialise();
  const auto back = Tagger::parse(bytes);
  REQUIRE(back);
  CHECK(*back == *tagger);
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / 200);
  for (std::size_t i = 0; i < bytes.size(); i += i < 100 ? 1 : step) {
    CAPTURE(i);
    CHECK_FALSE(Tagger::parse(ByteView(bytes).first(i)));
    Bytes altered = bytes;
    altered[i] ^= std::byte{0x10};
    CHECK_FALSE(Tagger::parse(altered));
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  CHECK_FALSE(Tagger::parse(longer));
}

TEST_CASE("what cannot be learnt from is refused or left out") {
  Document note;
  for (const char* word : {"no", "finding", "here"}) note.add(word, "O");
  note.end_sentence();
  const std::vector<TaggerExample> bare = {note.example()};
  CHECK_FALSE(Tagger::train(bare));
  CHECK_FALSE(Tagger::train(std::span<const TaggerExample>{}));
  SUBCASE("a span across sentences and one that overlaps are left out") {
    for (const char* word : {"gout", "again", "."}) note.add(word, "O");
    note.end_sentence();
    TaggerExample example = note.example();
    example.spans = {{2, 4, "finding"}, {3, 5, "finding"}, {4, 6, "finding"}};
    const auto tagger = Tagger::train(std::vector{example}, {.epochs = 30});
    REQUIRE(tagger);
    const auto tagged = tagger->tag(std::vector{note.text()});
    REQUIRE(tagged.front().spans.size() == 1);
    CHECK(tagged.front().spans.front().tokens == TypedTokens{3, 5, 0});
  }
  SUBCASE("a sentence beyond the tokens") {
    TaggerExample example = note.example();
    const std::vector<TokenRange> beyond = {{0, 9}};
    example.text.sentences = beyond;
    example.spans = {{0, 1, "x"}};
    CHECK_FALSE(Tagger::train(std::vector{example}));
  }
}

TEST_CASE("an abbreviation is seen as what the text defines it as") {
  Document note;
  for (const char* word :
       {"familial", "adenomatous", "polyposis", "(", "FAP", ")", "is", "rare", "."})
    note.add(word, "O");
  note.end_sentence();
  for (const char* word : {"Some", "FAP", "begins", "late", "."}) note.add(word, "O");
  note.end_sentence();
  Document undefined;
  for (const char* word : {"families", "with", "much", "(", "FAP", ")", "are", "rare", "."})
    undefined.add(word, "O");
  undefined.end_sentence();
  for (const char* word : {"Some", "FAP", "begins", "late", "."}) undefined.add(word, "O");
  undefined.end_sentence();
  std::vector<std::uint32_t> hashes;
  std::vector<std::uint32_t> ends;
  const auto count_of_second = [&](const Document& document, TokenRange sentence) {
    TokenFeatures(document.utf8, document.tokens, {}).of_sentence(sentence, hashes, ends);
    return ends[1] - ends[0];
  };
  CHECK(count_of_second(note, note.sentences[1]) ==
        count_of_second(undefined, undefined.sentences[1]) + 2);
}

TEST_CASE("a word is also seen by its parts and by its neighbours elsewhere in the text") {
  const auto features_of_last = [](const std::vector<const char*>& words) {
    Document note;
    for (const char* word : words) note.add(word, "O");
    note.end_sentence();
    std::vector<std::uint32_t> hashes;
    std::vector<std::uint32_t> ends;
    TokenFeatures(note.utf8, note.tokens, {}).of_sentence(note.sentences[0], hashes, ends);
    return std::set<std::uint32_t>(hashes.begin() + ends[ends.size() - 2], hashes.end());
  };
  const auto shared = [](const std::set<std::uint32_t>& a, const std::set<std::uint32_t>& b) {
    return std::ranges::count_if(a, [&](std::uint32_t hash) { return b.contains(hash); });
  };
  const auto plain = features_of_last({"of", "xkonazolbq"});
  const auto of_part = features_of_last({"of", "urinazolew"});
  const auto of_none = features_of_last({"of", "urimesitew"});
  CHECK(shared(plain, of_part) == shared(plain, of_none) + 2);  // "nazo", "azol"
  // Before and behind the word where it stood first: two of each.
  const auto twice = features_of_last({"takes", "xkonazolbq", "daily", "of", "xkonazolbq"});
  const auto once = features_of_last({"takes", "urimesitew", "daily", "of", "xkonazolbq"});
  CHECK(twice.size() == once.size() + 4);
  CHECK(*std::next(plain.begin()) >= TokenFeatures::hash_min);
}

TEST_CASE("hints tell apart what the words do not") {
  // "x" is a finding where the dictionary knows it, nowhere else.
  std::vector<Document> notes(40);
  std::vector<std::vector<TokenHints>> hints(40, std::vector<TokenHints>(3));
  std::vector<TaggerExample> examples;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    notes[i].add("the", "O");
    notes[i].add("x", i % 2 == 0 ? "B-finding" : "O");
    notes[i].add("here", "O");
    notes[i].end_sentence();
    hints[i][1].dictionary = i % 2 == 0 ? 7 : 0;
    examples.push_back(notes[i].example());
    examples.back().text.hints = hints[i];
  }
  const auto tagger = Tagger::train(examples);
  REQUIRE(tagger);
  const auto tagged = tagger->tag(std::vector{examples[0].text, examples[1].text});
  CHECK(tagged[0].spans.size() == 1);
  CHECK(tagged[1].spans.empty());
}

TEST_CASE("NCBI-disease: learnt on train, exact spans on dev reach F1 .83, and say how sure") {
  const auto data = test::data_path("text/ncbi_disease");
  if (!data) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const std::string folder = data->string() + "/";
  const Document train = read_iob(folder + "train.iob.tsv");
  const Document dev = read_iob(folder + "dev.iob.tsv");
  REQUIRE(train.sentences.size() > 5'000);
  REQUIRE(dev.spans.size() > 700);
  const auto tagger = Tagger::train(std::vector{train.example()}, {}, 2);
  REQUIRE(tagger);
  const TaggedText tagged = tagger->tag(std::vector{dev.text()}).front();
  const Scores scores = strict_scores(*tagger, dev, tagged);
  MESSAGE("precision " << scores.precision << " recall " << scores.recall << " F1 " << scores.f1);
  CHECK(scores.f1 >= 0.83);
  Reliability reliability;
  for (const TaggedSpan& span : tagged.spans) {
    const Document::Span found{span.tokens.begin_token, span.tokens.end_token,
                               tagger->types()[span.tokens.type]};
    reliability.add(double{span.probability},
                    std::ranges::find(dev.spans, found) != dev.spans.end());
  }
  MESSAGE("expected calibration error " << *reliability.expected_calibration_error());
  CHECK(*reliability.expected_calibration_error() < 0.04);
}

TEST_CASE("BC5CDR: chemicals and diseases learnt on train, exact spans on dev reach F1 .84") {
  const auto data = test::data_path("text/bc5cdr");
  if (!data) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Document train = read_iob(data->string() + "/train.tsv");
  const Document dev = read_iob(data->string() + "/devel.tsv");
  REQUIRE(train.sentences.size() > 4'000);
  REQUIRE(dev.spans.size() > 9'000);
  const auto tagger = Tagger::train(std::vector{train.example()}, {.is_calibrated = false});
  REQUIRE(tagger);
  const TaggedText tagged = tagger->tag(std::vector{dev.text()}).front();
  const Scores scores = strict_scores(*tagger, dev, tagged);
  MESSAGE("precision " << scores.precision << " recall " << scores.recall << " F1 " << scores.f1);
  CHECK(scores.f1 >= 0.84);
}
