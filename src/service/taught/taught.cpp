#include "service/taught/taught.hpp"

#include <algorithm>
#include <map>

namespace consilium::service {
namespace {

bool is_adjudication(const storage::ReadingRow& reading) {
  return reading.stage == storage::adjudicate_stage;
}

}  // namespace

std::vector<storage::ReadingRow> readings_that_count(const std::vector<storage::ReadingRow>& all) {
  std::map<ItemId, storage::ReadingRow> last;
  for (const storage::ReadingRow& reading : all) {
    if (reading.rater_kind != name_of(RaterKind::Human)) continue;
    if (reading.stage != storage::label_stage && !is_adjudication(reading)) continue;
    const auto [place, is_new] = last.try_emplace(reading.item, reading);
    if (is_new || is_adjudication(reading) || !is_adjudication(place->second)) {
      place->second = reading;
    }
  }
  std::vector<storage::ReadingRow> ordered;
  for (const auto& [item, reading] : last) ordered.push_back(reading);
  std::ranges::stable_sort(ordered, {}, &storage::ReadingRow::submitted_at);
  return ordered;
}

Result<std::vector<Annotation>> said_in(const storage::Reader& reader, const ProjectId& project,
                                        const storage::ReadingRow& reading) {
  std::vector<Annotation> said;
  for (const storage::SubmittedAnnotationRow& row :
       CSL_TRY(storage::submitted_annotations(reader, project, reading.item))) {
    if (row.rater != reading.rater || row.stage != reading.stage) continue;
    const auto body = reader.open_sealed(row.patient, row.sealed_body);
    if (!body && body.error().code == ErrorCode::NotFound) continue;
    if (!body) return std::unexpected(body.error());
    said.push_back(CSL_TRY(parse_annotation(*body)));
  }
  return said;
}

bool is_choice_of_item(const Protocol& protocol, const std::string& id) {
  const QuestionSpec* question = protocol.question(id);
  return question != nullptr && question->level == QuestionLevel::Item &&
         question->answer.type == AnswerType::Choice && !question->answer.many;
}

std::optional<double> model_probability_min(const AssistPolicy& policy) {
  const auto found = std::ranges::find(policy.sources, RaterKind::Model, &AssistSource::kind);
  const bool is_named = found != policy.sources.end();
  const ShowSuggestion show = is_named ? found->show : policy.suggestions;
  if (policy.suggestions == ShowSuggestion::Never || show == ShowSuggestion::Never) {
    return std::nullopt;
  }
  return is_named ? found->probability_min : 0;
}

}  // namespace consilium::service
