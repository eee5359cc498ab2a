// QIDO-RS: candidates from the catalog, their attributes as DICOM JSON, then matching.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "base/canonical_json.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "service/dicomweb/label_objects.hpp"
#include "service/dicomweb/place.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::string_view retrieve_url = "00081190";

// What is answered unasked (PS3.18 tables 10.6.3-3 to 10.6.3-5), and so what the catalog must tell.
constexpr std::array<std::string_view, 16> study_keys{
    "00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00080201", "00081030",
    "00081190", "00100010", "00100020", "00100030", "00100040", "0020000D", "00200010", "00201206"};
constexpr std::array<std::string_view, 10> series_keys{
    "00080060", "00080201", "0008103E", "00081190", "00180015",
    "0020000D", "0020000E", "00200011", "00201209", "00400244"};
constexpr std::array<std::string_view, 14> instance_keys{
    "00080016", "00080018", "00080056", "00080060", "00080201", "00081190", "0020000D",
    "0020000E", "00200013", "00280008", "00280010", "00280011", "00280100", "00083002"};

void put(json::object& attributes, std::string_view key, std::string_view vr, json::value value) {
  json::object attribute{{"vr", vr}};
  const bool is_empty = value.is_null() || (value.is_string() && value.as_string().empty());
  if (!is_empty) attribute["Value"] = json::array{std::move(value)};
  attributes[key] = std::move(attribute);
}

std::string compact_date(std::string date) {
  std::erase(date, '-');
  return date;
}

json::object study_attributes(const StudyPlace& place, const std::string& description,
                              const std::string& address) {
  const storage::DicomStudyRow& row = place.row;
  json::object attributes;
  put(attributes, "00080020", "DA", json::value_from(compact_date(row.date)));
  put(attributes, "00080050", "SH", nullptr);
  put(attributes, "00080056", "CS", "ONLINE");
  json::array modalities;
  std::string_view rest = row.modalities;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (comma != 0) modalities.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  attributes["00080061"] = json::object{{"vr", "CS"}, {"Value", std::move(modalities)}};
  put(attributes, "00080090", "PN", nullptr);
  put(attributes, "00081030", "LO", json::value_from(description));
  put(attributes, retrieve_url, "UR", json::value_from(address));
  put(attributes, "00100010", "PN", json::object{{"Alphabetic", row.pseudonym}});
  put(attributes, "00100020", "LO", json::value_from(row.pseudonym));
  put(attributes, "00100030", "DA", nullptr);
  put(attributes, "00100040", "CS", nullptr);
  put(attributes, "0020000D", "UI", json::value_from(place.uid));
  put(attributes, "00200010", "SH", nullptr);
  put(attributes, "00201206", "IS", row.series_count);
  put(attributes, "00201208", "IS", row.instance_count);
  return attributes;
}

void add_series_attributes(json::object& attributes, const SeriesPlace& place,
                           const std::optional<Descriptions>& descriptions,
                           const std::string& address) {
  put(attributes, "00080060", "CS", json::value_from(place.row.modality));
  if (descriptions) put(attributes, "0008103E", "LO", json::value_from(descriptions->series));
  put(attributes, retrieve_url, "UR", json::value_from(address));
  if (!place.row.body_part.empty()) {
    put(attributes, "00180015", "CS", json::value_from(place.row.body_part));
  }
  put(attributes, "0020000E", "UI", json::value_from(place.uid));
  put(attributes, "00200011", "IS",
      place.row.number ? json::value(*place.row.number) : json::value());
  put(attributes, "00201209", "IS", place.row.instance_count);
}

// One object of the answer, in the order of the tags.
class AnswerWriter {
 public:
  AnswerWriter(const SearchQuery& query, bool has_study, bool has_series) : query_(query) {
    add(wanted_, query.level == SearchLevel::Study || !has_study, study_keys);
    if (query.level == SearchLevel::Study) wanted_.insert("00201208");
    const bool with_series =
        query.level == SearchLevel::Series || (query.level == SearchLevel::Instance && !has_series);
    add(wanted_, with_series, series_keys);
    add(wanted_, query.level == SearchLevel::Instance, instance_keys);
    for (const SearchFilter& filter : query.filters) {
      wanted_.insert(dicom_json_key(filter.path.front()));
    }
    for (const auto& path : query.include) wanted_.insert(dicom_json_key(path.front()));
  }

  // Whether something is asked for that the catalog's columns do not tell.
  [[nodiscard]] bool needs_metadata() const {
    if (query_.level == SearchLevel::Instance || query_.include_all) return true;
    const auto is_told = [&](DicomTag tag) {
      const std::string key = dicom_json_key(tag);
      const bool in_study =
          key == "00201208" || std::ranges::find(study_keys, key) != study_keys.end();
      const bool in_series = query_.level == SearchLevel::Series &&
                             std::ranges::find(series_keys, key) != series_keys.end();
      return (in_study && key != "00080030") || in_series;
    };
    return !std::ranges::all_of(query_.filters,
                                [&](const auto& filter) { return is_told(filter.path.front()); }) ||
           !std::ranges::all_of(query_.include,
                                [&](const auto& path) { return is_told(path.front()); });
  }

  // False when the answer is full.
  [[nodiscard]] bool take(const json::object& attributes) {
    const bool is_match = std::ranges::all_of(
        query_.filters, [&](const SearchFilter& filter) { return matches(attributes, filter); });
    if (!is_match) return true;
    if (skipped_ < query_.offset) {
      ++skipped_;
      return true;
    }
    if (answer_.count >= std::min(query_.limit, search_limit_max)) {
      is_cut_ = true;
      return false;
    }
    write(attributes);
    return true;
  }

  [[nodiscard]] SearchAnswer finish() {
    answer_.json += ']';
    if (query_.fuzzy) {
      answer_.warnings.emplace_back(
          "The fuzzymatching parameter is not supported. Only literal matching has been "
          "performed.");
    }
    if (is_cut_ && query_.limit > search_limit_max) {
      answer_.warnings.emplace_back(
          "The number of results exceeded the maximum supported by the server. Additional results "
          "can be requested.");
    }
    return std::move(answer_);
  }

 private:
  template <class Keys>
  static void add(std::set<std::string, std::less<>>& to, bool is_wanted, const Keys& keys) {
    if (!is_wanted) return;
    for (const std::string_view key : keys) to.emplace(key);
  }

  void write(const json::object& attributes) {
    std::set<std::string_view> keys;
    for (const auto& attribute : attributes) {
      const std::string_view key(attribute.key().data(), attribute.key().size());
      if (query_.include_all || wanted_.contains(key)) keys.insert(key);
    }
    answer_.json += answer_.count++ > 0 ? ",{" : "{";
    bool is_first = true;
    for (const std::string_view key : keys) {
      if (!std::exchange(is_first, false)) answer_.json += ',';
      answer_.json += '"';
      answer_.json += key;
      answer_.json += "\":";
      answer_.json += json::serialize(attributes.at(key));
    }
    answer_.json += '}';
  }

  const SearchQuery& query_;
  std::set<std::string, std::less<>> wanted_;
  SearchAnswer answer_{.json = "[", .count = 0, .warnings = {}};
  std::uint64_t skipped_ = 0;
  bool is_cut_ = false;
};

Result<json::object> attributes_of_form(const KeptForm& kept,
                                        const std::optional<Descriptions>& descriptions,
                                        const std::string& series_address) {
  std::string text;
  CSL_TRY(append_metadata(text, kept.form, descriptions, series_address));
  constexpr std::size_t depth_max = 100;
  json::value value = CSL_TRY(parse_json(text, depth_max));
  return std::move(value).as_object();
}

// What the columns tell counts more than what the image says.
void merge(json::object& into, json::object&& from) {
  for (auto& attribute : from) {
    if (!into.contains(attribute.key())) {
      into.insert_or_assign(attribute.key(), std::move(attribute.value()));
    }
  }
}

// False when the answer is full.
Result<bool> take_labels(AnswerWriter& writer, const SearchQuery& query,
                         const json::object& study_attributes, const std::string& study_address,
                         const std::vector<LabelObject>& objects, bool needs_metadata) {
  std::string last_series;
  for (const LabelObject& object : objects) {
    const bool is_next = std::exchange(last_series, object.series_uid) != object.series_uid;
    if (query.level == SearchLevel::Series && !is_next) continue;
    const std::string series_address = study_address + "/series/" + object.series_uid;
    json::object attributes = study_attributes;
    put(attributes, "00080060", "CS", json::value_from(object.modality));
    put(attributes, "0008103E", "LO", json::value_from(object.series_description));
    put(attributes, "0020000E", "UI", json::value_from(object.series_uid));
    put(attributes, "00200011", "IS",
        object.series_number ? json::value(*object.series_number) : json::value());
    put(attributes, "00201209", "IS",
        std::ranges::count(objects, object.series_uid, &LabelObject::series_uid));
    const bool is_instance = query.level == SearchLevel::Instance;
    put(attributes, retrieve_url, "UR",
        json::value_from(is_instance ? series_address + "/instances/" + object.sop_uid
                                     : series_address));
    if (needs_metadata) {
      const KeptForm form{.sop_uid = object.sop_uid, .form = object.metadata_form};
      merge(attributes, CSL_TRY(attributes_of_form(form, std::nullopt, series_address)));
    }
    if (!writer.take(attributes)) return false;
  }
  return true;
}

}  // namespace

Result<SearchAnswer> DicomWeb::search(const Access& access, const DicomPath& path,
                                      const SearchQuery& query, std::string_view address) {
  AnswerWriter writer(query, !path.study.empty(), !path.series.empty());
  std::vector<StudyPlace> studies;
  if (path.study.empty()) {
    studies = CSL_TRY(visible_studies(access, path));
  } else {
    studies.push_back(CSL_TRY(find_study(access, path)));
  }
  const bool needs_metadata = writer.needs_metadata();
  // A list of studies tells no more than a work list does; whatever goes deeper is a read.
  const bool is_read = query.level != SearchLevel::Study || needs_metadata ||
                       std::ranges::any_of(studies, shows_descriptions);
  if (is_read) CSL_TRY(record(access, studies));
  const auto reader = CSL_TRY(tools_.store.read());
  for (const StudyPlace& study : studies) {
    const std::string study_address = std::string(address) + "/studies/" + study.uid;
    const std::string description =
        shows_descriptions(study) ? CSL_TRY(study_description(*reader, study)) : study.row.title;
    const json::object own = study_attributes(study, description, study_address);
    if (query.level == SearchLevel::Study && !needs_metadata) {
      if (!writer.take(own)) return writer.finish();
      continue;
    }
    std::vector<SeriesPlace> series = CSL_TRY(series_places(tools_.store, *uids_, *reader, study));
    if (!path.series.empty()) {
      std::erase_if(series, [&](const SeriesPlace& one) { return one.uid != path.series; });
    }
    // Within a study its labels are told of too; of all studies they would have to be made first.
    std::vector<LabelObject> labels;
    if (!path.study.empty() && (path.series.empty() || series.empty())) {
      labels = CSL_TRY(find_labels(access, path)).objects;
    }
    for (const SeriesPlace& one : series) {
      const auto descriptions = CSL_TRY(descriptions_of(*reader, study, one.row));
      const std::string series_address = study_address + "/series/" + one.uid;
      std::vector<KeptForm> forms;
      if (needs_metadata) {
        forms = CSL_TRY(metadata_forms(tools_.store, *reader, study, one.row.id));
      }
      json::object attributes = own;
      if (query.level != SearchLevel::Study) {
        add_series_attributes(attributes, one, descriptions, series_address);
      }
      if (query.level != SearchLevel::Instance) {
        if (!forms.empty()) {
          merge(attributes,
                CSL_TRY(attributes_of_form(forms.front(), descriptions, series_address)));
        }
        if (!writer.take(attributes)) return writer.finish();
        if (query.level == SearchLevel::Study) break;
        continue;
      }
      for (const KeptForm& kept : forms) {
        json::object instance = attributes;
        put(instance, retrieve_url, "UR",
            json::value_from(series_address + "/instances/" +
                             uids_->served(tools_.store, kept.sop_uid)));
        merge(instance, CSL_TRY(attributes_of_form(kept, descriptions, series_address)));
        if (!writer.take(instance)) return writer.finish();
      }
    }
    if (!CSL_TRY(take_labels(writer, query, own, study_address, labels, needs_metadata))) break;
  }
  return writer.finish();
}

}  // namespace consilium::service
