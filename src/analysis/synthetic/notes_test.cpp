#include "analysis/synthetic/notes.hpp"

#include <doctest/doctest.h>

#include <set>

#include "base/utf8.hpp"

using namespace consilium;
using namespace consilium::synthetic;

namespace {

std::string surface(const MadeNote& note, const TextSpan& range) {
  const std::size_t begin = byte_offset(note.text, range.begin).value();
  return note.text.substr(begin, byte_offset(note.text, range.end).value() - begin);
}

constexpr std::array kinds{NoteKind::DischargeSummary, NoteKind::RadiologyReport,
                           NoteKind::ProgressNote};

}  // namespace

TEST_CASE("notes are valid text, differ by seed, and come back the same") {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (const NoteKind kind : kinds) {
      const MadeNote note = make_note(kind, {}, seed);
      CHECK(is_utf8(note.text));
      CHECK(note.text.find_first_of("{}<>") == std::string::npos);
      CHECK(note.text == make_note(kind, {}, seed).text);
      texts.insert(note.text);
    }
  }
  CHECK(texts.size() == 90);
}

TEST_CASE("every span holds a phrase, in order and apart from the next") {
  std::set<std::string> labels;
  std::set<std::string> assertions;
  std::set<std::string> subjects;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (const NoteKind kind : kinds) {
      const MadeNote note = make_note(kind, {}, seed);
      CHECK(note.spans.size() >= 6);
      std::uint64_t end = 0;
      for (const NoteSpan& span : note.spans) {
        CHECK(span.range.begin >= end);
        end = span.range.end;
        const std::string phrase = surface(note, span.range);
        CAPTURE(phrase);
        CHECK(phrase.size() >= 4);
        CHECK(phrase.front() != ' ');
        CHECK(phrase.back() != ' ');
        CHECK(phrase.find('\n') == std::string::npos);
        labels.insert(span.label);
        assertions.insert(span.assertion);
        subjects.insert(span.subject);
      }
    }
  }
  CHECK(labels == std::set<std::string>{"dose", "medication", "problem", "test"});
  CHECK(assertions == std::set<std::string>{"", "negated", "possible", "present"});
  CHECK(subjects == std::set<std::string>{"", "family", "patient"});
}

TEST_CASE("a long note is as long as asked, and its last span is where it says") {
  const MadeNote note = make_long_note({}, 1);
  CHECK(code_point_count(note.text) >= 120'000);
  CHECK(code_point_count(note.text) < 122'000);
  CHECK(note.spans.size() > 1500);
  CHECK(note.text.size() > code_point_count(note.text));  // code points are not bytes
  CHECK(surface(note, note.spans.back().range).find('\n') == std::string::npos);
}
