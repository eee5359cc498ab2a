#include "format/edf/edf_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/byte_reader.hpp"
#include "base/checked.hpp"
#include "base/utf8.hpp"

namespace consilium::edf {
namespace {

constexpr std::int64_t samples_per_record_max = 64 << 20;

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks(" \t\r\n\0", 5);
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Numbers of EDF are ASCII; some recorders write a decimal comma.
std::optional<double> parse_number(std::string_view text) {
  std::string plain(trim(text));
  std::ranges::replace(plain, ',', '.');
  std::string_view rest = plain;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (problem != std::errc{} || end != rest.data() + rest.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::optional<double> value = parse_number(text);
  if (!value || std::trunc(*value) != *value || std::abs(*value) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

// Three numbers with any separator: "01.04.18".
std::optional<std::array<int, 3>> parse_triple(std::string_view text) {
  std::array<int, 3> numbers{};
  text = trim(text);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (problem != std::errc{} || numbers[i] < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 2) {
      if (text.empty()) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return text.empty() ? std::optional(numbers) : std::nullopt;
}

// EDF+ 2.1.3.4: "Startdate dd-MMM-yyyy" holds the whole year.
void take_start_date(std::string_view recording, CivilTime& time) {
  static constexpr std::string_view months = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  constexpr std::string_view lead = "Startdate ";
  if (!recording.starts_with(lead) || recording.size() < lead.size() + 11) return;
  const std::string_view date = recording.substr(lead.size(), 11);
  const auto day = parse_integer(date.substr(0, 2));
  const std::size_t month = months.find(date.substr(3, 3));
  const auto year = parse_integer(date.substr(7, 4));
  if (!day || !year || month == std::string_view::npos || month % 3 != 0 || *day < 1 || *day > 31) {
    return;
  }
  time.day = static_cast<int>(*day);
  time.month = static_cast<int>(month / 3) + 1;
  time.year = static_cast<int>(*year);
}

class Parser {
 public:
  explicit Parser(ByteView bytes) : bytes_(bytes) {}

  Result<Header> parse() {
    CSL_TRY(parse_fixed());
    CSL_TRY(parse_signals());
    return std::move(header_);
  }

 private:
  void note(std::string what, std::size_t at) {
    header_.notes.push_back({.what = std::move(what), .where = fmt::format("byte {}", at)});
  }
  std::string_view field(std::size_t at, std::size_t size) const {
    return text_of(bytes_.subspan(at, size));
  }

  Status parse_fixed() {
    const bool bdf = bytes_[0] == std::byte{0xFF};
    header_.sample_bytes = bdf ? 3 : 2;
    header_.identity.patient = to_utf8(trim(field(8, 80)));
    header_.identity.recording = to_utf8(trim(field(88, 80)));
    parse_start();
    const int signals = CSL_TRY(signal_count_in(bytes_));
    header_.header_bytes = (static_cast<std::uint64_t>(signals) + 1) * 256;
    const auto stated_bytes = parse_integer(field(184, 8));
    if (!stated_bytes || *stated_bytes != static_cast<std::int64_t>(header_.header_bytes)) {
      note("the header states another length than its signals need", 184);
    }
    const std::string_view reserved = trim(field(192, 44));
    const bool continuous = reserved.starts_with("EDF+C") || reserved.starts_with("BDF+C");
    const bool discontinuous = reserved.starts_with("EDF+D") || reserved.starts_with("BDF+D");
    header_.variant = bdf ? (continuous      ? EdfVariant::BdfPlusC
                             : discontinuous ? EdfVariant::BdfPlusD
                                             : EdfVariant::Bdf)
                          : (continuous      ? EdfVariant::EdfPlusC
                             : discontinuous ? EdfVariant::EdfPlusD
                                             : EdfVariant::Edf);
    const auto count = parse_integer(field(236, 8));
    if (count && *count >= 0) {
      header_.record_count_stated = *count;
    } else {
      note("the number of data records is open: the recording was not closed", 236);
    }
    parse_duration();
    return {};
  }

  void parse_start() {
    const auto date = parse_triple(field(168, 8));
    const auto clock = parse_triple(field(176, 8));
    CivilTime time;
    if (date && (*date)[0] >= 1 && (*date)[0] <= 31 && (*date)[1] >= 1 && (*date)[1] <= 12) {
      time.day = (*date)[0];
      time.month = (*date)[1];
      // EDF 1992, clipped in 1985: 85..99 are of the last century.
      time.year = (*date)[2] > 99 ? (*date)[2] : (*date)[2] + ((*date)[2] >= 85 ? 1900 : 2000);
    } else {
      note("the start date is no date", 168);
    }
    if (clock && (*clock)[0] < 24 && (*clock)[1] < 60 && (*clock)[2] < 60) {
      time.hour = (*clock)[0];
      time.minute = (*clock)[1];
      time.second = (*clock)[2];
    } else {
      note("the start time is no time", 176);
    }
    take_start_date(header_.identity.recording, time);
    if (date || clock) header_.identity.base_time = time;
  }

  void parse_duration() {
    std::string text(trim(field(244, 8)));
    std::ranges::replace(text, ',', '.');
    if (text.starts_with('+')) text.erase(0, 1);
    const auto number = parse_number(text);
    if (number && *number == 0) return;  // decided once it is known whether there are signals
    const Result<Rate> duration = Rate::parse(text);
    const Result<Rate> inverse =
        duration ? Rate::of(duration->denominator(), duration->numerator()) : duration;
    if (inverse) {
      header_.records_per_second = *inverse;
    } else {
      note("the duration of a data record is no number; 1 s is assumed", 244);
      header_.records_per_second = Rate{};
    }
  }

  // One field of every signal stands together, then the next field.
  Status parse_signals() {
    const std::size_t count = static_cast<std::size_t>(header_.header_bytes / 256) - 1;
    header_.signals.resize(count);
    std::size_t at = fixed_header_bytes;
    const auto each = [&](std::size_t size, auto&& use) {
      for (std::size_t i = 0; i < count; ++i, at += size) use(header_.signals[i], field(at, size));
    };
    const auto number = [&](std::optional<double> Signal::* member, const char* what) {
      each(8, [&](Signal& signal, std::string_view text) {
        signal.*member = parse_number(text);
        if (!(signal.*member)) note(fmt::format("a signal's {} is no number", what), at);
      });
    };
    each(16, [](Signal& s, std::string_view text) { s.label = to_utf8(trim(text)); });
    each(80, [](Signal& s, std::string_view text) { s.transducer = to_utf8(trim(text)); });
    each(8, [](Signal& s, std::string_view text) { s.unit = to_utf8(trim(text)); });
    number(&Signal::physical_min, "physical minimum");
    number(&Signal::physical_max, "physical maximum");
    number(&Signal::digital_min, "digital minimum");
    number(&Signal::digital_max, "digital maximum");
    each(80, [](Signal& s, std::string_view text) { s.filter = to_utf8(trim(text)); });
    Status status;
    each(8, [&](Signal& signal, std::string_view text) {
      const auto samples = parse_integer(text);
      if (!samples || *samples < 0 || *samples > samples_per_record_max) {
        status = fail(ErrorCode::Corrupt, "a signal's number of samples is out of range",
                      fmt::format("byte {}", at), "open the file in its recorder's software");
        return;
      }
      signal.samples_per_record = *samples;
    });
    CSL_TRY(std::move(status));
    return lay_out();
  }

  Status lay_out() {
    bool samples_there = false;
    for (Signal& signal : header_.signals) {
      signal.is_annotations =
          signal.label == "EDF Annotations" || signal.label == "BDF Annotations";
      signal.offset_in_record = header_.record_bytes;
      header_.record_bytes += static_cast<std::uint64_t>(signal.samples_per_record) *
                              static_cast<std::uint64_t>(header_.sample_bytes);
      if (!signal.is_annotations && signal.samples_per_record == 0) {
        note("a signal has no samples and is left out", 256);
      }
      samples_there = samples_there || (!signal.is_annotations && signal.samples_per_record > 0);
    }
    if (header_.record_bytes > record_bytes_max) {
      return fail(ErrorCode::TooLarge, "a data record is too large",
                  fmt::format("{} bytes, the limit is {}", header_.record_bytes, record_bytes_max));
    }
    if (samples_there && !header_.records_per_second) {
      note("a data record takes no time; 1 s is assumed", 244);
      header_.records_per_second = Rate{};
    }
    return {};
  }

  ByteView bytes_;
  Header header_;
};

}  // namespace

Result<int> signal_count_in(ByteView fixed_header) {
  const auto wrong = [](const char* what, int at) {
    return fail(ErrorCode::Corrupt, what, fmt::format("byte {}", at),
                "check that this is an EDF or BDF recording");
  };
  if (fixed_header.size() < fixed_header_bytes) return wrong("this is too short for EDF", 0);
  const std::string_view version = text_of(fixed_header.first(8));
  const bool edf = trim(version) == "0";
  const bool bdf = fixed_header[0] == std::byte{0xFF} && version.substr(1) == "BIOSEMI";
  if (!edf && !bdf) return wrong("this is no EDF or BDF file", 0);
  const auto count = parse_integer(text_of(fixed_header.subspan(252, 4)));
  if (!count || *count < 0 || *count > signal_count_max) {
    return wrong("the number of signals is out of range", 252);
  }
  return static_cast<int>(*count);
}

Result<Header> parse_header(ByteView bytes) { return Parser(bytes).parse(); }

std::optional<std::int64_t> parse_seconds_ns(std::string_view text) {
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  int decimals = -1;  // -1: before the point
  bool any = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (decimals >= 9) continue;
    if (decimals >= 0) ++decimals;
    const auto shifted = checked_multiply<std::int64_t>(value, 10);
    const auto next = shifted ? checked_add<std::int64_t>(*shifted, c - '0') : shifted;
    if (!next) return std::nullopt;
    value = *next;
  }
  if (!any) return std::nullopt;
  for (int i = std::max(decimals, 0); i < 9; ++i) {
    const auto shifted = checked_multiply<std::int64_t>(value, 10);
    if (!shifted) return std::nullopt;
    value = *shifted;
  }
  return negative ? -value : value;
}

std::string to_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

}  // namespace consilium::edf
