#include "transport/dimse/directory.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "base/canonical_json.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium::dimse {
namespace json = boost::json;
using service::SearchFilter;
using service::SearchLevel;
using service::SearchQuery;

namespace {

constexpr DicomTag level_tag{0x0008, 0x0052};
constexpr DicomTag charset_tag{0x0008, 0x0005};
constexpr DicomTag patient_id_tag{0x0010, 0x0020};
constexpr DicomTag study_uid_tag{0x0020, 0x000D};
constexpr DicomTag series_uid_tag{0x0020, 0x000E};
constexpr DicomTag instance_uid_tag{0x0008, 0x0018};
constexpr DicomTag class_uid_tag{0x0008, 0x0016};
constexpr DicomTag syntax_tag{0x0008, 0x3002};  // Available Transfer Syntax UID
constexpr std::array unique_keys{patient_id_tag, study_uid_tag, series_uid_tag, instance_uid_tag};

constexpr std::string_view utf8 = "ISO_IR 192";
constexpr std::string_view explicit_little_endian_uid = "1.2.840.10008.1.2.1";
// Patient Root models begin with this; the others are Study Root.
constexpr std::string_view patient_root = "1.2.840.10008.5.1.4.1.2.1.";

struct Question {
  Bytes bytes;  // what `dataset` views
  DicomDataset dataset;
  std::string level;
};

// An identifier has no file's head; with one the house's reader takes it in either syntax.
Result<Question> read_identifier(std::string_view model_uid, ByteView identifier,
                                 std::string_view syntax_uid) {
  Question question;
  question.bytes = CSL_TRY(part10_head(model_uid, "2.25.0", syntax_uid));
  question.bytes.insert(question.bytes.end(), identifier.begin(), identifier.end());
  question.dataset = CSL_TRY(read_dicom(question.bytes)).dataset;
  question.level = question.dataset.ascii(level_tag);
  const bool is_known = question.level == "STUDY" || question.level == "SERIES" ||
                        question.level == "IMAGE" ||
                        (question.level == "PATIENT" && model_uid.starts_with(patient_root));
  if (!is_known) {
    return fail(ErrorCode::InvalidInput, "the query's level is none of this model", "(0008,0052)",
                "ask for STUDY, SERIES or IMAGE");
  }
  return question;
}

SearchLevel search_level(std::string_view level) {
  if (level == "IMAGE") return SearchLevel::Instance;
  return level == "SERIES" ? SearchLevel::Series : SearchLevel::Study;
}

std::string value_of(const DicomDataset& dataset, DicomTag tag) {
  std::string text;
  for (const std::string& each : dataset.texts(tag)) text += (text.empty() ? "" : "\\") + each;
  return text;
}

bool is_asked(const DicomElement& element) {
  return element.tag != level_tag && element.tag != charset_tag && element.tag.element != 0;
}

// All answers, page by page.
Result<std::vector<json::object>> search(service::DicomWeb& web, const service::Access& access,
                                         const ProjectId& project, SearchQuery query) {
  std::vector<json::object> found;
  query.limit = service::search_limit_max;
  for (;; query.offset += query.limit) {
    const service::SearchAnswer answer = CSL_TRY(web.search(
        access, {.project = project, .study = {}, .series = {}, .instance = {}}, query, ""));
    const json::value page = CSL_TRY(parse_json(answer.json));
    for (const json::value& each : page.as_array()) found.push_back(each.as_object());
    if (answer.count < query.limit) return found;
  }
}

std::string text_of_value(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_object()) {
    const json::value* name = value.as_object().if_contains("Alphabetic");
    return name != nullptr ? std::string(name->as_string()) : "";
  }
  return json::serialize(value);
}

bool is_binary(Vr vr) { return vr == Vr::Us || vr == Vr::Ss || vr == Vr::Ul || vr == Vr::Sl; }

// The attribute of an answer as an element; empty where the answer does not have it.
void put_answer(const json::object& answer, const DicomElement& asked, DicomDataset& out) {
  const json::value* attribute = answer.if_contains(dicom_json_key(asked.tag));
  const json::value* values =
      attribute == nullptr ? nullptr : attribute->as_object().if_contains("Value");
  Vr vr = asked.vr;
  if (attribute != nullptr) {
    const json::string& name = attribute->at("vr").as_string();
    vr = static_cast<Vr>(vr_code(name[0], name[1]));
  }
  if (vr == Vr::Sq) {
    out.put_items(asked.tag, {});
    return;
  }
  if (is_binary(vr) && values != nullptr) {
    std::vector<std::int64_t> numbers;
    for (const json::value& each : values->as_array()) {
      numbers.push_back(each.to_number<std::int64_t>());
    }
    out.put_integers(asked.tag, vr, numbers);
    return;
  }
  std::string text;
  if (values != nullptr) {
    for (const json::value& each : values->as_array()) {
      text += (text.empty() ? "" : "\\") + text_of_value(each);
    }
  }
  out.put_text(asked.tag, vr, text);
}

Result<Bytes> identifier_of(const json::object& answer, const Question& question) {
  DicomDataset out;
  out.put_text(charset_tag, Vr::Cs, utf8);
  out.put_text(level_tag, Vr::Cs, question.level);
  for (const DicomElement& element : question.dataset.elements()) {
    if (is_asked(element)) put_answer(answer, element, out);
  }
  return write_explicit_little_endian(out);
}

std::string first_value(const json::object& answer, DicomTag tag) {
  const json::value* attribute = answer.if_contains(dicom_json_key(tag));
  const json::value* values =
      attribute == nullptr ? nullptr : attribute->as_object().if_contains("Value");
  return values == nullptr || values->as_array().empty() ? ""
                                                         : text_of_value(values->as_array()[0]);
}

}  // namespace

Result<std::vector<Bytes>> Directory::find(std::string_view model_uid, ByteView identifier,
                                           std::string_view transfer_syntax_uid) const {
  const Question question = CSL_TRY(read_identifier(model_uid, identifier, transfer_syntax_uid));
  SearchQuery query;
  query.level = search_level(question.level);
  for (const DicomElement& element : question.dataset.elements()) {
    if (!is_asked(element)) continue;
    query.include.push_back({element.tag});
    const std::string value = value_of(question.dataset, element.tag);
    if (!value.empty()) query.filters.push_back({.path = {element.tag}, .value = value});
  }
  std::vector<Bytes> matches;
  std::set<std::string> patients;
  for (const json::object& answer : CSL_TRY(search(web_, access_, project_, std::move(query)))) {
    // Patients are found through their studies, each once.
    if (question.level == "PATIENT" &&
        !patients.insert(first_value(answer, patient_id_tag)).second) {
      continue;
    }
    matches.push_back(CSL_TRY(identifier_of(answer, question)));
  }
  return matches;
}

Result<std::vector<FoundInstance>> Directory::instances(
    std::string_view model_uid, ByteView identifier, std::string_view transfer_syntax_uid) const {
  const Question question = CSL_TRY(read_identifier(model_uid, identifier, transfer_syntax_uid));
  SearchQuery query;
  query.level = SearchLevel::Instance;
  query.include = {{syntax_tag}};
  for (const DicomTag key : unique_keys) {
    const std::string value = value_of(question.dataset, key);
    if (!value.empty()) query.filters.push_back({.path = {key}, .value = value});
  }
  if (query.filters.empty()) {
    return fail(ErrorCode::InvalidInput, "the request names no patient, study, series or image");
  }
  std::vector<FoundInstance> found;
  for (const json::object& answer : CSL_TRY(search(web_, access_, project_, std::move(query)))) {
    FoundInstance instance{.study_uid = first_value(answer, study_uid_tag),
                           .series_uid = first_value(answer, series_uid_tag),
                           .instance_uid = first_value(answer, instance_uid_tag),
                           .sop_class_uid = first_value(answer, class_uid_tag),
                           .transfer_syntax_uid = first_value(answer, syntax_tag)};
    if (instance.transfer_syntax_uid.empty()) {
      instance.transfer_syntax_uid = explicit_little_endian_uid;
    }
    found.push_back(std::move(instance));
  }
  return found;
}

Result<FetchedObject> Directory::fetch(const FoundInstance& instance,
                                       std::string_view transfer_syntax_uid) const {
  const std::array wanted{
      service::WantedForm{.media_type = {}, .transfer_syntax = std::string(transfer_syntax_uid)},
      service::WantedForm{.media_type = {}, .transfer_syntax = "*"}};
  const auto parts = CSL_TRY(web_.objects(access_,
                                          {.project = project_,
                                           .study = instance.study_uid,
                                           .series = instance.series_uid,
                                           .instance = instance.instance_uid},
                                          wanted));
  if (parts.size() != 1) return fail(ErrorCode::NotFound, "there is no such image");
  constexpr std::uint64_t size_max = std::uint64_t{2} << 30U;
  const Bytes file = CSL_TRY(read_all(*parts.front().bytes, size_max));
  const DicomFile dicom = CSL_TRY(read_dicom(file, {.stops_at_pixel_data = true}));
  FetchedObject object{.transfer_syntax_uid = dicom.transfer_syntax_uid, .dataset = {}};
  const ByteView dataset = ByteView(file).subspan(dicom.dataset_offset);
  object.dataset.assign(dataset.begin(), dataset.end());
  return object;
}

}  // namespace consilium::dimse
