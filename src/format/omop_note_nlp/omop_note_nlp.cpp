#include "format/omop_note_nlp/omop_note_nlp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.hpp"
#include "format/labelled_text/assertion.hpp"
#include "format/note/csv_fields.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t snippet_side = 60;  // code points on each side
constexpr std::uint64_t field_size_max = 250;
constexpr std::uint64_t modifiers_size_max = 2000;
constexpr std::uint64_t note_id_max = 2'147'483'647;  // "integer" of the CDM

// At most that many code points, line ends as blanks.
std::string in_one_line(std::string_view text, std::uint64_t size_max) {
  std::string out;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < text.size() && count < size_max; ++count) {
    const char32_t c = next_code_point(text, at);
    append_utf8(out, c < 0x20 ? U' ' : c);
  }
  return out;
}

std::string modifiers_of(const TextMention& m) {
  std::string all;
  const auto add = [&](const std::string& name, const std::string& value) {
    all += (all.empty() ? "" : ",") + name + "=" + value;
  };
  add("label", m.type);
  for (const TextConcept& c : m.concepts) add("code", reference_of(c));
  for (const TextAttribute& a : m.attributes) add(a.name, a.value);
  if (m.probability) add("probability", fmt::format("{:.4g}", *m.probability));
  return in_one_line(all, modifiers_size_max);
}

std::string_view time_name(MentionTime time) {
  switch (time) {
    case MentionTime::Current:
      return "Present";
    case MentionTime::Past:
      return "Past";
    case MentionTime::Future:
      return "Future";
  }
  return "";
}

std::string_view exists(const MentionAssertion& said) {
  if (said.is_negated || said.is_hypothetical || !said.is_of_patient) return "N";
  return said.is_possible ? "" : "Y";
}

std::string row_of(const LabelledText& text, const TextMention& m, std::uint64_t id,
                   std::uint64_t note_id, std::string_view recorded_at) {
  const TextSpan span = m.ranges.front();
  const std::uint64_t size = text.text.code_point_count();
  const TextSpan around{span.begin - std::min(span.begin, snippet_side),
                        std::min(size, span.end + snippet_side)};
  const MentionAssertion said = assertion_of(m.attributes);
  const std::string when = m.said_at.empty() ? std::string(recorded_at) : m.said_at;
  const auto piece = [&](TextSpan of) {
    return csv_field(in_one_line(text.text.slice(of).value_or(""), field_size_max));
  };
  return fmt::format("{},{},0,{},{},{},0,0,{},{},{},{},{},{}\n", id, note_id, piece(around),
                     span.begin, piece(span), csv_field(m.rater), when.substr(0, 10), when,
                     exists(said), time_name(said.time), csv_field(modifiers_of(m)));
}

std::string metadata_of(const LabelledText& text, std::string_view name) {
  const auto found = std::ranges::find(text.metadata, name, &TextAttribute::name);
  return found == text.metadata.end() ? std::string{} : found->value;
}

}  // namespace

Result<OmopFile> write_omop_note_nlp(std::span<const LabelledText> texts,
                                     std::string_view recorded_at) {
  if (recorded_at.size() < 10) {
    return fail(ErrorCode::InvalidInput, "NOTE_NLP needs the time of recording");
  }
  OmopFile file{.note_nlp =
                    "note_nlp_id,note_id,section_concept_id,snippet,offset,lexical_variant,"
                    "note_nlp_concept_id,note_nlp_source_concept_id,nlp_system,nlp_date,"
                    "nlp_datetime,term_exists,term_temporal,term_modifiers\n",
                .notes = "note_id,note_source_value,person_source_value\n"};
  const bool are_numbers = std::ranges::all_of(texts, [](const LabelledText& text) {
    const auto number = whole_number(text.id);
    return number && *number <= note_id_max;
  });
  std::set<std::uint64_t> taken;
  std::uint64_t row_id = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::uint64_t note_id = are_numbers ? *whole_number(texts[i].id) : i + 1;
    if (!taken.insert(note_id).second) {
      return fail(ErrorCode::InvalidInput, "two texts have one id", texts[i].id,
                  "give each text an id of its own");
    }
    file.notes += fmt::format("{},{},{}\n", note_id, csv_field(texts[i].id),
                              csv_field(metadata_of(texts[i], "patient")));
    for (const TextMention& m : texts[i].mentions) {
      file.note_nlp += row_of(texts[i], m, ++row_id, note_id, recorded_at);
    }
  }
  return file;
}

}  // namespace consilium
