#include "service/terminology/concept_answers.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "analysis/concept_search/search.hpp"
#include "domain/label/coded_concept.hpp"
#include "domain/label/json_fields.hpp"

namespace consilium::service {
namespace {

namespace json = boost::json;

const AnswerSpec* answer_spec(const Protocol& protocol, const std::string& id) {
  if (const AttributeSpec* attribute = protocol.attribute(id)) return &attribute->answer;
  if (const QuestionSpec* question = protocol.question(id)) return &question->answer;
  const LabelSpec* label = protocol.label(id);
  return label != nullptr && label->value ? &*label->value : nullptr;
}

std::string url_of(const std::string& system, const ConceptChoice& choice) {
  if (!choice.value_set.empty()) return choice.value_set;
  const std::string uri(system_uri(system));
  return choice.within.empty() ? uri + "?fhir_vs" : uri + "?fhir_vs=ecl/" + choice.within;
}

struct Found {
  ConceptHit hit;
  const ConceptIndex* index = nullptr;
};

json::object hit_json(const Found& found) {
  const ConceptIndex& index = *found.index;
  return {{"system", system_name(index.system())},     {"code", index.code(found.hit.index)},
          {"display", index.display(found.hit.index)}, {"version", index.version()},
          {"term", index.term(found.hit.term)},        {"tag", index.tag(found.hit.index)},
          {"match", name_of(found.hit.kind)}};
}

// The other server does not say which term it found, nor how.
json::object hit_json(const CodedConcept& found) {
  return {{"system", system_name(found.system)},
          {"code", found.code},
          {"display", found.display},
          {"version", found.version},
          {"term", found.display},
          {"tag", ""},
          {"match", name_of(MatchKind::Words)}};
}

// Best first over several systems; within a rank as each system has them.
json::array ranked(std::vector<Found> all, std::size_t limit) {
  std::ranges::stable_sort(all, {}, [](const Found& found) {
    return std::tuple(found.hit.kind, found.index->kind(found.hit.term),
                      found.index->term(found.hit.term).size());
  });
  json::array out;
  for (const Found& found : all) {
    if (out.size() == limit) break;
    out.push_back(hit_json(found));
  }
  return out;
}

}  // namespace

Result<json::object> ConceptAnswers::search(const Access& access, const ProjectId& project,
                                            const std::string& answer, const std::string& text,
                                            std::int64_t limit) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  const auto known = CSL_TRY(protocols_.of_project(*reader, project));
  const AnswerSpec* spec = answer_spec(known->protocol, answer);
  if (spec == nullptr || !spec->concepts) {
    return fail(ErrorCode::NotFound, "the protocol asks for no concept there", answer,
                "name an attribute, a question or a label whose answer is of the type concept");
  }
  std::vector<std::shared_ptr<const std::vector<SystemConcepts>>> kept;
  std::vector<Found> found;
  std::vector<CodedConcept> elsewhere;
  json::array missing;
  for (const std::string& system : spec->concepts->systems) {
    const std::string url = url_of(system, *spec->concepts);
    const auto expansion = terminologies_.expansion(url);
    if (!expansion) {
      if (expansion.error().code != ErrorCode::NotFound) return std::unexpected(expansion.error());
      const auto asked =
          remote_ == nullptr
              ? Result<std::vector<CodedConcept>>(std::unexpected(expansion.error()))
              : remote_->find(url, system_uri(system), text, static_cast<std::size_t>(limit));
      if (asked) {
        elsewhere.insert(elsewhere.end(), asked->begin(), asked->end());
      } else {
        missing.push_back(json::string(system_uri(system)));
      }
      continue;
    }
    kept.push_back(*expansion);
    for (const SystemConcepts& one : **expansion) {
      if (one.index->system() != system_uri(system)) continue;
      for (const ConceptHit& hit : consilium::search(
               *one.index,
               {.text = text, .limit = static_cast<std::size_t>(limit), .among = &one.concepts})) {
        found.push_back({.hit = hit, .index = one.index.get()});
      }
    }
  }
  json::array items = ranked(std::move(found), static_cast<std::size_t>(limit));
  for (const CodedConcept& one : elsewhere) {
    if (items.size() < static_cast<std::size_t>(limit)) items.push_back(hit_json(one));
  }
  return json::object{{"items", std::move(items)}, {"missing", std::move(missing)}};
}

Result<json::object> ConceptAnswers::search_loaded(const std::string& system,
                                                   const std::string& text,
                                                   std::int64_t limit) const {
  std::vector<SharedIndex> kept;
  std::vector<Found> found;
  std::string last;
  for (const storage::TerminologyRow& row : CSL_TRY(terminologies_.list())) {
    const bool wanted = system.empty() || row.system == system_uri(system);
    if (row.kind != "code_system" || !wanted || row.system == last) continue;
    last = row.system;  // the rest of this system are older versions
    kept.push_back(CSL_TRY(terminologies_.index(row.system, row.version)));
    for (const ConceptHit& hit : consilium::search(
             *kept.back(), {.text = text, .limit = static_cast<std::size_t>(limit)})) {
      found.push_back({.hit = hit, .index = kept.back().get()});
    }
  }
  json::array missing;
  if (kept.empty() && !system.empty()) missing.push_back(json::string(system_uri(system)));
  return json::object{{"items", ranked(std::move(found), static_cast<std::size_t>(limit))},
                      {"missing", std::move(missing)}};
}

Result<std::vector<Violation>> ConceptAnswers::check(const Protocol& protocol,
                                                     const Annotation& annotation) const {
  std::vector<Violation> problems;
  const auto check_one = [&](const AnswerSpec* spec, const AnswerValue& value,
                             const std::string& path) -> Status {
    const auto* picked = std::get_if<CodedConcept>(&value);
    if (picked == nullptr || spec == nullptr || !spec->concepts) return {};
    const std::string url = url_of(picked->system, *spec->concepts);
    const auto expansion = terminologies_.expansion(url);
    if (!expansion && expansion.error().code != ErrorCode::NotFound) {
      return std::unexpected(expansion.error());
    }
    if (!expansion) {
      if (remote_ == nullptr) return {};
      const auto holds = remote_->holds(url, system_uri(picked->system), picked->code);
      if (!holds || *holds) return {};
      problems.push_back({path, "the concept is not among those that the protocol asks for",
                          "pick one that the search offers"});
      return {};
    }
    bool judged = false;
    for (const SystemConcepts& one : **expansion) {
      if (one.index->system() != system_uri(picked->system)) continue;
      judged = true;
      const auto at = one.index->find(picked->code);
      if (at && one.concepts.has(*at)) return {};
    }
    problems.push_back({path,
                        judged ? "the concept is not among those that the protocol asks for"
                               : "the value set has no concept of this code system",
                        "pick one that the search offers"});
    return {};
  };
  for (const auto& [id, value] : annotation.attributes) {
    CSL_TRY(check_one(answer_spec(protocol, id), value, pointer_to("/attributes", id)));
  }
  const std::string answered = annotation.label.value_or(annotation.question.value_or(""));
  const LabelSpec* label = annotation.label ? protocol.label(*annotation.label) : nullptr;
  const AnswerSpec* own = label != nullptr ? (label->value ? &*label->value : nullptr)
                                           : answer_spec(protocol, answered);
  CSL_TRY(check_one(own, annotation.value, "/value"));
  return problems;
}

}  // namespace consilium::service
