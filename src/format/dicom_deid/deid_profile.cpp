#include "format/dicom_deid/deid_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace consilium {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

template <class Number>
std::optional<Number> hexadecimal(std::string_view text) {
  Number number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::unexpected<Error> not_a_rule() {
  return fail(ErrorCode::InvalidInput, "a line of the profile is no rule", {},
              "write base, option, (gggg,eeee) ACTION or private \"CREATOR\" ELEMENT");
}

Status take_private(DeidProfile& profile, std::string_view rest) {
  const std::size_t end = rest.rfind('"');
  if (!rest.starts_with('"') || end == 0) return not_a_rule();
  PrivateAllowed allowed{.creator = std::string(rest.substr(1, end - 1)), .element = {}};
  const std::string_view element = trimmed(rest.substr(end + 1));
  if (element != "*") {
    allowed.element = hexadecimal<std::uint8_t>(element);
    if (!allowed.element) return not_a_rule();
  }
  profile.private_allowed.push_back(std::move(allowed));
  return {};
}

Status take_attribute(DeidProfile& profile, std::string_view line) {
  constexpr std::size_t tag_size = 11;
  constexpr std::string_view letters = "XZDUCK";
  if (line.size() < tag_size || line[5] != ',' || line[10] != ')') return not_a_rule();
  const auto group = hexadecimal<std::uint16_t>(line.substr(1, 4));
  const auto element = hexadecimal<std::uint16_t>(line.substr(6, 4));
  const std::string_view action = trimmed(line.substr(tag_size));
  if (!group || !element || action.size() != 1 || !letters.contains(action.front())) {
    return not_a_rule();
  }
  profile.own[{.group = *group, .element = *element}] =
      static_cast<DeidAction>(letters.find(action.front()));
  return {};
}

Status take_line(DeidProfile& profile, std::string_view line) {
  if (line.empty() || line.front() == '#') return {};
  if (line.front() == '(') return take_attribute(profile, line);
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  const std::string_view rest = trimmed(line.substr(end));
  if (word == "option") return add_deid_option(profile, rest);
  if (word == "private") return take_private(profile, rest);
  if (word != "base") return not_a_rule();
  const DeidProfile base = CSL_TRY(named_deid_profile(rest));
  profile.name = base.name;
  profile.keeps_years_only = base.keeps_years_only;
  profile.clean_pixel = profile.clean_pixel || base.clean_pixel;
  for (std::size_t i = 0; i < deid_option_count; ++i) {
    profile.options[i] = profile.options[i] || base.options[i];
  }
  return {};
}

}  // namespace

bool DeidProfile::allows_private(std::string_view creator, std::uint8_t element) const {
  return std::ranges::any_of(private_allowed, [&](const PrivateAllowed& allowed) {
    return allowed.creator == creator && (!allowed.element || *allowed.element == element);
  });
}

Result<DeidProfile> named_deid_profile(std::string_view name) {
  DeidProfile profile;
  if (name == "basic") return profile;
  if (name != "safe-harbor") {
    return fail(ErrorCode::InvalidInput, "there is no such profile", std::string(name),
                "take basic, safe-harbor, or a file");
  }
  profile.name = name;
  profile.keeps_years_only = true;
  profile.clean_pixel = true;
  profile.options[static_cast<std::size_t>(DeidOption::RetainPatientCharacteristics)] = true;
  return profile;
}

Result<DeidProfile> parse_deid_profile(std::string_view text) {
  DeidProfile profile;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Status taken = take_line(profile, trimmed(text.substr(0, end)));
    if (!taken) {
      taken.error().where = fmt::format("line {}", number);
      return std::unexpected(taken.error());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return profile;
}

Status add_deid_option(DeidProfile& profile, std::string_view name) {
  if (name == "clean-pixel") {
    profile.clean_pixel = true;
  } else if (name == "retain-burned-in") {
    profile.retain_burned_in = true;
  } else if (const auto option = deid_option(name)) {
    profile.options[static_cast<std::size_t>(*option)] = true;
  } else {
    return fail(ErrorCode::InvalidInput, "there is no such option of de-identification",
                std::string(name), "take one of " + deid_option_names());
  }
  return {};
}

Status check_deid_profile(const DeidProfile& profile) {
  const auto clash = [](std::string_view first, std::string_view second) {
    return fail(ErrorCode::InvalidInput, "two choices of the profile contradict each other",
                fmt::format("{} and {}", first, second), "leave one of them out");
  };
  if (profile.has(DeidOption::RetainFullDates) && profile.has(DeidOption::ModifiedDates)) {
    return clash("retain-full-dates", "modified-dates");
  }
  if (profile.clean_pixel && profile.retain_burned_in) {
    return clash("clean-pixel", "retain-burned-in");
  }
  if (!profile.keeps_years_only) return {};
  for (const DeidOption option :
       {DeidOption::RetainFullDates, DeidOption::ModifiedDates, DeidOption::RetainUids,
        DeidOption::RetainDevice, DeidOption::RetainInstitution}) {
    if (profile.has(option)) return clash(profile.name, name_of(option));
  }
  return {};
}

std::string deid_option_names() {
  std::string names;
  for (std::size_t i = 0; i < deid_option_count; ++i) {
    names += name_of(static_cast<DeidOption>(i));
    names += ", ";
  }
  return names + "clean-pixel, retain-burned-in";
}

}  // namespace consilium
