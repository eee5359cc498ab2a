// terminology load, list, remove and search: on the data folder, while no server has it open.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "service/terminology/concept_answers.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli/installation.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

struct ReleaseFiles {
  std::vector<std::unique_ptr<ByteSource>> sources;
  std::vector<TerminologyFile> files;
};

Result<ReleaseFiles> open_release(const std::filesystem::path& path) {
  constexpr std::size_t files_max = 10'000;
  std::vector<std::filesystem::path> found;
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    for (std::filesystem::recursive_directory_iterator at(path, problem), end;
         at != end && !problem && found.size() < files_max; at.increment(problem)) {
      if (at->is_regular_file(problem)) found.push_back(at->path());
    }
  } else {
    found.push_back(path);
  }
  if (problem) return fail(ErrorCode::Unavailable, "the folder cannot be read", path.string());
  std::ranges::sort(found);
  ReleaseFiles made;
  for (const std::filesystem::path& file : found) {
    auto source = open_file_source(file);
    if (!source) return fail(source.error().code, "the file cannot be read", file.string());
    made.sources.push_back(std::move(*source));
    made.files.push_back({.name = file.filename().string(), .bytes = made.sources.back().get()});
  }
  return made;
}

void print_row(const storage::TerminologyRow& row, bool as_json) {
  if (as_json) {
    fmt::print("{}\n", json::serialize(service::terminology_json(row)));
  } else {
    fmt::print("{:<45} {:<12} {:>9} concepts {:>10} terms  {}\n", row.system, row.version,
               row.concept_count, row.term_count, row.title);
  }
}

}  // namespace

int terminology_load_command(const TerminologyCommand& command) {
  const auto release = open_release(command.path);
  if (!release) return report(release.error());
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto row = it->terminologies->load(service::operator_access(), release->files,
                                           {.format = command.format,
                                            .system = command.system,
                                            .version = command.version,
                                            .language_set = command.language_set});
  if (!row) return report(row.error());
  print_row(*row, command.json);
  return 0;
}

int terminology_list_command(const TerminologyCommand& command) {
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto rows = it->terminologies->list();
  if (!rows) return report(rows.error());
  for (const storage::TerminologyRow& row : *rows) print_row(row, command.json);
  return 0;
}

int terminology_remove_command(const TerminologyCommand& command) {
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const Status done =
      it->terminologies->remove(service::operator_access(), command.system, command.version);
  return done ? 0 : report(done.error());
}

int terminology_search_command(const TerminologyCommand& command) {
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto found =
      it->concept_answers->search_loaded(command.system, command.text, command.limit);
  if (!found) return report(found.error());
  if (command.json) {
    for (const json::value& one : found->at("items").as_array()) {
      fmt::print("{}\n", json::serialize(one));
    }
    return 0;
  }
  for (const json::value& one : found->at("items").as_array()) {
    const json::object& hit = one.as_object();
    const auto text = [&](const char* name) { return std::string_view(hit.at(name).as_string()); };
    fmt::print("{:<8} {:<18} {}{}{}\n", text("system"), text("code"), text("display"),
               text("tag").empty() ? "" : fmt::format(" ({})", text("tag")),
               text("term") == text("display") ? "" : fmt::format("  [{}]", text("term")));
  }
  return 0;
}

}  // namespace consilium::cli
