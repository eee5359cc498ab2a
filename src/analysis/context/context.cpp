#include "analysis/context/context.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace consilium {

std::string_view name_of(Negation value) {
  return value == Negation::Negated ? "negated" : "affirmed";
}

std::string_view name_of(Temporality value) {
  switch (value) {
    case Temporality::Historical:
      return "historical";
    case Temporality::Hypothetical:
      return "hypothetical";
    case Temporality::Recent:
      break;
  }
  return "recent";
}

std::string_view name_of(Experiencer value) {
  return value == Experiencer::Other ? "other" : "patient";
}

std::string_view name_of(Certainty value) {
  return value == Certainty::Uncertain ? "uncertain" : "certain";
}

void ContextReader::find_triggers(std::span<const std::uint64_t> hashes) {
  using Direction = ContextRules::Direction;
  for (auto& triggers : triggers_) triggers.clear();
  for (auto& stops : stops_) stops.clear();
  std::array<std::uint32_t, context_dimension_count> taken_until{};
  for (std::uint32_t at = 0; at < hashes.size(); ++at) {
    matches_.clear();
    rules_.phrases_.find_at(hashes.subspan(at), matches_);
    if (matches_.empty()) continue;
    // The longest phrase is the one that is meant, and takes its tokens: "no" within "no increase"
    // says nothing of its own (C2).
    std::array<std::uint32_t, context_dimension_count> longest{};
    std::array<bool, context_dimension_count> is_pseudo{};
    for (const PhraseTrie::Match& match : matches_) {
      const ContextRules::Group& group = rules_.rules_[match.value].group;
      if (group.direction == Direction::Stop) continue;
      const auto dimension = static_cast<std::size_t>(group.dimension);
      const bool pseudo = group.direction == Direction::Pseudo;
      if (match.token_count > longest[dimension]) {
        longest[dimension] = match.token_count;
        is_pseudo[dimension] = pseudo;
      } else if (match.token_count == longest[dimension]) {
        is_pseudo[dimension] = is_pseudo[dimension] || pseudo;
      }
    }
    for (const PhraseTrie::Match& match : matches_) {
      const ContextRules::Group& group = rules_.rules_[match.value].group;
      const auto dimension = static_cast<std::size_t>(group.dimension);
      const Trigger trigger{match.value, at, at + match.token_count};
      if (group.direction == Direction::Stop) {
        stops_[dimension].push_back(trigger);
      } else if (at >= taken_until[dimension] && !is_pseudo[dimension] &&
                 match.token_count == longest[dimension]) {
        triggers_[dimension].push_back(trigger);
      }
    }
    for (std::size_t dimension = 0; dimension < context_dimension_count; ++dimension) {
      if (at >= taken_until[dimension]) taken_until[dimension] = at + longest[dimension];
    }
  }
}

bool ContextReader::reaches(const Trigger& trigger, TokenRange finding, std::uint32_t sentence_end,
                            std::uint32_t& distance) const {
  using Direction = ContextRules::Direction;
  const ContextRules::Group& group = rules_.rules_[trigger.rule].group;
  const std::vector<Trigger>& stops = stops_[static_cast<std::size_t>(group.dimension)];
  const bool within = trigger.begin >= finding.begin_token && trigger.end <= finding.end_token;
  distance = 0;
  switch (group.direction) {
    case Direction::Inside:
      return within;
    case Direction::Bare:  // the sentence is "finding", "finding." or "2. finding"
      return within && trigger.begin == finding.begin_token &&
             (finding.begin_token == 0 || finding.begin_token == 2) &&
             sentence_end - finding.end_token <= 1;
    case Direction::Pseudo:
    case Direction::Stop:
      return false;
    case Direction::Forward:
    case Direction::Backward:
    case Direction::Both:
      break;
  }
  // A stop that begins between the two, outside of the trigger itself, ends the reach (C4).
  const auto stopped = [&](std::uint32_t begin, std::uint32_t end) {
    return std::ranges::any_of(stops, [&](const Trigger& stop) {
      const std::uint8_t value = rules_.rules_[stop.rule].group.value;
      return stop.begin >= begin && stop.begin < end &&
             (value == group.value || value == ContextRules::every_value);
    });
  };
  if (group.direction != Direction::Backward && trigger.end <= finding.begin_token) {
    distance = finding.begin_token - trigger.end;
    return distance < group.tokens_max && !stopped(trigger.end, finding.begin_token);
  }
  if (group.direction != Direction::Forward && finding.end_token <= trigger.begin) {
    distance = trigger.begin - finding.end_token;
    return distance < group.tokens_max && !stopped(finding.end_token, trigger.begin);
  }
  return false;
}

ContextReader::Choice ContextReader::choose(std::size_t dimension, TokenRange finding,
                                            std::uint32_t sentence_end, SectionKind section) const {
  Choice choice;
  for (const Trigger& trigger : triggers_[dimension]) {
    std::uint32_t distance = 0;
    if (!reaches(trigger, finding, sentence_end, distance)) continue;
    // The nearest speaks; of two as near, the one before the finding (C5).
    if (choice.rule == Assertion::no_rule || distance < choice.distance) {
      choice = {trigger.rule, distance};
    }
  }
  if (choice.rule != Assertion::no_rule) return choice;
  for (const ContextRules::SectionDefault& entry : rules_.sections_) {
    const ContextRules::Group& group = rules_.rules_[entry.rule].group;
    if (entry.section == section && static_cast<std::size_t>(group.dimension) == dimension) {
      return {entry.rule, 0};
    }
  }
  return choice;
}

void ContextReader::read(std::span<const std::uint64_t> hashes,
                         std::span<const TokenRange> findings, SectionKind section,
                         std::span<Assertion> out) {
  CSL_CHECK(findings.size() == out.size());
  if (findings.empty()) return;
  find_triggers(hashes);
  const auto sentence_end = static_cast<std::uint32_t>(hashes.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const TokenRange finding = findings[i];
    CSL_CHECK(finding.begin_token <= finding.end_token && finding.end_token <= sentence_end);
    Assertion& assertion = out[i];
    assertion = {};
    for (std::size_t dimension = 0; dimension < context_dimension_count; ++dimension) {
      const Choice choice = choose(dimension, finding, sentence_end, section);
      if (choice.rule == Assertion::no_rule) continue;
      assertion.rules[dimension] = choice.rule;
      const std::uint8_t value = rules_.rules_[choice.rule].group.value;
      switch (static_cast<ContextDimension>(dimension)) {
        case ContextDimension::Negation:
          assertion.negation = static_cast<Negation>(value);
          break;
        case ContextDimension::Temporality:
          assertion.temporality = static_cast<Temporality>(value);
          break;
        case ContextDimension::Experiencer:
          assertion.experiencer = static_cast<Experiencer>(value);
          break;
        case ContextDimension::Certainty:
          assertion.certainty = static_cast<Certainty>(value);
          break;
      }
    }
  }
}

}  // namespace consilium
