// The commands, each a plain function of its options that returns the exit code: 0 done, 1
// something in the input was refused (said on stderr, the rest is done), 2 wrong use, 3 our own
// failure. cli.cpp declares them and their options.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace consilium::cli {

struct ServeOptions {
  std::filesystem::path data = "consilium-data";
  std::string listen = "127.0.0.1:8080";
  std::filesystem::path web;  // empty: where the build or the package puts it
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::uint32_t workers = 16;
  std::filesystem::path dicom;  // the DICOM node's settings; empty: none
  std::string
      terminology_server;  // base of a FHIR server asked for what is not loaded; empty: none
  std::filesystem::path terminology_token;        // a file that holds it; empty: none
  std::filesystem::path terminology_authorities;  // PEM; empty: the system's
};
[[nodiscard]] int serve_command(const ServeOptions& options);

// Sample accounts, projects and made cases, then as serve. A second start keeps what is there.
[[nodiscard]] int demo_command(const ServeOptions& options, std::uint32_t patient_count);

struct ImportCommand {
  std::filesystem::path data = "consilium-data";
  std::string project;  // id or name
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> label_map;  // "Liver=liver": what names in label files mean
  bool json = false;
};
[[nodiscard]] int import_command(const ImportCommand& command);

struct ExportCommand {
  std::filesystem::path data = "consilium-data";
  std::string project;
  std::string format;
  std::filesystem::path out;
  bool with_drafts = false;
  bool json = false;
};
[[nodiscard]] int export_command(const ExportCommand& command);

struct ConvertCommand {
  std::filesystem::path in;
  std::filesystem::path out;
  std::filesystem::path images;
  std::string from;
  std::string to;
  std::string annotator;
  std::string overlaps = "refuse";
  bool json = false;
};
[[nodiscard]] int convert_command(const ConvertCommand& command);

struct UserCommand {
  std::filesystem::path data = "consilium-data";
  std::string name;
  std::string display_name;
  std::vector<std::string> roles;
  std::string url = "http://localhost:8080";
  bool json = false;
};
[[nodiscard]] int user_add_command(const UserCommand& command);
[[nodiscard]] int user_reset_command(const UserCommand& command);
[[nodiscard]] int user_list_command(const UserCommand& command);

struct TokenCommand {
  std::filesystem::path data = "consilium-data";
  std::string person;
  std::string name = "command line";
  std::vector<std::string> scopes;
  std::int64_t days = 90;
  bool json = false;
};
[[nodiscard]] int token_command(const TokenCommand& command);

struct ProjectCommand {
  std::filesystem::path data = "consilium-data";
  std::string name;
  std::string description;
  std::filesystem::path protocol;  // YAML; empty: the project gets one later
  std::string deid_at = "release";
  std::int64_t readers_per_item = 1;
  bool json = false;
};
[[nodiscard]] int project_add_command(const ProjectCommand& command);
[[nodiscard]] int project_list_command(const ProjectCommand& command);

struct TerminologyCommand {
  std::filesystem::path data = "consilium-data";
  std::filesystem::path path;  // a file, or the folder of a release
  std::string format = {};
  std::string system = {};
  std::string version = {};
  std::string language_set = {};
  std::string text = {};
  std::int64_t limit = 20;
  bool json = false;
};
[[nodiscard]] int terminology_load_command(const TerminologyCommand& command);
[[nodiscard]] int terminology_list_command(const TerminologyCommand& command);
[[nodiscard]] int terminology_remove_command(const TerminologyCommand& command);
[[nodiscard]] int terminology_search_command(const TerminologyCommand& command);

struct InspectCommand {
  std::vector<std::filesystem::path> files;
  bool json = false;
  bool reveal = false;  // the patient's values too
};
[[nodiscard]] int inspect_command(const InspectCommand& command);

[[nodiscard]] int protocol_lint_command(const std::filesystem::path& file, bool json);
[[nodiscard]] int protocol_diff_command(const std::filesystem::path& before,
                                        const std::filesystem::path& after, bool json);
[[nodiscard]] int openapi_command();

// "error: ..., where: ..., remedy: ..." on stderr; the exit code of the error.
[[nodiscard]] int report(const Error& error);

}  // namespace consilium::cli
