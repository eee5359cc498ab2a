// Readers of thirty notes: what document they are, and the problems in them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/catalog.hpp"
#include "tests/service/readers.hpp"

namespace consilium::service::test {

inline constexpr int note_count = 30;

struct NoteReaders : Readers {
  std::vector<ItemId> notes;  // by number

  // The protocol of notes, in which a letter more or less is the same place, with more edits.
  explicit NoteReaders(Edits edits = {})
      : Readers("note-problems", with_tolerance(std::move(edits))) {}
  static Edits with_tolerance(Edits edits) {
    edits.emplace_back("boundary_code_points_max: 0", "boundary_code_points_max: 1");
    return edits;
  }

  // Three notes of each of ten patients.
  void import_notes() {
    std::string text;
    for (int i = 0; i < note_count; ++i) {
      text += json::serialize(json::object{{"id", "note-" + std::to_string(i)},
                                           {"patient", "MRN-" + std::to_string(i / 3)},
                                           {"date", "2019-03-11"},
                                           {"text", made_note + std::to_string(i)}}) +
              "\n";
    }
    write_file(folder.path() / "notes.jsonl", bytes_of(text));
    import({folder.path() / "notes.jsonl"});
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("text")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) notes.push_back(id);
    REQUIRE(notes.size() == note_count);
  }

  json::object span(const ItemId& item, const std::string& label, int begin, int end) {
    json::object one = labelled(
        item, label, {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
    if (label == "problem") {
      one["attributes"] =
          json::object{{"assertion", "present"}, {"time", "current"}, {"subject", "patient"}};
    } else if (label == "medication") {
      one["attributes"] = json::object{{"medication_status", "started"}};
    }
    return one;
  }
  // What was made: two kinds of document in turn; Cem errs on every fifth. Everybody marks the
  // problem, Ben one letter short, Cem as a medication on every seventh and not at all on 3.
  std::vector<json::object> made_opinion(std::size_t who, std::size_t i) {
    std::string kind = i % 2 == 0 ? "progress_note" : "consultation";
    if (who == 2 && i % 5 == 0) kind = "other";
    std::vector<json::object> said{answer(notes[i], "document_type", json::value(kind))};
    if (who == 2 && i == 3) return said;
    const bool is_other = who == 2 && i % 7 == 0;
    said.push_back(span(notes[i], is_other ? "medication" : "problem", 6, who == 1 ? 11 : 12));
    return said;
  }
  void read_all() {
    for (std::size_t i = 0; i < notes.size(); ++i) {
      for (std::size_t r = 0; r < raters.size(); ++r) read(raters[r], notes[i], made_opinion(r, i));
    }
  }

  // As the review service writes it: labels under a task of the stage, then the word itself.
  void adjudicate(const Access& access, const ItemId& item, const json::object& said, bool gold) {
    const storage::ItemRow row = [&] {
      const auto reader = must(store_->read());
      return must(storage::find_item(*reader, project, item));
    }();
    must(store_->write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
      const TaskId task = CSL_TRY(append_reading(transaction, access, row, "adjudicate", said));
      storage::EventDraft word = event("item.adjudicated", row);
      word.fields.set("rater_id", access.rater())
          .set("task_id", task)
          .set("revision", std::int64_t{1})
          .set("gold", gold)
          .set("reason", storage::PatientText{"made"})
          .set("decisions", storage::PatientText{"[]"})
          .set("rests_on", storage::JsonText{"[]"});
      return transaction.append(std::move(word));
    }));
  }

  // One label under a task of its own, submitted: what the services write, without their checks.
  Result<TaskId> append_reading(storage::Transaction& transaction, const Access& access,
                                const storage::ItemRow& item, const std::string& stage,
                                const json::object& said) {
    const TaskId task = make_id<TaskId>(*clock, *random);
    storage::EventDraft leased = event("task.leased", item);
    leased.fields.set("task_id", task).set("rater_id", access.rater()).set("stage", stage);
    leased.fields.set("lease_until", std::int64_t{0}).set("rater_name", access.display_name);
    CSL_TRY(transaction.append(std::move(leased)));
    storage::EventDraft revised = event("annotation.revised", item);
    revised.fields.set("annotation_id", std::string(said.at("id").as_string()))
        .set("revision", std::int64_t{1})
        .set("rater_id", access.rater())
        .set("task_id", task)
        .set("target_type", "whole")
        .set("protocol_hash", "made")
        .set("body", storage::PatientText{json::serialize(said)});
    CSL_TRY(transaction.append(std::move(revised)));
    storage::EventDraft submitted = event("task.submitted", item);
    submitted.fields.set("task_id", task).set("rater_id", access.rater());
    CSL_TRY(transaction.append(std::move(submitted)));
    return task;
  }

  [[nodiscard]] storage::EventDraft event(const char* type, const storage::ItemRow& item) const {
    return {
        .type = type, .project = project, .item = item.id, .patient = item.patient, .fields = {}};
  }
};

}  // namespace consilium::service::test
