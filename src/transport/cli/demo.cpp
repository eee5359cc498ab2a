// The sample installation: made accounts, three projects with their protocols, made patients
// imported as any files are.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <utility>

#include "analysis/synthetic/cases.hpp"
#include "service/made_data/made_files.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli/embedded_protocols.hpp"
#include "transport/cli/serve.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

using service::Role;
using service::Roles;

constexpr std::uint64_t demo_seed = 20260311;
// The first CT has every slice; the others are thicker ones of the same chest, quick to make.
constexpr std::uint32_t further_ct_slices = 120;

struct DemoPerson {
  const char* name;
  const char* display_name;
  std::vector<std::string> roles;
  Roles in_projects;
};

struct DemoProject {
  const char* name;
  const char* description;
  std::string_view protocol_yaml;
  std::vector<std::string_view> folders;  // of a made patient's files
};

std::vector<DemoPerson> demo_people() {
  return {{"demo",
           "Dr Demo Lead",
           {"administrator", "compliance"},
           {Role::Lead, Role::Rater, Role::Reviewer}},
          {"reader-1", "Dr Reader One", {}, {Role::Rater}},
          {"reader-2", "Dr Reader Two", {}, {Role::Rater}}};
}

std::vector<DemoProject> demo_projects() {
  return {{"Chest CT",
           "Nodules in made chest CTs. All data are synthetic.",
           chest_ct_protocol_yaml(),
           {"/ct/", "/mr/"}},
          {"Clinical notes",
           "Problems and medications in made notes. All data are synthetic.",
           notes_protocol_yaml(),
           {"/notes/"}},
          {"ECG",
           "Beats and rhythms in made ECGs. All data are synthetic.",
           ecg_protocol_yaml(),
           {"/ecg/"}}};
}

Result<std::vector<PersonId>> make_people(Installation& it) {
  std::vector<PersonId> ids;
  for (const DemoPerson& person : demo_people()) {
    const auto known = CSL_TRY(it.people->find_named(person.name));
    const PersonId id = known ? known->id : make_id<PersonId>(*it.clock, *it.random);
    if (!known) {
      CSL_TRY(it.people->put(
          service::operator_access(), id,
          {.name = person.name, .display_name = person.display_name, .roles = person.roles}));
    }
    ids.push_back(id);
  }
  return ids;
}

struct KnownProject {
  ProjectId id;
  std::int64_t item_count = 0;
};

Result<std::optional<KnownProject>> find_project(const Installation& it, std::string_view name) {
  const json::object list = CSL_TRY(it.projects->list(service::operator_access()));
  for (const json::value& value : list.at("items").as_array()) {
    const json::object& view = value.as_object();
    if (std::string_view(view.at("name").as_string()) != name) continue;
    return KnownProject{CSL_TRY(parse_id<ProjectId>(std::string(view.at("id").as_string()))),
                        view.at("progress").as_object().at("items").to_number<std::int64_t>()};
  }
  return std::nullopt;
}

Status refused(const service::Refusal& refusal) {
  Error error = refusal.error;
  if (!refusal.violations.empty())
    error.where = refusal.violations.front().path + ": " + refusal.violations.front().what;
  return std::unexpected(std::move(error));
}

Result<KnownProject> make_project(Installation& it, const DemoProject& project,
                                  const std::vector<PersonId>& people) {
  const service::Access access = service::operator_access();
  if (const auto known = CSL_TRY(find_project(it, project.name))) return *known;
  const auto id = make_id<ProjectId>(*it.clock, *it.random);
  const auto put = it.projects->put(access, id,
                                    {.name = project.name,
                                     .description = project.description,
                                     .deid_at = "import",
                                     .readers_per_item = 2},
                                    std::nullopt);
  if (!put) CSL_TRY(refused(put.error()));
  const auto protocol = it.projects->put_protocol(access, id, project.protocol_yaml);
  if (!protocol) CSL_TRY(refused(protocol.error()));
  const std::vector<DemoPerson> facts = demo_people();
  for (std::size_t i = 0; i < facts.size(); ++i) {
    CSL_TRY(it.projects->put_member(access, id, people[i], facts[i].display_name,
                                    facts[i].in_projects));
  }
  return KnownProject{id, 0};
}

Status write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out.write(text_of(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(ErrorCode::NoSpace, "a made file cannot be written", {}, "free some space");
  return {};
}

// The same stretch of the body in fewer slices.
void thin_out(synthetic::CtPhantomOptions& ct, std::uint32_t slices) {
  ct.slice_spacing_mm *= static_cast<double>(ct.slices) / slices;
  ct.slices = slices;
}

// Files of all patients that belong to the project, under the folder.
Status render(const DemoProject& project, const std::vector<synthetic::MadePatient>& patients,
              const std::filesystem::path& folder) {
  bool is_first = true;
  for (const synthetic::MadePatient& patient : patients) {
    // Only what this project shows is rendered: a CT takes seconds.
    synthetic::MadePatient part = patient;
    const auto wants = [&](std::string_view kind) {
      return std::ranges::find(project.folders, kind) != project.folders.end();
    };
    if (!wants("/ct/")) part.ct.reset();
    if (!wants("/mr/")) part.mr.reset();
    if (!wants("/notes/")) part.notes.clear();
    if (!wants("/ecg/")) part.recordings.clear();
    if (part.ct && !std::exchange(is_first, false)) thin_out(*part.ct, further_ct_slices);
    CSL_TRY(write_patient_files(
        part, [&](NamedBytes file) { return write_file(folder / file.name, file.bytes); }));
  }
  return {};
}

Status fill_project(Installation& it, const DemoProject& project, const ProjectId& id,
                    const std::vector<synthetic::MadePatient>& patients) {
  const std::filesystem::path folder = it.folder / "made";
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  fmt::print("making data for {} ...\n", project.name);
  std::fflush(stdout);
  CSL_TRY(render(project, patients, folder));
  const auto files = CSL_TRY(service::list_files(std::array{folder}));
  service::ImportOptions options;
  options.id = make_id<ImportId>(*it.clock, *it.random);
  options.patient_folder = 2;  // made/SYN-0001/...: notes do not say whose they are
  const auto report = CSL_TRY(
      service::run_import(it.import_tools(), service::operator_access(), id, files, options));
  fmt::print("  {} files imported, {} refused, {} items\n", report.files_added,
             report.refused.size(), report.items_added);
  for (const service::ImportRefusal& refusal : report.refused) {
    fmt::print(stderr, "  file {}: {}\n", refusal.file_number, to_line(refusal.error));
  }
  std::filesystem::remove_all(folder, ignored);
  return {};
}

Status make_demo(Installation& it, std::uint32_t patient_count) {
  const std::vector<PersonId> people = CSL_TRY(make_people(it));
  const auto patients = synthetic::make_cases(demo_seed, patient_count);
  for (const DemoProject& project : demo_projects()) {
    const KnownProject made = CSL_TRY(make_project(it, project, people));
    if (made.item_count == 0) CSL_TRY(fill_project(it, project, made.id, patients));
  }
  return {};
}

}  // namespace

int demo_command(const ServeOptions& options, std::uint32_t patient_count) {
  auto installation = open_installation(options.data);
  if (!installation) return report(installation.error());
  if (const Status made = make_demo(*installation, patient_count); !made)
    return report(made.error());
  const Status served = serve(*installation, options, [&](const std::string& url) -> Status {
    const auto demo = CSL_TRY(installation->people->find_named("demo"));
    if (!demo) return fail(ErrorCode::Internal, "the demo account is gone");
    const auto link =
        CSL_TRY(installation->people->make_link(service::operator_access(), demo->id, "sign_in"));
    fmt::print(
        "\nOpen this link to sign in (it works once; start again for another):\n  "
        "{}/sign-in?link={}\n",
        url, link.secret);
    std::fflush(stdout);
    return {};
  });
  return served ? 0 : report(served.error());
}

}  // namespace consilium::cli
