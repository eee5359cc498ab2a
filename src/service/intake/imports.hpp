// Imports: files in, items out. The same pipeline serves the command line (folders) and the browser
// (uploads that wait in a folder of the import).
//
// Kinds are told by content: DICOM, notes (.txt, JSONL, CSV, FHIR), recordings (WFDB sets, EDF,
// BDF). One bad file is one refusal (what, where, remedy; by its number, never its name) and
// nothing of it stays. The same content again is a duplicate and skipped; the same UID with other
// content is refused. Objects of labels whose images are not here are kept, and taken in by the
// import that brings these. An import that was interrupted is started again with the same id and
// goes on: what is there already is recognised by content.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"

namespace consilium {
class CodecPool;
}

namespace consilium::service {

class JobQueue;

struct ImportRefusal {
  std::int64_t file_number = 0;  // 1-based, in the order of the list given
  Error error;
};

struct ImportReport {
  ImportId id;
  std::int64_t files_total = 0;
  std::int64_t files_done = 0;
  std::int64_t files_added = 0;
  std::int64_t duplicates = 0;
  std::int64_t files_waiting = 0;  // kept with the reason: labels until their images come
  std::int64_t items_added = 0;
  std::vector<ImportRefusal> refused;  // those that wait too, with why
};

struct ImportTools {
  storage::Store& store;
  CodecPool* codec = nullptr;  // without one compressed DICOM is refused
  const Clock& clock;
  Random& random;
};

struct ImportFile {
  std::filesystem::path path;  // where the bytes are
  std::string name;            // as the user has it: relative path, for what goes beside what
  std::int64_t number = 0;     // by which refusals name it; 0: its place in the list, from 1
  // Whoever sent it was told that it is kept: what is refused then waits with the reason.
  bool was_acknowledged = false;
};

struct ImportProgress {
  std::int64_t files_total = 0;
  std::int64_t files_done = 0;
  std::int64_t refused = 0;
  std::int64_t items_added = 0;
};

// Waiting: kept with the reason (waiting_object.hpp).
enum class FileOutcome { Added, Duplicate, Refused, Waiting };

struct ImportOptions {
  ImportId id;
  std::size_t thread_count = 2;
  // Which part of a file's name (1: the first folder) is the patient's id, for notes and recordings
  // that state none themselves. 0: none is; each then is a patient of its own.
  std::size_t patient_folder = 0;
  std::stop_token stop = {};
  std::function<void(const ImportProgress&)> on_progress = {};  // from one thread at a time
  std::function<void(const ImportRefusal&)> on_refusal = {};
  // What became of each file, told once it is durable; all files of a recording share it. `refusal`
  // is null unless it was refused, or added with some of its rows refused.
  std::function<void(std::int64_t file_number, FileOutcome, const Error* refusal)> on_file = {};
};

// Every regular file under the paths, in the order of their names. Errors: NotFound.
[[nodiscard]] Result<std::vector<ImportFile>> list_files(
    std::span<const std::filesystem::path> paths);

// Runs an import to its end. Errors: those that end an import (NoSpace, Unavailable, rights);
// a bad file is none.
[[nodiscard]] Result<ImportReport> run_import(const ImportTools& tools, const Access& access,
                                              const ProjectId& project,
                                              std::span<const ImportFile> files,
                                              const ImportOptions& options);

// The browser's side: a list of uploads, then the same run as a job.
class Imports {
 public:
  // Uploads wait under `upload_folder`/<import id>/ until the import is done.
  Imports(ImportTools tools, JobQueue& jobs, std::filesystem::path upload_folder)
      : tools_(tools), jobs_(jobs), upload_folder_(std::move(upload_folder)) {}

  // Fills the span from the front, tells how much; 0 at the end.
  using BodySource = std::function<Result<std::size_t>(std::span<std::byte>)>;

  [[nodiscard]] Result<boost::json::object> begin(const Access& access, const ProjectId& project,
                                                  const ImportId& id, std::string_view name,
                                                  std::string_view kind_hint);
  // Streams one file to disk. Sending the same number again replaces it.
  [[nodiscard]] Result<boost::json::object> receive(const Access& access, const ProjectId& project,
                                                    const ImportId& id, std::int64_t file_number,
                                                    std::string_view relative_path,
                                                    const BodySource& body);
  // The same for a file that lies in memory and has no name, in two pieces: durable on return.
  // Errors: NoSpace, Unavailable. Cost: two fsyncs.
  [[nodiscard]] Status keep(const ImportId& id, std::int64_t file_number, ByteView head,
                            ByteView rest);
  // Starts the run; finishing twice is the same answer.
  [[nodiscard]] Result<boost::json::object> finish(const Access& access, const ProjectId& project,
                                                   const ImportId& id);
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project,
                                                 const ImportId& id) const;
  [[nodiscard]] Result<boost::json::object> list(const Access& access,
                                                 const ProjectId& project) const;
  // What an import keeps waiting, tried again by an import of its own with the id `again`: one that
  // is refused anew waits as that one's. `names`: what names in it mean, a map's lines, before what
  // was said when it came. Repeating it changes nothing. Errors: NotFound when it waits no more;
  // InvalidInput in the names.
  [[nodiscard]] Result<boost::json::object> try_again(const Access& access,
                                                      const ProjectId& project, const ImportId& id,
                                                      std::int64_t file_number,
                                                      const ImportId& again,
                                                      std::string_view names);
  // A person's word that it is not wanted: it waits no more, and nothing names its sealed bytes.
  // Errors: NotFound.
  [[nodiscard]] Status discard_waiting(const Access& access, const ProjectId& project,
                                       const ImportId& id, std::int64_t file_number);
  // Called in the job once an import's files are in. Set before the first import.
  using Done = std::function<void(const Access& access, const ProjectId& project)>;
  void when_done(Done done) { done_ = std::move(done); }

  // Imports that a stop interrupted or a failure ended, as jobs again. Call once at the start of
  // the server.
  [[nodiscard]] Status resume_all();

 private:
  ImportTools tools_;
  JobQueue& jobs_;
  std::filesystem::path upload_folder_;
  Done done_;
};

}  // namespace consilium::service
