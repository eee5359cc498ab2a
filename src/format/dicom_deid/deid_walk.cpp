#include "format/dicom_deid/deid_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"
#include "format/dicom_deid/dummy_value.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_pseudonym/pseudonymise.hpp"

namespace consilium::detail {
namespace {

constexpr std::string_view standard_root = "1.2.840.10008.";
constexpr std::string_view table = "E.1-1";
constexpr DicomTag patient_age = dicom_tag(0x00101010);
constexpr int pooled_age_years = 90;

// Free text that lies below sequences which the table lists, and so has no row of its own.
constexpr std::array always_cleaned{
    dicom_tag(0x0040A160),  // Text Value
    dicom_tag(0x00700006),  // Unformatted Text Value
};
// Value and relationship types of content items (PS3.3 C.17.3).
constexpr std::array<std::string_view, 24> content_kinds{
    "TEXT",   "CODE",     "NUM",        "DATETIME",      "DATE",           "TIME",
    "UIDREF", "PNAME",    "SCOORD",     "SCOORD3D",      "TCOORD",         "COMPOSITE",
    "IMAGE",  "WAVEFORM", "CONTAINER",  "CONTAINS",      "HAS PROPERTIES", "HAS OBS CONTEXT",
    "TABLE",  "SEPARATE", "CONTINUOUS", "INFERRED FROM", "SELECTED FROM",  "HAS CONCEPT MOD"};
// Names of things that say a kind, not an instance: their UIDs stay whatever their root.
constexpr std::array<std::string_view, 6> uid_kinds{
    "SOPClass", "TransferSyntax", "CodingScheme", "ContextUID", "ContextGroup", "MappingResource"};

bool is_date(Vr vr) { return vr == Vr::Da || vr == Vr::Dt || vr == Vr::Tm; }
bool is_bulk(Vr vr) {
  return vr == Vr::Ob || vr == Vr::Od || vr == Vr::Of || vr == Vr::Ol || vr == Vr::Ov ||
         vr == Vr::Ow || vr == Vr::Un;
}
bool is_text(Vr vr) { return uses_charset(vr) || vr == Vr::Ae || vr == Vr::Cs || vr == Vr::Ur; }
bool is_part_of_code(DicomTag tag) {
  return tag == tags::code_value || tag == tags::coding_scheme_designator ||
         tag == dicom_tag(0x00080103) || tag == tags::code_meaning;
}
bool is_overlay(DicomTag tag) { return tag.group >= 0x6000 && tag.group <= 0x60FF; }

// The creator whose block a private element lies in (PS3.5 7.8.1).
std::string creator_of(const DicomDataset& dataset, DicomTag tag) {
  const auto block = static_cast<std::uint16_t>(tag.element >> 8U);
  return dataset.text({.group = tag.group, .element = block});
}

bool is_creator(DicomTag tag) {
  return tag.is_private() && tag.element >= 0x0010 && tag.element <= 0x00FF;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += '\\';
    text += values[i];
  }
  return text;
}

}  // namespace

void DeidWalk::note(const At& at, const Choice& choice) {
  steps_.push_back({.place = at.place, .action = choice.action, .rule = choice.rule});
}

DicomDataset DeidWalk::dataset(const DicomDataset& from, DicomTag parent,
                               const std::string& place) {
  DicomDataset to(std::endian::little, parse_dicom_charset("ISO_IR 192"));
  to.reserve(from.elements().size() + 8);
  for (const DicomElement& element : from.elements()) {
    // Lengths of groups would be wrong; the character set is the result's own.
    if (element.tag.element == 0 || element.tag == tags::specific_character_set) continue;
    const At at{.from = from,
                .element = element,
                .parent = parent,
                .place = place + to_string(element.tag)};
    apply(at, choose(at), to);
  }
  return to;
}

DeidWalk::Choice DeidWalk::choose(const At& at) const {
  const DicomTag tag = at.element.tag;
  if (const auto own = profile_.own.find(tag); own != profile_.own.end()) {
    return {.action = own->second, .rule = "profile"};
  }
  if (tag.is_private()) return choose_private(at);
  const DeidRow* row = rules_.find(tag);
  return row == nullptr ? choose_unlisted(at) : choose_listed(at, *row);
}

DeidWalk::Choice DeidWalk::choose_listed(const At& at, const DeidRow& row) const {
  // What an option keeps wins over what another cleans: a site that asks for both means it.
  for (const DeidAction wanted : {DeidAction::Keep, DeidAction::Clean}) {
    for (std::size_t i = 0; i < deid_option_count; ++i) {
      const auto option = static_cast<DeidOption>(i);
      const bool moves_years = profile_.keeps_years_only && option == DeidOption::ModifiedDates;
      if (!profile_.options[i] && !moves_years) continue;
      if (row.by_option[i] == wanted) {
        return {.action = wanted, .rule = fmt::format("{} {}", table, name_of(option))};
      }
    }
  }
  return {.action = rules_.basic_action(row, sop_class_uid_, at.parent),
          .rule = std::string(table)};
}

DeidWalk::Choice DeidWalk::choose_unlisted(const At& at) const {
  const DicomTag tag = at.element.tag;
  const auto entry = find_in_dictionary(tag);
  if (!entry) return {.action = DeidAction::Remove, .rule = "not in PS3.6"};
  if (is_overlay(tag)) return {.action = DeidAction::Remove, .rule = "overlay"};
  if (tag.group == 0x0400) return {.action = DeidAction::Remove, .rule = "encrypted or signed"};
  if (at.element.vr == Vr::Un) return {.action = DeidAction::Remove, .rule = "form of its VR"};
  if (entry->vr == Vr::Pn) return {.action = DeidAction::Empty, .rule = "person's name"};
  if (is_date(entry->vr) || is_date(at.element.vr)) {
    if (profile_.has(DeidOption::RetainFullDates)) {
      return {.action = DeidAction::Keep, .rule = "date"};
    }
    if (profile_.has(DeidOption::ModifiedDates) || profile_.keeps_years_only) {
      return {.action = DeidAction::Clean, .rule = "date"};
    }
    return {.action = DeidAction::Remove, .rule = "date"};
  }
  if (entry->vr == Vr::Ui && !profile_.has(DeidOption::RetainUids)) {
    const bool is_kind = std::ranges::any_of(
        uid_kinds, [&](std::string_view kind) { return entry->keyword.contains(kind); });
    return {.action = is_kind ? DeidAction::Keep : DeidAction::Uid, .rule = "UID"};
  }
  // A number's attribute that holds text, or bytes where none are due, is something else.
  const bool is_wrong_form = (is_text(at.element.vr) || is_bulk(at.element.vr)) &&
                             !is_text(entry->vr) && !is_bulk(entry->vr) && !entry->is_vr_choice;
  if (is_wrong_form) return {.action = DeidAction::Remove, .rule = "form of its VR"};
  if (std::ranges::find(always_cleaned, tag) != always_cleaned.end()) {
    return {.action = DeidAction::Clean, .rule = "free text"};
  }
  // The meaning beside a code of a site's own is free text wherever it stands.
  const bool is_free = is_cleaning_ ? uses_charset(at.element.vr) : tag == tags::code_meaning;
  if (is_free && !(is_part_of_code(tag) &&
                   is_public_coding_scheme(at.from.text(tags::coding_scheme_designator)))) {
    return {.action = DeidAction::Clean, .rule = "free text"};
  }
  return {.action = DeidAction::Keep, .rule = ""};
}

DeidWalk::Choice DeidWalk::choose_private(const At& at) const {
  const Choice removed{.action = DeidAction::Remove, .rule = fmt::format("{} private", table)};
  if (!profile_.has(DeidOption::RetainSafePrivate)) return removed;
  const DicomTag tag = at.element.tag;
  const Choice kept{.action = DeidAction::Keep, .rule = "private, allowed by the profile"};
  if (is_creator(tag)) {
    const std::string creator = at.from.text(tag);
    const bool is_used = std::ranges::any_of(at.from.elements(), [&](const DicomElement& element) {
      return element.tag.group == tag.group && element.tag.element >> 8U == tag.element &&
             profile_.allows_private(creator,
                                     static_cast<std::uint8_t>(element.tag.element & 0xFFU));
    });
    return is_used ? kept : removed;
  }
  const auto element = static_cast<std::uint8_t>(tag.element & 0xFFU);
  if (!profile_.allows_private(creator_of(at.from, tag), element)) return removed;
  if (at.element.vr == Vr::Ui && !profile_.has(DeidOption::RetainUids)) {
    return {.action = DeidAction::Uid, .rule = kept.rule};
  }
  if (is_date(at.element.vr) && !profile_.has(DeidOption::RetainFullDates)) {
    const bool may_move = profile_.has(DeidOption::ModifiedDates) || profile_.keeps_years_only;
    return {.action = may_move ? DeidAction::Clean : DeidAction::Remove, .rule = kept.rule};
  }
  return at.element.vr == Vr::Pn ? removed : kept;
}

void DeidWalk::apply(const At& at, Choice choice, DicomDataset& to) {
  const DicomTag tag = at.element.tag;
  switch (choice.action) {
    case DeidAction::Remove:
      return note(at, choice);
    case DeidAction::Empty:
      note(at, choice);
      if (at.element.vr == Vr::Sq) return to.put_items(tag, {});
      return to.append(tag, at.element.vr, {});
    case DeidAction::Dummy:
      note(at, choice);
      return put_dummy_of(at, to);
    case DeidAction::Uid:
      return map_uids(at, std::move(choice), to);
    case DeidAction::Clean:
      return clean(at, std::move(choice), to);
    case DeidAction::Keep:
      return keep(at, std::move(choice), to);
  }
}

// What cannot be kept or cleaned as an option has it gets the basic action: a value that is not
// what it should be is worth less than the person it may name.
void DeidWalk::fall_back(const At& at, Choice choice, DicomDataset& to) {
  const DeidRow* row = rules_.find(at.element.tag);
  const bool has_basic = row != nullptr && !at.element.tag.is_private();
  const DeidAction basic =
      has_basic ? rules_.basic_action(*row, sop_class_uid_, at.parent) : DeidAction::Remove;
  choice.action = basic == DeidAction::Uid ? DeidAction::Remove : basic;
  choice.rule += ", form of its VR";
  apply(at, std::move(choice), to);
}

void DeidWalk::put_items(const At& at, const Choice& choice, DicomDataset& to) {
  const bool was_cleaning =
      std::exchange(is_cleaning_, is_cleaning_ || choice.action == DeidAction::Clean);
  std::vector<DicomDataset> items;
  for (std::size_t i = 0; i < at.element.items.size(); ++i) {
    items.push_back(
        dataset(at.element.items[i], at.element.tag, fmt::format("{}[{}].", at.place, i)));
  }
  is_cleaning_ = was_cleaning;
  to.put_items(at.element.tag, std::move(items));
}

void DeidWalk::keep(const At& at, Choice choice, DicomDataset& to) {
  const Vr vr = at.element.vr;
  if (vr == Vr::Sq) {
    if (!choice.rule.empty()) note(at, choice);
    return put_items(at, choice, to);
  }
  const bool has_form =
      vr == Vr::Ds || vr == Vr::Is || is_date(vr) || vr == Vr::Ui || vr == Vr::As || vr == Vr::Cs;
  if (has_form) {
    const std::size_t count = at.from.ascii_count(at.element.tag);
    for (std::size_t i = 0; i < count; ++i) {
      // Codes are compared without case: devices write small letters too.
      std::string value(at.from.ascii(at.element.tag, i));
      if (vr == Vr::Cs)
        std::ranges::transform(value, value.begin(), [](char c) {
          return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
      if (!fits_vr(value, vr)) return fall_back(at, std::move(choice), to);
      // A series may be numbered by the patient's number.
      if (vr == Vr::Is && !value.empty() && known_.scrubbed(value).empty()) {
        return apply(at, {.action = DeidAction::Empty, .rule = "known identifier"}, to);
      }
    }
  }
  if (is_text(vr)) return keep_text(at, std::move(choice), to);
  if (at.element.tag == patient_age && profile_.keeps_years_only) {
    const std::string_view age = at.from.ascii(patient_age);
    const bool is_pooled =
        age.size() == 4 && age.back() == 'Y' && age >= fmt::format("{:03}Y", pooled_age_years);
    note(at, choice);
    return to.put_text(patient_age, Vr::As,
                       is_pooled ? fmt::format("{:03}Y", pooled_age_years) : age);
  }
  if (!choice.rule.empty()) note(at, choice);
  if (at.from.byte_order() == std::endian::little || vr == Vr::Un) {
    to.append(at.element.tag, vr, at.element.value);
  } else {
    to.append(at.element.tag, vr,
              DicomValue::owning(little_endian_value(at.element, at.from.byte_order())));
  }
}

void DeidWalk::keep_text(const At& at, Choice choice, DicomDataset& to) {
  const DicomTag tag = at.element.tag;
  const std::string before = at.from.text(tag);
  // What says how pixels, files and codes are to be read cannot be anybody's name.
  const bool is_structure = tag.group == 0x0028 || tag == tags::modality ||
                            tag == dicom_tag(0x00080008) || tag == dicom_tag(0x0040A040);
  std::string after = is_structure ? before : known_.scrubbed(before);
  // Of type 1 in some object: what was there is not left empty.
  if (after.empty() && !before.empty()) after = dummy_text(at.element.vr);
  if (after != before) choice = {.action = DeidAction::Clean, .rule = "known identifier"};
  if (!choice.rule.empty()) note(at, choice);
  to.put_text(tag, at.element.vr, after);
}

void DeidWalk::clean(const At& at, Choice choice, DicomDataset& to) {
  const Vr vr = at.element.vr;
  if (is_date(vr)) return clean_date(at, std::move(choice), to);
  if (vr == Vr::Sq) {
    note(at, choice);
    return put_items(at, choice, to);
  }
  if (vr == Vr::Ui) return map_uids(at, std::move(choice), to);
  if (is_text(vr) && !is_overlay(at.element.tag)) {
    note(at, choice);
    return clean_text(at, to);
  }
  // Bits, overlays and the like: nothing in them can be told to be clean.
  fall_back(at, std::move(choice), to);
}

void DeidWalk::clean_text(const At& at, DicomDataset& to) {
  const Vr vr = at.element.vr;
  const bool is_whole = vr == Vr::Lt || vr == Vr::St || vr == Vr::Ut || vr == Vr::Ur;
  std::vector<std::string> values =
      is_whole ? std::vector{at.from.text(at.element.tag)} : at.from.texts(at.element.tag);
  for (std::string& value : values) value = known_.cleaned(value);
  std::string text = joined(values);
  // What was not empty does not become so: many of these are of type 1 somewhere.
  if (text.find_first_not_of('\\') == std::string::npos && !at.element.value.bytes().empty()) {
    text = dummy_text(vr);
  }
  to.put_text(at.element.tag, vr, text);
}

std::string DeidWalk::moved_date(std::string_view value) const {
  const auto parts = date_parts(value);
  if (!parts) return {};
  if (profile_.keeps_years_only) return std::string(parts->date.substr(0, 4)) + "0101";
  std::string moved = shifted_dicom_date(parts->date, shift_days_);
  if (!moved.empty()) moved += parts->rest;
  return moved;
}

void DeidWalk::clean_date(const At& at, Choice choice, DicomDataset& to) {
  const Vr vr = at.element.vr;
  // The time of day stays with a shifted date, and goes with one of which the year is left.
  if (vr == Vr::Tm) {
    return profile_.keeps_years_only ? fall_back(at, std::move(choice), to)
                                     : keep(at, std::move(choice), to);
  }
  std::string text;
  const std::size_t count = at.from.ascii_count(at.element.tag);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string moved = moved_date(at.from.ascii(at.element.tag, i));
    if (moved.empty()) return fall_back(at, std::move(choice), to);
    if (i > 0) text += '\\';
    text += moved;
  }
  note(at, choice);
  to.put_text(at.element.tag, vr, text);
}

std::string DeidWalk::mapped_uid(std::string_view uid) const {
  return uid.empty() || uid.starts_with(standard_root) ? std::string(uid) : key_.uid(uid);
}

void DeidWalk::map_uids(const At& at, Choice choice, DicomDataset& to) {
  if (at.element.vr == Vr::Sq) {
    note(at, choice);
    return put_items(at, choice, to);
  }
  std::string text;
  for (std::size_t i = 0; i < at.from.ascii_count(at.element.tag); ++i) {
    if (i > 0) text += '\\';
    text += mapped_uid(at.from.ascii(at.element.tag, i));
  }
  note(at, choice);
  to.put_text(at.element.tag, Vr::Ui, text);
}

void DeidWalk::put_dummy_of(const At& at, DicomDataset& to) {
  const DicomTag tag = at.element.tag;
  if (at.element.vr == Vr::Ui) {
    const std::string_view uid = at.from.ascii(tag);
    return to.put_text(tag, Vr::Ui, uid.empty() ? key_.uid("dummy") : mapped_uid(uid));
  }
  if (at.element.vr != Vr::Sq) return put_dummy(to, tag, at.element.vr);
  DicomDataset item(std::endian::little, to.charset());
  if (!at.element.items.empty()) item = dummy_item(at.element.items.front());
  if (item.empty()) {
    item.put_text(tags::code_value, Vr::Sh, "REMOVED");
    item.put_text(tags::coding_scheme_designator, Vr::Sh, "99REMOVED");
    item.put_text(tags::code_meaning, Vr::Lo, "Removed");
  }
  to.put_items(tag, {std::move(item)});
}

// An item of the same attributes, all of whose values are dummies. Its codes say nothing either;
// what kind of content item it is stays.
DicomDataset DeidWalk::dummy_item(const DicomDataset& from) {
  DicomDataset to(std::endian::little, parse_dicom_charset("ISO_IR 192"));
  for (const DicomElement& element : from.elements()) {
    const DicomTag tag = element.tag;
    if (tag.element == 0 || tag.is_private() || tag == tags::specific_character_set ||
        !find_in_dictionary(tag)) {
      continue;
    }
    if (element.vr == Vr::Sq) {
      std::vector<DicomDataset> items;
      if (!element.items.empty()) items.push_back(dummy_item(element.items.front()));
      to.put_items(tag, std::move(items));
    } else if (element.vr == Vr::Ui) {
      to.put_text(tag, Vr::Ui, mapped_uid(from.ascii(tag)));
    } else if (std::ranges::find(content_kinds, from.ascii(tag)) != content_kinds.end()) {
      to.put_text(tag, element.vr, from.ascii(tag));
    } else if (!is_overlay(tag)) {
      put_dummy(to, tag, element.vr);
    }
  }
  return to;
}

}  // namespace consilium::detail
