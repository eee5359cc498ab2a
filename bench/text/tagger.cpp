// The tagger on public sets; run by tagger.py.
//
//   csl_bench_tagger speed TRAIN.tsv DEV.tsv [SENTENCES]   learns from the first SENTENCES (all
//     without it), calibrated, and tags DEV ten times: one JSON object
//   csl_bench_tagger curve TRAIN.pubtator DEV.pubtator     notes read one batch after the other in
//     three random orders and in ours: a JSON object a line for every batch
#include "analysis/tagger/tagger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "analysis/next_note/next_note.hpp"
#include "analysis/span_scores/reliability.hpp"
#include "format/conll/conll.hpp"
#include "format/pubtator/pubtator.hpp"

using namespace consilium;

namespace {

constexpr std::size_t batch = 20;
constexpr std::size_t notes_max = 400;
constexpr int tag_rounds = 10;

double wall_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

[[noreturn]] void stop(const Error& error) {
  fmt::print(stderr, "{} {}\n", error.what, error.where);
  std::exit(1);
}

std::string bytes_of_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fmt::print(stderr, "cannot read {}\n", path);
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Document {
  LabelledText text;
  std::vector<Token> tokens;
  std::vector<TokenRange> sentences;
  std::vector<LabelledTokens> spans;

  [[nodiscard]] TaggerText view() const { return {text.text.utf8(), tokens, sentences}; }
};

void cut(Document& document, std::size_t sentences_max) {
  const CanonicalText& text = document.text.text;
  if (document.text.tokens.empty()) {
    const auto structure = structure_of(text);
    if (!structure) stop(structure.error());
    document.tokens = structure->tokens;
    document.sentences = structure->sentences;
  } else {
    std::uint32_t at = 0;
    for (const TextSpan& sentence : document.text.sentences) {
      if (document.sentences.size() == sentences_max) break;
      const std::uint32_t begin = at;
      while (at < document.text.tokens.size() && document.text.tokens[at].begin < sentence.end) {
        const TextSpan token = document.text.tokens[at++];
        document.tokens.push_back(
            {static_cast<std::uint32_t>(*text.byte_of_code_point(token.begin)),
             static_cast<std::uint32_t>(*text.byte_of_code_point(token.end))});
      }
      document.sentences.push_back({begin, at});
    }
  }
  for (const TextMention& mention : document.text.mentions) {
    const auto begin = *text.byte_of_code_point(mention.ranges.front().begin);
    const auto end = *text.byte_of_code_point(mention.ranges.front().end);
    const auto first = std::ranges::upper_bound(document.tokens, begin, {}, &Token::end_byte);
    const auto last = std::ranges::lower_bound(document.tokens, end, {}, &Token::begin_byte);
    if (first >= last) continue;
    document.spans.push_back({static_cast<std::uint32_t>(first - document.tokens.begin()),
                              static_cast<std::uint32_t>(last - document.tokens.begin()),
                              mention.type});
  }
}

struct Counts {
  std::size_t gold = 0;
  std::size_t predicted = 0;
  std::size_t right = 0;
  [[nodiscard]] double precision() const {
    return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(predicted, 1));
  }
  [[nodiscard]] double recall() const {
    return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(gold, 1));
  }
  [[nodiscard]] double f1() const {
    const double sum = precision() + recall();
    return sum > 0 ? 2 * precision() * recall() / sum : 0;
  }
};

void count(const Tagger& tagger, const Document& document, const TaggedText& tagged, Counts& counts,
           Reliability& reliability) {
  counts.gold += document.spans.size();
  counts.predicted += tagged.spans.size();
  for (const TaggedSpan& found : tagged.spans) {
    const bool is_right = std::ranges::any_of(document.spans, [&](const LabelledTokens& span) {
      return span.begin_token == found.tokens.begin_token &&
             span.end_token == found.tokens.end_token &&
             span.type == tagger.types()[found.tokens.type];
    });
    counts.right += is_right ? 1 : 0;
    reliability.add(double{found.probability}, is_right);
  }
}

std::vector<Document> documents_of(std::vector<LabelledText> texts, std::size_t sentences_max) {
  std::vector<Document> documents;
  for (LabelledText& text : texts) {
    documents.emplace_back().text = std::move(text);
    cut(documents.back(), sentences_max);
  }
  return documents;
}

void speed(const char* train_path, const char* dev_path, std::size_t sentences_max) {
  auto train_texts = read_conll(bytes_of_file(train_path));
  auto dev_texts = read_conll(bytes_of_file(dev_path));
  if (!train_texts) stop(train_texts.error());
  if (!dev_texts) stop(dev_texts.error());
  const auto train = documents_of(std::move(*train_texts), sentences_max);
  const auto dev = documents_of(std::move(*dev_texts), SIZE_MAX);
  std::vector<TaggerExample> examples;
  std::size_t sentences = 0;
  for (const Document& one : train) {
    examples.push_back({one.view(), one.spans});
    sentences += one.sentences.size();
  }
  const double cpu_before = cpu_s();
  const double wall_before = wall_s();
  const auto tagger = Tagger::train(examples, {}, 2);
  const double train_wall = wall_s() - wall_before;
  const double train_cpu = cpu_s() - cpu_before;
  if (!tagger) stop(tagger.error());
  std::vector<TaggerText> views;
  std::size_t tokens = 0;
  for (const Document& one : dev) {
    views.push_back(one.view());
    tokens += one.tokens.size();
  }
  Counts counts;
  Reliability reliability;
  std::vector<double> rates;
  for (int round = 0; round < tag_rounds; ++round) {
    const double before = cpu_s();
    const auto tagged = tagger->tag(views, 1);
    rates.push_back(static_cast<double>(tokens) / (cpu_s() - before));
    if (round > 0) continue;
    for (std::size_t i = 0; i < dev.size(); ++i)
      count(*tagger, dev[i], tagged[i], counts, reliability);
  }
  std::ranges::sort(rates);
  fmt::print(
      "{{\"sentences\": {}, \"train_wall_s\": {:.3f}, \"train_cpu_s\": {:.3f}, \"precision\": "
      "{:.4f}, \"recall\": {:.4f}, \"f1\": {:.4f}, \"tokens_per_cpu_s\": {:.0f}, "
      "\"model_bytes\": {}, \"calibration_error\": {:.4f}}}\n",
      sentences, train_wall, train_cpu, counts.precision(), counts.recall(), counts.f1(),
      rates[rates.size() / 2], tagger->serialise().size(),
      reliability.expected_calibration_error().value_or(1));
}

// Reads batches of notes, the first at random; then by gain, or on at random.
void read_in_turn(const std::string& name, const std::vector<Document>& train,
                  const std::vector<Document>& dev, std::uint32_t seed, bool by_gain) {
  const ReadingModel reading;
  std::vector<std::size_t> left(train.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  std::mt19937 random(seed);
  std::shuffle(left.begin(), left.end(), random);
  std::vector<TaggerExample> examples;
  double minutes = 0;
  std::size_t spans = 0;
  while (examples.size() < notes_max && !left.empty()) {
    for (std::size_t i = 0; i < batch && !left.empty(); ++i) {
      const Document& note = train[left.front()];
      left.erase(left.begin());
      examples.push_back({note.view(), note.spans});
      spans += note.spans.size();
      minutes += reading.seconds(static_cast<double>(note.tokens.size()),
                                 static_cast<double>(note.spans.size())) /
                 60;
    }
    const auto tagger = Tagger::train(examples, {.is_calibrated = false});
    if (!tagger) stop(tagger.error());
    std::vector<TaggerText> views;
    for (const Document& one : dev) views.push_back(one.view());
    const auto tagged = tagger->tag(views, 1);
    Counts counts;
    Reliability reliability;
    for (std::size_t i = 0; i < dev.size(); ++i) {
      count(*tagger, dev[i], tagged[i], counts, reliability);
    }
    fmt::print(
        "{{\"order\": \"{}\", \"seed\": {}, \"notes\": {}, \"spans\": {}, \"minutes\": "
        "{:.1f}, \"f1\": {:.4f}}}\n",
        name, seed, examples.size(), spans, minutes, counts.f1());
    if (!by_gain) continue;
    std::vector<UnreadNote> unread;
    for (const std::size_t place : left) {
      const TaggerText view = train[place].view();
      const TaggedText said = tagger->tag(std::span(&view, 1)).front();
      double expected = 0;
      for (const TaggedSpan& span : said.spans) expected += double{span.probability};
      unread.push_back({.entropy_nats = said.entropy_nats,
                        .tokens = static_cast<double>(train[place].tokens.size()),
                        .expected_spans = expected});
    }
    std::vector<std::size_t> ordered;
    for (const std::size_t i : order_of_gain(unread, reading)) ordered.push_back(left[i]);
    left = std::move(ordered);
  }
}

void curve(const char* train_path, const char* dev_path) {
  auto train_texts = read_pubtator(bytes_of_file(train_path));
  auto dev_texts = read_pubtator(bytes_of_file(dev_path));
  if (!train_texts) stop(train_texts.error());
  if (!dev_texts) stop(dev_texts.error());
  const auto one_type = [](std::vector<LabelledText>& texts) {
    for (LabelledText& text : texts) {
      for (TextMention& mention : text.mentions) mention.type = "Disease";
    }
  };
  one_type(*train_texts);
  one_type(*dev_texts);
  const auto train = documents_of(std::move(*train_texts), SIZE_MAX);
  const auto dev = documents_of(std::move(*dev_texts), SIZE_MAX);
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    read_in_turn("random", train, dev, seed, false);
    read_in_turn("gain", train, dev, seed, true);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 3 ? arguments[1] : "";
  if (what == "speed") {
    speed(arguments[2], arguments[3], count > 4 ? std::stoul(arguments[4]) : SIZE_MAX);
  } else if (what == "curve") {
    curve(arguments[2], arguments[3]);
  } else {
    fmt::print(stderr,
               "usage: csl_bench_tagger speed TRAIN.tsv DEV.tsv [SENTENCES]\n"
               "       csl_bench_tagger curve TRAIN.pubtator DEV.pubtator\n");
    return 2;
  }
  return 0;
}
