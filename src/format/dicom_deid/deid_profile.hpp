// What a de-identification is to do: a base, options, and rules of the site's own.
//
// A profile file has one rule a line, "#" begins a comment:
//   base basic                     or safe-harbor
//   option retain-uids             any option of `deid` on the command line
//   (0008,1030) K                  an action of PS3.15 E.1.1 for one attribute: X Z D U C K
//   private "SIEMENS MR HEADER" 0C one private element of that creator, or * for all of them
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "format/dicom_deid/deid_rules.hpp"

namespace consilium {

struct PrivateAllowed {
  std::string creator;
  std::optional<std::uint8_t> element;  // the last two digits; none: all of the creator's
};

struct DeidProfile {
  std::string name = "basic";
  std::array<bool, deid_option_count> options{};
  // Of dates only the year stays, ages from 90 on count as 90 (45 CFR 164.514(b)(2)(i)(C)).
  bool keeps_years_only = false;
  // Objects whose pixels may hold text are not released.
  bool clean_pixel = false;
  // Objects that say of themselves that their pixels hold text are released all the same.
  bool retain_burned_in = false;
  std::map<DicomTag, DeidAction> own;
  std::vector<PrivateAllowed> private_allowed;

  [[nodiscard]] bool has(DeidOption option) const {
    return options[static_cast<std::size_t>(option)];
  }
  [[nodiscard]] bool allows_private(std::string_view creator, std::uint8_t element) const;
};

// "basic" or "safe-harbor". Errors: InvalidInput on another name.
[[nodiscard]] Result<DeidProfile> named_deid_profile(std::string_view name);
// Errors: InvalidInput, with the line.
[[nodiscard]] Result<DeidProfile> parse_deid_profile(std::string_view text);
// Errors: InvalidInput when there is no such option.
[[nodiscard]] Status add_deid_option(DeidProfile& profile, std::string_view name);
// Errors: InvalidInput when two options contradict each other, or one contradicts the base.
[[nodiscard]] Status check_deid_profile(const DeidProfile& profile);
// Of add_deid_option, for help: "retain-safe-private, retain-uids, ...".
[[nodiscard]] std::string deid_option_names();

}  // namespace consilium
