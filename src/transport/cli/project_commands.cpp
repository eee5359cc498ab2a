// project add and project list: what import and export on a fresh data folder need first.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli/installation.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::uint64_t protocol_bytes_max = 4U << 20U;

Result<std::string> read_protocol(const std::filesystem::path& file) {
  if (file.empty()) return std::string();
  const auto source = open_file_source(file);
  if (!source) {
    return fail(source.error().code, "the protocol cannot be read", file.string(),
                "check the path after --protocol");
  }
  return std::string(text_of(CSL_TRY(read_all(**source, protocol_bytes_max))));
}

int report_refusal(const service::Refusal& refusal) {
  for (const Violation& violation : refusal.violations) {
    fmt::print(stderr, "{}: {}{}{}\n", violation.path, violation.what,
               violation.remedy.empty() ? "" : "; ", violation.remedy);
  }
  return report(refusal.error);
}

Status check_name_is_free(const Installation& it, const std::string& name) {
  if (!project_named(it, name)) return {};
  return fail(ErrorCode::Conflict, "there is a project of this name already", name,
              "choose another name, or import into the one that is there");
}

void print_project(const ProjectId& id, const ProjectCommand& command) {
  if (command.json) {
    fmt::print("{}\n",
               json::serialize(json::object{{"id", to_string(id)}, {"name", command.name}}));
  } else {
    fmt::print("made project \"{}\", {}\n", command.name, to_string(id));
  }
}

}  // namespace

int project_add_command(const ProjectCommand& command) {
  // Before the folder is touched: a protocol that is not there leaves nothing behind.
  const auto yaml = read_protocol(command.protocol);
  if (!yaml) return report(yaml.error());
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  if (const Status free = check_name_is_free(*it, command.name); !free) return report(free.error());
  const service::Access access = service::operator_access();
  const auto id = make_id<ProjectId>(*it->clock, *it->random);
  const auto put = it->projects->put(access, id,
                                     {.name = command.name,
                                      .description = command.description,
                                      .deid_at = command.deid_at,
                                      .readers_per_item = command.readers_per_item},
                                     std::nullopt);
  if (!put) return report_refusal(put.error());
  print_project(id, command);
  if (yaml->empty()) return 0;
  const auto protocol = it->projects->put_protocol(access, id, *yaml);
  return protocol ? 0 : report_refusal(protocol.error());
}

int project_list_command(const ProjectCommand& command) {
  const auto it = open_closed(command.data);
  if (!it) return report(it.error());
  const auto list = it->projects->list(service::operator_access());
  if (!list) return report(list.error());
  for (const json::value& project : list->at("items").as_array()) {
    const json::object& view = project.as_object();
    const json::object& progress = view.at("progress").as_object();
    if (command.json) {
      fmt::print("{}\n", json::serialize(json::object{{"id", view.at("id")},
                                                      {"name", view.at("name")},
                                                      {"protocol", view.at("protocol")},
                                                      {"items", progress.at("items")},
                                                      {"done", progress.at("done")}}));
    } else {
      fmt::print("{}  {:<30} {} items\n", std::string_view(view.at("id").as_string()),
                 std::string_view(view.at("name").as_string()),
                 progress.at("items").to_number<std::int64_t>());
    }
  }
  return 0;
}

}  // namespace consilium::cli
