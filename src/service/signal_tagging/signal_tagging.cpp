#include "service/signal_tagging/signal_tagging.hpp"

#include <fmt/format.h>

#include <set>
#include <span>
#include <string>

#include "base/guarded.hpp"
#include "service/job/job_queue.hpp"
#include "service/prelabel/replace_labels.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/signal_tagging/signal_model.hpp"
#include "service/taught/taught.hpp"

namespace consilium::service {
namespace {

// One rater, whatever it has learnt by then: how far it can be trusted is counted over all it says.
ToolName tagger_tool() { return {.kind = RaterKind::Model, .name = "signal tagger"}; }
constexpr std::size_t version_digits = 12;

// What the model says of a recording, as labels of the protocol.
Result<LabelSet> said_of(const SignalModel& model, const storage::ItemRow& item,
                         const SampleSource& samples, double probability_min) {
  LabelSet set{.item = item.id, .source = model.version, .labels = {}};
  const std::string version = model.version.substr(0, version_digits);
  const auto evidence = [&](double probability, std::size_t count, std::string_view what) {
    return fmt::format("version {}: probability {:.2f}; learnt from {} {}", version, probability,
                       count, what);
  };
  if (model.windows) {
    const std::string what = fmt::format("labelled windows of {:.0f} s in {} recordings",
                                         model.windows->form.window_s, model.recording_count);
    for (const FoundInterval& one : CSL_TRY(found_intervals(*model.windows, samples, 1))) {
      if (one.probability < probability_min) continue;
      const IntervalTarget target{
          .begin_tick = one.span.first.value, .end_tick = one.span.last.value, .channels = {}};
      set.labels.push_back(
          {.key = fmt::format("{} {} {}", one.label, target.begin_tick, one.span.last.value),
           .name = one.label,
           .codes = {},
           .tool = tagger_tool(),
           .place = SaidOnSignal{.target = target},
           .measurements = probability_measured(one.probability),
           .evidence = evidence(one.probability, model.windows->labelled, what)});
    }
  }
  if (!model.answers) return set;
  for (const FoundAnswer& one : CSL_TRY(found_answers(*model.answers, samples))) {
    if (one.probability < probability_min) continue;
    set.question_answers.push_back(
        {.question = one.question,
         .value = one.choice,
         .tool = tagger_tool(),
         .measurements = probability_measured(one.probability),
         .evidence = evidence(one.probability, model.recording_count, "recordings")});
  }
  return set;
}

}  // namespace

struct SignalTagging::State {
  storage::Store& store;
  const Clock& clock;
  Random& random;
  JobQueue* jobs;
  ProtocolCache protocols;
  Guarded<std::set<ProjectId>> waiting;

  Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                 const std::stop_token& stop) {
    const auto reader = CSL_TRY(store.read());
    const auto known = CSL_TRY(protocols.of_project(*reader, project));
    const Protocol& protocol = known->protocol;
    const auto probability_min = model_probability_min(protocol.assist_policy);
    if (protocol.item_unit != ItemUnit::Recording || !probability_min) return std::size_t{0};
    const auto taught = CSL_TRY(taught_recordings(store, *reader, project));
    const auto model = CSL_TRY(train_signal_model(taught, protocol, 1));
    if (!model) return std::size_t{0};
    std::size_t looked_at = 0;
    std::size_t labelled = 0;
    for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, project))) {
      if (looked_at == next_recordings_max || stop.stop_requested()) break;
      if (item.kind != "signal" || CSL_TRY(is_begun(*reader, item.id))) continue;
      const auto samples = CSL_TRY(samples_of(store, item));
      if (!samples) continue;
      ++looked_at;
      const ToolSet set{.tool = tagger_tool(),
                        .set = CSL_TRY(said_of(*model, item, *samples, *probability_min))};
      const Replaced replaced =
          CSL_TRY(replace_labels(store, clock, random, access, protocol, item, std::span(&set, 1)));
      if (replaced.is_changed) ++labelled;
    }
    return labelled;
  }
};

SignalTagging::SignalTagging(storage::Store& store, const Clock& clock, Random& random,
                             JobQueue* jobs)
    : state_(new State{.store = store,
                       .clock = clock,
                       .random = random,
                       .jobs = jobs,
                       .protocols = {},
                       .waiting = {}}) {}

SignalTagging::~SignalTagging() = default;

void SignalTagging::follow(const Access& access, const ProjectId& project) {
  State* state = state_.get();
  if (state->jobs == nullptr) return;
  const bool is_new =
      state->waiting.with([&](auto& projects) { return projects.insert(project).second; });
  if (!is_new) return;
  const auto job = [state, access, project](const std::stop_token& stop) {
    // From here on a further submission needs a further job.
    state->waiting.with([&](auto& projects) { projects.erase(project); });
    // The next submitted recording tries again.
    [[maybe_unused]] const auto labelled = state->label_next(access, project, stop);
  };
  if (!state->jobs->add(job)) {
    state->waiting.with([&](auto& projects) { projects.erase(project); });
  }
}

Result<std::size_t> SignalTagging::label_next(const Access& access, const ProjectId& project,
                                              const std::stop_token& stop) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  return state_->label_next(access, project, stop);
}

}  // namespace consilium::service
