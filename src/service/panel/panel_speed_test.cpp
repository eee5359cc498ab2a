// How long the panel of a large project takes. Not run by itself: --no-skip.
#include <chrono>

#include "service/job/job_queue.hpp"
#include "service/panel/item_update.hpp"
#include "service/panel/live_panel.hpp"
#include "tests/service/note_readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr int count = 10'000;

// Three readings of each but the last hundred items, which nobody has read.
struct ManyNotes : NoteReaders {
  std::vector<storage::ItemRow> items;
  SeededRandom draws{1};

  ManyNotes() {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += json::serialize(json::object{{"id", "note-" + std::to_string(i)},
                                           {"patient", "MRN-" + std::to_string(i / 3)},
                                           {"text", made_note}}) +
              "\n";
    }
    write_file(folder.path() / "many.jsonl", bytes_of(text));
    import({folder.path() / "many.jsonl"});
    items = must(storage::all_items(*must(store_->read()), project));
    for (const Access& access : raters) {
      must(store_->write(actor_of(access), [&](storage::Transaction& log) -> Status {
        for (int i = 0; i < count - 100; ++i) {
          CSL_TRY(vote(log, access, items[static_cast<std::size_t>(i)]));
        }
        return {};
      }));
    }
  }
  Status vote(storage::Transaction& log, const Access& access, const storage::ItemRow& item) {
    const char* kind = draws.below(10) == 0 ? "other" : "progress_note";
    CSL_TRY(append_reading(log, access, item, "label",
                           answer(item.id, "document_type", json::value(kind))));
    return {};
  }
};

template <class Work>
double seconds_of(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

TEST_CASE("measured: the panel of 10,000 items, counted, kept, and after one saved vote" *
          doctest::skip()) {
  ManyNotes fixture;
  const auto show = [&] { must(fixture.panels.show(fixture.lead, fixture.project)); };
  MESSAGE("counted and shown: " << seconds_of(show) << " s; kept: " << seconds_of(show) << " s");

  ProtocolCache protocols;
  MaskDiceKept mask_dice;
  const CountSources sources{*fixture.store_, protocols, mask_dice, *fixture.clock};
  std::unique_ptr<LivePanel> live;
  const auto count_anew = [&] {
    live = must(LivePanel::count(sources, *must(fixture.store_->read()), fixture.project));
  };
  MESSAGE("counted anew: " << seconds_of(count_anew) << " s");
  std::vector<double> update;
  std::vector<double> shown;
  for (std::size_t i = count - 100; i < count; ++i) {
    must(fixture.store_->write(actor_of(fixture.raters[0]), [&](storage::Transaction& log) {
      return fixture.vote(log, fixture.raters[0], fixture.items[i]);
    }));
    update.push_back(seconds_of([&] {
      CHECK(must(live->update(sources, *must(fixture.store_->read()), fixture.project)));
    }));
    shown.push_back(seconds_of([&] { CHECK(!live->shown().empty()); }));
  }
  CHECK(live->updates() == 100);
  MESSAGE("one vote taken in: median " << median_of(update) * 1e3 << " ms of 100; the page made: "
                                       << median_of(shown) * 1e3 << " ms");
}
