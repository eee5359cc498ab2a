#include "transport/cli_panel/span_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <system_error>

#include "base/canonical_json.hpp"
#include "domain/text/canonical_text.hpp"
#include "format/brat/brat.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::uint64_t file_bytes_max = 1ULL << 30U;
constexpr std::uint64_t offset_max = 1ULL << 26U;

// read_brat wants the text that offsets point into. Where it is not beside the .ann file, blanks
// stand in: as many as the greatest offset asks for.
std::string blanks_for(std::string_view ann) {
  std::uint64_t greatest = 0;
  std::uint64_t number = 0;
  for (const char c : ann) {
    number = c >= '0' && c <= '9' ? number * 10 + static_cast<std::uint64_t>(c - '0') : 0;
    if (number > offset_max) number = 0;
    greatest = std::max(greatest, number);
  }
  return std::string(greatest, ' ');
}

Result<CanonicalText> text_beside(const std::filesystem::path& ann_file, std::string_view ann) {
  std::filesystem::path text_file = ann_file;
  text_file.replace_extension(".txt");
  std::error_code problem;
  if (!std::filesystem::is_regular_file(text_file, problem)) {
    return CanonicalText::from_utf8(blanks_for(ann));
  }
  const Bytes bytes = CSL_TRY(read_input(text_file, file_bytes_max));
  return in_file(CanonicalText::from_utf8(std::string(text_of(bytes))), text_file);
}

// Sorted, with touching and overlapping ranges made one: what a unit must be.
NamedSpan span_of(std::string label, std::vector<Part> parts) {
  return {std::move(label), merged_parts(std::move(parts))};
}

Status read_ann(const std::filesystem::path& file, const std::string& name, SpanFiles& out) {
  const Bytes bytes = CSL_TRY(read_input(file, file_bytes_max));
  const CanonicalText text = CSL_TRY(text_beside(file, text_of(bytes)));
  const BratDocument found = CSL_TRY(in_file(read_brat(text_of(bytes), text), file));
  auto& spans = out.documents[name];
  for (const BratSpan& span : found.spans) {
    std::vector<Part> parts;
    for (const TextSpan& part : span.fragments) {
      parts.push_back({static_cast<std::int64_t>(part.begin), static_cast<std::int64_t>(part.end)});
    }
    spans.push_back(span_of(span.type, std::move(parts)));
  }
  out.left_out += found.problems.size();
  return {};
}

const json::value* member(const json::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const json::value* found = object.if_contains(name)) return found;
  }
  return nullptr;
}

bool take_range(const json::value* begin, const json::value* end, std::vector<Part>& parts) {
  if (begin == nullptr || end == nullptr || !begin->is_int64() || !end->is_int64()) return false;
  const Part part{begin->get_int64(), end->get_int64()};
  if (part.begin < 0 || part.begin >= part.end || part.end > unit_position_max) return false;
  parts.push_back(part);
  return true;
}

bool take_ranges(const json::object& line, std::vector<Part>& parts) {
  const json::value* target = line.if_contains("target");
  if (target == nullptr || !target->is_object()) {
    return take_range(member(line, {"begin", "start"}), line.if_contains("end"), parts);
  }
  const json::value* ranges = target->get_object().if_contains("ranges");
  if (ranges == nullptr || !ranges->is_array() || ranges->get_array().empty()) return false;
  return std::ranges::all_of(ranges->get_array(), [&](const json::value& range) {
    return range.is_array() && range.get_array().size() == 2 &&
           take_range(&range.get_array()[0], &range.get_array()[1], parts);
  });
}

Status read_json_lines(const std::filesystem::path& file, SpanFiles& out) {
  const Bytes bytes = CSL_TRY(read_input(file, file_bytes_max));
  std::string_view text = text_of(bytes);
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}, line {}", file.string(), number);
    const auto parsed = parse_json(line);
    if (!parsed || !parsed->is_object()) {
      return fail(ErrorCode::Corrupt, "the line is no JSON object", where,
                  "give brat .ann files, or JSON lines with one span each");
    }
    const json::object& object = parsed->get_object();
    const json::value* item = member(object, {"item_id", "item"});
    const json::value* label = object.if_contains("label");
    std::vector<Part> parts;
    if (item == nullptr || !item->is_string() || label == nullptr || !label->is_string() ||
        !take_ranges(object, parts)) {
      return fail(ErrorCode::Corrupt, "the line has not the members of a span", where,
                  "it needs item, label, begin and end (code points, half open)");
    }
    out.documents[std::string(item->get_string())].push_back(
        span_of(std::string(label->get_string()), std::move(parts)));
  }
  return {};
}

}  // namespace

Result<SpanFiles> read_spans(const std::filesystem::path& path) {
  SpanFiles out;
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, problem)) {
      if (entry.path().extension() != ".ann") continue;
      CSL_TRY(read_ann(entry.path(), entry.path().stem().string(), out));
    }
    if (out.documents.empty()) {
      return fail(ErrorCode::NotFound, "the folder has no .ann files", path.string(),
                  "give a folder of brat files, one .ann file, or JSON lines");
    }
  } else if (path.extension() == ".ann") {
    CSL_TRY(read_ann(path, "", out));
  } else {
    CSL_TRY(read_json_lines(path, out));
  }
  for (auto& [name, spans] : out.documents) {
    // The same span twice is one span, as the strict score counts a set.
    std::ranges::sort(spans);
    const auto repeats = std::ranges::unique(spans);
    spans.erase(repeats.begin(), repeats.end());
  }
  return out;
}

}  // namespace consilium::cli
