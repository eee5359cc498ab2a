#include "format/note/note_table.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/data_path.hpp"

namespace consilium {
namespace {

using namespace std::string_literals;

struct Taken {
  std::vector<std::string> rows;  // "line:id|patient|date|text"
  std::vector<std::string> errors;
  Status status;
};

Taken take(NoteTableFormat format, std::string_view bytes, NoteTableOptions options = {},
           std::size_t step = 0) {
  const AuditedAccess access = AuditedAccess::event_recorded();
  Taken taken;
  NoteTableReader reader(
      format, std::move(options),
      {[&](NoteRecord record) {
         const Note& note = record.note;
         taken.rows.push_back(
             std::to_string(record.line_number) + ":" + note.identifier.reveal(access) + "|" +
             note.patient.reveal(access).identifier + "|" + note.date.reveal(access) + "|" +
             std::string(note.text.reveal(access).utf8()));
       },
       [&](NoteRowError error) {
         taken.errors.push_back(std::to_string(error.line_number) + ":" + error.error.what);
       }});
  if (step == 0) step = bytes.size() + 1;
  for (std::size_t at = 0; at < bytes.size(); at += step) reader.feed(bytes.substr(at, step));
  taken.status = reader.finish();
  return taken;
}

using Lines = std::vector<std::string>;

TEST_CASE("CSV keeps quoted line ends, delimiters and quotation marks") {
  const std::string csv =
      "\xEF\xBB\xBFid,Text,patient,date\r\n"
      "1,\"two\r\nlines, \"\"quoted\"\"\",P1,2024-03-11\r\n"
      "\r\n"
      "2,5\" cut,,\n"
      "3,last \xC3\xA9,P2,x";
  const Lines expected = {"2:1|P1|2024-03-11|two\r\nlines, \"quoted\"", "5:2|||5\" cut",
                          "6:3|P2|x|last \xC3\xA9"};
  for (const std::size_t step : {0, 1, 2, 3, 7}) {
    CAPTURE(step);
    const Taken taken = take(NoteTableFormat::Csv, csv, {}, step);
    CHECK(taken.status.has_value());
    CHECK(taken.rows == expected);
    CHECK(taken.errors.empty());
  }
}

TEST_CASE("a bad row of CSV is named by its line and the rest is kept") {
  const Taken taken = take(NoteTableFormat::Csv,
                           "text,id\n"
                           "good,1\n"
                           "too,many,2\n"
                           "\"after\"x,3\n"
                           "not \xFF utf8,4\n"
                           ",5\n"
                           "good too,6\n"
                           "\"never closed,7\n");
  CHECK(taken.status.has_value());
  CHECK(taken.rows == Lines{"2:1|||good", "7:6|||good too"});
  CHECK(taken.errors == Lines{"3:the row has 3 fields and the header 2",
                              "4:text follows a closing quotation mark", "5:the row is not UTF-8",
                              "6:the row's text is empty", "8:a quotation mark is never closed"});
}

TEST_CASE("other columns, delimiters and encodings are taken when named or plain to see") {
  NoteTableOptions options;
  options.columns = {.text = "note", .id = "encounter", .patient = "mrn", .date = "day"};
  options.encoding = "windows-1252";
  const Taken taken = take(NoteTableFormat::Csv, "mrn;NOTE;day\n77;caf\xE9, \x80;2020\n", options);
  CHECK(taken.rows == Lines{"2:|77|2020|caf\xC3\xA9, \xE2\x82\xAC"});
  CHECK(take(NoteTableFormat::Csv, "id\ttext\n1\ta,b\n").rows == Lines{"2:1|||a,b"});
}

TEST_CASE("a CSV without a text column is refused as a whole") {
  for (const std::string& csv : {""s, "a"s, "a,b\n1,2\n"s, "\xEF\xBB\xBF"s}) {
    const Taken taken = take(NoteTableFormat::Csv, csv);
    REQUIRE_FALSE(taken.status.has_value());
    CHECK(taken.status.error().code == ErrorCode::InvalidInput);
    CHECK(taken.rows.empty());
  }
}

TEST_CASE("JSON lines are read one by one, whatever the pieces") {
  const std::string lines =
      "{\"text\":\"one\\r\\ntwo\\u0000\\ud83e\\udde0\",\"id\":7,\"patient\":\"P1\"}\r\n"
      "\n"
      "{\"text\":3}\n"
      "[]\n"
      "{\"id\":\"8\"}\n"
      "{broken\n"
      "{\"text\":\"\\ud800\"}\n"
      "{\"TEXT\":\"last\",\"date\":\"2024\",\"other\":{\"deep\":[1]}}";
  for (const std::size_t step : {0, 1, 5}) {
    CAPTURE(step);
    const Taken taken = take(NoteTableFormat::JsonLines, lines, {}, step);
    CHECK(taken.status.has_value());
    CHECK(taken.rows == Lines{"1:7|P1||one\r\ntwo\0\xF0\x9F\xA7\xA0"s, "8:||2024|last"});
    CHECK(taken.errors == Lines{"3:the member 'text' is not text",
                                "4:the line is not a JSON object", "5:the row has no 'text'",
                                "6:not valid JSON", "7:not valid JSON"});
  }
}

TEST_CASE("a row's kind is taken where it is a LOINC code, and else left out") {
  for (const auto& [kind, expected] :
       {std::pair{"\"18842-5\"", "18842-5"}, {"\"discharge\"", ""}, {"7", ""}, {"null", ""}}) {
    const std::string line = "{\"text\":\"a\",\"kind\":" + std::string(kind) + "}\n";
    std::string found = "no note";
    NoteTableReader reader(
        NoteTableFormat::JsonLines, {},
        {[&](const NoteRecord& record) { found = record.note.kind_code; }, [](NoteRowError) {}});
    reader.feed(line);
    CHECK(reader.finish().has_value());
    CHECK_MESSAGE(found == expected, kind);
  }
}

TEST_CASE("real tables are read whole") {
  struct Case {
    std::string path;
    std::string column;
    std::size_t count;
  };
  for (const Case& one : {Case{"text/mts_dialog/MTS-Dialog-ValidationSet.csv", "dialogue", 100},
                          Case{"text/aci_bench/valid.csv", "note", 20}}) {
    const auto path = test::data_path(one.path);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    std::ifstream file(*path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    NoteTableOptions options;
    options.columns.text = one.column;
    const Taken taken = take(NoteTableFormat::Csv, bytes, options, 4096);
    CHECK(taken.status.has_value());
    CHECK(taken.errors.empty());
    CHECK(taken.rows.size() == one.count);
  }
}

}  // namespace
}  // namespace consilium
