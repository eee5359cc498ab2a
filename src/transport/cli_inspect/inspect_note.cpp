#include <fmt/format.h>

#include <boost/json.hpp>

#include "format/fhir/fhir_notes.hpp"
#include "format/note/note_table.hpp"
#include "format/note/note_text.hpp"
#include "transport/cli_inspect/kinds.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

// So many notes or refusals of one file are told one by one; all are counted.
constexpr std::size_t listed_max = 20;

AuditedAccess asked() { return AuditedAccess::event_recorded(); }

void add_size(const CanonicalText& text, json::object& out) {
  out["code_points"] = text.code_point_count();
  out["lines"] = text.line_count();
}

json::object note_json(const Note& note, PatientValues values) {
  json::object out;
  // Only the size of the text is told, and nothing of what it says.
  add_size(note.text.reveal(asked()), out);
  if (!note.kind_code.empty()) out["loinc"] = note.kind_code;
  if (values == PatientValues::Shown) {
    const NotePatient& patient = note.patient.reveal(asked());
    out["id"] = note.identifier.reveal(asked());
    out["patient"] = patient.identifier;
    out["name"] = fmt::format("{} {}", patient.given_name, patient.family_name);
    out["birth_date"] = patient.birth_date;
    out["date"] = note.date.reveal(asked());
  }
  return out;
}

class Tally {
 public:
  explicit Tally(PatientValues values) : values_(values) {}

  void add(std::string place, const Note& note) {
    if (notes_.size() < listed_max) {
      json::object row{{"at", std::move(place)}};
      for (const auto& member : note_json(note, values_)) {
        row.insert_or_assign(member.key(), member.value());
      }
      notes_.push_back(std::move(row));
    }
    ++note_count_;
  }
  void refuse(std::string place, const Error& error) {
    if (refused_.size() < listed_max) {
      refused_.push_back(json::object{{"at", std::move(place)}, {"what", error.what}});
    }
    ++refused_count_;
  }
  void finish(json::object& out) {
    out["note_count"] = note_count_;
    out["refused_count"] = refused_count_;
    out["notes"] = std::move(notes_);
    out["refused"] = std::move(refused_);
  }

 private:
  PatientValues values_;
  json::array notes_;
  json::array refused_;
  std::uint64_t note_count_ = 0;
  std::uint64_t refused_count_ = 0;
};

Result<json::object> inspect_plain(ByteView file) {
  const DecodedText decoded = CSL_TRY(decode_note_text(file));
  json::object out{{"kind", "note"}, {"encoding", decoded.encoding}};
  add_size(CSL_TRY(CanonicalText::from_utf8(decoded.utf8)), out);
  json::array remarks;
  for (const std::string& remark : decoded.remarks) remarks.emplace_back(remark);
  out["notes"] = std::move(remarks);
  return out;
}

Result<json::object> inspect_table(NoteTableFormat format, ByteView file, PatientValues values) {
  Tally tally(values);
  NoteTableReader reader(format, {},
                         {.record =
                              [&](const NoteRecord& record) {
                                tally.add(fmt::format("line {}", record.line_number), record.note);
                              },
                          .error =
                              [&](const NoteRowError& row) {
                                tally.refuse(fmt::format("line {}", row.line_number), row.error);
                              }});
  reader.feed(text_of(file));
  CSL_TRY(reader.finish());
  json::object out{
      {"kind", format == NoteTableFormat::Csv ? "notes in a table" : "notes as JSON lines"}};
  tally.finish(out);
  return out;
}

Result<json::object> inspect_fhir(ByteView file, PatientValues values) {
  const FhirNotes read = CSL_TRY(read_fhir_notes(text_of(file)));
  Tally tally(values);
  for (const FhirNote& note : read.notes) tally.add(note.path, note.note);
  for (const FhirRefusal& refusal : read.refusals) tally.refuse(refusal.path, refusal.error);
  json::object out{{"kind", "notes in FHIR R4"}};
  tally.finish(out);
  return out;
}

}  // namespace

Result<json::object> inspect_note(service::FileKind kind, ByteView file, PatientValues values) {
  if (kind == service::FileKind::NoteCsv) return inspect_table(NoteTableFormat::Csv, file, values);
  if (kind == service::FileKind::NoteJsonl)
    return inspect_table(NoteTableFormat::JsonLines, file, values);
  if (kind == service::FileKind::FhirJson) return inspect_fhir(file, values);
  return inspect_plain(file);
}

}  // namespace consilium::cli
