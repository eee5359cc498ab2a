#include "format/fhir_labels/fhir_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/bytes.hpp"
#include "base/sha256.hpp"
#include "domain/label/coded_concept.hpp"
#include "format/fhir/fhir_notes.hpp"
#include "format/labelled_text/assertion.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

struct System {
  std::string_view name;
  std::string_view uri;
};
// Names in annotated texts, beside the designators of domain/label.
constexpr std::array systems{
    System{"MESH", "http://id.nlm.nih.gov/mesh"},
    System{"OMIM", "http://www.omim.org"},
    System{"UMLS", "http://www.nlm.nih.gov/research/umls"},
    System{"HP", "http://human-phenotype-ontology.org"},
    System{"LOINC", "http://loinc.org"},
    System{"SNOMEDCT", "http://snomed.info/sct"},
    System{"ICD10CM", "http://hl7.org/fhir/sid/icd-10-cm"},
};

bool is_problem(std::string_view type) {
  constexpr std::array<std::string_view, 7> names{"disease",   "disorder", "diagnosis", "problem",
                                                  "condition", "finding",  "symptom"};
  std::string lower(type);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::ranges::any_of(names, [&](std::string_view name) { return lower.contains(name); });
}

// A UUID of version 8 (RFC 9562): the name's own, always the same.
std::string urn_of(std::string_view name) {
  Sha256Digest digest = sha256(bytes_of(name));
  std::string hex = to_hex(digest).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[hex[16] % 4];
  return fmt::format("urn:uuid:{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4),
                     hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

json::object coding_of(const TextConcept& linked) {
  json::object coding;
  std::string uri(system_uri(linked.system));
  const auto known = std::ranges::find(systems, linked.system, &System::name);
  if (known != systems.end()) uri = known->uri;
  if (uri.contains("://") || uri.starts_with("urn:")) {
    coding["system"] = uri;
    coding["code"] = linked.code;
  } else {
    coding["code"] = reference_of(linked);
  }
  if (!linked.display.empty()) coding["display"] = linked.display;
  return coding;
}

json::object coded(std::string_view system, std::string_view code) {
  return {{"coding", json::array{json::object{{"system", system}, {"code", code}}}}};
}

json::object reference(std::string_view urn) { return {{"reference", urn}}; }

std::string metadata_of(const LabelledText& text, std::string_view name) {
  const auto found = std::ranges::find(text.metadata, name, &TextAttribute::name);
  return found == text.metadata.end() ? std::string{} : found->value;
}

class Writer {
 public:
  explicit Writer(std::string_view recorded_at) : recorded_at_(recorded_at) {}

  void add(const LabelledText& text, std::size_t index) {
    text_ = &text;
    const std::string patient = metadata_of(text, "patient");
    const std::string name = fmt::format("{} {} {}", index, text.id, to_hex(text.text.digest()));
    patient_ = urn_of("patient " + (patient.empty() ? name : patient));
    document_ = urn_of("document " + name);
    if (patients_.insert(patient_).second) add_patient(patient);
    add_document();
    for (const TextMention& m : text.mentions) add_mention(m, name);
  }

  std::string finish() {
    return json::serialize(json::object{{"resourceType", "Bundle"},
                                        {"type", "collection"},
                                        {"timestamp", recorded_at_},
                                        {"entry", std::move(entries_)}}) +
           "\n";
  }

 private:
  void add_entry(const std::string& urn, json::object resource) {
    entries_.push_back(json::object{{"fullUrl", urn}, {"resource", std::move(resource)}});
  }

  void add_patient(const std::string& pseudonym) {
    json::object patient{{"resourceType", "Patient"}};
    if (!pseudonym.empty()) {
      patient["identifier"] = json::array{json::object{{"value", pseudonym}}};
    } else {
      patient["active"] = true;
    }
    add_entry(patient_, std::move(patient));
  }

  void add_document() {
    json::object document{{"resourceType", "DocumentReference"},
                          {"status", "current"},
                          {"subject", reference(patient_)}};
    if (!text_->id.empty()) {
      document["identifier"] = json::array{json::object{{"value", text_->id}}};
    }
    json::object attachment{{"contentType", "text/plain; charset=utf-8"},
                            {"data", to_base64(bytes_of(text_->text.utf8()))}};
    const std::string date = metadata_of(*text_, "date");
    if (date.size() >= 4) attachment["creation"] = date;
    document["content"] = json::array{json::object{{"attachment", std::move(attachment)}}};
    add_entry(document_, std::move(document));
  }

  json::array places(const TextMention& m) const {
    json::array extensions;
    for (const TextSpan& range : m.ranges) {
      json::array parts{
          json::object{{"url", "reference"}, {"valueReference", reference(document_)}},
          json::object{{"url", "path"},
                       {"valueString", "DocumentReference.content[0].attachment.data"}},
          json::object{{"url", "offset"}, {"valueInteger", range.begin}},
          json::object{{"url", "length"}, {"valueInteger", range.end - range.begin}}};
      extensions.push_back(
          json::object{{"url", "http://hl7.org/fhir/StructureDefinition/derivation-reference"},
                       {"extension", std::move(parts)}});
    }
    return extensions;
  }

  json::object concept_json(const TextMention& m) const {
    json::object out;
    json::array codings;
    for (const TextConcept& linked : m.concepts) codings.push_back(coding_of(linked));
    if (!codings.empty()) out["coding"] = std::move(codings);
    out["text"] = surface_of(text_->text, m.ranges, " ... ");
    return out;
  }

  json::array notes_of(const TextMention& m, bool with_attributes) const {
    json::array notes;
    if (with_attributes) {
      for (const TextAttribute& a : m.attributes) {
        notes.push_back(json::object{{"text", a.name + ": " + a.value}});
      }
    }
    if (!m.comment.empty()) notes.push_back(json::object{{"text", m.comment}});
    return notes;
  }

  json::object condition(const TextMention& m, const MentionAssertion& said) const {
    json::object out{{"resourceType", "Condition"}, {"extension", places(m)}};
    if (said.time == MentionTime::Past && !said.is_negated) {
      out["clinicalStatus"] =
          coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "inactive");
    }
    if (said.is_negated || said.is_possible) {
      out["verificationStatus"] =
          coded("http://terminology.hl7.org/CodeSystem/condition-ver-status",
                said.is_negated ? "refuted" : "provisional");
    }
    out["category"] = json::array{json::object{{"text", m.type}}};
    out["code"] = concept_json(m);
    out["subject"] = reference(patient_);
    out["evidence"] = json::array{json::object{{"detail", json::array{reference(document_)}}}};
    if (auto notes = notes_of(m, true); !notes.empty()) out["note"] = std::move(notes);
    return out;
  }

  json::object observation(const TextMention& m) const {
    json::object out{{"resourceType", "Observation"},
                     {"extension", places(m)},
                     {"status", "preliminary"},
                     {"code", json::object{{"text", m.type.empty() ? "mention" : m.type}}},
                     {"subject", reference(patient_)},
                     {"valueCodeableConcept", concept_json(m)},
                     {"derivedFrom", json::array{reference(document_)}}};
    json::array components;
    for (const TextAttribute& a : m.attributes) {
      if (a.value.empty()) continue;
      components.push_back(
          json::object{{"code", json::object{{"text", a.name}}}, {"valueString", a.value}});
    }
    if (!components.empty()) out["component"] = std::move(components);
    if (auto notes = notes_of(m, false); !notes.empty()) out["note"] = std::move(notes);
    return out;
  }

  void add_mention(const TextMention& m, const std::string& name) {
    const MentionAssertion said = assertion_of(m.attributes);
    const bool is_condition = is_problem(m.type) && said.is_of_patient && !said.is_hypothetical;
    const std::string urn = urn_of("mention " + name + " " + m.id);
    add_entry(urn, is_condition ? condition(m, said) : observation(m));
    const json::object agent{
        {"type",
         coded("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author")},
        {"who", json::object{{"display", m.rater.empty() ? "not named" : m.rater}}}};
    add_entry(
        urn_of("provenance " + name + " " + m.id),
        json::object{
            {"resourceType", "Provenance"},
            {"target", json::array{reference(urn)}},
            {"recorded", m.said_at.empty() ? std::string(recorded_at_) : m.said_at},
            {"activity", coded("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE")},
            {"agent", json::array{agent}},
            {"entity",
             json::array{json::object{{"role", "source"}, {"what", reference(document_)}}}}});
  }

  std::string_view recorded_at_;
  const LabelledText* text_ = nullptr;
  std::string patient_;
  std::string document_;
  std::set<std::string> patients_;
  json::array entries_;
};

}  // namespace

Result<std::string> write_fhir_labels(std::span<const LabelledText> texts,
                                      std::string_view recorded_at) {
  if (recorded_at.empty()) {
    return fail(ErrorCode::InvalidInput, "FHIR's Provenance needs the time of recording");
  }
  Writer writer(recorded_at);
  for (std::size_t i = 0; i < texts.size(); ++i) writer.add(texts[i], i);
  return writer.finish();
}

Result<std::vector<LabelledText>> read_fhir_texts(std::string_view bytes) {
  CSL_TRY(check_utf8(bytes));  // says the byte
  const FhirNotes notes = CSL_TRY(read_fhir_notes(bytes));
  if (notes.notes.empty() && !notes.refusals.empty()) {
    return std::unexpected(notes.refusals.front().error);
  }
  // The caller's own file, turned into another one of theirs.
  const AuditedAccess access = AuditedAccess::event_recorded();
  std::vector<LabelledText> texts;
  for (const FhirNote& one : notes.notes) {
    LabelledText text;
    text.id = one.note.identifier.reveal(access);
    text.text = one.note.text.reveal(access);
    if (texts.empty()) {
      for (const FhirRefusal& refusal : notes.refusals) add_problem(text, refusal.error.what);
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace consilium
