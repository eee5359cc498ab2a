#include "format/wfdb/wfdb_header.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace consilium {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Takes the next word off `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(first);
  const std::size_t end = std::min(line.find_first_of(blanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// Takes what stands between `open` and `close` out of `word`: "200(1024)/mV" -> "1024".
std::optional<std::string_view> take_bracketed(std::string_view word) {
  const std::size_t open = word.find('(');
  const std::size_t close = word.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  return word.substr(open + 1, close - open - 1);
}

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<WfdbHeader> parse() {
    const std::optional<std::string_view> record_line = next_line();
    if (!record_line) return wrong("the record line is missing");
    CSL_TRY(parse_record_line(*record_line));
    for (int i = 0; i < segment_count_; ++i) {
      const std::optional<std::string_view> line = next_line();
      if (!line) return wrong(fmt::format("{} segments stated, {} present", segment_count_, i));
      CSL_TRY(parse_segment_line(*line));
    }
    for (int i = 0; segment_count_ == 0 && i < header_.signal_count; ++i) {
      const std::optional<std::string_view> line = next_line();
      if (!line)
        return wrong(fmt::format("{} signals stated, {} present", header_.signal_count, i));
      header_.signals.push_back(CSL_TRY(parse_signal_line(*line)));
    }
    while (next_line()) {  // comments to the end; other lines mean nothing there
    }
    return std::move(header_);
  }

 private:
  std::unexpected<Error> wrong(std::string what) const {
    return fail(ErrorCode::Corrupt, "the WFDB header is damaged: " + std::move(what),
                fmt::format("line {}", line_number_),
                "compare the header with its source and copy it again");
  }

  // The next line that is neither empty nor a comment; comments are kept.
  std::optional<std::string_view> next_line() {
    while (!text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view line = trim(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_number_;
      if (line.starts_with('#')) {
        header_.comments.emplace_back(line.substr(1));
      } else if (!line.empty()) {
        return line;
      }
    }
    return std::nullopt;
  }

  Status parse_record_line(std::string_view line) {
    std::string_view name = next_word(line);
    if (const std::size_t slash = name.find('/'); slash != std::string_view::npos) {
      const auto count = number_in<int>(name.substr(slash + 1));
      if (!count || *count < 1 || *count > wfdb_segment_count_max) {
        return wrong("the number of segments is out of range");
      }
      segment_count_ = *count;
      name = name.substr(0, slash);
    }
    header_.record_name = name;
    const auto signal_count = number_in<int>(next_word(line));
    if (!signal_count || *signal_count < 0 || *signal_count > wfdb_signal_count_max) {
      return wrong("the number of signals is out of range");
    }
    header_.signal_count = *signal_count;
    header_.frame_rate = CSL_TRY(Rate::of(250, 1));
    std::string_view word = next_word(line);
    if (word.empty()) return {};
    CSL_TRY(parse_rates(word));
    word = next_word(line);
    if (word.empty()) return {};
    const auto frame_count = number_in<std::int64_t>(word);
    if (!frame_count || *frame_count < 0) return wrong("the number of samples is out of range");
    if (*frame_count > 0) header_.frame_count = *frame_count;
    word = next_word(line);
    if (word.empty()) return {};
    CivilTime time;
    if (!parse_clock(word, time)) return wrong("the base time is no time");
    word = next_word(line);
    if (!word.empty() && !parse_date(word, time)) return wrong("the base date is no date");
    header_.base_time = time;
    return {};
  }

  // FREQUENCY[/COUNTER_FREQUENCY[(BASE_COUNTER)]]
  Status parse_rates(std::string_view word) {
    const std::size_t slash = std::min(word.find('/'), word.size());
    Result<Rate> rate = Rate::parse(word.substr(0, slash));
    if (!rate) return wrong(rate.error().what);
    header_.frame_rate = *rate;
    if (slash == word.size()) return {};
    const std::string_view counter = word.substr(slash + 1);
    const auto counter_rate = number_in<double>(counter.substr(0, counter.find('(')));
    if (!counter_rate || *counter_rate <= 0) return wrong("the counter frequency is no number");
    header_.counter_rate_hz = counter_rate;
    if (const auto base = take_bracketed(counter)) {
      const auto value = number_in<double>(*base);
      if (!value) return wrong("the base counter value is no number");
      header_.base_counter = *value;
    }
    return {};
  }

  // [[HH:]MM:]SS[.fraction]
  static bool parse_clock(std::string_view word, CivilTime& time) {
    const std::size_t point = std::min(word.find('.'), word.size());
    if (point < word.size()) {
      const auto fraction = number_in<double>(fmt::format("0{}", word.substr(point)));
      if (!fraction) return false;
      time.nanosecond =
          static_cast<std::int32_t>(std::min(std::round(*fraction * 1e9), 999999999.0));
    }
    int parts[3] = {0, 0, 0};
    std::string_view rest = word.substr(0, point);
    for (int count = 0; count < 3; ++count) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      const auto value = number_in<int>(rest.substr(0, end));
      if (!value || *value < 0) return false;
      parts[0] = parts[1];
      parts[1] = parts[2];
      parts[2] = *value;
      if (end == rest.size()) {
        time.hour = parts[0];
        time.minute = parts[1];
        time.second = parts[2];
        return time.hour < 24 && time.minute < 60 && time.second < 61;
      }
      rest.remove_prefix(end + 1);
    }
    return false;
  }

  // DD/MM/YYYY
  static bool parse_date(std::string_view word, CivilTime& time) {
    const std::size_t first = word.find('/');
    const std::size_t second = first == std::string_view::npos ? first : word.find('/', first + 1);
    if (second == std::string_view::npos) return false;
    const auto day = number_in<int>(word.substr(0, first));
    const auto month = number_in<int>(word.substr(first + 1, second - first - 1));
    const auto year = number_in<int>(word.substr(second + 1));
    if (!day || !month || !year || *day < 1 || *day > 31 || *month < 1 || *month > 12 ||
        *year < 1 || *year > 9999) {
      return false;
    }
    time.day = *day;
    time.month = *month;
    time.year = *year;
    return true;
  }

  Status parse_segment_line(std::string_view line) {
    const std::string_view name = next_word(line);
    const auto count = number_in<std::int64_t>(next_word(line));
    if (name.empty() || !count || *count < 0) return wrong("a segment has no length");
    header_.segments.push_back({.record_name = std::string(name), .frame_count = *count});
    return {};
  }

  Result<WfdbSignalLine> parse_signal_line(std::string_view line) {
    WfdbSignalLine signal;
    signal.file_name = next_word(line);
    CSL_TRY(parse_format(next_word(line), signal));
    bool baseline_stated = false;
    std::string_view word = next_word(line);
    if (!word.empty()) baseline_stated = CSL_TRY(parse_gain(word, signal));
    bool initial_stated = false;
    // The rest are whole numbers in this order; any may be the last.
    for (int field = 0; field < 5; ++field) {
      word = next_word(line);
      if (word.empty()) break;
      const auto value = number_in<std::int64_t>(word);
      if (!value || *value < std::numeric_limits<std::int32_t>::min() ||
          *value > std::numeric_limits<std::uint32_t>::max()) {
        return wrong("a field of a signal is no number");
      }
      const auto number = static_cast<std::int32_t>(*value);
      if (field == 0) signal.adc_bits = number;
      if (field == 1) signal.adc_zero = number;
      if (field == 2) signal.initial_value = number;
      if (field == 2) initial_stated = true;
      if (field == 3) signal.checksum = number;
      // The fourth, the block size, means something on tapes alone.
    }
    signal.description = trim(line);
    if (!baseline_stated) signal.baseline_adu = signal.adc_zero;
    if (!initial_stated) signal.initial_value = signal.adc_zero;
    return signal;
  }

  // FORMAT[xSAMPLES_PER_FRAME][:SKEW][+BYTE_OFFSET]
  Status parse_format(std::string_view word, WfdbSignalLine& signal) {
    const auto digits = [&word]() -> std::optional<std::int64_t> {
      const std::size_t end = std::min(word.find_first_of("x:+"), word.size());
      const auto value = number_in<std::int64_t>(word.substr(0, end));
      word.remove_prefix(end);
      return value && *value >= 0 ? value : std::nullopt;
    };
    const auto number = digits();
    if (!number || *number > 10'000) return wrong("a signal has no format");
    const auto format = wfdb_format_of(static_cast<int>(*number));
    if (!format) {
      return fail(ErrorCode::Unsupported, fmt::format("the signal format {} is not known", *number),
                  fmt::format("line {}", line_number_));
    }
    signal.format = *format;
    while (!word.empty()) {
      const char kind = word.front();
      word.remove_prefix(1);
      const auto value = digits();
      if (!value) return wrong("what follows a signal's format is no number");
      if (kind == 'x') {
        if (*value < 1 || *value > wfdb_samples_per_frame_max) {
          return wrong("the samples per frame are out of range");
        }
        signal.samples_per_frame = static_cast<int>(*value);
      } else if (kind == ':') {
        if (*value > std::numeric_limits<int>::max()) return wrong("the skew is out of range");
        signal.skew_frames = static_cast<int>(*value);
      } else {
        signal.byte_offset = static_cast<std::uint64_t>(*value);
      }
    }
    return {};
  }

  // GAIN[(BASELINE)][/UNITS]; whether a baseline is stated.
  Result<bool> parse_gain(std::string_view word, WfdbSignalLine& signal) {
    const std::size_t end = std::min(word.find_first_of("(/"), word.size());
    const auto gain = number_in<double>(word.substr(0, end));
    if (!gain) return wrong("the gain is no number");
    if (*gain != 0) signal.adu_per_unit = gain;
    const auto bracketed = take_bracketed(word);
    if (bracketed) {
      const auto baseline = number_in<std::int32_t>(*bracketed);
      if (!baseline) return wrong("the baseline is no whole number");
      signal.baseline_adu = *baseline;
    }
    const std::size_t slash = word.find('/', end);
    if (slash != std::string_view::npos) signal.unit = word.substr(slash + 1);
    return bracketed.has_value();
  }

  std::string_view text_;
  int line_number_ = 0;
  int segment_count_ = 0;
  WfdbHeader header_;
};

std::string rate_text(const Rate& rate) {
  if (rate.denominator() == 1) return fmt::format("{}", rate.numerator());
  return fmt::format("{:.12g}", rate.hz());
}

std::string signal_text(const WfdbSignalLine& signal) {
  std::string text = fmt::format("{} {}", signal.file_name, static_cast<int>(signal.format));
  if (signal.samples_per_frame != 1) text += fmt::format("x{}", signal.samples_per_frame);
  if (signal.skew_frames != 0) text += fmt::format(":{}", signal.skew_frames);
  if (signal.byte_offset != 0) text += fmt::format("+{}", signal.byte_offset);
  text += fmt::format(" {}({})/{} {} {} {}", signal.adu_per_unit.value_or(0.0), signal.baseline_adu,
                      signal.unit, signal.adc_bits, signal.adc_zero, signal.initial_value);
  // The description is the ninth field: the ones before it must be there.
  text += fmt::format(" {} 0 {}\n", signal.checksum.value_or(0), signal.description);
  return text;
}

}  // namespace

Result<WfdbHeader> parse_wfdb_header(ByteView bytes) {
  if (bytes.size() > wfdb_header_size_max) {
    return fail(ErrorCode::TooLarge, "the WFDB header is too large");
  }
  return HeaderParser(text_of(bytes)).parse();
}

std::string write_wfdb_header(const WfdbHeader& header) {
  std::string text = header.record_name;
  if (!header.segments.empty()) text += fmt::format("/{}", header.segments.size());
  text += fmt::format(" {} {}", header.signal_count, rate_text(header.frame_rate));
  if (header.counter_rate_hz) {
    text += fmt::format("/{}", *header.counter_rate_hz);
    if (header.base_counter != 0) text += fmt::format("({})", header.base_counter);
  }
  text += fmt::format(" {}", header.frame_count.value_or(0));
  if (header.base_time) {
    const CivilTime& time = *header.base_time;
    text += fmt::format(" {:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    if (time.nanosecond != 0) text += fmt::format(".{:09}", time.nanosecond);
    if (time.year != 0) text += fmt::format(" {:02}/{:02}/{:04}", time.day, time.month, time.year);
  }
  text += '\n';
  for (const WfdbSignalLine& signal : header.signals) text += signal_text(signal);
  for (const WfdbSegmentLine& segment : header.segments) {
    text += fmt::format("{} {}\n", segment.record_name, segment.frame_count);
  }
  for (const std::string& comment : header.comments) text += fmt::format("#{}\n", comment);
  return text;
}

}  // namespace consilium
