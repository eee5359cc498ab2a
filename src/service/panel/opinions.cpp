#include "service/panel/opinions.hpp"

#include <utility>

#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace {

constexpr std::string_view adjudicate_stage = "adjudicate";

using ByRater = std::map<RaterId, Opinion>;
struct OfItem {
  ByRater label;
  ByRater adjudicate;
  bool is_erased = false;

  Opinion& of(std::string_view stage, const RaterId& rater) {
    return (stage == adjudicate_stage ? adjudicate : label)[rater];
  }
};

RaterRef rater_ref(const RaterId& id, const std::string& kind, const std::string& name) {
  return {
      .id = id, .kind = rater_kind_named(kind).value_or(RaterKind::Human), .display_name = name};
}

// A reading that was reopened is no finished task any more, and yet its submitted labels count
// until others are submitted: they bring their rater back.
Status add_annotations(const storage::Reader& reader, const ProjectId& project,
                       const std::optional<ItemId>& only, std::map<ItemId, OfItem>& items) {
  for (const storage::SubmittedAnnotationRow& row :
       CSL_TRY(storage::submitted_annotations(reader, project, only))) {
    OfItem& item = items[row.item];
    auto body = reader.open_sealed(row.patient, row.sealed_body);
    if (!body && body.error().code == ErrorCode::NotFound) {
      item.is_erased = true;
      continue;
    }
    Opinion& opinion = item.of(row.stage, row.rater);
    opinion.rater = rater_ref(row.rater, row.rater_kind, row.rater_name);
    if (opinion.at < row.at) opinion.at = row.at;
    opinion.annotations.push_back(CSL_TRY(parse_annotation(CSL_TRY(std::move(body)))));
  }
  return {};
}

// After the annotations: a finished task says when its labels were submitted.
Status add_readings(const storage::Reader& reader, const ProjectId& project,
                    const std::optional<ItemId>& only, std::map<ItemId, OfItem>& items) {
  for (const storage::ReadingRow& row : CSL_TRY(storage::readings(reader, project, only))) {
    Opinion& opinion = items[row.item].of(row.stage, row.rater);
    opinion.rater = rater_ref(row.rater, row.rater_kind, row.rater_name);
    opinion.at = row.submitted_at;
    opinion.duration_s = row.duration_s;
  }
  return {};
}

}  // namespace

Result<std::vector<ReadItem>> read_opinions(const storage::Reader& reader, const ProjectId& project,
                                            const std::optional<ItemId>& only) {
  std::map<ItemId, OfItem> said;
  CSL_TRY(add_annotations(reader, project, only, said));
  CSL_TRY(add_readings(reader, project, only, said));
  std::vector<storage::ItemRow> rows;
  if (only) {
    rows.push_back(CSL_TRY(storage::find_item(reader, project, *only)));
  } else {
    rows = CSL_TRY(storage::all_items(reader, project));
  }
  std::vector<ReadItem> items;
  items.reserve(rows.size());
  for (storage::ItemRow& row : rows) {
    ReadItem& item =
        items.emplace_back(ReadItem{.row = std::move(row), .opinions = {}, .truth = {}});
    const auto found = said.find(item.row.id);
    if (found == said.end() || found->second.is_erased) continue;
    for (auto& [rater, opinion] : found->second.label) item.opinions.push_back(std::move(opinion));
    for (auto& [rater, opinion] : found->second.adjudicate) {
      // The latest word where several adjudicated.
      if (!item.truth || item.truth->at < opinion.at) item.truth = std::move(opinion);
    }
  }
  return items;
}

}  // namespace consilium::service
