// What an import keeps because it cannot be taken in yet: with its reason, through a restart, to be
// tried again or discarded.
#include <set>

#include "codec/pool.hpp"
#include "storage/catalog.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/sqlite/areas.hpp"
#include "storage/waiting_objects.hpp"
#include "tests/data_path.hpp"
#include "tests/service/prelabelling.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;
using storage::WaitingObjectRow;

namespace {

struct Keeping : Prelabelling {
  // As what came over the DICOM network: its sender was told that it is kept.
  LabelledImport promised(const ProjectId& into, const std::filesystem::path& path,
                          const LabelMap& names = {}) {
    std::vector<ImportFile> files = must(list_files(std::vector{path}));
    for (ImportFile& file : files) file.was_acknowledged = true;
    return must(run_labelled_import(
        {.store = *store_, .codec = nullptr, .clock = *clock, .random = *random}, operator_, into,
        files, {.id = make_id<ImportId>(*clock, *random)}, {.names = names}));
  }
  std::vector<WaitingObjectRow> waiting(const ProjectId& in) {
    return must(storage::waiting_objects(*must(store_->read()), in));
  }
  std::size_t refusals(const ImportId& import) {
    return must(storage::import_refusals(*must(store_->read()), import)).size();
  }
  // Tries it again as the page does, and waits for the end.
  ImportId try_again(const WaitingObjectRow& row, std::string_view names = "",
                     CodecPool* codec = nullptr) {
    JobQueue jobs;
    Imports imports({.store = *store_, .codec = codec, .clock = *clock, .random = *random}, jobs,
                    folder.path() / "uploads");
    const auto again = make_id<ImportId>(*clock, *random);
    must(imports.try_again(operator_, row.project, row.import, row.file_number, again, names));
    jobs.wait_idle();
    // The answer may have been lost: asking again changes nothing.
    const json::object shown =
        must(imports.try_again(operator_, row.project, row.import, row.file_number, again, names));
    CHECK(shown.at("state").as_string() == "done");
    return again;
  }
  Status discard(const Access& who, const WaitingObjectRow& row) {
    JobQueue jobs;
    Imports imports({.store = *store_, .codec = nullptr, .clock = *clock, .random = *random}, jobs,
                    folder.path() / "uploads");
    return imports.discard_waiting(who, row.project, row.import, row.file_number);
  }
  std::filesystem::path exported_segmentation() {
    Masks masks(*store_, *clock);
    take(lead, project, image);
    draw_first(*this, masks, lead, image, grid,
               made_layer({{.first = {3, 4, 5}, .length = 40, .segment = 1}}));
    put_mask("nodule", 1);
    const auto out = folder.path() / "seg";
    export_to(ExportFormat::DicomSeg, out);
    return out;
  }
  void check_rebuilt() {
    const auto root = folder.path() / "store";
    close();
    const auto verified = must(storage::verify_store(root, storage::sqlite::product_areas()));
    for (const std::string& problem : verified.problems) MESSAGE(problem);
    CHECK(verified.problems.empty());
  }
};

}  // namespace

TEST_CASE("an acknowledged image that its import refuses is kept with the reason") {
  Keeping fixture;
  // The same study again, of another patient.
  MadeImageSeries other = made_series("MRN-2", 2);
  other.series_instance_uid = "2.25.10010001000100019902";
  write_made_series(fixture.folder.path() / "other", other);
  const LabelledImport done = fixture.promised(fixture.project, fixture.folder.path() / "other");
  CHECK(done.report.files_waiting == 2);
  CHECK(done.report.files_added == 0);
  CHECK(fixture.refusals(done.report.id) == 0);
  fixture.reopen();
  const auto rows = fixture.waiting(fixture.project);
  REQUIRE(rows.size() == 2);
  std::set<std::string> kept;
  for (const WaitingObjectRow& row : rows) {
    CHECK(row.is_image);
    CHECK(row.modality == "CT");
    CHECK(row.code == "conflict");
    CHECK(row.what == "its study is there already, of another patient");
    CHECK(row.remedy.starts_with("check the patient ids of the study's files; it is kept"));
    kept.insert(std::string(text_of(must(fixture.store_->objects().get(row.patient, row.object)))));
  }
  std::set<std::string> sent;
  for (const ImportFile& file : must(list_files(std::vector{fixture.folder.path() / "other"}))) {
    std::ifstream in(file.path, std::ios::binary);
    sent.emplace((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  }
  CHECK(kept == sent);

  // Sent again it is the same objects, and the last import tells of them.
  const LabelledImport again = fixture.promised(fixture.project, fixture.folder.path() / "other");
  CHECK(again.report.files_waiting == 2);
  REQUIRE(fixture.waiting(fixture.project).size() == 2);
  CHECK(fixture.waiting(fixture.project).front().import == again.report.id);

  // Tried in vain it waits on, under the import that tried.
  const ImportId tried = fixture.try_again(fixture.waiting(fixture.project).front());
  const auto after = fixture.waiting(fixture.project);
  REQUIRE(after.size() == 2);
  CHECK(std::ranges::count(after, tried, &WaitingObjectRow::import) == 1);

  // A rater may not discard it; a lead's word is an event.
  CHECK(fixture.discard(fixture.rater, after.front()).error().code != ErrorCode::NotFound);
  CHECK(fixture.discard(fixture.lead, after.front()).has_value());
  CHECK(fixture.waiting(fixture.project).size() == 1);
  CHECK(fixture.discard(fixture.lead, after.front()).error().code == ErrorCode::NotFound);
  fixture.check_rebuilt();
}

TEST_CASE("two acknowledged images of one UID are both kept") {
  Keeping fixture;
  MadeImageSeries changed = made_series("MRN-1", 1);
  changed.rescale_intercept = -1000;
  write_made_series(fixture.folder.path() / "changed", changed);
  const LabelledImport done = fixture.promised(fixture.project, fixture.folder.path() / "changed");
  CHECK(done.report.files_waiting == 1);
  REQUIRE(fixture.waiting(fixture.project).size() == 1);
  changed.rescale_intercept = -900;
  write_made_series(fixture.folder.path() / "changed", changed);
  fixture.promised(fixture.project, fixture.folder.path() / "changed");
  CHECK(fixture.waiting(fixture.project).size() == 2);
}

TEST_CASE("a kept image that can be read now is taken in") {
  const auto compressed = consilium::test::data_path(
      "imaging/dicom/ct_all_syntaxes/"
      "CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm");
  if (!compressed) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  Keeping fixture;
  // Without a codec what is compressed is refused.
  CHECK(fixture.promised(fixture.project, *compressed).report.files_waiting == 1);
  REQUIRE(fixture.waiting(fixture.project).size() == 1);
  CHECK(fixture.waiting(fixture.project).front().code == "unsupported");
  const std::size_t items = fixture.items_of_kind("image").size();
  CodecPool codec(CSL_CODEC_WORKER, 1);
  const ImportId again = fixture.try_again(fixture.waiting(fixture.project).front(), "", &codec);
  for (const auto& refusal : must(storage::import_refusals(*must(fixture.store_->read()), again))) {
    MESSAGE(refusal.what);
  }
  for (const WaitingObjectRow& row : fixture.waiting(fixture.project)) MESSAGE(row.what);
  CHECK(fixture.waiting(fixture.project).empty());
  CHECK(fixture.items_of_kind("image").size() == items + 1);
  fixture.check_rebuilt();
}

TEST_CASE("what an import said of names holds when its labels are taken in later") {
  Keeping fixture;
  const auto out = fixture.exported_segmentation();
  const ProjectId other = fixture.bare_project();
  const LabelledImport early = fixture.import_into(other, out, {{"Nodule 1", "mass"}});
  CHECK(early.report.files_waiting == 1);
  REQUIRE(fixture.waiting(other).size() == 1);
  CHECK(!fixture.waiting(other).front().is_image);
  // Sealed: nothing of a name in a file of labels stands in the clear.
  CHECK(text_of(fixture.waiting(other).front().names).find("mass") == std::string::npos);
  fixture.reopen();
  fixture.import_into(other, fixture.folder.path() / "images");
  CHECK(fixture.waiting(other).empty());
  REQUIRE(fixture.rows_in(other).size() == 1);
  CHECK(fixture.rows_in(other).front().label == "mass");
  fixture.check_rebuilt();
}

TEST_CASE("a word on names goes with labels that are tried again") {
  Keeping fixture;
  const auto out = fixture.exported_segmentation();
  const ProjectId other = fixture.bare_project();
  CHECK(fixture.promised(other, out).report.files_waiting == 1);
  REQUIRE(fixture.waiting(other).size() == 1);
  fixture.try_again(fixture.waiting(other).front(), "nodule 1=granuloma\n");
  REQUIRE(fixture.waiting(other).size() == 1);  // its images are not here yet
  CHECK(fixture.waiting(other).front().code == "not_found");
  fixture.import_into(other, fixture.folder.path() / "images");
  CHECK(fixture.waiting(other).empty());
  REQUIRE(fixture.rows_in(other).size() == 1);
  CHECK(fixture.rows_in(other).front().label == "granuloma");
  fixture.check_rebuilt();
}
