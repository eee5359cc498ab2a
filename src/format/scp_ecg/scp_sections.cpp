#include "format/scp_ecg/scp_sections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "format/crc_ccitt/crc_ccitt.hpp"
#include "format/number_text/number_text.hpp"

namespace consilium::scp {
namespace {

constexpr std::size_t section_head_bytes = 16;
constexpr std::int64_t samples_max = 20'000'000;  // of all leads together
constexpr int standard_tables = 19999;

std::unexpected<Error> wrong(std::string what, int section, const ByteReader& at) {
  return fail(ErrorCode::Corrupt, std::move(what),
              fmt::format("section {}, {}", section, at.where()),
              "export the recording again from the system that made it");
}

struct Place {
  int id = 0;
  std::uint64_t offset = 0;  // from 0
  std::uint64_t length = 0;
};

// Text ends at a NUL.
std::string text_of_field(ByteView bytes) {
  std::string_view text = text_of(bytes);
  text = text.substr(0, text.find('\0'));
  return utf8_of(stripped(text));
}

class SectionReader {
 public:
  explicit SectionReader(ByteView file) : file_(file) {}

  Result<Sections> read() {
    CSL_TRY(check_whole());
    const std::vector<Place> places = CSL_TRY(read_pointers());
    for (const Place& place : places) {
      if (place.length <= section_head_bytes) continue;
      const ByteView section = file_.subspan(static_cast<std::size_t>(place.offset),
                                             static_cast<std::size_t>(place.length));
      check_section(section, place);
      ByteReader reader(section.subspan(section_head_bytes), std::endian::little,
                        place.offset + section_head_bytes);
      CSL_TRY(read_section(place.id, reader));
    }
    if (found_.leads.empty() || !found_.rhythm) {
      return fail(ErrorCode::Unsupported, "the file holds no rhythm data", "sections 3 and 6",
                  "export the recording with its rhythm");
    }
    return std::move(found_);
  }

 private:
  void note(std::string what, std::string where) {
    found_.notes.push_back({.what = std::move(what), .where = std::move(where)});
  }

  Status check_whole() {
    ByteReader reader(file_);
    const std::uint16_t stated = CSL_TRY(reader.u16());
    const std::uint32_t size = CSL_TRY(reader.u32());
    if (size > file_.size()) {
      note(fmt::format("the file states {} bytes and has {}", size, file_.size()), "byte 2");
    } else if (stated != crc_ccitt(file_.subspan(2, size >= 6 ? size - 2 : 0))) {
      note("the file's checksum is wrong", "byte 0");
    }
    return {};
  }

  // Section 0 lies first; a pointer is id, length and index of the first byte, from 1.
  Result<std::vector<Place>> read_pointers() {
    ByteReader reader(file_);
    CSL_TRY(reader.skip(6));
    CSL_TRY(reader.skip(2));
    const int id = CSL_TRY(reader.u16());
    const std::uint32_t length = CSL_TRY(reader.u32());
    if (id != 0 || length < section_head_bytes || length > reader.left() + 8) {
      return wrong("there is no pointer section", 0, reader);
    }
    CSL_TRY(reader.skip(section_head_bytes - 8));
    std::vector<Place> places;
    for (std::uint32_t at = section_head_bytes; at + 10 <= length; at += 10) {
      const int section = CSL_TRY(reader.u16());
      Place place{.id = section, .length = CSL_TRY(reader.u32())};
      const std::uint32_t index = CSL_TRY(reader.u32());
      if (place.length == 0 || section == 0) continue;
      place.offset = index == 0 ? 0 : index - 1;
      if (index == 0 || place.offset >= file_.size() ||
          place.length > file_.size() - place.offset) {
        note("a section runs past the end of the file and is left out",
             fmt::format("section {}", section));
        continue;
      }
      places.push_back(place);
    }
    // Tables and leads before what is coded by them.
    std::ranges::stable_sort(places, {}, &Place::id);
    return places;
  }

  void check_section(ByteView section, const Place& place) {
    ByteReader reader(section, std::endian::little, place.offset);
    const auto crc = reader.u16();
    const auto id = reader.u16();
    if (id && *id != place.id) {
      note("a section says another number than its pointer", fmt::format("section {}", place.id));
    }
    if (crc && *crc != crc_ccitt(section.subspan(2))) {
      note("a section's checksum is wrong", fmt::format("section {}", place.id));
    }
  }

  Status read_section(int id, ByteReader& reader) {
    switch (id) {
      case 1:
        return read_patient(reader);
      case 2:
        return read_tables(reader);
      case 3:
        return read_leads(reader);
      case 4:
        return read_beats(reader);
      case 5:
        found_.reference = CSL_TRY(read_signals(reader, id));
        return {};
      case 6:
        found_.rhythm = CSL_TRY(read_signals(reader, id));
        return {};
      default:
        return {};
    }
  }

  Status read_patient(ByteReader& reader) {
    std::string first_name;
    RecordIdentity& who = found_.identity;
    while (reader.left() >= 3) {
      const int tag = CSL_TRY(reader.u8());
      const int size = CSL_TRY(reader.u16());
      if (tag == 255) break;
      if (static_cast<std::size_t>(size) > reader.left()) {
        note("a field of the patient section runs past its end", fmt::format("tag {}", tag));
        break;
      }
      const ByteView value = CSL_TRY(reader.take(static_cast<std::uint64_t>(size)));
      ByteReader field(value, std::endian::little, reader.offset() - value.size());
      switch (tag) {
        case 0:
          who.patient_name = text_of_field(value);
          break;
        case 1:
          first_name = text_of_field(value);
          break;
        case 2:
          who.patient_id = text_of_field(value);
          break;
        case 5:
          take_birth_date(field);
          break;
        case 8:
          if (size >= 1) take_sex(CSL_TRY(field.u8()));
          break;
        case 25:
          take_date(field);
          break;
        case 26:
          take_time(field);
          break;
        case 27:
          if (size >= 2) add_filter("HP", CSL_TRY(field.u16()) / 100.0);
          break;
        case 28:
          if (size >= 2) add_filter("LP", CSL_TRY(field.u16()));
          break;
        case 29:
          if (size >= 1) take_notch(CSL_TRY(field.u8()));
          break;
        default:
          break;
      }
    }
    if (!first_name.empty()) who.patient_name += "^" + first_name;
    return {};
  }

  void take_birth_date(ByteReader& field) {
    const auto year = field.u16();
    const auto month = field.u8();
    const auto day = field.u8();
    if (!day || *year == 0 || *month < 1 || *month > 12 || *day < 1 || *day > 31) return;
    found_.identity.birth_date = fmt::format("{:04}-{:02}-{:02}", *year, *month, *day);
  }
  void take_sex(int code) {
    if (code == 1) found_.identity.sex = "M";
    if (code == 2) found_.identity.sex = "F";
  }
  void take_date(ByteReader& field) {
    const auto year = field.u16();
    const auto month = field.u8();
    const auto day = field.u8();
    if (!day || *year == 0 || *month < 1 || *month > 12 || *day < 1 || *day > 31) return;
    CivilTime& at =
        found_.identity.base_time.emplace(found_.identity.base_time.value_or(CivilTime{}));
    at.year = *year;
    at.month = *month;
    at.day = *day;
  }
  void take_time(ByteReader& field) {
    const auto hour = field.u8();
    const auto minute = field.u8();
    const auto second = field.u8();
    if (!second || *hour > 23 || *minute > 59 || *second > 59) return;
    CivilTime& at =
        found_.identity.base_time.emplace(found_.identity.base_time.value_or(CivilTime{}));
    at.hour = *hour;
    at.minute = *minute;
    at.second = *second;
  }
  void add_filter(std::string_view name, double hz) {
    if (hz <= 0) return;
    found_.filter += fmt::format("{}{}:{:g}Hz", found_.filter.empty() ? "" : " ", name, hz);
  }
  void take_notch(int bits) {
    if ((bits & 1) != 0) add_filter("N", 60);
    if ((bits & 2) != 0) add_filter("N", 50);
  }

  Status read_tables(ByteReader& reader) {
    const int count = CSL_TRY(reader.u16());
    found_.has_huffman = true;
    if (count == standard_tables) return {};
    for (int t = 0; t < count; ++t) {
      const int codes = CSL_TRY(reader.u16());
      std::vector<HuffmanCode> table;
      for (int i = 0; i < codes; ++i) {
        HuffmanCode code;
        code.prefix_bits = CSL_TRY(reader.u8());
        code.total_bits = CSL_TRY(reader.u8());
        code.is_value = CSL_TRY(reader.u8()) != 0;
        code.base_value = CSL_TRY(reader.i16());
        // Stored with the code's first bit lowest.
        std::uint32_t bits = CSL_TRY(reader.u32());
        for (int b = 0; b < std::min(code.prefix_bits, 32); ++b, bits >>= 1U) {
          code.prefix = code.prefix << 1U | (bits & 1U);
        }
        table.push_back(code);
      }
      if (table.empty()) return wrong("a Huffman table is empty", 2, reader);
      found_.tables.push_back(CSL_TRY(HuffmanTable::of(std::move(table))));
    }
    return {};
  }

  Status read_leads(ByteReader& reader) {
    const int count = CSL_TRY(reader.u8());
    const int flags = CSL_TRY(reader.u8());
    found_.subtracts_reference_beat = (flags & 1) != 0;
    std::int64_t total = 0;
    for (int i = 0; i < count; ++i) {
      Lead lead;
      lead.first_sample = CSL_TRY(reader.u32());
      lead.last_sample = CSL_TRY(reader.u32());
      lead.number = CSL_TRY(reader.u8());
      if (lead.first_sample < 1 || lead.last_sample < lead.first_sample ||
          lead.last_sample > samples_max) {
        return wrong("a lead's samples are out of range", 3, reader);
      }
      total += lead.last_sample;
      if (total > samples_max) {
        return fail(ErrorCode::TooLarge, "the file states more samples than are read at once",
                    fmt::format("section 3, {}", reader.where()));
      }
      found_.leads.push_back(lead);
    }
    return {};
  }

  Status read_beats(ByteReader& reader) {
    found_.reference_ms = CSL_TRY(reader.u16());
    found_.reference_fiducial = CSL_TRY(reader.u16());
    const int count = CSL_TRY(reader.u16());
    if (reader.left() < static_cast<std::size_t>(count) * 14) {
      return wrong("the list of beats runs past its section", 4, reader);
    }
    for (int i = 0; i < count; ++i) {
      Beat beat;
      beat.type = CSL_TRY(reader.u16());
      beat.begin = CSL_TRY(reader.u32());
      beat.fiducial = CSL_TRY(reader.u32());
      beat.end = CSL_TRY(reader.u32());
      found_.beats.push_back(beat);
    }
    while (reader.left() >= 8 && std::ssize(found_.zones) < count) {
      Protected zone;
      zone.begin = CSL_TRY(reader.u32());
      zone.end = CSL_TRY(reader.u32());
      found_.zones.push_back(zone);
    }
    return {};
  }

  Result<Signals> read_signals(ByteReader& reader, int section) {
    Signals signals;
    signals.nv_per_step = CSL_TRY(reader.u16());
    signals.interval_us = CSL_TRY(reader.u16());
    signals.differences = CSL_TRY(reader.u8());
    signals.is_bimodal = CSL_TRY(reader.u8()) != 0 && section == 6;
    if (signals.nv_per_step == 0) return wrong("the amplitude step is 0", section, reader);
    if (signals.interval_us == 0) return wrong("the sample interval is 0", section, reader);
    if (signals.differences > 2) {
      return wrong("the samples are differences of an unknown order", section, reader);
    }
    std::vector<std::uint16_t> sizes;
    for (std::size_t i = 0; i < found_.leads.size(); ++i) sizes.push_back(CSL_TRY(reader.u16()));
    for (const std::uint16_t size : sizes) {
      if (size > reader.left()) {
        note("a lead's data end early", fmt::format("section {}", section));
      }
      signals.leads.push_back(CSL_TRY(reader.take(std::min<std::uint64_t>(size, reader.left()))));
    }
    return signals;
  }

  ByteView file_;
  Sections found_;
};

}  // namespace

Result<Sections> read_sections(ByteView file) { return SectionReader(file).read(); }

}  // namespace consilium::scp
