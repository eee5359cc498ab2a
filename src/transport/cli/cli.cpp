#include "transport/cli/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "codec/worker.hpp"
#include "dimse/process.hpp"
#include "transport/api/version.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli_context/context_command.hpp"
#include "transport/cli_convert/convert_text.hpp"
#include "transport/cli_deid/deid.hpp"
#include "transport/cli_detect/classes.hpp"
#include "transport/cli_detect/cluster.hpp"
#include "transport/cli_detect/detect.hpp"
#include "transport/cli_panel/panel_commands.hpp"
#include "transport/cli_segment/segment.hpp"
#include "transport/cli_signals/signal_commands.hpp"
#include "transport/cli_store/store_commands.hpp"
#include "transport/cli_tag/tag_commands.hpp"

namespace consilium::cli {
namespace {

constexpr int wrong_use = 2;

// A command's options live as long as the parse and the run; `chosen` is what the parse picked.
struct Table {
  CLI::App app{"Consilium: medical data labelling for images, texts and sensor readings."};
  ServeOptions serve;
  std::uint32_t patient_count = 3;
  ImportCommand import;
  ExportCommand export_options;
  UserCommand user;
  TokenCommand token;
  ProjectCommand project;
  TerminologyCommand terminology;
  InspectCommand inspect;
  ConvertCommand convert;
  PanelCommands panel;
  SegmentCommand segment;
  DetectCommand detect;
  SignalCommands signals;
  ClusterCommand cluster;
  ClassesCommand classes;
  ContextCommand context;
  TagCommands tag;
  DeidCommand deid;
  std::filesystem::path data = "consilium-data";
  bool json = false;
  std::string witness;
  std::filesystem::path target;
  std::filesystem::path keys;
  bool with_keys = false;
  std::uint32_t threads = 2;
  std::string patient;
  std::string reason;
  std::filesystem::path first_file;
  std::filesystem::path second_file;
  int descriptor = -1;
  dimse::ProcessOptions dimse;
  std::function<int()> chosen;
};

CLI::App* command(Table& table, CLI::App& parent, const char* name, const char* what,
                  const char* example, std::function<int()> run) {
  CLI::App* added = parent.add_subcommand(name, what);
  added->footer(fmt::format("Example:\n  {}", example));
  added->callback([&table, run = std::move(run)] { table.chosen = run; });
  return added;
}

void add_data(CLI::App* to, std::filesystem::path& data) {
  to->add_option("--data", data, "The data folder")->capture_default_str();
}

StoreCommand store_command(const Table& table) {
  return {.folder = table.data,
          .form = table.json ? AnswerForm::Json : AnswerForm::Sentences,
          .out = std::cout,
          .err = std::cerr};
}

void add_serving(Table& t) {
  const auto serving = [&t](CLI::App* to) {
    add_data(to, t.serve.data);
    to->add_option("--listen", t.serve.listen, "HOST:PORT to listen on")->capture_default_str();
    to->add_option("--web", t.serve.web, "Folder of the browser part");
    to->add_option("--certificate", t.serve.certificate, "TLS certificate with its chain, PEM");
    to->add_option("--key", t.serve.key, "Key of the certificate, PEM");
    to->add_option("--dicom", t.serve.dicom, "Settings of the DICOM node (docs/DICOM.md)");
    to->add_option("--terminology-server", t.serve.terminology_server,
                   "FHIR server asked for terminologies that are not loaded");
    to->add_option("--terminology-token", t.serve.terminology_token, "File with its bearer token");
    to->add_option("--terminology-authorities", t.serve.terminology_authorities,
                   "Certificates that vouch for it, PEM; else the system's");
    to->add_option("--workers", t.serve.workers, "Threads that answer requests")
        ->capture_default_str()
        ->check(CLI::Range(1, 256));
  };
  serving(command(
      t, t.app, "serve", "Run the server.",
      "consilium serve --data /srv/consilium --listen 0.0.0.0:443 --certificate c.pem --key k.pem",
      [&t] { return serve_command(t.serve); }));
  CLI::App* demo = command(
      t, t.app, "demo", "Make a sample installation of made data, then run the server.",
      "consilium demo --data demo-data", [&t] { return demo_command(t.serve, t.patient_count); });
  serving(demo);
  demo->add_option("--patients", t.patient_count, "How many made patients")
      ->capture_default_str()
      ->check(CLI::Range(1, 50));
}

void add_moving(Table& t) {
  CLI::App* import = command(
      t, t.app, "import", "Read files or folders of any kind we know, labels too, into a project.",
      "consilium import --project \"Chest CT\" /media/disk/DICOM",
      [&t] { return import_command(t.import); });
  add_data(import, t.import.data);
  import->add_option("--project", t.import.project, "The project's name or id")->required();
  import->add_option("PATH", t.import.paths, "Files and folders")->required();
  import->add_option("--map", t.import.label_map,
                     "What a name in a file of labels means: NAME=LABEL, or NAME= to leave it out");
  import->add_flag("--json", t.import.json, "Answer as JSON lines: each file, then the sum");

  CLI::App* out =
      command(t, t.app, "export", "Write a project's labels.",
              "consilium export --project \"Chest CT\" --format dicom_seg --out labels/",
              [&t] { return export_command(t.export_options); });
  add_data(out, t.export_options.data);
  out->add_option("--project", t.export_options.project, "The project's name or id")->required();
  out->add_option(
         "--format", t.export_options.format,
         "dicom-seg, dicom-seg-labelmap, dicom-seg-fractional, rtstruct, sr, gsps, nifti, nrrd, "
         "coco, yolo, voc, csv, labels_csv, labels_jsonl, wfdb, edf, signal_csv; of notes "
         "spans_jsonl, " +
             labelled_format_names(FormatUse::Write))
      ->required();
  out->add_option("--out", t.export_options.out,
                  "A folder (existing or ending in /), else a ZIP file")
      ->required();
  out->add_flag("--drafts", t.export_options.with_drafts,
                "Drafts too, not only what was submitted");
  out->add_flag("--json", t.export_options.json, "Answer as one JSON object");
}

void add_terminologies(Table& t) {
  CLI::App* parent =
      t.app.add_subcommand("terminology", "SNOMED CT, ICD-10-CM, LOINC, RxNorm, HPO.");
  parent->require_subcommand(1);
  CLI::App* load = command(t, *parent, "load", "Load a release that you have a licence for.",
                           "consilium terminology load SnomedCT_Release/Snapshot",
                           [&t] { return terminology_load_command(t.terminology); });
  CLI::App* list =
      command(t, *parent, "list", "What is loaded.", "consilium terminology list --json",
              [&t] { return terminology_list_command(t.terminology); });
  CLI::App* remove =
      command(t, *parent, "remove", "Remove one; answers with its codes stay.",
              "consilium terminology remove --system http://loinc.org --version 2.80",
              [&t] { return terminology_remove_command(t.terminology); });
  CLI::App* search = command(t, *parent, "search", "Find concepts by words or code.",
                             "consilium terminology search \"fract fem neck\" --system SCT",
                             [&t] { return terminology_search_command(t.terminology); });
  for (CLI::App* one : {load, list, remove, search}) add_data(one, t.terminology.data);
  load->add_option("PATH", t.terminology.path, "A file, or the folder of a release")->required();
  load->add_option("--format", t.terminology.format, "Found out when left out")
      ->check(CLI::IsMember(
          {"rf2", "icd10cm-order", "icd10cm-tabular", "loinc", "rxnorm", "obo", "fhir"}));
  load->add_option("--system", t.terminology.system, "URI instead of the format's own");
  load->add_option("--version", t.terminology.version, "Needed where the files do not say it");
  load->add_option("--language-set", t.terminology.language_set,
                   "RF2: reference set whose synonyms are preferred");
  remove->add_option("--system", t.terminology.system, "Its URI")->required();
  remove->add_option("--version", t.terminology.version, "As it was loaded");
  search->add_option("TEXT", t.terminology.text, "Words in any order, cut short, or a code")
      ->required();
  search->add_option("--system", t.terminology.system, "Only this one: URI or designator");
  search->add_option("--limit", t.terminology.limit, "At most so many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  for (CLI::App* one : {load, list, search}) {
    one->add_flag("--json", t.terminology.json, "Answer as JSON lines");
  }
}

void add_projects(Table& t) {
  CLI::App* project = t.app.add_subcommand("project", "Projects.");
  project->require_subcommand(1);
  CLI::App* add = command(t, *project, "add", "Make a project.",
                          "consilium project add --name \"Chest CT\" --protocol nodule.yaml",
                          [&t] { return project_add_command(t.project); });
  CLI::App* list =
      command(t, *project, "list", "The projects of this data folder.",
              "consilium project list --json", [&t] { return project_list_command(t.project); });
  for (CLI::App* one : {add, list}) add_data(one, t.project.data);
  add->add_option("--name", t.project.name, "Its name; no other project has it")->required();
  add->add_option("--description", t.project.description, "What it is for");
  add->add_option("--protocol", t.project.protocol, "The labelling protocol, YAML");
  add->add_option("--deid-at", t.project.deid_at, "When identities are taken out: import, release")
      ->capture_default_str()
      ->check(CLI::IsMember({"import", "release"}));
  add->add_option("--readers", t.project.readers_per_item, "Readers of each item")
      ->capture_default_str()
      ->check(CLI::Range(1, 20));
  add->add_flag("--json", t.project.json, "Answer as one JSON object");
  list->add_flag("--json", t.project.json, "Answer as JSON lines");
}

void add_people(Table& t) {
  CLI::App* user = t.app.add_subcommand("user", "Accounts.");
  user->require_subcommand(1);
  CLI::App* add =
      command(t, *user, "add", "Invite a person, or change name and roles.",
              "consilium user add mara --display-name \"Dr Mara Reed\" --role administrator",
              [&t] { return user_add_command(t.user); });
  CLI::App* reset =
      command(t, *user, "reset", "Make a one-time link to set a new password.",
              "consilium user reset mara", [&t] { return user_reset_command(t.user); });
  for (CLI::App* one : {add, reset}) {
    add_data(one, t.user.data);
    one->add_option("NAME", t.user.name, "The name for signing in")->required();
    one->add_option("--url", t.user.url, "What the link begins with")->capture_default_str();
    one->add_flag("--json", t.user.json, "Answer as one JSON object");
  }
  add->add_option("--display-name", t.user.display_name, "The name that others see");
  add->add_option("--role", t.user.roles, "administrator, compliance")
      ->check(CLI::IsMember({"administrator", "compliance"}));
  CLI::App* list = command(t, *user, "list", "Who has an account.", "consilium user list --json",
                           [&t] { return user_list_command(t.user); });
  add_data(list, t.user.data);
  list->add_flag("--json", t.user.json, "Answer as JSON lines");

  CLI::App* token = command(t, t.app, "token", "Make an API token for a person.",
                            "consilium token mara --scope read --scope export --days 30",
                            [&t] { return token_command(t.token); });
  add_data(token, t.token.data);
  token->add_option("NAME", t.token.person, "Whose")->required();
  token->add_option("--scope", t.token.scopes, "read, label, import, export, manage")
      ->required()
      ->check(CLI::IsMember({"read", "label", "import", "export", "manage"}));
  token->add_option("--name", t.token.name, "What it is for")->capture_default_str();
  token->add_option("--days", t.token.days, "How long it holds")
      ->capture_default_str()
      ->check(CLI::Range(1, 366));
  token->add_flag("--json", t.token.json, "Answer as one JSON object");
}

CLI::App* store_subcommand(Table& t, CLI::App& parent, const char* name, const char* what,
                           const char* example, std::function<int()> run) {
  CLI::App* added = command(t, parent, name, what, example, std::move(run));
  add_data(added, t.data);
  added->add_flag("--json", t.json, "Answer as one JSON object");
  return added;
}

void add_keeping(Table& t) {
  CLI::App* audit = t.app.add_subcommand("audit", "The log.");
  audit->require_subcommand(1);
  store_subcommand(t, *audit, "verify", "Check the chain, the tree and the signatures of the log.",
                   "consilium audit verify --data /srv/consilium",
                   [&t] { return audit_verify_command(store_command(t), t.witness); })
      ->add_option("--witness", t.witness, "A head kept elsewhere, as JSON");
  store_subcommand(t, *audit, "export", "Write the log as JSON lines.",
                   "consilium audit export > log.jsonl",
                   [&t] { return audit_export_command(store_command(t)); });
  store_subcommand(t, t.app, "verify", "Rebuild every table from the log and compare.",
                   "consilium verify", [&t] { return verify_command(store_command(t)); });
  store_subcommand(t, t.app, "scrub", "Check every chunk of every object.",
                   "consilium scrub --threads 2",
                   [&t] { return scrub_command(store_command(t), t.threads); })
      ->add_option("--threads", t.threads, "At once")
      ->capture_default_str();
  CLI::App* backup =
      store_subcommand(t, t.app, "backup", "Copy the data folder, also beside a running server.",
                       "consilium backup /media/backup --with-keys",
                       [&t] { return backup_command(store_command(t), t.target, t.with_keys); });
  backup->add_option("TARGET", t.target, "The folder to write")->required();
  backup->add_flag("--with-keys", t.with_keys, "The keys too: whoever has it can then read all");
  CLI::App* restore =
      store_subcommand(t, t.app, "restore", "Make a data folder from a backup.",
                       "consilium restore /media/backup --data /srv/consilium",
                       [&t] { return restore_command(store_command(t), t.target, t.keys); });
  restore->add_option("BACKUP", t.target, "The backup's folder")->required();
  restore->add_option("--keys", t.keys, "The folder of the keys, when the backup has none");
  CLI::App* erase = store_subcommand(
      t, t.app, "erase", "Destroy a patient's key: nothing of the patient stays readable.",
      "consilium erase P-0042 --reason \"consent withdrawn\"",
      [&t] { return erase_patient_command(store_command(t), t.patient, t.reason); });
  erase->add_option("PATIENT", t.patient, "The pseudonym or id")->required();
  erase->add_option("--reason", t.reason, "Why; it is kept in the log")->required();
}

void add_files(Table& t) {
  CLI::App* convert = command(
      t, t.app, "convert", "Turn a recording, or labels of images or texts, into another form.",
      "consilium convert liver.seg.nrrd liver.dcm --to dicom-seg --images CT/",
      [&t] { return convert_command(t.convert); });
  convert->add_option("FROM", t.convert.in, "The labels; the recording or its header")->required();
  convert->add_option("TO", t.convert.out, "The file to write; its ending tells the form")
      ->required();
  convert->add_option(
      "--from", t.convert.from,
      "Of texts, when the content does not tell: " + labelled_format_names(FormatUse::Read));
  convert->add_option("--to", t.convert.to,
                      "dicom-seg, dicom-seg-labelmap, rtstruct, nifti, nifti2, nrrd, metaimage; "
                      "of recordings edf, bdf, wfdb, csv, bids_events, sampled_data; of texts " +
                          labelled_format_names(FormatUse::Write));
  convert->add_option(
      "--annotator", t.convert.annotator,
      "Of recordings: labels that go along, a file (WFDB, NSRR XML, BIDS) or the ending of "
      "the one beside the record (atr)");
  convert
      ->add_option("--overlaps", t.convert.overlaps,
                   "Mentions that overlap or have gaps where the form cannot say so")
      ->check(CLI::IsMember({"refuse", "split"}))
      ->capture_default_str();
  convert->add_option("--images", t.convert.images,
                      "Folder of the series that was drawn on; DICOM and contours need it");
  convert->add_flag("--json", t.convert.json, "Answer as one JSON object");

  CLI::App* inspect = command(
      t, t.app, "inspect", "Tell what a file is: kind, shape, units, what was mended.",
      "consilium inspect scan.dcm record.hea --json", [&t] { return inspect_command(t.inspect); });
  inspect->add_option("FILE", t.inspect.files, "DICOM, notes, NIfTI; a recording or its header")
      ->required();
  inspect->add_flag("--json", t.inspect.json, "Answer as JSON lines, one for each file");
  inspect->add_flag("--reveal", t.inspect.reveal, "Also the values that identify the patient");
  CLI::App* protocol = t.app.add_subcommand("protocol", "Labelling protocols.");
  protocol->require_subcommand(1);
  CLI::App* lint = command(t, *protocol, "lint", "Find mistakes and weak places.",
                           "consilium protocol lint protocol.yaml",
                           [&t] { return protocol_lint_command(t.first_file, t.json); });
  lint->add_option("FILE", t.first_file, "The protocol")->required();
  lint->add_flag("--json", t.json, "Answer as JSON lines");
  CLI::App* diff = command(t, *protocol, "diff", "What changed, and whether the version says so.",
                           "consilium protocol diff old.yaml new.yaml", [&t] {
                             return protocol_diff_command(t.first_file, t.second_file, t.json);
                           });
  diff->add_option("OLD", t.first_file, "The version before")->required();
  diff->add_option("NEW", t.second_file, "The version after")->required();
  diff->add_flag("--json", t.json, "Answer as one JSON object");
  command(t, t.app, "openapi", "Print the OpenAPI document of the HTTP interface.",
          "consilium openapi > openapi.json", [] { return openapi_command(); });
  CLI::App* codec = command(t, t.app, "codec", "The confined decoder; started by the server.",
                            "(not for people)", [&t] { return run_codec_worker(t.descriptor); });
  codec->add_option("--fd", t.descriptor, "The socket")->required();
  codec->group("");
  CLI::App* node = command(t, t.app, "dimse", "One DICOM association; started by the server.",
                           "(not for people)", [&t] { return dimse::run_process(t.dimse); });
  node->add_option("--fd", t.dimse.descriptor, "The socket")->required();
  node->add_flag("--send", t.dimse.sends, "Connect to a peer");
  node->add_option("--certificate", t.dimse.certificate, "TLS: ours, PEM");
  node->add_option("--key", t.dimse.key, "TLS: ours, PEM");
  node->add_option("--peer-certificates", t.dimse.peer_certificates, "TLS: whom to trust, PEM");
  node->group("");
}

}  // namespace

int run(int argument_count, const char* const* arguments) {
  Table table;
  table.app.require_subcommand(1);
  table.app.set_version_flag("--version", std::string(api::product_version));
  table.app.footer("Example:\n  consilium demo --data demo-data");
  add_serving(table);
  add_projects(table);
  add_terminologies(table);
  add_moving(table);
  add_people(table);
  add_keeping(table);
  add_files(table);
  const auto choose = [&table](const std::function<Result<int>()>& run) {
    table.chosen = [run] {
      const Result<int> done = run();
      return done ? *done : report(done.error());
    };
  };
  add_panel_commands(table.app, table.panel, choose);
  add_segment_command(table.app, table.segment, choose);
  add_detect_command(table.app, table.detect, choose);
  add_cluster_command(table.app, table.cluster, choose);
  add_signal_commands(table.app, table.signals, choose);
  add_classes_commands(table.app, table.classes, choose);
  add_context_command(table.app, table.context, choose);
  add_tag_commands(table.app, table.tag, choose);
  add_deid_command(table.app, table.deid, choose);
  try {
    table.app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    // Help and version are answers, not errors.
    return table.app.exit(error) == 0 ? 0 : wrong_use;
  }
  return table.chosen ? table.chosen() : wrong_use;
}

}  // namespace consilium::cli
