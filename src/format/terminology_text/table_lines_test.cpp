#include "format/terminology_text/table_lines.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Result<Rows> rows_of(std::string_view csv) {
  const auto source = view_source(bytes_of(csv));
  Rows rows;
  CSL_TRY(read_csv({.name = "t.csv", .bytes = source.get()},
                   [&](const LineReader&, std::span<const std::string> row) -> Status {
                     rows.emplace_back(row.begin(), row.end());
                     return {};
                   }));
  return rows;
}

}  // namespace

TEST_CASE("lines come without their ends, over the edges of pieces, with their numbers") {
  std::string text =
      "\xEF\xBB\xBF"
      "first\r\n\n";
  const std::string wide(700'000, 'x');
  text += wide + "\nlast";
  const auto source = view_source(bytes_of(text));
  LineReader lines({.name = "f", .bytes = source.get()});
  CHECK(*lines.next().value() == "first");
  CHECK(lines.next().value()->empty());
  CHECK(*lines.next().value() == wide);
  CHECK(*lines.next().value() == "last");
  CHECK(lines.where() == "f, line 4");
  CHECK(lines.next().value() == nullptr);
}

TEST_CASE("a line that is no text or has no end is refused with its number") {
  const std::string text = "ok\n\xff\n";
  const auto source = view_source(bytes_of(text));
  LineReader lines({.name = "f", .bytes = source.get()});
  (void)lines.next();
  CHECK(lines.next().error().where == "f, line 2");
  const std::string wide(3'000'000, 'x');
  const auto endless = view_source(bytes_of(wide));
  LineReader other({.name = "g", .bytes = endless.get()});
  CHECK(other.next().error().code == ErrorCode::TooLarge);
}

TEST_CASE("quoted fields hold commas, quotes and line ends") {
  CHECK(rows_of("a,b\n\"x,1\",\"say \"\"no\"\"\"\n\"two\nlines\",\n").value() ==
        Rows{{"a", "b"}, {"x,1", "say \"no\""}, {"two\nlines", ""}});
  CHECK(rows_of("").value().empty());
}

TEST_CASE("a quote in the wrong place is refused with file and line") {
  CHECK(rows_of("a\nb\"c\n").error().where == "t.csv, line 2, column 1");
  CHECK(rows_of("\"a\"b\n").error().code == ErrorCode::Corrupt);
  CHECK(rows_of("x\n\"never closed\n").error().code == ErrorCode::Corrupt);
}
