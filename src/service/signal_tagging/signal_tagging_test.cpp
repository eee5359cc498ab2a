// The signal tagger in the product: submitted recordings teach it, the next ones open labelled.
#include "service/signal_tagging/signal_tagging.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "base/random.hpp"
#include "service/job/job_queue.hpp"
#include "service/signal_tagging/signal_model.hpp"
#include "storage/labels.hpp"
#include "tests/service/readers.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr int recording_count = 10;
constexpr std::int64_t rate = 100;
constexpr std::int64_t window_s = 5;
constexpr std::int64_t windows = 24;  // of each recording
constexpr const char* quality = "recording_quality";

// Windows come in runs of three of one kind: 0 slow, 1 fast, 2 nothing but noise.
int kind_of(int recording, std::int64_t window) {
  return static_cast<int>((window / 3 + recording) % 3);
}
bool is_loud(int recording) { return recording % 2 == 1; }

void write_two_channels(const std::filesystem::path& folder, int recording) {
  const std::string name = "rec" + std::to_string(recording);
  const std::int64_t samples = windows * window_s * rate;
  write_file(folder / (name + ".hea"),
             bytes_of(name + " 2 100 " + std::to_string(samples) + "\n" + name +
                      ".dat 16 200/uV 16 0 0 0 0 C3\n" + name +
                      ".dat 16 200/uV 16 0 0 0 0 EMG\n# Patient ID: P" + name + "\n"));
  SeededRandom random(static_cast<std::uint64_t>(recording) + 40);
  Bytes data;
  const auto put = [&](double value) {
    const auto stored = static_cast<std::uint16_t>(static_cast<std::int16_t>(value));
    data.push_back(static_cast<std::byte>(stored & 0xFFU));
    data.push_back(static_cast<std::byte>(stored >> 8U));
  };
  for (std::int64_t i = 0; i < samples; ++i) {
    const int kind = kind_of(recording, i / (window_s * rate));
    const double hz = kind == 0 ? 1 : 9;
    const double wave =
        kind == 2 ? 0 : 300 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate);
    put(wave + 60 * random.normal());
    // The second channel tells the recordings apart: bursts in every second one.
    const bool is_burst = is_loud(recording) && i % 100 < 30;
    put((is_burst ? 500 : 40) * random.normal());
  }
  write_file(folder / (name + ".dat"), data);
}

struct Said {
  std::string what;  // label or question
  std::string answer;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::string comment;
  double probability = 0;
};

// "version 0123456789ab" of what it says first of itself.
std::string version_of(const Said& said) { return said.comment.substr(0, said.comment.find(':')); }

struct TaggedRecordings : Readers {
  SignalTagging tagging{*store_, *clock, *random};
  std::vector<ItemId> items;

  explicit TaggedRecordings(const Edits& edits = {}) : Readers("ecg-beats-rhythm", edits) {
    // One import each: within one they are numbered in no order of ours.
    for (int r = 0; r < recording_count; ++r) {
      const auto in = folder.path() / ("in" + std::to_string(r));
      write_two_channels(in, r);
      import({in});
    }
    std::map<std::int64_t, ItemId> by_number;
    for (const json::value& item : items_of_kind("signal")) {
      by_number[item.at("number").as_int64()] = item_id(item);
    }
    for (const auto& [number, id] : by_number) items.push_back(id);
    REQUIRE(items.size() == recording_count);
  }

  // The reader calls slow windows `slow` and fast ones `fast`; noise has no label.
  void read_recording(int r, const Access& who, const std::string& slow = "rhythm_afib",
                      const std::string& fast = "rhythm_vt") {
    const ItemId item = items[static_cast<std::size_t>(r)];
    std::vector<json::object> said{answer(item, quality, is_loud(r) ? "poor" : "good"),
                                   answer(item, "predominant_rhythm", "other"), bool_answer(item)};
    for (std::int64_t w = 0; w < windows; ++w) {
      const int kind = kind_of(r, w);
      if (kind == 2) continue;
      said.push_back(labelled(item, kind == 0 ? slow : fast,
                              {{"type", "interval"},
                               {"begin_tick", w * window_s * rate},
                               {"end_tick", (w + 1) * window_s * rate},
                               {"channels", json::array{}}}));
    }
    read(who, item, said);
  }
  json::object bool_answer(const ItemId& item) {
    return answer(item, "atrial_fibrillation_any", false);
  }
  std::size_t label_next() { return must(tagging.label_next(raters[0], project)); }

  // What models say of the recording now.
  std::vector<Said> suggested(int r) {
    const auto reader = must(store_->read());
    std::vector<Said> all;
    for (const storage::AnnotationRow& row : must(storage::annotations_of_item(
             *reader, items[static_cast<std::size_t>(r)], std::nullopt, "", 1'000))) {
      if (row.stage != "suggest") continue;
      CHECK(row.rater_kind == "model");
      CHECK(row.rater_name == "signal tagger");
      const Annotation body =
          must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
      Said& one = all.emplace_back();
      one.comment = body.comment.value_or("");
      one.probability = body.measurements.at("probability").number;
      one.what = body.question ? *body.question : body.label.value();
      if (body.question) one.answer = std::get<std::string>(body.value);
      if (const auto* interval = std::get_if<IntervalTarget>(&body.target)) {
        one.begin = interval->begin_tick;
        one.end = interval->end_tick.value();
      }
    }
    return all;
  }
  // Of its windows, the share that has the label that a reader would give, or none of none.
  double share_right(int r, const std::string& slow, const std::string& fast) {
    const auto all = suggested(r);
    double right = 0;
    for (std::int64_t w = 0; w < windows; ++w) {
      std::string label;
      for (const Said& one : all) {
        if (one.begin <= w * window_s * rate && one.end >= (w + 1) * window_s * rate) {
          label = one.what;
        }
      }
      const int kind = kind_of(r, w);
      right += label == (kind == 0 ? slow : kind == 1 ? fast : "") ? 1 : 0;
    }
    return right / windows;
  }
};

std::string answer_in(const std::vector<Said>& all, const std::string& question) {
  const auto found = std::ranges::find(all, question, &Said::what);
  return found == all.end() ? "" : found->answer;
}

}  // namespace

TEST_CASE("every submitted recording changes what the tagger says of the next ones") {
  TaggedRecordings fixture;
  CHECK(fixture.label_next() == 0);
  CHECK(fixture.suggested(6).empty());
  for (int r = 0; r < 4; ++r) fixture.read_recording(r, fixture.raters[0]);
  CHECK(fixture.label_next() == SignalTagging::next_recordings_max);
  CHECK(fixture.share_right(4, "rhythm_afib", "rhythm_vt") >= 0.9);
  CHECK(fixture.share_right(5, "rhythm_afib", "rhythm_vt") >= 0.9);
  const auto before = fixture.suggested(5);
  CHECK(answer_in(before, quality) == "poor");
  CHECK(answer_in(fixture.suggested(4), quality) == "good");
  REQUIRE_FALSE(before.empty());
  for (const Said& one : before) {
    CHECK(one.comment.starts_with("version "));
    CHECK(one.probability > 0.2);
    CHECK(one.probability <= 1);
  }
  const auto interval = std::ranges::find_if(before, [](const Said& one) { return one.end > 0; });
  REQUIRE(interval != before.end());
  CHECK(interval->comment.find("labelled windows of 5 s in 4 recordings") != std::string::npos);
  CHECK(fixture.label_next() == 0);  // nothing new was said

  // Another reader, whose word is the later one, calls them otherwise: so does the model then.
  for (int r = 0; r < 4; ++r) {
    fixture.read_recording(r, fixture.raters[1], "rhythm_vt", "rhythm_bigeminy");
  }
  CHECK(fixture.label_next() == SignalTagging::next_recordings_max);
  CHECK(fixture.share_right(4, "rhythm_vt", "rhythm_bigeminy") >= 0.9);
  const auto after = fixture.suggested(5);
  REQUIRE_FALSE(after.empty());
  CHECK(version_of(after.front()) != version_of(before.front()));
  for (const Said& one : after) CHECK(version_of(one) == version_of(after.front()));
  CHECK(fixture.suggested(0).empty());  // somebody has begun it
  fixture.check_rebuilt();
}

TEST_CASE("the same labels make the same signal tagger") {
  std::set<std::string> versions;
  for (int run = 0; run < 2; ++run) {
    TaggedRecordings fixture;
    for (int r = 0; r < 2; ++r) fixture.read_recording(r, fixture.raters[0]);
    CHECK(fixture.label_next() > 0);
    for (const Said& one : fixture.suggested(2)) versions.insert(version_of(one));
  }
  CHECK(versions.size() == 1);
}

TEST_CASE("where the protocol wants no models no recording is labelled") {
  TaggedRecordings fixture(Edits{{"{kind: model, show: before,", "{kind: model, show: never,"}});
  for (int r = 0; r < 2; ++r) fixture.read_recording(r, fixture.raters[0]);
  CHECK(fixture.label_next() == 0);
  CHECK(fixture.suggested(2).empty());
}

TEST_CASE("an erased patient's recording teaches no more") {
  TaggedRecordings fixture;
  for (int r = 0; r < 3; ++r) fixture.read_recording(r, fixture.raters[0]);
  ProtocolCache protocols;
  const auto known = must(protocols.of_project(*must(fixture.store_->read()), fixture.project));
  const auto taught = [&] {
    const auto reader = must(fixture.store_->read());
    return must(taught_recordings(*fixture.store_, *reader, fixture.project));
  };
  const auto before = taught();
  CHECK(before.size() == 3);
  const auto model_before = must(train_signal_model(before, known->protocol, 1));
  const PatientId patient = [&] {
    const auto reader = must(fixture.store_->read());
    return must(storage::find_item(*reader, fixture.project, fixture.items[1])).patient;
  }();
  must(fixture.store_->erase_patient(actor_of(fixture.lead), patient, "asked for"));
  const auto after = taught();
  CHECK(after.size() == 2);
  const auto model_after = must(train_signal_model(after, known->protocol, 1));
  REQUIRE(model_before);
  REQUIRE(model_after);
  CHECK(model_before->version != model_after->version);
  // Threads make no difference.
  CHECK(must(train_signal_model(after, known->protocol, 3))->version == model_after->version);
}

TEST_CASE("submitted recordings start the job, and many of one project wait as one") {
  TaggedRecordings fixture;
  JobQueue jobs;
  SignalTagging tagging(*fixture.store_, *fixture.clock, *fixture.random, &jobs);
  for (int r = 0; r < 2; ++r) {
    fixture.read_recording(r, fixture.raters[0]);
    tagging.follow(fixture.raters[0], fixture.project);
  }
  jobs.wait_idle();
  CHECK_FALSE(fixture.suggested(2).empty());
}
