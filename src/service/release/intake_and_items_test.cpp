#include <set>

#include "codec/pool.hpp"
#include "codec/sanitizer_build.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "tests/data_path.hpp"
#include "tests/service/service_fixture.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

template <class T>
T at(const Bytes& bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

TEST_CASE("a CT series, notes and a recording of one patient become items that find each other") {
  ServiceFixture fixture;
  const auto in = fixture.folder.path() / "in";
  write_made_series(in / "ct", made_series("MRN-1", 20));
  write_made_notes(in / "notes.jsonl", "MRN-1");
  write_made_record(in / "ecg", "rec1", "MRN-1");
  const ImportReport report = fixture.import({in});
  for (const ImportRefusal& refusal : report.refused) MESSAGE(to_line(refusal.error));
  CHECK(report.refused.empty());
  CHECK(report.items_added == 5);
  CHECK(report.files_done == report.files_total);

  const json::array images = fixture.items_of_kind("image");
  REQUIRE(images.size() == 1);
  CHECK(images[0].at("title").as_string() == "CT CHEST, 20 images");
  CHECK(images[0].at("date").as_string() != "2019-03-11");  // shifted
  const ItemId image = ServiceFixture::item_id(images[0]);
  const json::object item = must(fixture.items_->show(fixture.lead, fixture.project, image));
  CHECK(item.at("related").as_array().size() == 4);
  const json::value& series =
      item.at("source").at("studies").as_array()[0].at("series").as_array()[0];
  const json::value& volume = series.at("volume");
  CHECK(volume.at("grid").at("dims") == json::array{64, 64, 20});
  CHECK(volume.at("layout").at("sample_type").as_string() == "i16");
  CHECK(volume.at("slices").as_array().size() == 20);

  const SeriesId series_id = must(parse_id<SeriesId>(series.at("id").as_string()));
  const FrameRange frames =
      must(fixture.items_->frames(fixture.lead, fixture.project, image, series_id, 5, 3));
  REQUIRE(frames.bytes->size() == 3 * 64 * 64 * 2);
  const Bytes bytes = must(read_all(*frames.bytes, 1U << 20U));
  bool is_equal = true;
  for (std::uint32_t z = 0; z < 3; ++z) {
    for (std::uint32_t y = 0; y < 64; ++y) {
      for (std::uint32_t x = 0; x < 64; ++x) {
        const std::size_t place = ((std::size_t{z} * 64 + y) * 64 + x) * 2;
        is_equal = is_equal && at<std::int16_t>(bytes, place) == made_sample(x, y, z + 5);
      }
    }
  }
  CHECK(is_equal);
  const Bytes png = must(fixture.items_->thumbnail(fixture.lead, fixture.project, image, {}));
  CHECK(text_of(png).substr(1, 3) == "PNG");

  const json::array notes = fixture.items_of_kind("text");
  REQUIRE(notes.size() == 3);
  CHECK(notes[0].at("preview").at("text").as_string().starts_with("Known asthma. No pneumonia"));
  const ItemId note_item = ServiceFixture::item_id(notes[0]);
  const json::object note = must(fixture.items_->show(fixture.lead, fixture.project, note_item));
  const json::value& source = note.at("source").at("notes").as_array()[0];
  const NoteId note_id = must(parse_id<NoteId>(source.at("id").as_string()));
  const std::string text =
      must(fixture.items_->note_text(fixture.lead, fixture.project, note_item, note_id));
  CHECK(text.starts_with(made_note));
  CHECK(source.at("sha256").as_string() == to_hex(sha256(bytes_of(text))));
}

TEST_CASE("earlier studies of the patient come with an item only where the protocol says so") {
  ServiceFixture fixture;
  const auto in = fixture.folder.path() / "in";
  // Study 1 of 2019, study 2 of 2018 of the same patient, study 3 of 2018 of another patient.
  const auto study = [&](int number, const std::string& patient, const std::string& date) {
    MadeImageSeries series = made_series(patient, 3);
    const std::string root = "2.25.1001000100010001900" + std::to_string(number);
    series.patient_study.study_instance_uid = root + "1";
    series.patient_study.study_date = date;
    series.series_instance_uid = root + "2";
    series.frame_of_reference_uid = root + "3";
    series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
    write_made_series(in / std::to_string(number), series);
    return fixture.import({in / std::to_string(number)});
  };
  REQUIRE(study(1, "MRN-1", "20190311").items_added == 1);
  const ItemId late = ServiceFixture::item_id(fixture.items_of_kind("image")[0]);
  REQUIRE(study(2, "MRN-1", "20180105").items_added == 1);
  REQUIRE(study(3, "MRN-2", "20180105").items_added == 1);
  const json::array items = fixture.items_of_kind("image");
  REQUIRE(items.size() == 3);

  const auto studies_of = [&](const ItemId& id) {
    const json::object shown = must(fixture.items_->show(fixture.rater, fixture.project, id));
    return shown.at("source").at("studies").as_array();
  };
  const auto series_in = [](const json::value& one) {
    return must(parse_id<SeriesId>(one.at("series").as_array()[0].at("id").as_string()));
  };
  const auto gives = [&](const ItemId& id, const SeriesId& series) {
    return fixture.items_->frames(fixture.rater, fixture.project, id, series, 0, 1).has_value();
  };
  std::vector<ItemId> others;
  for (const json::value& item : items) {
    if (const ItemId id = ServiceFixture::item_id(item); id != late) others.push_back(id);
  }
  const SeriesId own = series_in(studies_of(late)[0]);
  const SeriesId earlier = series_in(studies_of(others[0])[0]);
  const SeriesId foreign = series_in(studies_of(others[1])[0]);

  std::string yaml = read_source_file("protocols/chest-ct-nodule.yaml");
  must(fixture.projects_->put_protocol(fixture.operator_, fixture.project, yaml));
  CHECK(studies_of(late).size() == 1);
  CHECK(gives(late, own));
  CHECK_FALSE(gives(late, earlier));

  const std::string view = "\nview:\n";
  yaml.insert(yaml.find(view) + view.size(), "  priors: true\n");
  const std::size_t version = yaml.find("version:");
  yaml.replace(version, yaml.find('\n', version) - version, "version: 99.0.0");
  must(fixture.projects_->put_protocol(fixture.operator_, fixture.project, yaml));
  REQUIRE(studies_of(late).size() == 2);
  CHECK(series_in(studies_of(late)[0]) == own);
  CHECK(series_in(studies_of(late)[1]) == earlier);
  CHECK(gives(late, earlier));
  CHECK_FALSE(gives(late, foreign));         // another patient
  CHECK(studies_of(others[0]).size() == 1);  // a later study is no prior
  CHECK_FALSE(gives(others[0], own));
}

TEST_CASE("a patient's items are found in every project that one may look into, and in no other") {
  ServiceFixture fixture;
  const auto in = fixture.folder.path() / "in";
  write_made_notes(in / "notes.jsonl", "MRN-1");
  CHECK(fixture.import({in / "notes.jsonl"}).items_added == 3);
  const ProjectId first = fixture.project;

  fixture.project = make_id<ProjectId>(*fixture.clock, *fixture.random);
  REQUIRE(
      fixture.projects_->put(fixture.operator_, fixture.project, {.name = "Second"}, std::nullopt)
          .has_value());
  write_made_record(in / "ecg", "rec1", "MRN-1");
  CHECK(fixture.import({in / "ecg"}).items_added == 1);
  Access both = fixture.person("Dr Both", {Role::Rater});
  both.projects[first] = {Role::Rater};
  Access second_only = both;
  second_only.projects.erase(first);
  Access no_cases = both;
  no_cases.projects[first] = {Role::MlExport};

  const json::object list = must(fixture.items_->list(both, fixture.project, {}));
  const ItemId id = ServiceFixture::item_id(list.at("items").as_array().at(0));
  const json::object item = must(fixture.items_->show(both, fixture.project, id));
  const json::array& related = item.at("related").as_array();
  REQUIRE(related.size() == 3);
  std::string date_before;
  for (const json::value& other : related) {
    CHECK(other.at("project_id").as_string() == to_string(first));
    CHECK(other.at("kind").as_string() == "text");
    const std::string date(other.at("date").as_string());
    CHECK(date_before < date);
    date_before = date;
  }
  for (const Access& access : {second_only, no_cases}) {
    const json::object view = must(fixture.items_->show(access, fixture.project, id));
    CHECK(view.at("related").as_array().empty());
  }
}

TEST_CASE("what a rater could take counts as open, for a lead who does not read nothing does") {
  ServiceFixture fixture;
  const auto file = fixture.folder.path() / "in" / "notes.jsonl";
  write_made_notes(file, "MRN-1");
  CHECK(fixture.import({file}).items_added == 3);
  const auto open_for = [&](const Access& access) {
    const json::object project = must(fixture.projects_->show(access, fixture.project));
    return project.at("progress").at("my_open").to_number<std::int64_t>();
  };
  CHECK(open_for(fixture.person("Dr Reader", {Role::Rater})) == 3);
  CHECK(open_for(fixture.person("Dr Lead", {Role::Lead})) == 0);
}

TEST_CASE("a window of a recording shows its samples near and its minima and maxima far") {
  ServiceFixture fixture;
  write_made_record(fixture.folder.path() / "in", "rec1", "MRN-1");
  CHECK(fixture.import({fixture.folder.path() / "in"}).refused.empty());
  const json::array items = fixture.items_of_kind("signal");
  REQUIRE(items.size() == 1);
  CHECK(items[0].at("preview").at("points").as_array().size() > 100);
  const ItemId id = ServiceFixture::item_id(items[0]);
  const json::object item = must(fixture.items_->show(fixture.lead, fixture.project, id));
  const json::value& recording = item.at("source").at("recordings").as_array()[0];
  const RecordingId recording_id = must(parse_id<RecordingId>(recording.at("id").as_string()));
  CHECK(recording.at("channels").as_array().size() == 2);

  const Bytes near = must(fixture.items_->signal_window(
      fixture.lead, fixture.project, id, recording_id,
      {.from_tick = 250, .to_tick = 500, .pixels = 1000, .channels = {0}}));
  CHECK(text_of(near).substr(0, 4) == "CSW2");
  CHECK(at<std::uint32_t>(near, 4) == 0);
  CHECK(at<std::uint32_t>(near, 32 + 4) == 250);
  const auto first = static_cast<std::int16_t>(at<std::uint8_t>(near, 64) +
                                               256 * at<std::uint8_t>(near, 64 + 250));
  CHECK(at<double>(near, 48) + at<double>(near, 56) * first ==
        doctest::Approx((900 + 250 * 3 % 40) / 200.0));
  const Bytes far = must(fixture.items_->signal_window(
      fixture.lead, fixture.project, id, recording_id,
      {.from_tick = 0, .to_tick = 25'000, .pixels = 100, .channels = {}}));
  CHECK(at<std::uint32_t>(far, 4) == 1);
  CHECK(at<std::uint32_t>(far, 8) == 2);
  // Every pixel covers one beat of 250 samples: none of them lacks its spike.
  // The words of 16 bits lie as two planes of bytes: minima, then how far the maxima lie above.
  const std::size_t words = 32 + 2 * 32;
  std::uint16_t low = 0;
  for (std::size_t pixel = 0; pixel < 100; ++pixel) {
    const auto word = [&](std::size_t list) {
      const std::size_t place = words + list * 200 + pixel;
      return static_cast<std::uint16_t>(at<std::uint8_t>(far, place) +
                                        256 * at<std::uint8_t>(far, place + 100));
    };
    low = static_cast<std::uint16_t>(low + word(0));
    const auto high = static_cast<std::int16_t>(low + word(1));
    CHECK(at<double>(far, 48) + at<double>(far, 56) * high > 4.4);
  }
}

TEST_CASE("the same content again is a duplicate, the same UID with other content is refused") {
  ServiceFixture fixture;
  const auto in = fixture.folder.path() / "in";
  write_made_series(in / "ct", made_series("MRN-1", 4));
  write_made_notes(in / "notes.jsonl", "MRN-1");
  write_made_record(in / "ecg", "rec1", "MRN-1");
  const ImportReport first = fixture.import({in});
  CHECK(first.duplicates == 0);
  const ImportReport again = fixture.import({in});
  CHECK(again.duplicates == again.files_total);
  CHECK(again.items_added == 0);
  CHECK(again.refused.empty());

  MadeImageSeries changed = made_series("MRN-1", 4);
  changed.rescale_intercept = -1000;
  write_made_series(fixture.folder.path() / "changed", changed);
  const ImportReport conflict = fixture.import({fixture.folder.path() / "changed"});
  REQUIRE(conflict.refused.size() == 4);
  CHECK(conflict.refused.front().error.code == ErrorCode::Conflict);
  CHECK(fixture.items_of_kind("image").size() == 1);
}

TEST_CASE("an import that was interrupted goes on where it was") {
  ServiceFixture fixture;
  const auto in = fixture.folder.path() / "in";
  write_made_series(in, made_series("MRN-1", 150));
  const std::vector<ImportFile> files = must(list_files(std::vector{in}));
  const ImportId id = make_id<ImportId>(*fixture.clock, *fixture.random);
  std::stop_source stop;
  const auto cut = run_import(
      {.store = *fixture.store_,
       .codec = nullptr,
       .clock = *fixture.clock,
       .random = *fixture.random},
      fixture.operator_, fixture.project, files,
      {.id = id, .stop = stop.get_token(), .on_progress = [&](const ImportProgress& progress) {
         if (progress.files_done > 0) stop.request_stop();
       }});
  REQUIRE(!cut.has_value());
  CHECK(cut.error().code == ErrorCode::Unavailable);
  fixture.reopen();
  const ImportReport report =
      must(run_import({.store = *fixture.store_,
                       .codec = nullptr,
                       .clock = *fixture.clock,
                       .random = *fixture.random},
                      fixture.operator_, fixture.project, files, {.id = id}));
  CHECK(report.duplicates > 0);
  CHECK(report.duplicates + report.files_added == 150);
  CHECK(report.items_added == 1);
  const json::array items = fixture.items_of_kind("image");
  CHECK(items[0].at("title").as_string() == "CT CHEST, 150 images");
}

namespace {

// Peak of resident memory since `reset_peak`, in bytes.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

// Sanitizers keep freed memory back and take a minute over a day: their build leaves this out.
TEST_CASE("a day's recording is imported and opened within 100 MB of memory" *
          doctest::skip(is_sanitizer_build)) {
  ServiceFixture fixture;
  write_made_record(fixture.folder.path() / "in", "day1", "MRN-1", 250LL * 86'400);
  reset_peak();
  const std::int64_t before = peak_bytes();
  const ImportReport report = fixture.import({fixture.folder.path() / "in"});
  CHECK(report.refused.empty());
  const json::array items = fixture.items_of_kind("signal");
  REQUIRE(items.size() == 1);
  CHECK(items[0].at("title").as_string() == "2 channels, 24.0 h");
  const ItemId id = ServiceFixture::item_id(items[0]);
  const json::object item = must(fixture.items_->show(fixture.lead, fixture.project, id));
  const RecordingId recording = must(
      parse_id<RecordingId>(item.at("source").at("recordings").as_array()[0].at("id").as_string()));
  const Bytes day = must(fixture.items_->signal_window(
      fixture.lead, fixture.project, id, recording,
      {.from_tick = 0, .to_tick = 250LL * 86'400, .pixels = 1600, .channels = {}}));
  CHECK(day.size() == 32 + 2 * 32 + 2 * 1600 * 4);
  const std::int64_t grown = peak_bytes() - before;
  MESSAGE("memory grew by " << grown / 1'000'000 << " MB");
  CHECK(grown < 100'000'000);
}

TEST_CASE("every file of the test data is taken or refused with a line that says why") {
  const auto data = consilium::test::data_path("malformed");
  if (!data) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  ServiceFixture fixture;
  CodecPool codec(CSL_CODEC_WORKER, 2);
  CodecPool* pool = &codec;
  std::vector<std::filesystem::path> folders{*data};
  // The sanitizers' hunt is in the damaged files; the whole ones only take their time.
  const std::vector<const char*> whole =
      is_sanitizer_build ? std::vector<const char*>{} : std::vector{"text", "imaging", "signals"};
  for (const char* more : whole) {
    if (const auto path = consilium::test::data_path(more)) folders.push_back(*path);
  }
  const ImportReport report = fixture.import(folders, pool);
  CHECK(report.files_done == report.files_total);
  std::map<std::string, int> reasons;
  for (const ImportRefusal& refusal : report.refused) {
    CHECK(!refusal.error.what.empty());
    ++reasons[std::string(name_of(refusal.error.code)) + ": " + refusal.error.what];
  }
  MESSAGE(report.files_total << " files, " << report.files_added << " added, " << report.duplicates
                             << " duplicates, " << report.refused.size() << " refused, "
                             << report.items_added << " items");
  for (const auto& [reason, count] : reasons) MESSAGE(count << " x " << reason);
  CHECK(report.items_added > (is_sanitizer_build ? 0 : 50));
  const auto root = fixture.folder.path() / "store";
  fixture.close();
  const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
  for (const std::string& problem : verified.problems) MESSAGE(problem);
  CHECK(verified.problems.empty());
}
