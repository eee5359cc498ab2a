// Our detectors as raters: recordings that nobody has begun are labelled when a lead says so.
#include "service/signal_detectors/signal_detectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <map>

#include "service/job/job_queue.hpp"
#include "service/prelabel/suggestions.hpp"
#include "storage/labels.hpp"
#include "tests/service/ecg_files.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

synthetic::EcgOptions quarter_hour() {
  using Kind = synthetic::EcgEpisode::Kind;
  return {.seed = 5,
          .duration_s = 900,
          .sampling_rate_hz = 250,
          .leads = {"II", "V1"},
          .episodes = {{.kind = Kind::AtrialFibrillation, .begin_s = 300, .end_s = 600}}};
}

struct Detected : Readers {
  SignalDetectors detectors{*store_, *clock, *random};
  ItemId item;

  Detected() : Readers("ecg-beats-rhythm", {}) {
    write_ecg(folder.path() / "in", quarter_hour());
    import({folder.path() / "in"});
    item = item_id(items_of_kind("signal")[0]);
  }
  json::object turn(const char* detector, bool on) {
    return must(detectors.put(lead, project, detector, on));
  }
  std::size_t label_all() { return must(detectors.label_all(lead, project)); }
  // What stands on the item, by rater.
  std::map<std::string, std::vector<Annotation>> said() {
    const auto reader = must(store_->read());
    std::map<std::string, std::vector<Annotation>> all;
    for (const storage::AnnotationRow& row :
         must(storage::annotations_of_item(*reader, item, std::nullopt, "", 100'000))) {
      if (row.stage != "suggest") continue;
      CHECK(row.rater_kind == "model");
      all[row.rater_name].push_back(
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body)))));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("a detector that is on labels every recording that nobody has begun") {
  Detected fixture;
  CHECK(fixture.label_all() == 0);  // none is on
  fixture.turn("beats", true);
  fixture.turn("rhythm", true);
  CHECK(fixture.label_all() == 1);
  const auto said = fixture.said();
  REQUIRE(said.contains("ECG beats detector"));
  REQUIRE(said.contains("ECG rhythm detector"));

  const auto model = must(synthetic::EcgModel::make(quarter_hour()));
  const auto& beats = said.at("ECG beats detector");
  std::size_t hits = 0;
  for (const auto& truth : model.beats()) {
    hits += std::ranges::any_of(beats,
                                [&](const Annotation& one) {
                                  const auto tick = std::get<SampleTarget>(one.target).tick;
                                  return std::abs(static_cast<double>(tick) -
                                                  static_cast<double>(truth.r_peak)) <= 0.15 * 250;
                                })
                ? 1U
                : 0U;
  }
  CHECK(hits >= model.beats().size() - 3);
  CHECK(beats.size() <= model.beats().size() + 3);
  CHECK(beats.front().label == "beat_normal");
  REQUIRE(beats.front().comment);
  CHECK(beats.front().comment->starts_with("version 1: "));

  const auto& rhythm = said.at("ECG rhythm detector");
  REQUIRE(rhythm.size() == 1);
  CHECK(rhythm[0].label == "rhythm_afib");
  const auto& interval = std::get<IntervalTarget>(rhythm[0].target);
  // The rule looks at 65 intervals at once: some 40 s to each side.
  CHECK(std::abs(interval.begin_tick - 300 * 250) < 60 * 250);
  CHECK(std::abs(interval.end_tick.value_or(0) - 600 * 250) < 60 * 250);

  CHECK(fixture.label_all() == 0);  // the same again changes nothing
  fixture.turn("beats", false);
  CHECK(fixture.label_all() == 1);
  CHECK_FALSE(fixture.said().contains("ECG beats detector"));
  CHECK(fixture.said().contains("ECG rhythm detector"));
  fixture.check_rebuilt();
}

TEST_CASE("one call takes a detector's beats over as own drafts") {
  Detected fixture;
  fixture.turn("beats", true);
  fixture.label_all();
  const std::size_t count = fixture.said().at("ECG beats detector").size();
  fixture.take(fixture.raters[0], fixture.item);
  Suggestions suggestions(*fixture.store_, *fixture.clock, *fixture.random);
  const json::object list =
      must(suggestions.list(fixture.raters[0], fixture.project, fixture.item));
  REQUIRE(list.at("items").as_array().size() == 1);
  const json::value& one = list.at("items").as_array()[0];
  CHECK(one.at("may_take").as_bool());
  const json::object taken =
      must(suggestions.take(fixture.raters[0], fixture.project, fixture.item,
                            must(parse_id<RaterId>(one.at("rater").at("id").as_string()))));
  CHECK(taken.at("annotations").to_number<std::size_t>() == count);
}

TEST_CASE("what somebody has begun stays as it is") {
  Detected fixture;
  fixture.take(fixture.raters[0], fixture.item);
  fixture.turn("beats", true);
  CHECK(fixture.label_all() == 0);
  CHECK(fixture.said().empty());
}

TEST_CASE("a lead alone turns them on, and only where the protocol has their labels") {
  Detected fixture;
  CHECK(fixture.detectors.put(fixture.raters[0], fixture.project, "beats", true).error().code ==
        ErrorCode::Forbidden);
  CHECK(fixture.detectors.put(fixture.lead, fixture.project, "seizures", true).error().code ==
        ErrorCode::NotFound);
  const json::object list = fixture.turn("quality", true);
  for (const json::value& one : list.at("items").as_array()) {
    CHECK(one.at("is_on").as_bool() == (one.at("detector").as_string() == "quality"));
    CHECK_FALSE(one.at("labels").as_array().empty());
  }
  Readers notes("note-problems", {});
  SignalDetectors of_notes(*notes.store_, *notes.clock, *notes.random);
  CHECK(of_notes.put(notes.lead, notes.project, "beats", true).error().code == ErrorCode::Conflict);
}

TEST_CASE("a lead that fell off is told, with its grade") {
  Readers fixture("ecg-beats-rhythm", {});
  const auto in = fixture.folder.path() / "in";
  write_ecg(in, quarter_hour());
  // The first lead reads 0 for three minutes; its checksum no longer holds, which is a note.
  std::filesystem::path data;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(in)) {
    if (entry.path().extension() == ".dat") data = entry.path();
  }
  std::fstream file(data, std::ios::binary | std::ios::in | std::ios::out);
  for (std::streamoff sample = 60 * 250; sample < 240 * 250; ++sample) {
    file.seekp(sample * 4);
    file.write("\0\0", 2);
  }
  file.close();
  fixture.import({in});
  const ItemId item = ServiceFixture::item_id(fixture.items_of_kind("signal")[0]);
  SignalDetectors detectors(*fixture.store_, *fixture.clock, *fixture.random);
  must(detectors.put(fixture.lead, fixture.project, "quality", true));
  CHECK(must(detectors.label_all(fixture.lead, fixture.project)) == 1);
  const auto reader = must(fixture.store_->read());
  bool is_found = false;
  for (const storage::AnnotationRow& row :
       must(storage::annotations_of_item(*reader, item, std::nullopt, "", 1000))) {
    const Annotation body =
        must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
    const auto& interval = std::get<IntervalTarget>(body.target);
    CHECK(interval.channels == std::vector<std::string>{"II"});
    is_found = is_found || (interval.begin_tick == 60 * 250 && interval.end_tick == 240 * 250 &&
                            body.attributes.at("noise_grade") == AnswerValue("no_signal"));
  }
  CHECK(is_found);
}

TEST_CASE("jobs label the recordings one by one") {
  Detected fixture;
  JobQueue jobs;
  SignalDetectors in_jobs(*fixture.store_, *fixture.clock, *fixture.random, &jobs);
  must(in_jobs.put(fixture.lead, fixture.project, "rhythm", true));
  jobs.wait_idle();
  CHECK(fixture.said().contains("ECG rhythm detector"));
  CHECK_FALSE(must(in_jobs.list(fixture.lead, fixture.project)).at("is_running").as_bool());
}
