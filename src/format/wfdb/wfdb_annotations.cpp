#include "format/wfdb/wfdb_annotations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/byte_reader.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

// Codes of words that are no annotations but say more of the one before or after.
constexpr unsigned skip_word = 59;
constexpr unsigned num_word = 60;
constexpr unsigned sub_word = 61;
constexpr unsigned chan_word = 62;
constexpr unsigned aux_word = 63;
constexpr std::int64_t delta_max = 1023;
constexpr std::size_t aux_size_max = 255;
constexpr std::uint64_t file_size_max = 1ULL << 30U;
constexpr std::string_view time_resolution_note = "## time resolution: ";
constexpr std::string_view definitions_begin = "## annotation type definitions";
constexpr std::string_view definitions_end = "## end of definitions";

void put_word(Bytes& out, unsigned code, unsigned data) {
  const unsigned word = code << 10U | (data & 0x3FFU);
  out.push_back(static_cast<std::byte>(word & 0xFFU));
  out.push_back(static_cast<std::byte>(word >> 8U));
}

// PDP-11 order: the high half first, each half little-endian.
void put_pdp_long(Bytes& out, std::int64_t value) {
  const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
  for (const unsigned shift : {16U, 24U, 0U, 8U}) {
    out.push_back(static_cast<std::byte>(bits >> shift & 0xFFU));
  }
}

void put_skips(Bytes& out, std::int64_t delta) {
  do {
    const std::int64_t step = std::clamp<std::int64_t>(
        delta, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
    put_word(out, skip_word, 0);
    put_pdp_long(out, step);
    delta -= step;
  } while (delta != 0);
}

// The bytes we choose for an annotation after `before`.
void encode(const MitAnnotation& annotation, std::string_view aux, const MitAnnotation& before,
            Bytes& out) {
  std::int64_t delta = annotation.time - before.time;
  if (annotation.code == 0 && (delta < 1 || delta > delta_max)) {
    // Code 0 with delta 0 would be the end mark: go to just before.
    put_skips(out, delta - 1);
    delta = 1;
  } else if (delta < 0 || delta > delta_max) {
    put_skips(out, delta);
    delta = 0;
  }
  put_word(out, annotation.code, static_cast<unsigned>(delta));
  if (annotation.subtype != 0) {
    put_word(out, sub_word, static_cast<unsigned>(static_cast<int>(annotation.subtype)));
  }
  if (annotation.chan != before.chan) put_word(out, chan_word, annotation.chan);
  if (annotation.num != before.num) {
    put_word(out, num_word, static_cast<unsigned>(static_cast<int>(annotation.num)));
  }
  if (!aux.empty()) {
    put_word(out, aux_word, static_cast<unsigned>(aux.size()));
    const ByteView text = bytes_of(aux);
    out.insert(out.end(), text.begin(), text.end());
    if (aux.size() % 2 != 0) out.push_back(std::byte{0});
  }
}

class MitReader {
 public:
  explicit MitReader(ByteView bytes) : bytes_(bytes) {}

  MitAnnotations read() {
    result_.annotations.reserve(bytes_.size() / 2);
    while (read_one()) {
    }
    // Texts take most of a file of few annotations: give back what was reserved for none.
    if (result_.annotations.size() < bytes_.size() / 4) result_.annotations.shrink_to_fit();
    result_.tail.emplace(bytes_.begin() + static_cast<std::ptrdiff_t>(start_), bytes_.end());
    if (!ended_) {
      result_.notes.push_back(
          {.what = "the annotation file has no end mark", .where = fmt::format("byte {}", start_)});
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool has(std::size_t count) const { return count <= bytes_.size() - at_; }
  [[nodiscard]] unsigned word_at(std::size_t at) const {
    return std::to_integer<unsigned>(bytes_[at]) | std::to_integer<unsigned>(bytes_[at + 1]) << 8U;
  }

  // One annotation with all that belongs to it; false at the end or where the file is cut.
  bool read_one() {
    start_ = at_;
    MitAnnotation next = before_;
    next.subtype = 0;
    next.aux_offset = 0;
    next.aux_size = 0;
    bool plain = true;
    if (!has(2)) return false;
    unsigned word = word_at(at_);
    while (word >> 10U == skip_word) {
      if (!has(8)) return false;
      const std::uint32_t step = word_at(at_ + 2) << 16U | word_at(at_ + 4);
      if (__builtin_add_overflow(
              next.time, static_cast<std::int64_t>(static_cast<std::int32_t>(step)), &next.time)) {
        return false;
      }
      at_ += 6;
      plain = false;
      word = word_at(at_);
    }
    if (word == 0) {
      ended_ = true;
      return false;
    }
    at_ += 2;
    next.code = static_cast<std::uint8_t>(word >> 10U);
    if (__builtin_add_overflow(next.time, static_cast<std::int64_t>(word & 0x3FFU), &next.time)) {
      return false;
    }
    if (next.code >= skip_word) plain = false;  // says more of an annotation where there is none
    while (has(2)) {
      word = word_at(at_);
      if (word >> 10U <= skip_word) break;
      plain = false;
      if (!take_modifier(word, next)) return false;
    }
    keep(next, plain);
    return true;
  }

  bool take_modifier(unsigned word, MitAnnotation& next) {
    const unsigned data = word & 0x3FFU;
    at_ += 2;
    switch (word >> 10U) {
      case num_word:
        next.num = static_cast<std::int8_t>(static_cast<std::uint8_t>(data & 0xFFU));
        return true;
      case sub_word:
        next.subtype = static_cast<std::int8_t>(static_cast<std::uint8_t>(data & 0xFFU));
        return true;
      case chan_word:
        next.chan = static_cast<std::uint8_t>(data & 0xFFU);
        return true;
      default:
        break;
    }
    const std::size_t padded = data + data % 2;
    if (!has(padded)) return false;
    next.aux_offset = static_cast<std::uint32_t>(result_.aux.size());
    next.aux_size = static_cast<std::uint16_t>(data);
    result_.aux += text_of(bytes_.subspan(at_, data));
    at_ += padded;
    return true;
  }

  void keep(const MitAnnotation& next, bool plain) {
    if (!plain) {
      ours_.clear();
      const std::string_view aux = result_.aux_of(next);
      encode(next, aux, before_, ours_);
      const ByteView theirs = bytes_.subspan(start_, at_ - start_);
      // What `write_mit_annotations` refuses to make up is passed on as it stands.
      const bool refused = next.code >= skip_word || aux.size() > aux_size_max;
      if (refused || !std::ranges::equal(ours_, theirs)) {
        result_.verbatim.push_back({.index = result_.annotations.size(),
                                    .annotation = next,
                                    .aux = std::string(aux),
                                    .before = before_,
                                    .bytes = Bytes(theirs.begin(), theirs.end())});
      }
    }
    result_.annotations.push_back(next);
    before_ = next;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the annotation being read
  bool ended_ = false;
  MitAnnotation before_;
  Bytes ours_;
  MitAnnotations result_;
};

// AHA codes E..] as MIT codes (0 where there is none). Source: annot(5), ecgmap.
constexpr std::string_view aha_letters = "EFNOPQRUV[]";
constexpr std::uint8_t aha_codes[] = {10, 6, 1, 22, 12, 13, 41, 14, 5, 32, 33};
constexpr std::size_t aha_size = 16;
constexpr std::byte aha_end{0x1A};

std::uint8_t mit_of_aha(char letter) {
  const std::size_t at = aha_letters.find(letter);
  return at == std::string_view::npos ? std::uint8_t{0} : aha_codes[at];
}

char aha_of_mit(std::uint8_t code, int subtype) {
  for (std::size_t i = 0; i < aha_letters.size(); ++i) {
    if (aha_codes[i] != code) continue;
    return aha_letters[i] == 'U' && subtype != -1 ? 'O' : aha_letters[i];
  }
  if (code == static_cast<std::uint8_t>(MitCode::LearningBeat)) return 'Q';
  return is_beat(static_cast<MitCode>(code)) ? 'N' : 'O';
}

// Such files begin with a null byte and an AHA letter, which no MIT file does.
bool is_aha(ByteView bytes) {
  return bytes.size() >= aha_size && bytes[0] == std::byte{0} &&
         mit_of_aha(std::to_integer<char>(bytes[1])) != 0 && bytes.size() % aha_size == 0;
}

MitAnnotations read_aha(ByteView bytes) {
  MitAnnotations result{.form = AnnotationForm::Aha};
  std::size_t at = 0;
  MitAnnotation before;
  for (; at + aha_size <= bytes.size() && bytes[at] != aha_end; at += aha_size) {
    const ByteView row = bytes.subspan(at, aha_size);
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(row[i]); };
    const char letter = std::to_integer<char>(row[1]);
    MitAnnotation next{.time = static_cast<std::int32_t>(byte(2) << 16U | byte(3) << 24U | byte(4) |
                                                         byte(5) << 8U),
                       .code = mit_of_aha(letter),
                       .subtype = static_cast<std::int8_t>(row[8]),
                       .chan = 0};
    if (letter == 'U' && next.subtype == 0) next.subtype = -1;
    std::string_view aux = text_of(row.subspan(10));
    aux = aux.substr(0, aux.find('\0'));
    next.aux_offset = static_cast<std::uint32_t>(result.aux.size());
    next.aux_size = static_cast<std::uint16_t>(aux.size());
    result.aux += aux;
    result.verbatim.push_back({.index = result.annotations.size(),
                               .annotation = next,
                               .aux = std::string(aux),
                               .before = before,
                               .bytes = Bytes(row.begin(), row.end())});
    result.annotations.push_back(next);
    before = next;
  }
  result.tail.emplace(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
  return result;
}

Status encode_aha(const MitAnnotation& annotation, std::string_view aux, std::size_t index,
                  Bytes& out) {
  if (annotation.time < std::numeric_limits<std::int32_t>::min() ||
      annotation.time > std::numeric_limits<std::int32_t>::max()) {
    return fail(ErrorCode::InvalidInput, "a time is too large for an AHA annotation file",
                fmt::format("annotation {}", index));
  }
  out.push_back(std::byte{0});
  out.push_back(static_cast<std::byte>(aha_of_mit(annotation.code, annotation.subtype)));
  put_pdp_long(out, annotation.time);
  out.push_back(static_cast<std::byte>((index + 1) & 0xFFU));
  out.push_back(static_cast<std::byte>((index + 1) >> 8U & 0xFFU));
  out.push_back(static_cast<std::byte>(annotation.subtype));
  out.push_back(static_cast<std::byte>(annotation.code));
  std::string text(aux.substr(0, 6));
  text.resize(6, '\0');
  const ByteView bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return {};
}

// "42 X what X means"
std::optional<CustomCode> parse_definition(std::string_view text) {
  CustomCode custom;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), custom.code);
  if (problem != std::errc{} || custom.code < 1 || custom.code > mit_code_max) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t space = std::min(text.find(' '), text.size());
  custom.mnemonic = text.substr(0, space);
  text.remove_prefix(space);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.remove_suffix(1);
  custom.meaning = text;
  if (custom.mnemonic.empty()) return std::nullopt;
  return custom;
}

// How many annotations at the begin speak of the file itself.
std::size_t file_note_count(const MitAnnotations& annotations) {
  std::size_t count = 0;
  bool inside_definitions = false;
  for (const MitAnnotation& annotation : annotations.annotations) {
    if (annotation.time != 0 || annotation.code != static_cast<std::uint8_t>(MitCode::Note)) break;
    const std::string_view text = annotations.aux_of(annotation);
    if (!text.starts_with("## ") && !inside_definitions) break;
    if (text.starts_with(definitions_begin)) inside_definitions = true;
    if (text.starts_with(definitions_end)) inside_definitions = false;
    ++count;
  }
  // WFDB's own writer ends these notes with an annotation of nothing.
  if (count > 0 && count < annotations.annotations.size()) {
    const MitAnnotation& next = annotations.annotations[count];
    if (next.time == 0 && next.code == 0 && next.aux_size == 0) ++count;
  }
  return count;
}

void take_file_notes(MitAnnotations& result) {
  const std::size_t count = file_note_count(result);
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view text = result.aux_of(result.annotations[i]);
    text = text.substr(0, text.find('\0'));
    if (text.starts_with(time_resolution_note)) {
      text.remove_prefix(time_resolution_note.size());
      const Result<Rate> rate = Rate::parse(text.substr(0, text.find(' ')));
      if (rate) result.time_resolution = *rate;
      if (!rate) result.notes.push_back({.what = "the time resolution is no number"});
    } else if (const std::optional<CustomCode> custom = parse_definition(text)) {
      result.custom_codes.push_back(*custom);
    }
  }
}

// time x (ticks a second) / (units a second), to the nearest; empty past 63 bits.
std::optional<std::int64_t> convert_time(std::int64_t time, const Rate& from, const Rate& to) {
  const Wide above = static_cast<Wide>(to.numerator()) * from.denominator();
  const Wide below = static_cast<Wide>(to.denominator()) * from.numerator();
  Wide product = 0;
  if (__builtin_mul_overflow(static_cast<Wide>(time), above, &product)) return std::nullopt;
  const Wide half = below / 2;
  const Wide value = (product >= 0 ? product + half : product - half) / below;
  if (value > std::numeric_limits<std::int64_t>::max() ||
      value < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

Result<MitAnnotations> read_mit_annotations(ByteView bytes) {
  if (bytes.size() > file_size_max) {
    return fail(ErrorCode::TooLarge, "the annotation file is too large",
                fmt::format("{} bytes, the limit is {}", bytes.size(), file_size_max));
  }
  MitAnnotations result = is_aha(bytes) ? read_aha(bytes) : MitReader(bytes).read();
  take_file_notes(result);
  return result;
}

Result<Bytes> write_mit_annotations(const MitAnnotations& annotations) {
  Bytes out;
  out.reserve(annotations.annotations.size() * 2 + annotations.aux.size() + 2);
  MitAnnotation before;
  auto verbatim = annotations.verbatim.begin();
  for (std::size_t i = 0; i < annotations.annotations.size(); ++i) {
    const MitAnnotation& annotation = annotations.annotations[i];
    const std::string_view aux = annotations.aux_of(annotation);
    while (verbatim != annotations.verbatim.end() && verbatim->index < i) ++verbatim;
    if (verbatim != annotations.verbatim.end() && verbatim->index == i &&
        verbatim->annotation == annotation && verbatim->aux == aux &&
        verbatim->before.time == before.time && verbatim->before.chan == before.chan &&
        verbatim->before.num == before.num) {
      out.insert(out.end(), verbatim->bytes.begin(), verbatim->bytes.end());
      before = annotation;
      continue;
    }
    if (aux.size() > aux_size_max || annotation.code >= skip_word) {
      return fail(
          ErrorCode::InvalidInput, "an annotation does not fit the MIT format",
          fmt::format("annotation {} (code {}, {} bytes of text)", i, annotation.code, aux.size()),
          "shorten its text to 255 bytes");
    }
    if (annotations.form == AnnotationForm::Aha) {
      CSL_TRY(encode_aha(annotation, aux, i, out));
    } else {
      encode(annotation, aux, before, out);
    }
    before = annotation;
  }
  if (annotations.tail) {
    out.insert(out.end(), annotations.tail->begin(), annotations.tail->end());
  } else if (annotations.form == AnnotationForm::Mit) {
    out.insert(out.end(), 2, std::byte{0});
  } else {
    do {  // AHA files are whole blocks of 1024 bytes
      out.push_back(aha_end);
    } while (out.size() % 1024 != 0);
  }
  return out;
}

Result<std::vector<SignalEvent>> events_of(const MitAnnotations& annotations,
                                           const RecordHeader& record, const Rate& frame_rate) {
  const Rate unit = annotations.time_resolution.value_or(frame_rate);
  std::vector<SignalEvent> events;
  const std::size_t skipped = file_note_count(annotations);
  events.reserve(annotations.annotations.size() - skipped);
  for (std::size_t i = skipped; i < annotations.annotations.size(); ++i) {
    const MitAnnotation& annotation = annotations.annotations[i];
    const std::optional<std::int64_t> tick = convert_time(annotation.time, unit, record.tick_rate);
    if (!tick) {
      return fail(ErrorCode::Corrupt, "an annotation's time is out of range",
                  fmt::format("annotation {}", i));
    }
    std::string_view text = annotations.aux_of(annotation);
    text = text.substr(0, text.find('\0'));  // many writers count the closing null in
    events.push_back({.at = Tick{*tick},
                      .code = static_cast<MitCode>(annotation.code),
                      .subtype = annotation.subtype,
                      .chan = annotation.chan,
                      .num = annotation.num,
                      .text = std::string(text)});
  }
  return events;
}

Result<MitAnnotations> annotations_of(const std::vector<SignalEvent>& events,
                                      const RecordHeader& record, const Rate& frame_rate) {
  struct Mark {
    std::int64_t time;
    const SignalEvent* event;
    bool closing;
  };
  std::vector<Mark> marks;
  const auto is_interval = [](const SignalEvent& event) {
    return event.duration_ticks > 0 && event.code != MitCode::RhythmChange;
  };
  for (const SignalEvent& event : events) {
    std::int64_t end = 0;
    const auto first = convert_time(event.at.value, record.tick_rate, frame_rate);
    const bool fits = !__builtin_add_overflow(event.at.value, event.duration_ticks, &end);
    const auto last = convert_time(end, record.tick_rate, frame_rate);
    if (!fits || !first || !last || event.subtype < -128 || event.subtype > 127 ||
        event.num < -128 || event.num > 127 || event.chan < 0 || event.chan > 255 ||
        event.text.size() > aux_size_max) {
      return fail(ErrorCode::InvalidInput, "an event does not fit an MIT annotation",
                  fmt::format("event {}", &event - events.data()), "shorten its text to 255 bytes");
    }
    marks.push_back({*first, &event, false});
    if (is_interval(event)) marks.push_back({*last, &event, true});
  }
  std::ranges::stable_sort(marks, {}, &Mark::time);
  MitAnnotations result;
  for (const Mark& mark : marks) {
    const SignalEvent& event = *mark.event;
    MitCode code = event.code == MitCode::None ? MitCode::Note : event.code;
    if (is_interval(event)) code = mark.closing ? MitCode::WaveformEnd : MitCode::WaveformOnset;
    MitAnnotation annotation{.time = mark.time,
                             .code = static_cast<std::uint8_t>(code),
                             .subtype = static_cast<std::int8_t>(event.subtype),
                             .chan = static_cast<std::uint8_t>(event.chan),
                             .num = static_cast<std::int8_t>(event.num)};
    if (!event.text.empty() && !mark.closing) {
      annotation.aux_offset = static_cast<std::uint32_t>(result.aux.size());
      annotation.aux_size = static_cast<std::uint16_t>(event.text.size());
      result.aux += event.text;
    }
    result.annotations.push_back(annotation);
  }
  return result;
}

}  // namespace consilium
