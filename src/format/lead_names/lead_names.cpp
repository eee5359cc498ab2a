#include "format/lead_names/lead_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "domain/signal/sample_table.hpp"

namespace consilium {
namespace {

struct NumberedLead {
  int number;
  std::string_view name;
};
constexpr std::array numbered_leads{
    NumberedLead{1, "I"},     NumberedLead{2, "II"},   NumberedLead{3, "V1"},
    NumberedLead{4, "V2"},    NumberedLead{5, "V3"},   NumberedLead{6, "V4"},
    NumberedLead{7, "V5"},    NumberedLead{8, "V6"},   NumberedLead{9, "V7"},
    NumberedLead{10, "V2R"},  NumberedLead{11, "V3R"}, NumberedLead{12, "V4R"},
    NumberedLead{13, "V5R"},  NumberedLead{14, "V6R"}, NumberedLead{15, "V7R"},
    NumberedLead{16, "X"},    NumberedLead{17, "Y"},   NumberedLead{18, "Z"},
    NumberedLead{19, "CC5"},  NumberedLead{20, "CM5"}, NumberedLead{21, "LA"},
    NumberedLead{22, "RA"},   NumberedLead{23, "LL"},  NumberedLead{61, "III"},
    NumberedLead{62, "aVR"},  NumberedLead{63, "aVL"}, NumberedLead{64, "aVF"},
    NumberedLead{65, "-aVR"}, NumberedLead{66, "V8"},  NumberedLead{67, "V9"},
    NumberedLead{68, "V8R"},  NumberedLead{69, "V9R"}};

constexpr std::array<std::string_view, 12> twelve{"I",  "II", "III", "aVR", "aVL", "aVF",
                                                  "V1", "V2", "V3",  "V4",  "V5",  "V6"};

bool equal_but_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

}  // namespace

std::string_view lead_of_number(int number) {
  const auto found = std::ranges::find(numbered_leads, number, &NumberedLead::number);
  return found == numbered_leads.end() ? std::string_view() : found->name;
}

std::string lead_name(std::string_view text) {
  std::string_view name = text;
  for (const std::string_view before : {"MDC_ECG_LEAD_", "Lead "}) {
    if (name.size() > before.size() && equal_but_case(name.substr(0, before.size()), before)) {
      name.remove_prefix(before.size());
    }
  }
  // "I (Einthoven)"
  if (const std::size_t bracket = name.find(" ("); bracket != std::string_view::npos) {
    name = name.substr(0, bracket);
  }
  const auto found = std::ranges::find_if(
      twelve, [&](std::string_view lead) { return equal_but_case(lead, name); });
  if (found != twelve.end()) return std::string(*found);
  return std::string(text.starts_with("MDC_ECG_LEAD_") ? name : text);
}

int add_derived_leads(EcgTable& table) {
  const auto place = [&](std::string_view name) {
    const auto found = std::ranges::find(table.channels, name, &Channel::name);
    return static_cast<std::size_t>(found - table.channels.begin());
  };
  const std::size_t count = table.channels.size();
  const std::size_t one = place("I");
  const std::size_t two = place("II");
  if (one == count || two == count) return 0;
  const Channel model = table.channels[one];
  const Channel& other = table.channels[two];
  if (model.rate != other.rate || model.adu_per_unit != other.adu_per_unit ||
      model.baseline_adu != 0 || other.baseline_adu != 0 || model.unit != other.unit ||
      table.samples[one].size() != table.samples[two].size()) {
    return 0;
  }
  constexpr std::int32_t most = 1 << 29;
  const auto fits = [&](std::size_t lead) {
    return std::ranges::all_of(table.samples[lead], [&](std::int32_t sample) {
      return sample == table.channels[lead].missing || (sample > -most && sample < most);
    });
  };
  if (!fits(one) || !fits(two)) return 0;
  struct Derived {
    std::string_view name;
    int of_one;  // in steps of the lead derived
    int of_two;
    int steps;  // of the lead derived in one of the leads it is derived from
  };
  int added = 0;
  for (const Derived& lead : {Derived{"III", -1, 1, 1}, Derived{"aVR", -1, -1, 2},
                              Derived{"aVL", 2, -1, 2}, Derived{"aVF", -1, 2, 2}}) {
    if (place(lead.name) != table.channels.size()) continue;
    Channel channel = model;
    channel.name = std::string(lead.name);
    channel.adu_per_unit = model.adu_per_unit * lead.steps;
    channel.missing = missing_sample_default;
    set_range(channel, model.digital_min * lead.steps, model.digital_max * lead.steps);
    std::vector<std::int32_t> samples(table.samples[one].size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::int32_t a = table.samples[one][i];
      const std::int32_t b = table.samples[two][i];
      const bool is_missing = a == table.channels[one].missing || b == table.channels[two].missing;
      samples[i] = is_missing ? channel.missing : lead.of_one * a + lead.of_two * b;
    }
    table.channels.push_back(std::move(channel));
    table.samples.push_back(std::move(samples));
    ++added;
  }
  return added;
}

}  // namespace consilium
