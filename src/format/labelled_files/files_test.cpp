// Every file of the shared test data in a format of labelled text: read, written in its own format
// and in all others, read again. What is lost on the way of its own format is a table, printed and
// checked against files_golden.inc (run with CONSILIUM_PRINT_LOSSES=1 to see it).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "format/labelled_files/labelled_files.hpp"

using namespace consilium;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path text_folder() {
  const char* root = std::getenv("CONSILIUM_DATA");
  return fs::path(root == nullptr ? "" : root) / "text";
}

// brat's and BioNLP's twins count in the text of BioC, but for the long one.
std::string text_beside(const fs::path& file) {
  const fs::path folder = file.parent_path().parent_path();
  const std::string stem = file.stem().string();
  if (stem.starts_with("CRAFT")) return bytes_of(folder / "txt" / (stem + ".txt"));
  const auto texts =
      read_labelled(*labelled_format("bioc-xml"), bytes_of(folder / "bioc_xml" / (stem + ".xml")));
  return texts ? std::string(texts->front().text.utf8()) : std::string{};
}

std::vector<fs::path> files_of_data() {
  std::vector<fs::path> files;
  for (const char* folder : {"formats_bconv", "formats_labelstudio", "formats_webanno"}) {
    for (const auto& entry : fs::recursive_directory_iterator(text_folder() / folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string listed(const std::vector<TextLoss>& losses) {
  std::string out;
  for (const TextLoss& loss : losses) {
    out += (out.empty() ? "" : "; ") + std::to_string(loss.count) + " " + loss.kind;
  }
  return out;
}

std::vector<TextLoss> problems_of(const std::vector<LabelledText>& texts) {
  std::map<std::string, std::uint64_t> counts;
  for (const LabelledText& text : texts) {
    for (const TextProblem& problem : text.problems) ++counts[problem.what];
  }
  std::vector<TextLoss> list;
  for (const auto& [kind, count] : counts) list.push_back({kind, count});
  return list;
}

// The words under the mentions of all texts, sorted.
std::vector<std::string> surfaces_of(const std::vector<LabelledText>& texts) {
  std::vector<std::string> all;
  for (const LabelledText& text : texts) {
    for (const TextMention& m : text.mentions) all.push_back(surface_of(text.text, m.ranges, "|"));
  }
  std::ranges::sort(all);
  return all;
}

const LabelledOrigin origin{.recorded_at = "2026-01-02T03:04:05Z"};

// In `to`, and back: the same words under the same labels as after fitting.
void check_pair(const std::vector<LabelledText>& texts, const LabelledFormat& to) {
  for (const LabelledText& text : texts) {
    const auto fitted = fit_text(text, to.abilities, OverlapPolicy::Split);
    REQUIRE(fitted);
    const auto file = write_labelled(to, {text}, OverlapPolicy::Split, origin);
    REQUIRE_MESSAGE(file, (file ? "" : file.error().what));
    if (!to.reads) continue;
    const auto again = read_labelled(to, file->bytes, file->text_beside);
    REQUIRE_MESSAGE(again, (again ? "" : to_line(again.error())));
    if (again->empty()) continue;
    CHECK(again->front().text.utf8().size() > 0);
    if (to.name == "fhir" || to.name.starts_with("conll")) continue;  // not all is read there
    CHECK(again->front().text == fitted->text.text);
    const bool is_cut = std::ranges::any_of(
        file->losses, [](const TextLoss& loss) { return loss.kind.contains("line ends"); });
    if (!is_cut) CHECK(surfaces_of(*again) == surfaces_of({fitted->text}));
  }
}

}  // namespace

TEST_CASE("every file of the test data goes through every format; its own keeps all but the list") {
  if (!fs::exists(text_folder() / "formats_bconv")) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const std::map<std::string, std::string> golden{
#include "format/labelled_files/files_golden.inc"
  };
  const bool is_printing = std::getenv("CONSILIUM_PRINT_LOSSES") != nullptr;
  std::size_t file_count = 0;
  for (const fs::path& path : files_of_data()) {
    const std::string name = fs::relative(path, text_folder()).string();
    CAPTURE(name);
    const std::string bytes = bytes_of(path);
    const LabelledFormat* format = sniff_labelled_format(name, bytes);
    std::string row;
    if (format == nullptr) {
      row = "no labels of text";
    } else if (const auto texts = read_labelled(*format, bytes, text_beside(path)); !texts) {
      row = std::string(format->name) + " refused: " + texts.error().what;
    } else {
      const auto file = write_labelled(*format, *texts, OverlapPolicy::Refuse, origin);
      REQUIRE(file);
      const auto again = read_labelled(*format, file->bytes, file->text_beside);
      REQUIRE(again);
      REQUIRE(again->size() == texts->size());
      bool is_same = true;
      for (std::size_t i = 0; i < texts->size(); ++i) {
        is_same = is_same && described((*again)[i]) == described((*texts)[i]) &&
                  (*again)[i].text == (*texts)[i].text;
      }
      std::size_t mention_count = 0;
      for (const LabelledText& text : *texts) mention_count += text.mentions.size();
      row = std::string(format->name) + ", " + std::to_string(mention_count) + " mentions, " +
            (is_same ? "the same" : "NOT the same");
      const std::string read = listed(problems_of(*texts));
      const std::string written = listed(file->losses);
      if (!read.empty()) row += "; reading: " + read;
      if (!written.empty()) row += "; writing: " + written;
      for (const LabelledFormat& to : labelled_formats()) {
        if (!to.writes) continue;
        CAPTURE(to.name);
        check_pair(*texts, to);
      }
    }
    ++file_count;
    if (is_printing) std::printf("{\"%s\", \"%s\"},\n", name.c_str(), row.c_str());
    const auto expected = golden.find(name);
    CHECK_MESSAGE((expected != golden.end() && expected->second == row),
                  "{\"" << name << "\", \"" << row << "\"},");
  }
  CHECK(file_count == golden.size());
}
