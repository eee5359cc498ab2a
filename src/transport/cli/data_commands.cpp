// import, export, user and token: on the data folder, while no server has it open (open_closed).
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "service/intake/label_import.hpp"
#include "service/prelabel/label_names.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli/installation.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

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

std::string_view name_of_outcome(service::FileOutcome outcome) {
  switch (outcome) {
    case service::FileOutcome::Added:
      return "added";
    case service::FileOutcome::Duplicate:
      return "duplicate";
    case service::FileOutcome::Refused:
      return "refused";
    case service::FileOutcome::Waiting:
      return "waiting";
  }
  return "";
}

// A file's line. The name is told here, to the person at the machine who gave it; no log keeps it.
void print_file_json(const service::ImportFile& file, std::int64_t number,
                     service::FileOutcome outcome, const Error* refusal) {
  json::object line{
      {"file_number", number}, {"file", file.name}, {"state", name_of_outcome(outcome)}};
  if (refusal != nullptr) {
    line["code"] = name_of(refusal->code);
    line["what"] = refusal->what;
    line["where"] = refusal->where;
    line["remedy"] = refusal->remedy;
  }
  fmt::print("{}\n", json::serialize(line));
}

std::int64_t refused_count(const service::ImportReport& report) {
  return static_cast<std::int64_t>(report.refused.size()) - report.files_waiting;
}

void print_sum_json(const service::LabelledImport& done) {
  const service::ImportReport& report = done.report;
  fmt::print("{}\n", json::serialize(json::object{{"import_id", to_string(report.id)},
                                                  {"files_total", report.files_total},
                                                  {"files_added", report.files_added},
                                                  {"duplicates", report.duplicates},
                                                  {"files_refused", refused_count(report)},
                                                  {"files_waiting", report.files_waiting},
                                                  {"items_added", report.items_added},
                                                  {"labels_added", done.labels_added}}));
}

Result<service::LabelledImport> run(Installation& it, const ImportCommand& command,
                                    std::vector<service::ImportFile>& files) {
  const ProjectId project = CSL_TRY(project_named(it, command.project));
  files = CSL_TRY(service::list_files(command.paths));
  service::ImportOptions options;
  options.id = make_id<ImportId>(*it.clock, *it.random);
  options.on_progress = show_progress;
  if (command.json) {
    options.on_file = [&files](std::int64_t number, service::FileOutcome outcome,
                               const Error* refusal) {
      print_file_json(files[static_cast<std::size_t>(number - 1)], number, outcome, refusal);
    };
  }
  const service::LabelOptions labels{.names = CSL_TRY(service::read_label_map(command.label_map))};
  auto done = service::run_labelled_import(it.import_tools(), service::operator_access(), project,
                                           files, options, labels);
  if (done && done->report.items_added > 0) {
    CSL_TRY(it.note_tools->label_all(service::operator_access(), project));
    CSL_TRY(it.signal_detectors->label_all(service::operator_access(), project));
  }
  return done;
}

Error no_such_person(const std::string& name) {
  return {ErrorCode::NotFound, "there is no such person", name,
          "see the names with consilium user list, or add the person with consilium user add"};
}

Result<service::OneTimeLink> link_of(const Installation& it, const UserCommand& command) {
  const auto person = CSL_TRY(it.people->find_named(command.name));
  if (!person) return std::unexpected(no_such_person(command.name));
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
  auto it = open_closed(command.data);
  if (!it) return report(it.error());
  std::vector<service::ImportFile> files;
  const auto done = run(*it, command, files);
  if (!done) return report(done.error());
  const service::ImportReport& sum = done->report;
  for (const service::ImportRefusal& refusal : sum.refused) {
    // The person at the machine gave the names; no log keeps them.
    const std::string& name = files[static_cast<std::size_t>(refusal.file_number - 1)].name;
    fmt::print(stderr, "error:  {}\n  where:  {}{}{}\n", refusal.error.what, name,
               refusal.error.where.empty() ? "" : ", ", refusal.error.where);
    if (!refusal.error.remedy.empty()) fmt::print(stderr, "  remedy: {}\n", refusal.error.remedy);
  }
  if (command.json) {
    print_sum_json(*done);
  } else {
    fmt::print("{} files: {} added, {} there already, {} refused{}; {} new items{}\n",
               sum.files_total, sum.files_added, sum.duplicates, refused_count(sum),
               sum.files_waiting > 0
                   ? fmt::format(", {} kept until their images come", sum.files_waiting)
                   : "",
               sum.items_added,
               done->labels_added > 0 ? fmt::format(", {} pre-labels", done->labels_added) : "");
  }
  return sum.refused.empty() ? 0 : 1;
}

int export_command(const ExportCommand& command) {
  auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto project = project_named(*it, command.project);
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
  const auto it = open_closed(command.data);
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
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto link = link_of(*it, command);
  if (!link) return report(link.error());
  print_link(command, *link);
  return 0;
}

int user_list_command(const UserCommand& command) {
  const auto it = open_closed(command.data);
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
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto person = it->people->find_named(command.person);
  if (!person) return report(person.error());
  if (!*person) return report(no_such_person(command.person));
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
