// ECG leads: how formats number them, and the four that follow from two.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/signal/record.hpp"

namespace consilium {

// By the number of EN 1064 (SCP-ECG) 5.6.3, which ISO/IEEE 11073-10101 shares ("2:61") and DICOM
// takes over ("5.6.3-9-61"). Empty for numbers without a name that we know.
[[nodiscard]] std::string_view lead_of_number(int number);
// "AVR", "avr", "Lead aVR" as "aVR"; a name that is no lead of the twelve is given back as it is.
[[nodiscard]] std::string lead_name(std::string_view text);

struct EcgTable {
  std::vector<Channel> channels{};
  std::vector<std::vector<std::int32_t>> samples{};
};

// Adds III, aVR, aVL and aVF behind, where I and II are there and these are not: III = II - I,
// aVR = -(I + II) / 2, aVL = I - II / 2, aVF = II - I / 2 (Einthoven, Goldberger). The halves stay
// exact: those three count in half steps. Says how many were added. Leads of unlike rate, length,
// gain or unit are left alone, as are samples that would leave 31 bits.
int add_derived_leads(EcgTable& table);

}  // namespace consilium
