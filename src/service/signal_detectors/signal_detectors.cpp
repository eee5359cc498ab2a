#include "service/signal_detectors/signal_detectors.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "domain/label/annotation.hpp"
#include "service/item/signal_source.hpp"
#include "service/job/job_queue.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/prelabel/replace_labels.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/signal_detectors/detector.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"
#include "storage/signal_detectors.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::SignalDetectorRow;

namespace {

constexpr std::size_t problems_told_max = 20;

// Of a project: how far its recordings are labelled anew.
struct Run {
  std::int64_t after_number = 0;  // the items up to here are done
  std::size_t recordings_left = 0;
  bool is_waiting = false;  // a job is in the queue
  std::set<std::string> problems;
};

// What a detector has to do on an item.
enum class Due { Nothing, Label, TakeBack };

Result<std::map<SignalDetector, bool>> settings(const storage::Reader& reader,
                                                const ProjectId& project) {
  std::map<SignalDetector, bool> on;
  for (const SignalDetectorRow& row : CSL_TRY(storage::signal_detectors(reader, project))) {
    if (const auto detector = signal_detector_named(row.detector)) on[*detector] = row.is_on;
  }
  return on;
}

// The version that spoke last on the item begins the evidence of any of its labels.
Result<Due> due_on(const storage::Reader& reader, const storage::ItemRow& item,
                   SignalDetector detector, bool is_on) {
  const auto first = CSL_TRY(
      storage::annotations_of_item(reader, item.id, rater_of_tool(tool_of(detector)), "", 1));
  if (!is_on) return first.empty() ? Due::Nothing : Due::TakeBack;
  if (first.empty()) return Due::Label;
  const Annotation body = CSL_TRY(parse_annotation(
      CSL_TRY(reader.open_sealed(first.front().patient, first.front().sealed_body))));
  const bool is_of_version = body.comment && body.comment->starts_with(evidence_start(detector));
  return is_of_version ? Due::Nothing : Due::Label;
}

}  // namespace

struct SignalDetectors::State {
  storage::Store& store;
  const Clock& clock;
  Random& random;
  JobQueue* jobs;
  ProtocolCache protocols = {};
  Guarded<std::map<ProjectId, Run>> runs = {};
  // Recordings in which a detector found nothing: their items bear no label that would say so.
  Guarded<std::set<std::pair<ItemId, SignalDetector>>> silent = {};

  Result<bool> label(const Access& access, const storage::ItemRow& item, const Protocol& protocol,
                     const std::map<SignalDetector, bool>& on, Run& run) {
    const auto reader = CSL_TRY(store.read());
    if (CSL_TRY(is_begun(*reader, item.id))) return false;
    std::vector<SignalDetector> speaking;
    std::vector<ToolSet> sets;
    for (const auto& [detector, is_on] : on) {
      const bool is_known = silent.with(
          [&, detector = detector](auto& known) { return known.contains({item.id, detector}); });
      const Due due = CSL_TRY(due_on(*reader, item, detector, is_on));
      if (due == Due::TakeBack) {
        sets.push_back(
            {.tool = tool_of(detector), .set = {.item = item.id, .source = {}, .labels = {}}});
      }
      if (due == Due::Label && !is_known) speaking.push_back(detector);
    }
    if (!speaking.empty()) {
      const auto recording = open_recording(store, CSL_TRY(parse_id<RecordingId>(item.source_id)));
      if (!recording) return false;  // its patient was erased
      if (!holds_ecg(recording->samples->header())) speaking.clear();
      if (!speaking.empty()) {
        auto said = CSL_TRY(detected(speaking, protocol, item.id, *recording->samples));
        for (std::size_t d = 0; d < speaking.size(); ++d) {
          if (said[d].labels.empty()) {
            silent.with([&](auto& known) { known.insert({item.id, speaking[d]}); });
          }
          sets.push_back({.tool = tool_of(speaking[d]), .set = std::move(said[d])});
        }
      }
    }
    if (sets.empty()) return false;
    const Replaced done =
        CSL_TRY(replace_labels(store, clock, random, access, protocol, item, sets));
    for (const std::string& problem : done.problems) {
      if (run.problems.size() < problems_told_max) run.problems.insert(problem);
    }
    return done.is_changed;
  }

  // Labels the next recordings of a run, at most `count_max` that take work; the run then stands
  // behind them. Returns how many have other suggestions than before.
  Result<std::size_t> label_some(const Access& access, const ProjectId& project, Run& run,
                                 std::size_t count_max, const std::stop_token& stop) {
    const auto reader = CSL_TRY(store.read());
    const std::map<SignalDetector, bool> on = CSL_TRY(settings(*reader, project));
    run.recordings_left = 0;
    if (on.empty()) return std::size_t{0};
    const auto known = CSL_TRY(protocols.of_project(*reader, project));
    std::size_t changed = 0;
    for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, project))) {
      if (item.kind != "signal" || item.number <= run.after_number) continue;
      if (stop.stop_requested() || changed == count_max) {
        ++run.recordings_left;
        continue;
      }
      run.after_number = item.number;
      const auto done = label(access, item, known->protocol, on, run);
      if (!done) {
        run.problems.insert(done.error().what);
      } else if (*done) {
        ++changed;
      }
    }
    return changed;
  }

  void follow(const Access& access, const ProjectId& project) {
    if (jobs == nullptr) return;
    const bool is_new = runs.with([&](auto& all) {
      Run& run = all[project];
      run.after_number = 0;
      run.problems.clear();
      return !std::exchange(run.is_waiting, true);
    });
    if (is_new) queue(access, project);
  }

  void queue(const Access& access, const ProjectId& project) {
    const auto job = [this, access, project](const std::stop_token& stop) {
      // From here on a further change begins a further job.
      Run run = runs.with([&](auto& all) {
        all[project].is_waiting = false;
        return all[project];
      });
      const auto done = label_some(access, project, run, 1, stop);
      if (!done) run.problems.insert(done.error().what);
      const bool goes_on = done && run.recordings_left > 0 && !stop.stop_requested();
      const bool is_begun_anew = runs.with([&](auto& all) {
        Run& kept = all[project];
        if (kept.is_waiting) return true;
        kept = run;
        kept.is_waiting = goes_on;
        return false;
      });
      if (!is_begun_anew && goes_on) queue(access, project);
    };
    if (!jobs->add(job)) runs.with([&](auto& all) { all[project].is_waiting = false; });
  }
};

SignalDetectors::SignalDetectors(storage::Store& store, const Clock& clock, Random& random,
                                 JobQueue* jobs)
    : state_(new State{.store = store, .clock = clock, .random = random, .jobs = jobs}) {}

SignalDetectors::~SignalDetectors() = default;

Result<json::object> SignalDetectors::list(const Access& access, const ProjectId& project) {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(state_->store.read());
  const auto protocol = CSL_TRY(state_->protocols.of_project(*reader, project));
  const auto rows = CSL_TRY(storage::signal_detectors(*reader, project));
  json::array items;
  for (const SignalDetector detector : all_signal_detectors) {
    json::array labels;
    for (const std::string& id : labels_of(detector, protocol->protocol)) labels.emplace_back(id);
    json::object view{{"detector", std::string(name_of(detector))},
                      {"name", tool_of(detector).name},
                      {"version", std::string(version_of(detector))},
                      {"labels", std::move(labels)},
                      {"is_on", false},
                      {"changed_at", nullptr},
                      {"changed_by", ""}};
    const auto row = std::ranges::find(rows, name_of(detector), &SignalDetectorRow::detector);
    if (row != rows.end()) {
      view["is_on"] = row->is_on;
      view["changed_at"] = to_rfc3339(row->changed_at);
      view["changed_by"] = row->changed_by;
    }
    items.push_back(std::move(view));
  }
  const Run run = state_->runs.with([&](auto& all) { return all[project]; });
  json::array problems;
  for (const std::string& problem : run.problems) problems.emplace_back(problem);
  return json::object{{"items", std::move(items)},
                      {"is_running", run.is_waiting},
                      {"recordings_left", run.recordings_left},
                      {"problems", std::move(problems)}};
}

Result<json::object> SignalDetectors::put(const Access& access, const ProjectId& project,
                                          std::string_view detector, bool is_on) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  const auto named = signal_detector_named(detector);
  if (!named) return fail(ErrorCode::NotFound, "there is no such detector");
  {
    const auto reader = CSL_TRY(state_->store.read());
    const auto protocol = CSL_TRY(state_->protocols.of_project(*reader, project));
    if (is_on && labels_of(*named, protocol->protocol).empty()) {
      return fail(ErrorCode::Conflict, "the protocol has none of the labels that it gives",
                  "detector", "map a label to its WFDB code in the protocol");
    }
  }
  bool is_changed = false;
  CSL_TRY(state_->store.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
    const auto on = CSL_TRY(settings(transaction, project));
    const auto known = on.find(*named);
    is_changed = known == on.end() ? is_on : known->second != is_on;
    if (!is_changed) return {};
    return transaction.append(
        storage::signal_detector_set({.project = project,
                                      .detector = std::string(detector),
                                      .is_on = is_on,
                                      .changed_at = {},
                                      .changed_by = actor_of(access).person}));
  }));
  if (is_changed) state_->follow(access, project);
  return list(access, project);
}

void SignalDetectors::follow_recordings(const Access& access, const ProjectId& project) {
  state_->follow(access, project);
}

Result<std::size_t> SignalDetectors::label_all(const Access& access, const ProjectId& project,
                                               const std::stop_token& stop) {
  CSL_TRY(require(access, project, Roles{Role::Rater, Role::Lead}));
  Run run;
  const std::size_t changed =
      CSL_TRY(state_->label_some(access, project, run, std::size_t(-1), stop));
  state_->runs.with([&](auto& all) { all[project].problems = run.problems; });
  return changed;
}

}  // namespace consilium::service
