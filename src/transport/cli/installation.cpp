#include "transport/cli/installation.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "storage/open_store.hpp"

namespace consilium::cli {
namespace json = boost::json;

Result<Installation> open_installation(const std::filesystem::path& folder) {
  constexpr std::uint32_t codec_worker_count = 2;
  Installation it;
  it.folder = folder;
  it.clock = system_clock();
  it.random = system_random();
  it.store = CSL_TRY(storage::open_store({.folder = folder}));
  it.passwords = std::make_unique<service::Passwords>();
  it.people = std::make_unique<service::People>(*it.store, *it.clock, *it.random, *it.passwords,
                                                service::People::Limits{});
  // The program is its own confined worker: `consilium codec`.
  it.codec = std::make_unique<CodecPool>("/proc/self/exe", codec_worker_count);
  it.projects = std::make_unique<service::Projects>(*it.store, *it.clock);
  it.terminologies = std::make_unique<service::Terminologies>(*it.store, folder / "terminologies");
  it.concept_answers = std::make_unique<service::ConceptAnswers>(*it.store, *it.terminologies);
  it.items = std::make_unique<service::Items>(*it.store, *it.clock);
  it.annotations = std::make_unique<service::Annotations>(*it.store, *it.clock);
  it.annotations->check_answers(
      [answers = it.concept_answers.get()](const Protocol& protocol, const Annotation& annotation) {
        return answers->check(protocol, annotation);
      });
  it.masks = std::make_unique<service::Masks>(*it.store, *it.clock);
  it.review = std::make_unique<service::Review>(*it.store, *it.items, *it.clock, *it.random);
  it.jobs = std::make_unique<service::JobQueue>();
  it.segmentation = std::make_unique<service::Segmentation>(
      *it.store, *it.items, *it.masks, *it.clock, *it.random, service::SegmentationLimits{},
      it.jobs.get());
  it.panels = std::make_unique<service::Panels>(*it.store, *it.clock, it.jobs.get());
  it.tagging = std::make_unique<service::Tagging>(*it.store, *it.clock, *it.random, it.jobs.get());
  it.signal_tagging =
      std::make_unique<service::SignalTagging>(*it.store, *it.clock, *it.random, it.jobs.get());
  it.note_tools = std::make_unique<service::NoteTools>(*it.store, *it.clock, *it.random,
                                                       *it.terminologies, it.jobs.get());
  it.tagging->when_labelled(
      [tools = it.note_tools.get()](const service::Access& access, const ProjectId& project) {
        tools->follow_submission(access, project);
      });
  it.alike = std::make_unique<service::Alike>(*it.store);
  it.signal_detectors =
      std::make_unique<service::SignalDetectors>(*it.store, *it.clock, *it.random, it.jobs.get());
  it.beat_clusterer = std::make_unique<service::BeatClusterer>(*it.store, *it.items);
  it.assignment = std::make_unique<service::Assignment>(
      *it.store, *it.items, *it.clock, *it.random,
      [panels = it.panels.get(), tagging = it.tagging.get()](const ProjectId& project,
                                                             const RaterId& rater) {
        const auto order = tagging->order_for(project);
        return order ? order : panels->order_for(project, rater);
      });
  it.imports = std::make_unique<service::Imports>(it.import_tools(), *it.jobs, folder / "uploads");
  it.imports->when_done([tools = it.note_tools.get(), detectors = it.signal_detectors.get()](
                            const service::Access& access, const ProjectId& project) {
    tools->follow_notes(access, project);
    detectors->follow_recordings(access, project);
  });
  it.inbox = std::make_unique<service::DicomInbox>(it.import_tools(), *it.imports);
  it.exports = std::make_unique<service::Exports>(*it.store, *it.jobs, folder / "exports",
                                                  *it.clock, *it.random);
  it.dicomweb =
      std::make_unique<service::DicomWeb>(it.import_tools(), *it.items, folder / "uploads");
  return it;
}

Result<Installation> open_closed(const std::filesystem::path& folder) {
  auto it = open_installation(folder);
  if (it || it.error().code != ErrorCode::Conflict) return it;
  return fail(ErrorCode::Conflict, "a running server has this data folder open", folder.string(),
              "do it in the browser or over the HTTP interface of that server, or stop the server "
              "first (Ctrl-C, or systemctl stop consilium), then repeat the command");
}

Result<ProjectId> project_named(const Installation& it, const std::string& wanted) {
  constexpr std::size_t named_max = 10;
  const json::object list = CSL_TRY(it.projects->list(service::operator_access()));
  std::string names;
  std::size_t count = 0;
  for (const json::value& project : list.at("items").as_array()) {
    const json::object& view = project.as_object();
    if (view.at("id").as_string() == wanted || view.at("name").as_string() == wanted) {
      return parse_id<ProjectId>(std::string(view.at("id").as_string()));
    }
    if (++count <= named_max) {
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ",
                           std::string_view(view.at("name").as_string()));
    }
  }
  if (names.empty()) {
    return fail(ErrorCode::NotFound, "there is no such project", wanted,
                "make it first: consilium project add --name \"" + wanted + "\"");
  }
  return fail(ErrorCode::NotFound, "there is no such project", wanted,
              "give one of " + names + (count > named_max ? ", ..." : "") +
                  "; or make it: consilium project add --name \"" + wanted + "\"");
}

}  // namespace consilium::cli
