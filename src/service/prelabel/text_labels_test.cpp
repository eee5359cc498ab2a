// Notes with labels into a project, and a project's labels of notes out and in again.
#include "service/prelabel/text_labels.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "format/labelled_files/labelled_files.hpp"
#include "service/intake/label_import.hpp"
#include "service/job/job_queue.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/release/exports.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"
#include "storage/vault.hpp"
#include "tests/service/made_masks.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

// Offsets count code points: the drawing at the start is one.
const std::string note_text =
    "\xF0\x9F\xA7\xA0 Started aspirin 100 mg for chest pain.\nChest pain gone. Mother: asthma.";
const std::string note_ann =
    "T1\tChange 2 9\tStarted\n"
    "T2\tMedication 10 17\taspirin\n"
    "T3\tDose 18 24\t100 mg\n"
    "T4\tProblem 29 39\tchest pain\n"
    "T5\tProblem 41 51\tChest pain\n"
    "T6\tProblem 66 72\tasthma\n"
    "T7\tProblem 29 34;47 51\tchest pain\n"
    "T8\tRoom 2 9\tStarted\n"
    "A1\tassertion T4 Negated\n"
    "A2\tsubject T6 family\n"
    "A3\tcolour T6 red\n"
    "R1\tDose-of Arg1:T3 Arg2:T2\n"
    "R2\tTreats Arg1:T2 Arg2:T4\n"
    "R3\tTreats Arg1:T4 Arg2:T2\n"
    "R4\tTreats Arg1:T2 Arg2:T8\n"
    "E1\tMedication-change:T1 Medication:T2\n"
    "*\tSame-problem T4 T5\n";

struct NoteProjects : ServiceFixture {
  NoteProjects() { set_protocol("note-problems.yaml"); }

  ProjectId other_project() {
    const auto id = make_id<ProjectId>(*clock, *random);
    must(projects_->put(operator_, id, {.name = "Other"}, std::nullopt));
    must(projects_->put_protocol(operator_, id, read_source_file("protocols/note-problems.yaml")));
    return id;
  }

  LabelledImport import_into(const ProjectId& into, const std::filesystem::path& path) {
    std::vector<ImportFile> files = must(list_files(std::vector{path}));
    std::erase_if(files, [](const ImportFile& file) {
      return file.name.ends_with("provenance.json") || file.name.ends_with(".conf") ||
             file.name.ends_with("TypeSystem.xml");
    });
    return must(run_labelled_import(
        {.store = *store_, .codec = nullptr, .clock = *clock, .random = *random}, operator_, into,
        files, {.id = make_id<ImportId>(*clock, *random)}, {}));
  }

  // "problem 'asthma' by brat standoff" of all items, sorted.
  std::vector<std::string> labels_in(const ProjectId& in, bool with_rater = true) {
    const auto reader = must(store_->read());
    std::vector<std::string> all;
    for (const ItemId& item : must(storage::item_ids(*reader, in))) {
      for (const auto& row :
           must(storage::annotations_of_item(*reader, item, std::nullopt, "", 1000))) {
        CHECK(row.stage == suggest_stage);
        CHECK(row.state == "submitted");
        std::string line = row.label + " '" +
                           must(storage::opened(*reader, row.patient, row.sealed_surface)) + "'";
        if (with_rater) line += " by " + row.rater_name;
        all.push_back(std::move(line));
      }
    }
    std::ranges::sort(all);
    return all;
  }

  Annotation body_of(const ProjectId& in, const std::string& label, const std::string& surface) {
    const auto reader = must(store_->read());
    for (const ItemId& item : must(storage::item_ids(*reader, in))) {
      for (const auto& row :
           must(storage::annotations_of_item(*reader, item, std::nullopt, "", 1000))) {
        const bool is_it =
            row.label == label &&
            must(storage::opened(*reader, row.patient, row.sealed_surface)) == surface;
        if (is_it) {
          return must(parse_annotation(must(reader->open_sealed(row.patient, row.sealed_body))));
        }
      }
    }
    FAIL("no such label: " << label << " " << surface);
    return {};
  }

  ExportReport export_to(ExportFormat format, const std::filesystem::path& out) {
    JobQueue jobs;
    Exports exports(*store_, jobs, folder.path() / "exports", *clock, *random);
    std::filesystem::create_directories(out);
    return must(exports.write_to(operator_, project,
                                 {.format = format, .with_drafts = true, .item_ids = {}}, out));
  }

  void write_notes() {
    std::filesystem::create_directories(folder.path() / "in");
    write_file(folder.path() / "in/note.txt", bytes_of(note_text));
    write_file(folder.path() / "in/note.ann", bytes_of(note_ann));
  }
};

}  // namespace

TEST_CASE("a note comes in with its labels, joined ones too; what does not fit is told") {
  NoteProjects fixture;
  fixture.write_notes();
  const LabelledImport done = fixture.import_into(fixture.project, fixture.folder.path() / "in");
  CHECK(done.report.items_added == 1);
  CHECK(done.labels_added == 11);
  const std::string by = " by brat standoff";
  CHECK(fixture.labels_in(fixture.project) ==
        std::vector<std::string>{
            "change_word 'Started'" + by, "dose '100 mg'" + by, "dose_of ''" + by,
            "medication 'aspirin'" + by, "medication_change ''" + by, "problem 'Chest pain'" + by,
            "problem 'asthma'" + by, "problem 'chest ... pain'" + by, "problem 'chest pain'" + by,
            "same_problem ''" + by, "treats ''" + by});
  CHECK(std::get<std::string>(
            fixture.body_of(fixture.project, "problem", "chest pain").attributes.at("assertion")) ==
        "negated");
  REQUIRE(done.report.refused.size() == 1);
  const std::string& what = done.report.refused[0].error.what;
  CAPTURE(what);
  CHECK(what.contains("\"Room\""));
  CHECK(what.contains("\"colour: text\" of \"Problem\""));
  CHECK(what.contains("the relation may not join an annotation of this label"));
  CHECK(what.contains("something that it joins was not taken over"));
  // The same again adds nothing.
  const LabelledImport again = fixture.import_into(fixture.project, fixture.folder.path() / "in");
  CHECK(again.report.items_added == 0);
  CHECK(again.labels_added == 0);
}

TEST_CASE("whose a message or document is goes to the vault, and its notes find each other") {
  NoteProjects fixture;
  const auto in = fixture.folder.path() / "clinic";
  std::filesystem::create_directories(in);
  write_file(in / "a.hl7",
             bytes_of(std::string_view(
                 "MSH|^~\\&|A|B|C|D|20200101||ORU^R01|m1|P|2.5\r"
                 "PID|1||M77^^^clinic&1.2.3&ISO^MR||Madename^Ann||19580417|F\r"
                 "OBR|1|||18842-5^Summary^LN|||20190311\rOBX|1|TX|c||clear lungs\r")));
  write_file(in / "b.xml",
             bytes_of(std::string_view(
                 "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id root=\"1.9\" extension=\"d1\"/>"
                 "<code code=\"34117-2\" codeSystem=\"2.16.840.1.113883.6.1\"/>"
                 "<effectiveTime value=\"20190312\"/><recordTarget><patientRole>"
                 "<id root=\"1.2.3\" extension=\"M77\"/><patient><name><given>Ann</given>"
                 "<family>Madename</family></name></patient></patientRole></recordTarget>"
                 "<component><nonXMLBody><text>no fever</text></nonXMLBody></component>"
                 "</ClinicalDocument>")));
  write_file(in / "c.hl7",
             bytes_of(std::string_view("MSH|^~\\&|A|B|C|D|20200101||ORU^R01|m2|P|2.5\r"
                                       "PID|1||M78^^^clinic&1.2.3&ISO^MR||Othername\r"
                                       "OBR|1\rOBX|1|TX|c||clear again\r")));
  const LabelledImport done = fixture.import_into(fixture.project, in);
  CHECK(done.report.items_added == 3);
  CHECK(done.report.refused.empty());
  const auto reader = must(fixture.store_->read());
  std::map<PatientId, int> notes;
  for (const storage::ItemRow& item : must(storage::all_items(*reader, fixture.project))) {
    ++notes[item.patient];
    CHECK(item.title.find("Madename") == std::string::npos);
  }
  REQUIRE(notes.size() == 2);
  for (const auto& [patient, count] : notes) {
    const AuditedAccess access = AuditedAccess::event_recorded();
    const storage::Identity who = must(fixture.store_->vault().reveal(patient, access));
    const bool is_first = who.patient_id.reveal(access) == "M77";
    CHECK(count == (is_first ? 2 : 1));
    CHECK(who.issuer.reveal(access) == "urn:oid:1.2.3");
    CHECK(who.name.reveal(access) == (is_first ? "Madename^Ann" : "Othername"));
  }
  // Shifted with the patient's other dates, and of the kind that its code says.
  std::set<std::string> titles;
  for (const storage::ItemRow& item : must(storage::all_items(*reader, fixture.project))) {
    titles.insert(item.title.substr(0, item.title.find(',')));
    CHECK(item.date != "2019-03-11");
  }
  CHECK(titles.contains("Discharge summary"));
}

TEST_CASE("a note whose id is there with another text is refused alone") {
  NoteProjects fixture;
  const auto file = fixture.folder.path() / "notes.csv";
  write_file(file, bytes_of(std::string_view("id,patient,text\na,M1,first\nb,M1,second\n")));
  CHECK(fixture.import_into(fixture.project, file).report.items_added == 2);
  write_file(file, bytes_of(std::string_view("id,patient,text\na,M1,first\nb,M1,changed\n"
                                             "c,M1,third\nb,M2,of another\nc,M1,changed too\n"
                                             "d,M1,fourth\n")));
  const LabelledImport done = fixture.import_into(fixture.project, file);
  CHECK(done.report.items_added == 3);
  REQUIRE(done.report.refused.size() == 1);
  const Error& error = done.report.refused[0].error;
  CHECK(error.code == ErrorCode::Conflict);
  CHECK(error.what ==
        "a note with this id is there, with another text (2 refused, the others kept)");
  CHECK(error.where == "line 3");
  CHECK(error.remedy.contains("an id of its own"));
  // In a file of labels too: the labels of the others come in.
  write_file(fixture.folder.path() / "labels.jsonl",
             bytes_of(std::string_view(
                 "{\"id\": 1, \"text\": \"old gout\", \"label\": [[4, 8, \"problem\"]]}\n"
                 "{\"id\": 1, \"text\": \"new gout\", \"label\": [[4, 8, \"problem\"]]}\n"
                 "{\"id\": 2, \"text\": \"bad gout\", \"label\": [[4, 8, \"problem\"]]}\n")));
  const LabelledImport labels =
      fixture.import_into(fixture.project, fixture.folder.path() / "labels.jsonl");
  CHECK(labels.report.items_added == 2);
  CHECK(labels.labels_added == 2);
  REQUIRE(labels.report.refused.size() == 1);
  CHECK(labels.report.refused[0].error.what.contains("with another text"));
}

TEST_CASE("people whom a file names are raters under pseudonyms, and the same one in every file") {
  NoteProjects fixture;
  int task = 0;
  const auto import_one = [&](const std::string& name, const std::string& text,
                              const std::string& rater) {
    const auto file = fixture.folder.path() / name;
    const json::object region{
        {"id", "r"},
        {"from_name", "label"},
        {"to_name", "text"},
        {"type", "labels"},
        {"value", json::object{{"start", 4}, {"end", 8}, {"labels", json::array{"problem"}}}}};
    const json::object said{{"completed_by", json::object{{"email", rater}}},
                            {"result", json::array{region}}};
    write_file(
        file,
        bytes_of(json::serialize(json::array{json::object{{"id", ++task},
                                                          {"data", json::object{{"text", text}}},
                                                          {"annotations", json::array{said}}}})));
    return fixture.import_into(fixture.project, file);
  };
  const LabelledImport done = import_one("a.json", "old gout", "Dr. Made Name");
  CHECK(done.labels_added == 1);
  REQUIRE(done.report.refused.size() == 1);
  CHECK(done.report.refused[0].error.what.contains("1 raters have pseudonyms"));
  import_one("b.json", "new gout", "Dr. Made Name");
  import_one("c.json", "the gout", "Dr. Other Name");
  const std::vector<std::string> labels = fixture.labels_in(fixture.project);
  REQUIRE(labels.size() == 3);
  const std::set<std::string> different(labels.begin(), labels.end());
  CHECK(different.size() == 2);
  for (const std::string& one : labels) {
    CHECK(one.contains(" rater "));
    CHECK_FALSE(one.contains("Name"));
  }
}

TEST_CASE("a rater with a probability is a model by its name") {
  NoteProjects fixture;
  const auto file = fixture.folder.path() / "notes.jsonl";
  write_file(file, bytes_of(std::string_view(
                       "{\"text\": \"old gout\", \"spans\": [{\"start\": 4, \"end\": 8, "
                       "\"label\": \"problem\", \"rater\": \"x\"}], \"answer\": \"accept\", "
                       "\"_annotator_id\": \"set-ann\"}\n")));
  const LabelledImport done = fixture.import_into(fixture.project, file);
  CHECK(done.labels_added == 1);
  LabelledText text;
  text.text = CanonicalText::from_utf8("old gout").value();
  text.mentions = {{.id = "T1",
                    .type = "Problem",
                    .ranges = {{4, 8}},
                    .concepts = {{"SCT", "90560007", "Gout"}},
                    .rater = "tagger 3",
                    .probability = 0.75},
                   {.id = "T2", .type = "Problem", .ranges = {{2, 2}}}};
  std::vector<std::string> notes;
  const LabelSet set = labels_of_text(
      text, {}, "a format", "source", [](const std::string& name) { return name; }, notes);
  REQUIRE(set.labels.size() == 1);
  CHECK(set.labels[0].tool == ToolName{.kind = RaterKind::Model, .name = "tagger 3"});
  CHECK(set.labels[0].measurements.at("probability") == Quantity{.number = 0.75, .unit = "1"});
  CHECK(set.labels[0].codes[0].code == "90560007");
  CHECK(notes == std::vector<std::string>{"1 places between characters are no labels"});
}

TEST_CASE("a project's labels go out in every text form and come back as they were") {
  NoteProjects fixture;
  fixture.write_notes();
  static_cast<void>(fixture.import_into(fixture.project, fixture.folder.path() / "in"));
  const auto said = fixture.labels_in(fixture.project, false);
  for (const LabelledFormat& format : labelled_formats()) {
    if (!format.writes) continue;
    CAPTURE(format.name);
    const auto export_format = export_format_named(format.name);
    REQUIRE(export_format);
    const auto out = fixture.folder.path() / std::string(format.name);
    const ExportReport report = fixture.export_to(*export_format, out);
    CHECK(report.annotations == 11);
    // Of FHIR only documents are read; CoNLL-2002 has another text under the same id, a conflict.
    if (!format.reads || format.name == "fhir" || format.name == "conll2002") continue;
    const ProjectId other = fixture.other_project();
    const LabelledImport done = fixture.import_into(other, out);
    CHECK(done.report.items_added == 1);
    const auto back = fixture.labels_in(other, false);
    CHECK(std::ranges::includes(
        back, std::vector<std::string>{"medication 'aspirin'", "problem 'asthma'"}));
    for (const std::string& one : back) {
      const bool is_part = one == "problem 'chest'" || one == "problem 'pain'";
      CHECK_MESSAGE((is_part || std::ranges::find(said, one) != said.end()), one);
    }
    // All of it where the form can say all.
    if (format.name == "brat") CHECK(back == said);
    // All but the gap.
    if (format.name == "uima-xmi" || format.name == "uima-json" || format.name == "webanno-tsv") {
      CHECK(std::ranges::count(back, "same_problem ''") == 1);
    }
    if (format.name == "uima-xmi" || format.name == "uima-json" || format.name == "webanno-tsv") {
      CHECK(std::ranges::count(back, "treats ''") == 1);
      CHECK(std::ranges::count(back, "medication_change ''") == 1);
      CHECK(fixture.body_of(other, "problem", "asthma").attributes.contains("subject"));
    }
  }
}

TEST_CASE("files of labels are told from tables of notes") {
  NoteProjects fixture;
  const auto in = fixture.folder.path() / "mixed";
  std::filesystem::create_directories(in);
  write_file(in / "rows.jsonl", bytes_of(std::string_view(
                                    "{\"id\": \"a\", \"patient\": \"M1\", \"text\": \"no fever\", "
                                    "\"label\": \"normal\"}\n")));
  write_file(in / "rows.tsv", bytes_of(std::string_view("id\tpatient\ttext\nb\tM1\tsome cough\n")));
  write_file(in / "plain.txt", bytes_of(std::string_view("12|t|is a line of a note.\nMSH|no\n")));
  write_file(in / "message.hl7",
             bytes_of(std::string_view("MSH|^~\\&|A|B|C|D|20200101||ORU^R01|m1|P|2.5\r"
                                       "OBR|1|||code\rOBX|1|TX|c||clear lungs\r")));
  write_file(in / "empty.ann", bytes_of(std::string_view("")));
  write_file(in / "empty.txt", bytes_of(std::string_view("nobody labelled this")));
  write_file(in / "alone.ann", bytes_of(std::string_view("T1\tProblem 0 2\tno\n")));
  const LabelledImport done = fixture.import_into(fixture.project, in);
  CHECK(done.report.items_added == 5);
  CHECK(done.labels_added == 0);
  REQUIRE(done.report.refused.size() == 1);
  CHECK(done.report.refused[0].error.what == "the text of the annotations is missing");
}
