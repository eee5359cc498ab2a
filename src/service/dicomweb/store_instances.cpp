// STOW-RS: the parts of a message become files of an import, and the import's word on each of them
// becomes the answer. Nothing is acknowledged before it is durable.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <set>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom_waveform/dicom_waveform.hpp"
#include "service/access/pseudonym.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "service/dicomweb/place.hpp"
#include "service/intake/file_bytes.hpp"
#include "service/prelabel/object_labels.hpp"
#include "storage/received_objects.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t block_bytes = 256U << 10U;
constexpr std::size_t parts_max = 100'000;

// PS3.3 C.14 and PS3.7 annex C.
enum class FailureReason : std::uint16_t {
  ProcessingFailure = 0x0110,
  DuplicateInstance = 0x0111,
  SopClassNotSupported = 0x0122,
  NotAuthorized = 0x0124,
  OutOfResources = 0xA700,
  DoesNotMatch = 0xA900,
  CannotUnderstand = 0xC000,
};

FailureReason reason_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::Corrupt:
    case ErrorCode::InvalidInput:
      return FailureReason::CannotUnderstand;
    case ErrorCode::Unsupported:
      return FailureReason::SopClassNotSupported;
    case ErrorCode::Conflict:
      return FailureReason::DuplicateInstance;
    case ErrorCode::NoSpace:
    case ErrorCode::TooLarge:
      return FailureReason::OutOfResources;
    case ErrorCode::Forbidden:
      return FailureReason::NotAuthorized;
    default:
      return FailureReason::ProcessingFailure;
  }
}

// The folder of one message's parts; it goes with the call.
class PartFolder {
 public:
  explicit PartFolder(std::filesystem::path path) : path_(std::move(path)) {}
  PartFolder(const PartFolder&) = delete;
  PartFolder& operator=(const PartFolder&) = delete;
  ~PartFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] Status make() const {
    std::error_code problem;
    std::filesystem::create_directories(path_, problem);
    if (!problem) {
      std::filesystem::permissions(path_, std::filesystem::perms::owner_all, problem);
    }
    if (problem) return fail(ErrorCode::Unavailable, "the message cannot be kept");
    return {};
  }
  [[nodiscard]] std::filesystem::path part(std::size_t number) const {
    return path_ / (std::to_string(number) + ".dcm");
  }

 private:
  std::filesystem::path path_;
};

Status write_part(const std::filesystem::path& path, const Imports::BodySource& body) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorCode::Unavailable, "the message cannot be kept");
  Bytes block(block_bytes);
  Status status;
  while (status) {
    const auto count = body(block);
    if (!count) {
      status = std::unexpected(count.error());
      break;
    }
    if (*count == 0) break;
    for (ByteView left = ByteView(block).first(*count); !left.empty() && status;) {
      const ssize_t written = ::write(file, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        status = fail(errno == ENOSPC ? ErrorCode::NoSpace : ErrorCode::Unavailable,
                      "the message cannot be kept");
        break;
      }
      left = left.subspan(static_cast<std::size_t>(written));
    }
  }
  ::close(file);
  return status;
}

// What the answer says of a part.
struct PartFacts {
  std::string sop_class;
  std::string sop_instance;
  std::string series;
  std::string study;
  bool holds_labels = false;  // no image: kept in the study of its images
  std::optional<FailureReason> failure;
};

PartFacts facts_of(const std::filesystem::path& path) {
  PartFacts facts;
  const auto bytes = FileBytes::open(path);
  if (!bytes) return facts;
  const auto file = read_dicom(bytes->view(), {.stops_at_pixel_data = true});
  if (!file) return facts;
  facts.sop_class = file->dataset.ascii(tags::sop_class_uid);
  facts.sop_instance = file->dataset.ascii(tags::sop_instance_uid);
  facts.series = file->dataset.ascii(tags::series_instance_uid);
  facts.study = file->dataset.ascii(tags::study_instance_uid);
  facts.holds_labels = is_label_object(*file);
  return facts;
}

json::object attribute(std::string_view vr, json::value value) {
  return {{"vr", vr}, {"Value", json::array{std::move(value)}}};
}

json::object reference(const PartFacts& facts) {
  return {{"00081150", attribute("UI", json::value_from(facts.sop_class))},
          {"00081155", attribute("UI", json::value_from(facts.sop_instance))}};
}

// PS3.18 table I.1-1. UIDs are those that the sender gave; addresses have the mapped ones.
Result<StoreAnswer> answer_of(storage::Store& store, const ProjectId& project,
                              const std::vector<PartFacts>& parts, const std::string& address) {
  const auto reader = CSL_TRY(store.read());
  StoreAnswer answer;
  json::array stored;
  json::array failed;
  json::array others;
  std::set<std::string> studies;
  for (const PartFacts& part : parts) {
    if (part.failure) {
      ++answer.failed;
      const json::object reason = attribute("US", static_cast<std::uint16_t>(*part.failure));
      if (part.sop_instance.empty()) {
        others.push_back(json::object{{"00081197", reason}});
        continue;
      }
      json::object item = reference(part);
      item["00081197"] = reason;
      failed.push_back(std::move(item));
      continue;
    }
    ++answer.stored;
    json::object item = reference(part);
    if (part.holds_labels) {
      const auto kept = CSL_TRY(storage::find_received_object(*reader, project, part.sop_instance));
      if (kept) {
        const storage::StudyRow row = CSL_TRY(storage::find_study(*reader, kept->study));
        const auto served = [&](const std::string& uid) {
          return kept->speaks_served ? uid : mapped_uid(store, uid);
        };
        const std::string study = address + "/studies/" + mapped_uid(store, row.study_uid);
        studies.insert(study);
        item["00081190"] =
            attribute("UR", json::value_from(study + "/series/" + served(kept->series_uid) +
                                             "/instances/" + served(kept->sop_uid)));
      }
      // What waits for its images is kept, and cannot be retrieved yet.
      if (!kept) item["00081190"] = json::object{{"vr", "UR"}};
      stored.push_back(std::move(item));
      continue;
    }
    // A waveform is kept as a recording, of which DICOMweb serves nothing.
    item["00081190"] = json::object{{"vr", "UR"}};
    if (!is_waveform_class(part.sop_class)) {
      const std::string study = address + "/studies/" + mapped_uid(store, part.study);
      studies.insert(study);
      item["00081190"] =
          attribute("UR", json::value_from(study + "/series/" + mapped_uid(store, part.series) +
                                           "/instances/" + mapped_uid(store, part.sop_instance)));
    }
    stored.push_back(std::move(item));
  }
  json::object dataset;
  // One address stands for all only where there is one.
  dataset["00081190"] = studies.size() == 1 ? attribute("UR", json::value_from(*studies.begin()))
                                            : json::object{{"vr", "UR"}};
  const auto put = [&](std::string_view key, json::array&& items) {
    if (!items.empty()) dataset[key] = json::object{{"vr", "SQ"}, {"Value", std::move(items)}};
  };
  put("00081198", std::move(failed));
  put("00081199", std::move(stored));
  put("0008119A", std::move(others));
  answer.json = json::serialize(dataset);
  return answer;
}

Result<ProjectId> target_project(const Access& access, const DicomPath& path) {
  if (path.project) {
    CSL_TRY(require(access, *path.project, Roles{Role::Lead}));
    return *path.project;
  }
  std::vector<ProjectId> led;
  for (const auto& [project, roles] : access.projects) {
    if (roles.has(Role::Lead)) led.push_back(project);
  }
  if (led.size() == 1) return led.front();
  return fail(led.empty() ? ErrorCode::Forbidden : ErrorCode::Conflict,
              "it must be said which project the objects are for", "",
              "send them to /dicomweb/projects/{project_id}/studies");
}

bool is_dicom_part(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return type.empty() || type == "application/dicom";
}

}  // namespace

Result<StoreAnswer> DicomWeb::store(const Access& access, const DicomPath& path,
                                    const StorePartSource& next_part, std::string_view address) {
  const ProjectId project = CSL_TRY(target_project(access, path));
  const ImportId import = make_id<ImportId>(tools_.clock, tools_.random);
  const PartFolder folder(upload_folder_ / ("dicomweb-" + to_string(import)));
  CSL_TRY(folder.make());
  std::vector<PartFacts> parts;
  std::vector<ImportFile> files;
  while (const auto part = CSL_TRY(next_part())) {
    if (!is_dicom_part(part->content_type)) {
      return fail(ErrorCode::Unsupported, "a part is no application/dicom",
                  "part " + std::to_string(parts.size() + 1),
                  "send DICOM files as parts of type application/dicom");
    }
    if (parts.size() >= parts_max) {
      return fail(ErrorCode::TooLarge, "the message has too many parts", "",
                  "send at most 100,000 at once");
    }
    const std::size_t number = parts.size() + 1;
    const std::filesystem::path file = folder.part(number);
    CSL_TRY(write_part(file, part->body));
    PartFacts facts = facts_of(file);
    const bool is_elsewhere = !path.study.empty() && !facts.study.empty() &&
                              facts.study != path.study &&
                              uids_->served(tools_.store, facts.study) != path.study;
    // Only DICOM comes this way: the import would take a note or a recording for what it is.
    if (facts.sop_instance.empty() || facts.sop_class.empty()) {
      facts.failure = FailureReason::CannotUnderstand;
    } else if (is_elsewhere) {
      facts.failure = FailureReason::DoesNotMatch;
    } else {
      files.push_back({.path = file,
                       .name = file.filename().string(),
                       .number = static_cast<std::int64_t>(number)});
    }
    parts.push_back(std::move(facts));
  }
  if (parts.empty()) {
    return fail(ErrorCode::InvalidInput, "the message has no parts", "body",
                "send DICOM files as parts of type application/dicom");
  }
  if (!files.empty()) {
    const ImportOptions options{
        .id = import,
        .thread_count = 2,
        .patient_folder = 0,
        .stop = {},
        .on_progress = {},
        .on_refusal = {},
        .on_file = [&](std::int64_t number, FileOutcome outcome, const Error* refusal) {
          if (outcome != FileOutcome::Refused) return;
          parts[static_cast<std::size_t>(number - 1)].failure =
              refusal != nullptr ? reason_of(*refusal) : FailureReason::ProcessingFailure;
        }};
    CSL_TRY(run_import(tools_, access, project, files, options));
  }
  return answer_of(tools_.store, project, parts, std::string(address));
}

}  // namespace consilium::service
