#include "service/note_tools/note_tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "base/guarded.hpp"
#include "service/job/job_queue.hpp"
#include "service/note_tools/tool_reader.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/tagging/note_model.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::NoteToolId;
using storage::NoteToolRow;

namespace {

constexpr std::size_t problems_told_max = 20;

// Of a project: how far its notes are labelled anew.
struct Run {
  std::int64_t after_number = 0;  // the items up to here are done
  std::size_t notes_max = 0;      // of this run; 0: all
  std::size_t notes_left = 0;
  bool is_waiting = false;       // a job is in the queue
  bool is_over_all_now = false;  // a job over all notes is at work
  std::set<NoteToolId> removed;  // to be forgotten once all notes were gone through
  std::set<std::string> problems;
};

struct BuiltTool {
  std::int64_t revision = 0;
  std::string protocol_hash;
  std::string code_system;  // its present version
  Result<std::shared_ptr<const NoteTool>> tool;
};

json::object view_of(const NoteToolRow& row, const NoteToolDraft& draft,
                     const Result<std::shared_ptr<const NoteTool>>& built) {
  json::object assertions;
  for (const auto& [word, choice] : draft.assertions) assertions[word] = choice;
  json::object view{{"id", to_string(row.id)},
                    {"kind", row.kind},
                    {"name", row.name},
                    {"is_on", row.is_on},
                    {"label", draft.label},
                    {"system", draft.system},
                    {"version", draft.version},
                    {"within", draft.within},
                    {"assertions", std::move(assertions)},
                    {"entries", built ? static_cast<std::int64_t>((*built)->entry_count) : 0},
                    {"tool_version", built ? (*built)->version : std::string()},
                    {"problem", nullptr},
                    {"revision", row.revision},
                    {"changed_at", to_rfc3339(row.changed_at)},
                    {"changed_by", row.changed_by}};
  if (!built) {
    const Error& error = built.error();
    view["problem"] = error.where.empty() ? error.what : error.what + " (" + error.where + ")";
  }
  return view;
}

Result<NoteToolRow> row_named(const storage::Reader& reader, const ProjectId& project,
                              const NoteToolId& id) {
  for (NoteToolRow& row : CSL_TRY(storage::note_tools(reader, project))) {
    if (row.id == id) return std::move(row);
  }
  return fail(ErrorCode::NotFound, "there is no such tool in the project");
}

// Spans that others than these tools have suggested on a note: the tagger, imported labels.
Result<std::vector<GivenSpan>> spans_of_others(const storage::Reader& reader,
                                               const ProjectId& project, const ItemId& item,
                                               const std::set<RaterId>& tools) {
  std::vector<GivenSpan> spans;
  for (const storage::SubmittedAnnotationRow& row :
       CSL_TRY(storage::submitted_annotations(reader, project, item))) {
    if (row.stage != suggest_stage || tools.contains(row.rater)) continue;
    const Annotation body =
        CSL_TRY(parse_annotation(CSL_TRY(reader.open_sealed(row.patient, row.sealed_body))));
    const auto* target = std::get_if<SpansTarget>(&body.target);
    if (!body.label || target == nullptr || target->ranges.size() != 1) continue;
    spans.push_back({target->ranges.front(), *body.label});
  }
  return spans;
}

}  // namespace

struct NoteTools::State {
  storage::Store& store;
  const Clock& clock;
  Random& random;
  const Terminologies& terminologies;
  JobQueue* jobs;
  ProtocolCache protocols = {};
  Guarded<std::map<NoteToolId, BuiltTool>> built = {};
  Guarded<std::map<ProjectId, Run>> runs = {};

  Result<std::shared_ptr<const NoteTool>> build(const NoteToolRow& row, const Protocol& protocol) {
    const NoteToolDraft draft = CSL_TRY(draft_of(row));
    std::string code_system;
    if (!draft.system.empty()) {
      const auto index = terminologies.index(draft.system, draft.version);
      if (!index) return std::unexpected(index.error());
      code_system = (*index)->version();
    }
    const std::string hash = to_hex(protocol.content_hash);
    const auto known =
        built.with([&](auto& kept) -> std::optional<Result<std::shared_ptr<const NoteTool>>> {
          const auto found = kept.find(row.id);
          const bool is_fresh = found != kept.end() && found->second.revision == row.revision &&
                                found->second.protocol_hash == hash &&
                                found->second.code_system == code_system;
          return is_fresh ? std::optional(found->second.tool) : std::nullopt;
        });
    if (known) return *known;
    auto made = build_note_tool(draft, protocol, terminologies);
    Result<std::shared_ptr<const NoteTool>> tool =
        made ? Result<std::shared_ptr<const NoteTool>>(
                   std::make_shared<const NoteTool>(std::move(*made)))
             : std::unexpected(made.error());
    built.with([&](auto& kept) {
      kept.insert_or_assign(row.id, BuiltTool{.revision = row.revision,
                                              .protocol_hash = hash,
                                              .code_system = code_system,
                                              .tool = tool});
    });
    return tool;
  }

  // Labels the notes of a run from where it stands, at most `count_max` of them; the run then
  // stands behind them. Returns how many have other suggestions than before.
  Result<std::size_t> label_some(const Access& access, const ProjectId& project, Run& run,
                                 std::size_t count_max, const std::stop_token& stop) {
    const auto reader = CSL_TRY(store.read());
    const std::vector<NoteToolRow> rows = CSL_TRY(storage::note_tools(*reader, project));
    run.notes_left = 0;
    if (rows.empty()) return std::size_t{0};
    const auto known = CSL_TRY(protocols.of_project(*reader, project));
    const Protocol& protocol = known->protocol;
    std::vector<std::shared_ptr<const NoteTool>> tools;
    std::vector<ToolSet> silent;  // those that are off: what they said is taken back
    std::set<RaterId> own_raters;
    for (const NoteToolRow& row : rows) {
      const NoteToolDraft draft = CSL_TRY(draft_of(row));
      const ToolName rater{
          .kind = draft.kind == NoteToolKind::Terms ? RaterKind::Dictionary : RaterKind::Rule,
          .name = draft.name};
      own_raters.insert(rater_of_tool(rater));
      const auto tool =
          row.is_on ? build(row, protocol) : Result<std::shared_ptr<const NoteTool>>(nullptr);
      if (tool && *tool != nullptr) {
        tools.push_back(*tool);
      } else {
        silent.push_back({.tool = rater, .set = {.item = {}, .source = {}, .labels = {}}});
      }
      if (!tool) run.problems.insert(row.name + ": " + tool.error().what);
    }
    // A submission teaches nothing where no tool speaks.
    if (tools.empty() && run.notes_max != 0) return std::size_t{0};
    ToolReader reading(tools, protocol);
    Precisions precisions;
    if (!tools.empty()) {
      precisions =
          CSL_TRY(reading.precisions(CSL_TRY(taught_notes(store, *reader, protocol, project))));
    }
    std::size_t seen = 0;
    std::size_t changed = 0;
    for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, project))) {
      if (stop.stop_requested()) return changed;
      if (item.kind != "text" || item.number <= run.after_number) continue;
      if (CSL_TRY(is_begun(*reader, item.id))) continue;
      if (seen == count_max) {
        ++run.notes_left;
        continue;
      }
      ++seen;
      run.after_number = item.number;
      const auto note = CSL_TRY(cut_note(store, *reader, item));
      if (!note) continue;  // its patient was erased
      const std::vector<GivenSpan> others =
          reading.judges_others() ? CSL_TRY(spans_of_others(*reader, project, item.id, own_raters))
                                  : std::vector<GivenSpan>{};
      std::vector<ToolSet> sets = CSL_TRY(reading.sets(item.id, note->text, precisions, others));
      for (const ToolSet& off : silent) {
        sets.push_back(
            {.tool = off.tool, .set = {.item = item.id, .source = off.tool.name, .labels = {}}});
      }
      Replaced done = CSL_TRY(replace_labels(store, clock, random, access, protocol, item, sets));
      if (done.is_changed) ++changed;
      for (const std::string& problem : done.problems) {
        if (run.problems.size() < problems_told_max) run.problems.insert(problem);
      }
    }
    return changed;
  }

  // Begins a run in jobs, or begins the one that waits anew.
  void follow(const Access& access, const ProjectId& project, std::size_t notes_max,
              const std::optional<NoteToolId>& removed = std::nullopt) {
    if (jobs == nullptr) return;
    const bool is_new = runs.with([&](auto& all) {
      Run& run = all[project];
      // A run over all notes is not cut short by one over the next.
      if (notes_max != 0 && (run.is_waiting || run.is_over_all_now)) return false;
      run.after_number = 0;
      run.notes_max = notes_max;
      run.problems.clear();
      if (removed) run.removed.insert(*removed);
      return !std::exchange(run.is_waiting, true);
    });
    if (is_new) queue(access, project);
  }

  void queue(const Access& access, const ProjectId& project) {
    const auto job = [this, access, project](const std::stop_token& stop) {
      // From here on a further change begins a further job.
      Run run = runs.with([&](auto& all) {
        Run& kept = all[project];
        kept.is_waiting = false;
        kept.is_over_all_now = kept.notes_max == 0;
        return kept;
      });
      const std::size_t count = run.notes_max == 0 ? notes_a_job : run.notes_max;
      const auto done = label_some(access, project, run, count, stop);
      if (!done) run.problems.insert(done.error().what);
      const bool goes_on = done && run.notes_max == 0 && run.notes_left > 0;
      const bool is_over_all = done && run.notes_max == 0 && !goes_on && !stop.stop_requested();
      const bool is_begun_anew = runs.with([&](auto& all) {
        Run& kept = all[project];
        kept.is_over_all_now = goes_on;
        if (kept.is_waiting) return true;
        kept = run;
        kept.is_over_all_now = goes_on;
        kept.is_waiting = goes_on;
        if (!goes_on) kept.notes_left = 0;
        if (is_over_all) kept.removed.clear();
        return false;
      });
      if (is_begun_anew) return;
      if (goes_on) queue(access, project);
      if (is_over_all) forget(access, project, run.removed);
    };
    if (!jobs->add(job)) runs.with([&](auto& all) { all[project].is_waiting = false; });
  }

  // Tools that were removed, once nothing of them is left. One that stays is shown as it is, off,
  // and can be removed again.
  void forget(const Access& access, const ProjectId& project, const std::set<NoteToolId>& gone) {
    if (gone.empty()) return;
    static_cast<void>(
        store.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
          for (const NoteToolId& id : gone) {
            CSL_TRY(transaction.append(storage::note_tool_removed(project, id)));
          }
          return {};
        }));
  }
};

NoteTools::NoteTools(storage::Store& store, const Clock& clock, Random& random,
                     const Terminologies& terminologies, JobQueue* jobs)
    : state_(new State{.store = store,
                       .clock = clock,
                       .random = random,
                       .terminologies = terminologies,
                       .jobs = jobs}) {}

NoteTools::~NoteTools() = default;

Result<json::object> NoteTools::list(const Access& access, const ProjectId& project) {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(state_->store.read());
  const auto protocol = state_->protocols.of_project(*reader, project);
  json::array items;
  for (const NoteToolRow& row : CSL_TRY(storage::note_tools(*reader, project))) {
    const NoteToolDraft draft = CSL_TRY(draft_of(row));
    const Result<std::shared_ptr<const NoteTool>> built =
        protocol ? state_->build(row, (*protocol)->protocol) : std::unexpected(protocol.error());
    items.push_back(view_of(row, draft, built));
  }
  const Run run = state_->runs.with([&](auto& all) { return all[project]; });
  json::array problems;
  for (const std::string& problem : run.problems) problems.emplace_back(problem);
  return json::object{{"items", std::move(items)},
                      {"is_running", run.is_waiting},
                      {"notes_left", static_cast<std::int64_t>(run.notes_left)},
                      {"problems", std::move(problems)},
                      {"next_cursor", nullptr}};
}

Result<json::object> NoteTools::show(const Access& access, const ProjectId& project,
                                     const NoteToolId& id) {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(state_->store.read());
  const NoteToolRow row = CSL_TRY(row_named(*reader, project, id));
  const auto protocol = state_->protocols.of_project(*reader, project);
  const Result<std::shared_ptr<const NoteTool>> built =
      protocol ? state_->build(row, (*protocol)->protocol) : std::unexpected(protocol.error());
  json::object view = view_of(row, CSL_TRY(draft_of(row)), built);
  view["text"] = row.text;
  return view;
}

Answer<json::object> NoteTools::put(const Access& access, const ProjectId& project,
                                    const NoteToolId& id, const NoteToolDraft& draft,
                                    std::optional<std::int64_t> if_match) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  if (draft.text.size() > text_bytes_max) {
    return std::unexpected(
        Refusal(Error{ErrorCode::TooLarge, "the file has over 4 MiB", "/text",
                      "load a larger vocabulary as a terminology, and name its system here"}));
  }
  if (draft.name.empty()) {
    return std::unexpected(
        Refusal(Error{ErrorCode::InvalidInput, "the tool has no name", "/name", "name it"}));
  }
  {
    const auto reader = CSL_TRY(state_->store.read());
    const auto protocol = CSL_TRY(state_->protocols.of_project(*reader, project));
    CSL_TRY(build_note_tool(draft, protocol->protocol, state_->terminologies));
  }
  NoteToolRow row = CSL_TRY(row_of(draft));
  row.id = id;
  row.project = project;
  row.changed_by = actor_of(access).person;
  bool is_changed = false;
  std::string newer;
  CSL_TRY(state_->store.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
    const std::vector<NoteToolRow> all = CSL_TRY(storage::note_tools(transaction, project));
    const auto own = std::ranges::find(all, id, &NoteToolRow::id);
    if (own != all.end() && (own->kind != row.kind || own->name != row.name)) {
      return fail(ErrorCode::Conflict, "a tool keeps its kind and name", "/name",
                  "make another one, and remove this one");
    }
    if (own == all.end() && all.size() >= tools_max) {
      return fail(ErrorCode::TooLarge, fmt::format("a project has up to {} tools", tools_max));
    }
    for (const NoteToolRow& other : all) {
      if (other.id == id) continue;
      if (other.name == row.name) {
        return fail(ErrorCode::Conflict, "another tool of the project has this name", "/name",
                    "give it another one");
      }
      if (other.is_on && row.is_on && other.kind == "context" && row.kind == "context") {
        return fail(ErrorCode::Conflict, "one ConText at a time", "/is_on",
                    "turn \"" + other.name + "\" off first");
      }
    }
    if (if_match && (own == all.end() || own->revision != *if_match)) {
      newer = own == all.end() ? "{}" : fmt::format("{{\"revision\":{}}}", own->revision);
      return {};
    }
    is_changed = own == all.end() || own->is_on != row.is_on || own->settings != row.settings ||
                 own->text != row.text;
    if (!is_changed) return {};
    return transaction.append(storage::note_tool_set(row));
  }));
  if (!newer.empty()) return lost_race(newer);
  if (is_changed) state_->follow(access, project, 0);
  return CSL_TRY(show(access, project, id));
}

Status NoteTools::remove(const Access& access, const ProjectId& project, const NoteToolId& id) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  CSL_TRY(state_->store.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
    NoteToolRow row = CSL_TRY(row_named(transaction, project, id));
    row.is_on = false;
    row.changed_by = actor_of(access).person;
    return transaction.append(storage::note_tool_set(row));
  }));
  if (state_->jobs != nullptr) {
    state_->follow(access, project, 0, id);
    return {};
  }
  CSL_TRY(label_all(access, project));
  state_->forget(access, project, {id});
  return {};
}

void NoteTools::follow_notes(const Access& access, const ProjectId& project) {
  state_->follow(access, project, 0);
}

void NoteTools::follow_submission(const Access& access, const ProjectId& project) {
  state_->follow(access, project, next_notes_max);
}

Result<std::size_t> NoteTools::label_all(const Access& access, const ProjectId& project,
                                         const std::stop_token& stop) {
  CSL_TRY(require(access, project, Roles{Role::Rater, Role::Lead}));
  Run run;
  std::size_t changed = 0;
  do {
    changed += CSL_TRY(state_->label_some(access, project, run, notes_a_job, stop));
  } while (run.notes_left > 0 && !stop.stop_requested());
  state_->runs.with([&](auto& all) { all[project].problems = run.problems; });
  return changed;
}

}  // namespace consilium::service
