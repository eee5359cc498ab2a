#include "analysis/leak_check/leak_check.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "analysis/leak_check/dicom_scan.hpp"
#include "analysis/leak_check/needles.hpp"
#include "analysis/leak_check/source_facts.hpp"

namespace consilium {
namespace {

constexpr std::size_t size_in_header = 4;
constexpr std::size_t size_in_pixels = 8;

const char* words_of(FactKind kind) {
  switch (kind) {
    case FactKind::Name:
      return "a person's name";
    case FactKind::Institution:
      return "an institution";
    case FactKind::Device:
      return "a device";
    case FactKind::Uid:
    case FactKind::DeviceUid:
      return "a UID";
    case FactKind::Date:
      return "a date";
    case FactKind::Comment:
      return "a word of a comment";
    case FactKind::Number:
      break;
  }
  return "an identifying number";
}

// What programs that de-identified before wrote in place of names, and kinds of people.
bool says_nothing(std::string_view part) {
  constexpr std::array<std::string_view, 10> words{
      "text",    "removed", "anonymous", "anonymized", "anonymised",
      "unknown", "none",    "null",      "test",       "patient"};
  std::string low(part);
  std::ranges::transform(low, low.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(words, low) != words.end();
}

std::optional<std::int64_t> day_number(std::string_view date) {
  int number = 0;
  if (date.size() < 8) return std::nullopt;
  const auto [end, problem] = std::from_chars(date.data(), date.data() + 8, number);
  if (problem != std::errc{} || end != date.data() + 8) return std::nullopt;
  const std::chrono::year_month_day day{
      std::chrono::year(number / 10000),
      std::chrono::month(static_cast<unsigned>(number / 100 % 100)),
      std::chrono::day(static_cast<unsigned>(number % 100))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day).time_since_epoch().count();
}

std::string at_byte(std::size_t at, std::string_view form) {
  return "byte " + std::to_string(at) + " as " + std::string(form);
}

Needles needles_of(const std::vector<SourceFact>& facts, const LeakPolicy& policy,
                   const std::vector<std::string>& expected) {
  Needles needles;
  for (const std::string& text : expected) needles.add(text, "something that was told", false);
  for (const SourceFact& fact : facts) {
    const bool is_uid = fact.kind == FactKind::Uid || fact.kind == FactKind::DeviceUid;
    if (is_uid && policy.keeps_uids) continue;
    if (fact.kind == FactKind::DeviceUid && policy.keeps_device) continue;
    if (fact.kind == FactKind::Comment && policy.keeps_clean_comments) continue;
    if (fact.kind == FactKind::Institution && policy.keeps_institution) continue;
    if (fact.kind == FactKind::Device && policy.keeps_device) continue;
    // A moved date may fall on another one of the source; those are compared place by place.
    if (fact.kind == FactKind::Date) continue;
    const std::string what = words_of(fact.kind);
    if (fact.kind != FactKind::Name) {
      if (!says_nothing(fact.raw)) {
        if (!fact.utf8.empty()) needles.add(fact.utf8, what);
        needles.add_raw(fact.raw, what);
      }
      continue;
    }
    for (const std::string& part : name_parts(fact.utf8)) {
      if (!says_nothing(part)) needles.add(part, what);
    }
    for (const std::string& part : name_parts(fact.raw)) {
      if (!says_nothing(part)) needles.add_raw(part, what);
    }
  }
  return needles;
}

void seek(const Needles& needles, ByteView bytes, std::size_t base, std::size_t size_min,
          std::vector<Leak>& leaks) {
  std::size_t at = 0;
  const Needle* found = needles.find(bytes, size_min, at);
  if (found != nullptr)
    leaks.push_back({.what = found->what, .where = at_byte(base + at, found->form)});
}

// A DICOMDIR is of several patients, and no object of its own.
bool is_directory(const DicomScan& scan) { return scan.text(0x00020002) == "1.2.840.10008.1.3.10"; }

void check_structure(const DicomScan& result, const LeakPolicy& policy, std::vector<Leak>& leaks) {
  if (!result.is_whole) leaks.push_back({.what = "bytes that do not read as DICOM", .where = ""});
  if (std::ranges::any_of(result.preamble, [](std::byte b) { return b != std::byte{0}; })) {
    leaks.push_back({.what = "something in the preamble", .where = ""});
  }
  if (!is_directory(result) && result.text(0x00120062) != "YES") {
    leaks.push_back({.what = "no word that it is de-identified", .where = "(0012,0062)"});
  }
  for (const ScannedElement& element : result.elements) {
    const auto group = static_cast<std::uint16_t>(element.tag >> 16U);
    const auto low = static_cast<std::uint16_t>(element.tag & 0xFFFFU);
    if (group % 2 != 0) {
      const bool is_creator = low >= 0x10 && low <= 0xFF;
      const bool is_allowed =
          is_creator ? policy.private_creators.contains(std::string(stripped(element.value)))
                     : !policy.private_creators.empty();
      if (!is_allowed) leaks.push_back({.what = "a private element", .where = element.place});
    }
    if (group >= 0x5000 && group <= 0x50FF)
      leaks.push_back({.what = "a curve", .where = element.place});
    if (group >= 0x6000 && group <= 0x60FF) {
      leaks.push_back({.what = "an overlay", .where = element.place});
    }
    if (element.tag == 0x00020016 || element.tag == 0x00020100 || element.tag == 0x00020102) {
      leaks.push_back({.what = "the source's file meta", .where = element.place});
    }
  }
}

}  // namespace

void LeakChecker::expect(std::string_view utf8) {
  if (utf8.size() >= size_in_header) expected_.emplace_back(utf8);
}

void LeakChecker::check_pair(std::map<std::string, std::string>& forth,
                             std::map<std::string, std::string>& back, const std::string& source,
                             const std::string& result, const char* what,
                             std::vector<Leak>& leaks) const {
  if (source.empty()) return;
  const auto there = forth.emplace(source, result).first;
  const auto here = back.emplace(result, source).first;
  if (there->second != result || here->second != source) {
    leaks.push_back({.what = "a surrogate that does not stand for one thing alone", .where = what});
  }
}

void LeakChecker::check_dicom(const DicomScan& source, const DicomScan& result,
                              std::vector<Leak>& leaks) {
  check_structure(result, policy_, leaks);
  if (is_directory(source)) return;
  const std::string patient =
      std::string(source.text(0x00100021)) + "\n" + std::string(source.text(0x00100020));
  if (patient.size() > 1) {
    check_pair(patient_of_, source_patient_of_, patient, std::string(result.text(0x00100020)),
               "(0010,0020)", leaks);
  }
  check_pair(instance_of_, source_instance_of_, std::string(source.text(0x00080018)),
             std::string(result.text(0x00080018)), "(0008,0018)", leaks);
  if (policy_.dates == LeakPolicy::Dates::Kept) return;
  std::map<std::string, std::string_view> dates;
  const auto is_date = [&](const ScannedElement& element) {
    if (policy_.keeps_device && is_device_date(element.tag)) return false;
    return element.vr == "DA" || element.vr == "DT" ||
           (element.vr.empty() && element.tag == 0x00080020);
  };
  for (const ScannedElement& element : source.elements) {
    if (is_date(element)) dates[element.place] = stripped(element.value);
  }
  for (const ScannedElement& element : result.elements) {
    const auto before = dates.find(element.place);
    if (!is_date(element) || before == dates.end()) continue;
    const auto from = day_number(before->second);
    const std::string_view after = stripped(element.value);
    const auto to = day_number(after);
    if (!from || !to) continue;
    const bool is_dummy = after.starts_with("19000101");
    if (policy_.dates == LeakPolicy::Dates::YearsOnly) {
      if (!after.substr(4).starts_with("0101")) {
        leaks.push_back({.what = "a date with more than its year", .where = element.place});
      }
    } else if (policy_.dates == LeakPolicy::Dates::Removed) {
      if (!is_dummy) leaks.push_back({.what = "a date", .where = element.place});
    } else if (!is_dummy) {
      const auto offset = offset_of_.emplace(patient, *to - *from).first->second;
      if (offset == 0 || *to - *from != offset) {
        leaks.push_back({.what = "an interval that changed", .where = element.place});
      }
    }
  }
}

std::vector<Leak> LeakChecker::check(ByteView source, ByteView result, std::string_view name) {
  std::vector<Leak> leaks;
  const DicomScan before = scan_dicom(source);
  const DicomScan after = before.is_dicom ? scan_dicom(result) : DicomScan{};
  const std::vector<SourceFact> facts =
      before.is_dicom ? facts_of_dicom(before) : facts_of_other(source);
  const Needles needles = needles_of(facts, policy_, expected_);
  sought_ += needles.count();
  seek(needles, bytes_of(name), 0, size_in_header, leaks);
  seek(needles, result.first(after.pixel_begin), 0, size_in_header, leaks);
  seek(needles, result.subspan(after.pixel_begin, after.pixel_end - after.pixel_begin),
       after.pixel_begin, size_in_pixels, leaks);
  seek(needles, result.subspan(after.pixel_end), after.pixel_end, size_in_header, leaks);
  if (before.is_dicom) check_dicom(before, after, leaks);
  return leaks;
}

std::string LeakChecker::bound() const {
  const std::string count = std::to_string(sought_);
  if (sought_ < 3) return "0 of " + count + " found: too few to say how rare leaks are";
  return "0 of " + count + " found: fewer than 1 in " + std::to_string(sought_ / 3) +
         " with 95 % confidence";
}

}  // namespace consilium
