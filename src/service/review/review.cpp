#include "service/review/review.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "service/annotation/blinding.hpp"
#include "service/item/items.hpp"
#include "service/review/item_review.hpp"
#include "service/review/review_state.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr Roles review_roles{Role::Reviewer, Role::Adjudicator, Role::Lead};
constexpr std::size_t known_doubts_max = 200'000;
constexpr std::int64_t limit_max = 500;

struct ListedItem {
  storage::ReviewItemRow row;
  ItemDoubt doubt;
  std::string_view reason;
};

ItemDoubt doubt_of(const ItemReview& review, std::string basis) {
  ItemDoubt doubt{.basis = std::move(basis)};
  for (const Difference& difference : review.differences) {
    doubt.entropy_bits = std::max(doubt.entropy_bits, difference.entropy_bits);
    doubt.top_least = std::min(doubt.top_least, difference.choices.front().probability);
    if (difference.agreed) continue;
    ++doubt.differences;
    if (review.settled(difference) == nullptr) ++doubt.open;
  }
  return doubt;
}

// Why the protocol wants the item adjudicated; empty when it does not.
std::string_view reason_for(const ReaderPlan& plan, const ItemDoubt& doubt, bool is_lead) {
  switch (plan.adjudication) {
    case AdjudicationRule::Never:
      return is_lead && doubt.differences > 0 ? "disagreement" : "";
    case AdjudicationRule::Disagreement:
      return doubt.differences > 0 ? "disagreement" : "";
    case AdjudicationRule::PosteriorBelow:
      return doubt.top_least < plan.adjudication_threshold ? "posterior" : "";
    case AdjudicationRule::Always:
      return "always";
  }
  return "";
}

std::string_view state_of(const ListedItem& listed) {
  if (listed.row.adjudication_revision == 0) return "open";
  return listed.doubt.open > 0 ? "in_progress" : "settled";
}

using Drafts = std::map<ItemId, RaterId>;
json::value draft_of(const Drafts& drafts, const ItemId& item, const RaterId& person) {
  const auto found = drafts.find(item);
  if (found == drafts.end()) return nullptr;
  return found->second == person ? "mine" : "another";
}

std::size_t offset_of(std::string_view cursor) {
  std::size_t offset = 0;
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), offset);
  return offset;
}

}  // namespace

Review::Review(storage::Store& store, Items& items, const Clock& clock, Random& random)
    : store_(store),
      items_(items),
      clock_(clock),
      random_(random),
      state_(std::make_unique<State>()) {}
Review::~Review() = default;

Result<std::shared_ptr<const Posteriors>> Review::State::posteriors_of(
    const storage::Reader& reader, const ProjectId& project) {
  const std::int64_t position = CSL_TRY(storage::votes_position(reader, project));
  auto known = posteriors.with([&](const auto& all) -> std::shared_ptr<const Posteriors> {
    const auto found = all.find(project);
    return found != all.end() && found->second.position == position ? found->second.posteriors
                                                                    : nullptr;
  });
  if (known) return known;
  // Two who ask at once both count: neither waits, and the numbers are the same.
  known = CSL_TRY(Posteriors::of_project(reader, protocols, project));
  posteriors.with([&](auto& all) { all[project] = {position, known}; });
  return known;
}

Result<json::object> Review::State::opinions_of(storage::Store& store,
                                                const storage::Reader& reader, const Access& access,
                                                const ProjectId& project, const ItemId& item) {
  const auto all = CSL_TRY(posteriors_of(reader, project));
  return opinions_json(
      reader, access, project,
      CSL_TRY(load_review(store, reader, protocols, all.get(), access, project, item)));
}

Result<json::object> Review::list(const Access& access, const ProjectId& project,
                                  const std::string& cursor, std::int64_t limit) {
  CSL_TRY(require(access, project, review_roles));
  const auto reader = CSL_TRY(store_.read());
  if (CSL_TRY(storage::find_project(*reader, project)).protocol_hash.empty()) {
    return json::object{{"items", json::array{}}, {"next_cursor", nullptr}, {"total", 0}};
  }
  const auto protocol = CSL_TRY(state_->protocols.of_project(*reader, project));
  const bool is_lead = roles_in(access, project).has(Role::Lead);
  const auto posteriors = CSL_TRY(state_->posteriors_of(*reader, project));
  std::vector<ListedItem> listed;
  for (storage::ReviewItemRow& row :
       CSL_TRY(storage::review_items(*reader, project, access.rater()))) {
    // Even that there is disagreement would tell a reader something who is still at it.
    if (row.is_open_to_rater || row.readers_submitted < row.readers_wanted) continue;
    std::string basis =
        row.opinions + ' ' + std::to_string(row.adjudication_revision) + ' ' + protocol->hash;
    auto known = state_->doubts.with([&](auto& doubts) -> std::optional<ItemDoubt> {
      const auto found = doubts.find(row.item);
      if (found == doubts.end() || found->second.basis != basis) return std::nullopt;
      return found->second;
    });
    if (!known) {
      known = doubt_of(CSL_TRY(load_review(store_, *reader, state_->protocols, nullptr, access,
                                           project, row.item)),
                       std::move(basis));
      state_->doubts.with([&](auto& doubts) {
        if (doubts.size() > known_doubts_max) doubts.clear();
        doubts[row.item] = *known;
      });
    }
    if (const auto counted = posteriors->doubt_of(row.item)) {
      known->entropy_bits = counted->entropy_bits;
      known->top_least = counted->top_least;
    }
    const std::string_view reason = reason_for(protocol->protocol.reader_plan, *known, is_lead);
    if (!reason.empty()) listed.push_back({std::move(row), std::move(*known), reason});
  }
  std::ranges::stable_sort(listed, [](const ListedItem& a, const ListedItem& b) {
    const bool a_settled = state_of(a) == "settled";
    const bool b_settled = state_of(b) == "settled";
    if (a_settled != b_settled) return b_settled;
    return a.doubt.entropy_bits > b.doubt.entropy_bits;
  });

  const std::size_t begin = std::min(offset_of(cursor), listed.size());
  const std::size_t end =
      std::min(begin + static_cast<std::size_t>(std::clamp<std::int64_t>(limit, 1, limit_max)),
               listed.size());
  std::vector<ItemId> ids;
  for (std::size_t i = begin; i < end; ++i) ids.push_back(listed[i].row.item);
  json::array summaries = CSL_TRY(items_.summaries(access, project, ids));
  const Drafts drafts = CSL_TRY(storage::drafts_of_project(*reader, project));
  json::array rows;
  for (std::size_t i = begin; i < end; ++i) {
    const ListedItem& one = listed[i];
    rows.push_back(json::object{{"item", std::move(summaries[i - begin])},
                                {"reason", one.reason},
                                {"differences", one.doubt.differences},
                                {"open", one.doubt.open},
                                {"entropy_bits", one.doubt.entropy_bits},
                                {"state", state_of(one)},
                                {"draft", draft_of(drafts, one.row.item, access.rater())}});
  }
  return json::object{{"items", std::move(rows)},
                      {"next_cursor", end < listed.size() ? json::value(std::to_string(end))
                                                          : json::value(nullptr)},
                      {"total", listed.size()}};
}

Result<json::object> Review::opinions(const Access& access, const ProjectId& project,
                                      const ItemId& item) {
  CSL_TRY(require(access, project, review_roles));
  {
    const auto reader = CSL_TRY(store_.read());
    CSL_TRY(storage::find_item(*reader, project, item));
    CSL_TRY(may_see_all_labels(access, *reader, state_->protocols, project, item));
  }
  CSL_TRY(items_.record_read(access, project, item, purpose_review));
  // After the read is recorded: whoever takes the item from now on is known to have seen these.
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(may_see_all_labels(access, *reader, state_->protocols, project, item));
  return state_->opinions_of(store_, *reader, access, project, item);
}

}  // namespace consilium::service
