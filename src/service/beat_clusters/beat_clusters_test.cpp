// A recording's beats put into clusters over the service.
#include "service/beat_clusters/beat_clusters.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "tests/service/ecg_files.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

synthetic::EcgOptions ectopic() {
  return {.seed = 9,
          .duration_s = 600,
          .sampling_rate_hz = 250,
          .leads = {"I", "II", "V1"},
          .ventricular_share = 0.1,
          .episodes = {}};
}

struct Clustered : ServiceFixture {
  BeatClusterer clusterer{*store_, *items_};
  synthetic::EcgModel model = must(synthetic::EcgModel::make(ectopic()));
  ItemId item;
  RecordingId recording;
  BeatClusterQuery query;

  Clustered() {
    set_protocol("ecg-beats-rhythm.yaml");
    write_ecg(folder.path() / "in", ectopic());
    import({folder.path() / "in"});
    item = item_id(items_of_kind("signal")[0]);
    const json::object shown = must(items_->show(lead, project, item));
    recording = must(parse_id<RecordingId>(
        shown.at("source").at("recordings").as_array()[0].at("id").as_string()));
    for (const auto& beat : model.beats()) query.ticks.push_back(beat.r_peak);
  }
  json::object cluster(const BeatClusterQuery& asked) {
    return json::parse(must(clusterer.cluster(lead, project, item, recording, asked))).as_object();
  }
};

}  // namespace

TEST_CASE("ventricular beats are in clusters of their own, with templates in two leads") {
  Clustered fixture;
  const json::object found = fixture.cluster(fixture.query);
  CHECK(found.at("leads") == json::array{"II", "V1"});
  const auto& clusters = found.at("clusters").as_array();
  const auto& of_beat = found.at("cluster").as_array();
  REQUIRE(of_beat.size() == fixture.query.ticks.size());
  CHECK(found.at("doubt").as_array().size() == of_beat.size());
  std::map<std::int64_t, std::map<MitCode, int>> codes;
  for (std::size_t b = 0; b < of_beat.size(); ++b) {
    ++codes[of_beat[b].as_int64()][fixture.model.beats()[b].code];
  }
  int wrong = 0;
  for (const auto& [cluster, counts] : codes) {
    int most = 0;
    int all = 0;
    for (const auto& [code, count] : counts) {
      most = std::max(most, count);
      all += count;
    }
    wrong += all - most;
    CHECK(clusters[static_cast<std::size_t>(cluster)].at("size").as_int64() == all);
  }
  CHECK(wrong <= static_cast<int>(of_beat.size() / 100));
  CHECK(codes.size() > 1);
  for (const json::value& cluster : clusters) {
    CHECK(cluster.at("template_uv").as_array().size() == 2);
    CHECK(cluster.at("template_uv").as_array()[0].as_array().size() == 71);
    CHECK(cluster.at("members_uv").as_array().size() ==
          static_cast<std::size_t>(std::min<std::int64_t>(20, cluster.at("size").as_int64())));
  }
}

TEST_CASE("asked again, and for a part, the clusters follow from the same shapes") {
  Clustered fixture;
  const json::object first = fixture.cluster(fixture.query);
  CHECK(fixture.cluster(fixture.query) == first);
  BeatClusterQuery part = fixture.query;
  for (std::size_t b = 0; b < part.ticks.size(); b += 2) {
    part.only.push_back(static_cast<std::int64_t>(b));
  }
  part.cluster_count_max = 2;
  const json::object split = fixture.cluster(part);
  CHECK(split.at("cluster").as_array().size() == part.only.size());
  CHECK(split.at("clusters").as_array().size() == 2);
  // A beat more than before, between two others.
  BeatClusterQuery more = fixture.query;
  more.ticks.insert(more.ticks.begin() + 10, more.ticks[9] + 40);
  CHECK(fixture.cluster(more).at("cluster").as_array().size() == more.ticks.size());
}

TEST_CASE("places that are none are refused") {
  Clustered fixture;
  const auto refused = [&](const BeatClusterQuery& query) {
    const auto answer = fixture.clusterer.cluster(fixture.lead, fixture.project, fixture.item,
                                                  fixture.recording, query);
    return answer ? std::string() : answer.error().what;
  };
  CHECK(refused({.ticks = {500, 400}, .only = {}}).find("rise") != std::string::npos);
  CHECK(refused({.ticks = {1LL << 40U}, .only = {}}).find("recording") != std::string::npos);
  CHECK(refused({.ticks = {400, 500}, .only = {2}}).find("places") != std::string::npos);
  CHECK(refused({.ticks = {400, 500}, .only = {}, .cluster_count_max = 65}).empty() == false);
  CHECK(fixture.cluster({.ticks = {}, .only = {}}).at("cluster").as_array().empty());
}
