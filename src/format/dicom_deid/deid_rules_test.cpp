#include "format/dicom_deid/deid_rules.hpp"

#include <doctest/doctest.h>

#include "format/dicom/dictionary.hpp"
#include "format/dicom_deid/deid_profile.hpp"

using namespace consilium;

namespace {

constexpr std::string_view ct_image = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::string_view pet_image = "1.2.840.10008.5.1.4.1.1.128";
constexpr std::string_view enhanced_ct = "1.2.840.10008.5.1.4.1.1.2.1";

DeidAction action(std::uint32_t tag, std::string_view sop_class, std::uint32_t parent = 0) {
  const DeidRules& rules = DeidRules::standard();
  const DeidRow* row = rules.find(dicom_tag(tag));
  REQUIRE(row != nullptr);
  return rules.basic_action(*row, sop_class, dicom_tag(parent));
}

}  // namespace

TEST_CASE("the table is whole, and each of its attributes is one of the dictionary") {
  const DeidRules& rules = DeidRules::standard();
  CHECK(rules.row_count() == 621);
  CHECK(rules.edition() == "2024e");
  CHECK(rules.find(dicom_tag(0x00100010))->keyword == "PatientName");
  CHECK(rules.find(dicom_tag(0x00080016)) == nullptr);  // SOP Class UID says a kind
  CHECK(rules.find(dicom_tag(0x00091001))->keyword == "PrivateAttributes");
  CHECK(rules.find(dicom_tag(0x50040022))->keyword == "CurveData");
  CHECK(rules.find(dicom_tag(0x60023000))->keyword == "OverlayData");
  CHECK(rules.find(dicom_tag(0x60020010)) == nullptr);
}

TEST_CASE("compound actions follow the attribute's type in the object") {
  CHECK(action(0x00100010, ct_image) == DeidAction::Empty);  // no choice: Z
  // Acquisition Date, X/Z: type 3 of CT images, 2 of PET images.
  CHECK(action(0x00080022, ct_image) == DeidAction::Remove);
  CHECK(action(0x00080022, pet_image) == DeidAction::Empty);
  // Content Date, Z/D: type 2 of CT images, 1 of enhanced ones.
  CHECK(action(0x00080023, ct_image) == DeidAction::Empty);
  CHECK(action(0x00080023, enhanced_ct) == DeidAction::Dummy);
  // Device Serial Number, X/Z/D: type 3 or 1 at the top.
  CHECK(action(0x00181000, ct_image) == DeidAction::Remove);
  CHECK(action(0x00181000, enhanced_ct) == DeidAction::Dummy);
}

TEST_CASE("where the type is not known the action is the one that every type allows") {
  CHECK(action(0x00080022, "1.2.3.4") == DeidAction::Empty);
  CHECK(action(0x00080023, "1.2.3.4") == DeidAction::Dummy);
  CHECK(action(0x00081140, "1.2.3.4") == DeidAction::Uid);
  // Below a sequence that the object's tables do not hold.
  CHECK(action(0x00080022, ct_image, 0x00540016) == DeidAction::Empty);
}

TEST_CASE("rules that cannot be read are refused with their line") {
  const auto parsed = DeidRules::parse("edition\tx\n[actions]\n00100010\tPatientName\tQ\n");
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == ErrorCode::Corrupt);
  CHECK(parsed.error().where == "line 3");
  CHECK_FALSE(DeidRules::parse("").has_value());
}

TEST_CASE("a profile file sets base, options, own actions and allowed private elements") {
  const auto profile = parse_deid_profile(
      "# ours\nbase basic\noption retain-uids\n\n(0008,1030) K\nprivate \"ACME 1\" 0c\n"
      "private \"OTHER\" *\n");
  REQUIRE(profile.has_value());
  CHECK(profile->has(DeidOption::RetainUids));
  CHECK(profile->own.at(dicom_tag(0x00081030)) == DeidAction::Keep);
  CHECK(profile->allows_private("ACME 1", 0x0C));
  CHECK_FALSE(profile->allows_private("ACME 1", 0x0D));
  CHECK(profile->allows_private("OTHER", 0x55));
}

TEST_CASE("a line that is no rule is refused with its number") {
  for (const char* line : {"keep everything", "(0008,1030) Q", "(0008;1030) K", "private ACME 10",
                           "private \"ACME\" 1FF", "option retain-everything", "base loose"}) {
    const auto profile = parse_deid_profile(std::string("base basic\n") + line + "\n");
    CAPTURE(line);
    REQUIRE_FALSE(profile.has_value());
    CHECK(profile.error().where == "line 2");
  }
}

TEST_CASE("choices that contradict each other are refused") {
  const auto check = [](std::string_view base, std::initializer_list<const char*> options) {
    auto profile = *named_deid_profile(base);
    for (const char* option : options) REQUIRE(add_deid_option(profile, option).has_value());
    return check_deid_profile(profile).has_value();
  };
  CHECK(check("basic", {"retain-uids", "modified-dates", "clean-pixel"}));
  CHECK_FALSE(check("basic", {"retain-full-dates", "modified-dates"}));
  CHECK_FALSE(check("basic", {"clean-pixel", "retain-burned-in"}));
  CHECK(check("safe-harbor", {"clean-descriptors"}));
  CHECK_FALSE(check("safe-harbor", {"retain-device"}));
  CHECK_FALSE(check("safe-harbor", {"modified-dates"}));
}
