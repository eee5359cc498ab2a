#include "domain/protocol/validate_joining.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "domain/label/json_fields.hpp"

namespace consilium::detail {
namespace {

class JoiningCheck {
 public:
  JoiningCheck(const Protocol& protocol, std::span<const Annotation> annotations, Stage stage)
      : protocol_(protocol), annotations_(annotations), stage_(stage) {
    for (std::size_t i = 0; i < annotations_.size(); ++i) index_of_.emplace(annotations_[i].id, i);
  }

  std::vector<Violation> run() {
    for (std::size_t i = 0; i < annotations_.size(); ++i) {
      const Annotation& annotation = annotations_[i];
      const LabelSpec* label = annotation.label ? protocol_.label(*annotation.label) : nullptr;
      if (label == nullptr) continue;
      const std::string path = pointer_to("", i) + "/target";
      if (const auto* relation = std::get_if<RelationTarget>(&annotation.target)) {
        end(relation->from, label->relates_from, path + "/from", "relation");
        end(relation->to, label->relates_to, path + "/to", "relation");
      } else if (const auto* event = std::get_if<EventTarget>(&annotation.target)) {
        if (label->event) check(*event, *label->event, path);
      } else if (const auto* chain = std::get_if<ChainTarget>(&annotation.target)) {
        if (label->chain) check(*chain, *label->chain, path);
      }
    }
    circles();
    return std::move(problems_);
  }

 private:
  void note(std::string path, std::string what, std::string remedy = {}) {
    problems_.push_back({std::move(path), std::move(what), std::move(remedy)});
  }

  void end(AnnotationId id, const std::vector<std::string>& allowed, const std::string& path,
           std::string_view of) {
    const auto found = index_of_.find(id);
    if (found == index_of_.end()) {
      note(path,
           of == "relation"
               ? "the relation's end is not an annotation of this item"
               : fmt::format("what the {} joins is not an annotation of this item", of),
           of == "relation" ? "remove the relation together with its ends"
                            : fmt::format("take it out of the {}", of));
      return;
    }
    const auto& label = annotations_[found->second].label;
    if (!label || std::ranges::find(allowed, *label) == allowed.end()) {
      note(path, fmt::format("the {} may not join an annotation of this label", of));
    }
  }

  void check(const EventTarget& event, const EventSpec& spec, const std::string& path) {
    if (event.trigger) {
      end(*event.trigger, spec.trigger_labels, path + "/trigger", "event");
    } else if (spec.is_trigger_required && stage_ == Stage::Submission) {
      note(path + "/trigger", "the event has no trigger",
           "choose the words that name it, or save a draft");
    }
    std::map<std::string_view, std::int64_t> counts;
    for (std::size_t i = 0; i < event.arguments.size(); ++i) {
      const EventArgument& argument = event.arguments[i];
      const std::string at = pointer_to(path + "/arguments", i);
      const auto role = std::ranges::find(spec.roles, argument.role, &EventRole::id);
      if (role == spec.roles.end()) {
        note(at + "/role", fmt::format("the event has no role '{}'", argument.role));
        continue;
      }
      ++counts[role->id];
      if (role->count_max && counts[role->id] == *role->count_max + 1) {
        note(at + "/role",
             fmt::format("the role '{}' may be played by {} at most", role->id, *role->count_max));
      }
      end(argument.annotation, role->labels, at + "/annotation", "event");
    }
    if (stage_ != Stage::Submission) return;
    for (const EventRole& role : spec.roles) {
      if (counts[role.id] >= role.count_min) continue;
      note(path + "/arguments",
           fmt::format("the role '{}' is played by {} and needs {}", role.id, counts[role.id],
                       role.count_min),
           "add what plays it, or save a draft");
    }
  }

  void check(const ChainTarget& chain, const ChainSpec& spec, const std::string& path) {
    for (std::size_t i = 0; i < chain.members.size(); ++i) {
      end(chain.members[i], spec.labels, pointer_to(path + "/members", i), "chain");
    }
    const auto count = static_cast<std::int64_t>(chain.members.size());
    if (spec.count_max && count > *spec.count_max) {
      note(path + "/members", fmt::format("the chain has {} members, and at most {} are allowed",
                                          count, *spec.count_max));
    } else if (stage_ == Stage::Submission && count < spec.count_min) {
      note(path + "/members",
           fmt::format("the chain has {} members and needs {}", count, spec.count_min),
           "add its other mentions, or save a draft");
    }
  }

  // Depth first with its own stack: a chain of 10,000 events must not end ours.
  void circles() {
    enum class Seen : unsigned char { No, Open, Done };
    std::vector<Seen> seen(annotations_.size(), Seen::No);
    for (std::size_t start = 0; start < annotations_.size(); ++start) {
      if (seen[start] != Seen::No) continue;
      std::vector<std::pair<std::size_t, std::size_t>> way{{start, 0}};  // where, next argument
      seen[start] = Seen::Open;
      while (!way.empty()) {
        const std::size_t at = way.back().first;
        const auto* event = std::get_if<EventTarget>(&annotations_[at].target);
        if (event == nullptr || way.back().second == event->arguments.size()) {
          seen[at] = Seen::Done;
          way.pop_back();
          continue;
        }
        const std::size_t argument = way.back().second++;
        const auto found = index_of_.find(event->arguments[argument].annotation);
        if (found == index_of_.end()) continue;
        if (seen[found->second] == Seen::Open) {
          note(pointer_to(pointer_to("", at) + "/target/arguments", argument) + "/annotation",
               "the event leads back to itself", "leave this argument out");
        } else if (seen[found->second] == Seen::No) {
          seen[found->second] = Seen::Open;
          way.emplace_back(found->second, 0);
        }
      }
    }
  }

  const Protocol& protocol_;
  std::span<const Annotation> annotations_;
  Stage stage_;
  std::map<AnnotationId, std::size_t> index_of_;
  std::vector<Violation> problems_;
};

}  // namespace

std::vector<Violation> joining_violations(const Protocol& protocol,
                                          std::span<const Annotation> annotations, Stage stage) {
  return JoiningCheck(protocol, annotations, stage).run();
}

}  // namespace consilium::detail
