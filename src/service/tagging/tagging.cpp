#include "service/tagging/tagging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "domain/protocol/item_order.hpp"
#include "service/job/job_queue.hpp"
#include "service/prelabel/replace_labels.hpp"
#include "service/tagging/note_model.hpp"
#include "service/taught/taught.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace {

// One rater, whatever it has learnt by then: how far it can be trusted is counted over all it says.
ToolName tagger_tool() { return {.kind = RaterKind::Model, .name = "note tagger"}; }
constexpr std::size_t version_digits = 12;

// A note that nobody has begun, and what the model says of it.
struct WeighedNote {
  storage::ItemRow item;
  CutNote note;
  TaggedText tagged;
};

UnreadNote unread(const WeighedNote& one) {
  double expected = 0;
  for (const TaggedSpan& span : one.tagged.spans) expected += double{span.probability};
  return {.entropy_nats = one.tagged.entropy_nats,
          .tokens = static_cast<double>(one.note.structure.tokens.size()),
          .expected_spans = expected};
}

// What the model says of a note, as labels of the protocol.
Result<LabelSet> said_of(const NoteModel& model, const WeighedNote& one, double probability_min) {
  LabelSet set{.item = one.item.id, .source = model.version, .labels = {}};
  const ToolName tool = tagger_tool();
  const auto evidence = [&](double probability) {
    std::string text = fmt::format(
        "version {}: probability {:.2f}; learnt from {} notes with {} labelled spans",
        model.version.substr(0, version_digits), probability, model.note_count, model.span_count);
    if (model.sentence_count > 0) {
      text += fmt::format(" and {} labelled sentences", model.sentence_count);
    }
    return text;
  };
  const auto& tokens = one.note.structure.tokens;
  const auto add = [&](const std::string& label, TokenRange range, double probability) -> Status {
    const TextSpan place = CSL_TRY(to_text_span(one.note.text, tokens[range.begin_token].begin_byte,
                                                tokens[range.end_token - 1].end_byte));
    const SpansTarget target{.ranges = {place}};
    set.labels.push_back(
        {.key = fmt::format("{} {} {}", label, place.begin, place.end),
         .name = label,
         .codes = {},
         .tool = tool,
         .place =
             SaidSpans{.target = target, .surface = CSL_TRY(quoted_surface(target, one.note.text))},
         .measurements = probability_measured(probability),
         .evidence = evidence(probability)});
    return {};
  };
  for (const TaggedSpan& span : one.tagged.spans) {
    if (double{span.probability} < probability_min) continue;
    CSL_TRY(add(model.tagger->types()[span.tokens.type],
                {span.tokens.begin_token, span.tokens.end_token}, double{span.probability}));
  }
  const auto& sentences = one.note.structure.sentences;
  for (const auto& [label, classifier] : model.sentence_classifiers) {
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      const double probability = probability_of_sentence(classifier, one.note, i);
      if (probability < std::max(probability_min, 0.5)) continue;
      CSL_TRY(add(label, sentences[i], probability));
    }
  }
  for (const auto& [question, classifier] : model.classifiers) {
    const LabelProbability best =
        classifier.classify(one.note.text.utf8(), one.note.structure.tokens).front();
    if (double{best.probability} < std::max(probability_min, 0.5)) continue;
    set.question_answers.push_back({.question = question,
                                    .value = classifier.labels()[best.label],
                                    .tool = tool,
                                    .measurements = probability_measured(double{best.probability}),
                                    .evidence = evidence(double{best.probability})});
  }
  return set;
}

using Order = std::shared_ptr<const std::vector<ItemId>>;

}  // namespace

struct Tagging::State {
  storage::Store& store;
  const Clock& clock;
  Random& random;
  JobQueue* jobs;
  ProtocolCache protocols;
  Guarded<std::set<ProjectId>> waiting;
  Guarded<std::map<ProjectId, Order>> orders;
  Labelled told;

  // The notes to choose from, weighed by the tagger.
  Result<std::vector<WeighedNote>> weigh(const storage::Reader& reader, const ProjectId& project,
                                         const NoteModel& model, std::size_t count_max,
                                         const std::stop_token& stop) {
    std::vector<WeighedNote> notes;
    for (const storage::ItemRow& item : CSL_TRY(storage::all_items(reader, project))) {
      if (notes.size() == count_max || stop.stop_requested()) break;
      if (item.kind != "text" || CSL_TRY(is_begun(reader, item.id))) continue;
      auto cut = CSL_TRY(cut_note(store, reader, item));
      if (!cut) continue;
      WeighedNote& one = notes.emplace_back(WeighedNote{item, std::move(*cut), {}});
      if (!model.tagger) continue;
      const TaggerText view = one.note.view();
      one.tagged = std::move(model.tagger->tag(std::span(&view, 1)).front());
    }
    return notes;
  }

  Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                 const std::stop_token& stop) {
    const auto reader = CSL_TRY(store.read());
    const auto known = CSL_TRY(protocols.of_project(*reader, project));
    const Protocol& protocol = known->protocol;
    const auto probability_min = model_probability_min(protocol.assist_policy);
    if (!probability_min) return std::size_t{0};
    const auto taught = CSL_TRY(taught_notes(store, *reader, protocol, project));
    const auto model = CSL_TRY(train_note_model(taught, 1));
    if (!model || stop.stop_requested()) return std::size_t{0};
    const bool by_gain = item_order_of(protocol) == ItemOrderRule::Gain;
    const std::vector<WeighedNote> notes = CSL_TRY(
        weigh(*reader, project, *model, by_gain ? weighed_notes_max : next_notes_max, stop));
    std::vector<UnreadNote> unread_notes;
    for (const WeighedNote& one : notes) unread_notes.push_back(unread(one));
    std::vector<std::size_t> order(notes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (by_gain) order = order_of_gain(unread_notes, model->reading);
    // First the order, so that who asks meanwhile gets the note that is labelled first.
    if (!by_gain) {
      orders.with([&](auto& kept) { kept.erase(project); });
    } else {
      auto items = std::make_shared<std::vector<ItemId>>();
      for (const std::size_t i : order) items->push_back(notes[i].item.id);
      orders.with([&](auto& kept) { kept[project] = std::move(items); });
    }
    std::size_t labelled = 0;
    for (std::size_t i = 0; i < std::min(order.size(), next_notes_max); ++i) {
      if (stop.stop_requested()) return labelled;
      const WeighedNote& one = notes[order[i]];
      const ToolSet set{.tool = tagger_tool(),
                        .set = CSL_TRY(said_of(*model, one, *probability_min))};
      const Replaced replaced = CSL_TRY(
          replace_labels(store, clock, random, access, protocol, one.item, std::span(&set, 1)));
      if (replaced.is_changed) ++labelled;
    }
    return labelled;
  }
};

Tagging::Tagging(storage::Store& store, const Clock& clock, Random& random, JobQueue* jobs)
    : state_(new State{.store = store,
                       .clock = clock,
                       .random = random,
                       .jobs = jobs,
                       .protocols = {},
                       .waiting = {},
                       .orders = {},
                       .told = {}}) {}

Tagging::~Tagging() = default;

void Tagging::when_labelled(Labelled told) { state_->told = std::move(told); }

void Tagging::follow(const Access& access, const ProjectId& project) {
  State* state = state_.get();
  if (state->jobs == nullptr) return;
  const bool is_new =
      state->waiting.with([&](auto& projects) { return projects.insert(project).second; });
  if (!is_new) return;
  const auto job = [state, access, project](const std::stop_token& stop) {
    // From here on a further submission needs a further job.
    state->waiting.with([&](auto& projects) { projects.erase(project); });
    // The next submitted note tries again.
    const auto labelled = state->label_next(access, project, stop);
    if (labelled && *labelled > 0 && state->told) state->told(access, project);
  };
  if (!state->jobs->add(job)) {
    state->waiting.with([&](auto& projects) { projects.erase(project); });
  }
}

Result<std::size_t> Tagging::label_next(const Access& access, const ProjectId& project,
                                        const std::stop_token& stop) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  return state_->label_next(access, project, stop);
}

std::shared_ptr<const std::vector<ItemId>> Tagging::order_for(const ProjectId& project) {
  return state_->orders.with([&](const auto& kept) -> Order {
    const auto found = kept.find(project);
    return found == kept.end() ? nullptr : found->second;
  });
}

}  // namespace consilium::service
