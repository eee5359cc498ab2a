// Readers of a project who label and submit.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "service/panel/panel.hpp"
#include "service/panel/project_votes.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "tests/service/service_fixture.hpp"

namespace consilium::service::test {

// Texts of a protocol and what stands in their place.
using Edits = std::vector<std::pair<std::string, std::string>>;

struct Readers : ServiceFixture {
  Annotations annotations{*store_, *clock};
  Panels panels{*store_, *clock};
  Assignment assignment{
      *store_, *items_, *clock, *random,
      [this](const ProjectId& of, const RaterId& who) { return panels.order_for(of, who); }};
  std::vector<Access> raters;
  std::string protocol;  // the id of the one in use

  // Three readers of each item under this protocol, with edits.
  Readers(std::string protocol_id, const Edits& edits) : protocol(std::move(protocol_id)) {
    std::string yaml = read_source_file("protocols/" + protocol + ".yaml");
    for (const auto& [from, to] : edits) {
      REQUIRE(yaml.find(from) != std::string::npos);
      for (std::size_t at = yaml.find(from); at != std::string::npos;
           at = yaml.find(from, at + 1)) {
        yaml.replace(at, from.size(), to);
      }
    }
    must(projects_->put_protocol(operator_, project, yaml));
    const json::object shown = must(projects_->show(lead, project));
    must(projects_->put(operator_, project, {.name = "Made project", .readers_per_item = 3},
                        shown.at("revision").as_int64()));
    for (const char* name : {"Ada", "Ben", "Cem"}) raters.push_back(person(name, {Role::Rater}));
  }

  json::object body(const ItemId& item, json::object target) {
    return annotation_json(make_id<AnnotationId>(*clock, *random), item, protocol,
                           std::move(target));
  }
  json::object answer(const ItemId& item, const std::string& question, json::value value) {
    json::object one = body(item, {{"type", "whole"}});
    one["question"] = question;
    one["value"] = std::move(value);
    return one;
  }
  json::object labelled(const ItemId& item, const std::string& label, json::object target) {
    json::object one = body(item, std::move(target));
    one["label"] = label;
    return one;
  }
  void put(const Access& access, const ItemId& item, const json::object& one) {
    must(annotations.put(access, project, item,
                         {.id = must(parse_id<AnnotationId>(one.at("id").as_string())),
                          .body_json = json::serialize(one),
                          .if_match = std::nullopt}));
  }
  TaskId take(const Access& access, const ItemId& item) {
    const json::object task = must(assignment.take(access, project, item));
    return must(parse_id<TaskId>(task.at("id").as_string()));
  }
  void submit(const Access& access, const TaskId& task) {
    clock->advance_ms(1000);
    must(assignment.submit(access, project, task, 60.0));
  }
  TaskId read(const Access& access, const ItemId& item, const std::vector<json::object>& said) {
    const TaskId task = take(access, item);
    for (const json::object& one : said) put(access, item, one);
    submit(access, task);
    return task;
  }

  ProjectVotes votes() {
    ProtocolCache protocols;
    const auto reader = must(store_->read());
    return must(gather_votes(*reader, protocols, project));
  }
  void check_rebuilt() {
    const auto root = folder.path() / "store";
    close();
    const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
    for (const std::string& problem : verified.problems) MESSAGE(problem);
    CHECK(verified.problems.empty());
  }
};

inline const VotingUnit& unit_of(const ProjectVotes& votes, const std::string& id) {
  for (const VotingUnit& unit : votes.units) {
    if (unit.id == id) return unit;
  }
  FAIL("no unit " << id);
  return votes.units.front();
}

inline const json::object& unit_of(const json::object& panel, const std::string& id) {
  for (const json::value& unit : panel.at("units").as_array()) {
    if (unit.at("id").as_string() == id) return unit.as_object();
  }
  FAIL("no unit " << id);
  return panel;
}

}  // namespace consilium::service::test
