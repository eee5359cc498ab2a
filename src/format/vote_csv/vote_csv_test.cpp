#include "format/vote_csv/vote_csv.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <functional>

#include "format/vote_csv/consensus_csv.hpp"
#include "format/vote_csv/csv_rows.hpp"
#include "format/vote_csv/weight_csv.hpp"

namespace consilium {
namespace {

Result<VoteFile> votes_of(std::string_view text, const VoteCsvRules& rules = {}) {
  return read_votes(*view_source(bytes_of(text)), rules);
}

// The votes as "item:rater=label" in the table's order.
std::string shown(const VoteFile& file) {
  std::string out;
  for (ItemIndex i = 0; i < file.votes.item_count(); ++i) {
    for (std::size_t v = 0; v < file.votes.raters_of(i).size(); ++v) {
      out += fmt::format("{}:{}={} ", file.items[i], file.raters[file.votes.raters_of(i)[v]],
                         file.classes[file.votes.labels_of(i)[v]]);
    }
  }
  return out;
}

TEST_CASE("rows are read in every spelling that RFC 4180 has") {
  struct Case {
    const char* name;
    std::string_view text;
  };
  const Case cases[] = {
      {"plain", "item,rater,label\na,x,1\nb,y,2\n"},
      {"no last line end", "item,rater,label\na,x,1\nb,y,2"},
      {"CR LF", "item,rater,label\r\na,x,1\r\nb,y,2\r\n"},
      {"byte order mark", "\xEF\xBB\xBFitem,rater,label\na,x,1\nb,y,2\n"},
      {"quotes", "\"item\",rater,\"label\"\n\"a\",x,\"1\"\nb,\"y\",2\n"},
      {"other order", "label,item,rater\n1,a,x\n2,b,y\n"},
      {"more columns", "note,item,rater,label\n\"p, q\nr \"\"s\"\"\",a,x,1\n,b,y,2\n"},
      {"empty lines", "\nitem,rater,label\n\na,x,1\n\r\nb,y,2\n\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const auto file = votes_of(each.text);
    REQUIRE(file.has_value());
    CHECK(shown(*file) == "a:x=1 b:y=2 ");
    CHECK(file->row_count == 2);
  }
}

TEST_CASE("names may hold commas, line ends and quotes") {
  const auto file = votes_of("item,rater,label\n\"a,\"\"b\"\"\r\nc\",x,\xC3\xA4\n");
  REQUIRE(file.has_value());
  CHECK(file->items[0] == "a,\"b\"\r\nc");
  CHECK(file->classes[0] == "\xC3\xA4");
}

TEST_CASE("classes are numbered by what they are, not by which came first") {
  const auto numbers = votes_of("item,rater,label\na,x,10\na,y,9\nb,x,-1.5\n");
  REQUIRE(numbers.has_value());
  CHECK(numbers->classes == std::vector<std::string>{"-1.5", "9", "10"});
  CHECK(numbers->class_values == std::vector<double>{-1.5, 9, 10});
  const auto words = votes_of("item,rater,label\na,x,10\na,y,9\nb,x,none\n");
  REQUIRE(words.has_value());
  CHECK(words->classes == std::vector<std::string>{"10", "9", "none"});
  CHECK(words->class_values.empty());
  const auto given = votes_of("item,rater,label\na,x,mild\na,y,none\n",
                              {.class_order = {"none", "mild", "severe"}});
  REQUIRE(given.has_value());
  CHECK(given->classes == std::vector<std::string>{"none", "mild", "severe"});
  CHECK(given->votes.class_count == 3);
  CHECK(shown(*given) == "a:x=mild a:y=none ");
}

TEST_CASE("exact repeats are dropped and counted, or kept; other repeats stay") {
  constexpr std::string_view text =
      "item,rater,label\na,x,1\nb,x,2\na,x,1\na,x,2\na,y,1\na,x,1\nb,x,2\n";
  const auto dropped = votes_of(text);
  REQUIRE(dropped.has_value());
  CHECK(shown(*dropped) == "a:x=1 a:x=2 a:y=1 b:x=2 ");
  CHECK(dropped->duplicate_count == 3);
  CHECK(dropped->row_count == 7);
  const auto kept = votes_of(text, {.duplicates = Duplicates::Keep});
  REQUIRE(kept.has_value());
  CHECK(kept->votes.vote_count() == 7);
  CHECK(kept->duplicate_count == 0);
  const auto measured = read_measurements(*view_source(bytes_of(text)), {});
  REQUIRE(measured.has_value());
  CHECK(measured->duplicate_count == 3);
  CHECK(measured->value == std::vector<double>{1, 2, 2, 1});
}

TEST_CASE("a cluster belongs to the item") {
  const auto file = votes_of("item,rater,label,patient\na,x,1,p\nb,x,1,q\nc,x,2,p\na,y,1,p\n",
                             {.cluster_column = "patient"});
  REQUIRE(file.has_value());
  CHECK(file->cluster == std::vector<std::uint32_t>{0, 1, 0});
  const auto torn =
      votes_of("item,rater,label,patient\na,x,1,p\na,y,1,q\n", {.cluster_column = "patient"});
  REQUIRE(!torn.has_value());
  CHECK(torn.error().where == "row 3");
}

TEST_CASE("bad files of votes are refused with the row") {
  struct Case {
    const char* name;
    std::string_view text;
    std::string_view what;
    std::string_view where;
  };
  const Case cases[] = {
      {"empty", "", "the file is empty", ""},
      {"mark only", "\xEF\xBB\xBF", "the file is empty", ""},
      {"UTF-16", std::string_view("\xFF\xFEi\0", 4), "the file is UTF-16", ""},
      {"heading only", "item,rater,label\n", "there are no rows below the heading", ""},
      {"unknown column", "item,worker,label\na,x,1\n", "the heading has no column 'rater'",
       "row 1"},
      {"column twice", "item,rater,label,item\na,x,1,a\n", "the heading has two columns 'item'",
       "row 1"},
      {"too few", "item,rater,label\na,x,1\nb,x\n", "the row has 2 fields, the heading 3", "row 3"},
      {"too many", "item,rater,label\na,x,1,\n", "the row has 4 fields, the heading 3", "row 2"},
      {"missing label", "item,rater,label\na,x,\n", "the label is missing", "row 2"},
      {"blank rater", "item,rater,label\na,x,1\na,  ,1\n", "the rater is missing", "row 3"},
      {"NaN", "item,rater,label\na,x,1\na,y,NaN\n", "the label is NaN", "row 3"},
      {"not UTF-8", "item,rater,label\n\xFF,x,1\n", "the item is not UTF-8", "row 2"},
      {"one number twice", "item,rater,label\na,x,1\nb,x,1.0\n",
       "two labels are one number written in two ways", "column label"},
      {"quote inside", "item,rater,label\na\"b,x,1\n",
       "a quote stands inside a field, or is not closed", "row 2"},
      {"quote left open", "item,rater,label\n\"a,x,1\nb,x,1\n",
       "a quote stands inside a field, or is not closed", "row 2"},
      {"after a quote", "item,rater,label\n\"a\"b,x,1\n",
       "a quote stands inside a field, or is not closed", "row 2"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const auto file = votes_of(each.text);
    REQUIRE(!file.has_value());
    CHECK(file.error().what == each.what);
    CHECK(file.error().where == each.where);
  }
  const auto off_scale = votes_of("item,rater,label\na,x,1\na,y,7\n", {.class_order = {"1", "2"}});
  REQUIRE(!off_scale.has_value());
  CHECK(off_scale.error().where == "row 3");
  CHECK(!votes_of("item,rater,label\na,x,1\n", {.class_order = {"1", "1"}}).has_value());
}

TEST_CASE("a measured value must be a finite number") {
  for (const std::string_view value : {"", "abc", "nan", "inf", "1,5", "1e999", "0x10"}) {
    CAPTURE(value);
    const std::string text = fmt::format("item,rater,label\na,x,1.5\nb,x,\"{}\"\n", value);
    const auto file = read_measurements(*view_source(bytes_of(text)), {});
    REQUIRE(!file.has_value());
    CHECK(file.error().where == "row 3");
  }
}

TEST_CASE("gold has one label an item") {
  const auto file = read_labels(*view_source(bytes_of("label,item\n1,a\n2,b\n1,a\n")));
  REQUIRE(file.has_value());
  CHECK(file->items.size() == 2);
  CHECK(file->labels[file->label[1]] == "2");
  const auto torn = read_labels(*view_source(bytes_of("item,label\na,1\na,2\n")));
  REQUIRE(!torn.has_value());
  CHECK(torn.error().what == "the item has another label than in row 2");
}

TEST_CASE("readings and comparisons are read") {
  const auto readings = read_readings(*view_source(bytes_of(
      "reader,modality,case,truth,rating\nr,CT,1,0,2.5\nr,MR,1,negative,3\nr,CT,2,1,4\n")));
  REQUIRE(readings.has_value());
  CHECK(readings->rows.size() == 3);
  CHECK(readings->rows[1].modality == 1);
  CHECK(readings->rows[2].is_positive);
  const auto odd = read_readings(
      *view_source(bytes_of("reader,modality,case,truth,rating\nr,CT,1,maybe,2.5\n")));
  REQUIRE(!odd.has_value());
  CHECK(odd.error().where == "row 2");
  const auto preferences = read_preferences(*view_source(bytes_of("winner,loser\na,b\nb,c\n")));
  REQUIRE(preferences.has_value());
  CHECK(preferences->rows[1].winner == 1);
  CHECK(!read_preferences(*view_source(bytes_of("winner,loser\na,a\n"))).has_value());
}

TEST_CASE("weights of classes are read by their names, or refused by them") {
  const std::vector<std::string> classes{"none", "severe"};
  const auto weights_of = [&](std::string_view text) {
    return read_class_weights(*view_source(bytes_of(text)), classes);
  };
  const auto found =
      weights_of("class,severe,mild,none\nmild,0.5,1,0.25\nnone,0,0.25,1\nsevere,1,0.5,0\n");
  REQUIRE(found.has_value());
  CHECK(*found == std::vector<double>{1, 0, 0, 1});
  struct Case {
    const char* name;
    std::string_view text;
    std::string_view what;
  };
  const Case cases[] = {
      {"no class", "class\n", "there are no weights of 'none'"},
      {"too few rows", "c,none,severe\nnone,1,0\n", "the class 'severe' has no row"},
      {"row twice", "c,none,severe\nnone,1,0\nnone,1,0\n", "the class 'none' has two rows"},
      {"no column", "c,none,severe\nnone,1,0\nmild,0,1\n", "the class 'mild' has no column"},
      {"column twice", "c,none,none\nnone,1,1\n",
       "class 2 has two columns or a name that is too long"},
      {"not 1", "c,none,severe\nnone,0.9,0\nsevere,0,1\n",
       "the weight of 'none' with itself is not 1"},
      {"too large", "c,none,severe\nnone,1,2\nsevere,2,1\n",
       "the weight of 'none' and 'severe' is not from 0 to 1"},
      {"not symmetric", "c,none,severe\nnone,1,0.5\nsevere,0.4,1\n",
       "'none' and 'severe' have two different weights"},
      {"other classes", "c,none,mild\nnone,1,0\nmild,0,1\n", "there are no weights of 'severe'"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    const auto refused = weights_of(each.text);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what == each.what);
  }
  CHECK_FALSE(weights_of("c,none,severe\nnone,1,high\nsevere,0,1\n").has_value());
  CHECK_FALSE(weights_of("c,none,severe\nnone,1,nan\nsevere,0,1\n").has_value());
}

TEST_CASE("many names keep their numbers, and rows may cross the buffer's end") {
  std::string text = "item,rater,label\n";
  constexpr std::uint32_t count = 60'000;  // some 2 MiB: more than one buffer
  for (std::uint32_t i = 0; i < count; ++i) {
    text += fmt::format("\"item, number {}\",rater {},{}\n", i * 7919U % count, i % 50, i % 3);
  }
  const auto file = votes_of(text);
  REQUIRE(file.has_value());
  CHECK(file->items.size() == count);
  for (std::uint32_t i = 0; i < count; i += 997) {
    CHECK(file->items[i] == fmt::format("item, number {}", i * 7919U % count));
    CHECK(file->items.find(file->items[i]) == i);
  }
  CHECK(!file->items.find("item, number").has_value());
  CHECK(!NameTable().find("x").has_value());
}

// Whatever stands in a file, reading it ends in a value or an error.
TEST_CASE("a damaged file is an answer or an error") {
  const std::string whole = "item,rater,label,patient\n\"a,1\",x,1,p\r\nb,y,2,q\n\"c\"\"\",x,1,p\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    static_cast<void>(votes_of(whole.substr(0, cut), {.cluster_column = "patient"}));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char c : {'"', ',', '\n', '\0', '\xFF'}) {
      std::string flipped = whole;
      flipped[at] = c;
      static_cast<void>(votes_of(flipped, {.cluster_column = "patient"}));
    }
  }
}

TEST_CASE("a consensus row can be read again") {
  std::string out;
  const std::vector<std::string> classes{"a", "b,c"};
  append_consensus_heading(out, classes);
  const double posterior[] = {0.1, 0.9};
  append_consensus_row(out, {.item = "i,1",
                             .label = "b,c",
                             .probability = 0.9,
                             .entropy_nats = 0.3250829733914482,
                             .votes = 3,
                             .posterior = posterior});
  CHECK(out ==
        "item,label,probability,entropy,votes,p(a),\"p(b,c)\"\n"
        "\"i,1\",\"b,c\",0.9,0.3250829733914482,3,0.1,0.9\n");
}

}  // namespace
}  // namespace consilium
