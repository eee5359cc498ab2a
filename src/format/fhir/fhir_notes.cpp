#include "format/fhir/fhir_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <utility>

#include "base/canonical_json.hpp"
#include "base/utf8.hpp"
#include "format/base64/base64_text.hpp"
#include "format/note/note_text.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t file_size_max = std::size_t{256} << 20U;
constexpr std::size_t entry_count_max = 100'000;
constexpr std::string_view loinc_uri = "http://loinc.org";
constexpr std::string_view identifier_types_uri = "http://terminology.hl7.org/CodeSystem/v2-0203";

// Members by name; anything of another type reads as absent.
const json::value* member(const json::value* of, std::string_view key) {
  const json::object* object = of == nullptr ? nullptr : of->if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}
std::string_view text_member(const json::value* of, std::string_view key) {
  const json::value* value = member(of, key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}
const json::array& list_member(const json::value* of, std::string_view key) {
  static const json::array none;
  const json::value* value = member(of, key);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? none : *list;
}
const json::value* first_of(const json::array& list) {
  return list.empty() ? nullptr : &list.front();
}

bool has_coding(const json::value* concept_value, std::string_view system, std::string_view code) {
  return std::ranges::any_of(list_member(concept_value, "coding"), [&](const json::value& coding) {
    return text_member(&coding, "system") == system && text_member(&coding, "code") == code;
  });
}

const json::value* chosen_identifier(const json::value& patient) {
  const json::array& identifiers = list_member(&patient, "identifier");
  const auto* record = std::ranges::find_if(identifiers, [](const json::value& identifier) {
    return has_coding(member(&identifier, "type"), identifier_types_uri, "MR");
  });
  return record != identifiers.end() ? record : first_of(identifiers);
}

NotePatient read_patient(const json::value& resource) {
  NotePatient patient;
  const json::value* identifier = chosen_identifier(resource);
  patient.identifier = text_member(identifier, "value");
  patient.identifier_system = text_member(identifier, "system");
  if (patient.identifier.empty()) {
    patient.identifier = text_member(&resource, "id");
    patient.identifier_system.clear();
  }
  const json::value* name = first_of(list_member(&resource, "name"));
  patient.family_name = text_member(name, "family");
  for (const json::value& given : list_member(name, "given")) {
    if (!given.is_string()) continue;
    if (!patient.given_name.empty()) patient.given_name += ' ';
    patient.given_name += std::string_view(given.get_string());
  }
  patient.birth_date = text_member(&resource, "birthDate");
  patient.sex = text_member(&resource, "gender");
  return patient;
}

// "text/plain; charset=ISO-8859-1" in its two parts, lower case.
struct ContentType {
  std::string type;
  std::string charset;
};

ContentType read_content_type(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto trimmed = [](std::string_view part) {
    const std::size_t begin = part.find_first_not_of(" \t\"");
    if (begin == std::string_view::npos) return std::string{};
    return std::string(part.substr(begin, part.find_last_not_of(" \t\"") - begin + 1));
  };
  const std::size_t semicolon = lower.find(';');
  ContentType read{trimmed(std::string_view(lower).substr(0, semicolon)), {}};
  const std::size_t charset = lower.find("charset=");
  if (semicolon != std::string::npos && charset != std::string::npos && charset > semicolon) {
    std::string_view rest = std::string_view(lower).substr(charset + 8);
    read.charset = trimmed(rest.substr(0, rest.find(';')));
  }
  return read;
}

class FhirReader {
 public:
  Result<FhirNotes> read(const json::value& root) {
    const std::string_view type = text_member(&root, "resourceType");
    if (type == "DocumentReference") {
      take(root, "");
    } else if (type == "Bundle") {
      CSL_TRY(read_bundle(root));
    } else {
      return fail(ErrorCode::Unsupported, "this is no DocumentReference and no Bundle", {},
                  "export the notes as FHIR R4 DocumentReference resources");
    }
    if (notes_.notes.empty() && notes_.refusals.empty()) {
      return fail(ErrorCode::Unsupported, "the bundle holds no DocumentReference", {},
                  "export the notes as FHIR R4 DocumentReference resources");
    }
    return std::move(notes_);
  }

 private:
  Status read_bundle(const json::value& bundle) {
    const json::array& entries = list_member(&bundle, "entry");
    if (entries.size() > entry_count_max) {
      return fail(ErrorCode::TooLarge, "the bundle has more than 100,000 entries", {}, "split it");
    }
    for (const json::value& entry : entries) {
      const json::value* resource = member(&entry, "resource");
      if (text_member(resource, "resourceType") != "Patient") continue;
      const std::string_view url = text_member(&entry, "fullUrl");
      const std::string_view id = text_member(resource, "id");
      if (!url.empty()) patients_.emplace(url, resource);
      if (!id.empty()) patients_.emplace("Patient/" + std::string(id), resource);
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const json::value* resource = member(&entries[i], "resource");
      if (text_member(resource, "resourceType") == "DocumentReference") {
        take(*resource, fmt::format("/entry/{}/resource", i));
      }
    }
    return {};
  }

  void take(const json::value& document, std::string path) {
    FhirNote note{.path = path, .note = {}, .remarks = {}};
    if (const Status status = read_document(document, note); !status) {
      Error error = status.error();
      error.where = path + (error.where.empty() ? "" : ", " + error.where);
      notes_.refusals.push_back({std::move(path), std::move(error)});
    } else {
      notes_.notes.push_back(std::move(note));
    }
  }

  Status read_document(const json::value& document, FhirNote& out) {
    if (text_member(&document, "status") == "entered-in-error") {
      return fail(ErrorCode::InvalidInput, "the document was entered in error", {},
                  "leave it out of the export");
    }
    const json::value* attachment = CSL_TRY(chosen_attachment(document, out.remarks));
    const ContentType type = read_content_type(text_member(attachment, "contentType"));
    const Bytes bytes = CSL_TRY(from_base64_text(text_member(attachment, "data")));
    std::string text;
    if (!type.charset.empty() && type.charset != "utf-8" && type.charset != "us-ascii") {
      text = CSL_TRY(decode_text_as(bytes, type.charset));
    } else {
      DecodedText decoded = CSL_TRY(decode_note_text(bytes));
      text = std::move(decoded.utf8);
      std::ranges::move(decoded.remarks, std::back_inserter(out.remarks));
    }
    if (text.empty()) return fail(ErrorCode::InvalidInput, "the document's text is empty");
    out.note.text = Protected(CSL_TRY(CanonicalText::from_utf8(std::move(text))));
    out.note.identifier = Protected(document_identifier(document));
    out.note.patient = Protected(subject_of(document, out.remarks));
    out.note.date = Protected(document_date(document, attachment));
    out.note.kind_code = loinc_code(document);
    return {};
  }

  static Result<const json::value*> chosen_attachment(const json::value& document,
                                                      std::vector<std::string>& remarks) {
    const json::array& contents = list_member(&document, "content");
    std::string other_type;
    bool behind_url = false;
    const json::value* chosen = nullptr;
    for (const json::value& content : contents) {
      const json::value* attachment = member(&content, "attachment");
      const std::string type = read_content_type(text_member(attachment, "contentType")).type;
      if (type != "text/plain") {
        other_type = type.empty() ? "no stated type" : "another type";
        if (type == "text/html" || type == "application/xhtml+xml") other_type = "HTML";
        if (type == "application/pdf") other_type = "PDF";
        if (type == "text/rtf" || type == "application/rtf") other_type = "RTF";
      } else if (member(attachment, "data") == nullptr) {
        behind_url = true;
      } else if (chosen == nullptr) {
        chosen = attachment;
      }
    }
    if (chosen != nullptr) {
      if (contents.size() > 1) {
        remarks.push_back(
            fmt::format("the first plain text of {} contents was taken", contents.size()));
      }
      return chosen;
    }
    if (behind_url) {
      return fail(ErrorCode::Unsupported, "the text is not in the file but behind a URL", {},
                  "export with the attachments' data inline");
    }
    if (contents.empty()) {
      return fail(ErrorCode::InvalidInput, "the document has no content");
    }
    return fail(
        ErrorCode::Unsupported,
        fmt::format("the document is {}, and only plain text has places that stay", other_type), {},
        "export it as text/plain");
  }

  NotePatient subject_of(const json::value& document, std::vector<std::string>& remarks) const {
    const json::value* subject = member(&document, "subject");
    const std::string_view reference = text_member(subject, "reference");
    if (reference.starts_with('#')) {
      for (const json::value& contained : list_member(&document, "contained")) {
        if (text_member(&contained, "id") == reference.substr(1) &&
            text_member(&contained, "resourceType") == "Patient") {
          return read_patient(contained);
        }
      }
    }
    if (const auto found = patients_.find(reference); found != patients_.end()) {
      return read_patient(*found->second);
    }
    NotePatient patient;
    const json::value* identifier = member(subject, "identifier");
    patient.identifier = text_member(identifier, "value");
    patient.identifier_system = text_member(identifier, "system");
    const std::size_t id = reference.rfind("Patient/");
    if (patient.identifier.empty() && id != std::string_view::npos) {
      const std::string_view rest = reference.substr(id + 8);
      patient.identifier = rest.substr(0, rest.find('/'));  // a version may follow
    }
    if (patient.identifier.empty()) {
      remarks.emplace_back("the document names no patient");
    } else {
      remarks.emplace_back("the patient is known by its reference only");
    }
    return patient;
  }

  static std::string document_identifier(const json::value& document) {
    for (const json::value* identifier :
         {member(&document, "masterIdentifier"), first_of(list_member(&document, "identifier"))}) {
      const std::string_view value = text_member(identifier, "value");
      if (!value.empty()) return std::string(value);
    }
    return std::string(text_member(&document, "id"));
  }

  static std::string document_date(const json::value& document, const json::value* attachment) {
    for (const std::string_view date :
         {text_member(&document, "date"), text_member(attachment, "creation"),
          text_member(member(member(&document, "context"), "period"), "start")}) {
      if (!date.empty()) return std::string(date);
    }
    return {};
  }

  static std::string loinc_code(const json::value& document) {
    for (const json::value& coding : list_member(member(&document, "type"), "coding")) {
      if (text_member(&coding, "system") == loinc_uri) {
        return std::string(text_member(&coding, "code"));
      }
    }
    return {};
  }

  FhirNotes notes_;
  std::map<std::string, const json::value*, std::less<>> patients_;  // by every name they go by
};

}  // namespace

Result<FhirNotes> read_fhir_notes(std::string_view text) {
  if (text.size() > file_size_max) {
    return fail(ErrorCode::TooLarge, "the file is larger than 256 MiB", {}, "split the bundle");
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (!is_utf8(text)) {
    return fail(ErrorCode::Corrupt, "the file is not UTF-8, as FHIR's JSON must be", {},
                "export it again, or convert it to UTF-8");
  }
  const json::value root = CSL_TRY(parse_json(text));
  return FhirReader().read(root);
}

}  // namespace consilium
