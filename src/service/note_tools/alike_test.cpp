// What a rater marked is offered again to them alone, wherever it occurs.
#include "service/note_tools/alike.hpp"

#include <map>
#include <set>

#include "storage/catalog.hpp"
#include "storage/labels.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

struct AlikeNotes : Readers {
  Alike alike{*store_};
  std::vector<ItemId> notes;

  AlikeNotes() : Readers("note-problems", {}) {
    const std::vector<std::string> texts{
        "Known chest pain.", "😷 No CHEST\r\npain, chest pains; chest  pain.", "Chest clear."};
    std::string lines;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      lines += json::serialize(json::object{{"id", "note-" + std::to_string(i)},
                                            {"patient", "MRN-" + std::to_string(i)},
                                            {"date", "2019-03-11"},
                                            {"text", texts[i]}}) +
               "\n";
    }
    write_file(folder.path() / "notes.jsonl", bytes_of(lines));
    import({folder.path() / "notes.jsonl"});
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("text")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) notes.push_back(id);
  }
  AnnotationId span(const Access& who, std::size_t i, int begin, int end) {
    json::object one = labelled(
        notes[i], "problem", {{"type", "spans"}, {"ranges", json::array{json::array{begin, end}}}});
    one["attributes"] =
        json::object{{"assertion", "negated"}, {"time", "current"}, {"subject", "patient"}};
    put(who, notes[i], one);
    return must(parse_id<AnnotationId>(one.at("id").as_string()));
  }
  json::array listed(const Access& who, std::size_t i) {
    return must(alike.list(who, project, notes[i])).at("items").as_array();
  }
};

}  // namespace

TEST_CASE(
    "places that read as a mark are offered in the project's other notes, to its rater alone") {
  AlikeNotes fixture;
  const Access& ada = fixture.raters[0];
  fixture.take(ada, fixture.notes[0]);
  const AnnotationId marked = fixture.span(ada, 0, 6, 16);
  CHECK(fixture.listed(ada, 1).empty());
  const json::object count =
      must(fixture.alike.mark(ada, fixture.project, fixture.notes[0], marked));
  CHECK(count.at("notes").as_int64() == 1);
  CHECK(count.at("places").as_int64() == 2);
  must(fixture.alike.mark(ada, fixture.project, fixture.notes[0], marked));  // changes nothing
  const json::array found = fixture.listed(ada, 1);
  REQUIRE(found.size() == 2);
  CHECK(json::serialize(found[0].at("ranges")) == "[[5,16]]");  // code points, over the line's end
  CHECK(json::serialize(found[1].at("ranges")) == "[[31,42]]");
  CHECK(found[0].at("label").as_string() == "problem");
  // That it was denied there is not said here.
  CHECK(found[0].at("attributes").as_object().empty());
  CHECK(found[0].at("of_item").as_string() == to_string(fixture.notes[0]));
  CHECK(fixture.listed(ada, 0).empty());
  CHECK(fixture.listed(ada, 2).empty());
  CHECK(fixture.listed(fixture.raters[1], 1).empty());
  CHECK(fixture.votes().raters.empty());
  // What was accepted is offered no more.
  fixture.take(ada, fixture.notes[1]);
  json::object own = fixture.labelled(fixture.notes[1], "problem",
                                      {{"type", "spans"}, {"ranges", found[0].at("ranges")}});
  own["id"] = found[0].at("id");
  fixture.put(ada, fixture.notes[1], own);
  CHECK(fixture.listed(ada, 1).size() == 1);
  must(fixture.alike.unmark(ada, fixture.project, fixture.notes[0], marked));
  CHECK(fixture.listed(ada, 1).empty());
  CHECK_FALSE(fixture.alike.unmark(ada, fixture.project, fixture.notes[0], marked));
  fixture.check_rebuilt();
}

TEST_CASE("one marks one's own spans") {
  AlikeNotes fixture;
  fixture.take(fixture.raters[0], fixture.notes[0]);
  const AnnotationId marked = fixture.span(fixture.raters[0], 0, 6, 16);
  const auto other =
      fixture.alike.mark(fixture.raters[1], fixture.project, fixture.notes[0], marked);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::NotFound);
}

TEST_CASE("with its patient a mark's words are gone") {
  AlikeNotes fixture;
  const Access& ada = fixture.raters[0];
  fixture.take(ada, fixture.notes[0]);
  must(fixture.alike.mark(ada, fixture.project, fixture.notes[0], fixture.span(ada, 0, 6, 16)));
  CHECK(fixture.listed(ada, 1).size() == 2);
  const PatientId patient = [&] {
    const auto reader = must(fixture.store_->read());
    return must(storage::find_item(*reader, fixture.project, fixture.notes[0])).patient;
  }();
  must(fixture.store_->erase_patient(actor_of(fixture.lead), patient, "asked for"));
  CHECK(fixture.listed(ada, 1).empty());
}
