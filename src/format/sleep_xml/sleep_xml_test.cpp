#include "format/sleep_xml/sleep_xml.hpp"

#include <doctest/doctest.h>

namespace consilium {
namespace {

RecordHeader night() {
  RecordHeader header;
  header.tick_rate = *Rate::of(128, 1);
  header.length_ticks = 128 * 120;
  header.channels = {{.name = "EEG"}, {.name = "Airflow"}};
  return header;
}

TEST_CASE("NSRR: stages as EDF+ names them, events on their channel") {
  const auto labels = read_sleep_xml(
      bytes_of("<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>"
               "<ScoredEvent><EventType/><EventConcept>Recording Start Time</EventConcept>"
               "<Start>0</Start><Duration>120</Duration></ScoredEvent>"
               "<ScoredEvent><EventType>Respiratory|Respiratory</EventType><EventConcept>Hypopnea|"
               "Hypopnea</EventConcept><Start>40.5</Start><Duration>12.25</Duration>"
               "<SignalLocation>Airflow</SignalLocation></ScoredEvent>"
               "<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>Stage 4 sleep|4"
               "</EventConcept><Start>30</Start><Duration>60</Duration></ScoredEvent>"
               "<ScoredEvent><EventType>Stages|Stages</EventType><EventConcept>Unscored|9"
               "</EventConcept><Start>120</Start><Duration>30</Duration></ScoredEvent>"
               "</ScoredEvents></PSGAnnotation>"),
      night());
  REQUIRE(labels.has_value());
  CHECK(labels->events ==
        std::vector<SignalEvent>{
            {.at = Tick{3840}, .duration_ticks = 7680, .text = "Sleep stage N3"},
            {.at = Tick{5184}, .duration_ticks = 1568, .channels = {1}, .text = "Hypopnea"},
            {.at = Tick{15360}, .duration_ticks = 3840, .text = "Sleep stage ?"}});
  CHECK(labels->notes.size() == 1);  // past the end
}

TEST_CASE("Profusion: a stage for each epoch, in order") {
  const auto labels = read_sleep_xml(
      bytes_of("<CMPStudyConfig><EpochLength>20</EpochLength><ScoredEvents><ScoredEvent><Name>"
               "Arousal</Name><Start>21</Start><Duration>3</Duration><Input>EEG</Input>"
               "</ScoredEvent></ScoredEvents><SleepStages><SleepStage>0</SleepStage><SleepStage>5"
               "</SleepStage></SleepStages></CMPStudyConfig>"),
      night());
  REQUIRE(labels.has_value());
  REQUIRE(labels->events.size() == 3);
  CHECK(labels->events[0].text == "Sleep stage W");
  CHECK(labels->events[1] ==
        SignalEvent{.at = Tick{2560}, .duration_ticks = 2560, .text = "Sleep stage R"});
  CHECK(labels->events[2].channels == std::vector<std::int32_t>{0});
}

TEST_CASE("other documents and wrong times are refused") {
  CHECK_FALSE(read_sleep_xml(bytes_of("<a/>"), night()).has_value());
  const auto wrong = read_sleep_xml(
      bytes_of("<PSGAnnotation><ScoredEvents>\n<ScoredEvent><Start>x</Start></ScoredEvent>"
               "</ScoredEvents></PSGAnnotation>"),
      night());
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().where == "line 2");
  CHECK(looks_like_sleep_xml(bytes_of("<?xml version=\"1.0\"?><PSGAnnotation>")));
}

}  // namespace
}  // namespace consilium
