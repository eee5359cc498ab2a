// Says as JSON what our readers make of notes, brat files and protocols, for the judges
// (tests/judge/notes.py, tests/judge/protocol_schema.py) to compare with other readers.
//
// usage: csl_dump_note < "FILE<tab>KIND[<tab>MORE]" lines
// KIND is txt, csv (MORE: the text's column), jsonl (the same), fhir, brat (MORE: the text's file),
// or protocol. One JSON line for each FILE; {"error"} when it was refused as a whole.
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "format/brat/brat.hpp"
#include "format/fhir/fhir_notes.hpp"
#include "format/note/note_table.hpp"
#include "format/note/note_text.hpp"
#include "format/protocol/protocol_lint.hpp"

namespace {

using namespace consilium;
namespace json = boost::json;

const AuditedAccess test_access = AuditedAccess::event_recorded();

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

json::object error_json(const Error& error) {
  return {
      {"error",
       json::object{{"code", name_of(error.code)}, {"what", error.what}, {"where", error.where}}}};
}

// Some fifty places of the text, each as code point, byte, UTF-16 unit, line and column.
json::array places_json(const CanonicalText& text) {
  json::array places;
  const std::uint64_t step = text.code_point_count() / 50 + 1;
  for (std::uint64_t at = 0; at <= text.code_point_count(); at += step) {
    const std::uint64_t byte = text.byte_of_code_point(at).value();
    const std::uint64_t unit = text.utf16_of_code_point(at).value();
    const bool back =
        text.code_point_of_byte(byte).value() == at && text.code_point_of_utf16(unit).value() == at;
    const LineColumn place = text.line_column(at).value();
    places.push_back(json::array{at, byte, unit, place.line_index, place.column_index, back});
  }
  return places;
}

json::object text_json(const CanonicalText& text) {
  return {{"text", text.utf8()},
          {"sha256", to_hex(text.digest())},
          {"code_points", text.code_point_count()},
          {"utf16", text.utf16_count()},
          {"places", places_json(text)}};
}

json::object dump_text(const std::string& bytes) {
  const auto decoded = decode_note_text(bytes_of(bytes));
  if (!decoded) return error_json(decoded.error());
  json::object out = text_json(CanonicalText::from_utf8(decoded->utf8).value());
  out["encoding"] = decoded->encoding;
  out["remarks"] = json::value_from(decoded->remarks);
  return out;
}

json::object dump_table(NoteTableFormat format, const std::string& bytes,
                        const std::string& column) {
  json::array rows;
  json::array errors;
  NoteTableOptions options;
  options.columns.text = column;
  NoteTableReader reader(
      format, options,
      {[&](NoteRecord record) {
         rows.push_back(json::object{{"line", record.line_number},
                                     {"text", record.note.text.reveal(test_access).utf8()},
                                     {"id", record.note.identifier.reveal(test_access)}});
       },
       [&](NoteRowError error) {
         errors.push_back(json::object{{"line", error.line_number}, {"what", error.error.what}});
       }});
  constexpr std::size_t piece = 4099;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(std::string_view(bytes).substr(at, piece));
  }
  if (const Status status = reader.finish(); !status) return error_json(status.error());
  return {{"rows", std::move(rows)}, {"errors", std::move(errors)}};
}

json::object dump_fhir(const std::string& bytes) {
  const auto read = read_fhir_notes(bytes);
  if (!read) return error_json(read.error());
  json::array notes;
  json::array refusals;
  for (const FhirNote& note : read->notes) {
    notes.push_back(json::object{{"path", note.path},
                                 {"text", note.note.text.reveal(test_access).utf8()},
                                 {"patient", note.note.patient.reveal(test_access).identifier}});
  }
  for (const FhirRefusal& refusal : read->refusals) {
    refusals.push_back(json::object{{"path", refusal.path}, {"what", refusal.error.what}});
  }
  return {{"notes", std::move(notes)}, {"refusals", std::move(refusals)}};
}

json::object dump_brat(const std::string& bytes, const std::string& text_file) {
  std::string text_bytes = read_file(text_file);
  const auto decoded = decode_note_text(bytes_of(text_bytes));
  if (!decoded) return error_json(decoded.error());
  const bool marked = text_bytes.starts_with("\xEF\xBB\xBF");
  const CanonicalText text = CanonicalText::from_utf8(decoded->utf8).value();
  const auto read = read_brat(bytes, text, marked ? 1 : 0);
  if (!read) return error_json(read.error());
  json::array spans;
  for (const BratSpan& span : read->spans) {
    json::array fragments;
    for (const TextSpan& one : span.fragments) {
      fragments.push_back(json::array{one.begin, one.end, text.slice(one).value()});
    }
    spans.push_back(json::object{{"id", span.id},
                                 {"type", span.type},
                                 {"fragments", std::move(fragments)},
                                 {"surface", span.surface},
                                 {"fits", span.surface_fits}});
  }
  return {{"spans", std::move(spans)}, {"problems", read->problems.size()}};
}

json::object dump_protocol(const std::string& bytes) {
  const auto protocol = parse_protocol(bytes);
  json::array remarks;
  for (const ProtocolRemark& remark : lint_protocol(bytes)) remarks.emplace_back(to_line(remark));
  if (!protocol) return {{"remarks", std::move(remarks)}};
  return {{"remarks", std::move(remarks)},
          {"content_hash", to_hex(protocol->content_hash)},
          {"document", protocol->document}};
}

json::object dump(const std::string& line) {
  std::vector<std::string> columns(1);
  for (const char c : line) {
    if (c == '\t') {
      columns.emplace_back();
    } else {
      columns.back().push_back(c);
    }
  }
  columns.resize(3);
  const std::string bytes = read_file(columns[0]);
  const std::string& kind = columns[1];
  if (kind == "csv") return dump_table(NoteTableFormat::Csv, bytes, columns[2]);
  if (kind == "jsonl") return dump_table(NoteTableFormat::JsonLines, bytes, columns[2]);
  if (kind == "fhir") return dump_fhir(bytes);
  if (kind == "brat") return dump_brat(bytes, columns[2]);
  if (kind == "protocol") return dump_protocol(bytes);
  return dump_text(bytes);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty()) std::cout << json::serialize(dump(line)) << "\n";
  }
}
