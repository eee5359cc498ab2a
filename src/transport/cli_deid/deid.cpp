#include "transport/cli_deid/deid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "base/byte_source.hpp"
#include "base/clock.hpp"
#include "base/sha256.hpp"
#include "transport/cli_deid/deid_file.hpp"
#include "transport/cli_deid/report.hpp"
#include "transport/cli_deid/settings.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t file_size_max = std::uint64_t{4} << 30U;

// Where results go, and in which order files are met: by name, so that a run can be repeated.
Result<std::vector<fs::path>> files_of(const fs::path& in) {
  std::error_code failed;
  if (!fs::is_directory(in, failed)) return std::vector{in};
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(in, failed);
       !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    if (at->is_regular_file(failed)) files.push_back(at->path());
  }
  if (failed) {
    return fail(ErrorCode::Unavailable, "the folder cannot be read", "IN", "look at its rights");
  }
  std::ranges::sort(files);
  return files;
}

Status check_places(const DeidCommand& command) {
  std::error_code failed;
  if (!fs::exists(command.in, failed)) {
    return fail(ErrorCode::NotFound, "there is no such file or folder", "IN", "look at the name");
  }
  const bool is_folder = fs::is_directory(command.in, failed);
  const fs::path in = fs::weakly_canonical(command.in, failed);
  const fs::path out = fs::weakly_canonical(command.out, failed);
  const auto [end, ignored] = std::mismatch(in.begin(), in.end(), out.begin(), out.end());
  if (end == in.end()) {
    return fail(ErrorCode::InvalidInput, "the results would lie among the originals", "OUT",
                "take a folder elsewhere");
  }
  if (fs::is_directory(out, failed) && !fs::is_empty(out, failed)) {
    return fail(ErrorCode::InvalidInput, "the folder for the results is not empty", "OUT",
                "take an empty one, so that all in it has been checked");
  }
  if (!is_folder && fs::is_regular_file(out, failed)) {
    return fail(ErrorCode::Conflict, "the file to write is there already", "OUT",
                "take another name");
  }
  return {};
}

bool is_directory_name(const fs::path& path) { return path.filename() == "DICOMDIR"; }

// Different files may hold objects of one UID, such as the same image in two syntaxes.
fs::path free_name(const fs::path& wanted) {
  std::error_code failed;
  fs::path name = wanted;
  for (int i = 2; fs::exists(name, failed); ++i) {
    name = wanted.parent_path() /
           fmt::format("{}-{}{}", wanted.stem().string(), i, wanted.extension().string());
  }
  return name;
}

class Run {
 public:
  Run(const DeidCommand& command, DeidSettings settings, bool has_directory)
      : command_(command),
        settings_(std::move(settings)),
        checker_(leak_policy(settings_.profile)),
        has_directory_(has_directory) {
    for (const std::string& value : settings_.people_values) checker_.expect(value);
  }

  // Errors: those of the disk that results go to; everything else holds back the file alone.
  Status take(const fs::path& path, bool is_alone) {
    DeidOutcome outcome;
    outcome.number = outcomes_.size() + 1;
    auto done = released(path, is_alone, outcome);
    if (!done && done.error().code == ErrorCode::NoSpace) return std::unexpected(done.error());
    if (!done) {
      outcome.out.clear();
      outcome.reason = done.error();
      ++summary_.held_back;
      fmt::print(stderr, "held back: {}: {}{}{}\n", path.string(), outcome.reason.what,
                 outcome.reason.where.empty() ? "" : " (" + outcome.reason.where + ")",
                 outcome.reason.remedy.empty() ? "" : "; " + outcome.reason.remedy);
    } else {
      ++summary_.released;
      summary_.actions += outcome.steps.size();
      if (!outcome.patient.empty()) patients_.insert(outcome.patient);
    }
    if (command_.report.empty()) outcome.steps.clear();
    outcomes_.push_back(std::move(outcome));
    return {};
  }

  Result<int> finish() {
    summary_.patients = patients_.size();
    summary_.leak_bound = checker_.bound();
    if (!command_.report.empty()) {
      const std::string report = CSL_TRY(deid_report(settings_.profile, settings_.key, outcomes_,
                                                     summary_, system_clock()->now()));
      CSL_TRY(write_file(command_.report, bytes_of(report)));
    }
    if (command_.json) {
      fmt::print("{}\n",
                 boost::json::serialize(boost::json::object{{"released", summary_.released},
                                                            {"held_back", summary_.held_back},
                                                            {"patients", summary_.patients},
                                                            {"actions", summary_.actions},
                                                            {"leak_check", summary_.leak_bound}}));
    } else {
      fmt::print(
          "{} released, {} held back, {} patients, {} actions\nidentifiers of the sources: {}\n",
          summary_.released, summary_.held_back, summary_.patients, summary_.actions,
          summary_.leak_bound);
    }
    return summary_.held_back == 0 ? 0 : 1;
  }

 private:
  Result<DeidFile> made(ByteView source, const fs::path& path, bool is_alone, std::string& kind) {
    if (!is_alone && is_directory_name(path)) {
      kind = "dicom";
      return deid_directory(source, settings_.profile, settings_.key, settings_.people,
                            [&](const std::string& name) { return renamed(path, name); });
    }
    DeidFile result =
        CSL_TRY(deid_file(source, path, settings_.profile, settings_.key, settings_.people, kind));
    // Names of a DICOM file-set have no ending.
    if (has_directory_ && kind == "dicom") result.name = fs::path(result.name).replace_extension();
    return result;
  }

  std::optional<RenamedFile> renamed(const fs::path& directory, const std::string& name) const {
    const auto found = renamed_.find((directory.parent_path() / name).lexically_normal());
    if (found == renamed_.end()) return std::nullopt;
    return found->second;
  }

  Status released(const fs::path& path, bool is_alone, DeidOutcome& outcome) {
    const Bytes source = CSL_TRY(read_all(*CSL_TRY(open_file_source(path)), file_size_max));
    DeidFile result = CSL_TRY(made(source, path, is_alone, outcome.kind));
    const auto leaks = checker_.check(source, result.bytes, is_alone ? "" : result.name);
    if (!leaks.empty()) {
      return fail(ErrorCode::Internal, "the result still holds " + leaks.front().what,
                  leaks.front().where, "send us the kind of file; the result was thrown away");
    }
    const fs::path to = is_alone ? command_.out : free_name(command_.out / result.name);
    CSL_TRY(write_file(to, result.bytes));
    outcome.out = (is_alone ? to.filename() : to.lexically_relative(command_.out)).generic_string();
    outcome.sha256 = to_hex(sha256(result.bytes));
    outcome.patient = result.patient;
    renamed_[path.lexically_normal()] = {.name = outcome.out, .identity = result.identity};
    outcome.steps = std::move(result.steps);
    return {};
  }

  const DeidCommand& command_;
  DeidSettings settings_;
  LeakChecker checker_;
  std::vector<DeidOutcome> outcomes_;
  std::set<std::string> patients_;
  std::map<fs::path, RenamedFile> renamed_;
  bool has_directory_;
  DeidSummary summary_;
};

}  // namespace

Result<int> deid_command(const DeidCommand& command) {
  CSL_TRY(check_places(command));
  std::error_code failed;
  const bool is_alone =
      !fs::is_directory(command.in, failed) && !fs::is_directory(command.out, failed);
  std::vector<fs::path> files = CSL_TRY(files_of(command.in));
  // A directory names files by what they are called afterwards, so it comes last.
  const auto directories = std::ranges::stable_partition(
      files, [](const fs::path& path) { return !is_directory_name(path); });
  Run run(command, CSL_TRY(deid_settings(command)), !is_alone && !directories.empty());
  for (const fs::path& path : files) CSL_TRY(run.take(path, is_alone));
  return run.finish();
}

}  // namespace consilium::cli
