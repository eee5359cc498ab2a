#include "service/overview/overview.hpp"

#include <boost/json.hpp>
#include <map>
#include <vector>

#include "storage/store.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Fields;
using storage::Row;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

// Of sorted values.
json::value median(const std::vector<double>& sorted) {
  if (sorted.empty()) return nullptr;
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

void add_to(json::object& counts, const std::string& name, std::int64_t more) {
  json::value& value = counts[name];
  value = (value.is_int64() ? value.as_int64() : 0) + more;
}

Result<json::object> items_json(const storage::Reader& reader, const ProjectId& project) {
  json::object by_kind;
  json::object by_state;
  std::int64_t total = 0;
  for (const Row& row : CSL_TRY(reader.query("work.items_by", Fields().set("project", project)))) {
    const std::int64_t count = row.integer("count");
    add_to(by_kind, row.text("kind"), count);
    add_to(by_state, row.text("state"), count);
    total += count;
  }
  return json::object{
      {"total", total}, {"by_kind", std::move(by_kind)}, {"by_state", std::move(by_state)}};
}

struct Durations {
  std::map<std::string, std::vector<double>> of_rater;
  std::vector<double> all;
};

Result<Durations> durations_of(const storage::Reader& reader, const ProjectId& project) {
  Durations durations;
  for (const Row& row : CSL_TRY(reader.query("work.durations", Fields().set("project", project)))) {
    const double seconds = row.number("duration_s");
    durations.of_rater[row.text("rater_id")].push_back(seconds);
    durations.all.push_back(seconds);
  }
  return durations;
}

std::string date_of(std::int64_t day) { return to_rfc3339({day * day_ms}).substr(0, 10); }

}  // namespace

Result<json::object> project_statistics(const storage::Store& store, const Clock& clock,
                                        const Access& access, const ProjectId& project) {
  CSL_TRY(require(access, project, case_roles));
  const bool is_lead = roles_in(access, project).has(Role::Lead);
  const auto reader = CSL_TRY(store.read());
  const Durations durations = CSL_TRY(durations_of(*reader, project));
  const std::string own = to_string(access.rater());

  json::array raters;
  const std::int64_t today = clock.now().ms / day_ms * day_ms;
  for (const Row& row : CSL_TRY(reader->query(
           "work.rater_statistics", Fields().set("project", project).set("today", today)))) {
    const std::string rater = row.text("rater_id");
    if (!is_lead && rater != own) continue;
    const auto found = durations.of_rater.find(rater);
    raters.push_back(json::object{
        {"rater_id", rater},
        {"display_name", row.text("display_name")},
        {"items_submitted", row.integer("submitted")},
        {"median_s_per_item",
         found == durations.of_rater.end() ? json::value(nullptr) : median(found->second)},
        {"today", row.integer("today")},
        {"last_submitted_at", row.is_null("last_submitted_at")
                                  ? json::value(nullptr)
                                  : json::value(to_rfc3339({row.integer("last_submitted_at")}))},
        {"open_leases", row.integer("open_leases")}});
  }
  Fields of_rater = Fields().set("project", project);
  if (!is_lead) of_rater.set("rater", own);
  json::array per_day;
  for (const Row& row : CSL_TRY(reader->query("work.submitted_per_day", of_rater))) {
    per_day.push_back(json::object{{"date", date_of(row.integer("day"))},
                                   {"submitted", row.integer("submitted")}});
  }
  json::object annotations;
  for (const Row& row : CSL_TRY(reader->query("labels.counts_by_label", of_rater))) {
    annotations[row.text("label")] = row.integer("count");
  }
  const auto mine = durations.of_rater.find(own);
  json::value median_s = nullptr;
  if (is_lead) {
    median_s = median(durations.all);
  } else if (mine != durations.of_rater.end()) {
    median_s = median(mine->second);
  }
  return json::object{{"items", CSL_TRY(items_json(*reader, project))},
                      {"raters", std::move(raters)},
                      {"per_day", std::move(per_day)},
                      {"median_s_per_item", std::move(median_s)},
                      {"annotations", std::move(annotations)}};
}

}  // namespace consilium::service
