#include "service/intake/note_intake.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "base/utf8.hpp"
#include "domain/text/note_kind.hpp"
#include "format/fhir/fhir_notes.hpp"
#include "format/note/note_table.hpp"
#include "format/note/note_text.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::PatientText;
using storage::Transaction;

namespace {

constexpr std::uint64_t text_file_size_max = 256U << 20U;
constexpr std::size_t read_block_bytes = 1U << 20U;
constexpr std::size_t preview_code_points = 160;

const AuditedAccess import_access = AuditedAccess::event_recorded();  // import.begun came before

struct NoteFacts {
  NoteId id;
  ItemId new_item;
  ProjectId project;
  storage::VaultEntry patient;
  std::int64_t shift_if_new = 0;
  std::string date;
  std::string content;
  std::string source_key;  // empty: the source gave no id
  std::string where;       // in its file
  std::string file_content;
  storage::ObjectRef object;
  std::uint64_t length = 0;
  std::string kind_code;
  std::string facts_json;
  std::string preview;
};

// The beginning of the text in one line.
std::string preview_of(std::string_view text, std::size_t code_points) {
  std::string preview;
  std::size_t count = 0;
  bool was_blank = true;
  for (std::size_t at = 0; at < text.size() && count < code_points;) {
    const char32_t c = next_code_point(text, at);
    const bool is_blank = c <= U' ';
    if (is_blank && was_blank) continue;
    append_utf8(preview, is_blank ? U' ' : c);
    was_blank = is_blank;
    ++count;
  }
  return preview;
}

// A title is not sealed, so it is made of the document's kind and its length, never of its words.
std::string title_of(std::string_view kind_code, std::uint64_t length) {
  std::string digits = std::to_string(length);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  const std::string_view kind = note_kind_named(kind_code);
  return std::string(kind.empty() ? "Note" : kind) + ", " + digits + " characters";
}

Result<Committed> commit_note(Transaction& transaction, const NoteFacts& facts) {
  Committed committed;
  const storage::Rows same =
      CSL_TRY(transaction.query("catalog.note_of_content", {{"content", facts.content}}));
  std::string source_id = to_string(facts.id);
  std::string date;
  if (!same.empty()) {
    committed.is_duplicate = true;
    source_id = same.front().text("note_id");
    date = CSL_TRY(storage::find_note(transaction, CSL_TRY(parse_id<NoteId>(source_id)))).date;
  } else {
    if (!facts.source_key.empty() &&
        !CSL_TRY(transaction.query("catalog.note_of_key", {{"key", facts.source_key}})).empty()) {
      return fail(ErrorCode::Conflict, "a note with this id is there, with another text",
                  facts.where,
                  "find out which of the two is right; the first one was kept. To have both, give "
                  "this one an id of its own and import it again");
    }
    const std::int64_t shift =
        CSL_TRY(ensure_patient(transaction, facts.patient, facts.shift_if_new));
    date = shifted_date(facts.date, shift);
    EventDraft event{.type = "note.added",
                     .project = std::nullopt,
                     .item = std::nullopt,
                     .patient = facts.patient.patient,
                     .fields = {}};
    event.fields.set("note_id", facts.id)
        .set("content", facts.content)
        .set("file_content", facts.file_content)
        .set("date", date)
        .set("length", static_cast<std::int64_t>(facts.length))
        .set("object", facts.object.name)
        .set("object_size", static_cast<std::int64_t>(facts.object.size_bytes))
        .set("facts", PatientText{facts.facts_json});
    if (!facts.source_key.empty()) event.fields.set("source_key", facts.source_key);
    CSL_TRY(transaction.append(std::move(event)));
  }
  committed.added_item = CSL_TRY(ensure_item(transaction, facts.project,
                                             {.id = facts.new_item,
                                              .patient = facts.patient.patient,
                                              .kind = "text",
                                              .source_id = source_id,
                                              .title = title_of(facts.kind_code, facts.length),
                                              .modality = "NOTE",
                                              .date = date,
                                              .preview = facts.preview}));
  return committed;
}

storage::Identity identity_of(const NotePatient& patient) {
  std::string name = patient.family_name;
  if (!patient.given_name.empty()) name += (name.empty() ? "" : "^") + patient.given_name;
  return {.issuer = Protected<std::string>(patient.identifier_system),
          .patient_id = Protected<std::string>(patient.identifier),
          .name = Protected<std::string>(name),
          .birth_date = Protected<std::string>(patient.birth_date),
          .sex = Protected<std::string>(patient.sex)};
}

std::string keyed(storage::Store& store, std::string_view purpose, std::string_view text) {
  return to_hex(store.objects().keyed_hash(purpose, bytes_of(text)));
}

// Whose note, which note, what text: parted by a character that none of them holds unescaped.
std::string owner_of(const NotePatient& who) {
  return who.identifier_system + '\x1f' + who.identifier + '\x1f';
}
std::string content_key(storage::Store& store, const NotePatient& who, const std::string& source_id,
                        const CanonicalText& text) {
  return keyed(store, "note content", owner_of(who) + source_id + '\x1f' + to_hex(text.digest()));
}

Result<Prepared> prepare_note(const IntakeTools& tools, const Note& note,
                              const std::vector<std::string>& remarks,
                              const std::string& file_content, const std::string& patient_if_none,
                              std::string_view where) {
  const CanonicalText& text = note.text.reveal(import_access);
  NotePatient who = note.patient.reveal(import_access);
  if (who.identifier.empty()) who.identifier = patient_if_none;
  const std::string& source_id = note.identifier.reveal(import_access);
  if (text.code_point_count() == 0) {
    return fail(ErrorCode::Unsupported, "the note is empty", "", "leave it out");
  }
  const std::string sha256 = to_hex(text.digest());
  const std::string owner = owner_of(who);
  NoteFacts facts;
  facts.content = content_key(tools.store, who, source_id, text);
  if (!source_id.empty()) facts.source_key = keyed(tools.store, "note id", owner + source_id);
  const auto reader = CSL_TRY(tools.store.read());
  const storage::Rows same =
      CSL_TRY(reader->query("catalog.note_of_content", {{"content", facts.content}}));
  facts.project = tools.project;
  facts.where = where;
  facts.file_content = file_content;
  facts.length = text.code_point_count();
  facts.kind_code = note.kind_code;
  facts.date = note.date.reveal(import_access);
  facts.preview = preview_of(text.utf8(), preview_code_points);
  facts.new_item = make_id<ItemId>(tools.clock, tools.random);

  Prepared prepared;
  if (!same.empty()) {
    facts.patient.patient = CSL_TRY(same.front().id<PatientId>("patient_id"));
  } else {
    facts.id = make_id<NoteId>(tools.clock, tools.random);
    facts.shift_if_new = draw_date_shift(tools.random);
    facts.patient = CSL_TRY(tools.store.vault().find_or_add(identity_of(who))).entry;
    json::array remark_array;
    for (const std::string& remark : remarks) remark_array.emplace_back(remark);
    facts.facts_json = json::serialize(json::object{{"title", preview_of(text.utf8(), 80)},
                                                    {"sha256", sha256},
                                                    {"source_id", source_id},
                                                    {"kind_code", note.kind_code},
                                                    {"remarks", std::move(remark_array)}});
    facts.object =
        CSL_TRY(tools.store.objects().put(facts.patient.patient, bytes_of(text.utf8()))).object;
    prepared.objects.push_back(facts.object);
  }
  prepared.commit = [facts = std::move(facts)](Transaction& transaction) {
    return commit_note(transaction, facts);
  };
  prepared.stands_alone = true;
  return prepared;
}

// Notes of one file on their way to the sink.
struct NoteStream {
  const IntakeTools& tools;
  const std::string& content;
  const std::string& patient_if_none;
  const PreparedSink& sink;
  NoteFileResult result;
  bool is_ending = false;

  void refuse(const Error& error) {
    if (result.refused_count++ == 0) result.first_refusal = error;
  }
  void take(const Note& note, const std::vector<std::string>& remarks, std::string_view where) {
    if (is_ending) return;
    auto prepared = prepare_note(tools, note, remarks, content, patient_if_none, where);
    if (!prepared) {
      Error error = std::move(prepared).error();
      if (error.where.empty()) error.where = where;
      refuse(error);
      return;
    }
    ++result.note_count;
    is_ending = !sink(std::move(*prepared));
  }
};

Status read_text_file(NoteStream& stream, const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  const Bytes bytes = CSL_TRY(read_all(*source, text_file_size_max));
  const DecodedText decoded = CSL_TRY(decode_note_text(bytes));
  Note note;
  note.text = Protected<CanonicalText>(CSL_TRY(CanonicalText::from_utf8(decoded.utf8)));
  stream.take(note, decoded.remarks, "");
  if (stream.result.first_refusal) return std::unexpected(*stream.result.first_refusal);
  return {};
}

Status read_table(NoteStream& stream, NoteTableFormat format, const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  NoteTableReader table(format, {},
                        {.record =
                             [&](const NoteRecord& record) {
                               stream.take(record.note, record.remarks,
                                           "line " + std::to_string(record.line_number));
                             },
                         .error = [&](const NoteRowError& error) { stream.refuse(error.error); }});
  Bytes block(read_block_bytes);
  for (std::uint64_t at = 0; at < source->size() && !stream.is_ending;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), source->size() - at));
    CSL_TRY(source->read(at, std::span(block).first(count)));
    table.feed(text_of(ByteView(block).first(count)));
    at += count;
  }
  return table.finish();
}

Status read_fhir(NoteStream& stream, const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  const Bytes bytes = CSL_TRY(read_all(*source, text_file_size_max));
  const FhirNotes notes = CSL_TRY(read_fhir_notes(text_of(bytes)));
  for (const FhirNote& note : notes.notes) stream.take(note.note, note.remarks, note.path);
  for (const FhirRefusal& refusal : notes.refusals) {
    Error error = refusal.error;
    if (error.where.empty()) error.where = refusal.path;
    stream.refuse(error);
  }
  return {};
}

}  // namespace

Result<NoteFileResult> prepare_notes(const IntakeTools& tools, FileKind kind,
                                     const std::filesystem::path& path, const std::string& content,
                                     const std::string& patient_if_none, const PreparedSink& sink) {
  NoteStream stream{.tools = tools,
                    .content = content,
                    .patient_if_none = patient_if_none,
                    .sink = sink,
                    .result = {},
                    .is_ending = false};
  if (kind == FileKind::NoteCsv) {
    CSL_TRY(read_table(stream, NoteTableFormat::Csv, path));
  } else if (kind == FileKind::NoteJsonl) {
    CSL_TRY(read_table(stream, NoteTableFormat::JsonLines, path));
  } else if (kind == FileKind::FhirJson) {
    CSL_TRY(read_fhir(stream, path));
  } else {
    CSL_TRY(read_text_file(stream, path));
  }
  if (stream.result.note_count == 0) {
    if (stream.result.first_refusal) return std::unexpected(*stream.result.first_refusal);
    return fail(ErrorCode::Unsupported, "the file holds no note", "",
                "check that its rows have a text");
  }
  return stream.result;
}

Result<NoteFileResult> prepare_labelled_notes(const IntakeTools& tools,
                                              const std::vector<LabelledText>& texts,
                                              const std::string& patient,
                                              const std::string& content,
                                              const PreparedSink& sink) {
  NoteStream stream{.tools = tools,
                    .content = content,
                    .patient_if_none = patient,
                    .sink = sink,
                    .result = {},
                    .is_ending = false};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Note note;
    note.text = Protected<CanonicalText>(texts[i].text);
    note.patient = texts[i].origin.patient;
    note.date = texts[i].origin.date;
    note.kind_code = texts[i].origin.kind_code;
    note.identifier = Protected<std::string>(texts[i].id);
    stream.take(note, {}, "text " + std::to_string(i + 1));
  }
  return stream.result;
}

Result<std::optional<ItemId>> item_of_labelled_note(const IntakeTools& tools,
                                                    const LabelledText& text,
                                                    const std::string& patient) {
  const auto reader = CSL_TRY(tools.store.read());
  NotePatient who = text.origin.patient.reveal(import_access);
  if (who.identifier.empty()) who.identifier = patient;
  const std::string key = content_key(tools.store, who, text.id, text.text);
  const storage::Rows rows = CSL_TRY(reader->query("catalog.note_of_content", {{"content", key}}));
  if (rows.empty()) return std::optional<ItemId>{};
  return storage::item_of_source(*reader, tools.project, rows.front().text("note_id"));
}

}  // namespace consilium::service
