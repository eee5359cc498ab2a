// The browser's side of intake: uploads are kept until the import is done, then run like a folder.
#include "service/intake/imports.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <functional>

#include "base/byte_source.hpp"
#include "base/descriptor.hpp"
#include "base/utf8.hpp"
#include "service/intake/waiting_object.hpp"
#include "service/job/job_queue.hpp"
#include "storage/catalog.hpp"
#include "storage/waiting_objects.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::ImportRow;
using storage::Transaction;

namespace {

constexpr std::size_t block_bytes = 256U << 10U;
constexpr std::size_t name_size_max = 1000;
constexpr std::string_view label_map_name = "label-map.txt";  // by which file_kind.cpp knows it
constexpr std::int64_t file_number_max = 1'000'000;

Result<json::object> import_json(const storage::Reader& reader, const ImportRow& row) {
  json::array refused;
  for (const storage::ImportRefusalRow& refusal :
       CSL_TRY(storage::import_refusals(reader, row.id))) {
    refused.push_back(json::object{{"file_number", refusal.file_number},
                                   {"code", refusal.code},
                                   {"what", refusal.what},
                                   {"where", refusal.place},
                                   {"remedy", refusal.remedy}});
  }
  json::array waiting;
  for (const storage::WaitingObjectRow& object :
       CSL_TRY(storage::waiting_objects_of_import(reader, row.id))) {
    waiting.push_back(json::object{{"file_number", object.file_number},
                                   {"holds", object.is_image ? "image" : "labels"},
                                   {"kind", object.modality},
                                   {"code", object.code},
                                   {"what", object.what},
                                   {"where", object.place},
                                   {"remedy", object.remedy}});
  }
  return json::object{{"id", to_string(row.id)},
                      {"state", row.state},
                      {"files_total", row.files_total},
                      {"files_done", row.files_done},
                      {"items_added", row.items_added},
                      {"duplicates", row.duplicates},
                      {"refused", std::move(refused)},
                      {"waiting", std::move(waiting)},
                      {"started_at", to_rfc3339(row.started_at)},
                      {"finished_at", row.finished_at ? json::value(to_rfc3339(*row.finished_at))
                                                      : json::value(nullptr)}};
}

Result<ImportRow> import_of_project(const storage::Reader& reader, const ProjectId& project,
                                    const ImportId& id) {
  ImportRow row = CSL_TRY(storage::find_import(reader, id));
  if (row.project != project) return fail(ErrorCode::NotFound, "there is no such import");
  return row;
}

Status write_fully(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno == ENOSPC) return fail(ErrorCode::NoSpace, "the disk is full");
      return fail(ErrorCode::Unavailable, "the upload cannot be written");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

// Uploads are named by number; what the user calls them stands beside, for what goes with what.
std::filesystem::path upload_path(const std::filesystem::path& folder, std::int64_t number) {
  return folder / (std::to_string(number) + ".upload");
}
std::filesystem::path name_path(const std::filesystem::path& folder, std::int64_t number) {
  return folder / (std::to_string(number) + ".name");
}

Result<std::filesystem::path> make_folder(const std::filesystem::path& uploads,
                                          const ImportId& id) {
  const std::filesystem::path folder = uploads / to_string(id);
  std::error_code problem;
  if (std::filesystem::create_directories(folder, problem)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);
  }
  if (problem) return fail(ErrorCode::Unavailable, "the upload cannot be written");
  return folder;
}

// `fill` is given the open file. On return the bytes are on the disk, the name not yet.
Status write_durably(const std::filesystem::path& path, const std::function<Status(int)>& fill) {
  const Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out.get() < 0) return fail(ErrorCode::Unavailable, "the upload cannot be written");
  CSL_TRY(fill(out.get()));
  if (::fsync(out.get()) != 0) {
    return fail(ErrorCode::Unavailable, "the upload cannot be made durable");
  }
  return {};
}

// An acknowledged upload is there after a power loss, like every write: bytes, then names.
Status keep_upload(const std::filesystem::path& folder, std::int64_t number,
                   const std::function<Status(int)>& fill) {
  const std::filesystem::path part = folder / (std::to_string(number) + ".part");
  CSL_TRY(write_durably(part, fill));
  std::error_code problem;
  std::filesystem::rename(part, upload_path(folder, number), problem);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (problem || ::fsync(directory.get()) != 0) {
    return fail(ErrorCode::Unavailable, "the upload cannot be kept");
  }
  return {};
}

Status keep_name(const std::filesystem::path& folder, std::int64_t number, std::string_view name) {
  return write_durably(name_path(folder, number),
                       [&](int file) { return write_fully(file, bytes_of(name)); });
}

Status copy_to(int file, ByteSource& source) {
  Bytes block(block_bytes);
  for (std::uint64_t at = 0; at < source.size();) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), source.size() - at));
    CSL_TRY(source.read(at, std::span(block).first(count)));
    CSL_TRY(write_fully(file, ByteView(block).first(count)));
    at += count;
  }
  return {};
}

// In the order of their numbers, so that a file's number is the one the browser gave.
std::vector<ImportFile> uploads_in(const std::filesystem::path& folder) {
  std::vector<ImportFile> uploads;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (entry.path().extension() != ".upload") continue;
    const std::int64_t number = std::strtoll(entry.path().stem().c_str(), nullptr, 10);
    std::ifstream in(name_path(folder, number));
    std::string name((std::istreambuf_iterator<char>(in)), {});
    // What came over the DICOM network has no name, and its sender counts on it (Imports::keep).
    const bool was_acknowledged = name.empty();
    uploads.push_back({.path = entry.path(),
                       .name = std::move(name),
                       .number = number,
                       .was_acknowledged = was_acknowledged});
  }
  std::ranges::sort(uploads, {}, &ImportFile::number);
  return uploads;
}

}  // namespace

Result<json::object> Imports::begin(const Access& access, const ProjectId& project,
                                    const ImportId& id, std::string_view name,
                                    std::string_view kind_hint) {
  // A name may hold a patient's, and kinds are told by content: neither is kept.
  static_cast<void>(name);
  static_cast<void>(kind_hint);
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  CSL_TRY(tools_.store.write(actor_of(access), [&](Transaction& transaction) -> Status {
    CSL_TRY(storage::find_project(transaction, project));
    const auto stored = storage::find_import(transaction, id);
    if (stored && stored->project != project) {
      return fail(ErrorCode::Conflict, "this id is that of another import", "", "use a new id");
    }
    if (stored) return {};
    storage::EventDraft event{.type = "import.begun",
                              .project = project,
                              .item = std::nullopt,
                              .patient = std::nullopt,
                              .fields = {}};
    event.fields.set("import_id", id).set("state", std::string("receiving"));
    return transaction.append(std::move(event));
  }));
  return show(access, project, id);
}

Result<json::object> Imports::receive(const Access& access, const ProjectId& project,
                                      const ImportId& id, std::int64_t file_number,
                                      std::string_view relative_path, const BodySource& body) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  const auto reader = CSL_TRY(tools_.store.read());
  const ImportRow row = CSL_TRY(import_of_project(*reader, project, id));
  if (row.state != "receiving") {
    return fail(ErrorCode::Conflict, "the import takes no more files", "", "begin another one");
  }
  if (file_number < 1 || file_number > file_number_max || relative_path.empty() ||
      relative_path.size() > name_size_max || !is_utf8(relative_path)) {
    return fail(ErrorCode::InvalidInput, "the file's number or path is not usable",
                "file_number, path", "number files from 1, and send the path that they have");
  }
  const std::filesystem::path folder = CSL_TRY(make_folder(upload_folder_, id));
  std::int64_t size_bytes = 0;
  CSL_TRY(write_durably(name_path(folder, file_number),
                        [&](int file) { return write_fully(file, bytes_of(relative_path)); }));
  CSL_TRY(keep_upload(folder, file_number, [&](int file) -> Status {
    Bytes block(block_bytes);
    for (;;) {
      const std::size_t count = CSL_TRY(body(block));
      if (count == 0) return {};
      CSL_TRY(write_fully(file, ByteView(block).first(count)));
      size_bytes += static_cast<std::int64_t>(count);
    }
  }));
  return json::object{
      {"file_number", file_number}, {"size_bytes", size_bytes}, {"state", "received"}};
}

Status Imports::keep(const ImportId& id, std::int64_t file_number, ByteView head, ByteView rest) {
  const std::filesystem::path folder = CSL_TRY(make_folder(upload_folder_, id));
  return keep_upload(folder, file_number, [&](int file) -> Status {
    CSL_TRY(write_fully(file, head));
    return write_fully(file, rest);
  });
}

Result<json::object> Imports::try_again(const Access& access, const ProjectId& project,
                                        const ImportId& id, std::int64_t file_number,
                                        const ImportId& again, std::string_view names) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  LabelMap all = CSL_TRY(read_label_map_text(names));
  {
    const auto reader = CSL_TRY(tools_.store.read());
    // The answer to the first one may have been lost.
    const auto stored = storage::find_import(*reader, again);
    if (stored && stored->state != "receiving") return show(access, project, again);
    const storage::WaitingObjectRow row =
        CSL_TRY(storage::find_waiting_object(*reader, project, id, file_number));
    all.merge(names_of(*reader, row));
    const auto object = CSL_TRY(tools_.store.objects().open(row.patient, row.object));
    CSL_TRY(begin(access, project, again, "", ""));
    const std::filesystem::path folder = CSL_TRY(make_folder(upload_folder_, again));
    CSL_TRY(keep_upload(folder, 1, [&](int file) { return copy_to(file, *object); }));
    if (!all.empty()) {
      CSL_TRY(keep_name(folder, 2, label_map_name));
      CSL_TRY(keep_upload(
          folder, 2, [&](int file) { return write_fully(file, bytes_of(label_map_text(all))); }));
    }
  }
  return finish(access, project, again);
}

Status Imports::discard_waiting(const Access& access, const ProjectId& project, const ImportId& id,
                                std::int64_t file_number) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  CSL_TRY(tools_.store.write(actor_of(access), [&](Transaction& transaction) -> Status {
    return transaction.append(discarded_event(
        CSL_TRY(storage::find_waiting_object(transaction, project, id, file_number))));
  }));
  return {};
}

namespace {

// The job: everything uploaded, as one import; its files go when it is done.
void run_uploads(const ImportTools& tools, const Access& access, const ProjectId& project,
                 const ImportId& id, const std::filesystem::path& folder, const Imports::Done& done,
                 const std::stop_token& stop) {
  const std::vector<ImportFile> files = uploads_in(folder);
  const auto report = run_import(tools, access, project, files,
                                 {.id = id,
                                  .thread_count = 2,
                                  .patient_folder = 0,
                                  .stop = stop,
                                  .on_progress = {},
                                  .on_refusal = {},
                                  .on_file = {}});
  if (report) {
    std::error_code problem;
    std::filesystem::remove_all(folder, problem);
    if (done) done(access, project);
    return;
  }
  if (stop.stop_requested()) return;  // goes on at the next start
  static_cast<void>(tools.store.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const ImportRow row = CSL_TRY(storage::find_import(transaction, id));
    storage::EventDraft event{.type = "import.finished",
                              .project = project,
                              .item = std::nullopt,
                              .patient = std::nullopt,
                              .fields = {}};
    event.fields.set("import_id", id)
        .set("state", std::string("failed"))
        .set("files_total", row.files_total)
        .set("files_done", row.files_done)
        .set("items_added", row.items_added)
        .set("duplicates", row.duplicates);
    return transaction.append(std::move(event));
  }));
}

}  // namespace

Result<json::object> Imports::finish(const Access& access, const ProjectId& project,
                                     const ImportId& id) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  bool is_new = false;
  CSL_TRY(tools_.store.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const ImportRow row = CSL_TRY(import_of_project(transaction, project, id));
    is_new = row.state == "receiving" || row.state == "failed";
    if (!is_new) return {};
    storage::EventDraft event{.type = "import.begun",
                              .project = project,
                              .item = std::nullopt,
                              .patient = std::nullopt,
                              .fields = {}};
    event.fields.set("import_id", id).set("state", std::string("running"));
    return transaction.append(std::move(event));
  }));
  if (is_new) {
    const bool added =
        jobs_.add([tools = tools_, access, project, id, done = done_,
                   folder = upload_folder_ / to_string(id)](const std::stop_token& stop) {
          run_uploads(tools, access, project, id, folder, done, stop);
        });
    if (!added) {
      return fail(ErrorCode::Unavailable, "too many imports and exports wait", "",
                  "finish the import again in a while");
    }
  }
  return show(access, project, id);
}

Result<json::object> Imports::show(const Access& access, const ProjectId& project,
                                   const ImportId& id) const {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  const auto reader = CSL_TRY(tools_.store.read());
  json::object view =
      CSL_TRY(import_json(*reader, CSL_TRY(import_of_project(*reader, project, id))));
  return view;
}

Result<json::object> Imports::list(const Access& access, const ProjectId& project) const {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  const auto reader = CSL_TRY(tools_.store.read());
  json::array items;
  for (const ImportRow& row : CSL_TRY(storage::imports_of(*reader, project))) {
    items.push_back(CSL_TRY(import_json(*reader, row)));
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Status Imports::resume_all() {
  const auto reader = CSL_TRY(tools_.store.read());
  for (const ImportRow& row : CSL_TRY(storage::imports_unfinished(*reader))) {
    const std::filesystem::path folder = upload_folder_ / to_string(row.id);
    std::error_code problem;
    if (!std::filesystem::is_directory(folder, problem)) continue;  // of the command line
    Access access = operator_access();
    access.origin = "resumed at start";
    if (!jobs_.add([tools = tools_, access, project = row.project, id = row.id, done = done_,
                    folder](const std::stop_token& stop) {
          run_uploads(tools, access, project, id, folder, done, stop);
        })) {
      return fail(ErrorCode::Unavailable, "too many imports wait");
    }
  }
  return {};
}

}  // namespace consilium::service
