#include "analysis/synthetic/notes.hpp"

#include <array>
#include <span>
#include <string_view>

#include "base/check.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"

namespace consilium::synthetic {
namespace {

using Pool = std::span<const std::string_view>;

// Sentences mark their spans: {p:...} a problem that is present, {n:} negated, {u:} possible, {h:}
// historical, {f:} of the family, {m:} a medication, {d:} a dose, {t:} a test. <word> draws from
// the pool of that name, also inside a span.
constexpr auto symptoms =
    std::to_array<std::string_view>({"fever",        "chest pain",       "shortness of breath",
                                     "night sweats", "weight loss",      "hemoptysis",
                                     "palpitations", "nausea",           "vomiting",
                                     "dizziness",    "syncope",          "abdominal pain",
                                     "headache",     "productive cough", "orthopnea",
                                     "leg swelling", "chills",           "dysuria",
                                     "back pain",    "loss of appetite"});
constexpr auto diseases = std::to_array<std::string_view>(
    {"community-acquired pneumonia", "atrial fibrillation", "type 2 diabetes mellitus",
     "congestive heart failure", "chronic obstructive pulmonary disease", "hypertension",
     "acute kidney injury", "iron deficiency anemia", "hypothyroidism", "coronary artery disease",
     "urinary tract infection", "deep vein thrombosis", "gastro-oesophageal reflux disease",
     "Ménière's disease", "Sjögren's syndrome", "osteoarthritis of the left knee",
     "chronic kidney disease, stage 3", "hyperlipidemia"});
constexpr auto family_diseases = std::to_array<std::string_view>(
    {"breast cancer", "early coronary artery disease", "colon cancer", "lung cancer", "stroke",
     "type 1 diabetes mellitus", "hypertrophic cardiomyopathy", "pulmonary embolism"});
constexpr auto drugs = std::to_array<std::string_view>(
    {"metoprolol", "lisinopril", "atorvastatin", "metformin", "furosemide", "apixaban",
     "amoxicillin", "levothyroxine", "pantoprazole", "prednisone", "ceftriaxone", "amlodipine",
     "insulin glargine", "albuterol", "enoxaparin"});
constexpr auto doses = std::to_array<std::string_view>(
    {"25 mg twice daily", "40 mg once daily", "5 mg twice daily", "500 mg three times daily",
     "75 µg every morning", "20 mg at night", "10 units at bedtime", "1 g every 24 h",
     "2 puffs every 6 h as needed", "12.5 mg once daily"});
constexpr auto tests = std::to_array<std::string_view>(
    {"chest radiograph", "CT of the chest", "12-lead ECG", "echocardiogram", "troponin",
     "complete blood count", "basic metabolic panel", "urinalysis", "blood cultures", "D-dimer",
     "spirometry", "thyroid stimulating hormone"});
constexpr auto lobes =
    std::to_array<std::string_view>({"right upper lobe", "right middle lobe", "right lower lobe",
                                     "left upper lobe", "left lower lobe", "lingula"});
constexpr auto margins = std::to_array<std::string_view>(
    {"spiculated", "smooth", "lobulated", "part-solid", "calcified", "ground-glass"});
constexpr auto sizes = std::to_array<std::string_view>(
    {"4 mm", "6 mm", "8 mm", "12 mm", "15 × 11 mm", "9 × 7 mm", "21 mm"});
constexpr auto relatives = std::to_array<std::string_view>(
    {"mother", "father", "sister", "brother", "maternal grandmother", "paternal uncle"});
constexpr auto years =
    std::to_array<std::string_view>({"2009", "2012", "2015", "2017", "2019", "2021"});

struct NamedPool {
  std::string_view name;
  Pool pool;
};
const std::array<NamedPool, 11> named_pools{{{"symptom", symptoms},
                                             {"disease", diseases},
                                             {"family", family_diseases},
                                             {"drug", drugs},
                                             {"dose", doses},
                                             {"test", tests},
                                             {"lobe", lobes},
                                             {"margin", margins},
                                             {"size", sizes},
                                             {"relative", relatives},
                                             {"year", years}}};

constexpr auto complaint = std::to_array<std::string_view>(
    {"The patient came with {p:<symptom>} and {p:<symptom>} for three days. ",
     "Admitted from the emergency department for {p:<symptom>}. ",
     "Referred by the general practitioner because of {p:<symptom>}; there was no {n:<symptom>}. ",
     "Presented after two weeks of {p:<symptom>}, worse at night. ",
     "Brought in by ambulance with sudden {p:<symptom>}. "});
constexpr auto denial = std::to_array<std::string_view>(
    {"Denies {n:<symptom>}, {n:<symptom>} or {n:<symptom>}. ", "No {n:<symptom>}. ",
     "There was no evidence of {n:<disease>}. ", "{n:<symptom>} was absent throughout. ",
     "Negative for {n:<symptom>} and {n:<symptom>}. ", "{n:<disease>} was ruled out. "});
constexpr auto history = std::to_array<std::string_view>(
    {"Past history: {h:<disease>} (<year>). ", "Known {p:<disease>}, on treatment since <year>. ",
     "Status post {h:<disease>} in <year>. ", "History of {h:<disease>} and {h:<disease>}. ",
     "Former smoker, 30 pack years, quit in <year>. "});
constexpr auto family = std::to_array<std::string_view>(
    {"Family history: <relative> with {f:<family>}. ", "The <relative> had {f:<family>} at 52. ",
     "{f:<family>} in the <relative>; otherwise nothing of note in the family. "});
constexpr auto course = std::to_array<std::string_view>(
    {"{t:<test>} was obtained on arrival and repeated on day 2. ",
     "{t:<test>} showed signs of {u:<disease>}. ", "Findings are suspicious for {u:<disease>}. ",
     "{u:<disease>} cannot be excluded; {t:<test>} is planned. ",
     "Treated with {m:<drug>} {d:<dose>}, after which {p:<symptom>} improved. ",
     "{m:<drug>} was stopped because of {p:<symptom>}. ",
     "Temperature fell to 36.8 °C and {t:<test>} was unremarkable. ",
     "The working diagnosis is {p:<disease>}. ", "{p:<disease>} was confirmed by {t:<test>}. "});
constexpr auto medication = std::to_array<std::string_view>(
    {"- {m:<drug>} {d:<dose>}\n", "- {m:<drug>} {d:<dose>}, new\n",
     "- {m:<drug>} {d:<dose>} (dose changed)\n", "- {m:<drug>}, stopped\n"});
constexpr auto plan = std::to_array<std::string_view>(
    {"Continue {m:<drug>} {d:<dose>}. ", "Repeat {t:<test>} in six weeks. ",
     "Return at once if {u:<symptom>} recurs. ", "Start {m:<drug>} {d:<dose>}. ",
     "Outpatient {t:<test>} to look for {u:<disease>}. "});
constexpr auto nodule = std::to_array<std::string_view>(
    {"{p:<margin> nodule in the <lobe>}, <size>. ",
     "A <size> {p:<margin> nodule} lies in the <lobe>. ",
     "No {n:pleural effusion} or {n:pneumothorax}. ", "No {n:mediastinal lymphadenopathy}. ",
     "{p:mild centrilobular emphysema} in both upper lobes. ",
     "{p:calcified granuloma} of the <lobe>, unchanged since <year>. ",
     "Dependent {p:atelectasis} at both bases. ",
     "Heart size is normal; no {n:pericardial effusion}. ",
     "Possible {u:bronchiectasis} in the <lobe>. ", "No acute {n:osseous lesion}. "});
constexpr auto impression = std::to_array<std::string_view>(
    {"{p:<margin> nodule} of the <lobe>, <size>; {u:malignancy} is possible. ",
     "Findings compatible with {u:<disease>}. ", "No {n:pulmonary embolism}. ",
     "Follow-up {t:CT of the chest} in three months. ", "Stable {p:emphysema}. "});

class NoteWriter {
 public:
  explicit NoteWriter(std::uint64_t seed) : random_(seed) {}

  // Writes one sentence with its spans.
  void say(std::string_view sentence) {
    while (!sentence.empty()) {
      const std::size_t brace = std::min(sentence.find('{'), sentence.size());
      append(sentence.substr(0, brace));
      if (brace == sentence.size()) return;
      const std::size_t end = sentence.find('}', brace);
      CSL_CHECK(end != std::string_view::npos && sentence[brace + 2] == ':');
      const std::uint64_t begin = code_points_;
      append(sentence.substr(brace + 3, end - brace - 3));
      mark(sentence[brace + 1], {begin, code_points_});
      sentence.remove_prefix(end + 1);
    }
  }
  // `count` different sentences of a pool, in an order of their own.
  void draw(Pool pool, std::size_t count) {
    std::vector<std::string_view> left(pool.begin(), pool.end());
    for (; count > 0 && !left.empty(); --count) {
      const auto at = static_cast<std::ptrdiff_t>(random_.below(left.size()));
      say(left[static_cast<std::size_t>(at)]);
      left.erase(left.begin() + at);
    }
  }
  [[nodiscard]] std::size_t between(std::size_t low, std::size_t high) {
    return low + random_.below(high - low + 1);
  }
  [[nodiscard]] std::uint64_t code_points() const { return code_points_; }
  [[nodiscard]] MadeNote finish(NoteKind kind, std::string title) && {
    return {kind, std::move(title), std::move(text_), std::move(spans_)};
  }

 private:
  void append(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t open = std::min(piece.find('<'), piece.size());
      put(piece.substr(0, open));
      if (open == piece.size()) return;
      const std::size_t close = piece.find('>', open);
      CSL_CHECK(close != std::string_view::npos);
      put(pick(piece.substr(open + 1, close - open - 1)));
      piece.remove_prefix(close + 1);
    }
  }
  void put(std::string_view piece) {
    const bool begins_sentence = text_.empty() || text_.ends_with('\n') || text_.ends_with(". ");
    const std::size_t at = text_.size();
    text_ += piece;
    if (begins_sentence && at < text_.size() && text_[at] >= 'a' && text_[at] <= 'z') {
      text_[at] = static_cast<char>(text_[at] - 'a' + 'A');
    }
    code_points_ += code_point_count(piece);
  }
  std::string_view pick(std::string_view name) {
    for (const NamedPool& named : named_pools) {
      if (named.name == name) return named.pool[random_.below(named.pool.size())];
    }
    CSL_CHECK(false);
    return {};
  }
  void mark(char sign, TextSpan range) {
    NoteSpan span{.range = range,
                  .label = "problem",
                  .assertion = "present",
                  .time = "current",
                  .subject = "patient"};
    switch (sign) {
      case 'p':
        break;
      case 'n':
        span.assertion = "negated";
        break;
      case 'u':
        span.assertion = "possible";
        break;
      case 'h':
        span.time = "historical";
        break;
      case 'f':
        span.time = "historical";
        span.subject = "family";
        break;
      case 'm':
        span = {.range = range, .label = "medication"};
        break;
      case 'd':
        span = {.range = range, .label = "dose"};
        break;
      case 't':
        span = {.range = range, .label = "test"};
        break;
      default:
        CSL_CHECK(false);
    }
    spans_.push_back(std::move(span));
  }

  SeededRandom random_;
  std::string text_;
  std::uint64_t code_points_ = 0;
  std::vector<NoteSpan> spans_;
};

std::string heading(std::string_view title, const NotePatient& patient) {
  std::string text(title);
  text += "\nPatient: " + patient.name + " (" + patient.id + "), made for demonstration\n";
  text += std::to_string(patient.age_years) + "-year-old " + (patient.is_female ? "woman" : "man") +
          "\n\n";
  return text;
}

void write_progress(NoteWriter& writer) {
  writer.say("Subjective: ");
  writer.draw(complaint, 1);
  writer.draw(denial, writer.between(1, 2));
  writer.say("\nObjective: Temperature 37.4 °C, pulse 84/min, SpO₂ 95 %. ");
  writer.draw(course, writer.between(1, 2));
  writer.say("\nAssessment: ");
  writer.draw(course, writer.between(2, 3));
  writer.say("\nPlan: ");
  writer.draw(plan, writer.between(2, 3));
  writer.say("\n");
}

void write_discharge(NoteWriter& writer) {
  writer.say("Reason for admission\n");
  writer.draw(complaint, writer.between(1, 2));
  writer.draw(denial, writer.between(1, 2));
  writer.say("\n\nHistory\n");
  writer.draw(history, writer.between(2, 3));
  writer.draw(family, writer.between(1, 2));
  writer.say("\n\nHospital course\n");
  writer.draw(course, writer.between(4, 6));
  writer.draw(denial, 1);
  writer.say("\n\nMedication at discharge\n");
  for (std::size_t count = writer.between(3, 5); count > 0; --count) writer.draw(medication, 1);
  writer.say("\nPlan\n");
  writer.draw(plan, writer.between(2, 3));
  writer.say("\n");
}

void write_radiology(NoteWriter& writer) {
  writer.say(
      "Examination: {t:CT of the chest} without contrast\nIndication: {p:<symptom>}, "
      "question of {u:<disease>}\nComparison: <year>\n\nFindings\n");
  writer.draw(nodule, writer.between(5, 8));
  writer.say("\n\nImpression\n");
  writer.draw(impression, writer.between(2, 3));
  writer.say("\n");
}

}  // namespace

MadeNote make_note(NoteKind kind, const NotePatient& patient, std::uint64_t seed) {
  NoteWriter writer(seed ^ 0x6E6F7465ULL);
  std::string title;
  switch (kind) {
    case NoteKind::DischargeSummary:
      title = "Discharge summary (synthetic)";
      writer.say(heading(title, patient));
      write_discharge(writer);
      break;
    case NoteKind::RadiologyReport:
      title = "Radiology report (synthetic)";
      writer.say(heading(title, patient));
      write_radiology(writer);
      break;
    case NoteKind::ProgressNote:
      title = "Progress note (synthetic)";
      writer.say(heading(title, patient));
      write_progress(writer);
      break;
  }
  return std::move(writer).finish(kind, std::move(title));
}

MadeNote make_long_note(const NotePatient& patient, std::uint64_t seed,
                        std::uint64_t code_points_min) {
  NoteWriter writer(seed ^ 0x6C6F6E67ULL);
  const std::string title = "Course of a long stay (synthetic)";
  writer.say(heading(title, patient));
  for (int day = 1; writer.code_points() < code_points_min; ++day) {
    writer.say("Day " + std::to_string(day) + "\n");
    write_progress(writer);
    writer.say("\n");
  }
  return std::move(writer).finish(NoteKind::ProgressNote, title);
}

}  // namespace consilium::synthetic
