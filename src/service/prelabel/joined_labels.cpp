#include "service/prelabel/joined_labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "domain/protocol/validate_joining.hpp"
#include "service/prelabel/label_names.hpp"

namespace consilium::service {
namespace {

std::string role_of(const LabelSpec& label, const std::string& role) {
  if (!label.event) return role;
  for (const EventRole& one : label.event->roles) {
    if (one.id == role) return role;
  }
  for (const EventRole& one : label.event->roles) {
    if (plain_name(one.id) == plain_name(role) || plain_name(one.name) == plain_name(role)) {
      return one.id;
    }
  }
  return role;
}

// "/3/target/from" -> 3
std::size_t index_in(const std::string& path) {
  std::size_t index = 0;
  for (std::size_t i = 1; i < path.size() && path[i] != '/'; ++i) {
    index = index * 10 + static_cast<std::size_t>(path[i] - '0');
  }
  return index;
}

}  // namespace

std::optional<Target> joined_target(const SaidJoining& said, const LabelSpec& label,
                                    const std::map<std::string, KeptKey>& kept) {
  const auto id_of = [&](const std::string& key) -> std::optional<AnnotationId> {
    const auto found = kept.find(key);
    return found == kept.end() ? std::nullopt : std::optional(found->second.id);
  };
  if (said.kind == PlaceKind::Relation) {
    const auto from = said.parts.size() == 2 ? id_of(said.parts[0].key) : std::nullopt;
    const auto to = said.parts.size() == 2 ? id_of(said.parts[1].key) : std::nullopt;
    if (!from || !to) return std::nullopt;
    return RelationTarget{.from = *from, .to = *to};
  }
  if (said.kind == PlaceKind::Chain) {
    ChainTarget chain;
    for (const SaidJoining::Part& part : said.parts) {
      const auto member = id_of(part.key);
      if (!member) return std::nullopt;
      if (std::ranges::find(chain.members, *member) == chain.members.end()) {
        chain.members.push_back(*member);
      }
    }
    return chain;
  }
  EventTarget event;
  if (said.trigger) {
    event.trigger = id_of(*said.trigger);
    if (!event.trigger) return std::nullopt;
  }
  for (const SaidJoining::Part& part : said.parts) {
    const auto argument = id_of(part.key);
    if (!argument) return std::nullopt;
    event.arguments.push_back({.role = role_of(label, part.role), .annotation = *argument});
  }
  return event;
}

std::vector<JoinedLabel> sound_joined(const Protocol& protocol,
                                      const std::map<std::string, KeptKey>& kept,
                                      std::vector<JoinedLabel> joined,
                                      std::set<std::string>& problems) {
  std::set<std::string> joined_keys;
  for (const JoinedLabel& one : joined) joined_keys.insert(one.key);
  std::vector<Annotation> all;
  for (const auto& [key, one] : kept) {
    if (joined_keys.contains(key)) continue;
    Annotation bare;
    bare.id = one.id;
    bare.label = one.label;
    all.push_back(std::move(bare));
  }
  const std::size_t first = all.size();
  while (true) {
    all.resize(first);
    for (const JoinedLabel& one : joined) all.push_back(one.body);
    std::set<std::size_t> bad;
    for (const Violation& violation : detail::joining_violations(protocol, all, Stage::Draft)) {
      const std::size_t index = index_in(violation.path);
      if (index < first || !bad.insert(index - first).second) continue;
      problems.insert(fmt::format("\"{}\": {}", joined[index - first].what, violation.what));
    }
    if (bad.empty()) return joined;
    std::vector<JoinedLabel> sound;
    for (std::size_t i = 0; i < joined.size(); ++i) {
      if (!bad.contains(i)) sound.push_back(std::move(joined[i]));
    }
    joined = std::move(sound);
  }
}

}  // namespace consilium::service
