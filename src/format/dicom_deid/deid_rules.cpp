#include "format/dicom_deid/deid_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.hpp"
#include "format/dicom/dictionary.hpp"

namespace consilium {
namespace {

constexpr std::array<std::string_view, deid_option_count> option_names{
    "retain-safe-private",
    "retain-uids",
    "retain-device",
    "retain-institution",
    "retain-patient-characteristics",
    "retain-full-dates",
    "modified-dates",
    "clean-descriptors",
    "clean-structured-content",
    "clean-graphics"};

constexpr std::size_t first_option_column = 3;
constexpr char not_there = '-';

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<DeidAction> action_of(std::string_view letter) {
  if (letter == "X") return DeidAction::Remove;
  if (letter == "Z") return DeidAction::Empty;
  if (letter == "D") return DeidAction::Dummy;
  if (letter == "U" || letter == "U*") return DeidAction::Uid;
  if (letter == "C") return DeidAction::Clean;
  if (letter == "K") return DeidAction::Keep;
  return std::nullopt;
}

bool is_basic(std::string_view text) {
  return std::ranges::all_of(split(text, '/'),
                             [](std::string_view part) { return action_of(part).has_value(); });
}

std::optional<std::uint32_t> tag_number(std::string_view hex) {
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  if (hex.size() != 8 || problem != std::errc{} || end != hex.data() + hex.size()) {
    return std::nullopt;
  }
  return number;
}

std::string type_key(std::string_view keyword, std::string_view parent) {
  return fmt::format("{} {}", keyword, parent);
}

std::unexpected<Error> bad_row() {
  return fail(ErrorCode::Corrupt, "a row of the de-identification rules cannot be read");
}

}  // namespace

std::string_view name_of(DeidOption option) {
  return option_names[static_cast<std::size_t>(option)];
}

std::optional<DeidOption> deid_option(std::string_view name) {
  const auto found = std::ranges::find(option_names, name);
  if (found == option_names.end()) return std::nullopt;
  return static_cast<DeidOption>(found - option_names.begin());
}

char letter_of(DeidAction action) { return "XZDUCK"[static_cast<std::size_t>(action)]; }

Status DeidRules::take_action_row(const std::vector<std::string_view>& cells) {
  if (cells.size() != first_option_column + deid_option_count || !is_basic(cells[2])) {
    return bad_row();
  }
  DeidRow row{.keyword = std::string(cells[1]), .basic = std::string(cells[2]), .by_option = {}};
  for (std::size_t i = 0; i < deid_option_count; ++i) {
    const std::string_view cell = cells[first_option_column + i];
    row.by_option[i] = action_of(cell);
    if (!row.by_option[i] && cell != "-") return bad_row();
  }
  ++row_count_;
  if (cells[0] == "private") {
    private_row_ = std::move(row);
  } else if (cells[0] == "50xxxxxx") {
    curve_row_ = std::move(row);
  } else {
    std::string hex(cells[0]);
    if (hex.starts_with("60xx")) hex.replace(2, 2, "00");
    const auto number = tag_number(hex);
    if (!number) return bad_row();
    rows_.insert_or_assign(*number, std::move(row));
  }
  return {};
}

Status DeidRules::take_type_row(const std::vector<std::string_view>& cells) {
  if (cells.size() != 4 || cells[2].size() != 1) return bad_row();
  TypePlace& place = types_[type_key(cells[0], cells[1])];
  if (cells[3] == "*") {
    place.usual = cells[2].front();
  } else {
    for (const std::string_view object : split(cells[3], ' ')) {
      place.others[std::string(object)] = cells[2].front();
    }
  }
  return {};
}

Result<DeidRules> DeidRules::parse(std::string_view text) {
  DeidRules rules;
  std::string_view section;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      section = line;
      continue;
    }
    const auto cells = split(line, '\t');
    Status taken;
    if (section.empty() && cells.size() == 2 && cells[0] == "edition") {
      rules.edition_ = cells[1];
    } else if (section == "[actions]") {
      if (cells[0] != "tag") taken = rules.take_action_row(cells);
    } else if (section == "[types]") {
      taken = rules.take_type_row(cells);
    } else if (section == "[objects]" && cells.size() == 2) {
      for (const std::string_view uid : split(cells[1], ' ')) {
        rules.object_of_[std::string(uid)] = cells[0];
      }
    } else {
      taken = bad_row();
    }
    if (!taken) {
      taken.error().where = fmt::format("line {}", number);
      return std::unexpected(taken.error());
    }
  }
  if (!rules.private_row_ || !rules.curve_row_ || rules.edition_.empty()) {
    return fail(ErrorCode::Corrupt, "the de-identification rules are not complete");
  }
  return rules;
}

const DeidRules& DeidRules::standard() {
  static const DeidRules rules = [] {
    auto parsed = parse(detail::embedded_deid_rules());
    CSL_CHECK(parsed.has_value());
    return std::move(*parsed);
  }();
  return rules;
}

const DeidRow* DeidRules::find(DicomTag tag) const {
  if (tag.is_private()) return &*private_row_;
  if (tag.group >= 0x5000 && tag.group <= 0x50FF) return &*curve_row_;
  if (tag.group >= 0x6000 && tag.group <= 0x60FF) tag.group = 0x6000;
  const auto found = rows_.find(tag.number());
  return found == rows_.end() ? nullptr : &found->second;
}

std::optional<char> DeidRules::type_of(const DeidRow& row, std::string_view sop_class_uid,
                                       DicomTag parent) const {
  const auto object = object_of_.find(sop_class_uid);
  if (object == object_of_.end()) return std::nullopt;
  const auto entry = find_in_dictionary(parent);
  const std::string_view around = parent == DicomTag{} ? "-" : entry ? entry->keyword : "?";
  const auto place = types_.find(type_key(row.keyword, around));
  if (place == types_.end()) return std::nullopt;
  const auto other = place->second.others.find(object->second);
  const char type = other == place->second.others.end() ? place->second.usual : other->second;
  if (type == not_there) return std::nullopt;
  return type;
}

DeidAction DeidRules::basic_action(const DeidRow& row, std::string_view sop_class_uid,
                                   DicomTag parent) const {
  const auto choices = split(row.basic, '/');
  // The choices stand in the order of what they ask for, so the last is valid for every type.
  const DeidAction strictest = *action_of(choices.back());
  if (choices.size() == 1) return strictest;
  const auto type = type_of(row, sop_class_uid, parent);
  if (!type || *type == '1') return strictest;
  const bool may_be_empty = std::ranges::find(choices, "Z") != choices.end();
  const bool may_be_absent = choices.front() == "X";
  if (*type == '3' && may_be_absent) return DeidAction::Remove;
  return may_be_empty ? DeidAction::Empty : strictest;
}

}  // namespace consilium
