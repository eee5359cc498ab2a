#include "service/signal_tagging/signal_model.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/byte_writer.hpp"
#include "base/sha256.hpp"
#include "service/item/signal_source.hpp"
#include "service/taught/taught.hpp"

namespace consilium::service {
namespace {

constexpr double window_s_min = 1;
constexpr double window_s_max = 60;
constexpr double answer_window_s = 10;
constexpr std::size_t answer_windows = 8;
// From so many windows with a label on, one without is unread rather than free of findings.
constexpr double exhaustive_share = 0.8;
constexpr double by_window_share = 0.8;

bool stands_on_intervals(const LabelSpec& label) {
  return std::ranges::find(label.places, PlaceKind::Interval) != label.places.end();
}

// Labels of intervals, in groups of those that exclude each other, directly or over others.
std::vector<std::set<std::string>> groups_in(const Protocol& protocol) {
  std::vector<std::set<std::string>> groups;
  for (const LabelSpec& label : protocol.labels) {
    if (!stands_on_intervals(label)) continue;
    std::set<std::string> joined{label.id};
    std::erase_if(groups, [&](const std::set<std::string>& group) {
      const bool is_near = std::ranges::any_of(
          group, [&](const std::string& other) { return protocol.excludes(label.id, other); });
      if (is_near) joined.insert(group.begin(), group.end());
      return is_near;
    });
    groups.push_back(std::move(joined));
  }
  return groups;
}

struct LabelledSpan {
  std::string label;
  TickSpan span;
};

// The group's intervals in order; a state without an end lasts until the next one begins.
std::vector<LabelledSpan> spans_of(const TaughtRecording& recording,
                                   const std::set<std::string>& group) {
  std::vector<std::pair<LabelledSpan, bool>> found;  // and whether its end is open
  const std::int64_t length = recording.samples->header().length_ticks;
  for (const Annotation& said : recording.said) {
    const auto* interval = std::get_if<IntervalTarget>(&said.target);
    if (interval == nullptr || !said.label || !group.contains(*said.label)) continue;
    const Tick end{interval->end_tick.value_or(length)};
    found.push_back({{*said.label, {{interval->begin_tick}, end}}, !interval->end_tick});
  }
  std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first.span; });
  std::vector<LabelledSpan> spans;
  for (std::size_t i = 0; i < found.size(); ++i) {
    LabelledSpan& one = found[i].first;
    if (found[i].second && i + 1 < found.size()) one.span.last = found[i + 1].first.span.first;
    if (one.span.first < one.span.last) spans.push_back(one);
  }
  return spans;
}

// The label that fills most of the window, and more than half; "" without one.
std::string label_of(const std::vector<LabelledSpan>& spans, const TickSpan& window) {
  std::map<std::string, std::int64_t> covered;
  for (const LabelledSpan& one : spans) {
    const std::int64_t begin = std::max(one.span.first.value, window.first.value);
    const std::int64_t end = std::min(one.span.last.value, window.last.value);
    if (begin < end) covered[one.label] += end - begin;
  }
  std::string label;
  std::int64_t most = (window.last.value - window.first.value) / 2;
  for (const auto& [candidate, ticks] : covered) {
    if (ticks <= most) continue;
    most = ticks;
    label = candidate;
  }
  return label;
}

// Names that every one of them has, in the first one's order.
std::vector<std::string> common_channels(const std::vector<const TaughtRecording*>& recordings) {
  std::vector<std::string> names;
  for (const Channel& channel : recordings.front()->samples->header().channels) {
    const bool is_common = std::ranges::all_of(recordings, [&](const TaughtRecording* one) {
      const auto& channels = one->samples->header().channels;
      return std::ranges::find(channels, channel.name, &Channel::name) != channels.end();
    });
    const bool is_new = std::ranges::find(names, channel.name) == names.end();
    if (is_common && is_new && names.size() < channels_learnt_max) names.push_back(channel.name);
  }
  return names;
}

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A window to learn from: what each group says of it.
struct TaughtWindow {
  TickSpan span;
  std::vector<std::string> labels;  // by group
  friend bool operator==(const TaughtWindow&, const TaughtWindow&) = default;
};

// At most so many, evenly taken among those that bear the same labels: rare ones stay.
std::vector<TaughtWindow> chosen_windows(std::vector<TaughtWindow> all, std::size_t count_max) {
  if (all.size() <= count_max) return all;
  std::map<std::vector<std::string>, std::vector<TaughtWindow>> kinds;
  for (TaughtWindow& one : all) kinds[one.labels].push_back(std::move(one));
  const std::size_t each = std::max<std::size_t>(1, count_max / kinds.size());
  std::vector<TaughtWindow> chosen;
  for (auto& [labels, windows] : kinds) {
    const std::size_t taken = std::min(each, windows.size());
    for (std::size_t i = 0; i < taken; ++i) {
      chosen.push_back(std::move(windows[i * windows.size() / taken]));
    }
  }
  return chosen;
}

// The rows whose class is known, learnt; none where there is nothing to tell apart.
Result<std::optional<SignalModel::Group>> learnt_group(const std::vector<float>& features,
                                                       std::size_t columns,
                                                       const std::vector<std::string>& labels,
                                                       bool learns_none, unsigned threads) {
  std::map<std::string, std::uint32_t> number;
  for (const std::string& label : labels) {
    if (!label.empty() || learns_none) number.emplace(label, 0);
  }
  if (number.size() < 2) return std::optional<SignalModel::Group>{};
  std::vector<std::string> classes;
  for (auto& [label, k] : number) {
    k = static_cast<std::uint32_t>(classes.size());
    classes.push_back(label);
  }
  std::vector<float> rows;
  std::vector<std::uint32_t> of;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto known = number.find(labels[i]);
    if (known == number.end()) continue;
    const auto begin = features.begin() + static_cast<std::ptrdiff_t>(i * columns);
    rows.insert(rows.end(), begin, begin + static_cast<std::ptrdiff_t>(columns));
    of.push_back(known->second);
  }
  const auto class_count = static_cast<std::uint32_t>(classes.size());
  RidgeClassifier classifier =
      CSL_TRY(RidgeClassifier::train(rows, columns, of, class_count, threads));
  return SignalModel::Group{.classes = std::move(classes), .classifier = std::move(classifier)};
}

// The recordings with labels of intervals, and how long those usually are.
struct IntervalLesson {
  std::vector<const TaughtRecording*> recordings;
  double window_s = 0;
  bool is_by_window = false;
};

IntervalLesson interval_lesson(const std::vector<TaughtRecording>& taught,
                               const std::vector<std::set<std::string>>& groups) {
  IntervalLesson lesson;
  std::vector<double> lengths_s;
  for (const TaughtRecording& recording : taught) {
    const std::size_t before = lengths_s.size();
    for (const auto& group : groups) {
      for (const LabelledSpan& one : spans_of(recording, group)) {
        lengths_s.push_back(seconds_of(one.span.last, recording.samples->header().tick_rate) -
                            seconds_of(one.span.first, recording.samples->header().tick_rate));
      }
    }
    if (lengths_s.size() > before) lesson.recordings.push_back(&recording);
  }
  if (lengths_s.empty()) return lesson;
  const double usual_s = median_of(lengths_s);
  lesson.window_s = std::clamp(usual_s, window_s_min, window_s_max);
  const auto alike = std::ranges::count_if(
      lengths_s, [&](double s) { return std::abs(s - lesson.window_s) < 0.01 * lesson.window_s; });
  lesson.is_by_window =
      static_cast<double>(alike) >= by_window_share * static_cast<double>(lengths_s.size());
  return lesson;
}

Result<std::optional<SignalModel::Windows>> learn_windows(
    const std::vector<TaughtRecording>& taught, const Protocol& protocol, unsigned threads) {
  const auto groups = groups_in(protocol);
  const IntervalLesson lesson = interval_lesson(taught, groups);
  if (lesson.recordings.empty()) return std::optional<SignalModel::Windows>{};
  const WindowForm form = window_form(common_channels(lesson.recordings), lesson.window_s);
  if (form.channels.empty()) return std::optional<SignalModel::Windows>{};
  std::vector<float> series;
  std::vector<std::vector<std::string>> labels(groups.size());
  std::size_t labelled = 0;
  for (const TaughtRecording* recording : lesson.recordings) {
    std::vector<std::vector<LabelledSpan>> spans;
    for (const auto& group : groups) spans.push_back(spans_of(*recording, group));
    std::vector<TaughtWindow> windows;
    for (const TickSpan& span : windows_of(recording->samples->header(), form.window_s)) {
      TaughtWindow& window = windows.emplace_back(TaughtWindow{.span = span, .labels = {}});
      for (const auto& of_group : spans) window.labels.push_back(label_of(of_group, span));
    }
    windows = chosen_windows(std::move(windows), windows_learnt_max / lesson.recordings.size());
    std::vector<TickSpan> chosen;
    for (const TaughtWindow& window : windows) {
      chosen.push_back(window.span);
      bool is_labelled = false;
      for (std::size_t g = 0; g < groups.size(); ++g) {
        labels[g].push_back(window.labels[g]);
        is_labelled = is_labelled || !window.labels[g].empty();
      }
      labelled += is_labelled ? 1U : 0U;
    }
    const auto more = CSL_TRY(series_of(*recording->samples, form, chosen));
    series.insert(series.end(), more.begin(), more.end());
  }
  if (labelled < windows_learnt_min) return std::optional<SignalModel::Windows>{};
  MiniRocket rocket = CSL_TRY(MiniRocket::fit(series, form.shape()));
  const auto features = CSL_TRY(rocket.transform(series, threads));
  std::vector<SignalModel::Group> learnt;
  for (const auto& of_group : labels) {
    const auto without = static_cast<double>(std::ranges::count(of_group, std::string()));
    const bool learns_none =
        without > (1 - exhaustive_share) * static_cast<double>(of_group.size());
    auto group =
        CSL_TRY(learnt_group(features, rocket.feature_count(), of_group, learns_none, threads));
    if (group) learnt.push_back(std::move(*group));
  }
  if (learnt.empty()) return std::optional<SignalModel::Windows>{};
  return SignalModel::Windows{.form = form,
                              .rocket = std::move(rocket),
                              .groups = std::move(learnt),
                              .is_by_window = lesson.is_by_window,
                              .labelled = labelled};
}

// A recording's features: the means of some windows spread over it.
Result<std::vector<float>> features_of_all(const MiniRocket& rocket, const WindowForm& form,
                                           const SampleSource& samples) {
  const auto windows = even_windows(samples.header(), form.window_s, answer_windows);
  const auto features = CSL_TRY(rocket.transform(CSL_TRY(series_of(samples, form, windows))));
  std::vector<float> means(rocket.feature_count(), 0.0F);
  for (std::size_t i = 0; i < features.size(); ++i) {
    means[i % means.size()] += features[i] / static_cast<float>(windows.size());
  }
  return means;
}

Result<std::optional<SignalModel::Answers>> learn_answers(
    const std::vector<TaughtRecording>& taught, const Protocol& protocol, unsigned threads) {
  std::map<std::string, std::vector<std::pair<std::size_t, std::string>>> lessons;
  std::vector<const TaughtRecording*> recordings;
  for (const TaughtRecording& recording : taught) {
    bool has_answer = false;
    for (const Annotation& said : recording.said) {
      const auto* choice = std::get_if<std::string>(&said.value);
      if (!said.question || choice == nullptr || is_reserved_value(*choice) ||
          !is_choice_of_item(protocol, *said.question)) {
        continue;
      }
      lessons[*said.question].emplace_back(recordings.size(), *choice);
      has_answer = true;
    }
    if (has_answer) recordings.push_back(&recording);
  }
  if (recordings.size() < answers_to_learn_min) return std::optional<SignalModel::Answers>{};
  double window_s = answer_window_s;
  for (const TaughtRecording* one : recordings) {
    const RecordHeader& header = one->samples->header();
    window_s = std::min(window_s, seconds_of({header.length_ticks}, header.tick_rate));
  }
  const WindowForm form = window_form(common_channels(recordings), window_s);
  if (form.channels.empty() || window_s <= 0) return std::optional<SignalModel::Answers>{};
  std::vector<float> series;
  for (const TaughtRecording* one : recordings) {
    const auto more = CSL_TRY(series_of(
        *one->samples, form, even_windows(one->samples->header(), form.window_s, answer_windows)));
    series.insert(series.end(), more.begin(), more.end());
  }
  SignalModel::Answers answers{
      .form = form, .rocket = CSL_TRY(MiniRocket::fit(series, form.shape())), .questions = {}};
  std::vector<std::vector<float>> features;
  for (const TaughtRecording* one : recordings) {
    features.push_back(CSL_TRY(features_of_all(answers.rocket, form, *one->samples)));
  }
  for (const auto& [question, answered] : lessons) {
    if (answered.size() < answers_to_learn_min) continue;
    std::vector<float> rows;
    std::vector<std::string> choices;
    for (const auto& [recording, choice] : answered) {
      rows.insert(rows.end(), features[recording].begin(), features[recording].end());
      choices.push_back(choice);
    }
    auto group =
        CSL_TRY(learnt_group(rows, answers.rocket.feature_count(), choices, true, threads));
    if (group) answers.questions.emplace(question, std::move(*group));
  }
  if (answers.questions.empty()) return std::optional<SignalModel::Answers>{};
  return answers;
}

void append_form(Bytes& out, const WindowForm& form, const MiniRocket& rocket) {
  for (const std::string& channel : form.channels) put_short_text(out, channel);
  put_number(out, static_cast<float>(form.window_s));
  const Bytes bytes = rocket.serialise();
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_group(Bytes& out, const SignalModel::Group& group) {
  for (const std::string& name : group.classes) put_short_text(out, name);
  const Bytes bytes = group.classifier.serialise();
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

Result<std::shared_ptr<const SampleSource>> samples_of(storage::Store& store,
                                                       const storage::ItemRow& item) {
  auto opened = open_recording(store, CSL_TRY(parse_id<RecordingId>(item.source_id)));
  if (!opened && opened.error().code == ErrorCode::NotFound) {
    return std::shared_ptr<const SampleSource>{};
  }
  if (!opened) return std::unexpected(opened.error());
  return opened->samples;
}

Result<std::vector<TaughtRecording>> taught_recordings(storage::Store& store,
                                                       const storage::Reader& reader,
                                                       const ProjectId& project) {
  std::vector<storage::ReadingRow> all =
      readings_that_count(CSL_TRY(storage::readings(reader, project, std::nullopt)));
  if (all.size() > recordings_learnt_max) {
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(recordings_learnt_max));
  }
  std::vector<TaughtRecording> taught;
  for (const storage::ReadingRow& reading : all) {
    const storage::ItemRow item = CSL_TRY(storage::find_item(reader, project, reading.item));
    if (item.kind != "signal") continue;
    auto samples = CSL_TRY(samples_of(store, item));
    if (!samples) continue;
    taught.push_back(
        {.samples = std::move(samples), .said = CSL_TRY(said_in(reader, project, reading))});
  }
  return taught;
}

Result<std::optional<SignalModel>> train_signal_model(const std::vector<TaughtRecording>& taught,
                                                      const Protocol& protocol, unsigned threads) {
  SignalModel model;
  model.recording_count = taught.size();
  model.windows = CSL_TRY(learn_windows(taught, protocol, threads));
  model.answers = CSL_TRY(learn_answers(taught, protocol, threads));
  if (!model.windows && !model.answers) return std::optional<SignalModel>{};
  Bytes form;
  if (model.windows) {
    append_form(form, model.windows->form, model.windows->rocket);
    for (const SignalModel::Group& group : model.windows->groups) append_group(form, group);
  }
  if (model.answers) {
    append_form(form, model.answers->form, model.answers->rocket);
    for (const auto& [question, group] : model.answers->questions) {
      put_short_text(form, question);
      append_group(form, group);
    }
  }
  model.version = to_hex(sha256(form));
  return std::optional<SignalModel>(std::move(model));
}

Result<std::vector<FoundInterval>> found_intervals(const SignalModel::Windows& model,
                                                   const SampleSource& samples, unsigned threads) {
  constexpr std::size_t at_once = 200;  // windows in memory
  std::vector<TickSpan> windows = windows_of(samples.header(), model.form.window_s);
  windows.resize(std::min(windows.size(), windows_labelled_max));
  std::vector<std::vector<FoundInterval>> found(model.groups.size());
  for (std::size_t first = 0; first < windows.size(); first += at_once) {
    const auto part = std::span(windows).subspan(first, std::min(at_once, windows.size() - first));
    const auto series = series_of(samples, model.form, part);
    if (!series && series.error().code == ErrorCode::NotFound) return std::vector<FoundInterval>{};
    if (!series) return std::unexpected(series.error());
    const auto features = CSL_TRY(model.rocket.transform(*series, threads));
    for (std::size_t g = 0; g < model.groups.size(); ++g) {
      const SignalModel::Group& group = model.groups[g];
      const auto scores = group.classifier.scores(features);
      for (std::size_t w = 0; w < part.size(); ++w) {
        const auto said = group.classifier.probabilities(
            std::span(scores).subspan(w * group.classes.size(), group.classes.size()));
        const auto best = std::ranges::max_element(said);
        found[g].push_back({.label = group.classes[static_cast<std::size_t>(best - said.begin())],
                            .span = part[w],
                            .probability = *best});
      }
    }
  }
  std::vector<FoundInterval> intervals;
  for (const auto& of_group : found) {
    double windows_joined = 0;
    std::string before;
    for (const FoundInterval& one : of_group) {
      const bool is_more = !model.is_by_window && !one.label.empty() && one.label == before;
      before = one.label;
      if (one.label.empty()) continue;
      if (!is_more) {
        intervals.push_back(one);
        windows_joined = 1;
        continue;
      }
      FoundInterval& joined = intervals.back();
      joined.span.last = one.span.last;
      joined.probability =
          (joined.probability * windows_joined + one.probability) / (windows_joined + 1);
      windows_joined += 1;
    }
  }
  return intervals;
}

Result<std::vector<FoundAnswer>> found_answers(const SignalModel::Answers& model,
                                               const SampleSource& samples) {
  std::vector<FoundAnswer> answers;
  const auto features = features_of_all(model.rocket, model.form, samples);
  if (!features && features.error().code == ErrorCode::NotFound) return answers;
  if (!features) return std::unexpected(features.error());
  for (const auto& [question, group] : model.questions) {
    const auto said = group.classifier.probabilities(group.classifier.scores(*features));
    const auto best = std::ranges::max_element(said);
    answers.push_back({.question = question,
                       .choice = group.classes[static_cast<std::size_t>(best - said.begin())],
                       .probability = *best});
  }
  return answers;
}

}  // namespace consilium::service
