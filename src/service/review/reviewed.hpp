// Two readers of each item, an adjudicator and a reviewer: what tests of reviewing begin with.
#pragma once

#include <bit>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "service/access/pseudonym.hpp"
#include "service/annotation/mask_copy.hpp"
#include "service/annotation/rater_names.hpp"
#include "service/job/job_queue.hpp"
#include "service/release/exports.hpp"
#include "service/review/review.hpp"
#include "storage/labels.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "storage/work.hpp"
#include "tests/service/made_masks.hpp"

namespace consilium::service::test {

// Two readers of each item, an adjudicator, a reviewer.
struct Reviewed : ServiceFixture {
  Annotations annotations{*store_, *clock};
  Masks masks{*store_, *clock};
  Assignment assignment{*store_, *items_, *clock, *random};
  Review review{*store_, *items_, *clock, *random};
  Access second = person("Second", Roles{Role::Rater});
  Access adjudicator = person("Adjudicator", Roles{Role::Adjudicator, Role::Rater});
  Access reviewer = person("Reviewer", Roles{Role::Reviewer});

  explicit Reviewed(const std::string& protocol) {
    const json::object view = must(projects_->show(lead, project));
    must(projects_->put(operator_, project, {.name = "Made project", .readers_per_item = 2},
                        view.at("revision").as_int64()));
    set_protocol(protocol);
  }

  TaskId take(const Access& access, const ItemId& item) {
    const json::object task = must(assignment.take(access, project, item));
    return must(parse_id<TaskId>(task.at("id").as_string()));
  }

  json::object body(const ItemId& item, const std::string& protocol, json::object target) {
    return annotation_json(make_id<AnnotationId>(*clock, *random), item, protocol,
                           std::move(target));
  }
  void put(const Access& access, const ItemId& item, const json::object& annotation) {
    must(annotations.put(access, project, item,
                         {.id = must(parse_id<AnnotationId>(annotation.at("id").as_string())),
                          .body_json = json::serialize(annotation),
                          .if_match = std::nullopt}));
  }
  void answer(const Access& access, const ItemId& item, const std::string& protocol,
              const std::string& question, json::value value) {
    json::object annotation = body(item, protocol, {{"type", "whole"}});
    annotation["question"] = question;
    annotation["value"] = std::move(value);
    put(access, item, annotation);
  }
  void span(const Access& access, const ItemId& item, const std::string& label, int begin, int end,
            const std::string& assertion) {
    json::object annotation =
        body(item, "note-problems",
             {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
    annotation["label"] = label;
    annotation["attributes"] =
        label == "problem"
            ? json::object{{"assertion", assertion}, {"time", "current"}, {"subject", "patient"}}
            : json::object{{"medication_status", assertion}};
    put(access, item, annotation);
  }
  void submit(const Access& access, const TaskId& task) {
    must(assignment.submit(access, project, task, 30.0));
  }

  json::array note_items() {
    write_made_notes(folder.path() / "notes.jsonl", "MRN-1");
    import({folder.path() / "notes.jsonl"});
    return items_of_kind("text");
  }
  // Another answer, another assertion of one problem, another extent, one medication missed.
  TaskId read_note(const ItemId& item) {
    const TaskId first = take(rater, item);
    span(rater, item, "problem", 6, 12, "present");
    span(rater, item, "problem", 17, 26, "negated");
    span(rater, item, "medication", 40, 49, "continued");
    answer(rater, item, "note-problems", "document_type", "progress_note");
    submit(rater, first);
    const TaskId other = take(second, item);
    span(second, item, "problem", 6, 12, "possible");
    span(second, item, "problem", 14, 26, "negated");
    answer(second, item, "note-problems", "document_type", "other");
    submit(second, other);
    return first;
  }

  json::object opinions(const Access& access, const ItemId& item) {
    return must(review.opinions(access, project, item));
  }
  static const json::object& difference(const json::object& opinions, std::string_view what) {
    for (const json::value& one : opinions.at("differences").as_array()) {
      if (one.at("what").as_string() == what) return one.as_object();
    }
    FAIL("no such difference: " << what);
    return opinions;
  }
  // Takes the most probable choice of everything that is not agreed.
  static json::array first_choices(const json::object& opinions) {
    json::array decisions;
    for (const json::value& one : opinions.at("differences").as_array()) {
      if (one.at("agreed").as_bool()) continue;
      decisions.push_back(json::object{{"difference_id", one.at("id")},
                                       {"take", "choice"},
                                       {"class", one.at("choices").as_array()[0].at("class")}});
    }
    return decisions;
  }
  Answer<json::object> adjudicate(const Access& access, const ItemId& item, json::array decisions,
                                  const std::string& reason, bool gold = false) {
    return review.adjudicate(
        access, project, item,
        json::object{{"decisions", std::move(decisions)}, {"reason", reason}, {"gold", gold}});
  }
  std::vector<storage::AnnotationRow> adjudicated(const ItemId& item) {
    auto rows = must(
        storage::annotations_of_item(*must(store_->read()), item, std::nullopt, "", 1'000'000));
    std::erase_if(rows, [](const auto& row) { return row.stage != "adjudicate"; });
    return rows;
  }
  // The files of an export by their names.
  std::map<std::string, std::string> exported(ExportFormat format) {
    JobQueue jobs;
    Exports exports(*store_, jobs, folder.path() / "exports", *clock, *random);
    const auto out = folder.path() / "out" / std::string(name_of(format));
    std::filesystem::create_directories(out);
    ExportRequest request;
    request.format = format;
    must(exports.write_to(operator_, project, request, out));
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[std::filesystem::relative(entry.path(), out).string()] = {
          (std::istreambuf_iterator<char>(in)), {}};
    }
    return files;
  }
  void check_rebuilt() {
    const auto root = folder.path() / "store";
    close();
    const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
    for (const std::string& problem : verified.problems) MESSAGE(problem);
    CHECK(verified.problems.empty());
  }
};

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE(!result);
  return result.error().code;
}
template <class T>
ErrorCode code_of(const Answer<T>& answer) {
  REQUIRE(!answer);
  return answer.error().error.code;
}

}  // namespace consilium::service::test
