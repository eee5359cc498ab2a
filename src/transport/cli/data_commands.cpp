// import, export, user and token: on the data folder, while no server has it open.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "transport/cli/commands.hpp"
#include "transport/cli/installation.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

// By id, else by its exact name.
Result<ProjectId> find_project(const Installation& it, const std::string& wanted) {
  const json::object list = CSL_TRY(it.projects->list(service::operator_access()));
  for (const json::value& project : list.at("items").as_array()) {
    const json::object& view = project.as_object();
    if (view.at("id").as_string() == wanted || view.at("name").as_string() == wanted) {
      return parse_id<ProjectId>(std::string(view.at("id").as_string()));
    }
  }
  return fail(ErrorCode::NotFound, "there is no such project", wanted,
              "give its name or id as the project page shows it");
}

void show_progress(const service::ImportProgress& progress) {
  if (::isatty(STDERR_FILENO) == 0) return;
  constexpr std::int64_t width = 30;
  const std::int64_t filled =
      progress.files_total > 0 ? progress.files_done * width / progress.files_total : 0;
  fmt::print(stderr, "\r[{:<30}] {}/{} files, {} items",
             std::string(static_cast<std::size_t>(filled), '#'), progress.files_done,
             progress.files_total, progress.items_added);
  if (progress.files_done == progress.files_total) fmt::print(stderr, "\n");
}

json::object report_json(const service::ImportReport& report) {
  json::array refused;
  for (const service::ImportRefusal& refusal : report.refused) {
    refused.push_back(json::object{{"file_number", refusal.file_number},
                                   {"code", name_of(refusal.error.code)},
                                   {"what", refusal.error.what},
                                   {"where", refusal.error.where},
                                   {"remedy", refusal.error.remedy}});
  }
  return {{"import_id", to_string(report.id)}, {"files_total", report.files_total},
          {"files_added", report.files_added}, {"duplicates", report.duplicates},
          {"items_added", report.items_added}, {"refused", std::move(refused)}};
}

Result<service::ImportReport> run(Installation& it, const ImportCommand& command,
                                  std::vector<service::ImportFile>& files) {
  const ProjectId project = CSL_TRY(find_project(it, command.project));
  files = CSL_TRY(service::list_files(command.paths));
  service::ImportOptions options;
  options.id = make_id<ImportId>(*it.clock, *it.random);
  options.on_progress = show_progress;
  return service::run_import(it.import_tools(), service::operator_access(), project, files,
                             options);
}

Result<service::OneTimeLink> link_of(const Installation& it, const UserCommand& command) {
  const auto person = CSL_TRY(it.people->find_named(command.name));
  if (!person) return fail(ErrorCode::NotFound, "there is no such person", command.name);
  return it.people->make_link(service::operator_access(), person->id, "reset");
}

void print_link(const UserCommand& command, const service::OneTimeLink& link) {
  const std::string url = fmt::format("{}/sign-in?link={}", command.url, link.secret);
  if (command.json) {
    fmt::print("{}\n", json::serialize(json::object{{"url", url},
                                                    {"expires_at", to_rfc3339(link.expires_at)}}));
  } else {
    fmt::print("Works once, until {}:\n  {}\n", to_rfc3339(link.expires_at), url);
  }
}

}  // namespace

int import_command(const ImportCommand& command) {
  auto it = open_installation(command.data);
  if (!it) return report(it.error());
  std::vector<service::ImportFile> files;
  const auto done = run(*it, command, files);
  if (!done) return report(done.error());
  for (const service::ImportRefusal& refusal : done->refused) {
    // The person at the machine gave the names; no log keeps them.
    const auto index = static_cast<std::size_t>(refusal.file_number - 1);
    const std::string name =
        index < files.size() ? files[index].name : std::to_string(refusal.file_number);
    fmt::print(stderr, "error:  {}\n  where:  {}{}{}\n", refusal.error.what, name,
               refusal.error.where.empty() ? "" : ", ", refusal.error.where);
    if (!refusal.error.remedy.empty()) fmt::print(stderr, "  remedy: {}\n", refusal.error.remedy);
  }
  if (command.json) {
    fmt::print("{}\n", json::serialize(report_json(*done)));
  } else {
    fmt::print("{} files: {} added, {} there already, {} refused; {} new items\n",
               done->files_total, done->files_added, done->duplicates, done->refused.size(),
               done->items_added);
  }
  return done->refused.empty() ? 0 : 1;
}

int export_command(const ExportCommand& command) {
  auto it = open_installation(command.data);
  if (!it) return report(it.error());
  const auto project = find_project(*it, command.project);
  if (!project) return report(project.error());
  const auto format = service::export_format_named(command.format);
  if (!format)
    return report(
        {ErrorCode::InvalidInput, "the format is not known", command.format, "see --help"});
  const service::ExportRequest request{
      .format = *format, .with_drafts = command.with_drafts, .item_ids = {}};
  const auto done =
      it->exports->write_to(service::operator_access(), *project, request, command.out);
  if (!done) return report(done.error());
  if (command.json) {
    json::array excluded;
    for (const auto& [reason, count] : done->excluded) {
      excluded.push_back(json::object{{"reason", reason}, {"count", count}});
    }
    fmt::print("{}\n", json::serialize(json::object{{"items", done->items},
                                                    {"annotations", done->annotations},
                                                    {"size_bytes", done->size_bytes},
                                                    {"excluded", std::move(excluded)}}));
    return 0;
  }
  fmt::print("{} annotations of {} items, {} bytes\n", done->annotations, done->items,
             done->size_bytes);
  for (const auto& [reason, count] : done->excluded)
    fmt::print(stderr, "left out: {} ({})\n", reason, count);
  return 0;
}

int user_add_command(const UserCommand& command) {
  const auto it = open_installation(command.data);
  if (!it) return report(it.error());
  const auto before = it->people->find_named(command.name);
  if (!before) return report(before.error());
  const PersonId id = *before ? (*before)->id : make_id<PersonId>(*it->clock, *it->random);
  const auto put = it->people->put(
      service::operator_access(), id,
      {.name = command.name,
       .display_name = command.display_name.empty() ? command.name : command.display_name,
       .roles = command.roles});
  if (!put) return report(put.error());
  if (put->link) {
    print_link(command, *put->link);
  } else if (!command.json) {
    fmt::print("{} is up to date\n", command.name);
  }
  return 0;
}

int user_reset_command(const UserCommand& command) {
  const auto it = open_installation(command.data);
  if (!it) return report(it.error());
  const auto link = link_of(*it, command);
  if (!link) return report(link.error());
  print_link(command, *link);
  return 0;
}

int user_list_command(const UserCommand& command) {
  const auto it = open_installation(command.data);
  if (!it) return report(it.error());
  const auto people = it->people->list();
  if (!people) return report(people.error());
  for (const storage::PersonRow& person : *people) {
    if (command.json) {
      fmt::print("{}\n", json::serialize(json::object{{"id", to_string(person.id)},
                                                      {"name", person.name},
                                                      {"display_name", person.display_name},
                                                      {"roles", storage::join_names(person.roles)},
                                                      {"state", person.state}}));
    } else {
      fmt::print("{:<20} {:<30} {:<10} {}\n", person.name, person.display_name, person.state,
                 storage::join_names(person.roles));
    }
  }
  return 0;
}

int token_command(const TokenCommand& command) {
  const auto it = open_installation(command.data);
  if (!it) return report(it.error());
  const auto person = it->people->find_named(command.person);
  if (!person) return report(person.error());
  if (!*person) return report({ErrorCode::NotFound, "there is no such person", command.person, ""});
  service::Access access;
  access.person = (*person)->id;
  access.origin = "command line";
  const auto made = it->people->make_token(access, command.name, command.scopes, command.days);
  if (!made) return report(made.error());
  if (command.json) {
    fmt::print("{}\n",
               json::serialize(json::object{{"token", made->token},
                                            {"id", to_string(made->row.id)},
                                            {"expires_at", to_rfc3339(made->row.expires_at)}}));
  } else {
    fmt::print("{}\n", made->token);
  }
  return 0;
}

}  // namespace consilium::cli
