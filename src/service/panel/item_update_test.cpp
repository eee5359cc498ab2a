#include "service/panel/item_update.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "service/job/job_queue.hpp"
#include "service/panel/live_panel.hpp"
#include "tests/service/note_readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// A unit in words, so that two of them can be compared whatever their numbers.
std::map<std::string, std::vector<std::string>> in_words(const ProjectVotes& votes,
                                                         const VotingUnit& unit) {
  std::map<std::string, std::vector<std::string>> rows;
  for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
    std::vector<std::string>& words = rows[row_name(votes, unit.rows[row])];
    const auto& truth = unit.rows[row].truth;
    words.push_back("truth " + (truth ? unit.classes[*truth].id : "-"));
    for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
      words.push_back(to_string(votes.raters[unit.table.rater[v]].rater.id) + ' ' +
                      unit.classes[unit.table.label[v]].id + ' ' + to_rfc3339(unit.sources[v].at));
    }
  }
  return rows;
}

struct Kept : NoteReaders {
  ProtocolCache protocols;
  MaskDiceKept mask_dice;
  std::unique_ptr<LivePanel> live;
  Access judge = person("Judge", {Role::Adjudicator});
  std::vector<std::map<ItemId, TaskId>> tasks;  // of each rater
  std::set<ItemId> adjudicated;
  int updated = 0;
  int counted = 0;

  explicit Kept(Edits edits = {}) : NoteReaders(std::move(edits)) {
    import_notes();
    tasks.resize(raters.size());
  }
  CountSources sources() { return {*store_, protocols, mask_dice, *clock}; }
  void count() {
    live = must(LivePanel::count(sources(), *must(store_->read()), project));
    ++counted;
  }
  void bring_up() {
    if (must(live->update(sources(), *must(store_->read()), project))) {
      ++updated;
    } else {
      count();
    }
  }
  // Votes as a fresh gathering has them, in every table that is kept.
  void check_votes() {
    const ProjectVotes fresh = votes();
    for (const VotingUnit& unit : fresh.units) {
      CAPTURE(unit.id);
      CHECK(in_words(live->votes(), unit_of(live->votes(), unit.id)) == in_words(fresh, unit));
    }
    REQUIRE(live->votes().raters.size() >= fresh.raters.size());
    for (const VotingRater& wanted : fresh.raters) {
      const auto found = std::ranges::find(live->votes().raters, wanted.rater.id,
                                           [](const VotingRater& one) { return one.rater.id; });
      REQUIRE(found != live->votes().raters.end());
      CHECK(std::ranges::equal(found->readings, wanted.readings, [](const auto& a, const auto& b) {
        return a.item == b.item && a.submitted_at == b.submitted_at && a.duration_s == b.duration_s;
      }));
    }
  }
  // The engine's votes are the table's, and its counts what a recount of them gives.
  void check_panels() {
    for (const CountedUnit& counted_unit : live->panel().units) {
      const VotingUnit& unit = *counted_unit.unit;
      CAPTURE(unit.id);
      CHECK(counted_unit.rows.size() == unit.rows.size());
      CHECK(counted_unit.consensus.entropy_nats.size() == unit.rows.size());
      CHECK(counted_unit.consensus.posterior.value.size() ==
            unit.rows.size() * unit.classes.size());
      std::vector<std::uint64_t> votes_of_rater(live->votes().raters.size());
      for (const RaterIndex said_by : unit.table.rater) ++votes_of_rater[said_by];
      CHECK(votes_of_rater == counted_unit.consensus.raters.vote_count);
      if (!counted_unit.running) continue;
      const routing::RunningPanel& panel = *counted_unit.running;
      REQUIRE(panel.item_count() == unit.rows.size());
      CHECK(panel.counts_are_exact());
      for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
        std::map<RaterIndex, ClassIndex> said;
        for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
          said[unit.table.rater[v]] = unit.table.label[v];
        }
        const auto held = panel.votes_of(row);
        CHECK(said == std::map<RaterIndex, ClassIndex>(held.begin(), held.end()));
        CHECK(panel.truth_of(row) == unit.rows[row].truth);
      }
    }
  }
  // Brought to rest, panel and a fresh one of the same votes are the same estimate.
  void check_settled() {
    for (const CountedUnit& counted_unit : live->panel().units) {
      if (!counted_unit.running) continue;
      routing::RunningPanel kept = *counted_unit.running;
      kept.settle(1e-9, 10'000);
      auto fresh = must(running_panel(*counted_unit.unit, std::nullopt));
      fresh->settle(1e-9, 10'000);
      for (ItemIndex row = 0; row < kept.item_count(); ++row) {
        const auto a = kept.posterior(row);
        const auto b = fresh->posterior(row);
        for (std::size_t k = 0; k < a.size(); ++k) CHECK(std::abs(a[k] - b[k]) < 1e-5);
      }
    }
  }
};

// Every way in which an item's votes change.
void random_edit(Kept& kept, SeededRandom& random) {
  const std::size_t who = random.below(3);
  const std::size_t i = random.below(note_count);
  const ItemId& item = kept.notes[i];
  auto& tasks = kept.tasks[who];
  const auto open = tasks.find(item);
  const std::uint64_t what = random.below(10);
  if (what == 0 && kept.adjudicated.insert(item).second) {
    const char* kinds[] = {"progress_note", "consultation", "other"};
    kept.adjudicate(kept.judge, item,
                    kept.answer(item, "document_type", json::value(kinds[random.below(3)])),
                    random.below(2) == 0);
  } else if (open == tasks.end()) {
    tasks[item] = kept.read(kept.raters[who], item, kept.made_opinion(who, i));
  } else {
    // Seen again: what was said is taken back, something else may stand in its place.
    const Access& access = kept.raters[who];
    must(kept.assignment.reopen(access, kept.project, open->second, "seen again"));
    const json::value said =
        json::parse(must(kept.annotations.list(access, kept.project, item, {})));
    for (const json::value& one : said.at("items").as_array()) {
      must(kept.annotations.remove(access, kept.project, item,
                                   must(parse_id<AnnotationId>(one.at("id").as_string())),
                                   one.at("revision").as_int64()));
    }
    if (what < 8) {
      for (const json::object& one : kept.made_opinion(random.below(3), random.below(note_count))) {
        json::object own = one;
        own["item_id"] = to_string(item);
        kept.put(access, item, own);
      }
    } else {
      kept.put(access, item, kept.answer(item, "document_type", "consultation"));
    }
    kept.submit(access, open->second);
  }
}

}  // namespace

TEST_CASE(
    "votes taken in one by one: tables and counts are those of a fresh gathering, bit for bit") {
  for (const bool has_stop_plan : {false, true}) {
    CAPTURE(has_stop_plan);
    Kept kept(has_stop_plan ? Edits{{"  readers: 2\n",
                                     "  readers: 3\n  stop: {readers_min: 2, readers_max: 4}\n"}}
                            : Edits{});
    SeededRandom random(has_stop_plan ? 3 : 2);
    kept.count();
    for (int step = 0; step < 120; ++step) {
      CAPTURE(step);
      random_edit(kept, random);
      kept.bring_up();
      kept.check_panels();
      if (step % 10 != 0) continue;
      kept.check_votes();
      CHECK(!kept.live->shown().at("uncertain_items").as_array().empty());
      const auto order = kept.live->order_for(kept.raters[0].rater());
      CHECK((order != nullptr) == has_stop_plan);
    }
    kept.check_votes();
    kept.check_settled();
    // New raters, units and classes made a few counts necessary; nearly all was taken in.
    MESSAGE(kept.updated << " taken in, " << kept.counted << " counts");
    CHECK(kept.updated >= 100);
    CHECK(kept.counted <= 12);
    kept.check_rebuilt();
  }
}

TEST_CASE("what follows for the item that was taken in is what a whole pass over the same gives") {
  Kept kept(Edits{{"  readers: 2\n", "  readers: 3\n  stop: {readers_min: 2, readers_max: 4}\n"}});
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t r = 0; r < 3; ++r) {
      if ((i + r) % 3 != 0) kept.read(kept.raters[r], kept.notes[i], kept.made_opinion(r, i));
    }
  }
  kept.count();
  for (std::size_t i = 0; i < 20; ++i) {
    CAPTURE(i);
    kept.read(kept.raters[(3 - i % 3) % 3], kept.notes[i], kept.made_opinion((3 - i % 3) % 3, i));
    kept.bring_up();
    const ProjectVotes& votes = kept.live->votes();
    const CountedPanel& panel = kept.live->panel();
    std::vector<CountedUnit> weighed;
    for (const CountedUnit& unit : panel.units) {
      weighed.push_back(unit);
      must(weigh_rows(votes, weighed.back(), 0, static_cast<ItemIndex>(unit.rows.size())));
    }
    const std::vector<ItemState> items = count_items(votes, weighed);
    CHECK(panel.items[i].settled == items[i].settled);
    CHECK(panel.items[i].votes_needed == items[i].votes_needed);
    CHECK(panel.items[i].entropy_bits == items[i].entropy_bits);
    const auto next = next_readers(votes, weighed, items, std::vector<bool>(3, true),
                                   std::vector<double>(3, 1.0));
    REQUIRE(next[i].has_value() == panel.next_reader[i].has_value());
    if (next[i]) CHECK(next[i]->gain_bits == panel.next_reader[i]->gain_bits);
    for (RaterIndex r = 0; r < 3; ++r) {
      for (const ItemGain& gain : gains_of(votes, weighed, items, r)) {
        if (gain.number != votes.items[i].number) continue;
        const auto one = gain_of(votes, panel.units, panel.items, r, static_cast<std::uint32_t>(i));
        REQUIRE(one.has_value());
        CHECK(one->gain_nats == gain.gain_nats);
      }
    }
  }
  CHECK(kept.counted == 1);
}

TEST_CASE("what cannot be taken in is counted anew: a new rater, a new class, a new item") {
  Kept kept;
  kept.read(kept.raters[0], kept.notes[0], kept.made_opinion(0, 0));
  kept.count();
  const auto takes_in = [&] {
    const bool is_in =
        must(kept.live->update(kept.sources(), *must(kept.store_->read()), kept.project));
    if (!is_in) kept.count();
    return is_in;
  };
  kept.read(kept.raters[0], kept.notes[2], kept.made_opinion(0, 2));
  CHECK(takes_in());
  kept.read(kept.raters[1], kept.notes[0], kept.made_opinion(1, 0));
  CHECK(!takes_in());
  kept.read(kept.raters[0], kept.notes[1], kept.made_opinion(0, 1));  // the first consultation
  CHECK(!takes_in());
  write_made_notes(kept.folder.path() / "more.jsonl", "MRN-MORE");
  kept.import({kept.folder.path() / "more.jsonl"});
  CHECK(!takes_in());
  CHECK(kept.live->votes().items.size() > note_count);
}

TEST_CASE(
    "a slow panel shows each vote at once, and after the count in the background all is current") {
  NoteReaders fixture;
  JobQueue jobs;
  Panels kept(*fixture.store_, *fixture.clock, &jobs,
              {.wait_ms_max = -1, .updates_max = 3, .recount_after_ms = 1'000'000});
  fixture.import_notes();
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t r = 0; r < 3; ++r) {
      if (i < 4 || r == 0)
        fixture.read(fixture.raters[r], fixture.notes[i], fixture.made_opinion(r, i));
    }
  }
  const json::object first = must(kept.show(fixture.lead, fixture.project));
  CHECK(first.at("is_current").as_bool());
  CHECK(first.at("updates") == 0);
  const auto votes_shown = [](const json::object& panel) {
    return unit_of(panel, "document_type").at("votes").to_number<std::int64_t>();
  };
  for (std::size_t i = 4; i < 6; ++i) {
    fixture.read(fixture.raters[1], fixture.notes[i], fixture.made_opinion(1, i));
    const json::object shown = must(kept.show(fixture.lead, fixture.project));
    jobs.wait_idle();
    CHECK(!shown.at("is_current").as_bool());
    CHECK(shown.at("counted_at") == first.at("counted_at"));
    CHECK(shown.at("updates") == static_cast<std::int64_t>(i) - 3);
    CHECK(votes_shown(shown) == votes_shown(first) + static_cast<std::int64_t>(i) - 3);
  }
  fixture.read(fixture.raters[2], fixture.notes[4], fixture.made_opinion(2, 4));
  CHECK(must(kept.show(fixture.lead, fixture.project)).at("updates") == 3);
  jobs.wait_idle();  // that was the third: it is due
  const json::object after = must(kept.show(fixture.lead, fixture.project));
  CHECK(after.at("is_current").as_bool());
  CHECK(after == must(fixture.panels.show(fixture.lead, fixture.project)));
}
