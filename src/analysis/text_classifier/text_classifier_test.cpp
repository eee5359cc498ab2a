#include "analysis/text_classifier/text_classifier.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace consilium;

namespace {

struct Sentence {
  std::string utf8;
  std::string label;
  std::vector<Token> tokens;
};

// Sentences that affirm or deny a finding; every `noise`-th says the other thing.
std::vector<Sentence> made_sentences(std::size_t count, std::size_t noise) {
  static const std::vector<std::string> findings = {"fever", "pain", "oedema", "effusion", "rash"};
  static const std::vector<std::string> places = {"chest", "abdomen", "left leg", "skin"};
  std::vector<Sentence> made(count);
  std::uint64_t state = 11;
  const auto next = [&](std::size_t limit) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return static_cast<std::size_t>(state >> 33U) % limit;
  };
  for (std::size_t i = 0; i < count; ++i) {
    Sentence& one = made[i];
    const bool is_denied = next(2) == 0;
    one.utf8 = std::string(is_denied ? "No sign of " : "Marked ") + findings[next(5)] + " in the " +
               places[next(4)] + ".";
    const bool is_wrong = noise > 0 && next(noise) == 0;
    one.label = is_denied != is_wrong ? "denied" : "affirmed";
    tokenize(one.utf8, one.tokens);
  }
  return made;
}

std::vector<ClassifiedText> views(const std::vector<Sentence>& sentences) {
  std::vector<ClassifiedText> texts;
  for (const Sentence& one : sentences) texts.push_back({one.utf8, one.tokens, one.label});
  return texts;
}

}  // namespace

TEST_CASE("a classifier learns what tells sentences apart, and how often it is wrong") {
  for (const std::size_t noise : {0U, 5U}) {
    CAPTURE(noise);
    const auto train = made_sentences(400, noise);
    const auto classifier = TextClassifier::train(views(train));
    REQUIRE(classifier);
    CHECK(classifier->labels() == std::vector<std::string>{"affirmed", "denied"});
    // Sentences that say what they seem to, of a length that is no period of those before.
    std::vector<Sentence> others = made_sentences(700, 0);
    others.erase(others.begin(), others.begin() + 400);
    double right = 0;
    double sure = 0;
    for (const Sentence& one : others) {
      const auto said = classifier->classify(one.utf8, one.tokens);
      REQUIRE(said.size() == 2);
      CHECK(said[0].probability + said[1].probability == doctest::Approx(1));
      right += classifier->labels()[said[0].label] == one.label ? 1 : 0;
      sure += double{said[0].probability};
    }
    CHECK(right / 300 > 0.98);
    // With every fifth label wrong it must not be surer than its labels are right.
    CHECK(std::abs(sure / 300 - (noise == 0 ? 1.0 : 0.8)) < 0.06);
  }
}

TEST_CASE("a label that few texts have is still told from others") {
  std::vector<Sentence> train = made_sentences(60, 0);
  for (int i = 0; i < 3; ++i) {
    Sentence one{.utf8 = "Family history of gout.", .label = "family", .tokens = {}};
    tokenize(one.utf8, one.tokens);
    train.push_back(one);
  }
  const auto classifier = TextClassifier::train(views(train));
  REQUIRE(classifier);
  std::vector<Token> tokens;
  const std::string text = "Family history of asthma.";
  tokenize(text, tokens);
  CHECK(classifier->labels()[classifier->classify(text, tokens).front().label] == "family");
}

TEST_CASE("one label, none and tokens beyond the text are refused") {
  auto train = made_sentences(20, 0);
  CHECK_FALSE(TextClassifier::train(std::span<const ClassifiedText>{}));
  train.front().tokens.push_back({0, 1'000});
  CHECK_FALSE(TextClassifier::train(views(train)));
  train.front().tokens.pop_back();
  for (Sentence& one : train) one.label = "same";
  CHECK_FALSE(TextClassifier::train(views(train)));
}

TEST_CASE("bytes give the same classifier back, and none when they are cut or altered") {
  const auto train = made_sentences(20, 0);
  const auto classifier = TextClassifier::train(views(train));
  REQUIRE(classifier);
  const Bytes bytes = classifier->serialise();
  const auto back = TextClassifier::parse(bytes);
  REQUIRE(back);
  CHECK(*back == *classifier);
  CHECK(TextClassifier::train(views(train))->serialise() == bytes);
  for (std::size_t i = 0; i < bytes.size(); i += i < 64 ? 1 : bytes.size() / 100) {
    CAPTURE(i);
    CHECK_FALSE(TextClassifier::parse(ByteView(bytes).first(i)));
    Bytes altered = bytes;
    altered[i] ^= std::byte{0x01};
    CHECK_FALSE(TextClassifier::parse(altered));
  }
}
