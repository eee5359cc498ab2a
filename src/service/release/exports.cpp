#include "service/release/exports.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>

#include "base/canonical_json.hpp"
#include "base/check.hpp"
#include "format/labelled_files/labelled_files.hpp"
#include "format/zip/zip_writer.hpp"
#include "service/job/job_queue.hpp"
#include "service/release/export_case.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Fields;
using storage::Row;
using storage::Transaction;

namespace {

constexpr std::array<std::pair<ExportFormat, std::string_view>, 38> format_names{{
    {ExportFormat::DicomSeg, "dicom_seg"},
    {ExportFormat::DicomSegLabelMap, "dicom_seg_labelmap"},
    {ExportFormat::DicomSegFractional, "dicom_seg_fractional"},
    {ExportFormat::RtStruct, "rtstruct"},
    {ExportFormat::DicomSr, "sr"},
    {ExportFormat::Gsps, "gsps"},
    {ExportFormat::Nifti, "nifti"},
    {ExportFormat::Nrrd, "nrrd"},
    {ExportFormat::LabelImages, "label_images"},
    {ExportFormat::Coco, "coco"},
    {ExportFormat::Yolo, "yolo"},
    {ExportFormat::Voc, "voc"},
    {ExportFormat::ShapesCsv, "csv"},
    {ExportFormat::LabelsCsv, "labels_csv"},
    {ExportFormat::LabelsJsonl, "labels_jsonl"},
    {ExportFormat::Brat, "brat"},
    {ExportFormat::SpansJsonl, "spans_jsonl"},
    {ExportFormat::Wfdb, "wfdb"},
    {ExportFormat::Edf, "edf"},
    {ExportFormat::SignalCsv, "signal_csv"},
    {ExportFormat::Conll, "conll"},
    {ExportFormat::ConllIob1, "conll_iob1"},
    {ExportFormat::ConllBilou, "conll_bilou"},
    {ExportFormat::ConllIobes, "conll_iobes"},
    {ExportFormat::Conll2002, "conll2002"},
    {ExportFormat::Pubtator, "pubtator"},
    {ExportFormat::BiocXml, "bioc_xml"},
    {ExportFormat::BiocJson, "bioc_json"},
    {ExportFormat::Pubannotation, "pubannotation"},
    {ExportFormat::Doccano, "doccano"},
    {ExportFormat::Prodigy, "prodigy"},
    {ExportFormat::SpacyJsonl, "spacy"},
    {ExportFormat::LabelStudio, "label_studio"},
    {ExportFormat::WebannoTsv, "webanno_tsv"},
    {ExportFormat::UimaXmi, "uima_xmi"},
    {ExportFormat::UimaJson, "uima_json"},
    {ExportFormat::Fhir, "fhir"},
    {ExportFormat::OmopNoteNlp, "omop_note_nlp"},
}};

std::string request_json(const ExportRequest& request) {
  json::array items;
  for (const ItemId& item : request.item_ids) items.emplace_back(to_string(item));
  return json::serialize(json::object{{"format", std::string(name_of(request.format))},
                                      {"item_ids", std::move(items)},
                                      {"with_drafts", request.with_drafts}});
}

Result<ExportRequest> read_request(const std::string& text) {
  const json::value value = CSL_TRY(parse_json(text));
  ExportRequest request;
  request.format =
      export_format_named(value.at("format").as_string()).value_or(ExportFormat::LabelsCsv);
  request.with_drafts = value.at("with_drafts").as_bool();
  for (const json::value& item : value.at("item_ids").as_array()) {
    request.item_ids.push_back(CSL_TRY(parse_id<ItemId>(item.as_string())));
  }
  return request;
}

// The command line's operator is no person with an account.
json::object creator_json(const Row& row) {
  const std::string person = row.text("person");
  if (person.empty() || person == "system")
    return {{"id", nullptr}, {"display_name", "the operator"}};
  return {{"id", person}, {"display_name", row.text("display_name")}};
}

Result<json::object> export_json(const Row& row) {
  json::object view{{"id", row.text("export_id")},
                    {"format", row.text("format")},
                    {"state", row.text("state")},
                    {"items", row.integer("items")},
                    {"annotations", row.integer("annotations")},
                    {"size_bytes", row.integer("size_bytes")},
                    {"created_at", to_rfc3339({row.integer("created_at")})},
                    {"created_by", creator_json(row)},
                    {"excluded", CSL_TRY(parse_json(row.text("excluded")))}};
  if (!row.is_null("problem")) view["problem"] = row.text("problem");
  return view;
}

Result<Row> find_export(const storage::Reader& reader, const ProjectId& project,
                        const ExportId& id) {
  const storage::Rows rows = CSL_TRY(reader.query("labels.export", Fields().set("export", id)));
  if (rows.empty() || rows.front().text("project_id") != to_string(project)) {
    return fail(ErrorCode::NotFound, "there is no such export");
  }
  return rows.front();
}

json::array excluded_json(const ExportReport& report) {
  json::array excluded;
  for (const auto& [reason, count] : report.excluded) {
    excluded.push_back(json::object{{"reason", reason}, {"count", count}});
  }
  return excluded;
}

json::object rater_json(const ExportWork& work, const RaterRef& rater) {
  return json::object{{"id", to_string(rater.id)},
                      {"pseudonym", work.rater_pseudonym(rater.id)},
                      {"kind", std::string(name_of(rater.kind))}};
}

// Who labelled what under which rules, and what was done to the data: beside every export.
Result<std::string> provenance_json(const ExportWork& work, const storage::ProjectRow& project,
                                    const std::vector<ExportCase>& cases,
                                    const ExportRequest& request, const ExportReport& report) {
  json::object protocols;
  json::object raters;
  json::array items;
  for (const ExportCase& one : cases) {
    json::value adjudicated_by = nullptr;
    for (const ExportedAnnotation& annotation : one.annotations) {
      if (annotation.adjudicated) {
        adjudicated_by = work.rater_pseudonym(annotation.stored.rater.id);
      }
    }
    items.push_back(json::object{{"item_id", to_string(one.item.id)},
                                 {"number", one.item.number},
                                 {"name", ExportWork::name_of_item(one.item)},
                                 {"kind", one.item.kind},
                                 {"pseudonym", one.item.pseudonym},
                                 {"date", one.item.date},
                                 {"adjudicated_by", std::move(adjudicated_by)}});
    for (const ExportedAnnotation& annotation : one.annotations) {
      const KnownProtocol& known = *annotation.protocol;
      protocols[known.hash] = json::object{{"id", known.protocol.id},
                                           {"version", to_string(known.protocol.version)},
                                           {"title", known.protocol.title}};
      raters[to_string(annotation.stored.rater.id)] = rater_json(work, annotation.stored.rater);
    }
  }
  return canonical_json(json::object{
      {"format", std::string(name_of(request.format))},
      {"exported_at", to_rfc3339(work.now)},
      {"software", "Consilium 0.1.0"},
      {"project", json::object{{"id", to_string(project.id)}, {"name", project.name}}},
      {"states",
       request.with_drafts ? json::array{"submitted", "draft"} : json::array{"submitted"}},
      {"protocols", std::move(protocols)},
      {"raters", std::move(raters)},
      {"items", std::move(items)},
      {"annotations", report.annotations},
      {"excluded", excluded_json(report)},
      {"deidentification",
       json::object{
           {"patients", "pseudonyms stand for patient ids and names"},
           {"uids", "mapped by a keyed hash to 2.25 UIDs, the same in every export"},
           {"dates", "shifted by a number of days that is the patient's own"},
           {"text", "notes and quoted spans are as imported; comments are left out of tables"}}}});
}

Status export_as_text(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
  std::string name(name_of(format));
  std::ranges::replace(name, '_', '-');
  const LabelledFormat* text = labelled_format(name);
  CSL_CHECK(text != nullptr && text->writes);
  return export_texts(work, cases, *text);
}

Status write_format(ExportWork& work, const std::vector<ExportCase>& cases, ExportFormat format) {
  switch (format) {
    case ExportFormat::DicomSeg:
    case ExportFormat::DicomSegLabelMap:
    case ExportFormat::RtStruct:
    case ExportFormat::Nifti:
    case ExportFormat::Nrrd:
      return export_masks(work, cases, format);
    case ExportFormat::LabelImages:
      return export_label_images(work, cases);
    case ExportFormat::DicomSegFractional:
      return export_fractions(work, cases);
    case ExportFormat::DicomSr:
      return export_reports(work, cases);
    case ExportFormat::Gsps:
      return export_drawings(work, cases);
    case ExportFormat::Coco:
    case ExportFormat::Yolo:
    case ExportFormat::Voc:
    case ExportFormat::ShapesCsv:
      return export_coco(work, cases, format);
    case ExportFormat::LabelsCsv:
    case ExportFormat::LabelsJsonl:
    case ExportFormat::SpansJsonl:
      return export_tables(work, cases, format);
    case ExportFormat::Brat:
      return export_brat(work, cases);
    case ExportFormat::Wfdb:
    case ExportFormat::Edf:
    case ExportFormat::SignalCsv:
      return export_signals(work, cases, format);
    case ExportFormat::Conll:
    case ExportFormat::ConllIob1:
    case ExportFormat::ConllBilou:
    case ExportFormat::ConllIobes:
    case ExportFormat::Conll2002:
    case ExportFormat::Pubtator:
    case ExportFormat::BiocXml:
    case ExportFormat::BiocJson:
    case ExportFormat::Pubannotation:
    case ExportFormat::Doccano:
    case ExportFormat::Prodigy:
    case ExportFormat::SpacyJsonl:
    case ExportFormat::LabelStudio:
    case ExportFormat::WebannoTsv:
    case ExportFormat::UimaXmi:
    case ExportFormat::UimaJson:
    case ExportFormat::Fhir:
    case ExportFormat::OmopNoteNlp:
      return export_as_text(work, cases, format);
  }
  return fail(ErrorCode::Internal, "an export format is not handled");
}

// Makes all files of an export and hands them to `sink`.
Result<ExportReport> make_export(storage::Store& store, const ProjectId& project,
                                 const ExportRequest& request, Timestamp now,
                                 const FileSink& sink) {
  const auto reader = CSL_TRY(store.read());
  const storage::ProjectRow row = CSL_TRY(storage::find_project(*reader, project));
  const std::vector<ExportCase> cases = CSL_TRY(gather_cases(*reader, project, request));
  ExportReport report;
  ExportWork work(
      store, *reader,
      [&](const std::string& name, ByteView bytes) {
        report.size_bytes += bytes.size();
        return sink(name, bytes);
      },
      now);
  CSL_TRY(write_format(work, cases, request.format));
  report.items = static_cast<std::int64_t>(cases.size());
  report.annotations = work.annotation_count;
  report.excluded.assign(work.excluded().begin(), work.excluded().end());
  const std::string provenance = CSL_TRY(provenance_json(work, row, cases, request, report));
  CSL_TRY(work.sink("provenance.json", bytes_of(provenance)));
  return report;
}

Result<ExportReport> write_zip(storage::Store& store, const ProjectId& project,
                               const ExportRequest& request, Timestamp now,
                               const std::filesystem::path& path) {
  const std::filesystem::path part = path.string() + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(ErrorCode::Unavailable, "the archive cannot be written", "",
                "check that the folder is there and may be written to");
  }
  ZipWriter zip(sink_of_file_descriptor(file), now);
  auto report =
      make_export(store, project, request, now,
                  [&](const std::string& name, ByteView bytes) { return zip.add(name, bytes); });
  Status finished = report ? zip.finish() : Status(std::unexpected(report.error()));
  if (finished && ::fsync(file) != 0) {
    finished = fail(ErrorCode::Unavailable, "the archive cannot be made durable");
  }
  ::close(file);
  std::error_code problem;
  if (!finished) {
    std::filesystem::remove(part, problem);
    return std::unexpected(std::move(finished).error());
  }
  std::filesystem::rename(part, path, problem);
  if (problem) return fail(ErrorCode::Unavailable, "the archive cannot be put in its place");
  report->size_bytes = std::filesystem::file_size(path, problem);
  return report;
}

Status write_plain_file(const std::filesystem::path& path, ByteView bytes) {
  std::error_code problem;
  std::filesystem::create_directories(path.parent_path(), problem);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(ErrorCode::Unavailable, "an exported file cannot be written");
  return {};
}

std::filesystem::path archive_path(const std::filesystem::path& folder, const ExportId& id) {
  return folder / (to_string(id) + ".zip");
}

EventDraft export_event(std::string type, const ProjectId& project, const ExportId& id) {
  EventDraft event{.type = std::move(type),
                   .project = project,
                   .item = std::nullopt,
                   .patient = std::nullopt,
                   .fields = {}};
  event.fields.set("export_id", id);
  return event;
}

EventDraft finished_event(const ProjectId& project, const ExportId& id,
                          const Result<ExportReport>& report) {
  EventDraft event = export_event("export.finished", project, id);
  const ExportReport done = report ? *report : ExportReport{};
  event.fields.set("state", std::string(report ? "done" : "failed"))
      .set("items", done.items)
      .set("annotations", done.annotations)
      .set("size_bytes", static_cast<std::int64_t>(done.size_bytes))
      .set("excluded", storage::JsonText{json::serialize(excluded_json(done))});
  if (!report) event.fields.set("problem", report.error().what);
  return event;
}

}  // namespace

std::string_view name_of(ExportFormat format) {
  for (const auto& [value, name] : format_names) {
    if (value == format) return name;
  }
  return "";
}

std::optional<ExportFormat> export_format_named(std::string_view written) {
  std::string name(written);
  std::ranges::replace(name, '-', '_');
  for (const auto& [value, text] : format_names) {
    if (text == name) return value;
  }
  return std::nullopt;
}

constexpr Roles export_roles{Role::Lead, Role::MlExport};

Result<json::object> Exports::put(const Access& access, const ProjectId& project,
                                  const ExportId& id, const ExportRequest& request) {
  CSL_TRY(require(access, project, export_roles));
  const std::string wanted = CSL_TRY(canonical_json(CSL_TRY(parse_json(request_json(request)))));
  bool is_new = false;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const storage::Rows rows =
        CSL_TRY(transaction.query("labels.export", Fields().set("export", id)));
    if (!rows.empty()) {
      const bool is_same = rows.front().text("project_id") == to_string(project) &&
                           rows.front().text("request") == wanted;
      if (is_same) return {};
      return fail(ErrorCode::Conflict, "this id is that of another export", "", "use a new id");
    }
    for (const ItemId& item : request.item_ids) {
      CSL_TRY(storage::find_item(transaction, project, item));
    }
    is_new = true;
    EventDraft event = export_event("export.started", project, id);
    event.fields.set("format", std::string(name_of(request.format)))
        .set("request", storage::JsonText{wanted});
    return transaction.append(std::move(event));
  }));
  if (is_new) {
    std::error_code problem;
    std::filesystem::create_directories(folder_, problem);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, problem);
    const bool added = jobs_.add([this, access, project, id, request](std::stop_token) {
      const auto report =
          write_zip(store_, project, request, clock_.now(), archive_path(folder_, id));
      // When even this cannot be written the export stays "running" and is made anew at the start.
      static_cast<void>(store_.write(actor_of(access), [&](Transaction& transaction) {
        return transaction.append(finished_event(project, id, report));
      }));
    });
    if (!added) {
      return fail(ErrorCode::Unavailable, "too many imports and exports wait", "",
                  "ask again in a while");
    }
  }
  return show(access, project, id);
}

Result<json::object> Exports::show(const Access& access, const ProjectId& project,
                                   const ExportId& id) const {
  CSL_TRY(require(access, project, export_roles));
  const auto reader = CSL_TRY(store_.read());
  return export_json(CSL_TRY(find_export(*reader, project, id)));
}

Result<json::object> Exports::list(const Access& access, const ProjectId& project) const {
  CSL_TRY(require(access, project, export_roles));
  const auto reader = CSL_TRY(store_.read());
  json::array items;
  for (const Row& row :
       CSL_TRY(reader->query("labels.exports", Fields().set("project", project)))) {
    items.push_back(CSL_TRY(export_json(row)));
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<Exports::Download> Exports::download(const Access& access, const ProjectId& project,
                                            const ExportId& id) {
  CSL_TRY(require(access, project, export_roles));
  std::string format;
  {
    const auto reader = CSL_TRY(store_.read());
    const Row row = CSL_TRY(find_export(*reader, project, id));
    if (row.text("state") != "done") {
      return fail(ErrorCode::Conflict, "the export is not ready", "", "wait until it is done");
    }
    format = row.text("format");
  }
  Download download{.file_name = "consilium_" + format + "_" + to_string(id).substr(0, 8) + ".zip",
                    .bytes = CSL_TRY(open_file_source(archive_path(folder_, id)))};
  CSL_TRY(store_.write_from_reserve(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(export_event("export.downloaded", project, id));
  }));
  return download;
}

Status Exports::resume_all() {
  const auto reader = CSL_TRY(store_.read());
  for (const Row& row : CSL_TRY(reader->query("labels.exports_running"))) {
    const ProjectId project = CSL_TRY(row.id<ProjectId>("project_id"));
    const ExportId id = CSL_TRY(row.id<ExportId>("export_id"));
    const ExportRequest request = CSL_TRY(read_request(row.text("request")));
    static_cast<void>(jobs_.add([this, project, id, request](std::stop_token) {
      const auto report =
          write_zip(store_, project, request, clock_.now(), archive_path(folder_, id));
      static_cast<void>(store_.write(actor_of(operator_access()), [&](Transaction& transaction) {
        return transaction.append(finished_event(project, id, report));
      }));
    }));
  }
  return {};
}

Result<ExportReport> Exports::write_to(const Access& access, const ProjectId& project,
                                       const ExportRequest& request,
                                       const std::filesystem::path& out) {
  CSL_TRY(require(access, project, export_roles));
  const ExportId id = make_id<ExportId>(clock_, random_);
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    EventDraft event = export_event("export.started", project, id);
    event.fields.set("format", std::string(name_of(request.format)))
        .set("request", storage::JsonText{request_json(request)});
    return transaction.append(std::move(event));
  }));
  std::error_code problem;
  const bool is_folder = out.filename().empty() || std::filesystem::is_directory(out, problem);
  auto report = is_folder ? make_export(store_, project, request, clock_.now(),
                                        [&](const std::string& name, ByteView bytes) {
                                          return write_plain_file(out / name, bytes);
                                        })
                          : write_zip(store_, project, request, clock_.now(), out);
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) {
    return transaction.append(finished_event(project, id, report));
  }));
  return report;
}

}  // namespace consilium::service
