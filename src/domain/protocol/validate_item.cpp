#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "domain/label/json_fields.hpp"
#include "domain/protocol/state_ends.hpp"
#include "domain/protocol/validate_annotation.hpp"
#include "domain/protocol/validate_joining.hpp"

namespace consilium {
namespace {

bool spans_overlap(const SpansTarget& a, const SpansTarget& b) {
  auto i = a.ranges.begin();
  auto j = b.ranges.begin();
  while (i != a.ranges.end() && j != b.ranges.end()) {  // both are sorted
    if (i->begin < j->end && j->begin < i->end) return true;
    i->end < j->end ? ++i : ++j;
  }
  return false;
}

bool share_channel(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;  // none named means all
  return std::ranges::any_of(
      a, [&](const std::string& one) { return std::ranges::find(b, one) != b.end(); });
}

bool intervals_overlap(const IntervalTarget& a, const IntervalTarget& b) {
  constexpr std::int64_t open_end = std::numeric_limits<std::int64_t>::max();
  // What lasts until the next one ends there; the next one is no contradiction to it.
  if (is_ended_by(a, b) || is_ended_by(b, a)) return false;
  return a.begin_tick < b.end_tick.value_or(open_end) &&
         b.begin_tick < a.end_tick.value_or(open_end) && share_channel(a.channels, b.channels);
}

// I5. Relations, events and chains have no place of their own.
struct SamePlace {
  bool operator()(const SpansTarget& a, const SpansTarget& b) const { return spans_overlap(a, b); }
  bool operator()(const IntervalTarget& a, const IntervalTarget& b) const {
    return intervals_overlap(a, b);
  }
  bool operator()(const SampleTarget& a, const SampleTarget& b) const {
    return a.tick == b.tick && (!a.channel || !b.channel || a.channel == b.channel);
  }
  bool operator()(const RelationTarget&, const RelationTarget&) const { return false; }
  bool operator()(const EventTarget&, const EventTarget&) const { return false; }
  bool operator()(const ChainTarget&, const ChainTarget&) const { return false; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    if constexpr (std::is_same_v<A, B>) {
      return a == b;
    } else {
      return false;
    }
  }
};

// From where to where a place reaches along its item; places on images all reach everywhere.
struct Extent {
  std::int64_t begin = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  friend auto operator<=>(const Extent&, const Extent&) = default;
};

Extent extent(const Target& target) {
  if (const auto* sample = std::get_if<SampleTarget>(&target)) {
    return {sample->tick, sample->tick + 1};
  }
  if (const auto* spans = std::get_if<SpansTarget>(&target); spans && !spans->ranges.empty()) {
    return {static_cast<std::int64_t>(spans->ranges.front().begin),
            static_cast<std::int64_t>(spans->ranges.back().end)};
  }
  if (const auto* interval = std::get_if<IntervalTarget>(&target)) {
    return {interval->begin_tick, interval->end_tick.value_or(Extent{}.end)};
  }
  return {};
}

// A vote that a label is absent, unsure or not evaluable puts it nowhere.
bool stands_somewhere(const Annotation& annotation) {
  const auto* text = std::get_if<std::string>(&annotation.value);
  const PlaceKind place = place_kind(annotation.target);
  const bool all = place == PlaceKind::Whole || place == PlaceKind::Series;
  return !(all && text != nullptr && is_reserved_value(*text));
}

class ItemCheck {
 public:
  ItemCheck(const Protocol& protocol, const ItemFacts& facts,
            std::span<const Annotation> annotations)
      : protocol_(protocol), facts_(facts), annotations_(annotations) {
    for (std::size_t i = 0; i < annotations_.size(); ++i) {
      const Annotation& annotation = annotations_[i];
      if (annotation.label && stands_somewhere(annotation)) {
        by_label_[*annotation.label].push_back(i);
      }
    }
  }

  std::vector<Violation> run(Stage stage) {
    exclusions();
    std::ranges::move(detail::joining_violations(protocol_, annotations_, stage),
                      std::back_inserter(problems_));
    answers();
    if (stage == Stage::Submission) {
      missing_answers();
      missing_finding_answers();
    }
    return std::move(problems_);
  }

 private:
  void note(std::string path, std::string what, std::string remedy = {}) {
    problems_.push_back({std::move(path), std::move(what), std::move(remedy)});
  }

  void exclusions() {
    for (auto one = by_label_.begin(); one != by_label_.end(); ++one) {
      for (auto other = std::next(one); other != by_label_.end(); ++other) {
        if (!protocol_.excludes(one->first, other->first)) continue;
        compare_places(one->second, other->second);
      }
    }
  }

  // Sweeps along the item instead of comparing all pairs: a day's recording has 100,000 beats.
  void compare_places(const std::vector<std::size_t>& some,
                      const std::vector<std::size_t>& others) {
    std::vector<std::pair<Extent, std::size_t>> sorted;
    sorted.reserve(others.size());
    for (const std::size_t j : others) sorted.emplace_back(extent(annotations_[j].target), j);
    std::ranges::sort(sorted);
    std::vector<std::int64_t> end_so_far;
    for (const auto& [range, j] : sorted) {
      end_so_far.push_back(std::max(range.end, end_so_far.empty() ? 0 : end_so_far.back()));
    }
    for (const std::size_t i : some) {
      const Extent range = extent(annotations_[i].target);
      auto at = static_cast<std::size_t>(
          std::ranges::lower_bound(sorted, range.end, {},
                                   [](const auto& one) { return one.first.begin; }) -
          sorted.begin());
      while (at > 0 && end_so_far[at - 1] > range.begin) compare(i, sorted[--at].second);
    }
  }

  void compare(std::size_t i, std::size_t j) {
    if (!std::visit(SamePlace{}, annotations_[i].target, annotations_[j].target)) return;
    note(pointer_to("", std::max(i, j)) + "/target",
         "'" + *annotations_[i].label + "' and '" + *annotations_[j].label +
             "' exclude each other on one place",
         "keep the one that holds");
  }

  // By question and the part of the item that it is answered about.
  using AnswerKey = std::pair<std::string, std::string>;
  static AnswerKey key_of(const Annotation& annotation) {
    return {annotation.question.value_or(""), part_key(annotation.target)};
  }

  // What a question of a level is asked of where `frame` is looked at; none for what an item has
  // one of.
  static std::string part_at(QuestionLevel level, const FrameTarget* frame) {
    if (frame == nullptr) return {};
    if (level == QuestionLevel::Series) return part_key(SeriesTarget{frame->series_id});
    if (level == QuestionLevel::Instance) {
      return part_key(InstanceTarget{frame->series_id, frame->instance_uid});
    }
    return level == QuestionLevel::Frame ? part_key(*frame) : std::string();
  }

  void answers() {
    for (std::size_t i = 0; i < annotations_.size(); ++i) {
      const Annotation& annotation = annotations_[i];
      if (annotation.label || !annotation.question) continue;
      if (!answers_.emplace(key_of(annotation), &annotation.value).second) {
        note(pointer_to("", i) + "/question",
             "the question '" + *annotation.question + "' is answered twice",
             "change the answer instead of adding one");
      }
    }
  }

  const AnswerValue* answer_to(const std::string& question, const std::string& part) const {
    const auto found = answers_.find({question, part});
    return found == answers_.end() || std::holds_alternative<std::monostate>(*found->second)
               ? nullptr
               : found->second;
  }

  bool is_required(const QuestionSpec& question, const FrameTarget* frame) const {
    if (question.required || !question.required_if) return question.required;
    const QuestionSpec* other = protocol_.question(question.required_if->of);
    if (other == nullptr) return false;
    const AnswerValue* answer = answer_to(other->id, part_at(other->level, frame));
    return answer != nullptr && condition_holds(*question.required_if, *answer);
  }

  void missing_answers() {
    for (const QuestionSpec& question : protocol_.questions) {
      const bool of_parts =
          question.level > QuestionLevel::Study && question.level < QuestionLevel::Finding;
      if (of_parts) {
        missing_part_answers(question);
      } else if (question.level != QuestionLevel::Finding && is_required(question, nullptr) &&
                 answer_to(question.id, "") == nullptr) {
        note("", "the question '" + question.id + "' is not answered",
             "answer it, or save a draft");
      }
    }
  }

  // One violation a question, however many frames it misses.
  void missing_part_answers(const QuestionSpec& question) {
    std::set<std::string> asked;
    std::vector<std::string> missing;
    for (const FrameTarget& frame : facts_.frames) {
      std::string part = part_at(question.level, &frame);
      if (!asked.insert(part).second || !is_required(question, &frame)) continue;
      if (answer_to(question.id, part) == nullptr) missing.push_back(std::move(part));
    }
    if (missing.empty()) return;
    note("",
         fmt::format("the question '{}' is not answered for {} of {} {}", question.id,
                     missing.size(), asked.size(), parts_word(question.level, asked.size())),
         fmt::format("answer it for {} {}{}, or save a draft", name_of(question.level),
                     missing.front(), missing.size() > 1 ? " and those after it" : ""));
  }

  static std::string parts_word(QuestionLevel level, std::size_t count) {
    const std::string word(name_of(level));
    return count == 1 || level == QuestionLevel::Series ? word : word + "s";
  }

  // Questions on findings that an answer about the item makes required.
  void missing_finding_answers() {
    for (const QuestionSpec& question : protocol_.questions) {
      if (question.level != QuestionLevel::Finding || !question.required_if) continue;
      const QuestionSpec* other = protocol_.question(question.required_if->of);
      if (other == nullptr || other->level == QuestionLevel::Finding) continue;
      if (!is_required(question, nullptr)) continue;
      for (const std::string& label : question.labels) {
        for (const std::size_t i : by_label_[label]) {
          if (annotations_[i].attributes.contains(question.id)) continue;
          note(pointer_to("", i) + "/attributes", "the attribute '" + question.id + "' is missing",
               "fill it in, or save a draft");
        }
      }
    }
  }

  const Protocol& protocol_;
  const ItemFacts& facts_;
  std::span<const Annotation> annotations_;
  std::map<std::string, std::vector<std::size_t>> by_label_;
  std::map<AnswerKey, const AnswerValue*> answers_;
  std::vector<Violation> problems_;
};

}  // namespace

std::vector<Violation> validate_item(const Protocol& protocol, const ItemFacts& facts,
                                     std::span<const Annotation> annotations, Stage stage) {
  return ItemCheck(protocol, facts, annotations).run(stage);
}

}  // namespace consilium
