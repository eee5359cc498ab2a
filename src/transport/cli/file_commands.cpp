// Commands on files, without a data folder.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "format/protocol/protocol_diff.hpp"
#include "format/protocol/protocol_lint.hpp"
#include "format/protocol/protocol_yaml.hpp"
#include "transport/api/embedded.hpp"
#include "transport/api/openapi.hpp"
#include "transport/api/version.hpp"
#include "transport/cli/commands.hpp"
#include "transport/cli_convert/convert.hpp"
#include "transport/cli_convert/convert_recording.hpp"
#include "transport/cli_convert/convert_text.hpp"
#include "transport/cli_inspect/inspect.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::uint64_t protocol_bytes_max = 4U << 20U;

Result<std::string> read_text(const std::filesystem::path& file) {
  const auto source = open_file_source(file);
  if (!source) {
    return fail(source.error().code, source.error().what, file.string(), source.error().remedy);
  }
  const Bytes bytes = CSL_TRY(read_all(**source, protocol_bytes_max));
  return std::string(text_of(bytes));
}

void print_remark(const ProtocolRemark& remark, bool as_json) {
  if (!as_json) {
    fmt::print("{}\n", to_line(remark));
    return;
  }
  fmt::print("{}\n", json::serialize(json::object{
                         {"severity", remark.severity == Severity::Error ? "error" : "warning"},
                         {"path", remark.path},
                         {"line", remark.position.line},
                         {"column", remark.position.column},
                         {"what", remark.what},
                         {"remedy", remark.remedy}}));
}

bool has_error(const std::vector<ProtocolRemark>& remarks) {
  return std::ranges::any_of(
      remarks, [](const ProtocolRemark& remark) { return remark.severity == Severity::Error; });
}

// The protocol, or the exit code after telling what is wrong with it.
std::expected<Protocol, int> load_protocol(const std::filesystem::path& file) {
  const auto text = read_text(file);
  if (!text) return std::unexpected(report(text.error()));
  auto protocol = parse_protocol(*text);
  if (protocol) return std::move(*protocol);
  for (const ProtocolRemark& remark : protocol.error()) fmt::print(stderr, "{}\n", to_line(remark));
  return std::unexpected(1);
}

}  // namespace

int inspect_command(const InspectCommand& command) {
  const PatientValues values = command.reveal ? PatientValues::Shown : PatientValues::Hidden;
  int code = 0;
  for (const std::filesystem::path& file : command.files) {
    auto found = inspect_file(file, values);
    if (!found) {
      Error error = found.error();
      if (command.json) {
        fmt::print("{}\n", json::serialize(json::object{{"file", file.string()},
                                                        {"error", name_of(error.code)},
                                                        {"what", error.what},
                                                        {"where", error.where},
                                                        {"remedy", error.remedy}}));
      }
      error.where = file.string() + (error.where.empty() ? "" : ", ") + error.where;
      std::fflush(stdout);
      code = std::max(code, report(error));
      continue;
    }
    if (command.json) {
      json::object line{{"file", file.string()}};
      for (const auto& member : *found) line.insert_or_assign(member.key(), member.value());
      fmt::print("{}\n", json::serialize(line));
    } else {
      fmt::print("{}\n{}", file.string(), inspection_text(*found));
    }
  }
  return code;
}

namespace {

json::object counts_json(const std::vector<TextLoss>& counts) {
  json::object out;
  for (const TextLoss& one : counts) out[one.kind] = one.count;
  return out;
}

int convert_text_command(const TextConversion& conversion, bool as_json) {
  const auto done = convert_text(conversion);
  if (!done) return report(done.error());
  for (const TextLoss& one : done->problems) {
    fmt::print(stderr, "note:   {} ({})\n", one.kind, one.count);
  }
  for (const TextLoss& one : done->losses) {
    fmt::print(stderr, "lost:   {} {}\n", one.count, one.kind);
  }
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"from", done->from},
                                                    {"to", done->to},
                                                    {"texts", done->text_count},
                                                    {"mentions", done->mention_count},
                                                    {"problems", counts_json(done->problems)},
                                                    {"lost", counts_json(done->losses)}}));
  } else {
    fmt::print("{} to {}: {} {}, {} mentions\n", done->from, done->to, done->text_count,
               done->text_count == 1 ? "text" : "texts", done->mention_count);
  }
  return 0;
}

int convert_recording_command(const RecordingConversion& conversion, bool as_json) {
  const auto done = convert_recording(conversion);
  if (!done) return report(done.error());
  for (const std::string& note : done->notes) fmt::print(stderr, "note:   {}\n", note);
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"from", done->from},
                                                    {"to", done->to},
                                                    {"channels", done->channel_count},
                                                    {"duration_s", done->duration_s},
                                                    {"events", done->event_count},
                                                    {"notes", done->notes.size()}}));
  } else {
    fmt::print("{} to {}: {} {}, {:.1f} s, {} events\n", done->from, done->to, done->channel_count,
               done->channel_count == 1 ? "channel" : "channels", done->duration_s,
               done->event_count);
  }
  return 0;
}

}  // namespace

int convert_command(const ConvertCommand& command) {
  const TextConversion text{
      .in = command.in,
      .out = command.out,
      .from = command.from,
      .to = command.to,
      .overlaps = command.overlaps == "split" ? OverlapPolicy::Split : OverlapPolicy::Refuse,
      .recorded_at = to_rfc3339(system_clock()->now())};
  const RecordingConversion recording{
      .in = command.in, .out = command.out, .to = command.to, .annotator = command.annotator};
  if (is_recording_conversion(recording)) {
    return convert_recording_command(recording, command.json);
  }
  if (is_text_conversion(text)) return convert_text_command(text, command.json);
  const auto done = convert_labels(
      {.in = command.in, .out = command.out, .images = command.images, .to = command.to},
      system_clock()->now());
  if (!done) return report(done.error());
  for (const std::string& note : done->notes) fmt::print(stderr, "note:   {}\n", note);
  if (command.json) {
    fmt::print("{}\n", json::serialize(json::object{{"from", done->from},
                                                    {"to", done->to},
                                                    {"segments", done->segment_count},
                                                    {"voxels", done->voxel_count},
                                                    {"notes", done->notes.size()}}));
  } else {
    fmt::print("{} to {}: {} {}, {} voxels\n", done->from, done->to, done->segment_count,
               done->segment_count == 1 ? "segment" : "segments", done->voxel_count);
  }
  return 0;
}

int protocol_lint_command(const std::filesystem::path& file, bool as_json) {
  const auto text = read_text(file);
  if (!text) return report(text.error());
  const std::vector<ProtocolRemark> remarks = lint_protocol(*text);
  for (const ProtocolRemark& remark : remarks) print_remark(remark, as_json);
  if (remarks.empty() && !as_json) fmt::print("nothing to mend\n");
  return has_error(remarks) ? 1 : 0;
}

int protocol_diff_command(const std::filesystem::path& before, const std::filesystem::path& after,
                          bool as_json) {
  const auto old_protocol = load_protocol(before);
  if (!old_protocol) return old_protocol.error();
  const auto new_protocol = load_protocol(after);
  if (!new_protocol) return new_protocol.error();
  const ProtocolDiff diff = diff_protocols(*old_protocol, *new_protocol);
  json::array changes;
  for (const ProtocolChange& change : diff.changes) {
    if (as_json) {
      changes.push_back(json::object{
          {"level", name_of(change.level)}, {"path", change.path}, {"what", change.what}});
    } else {
      fmt::print("{:<6} {}: {}\n", name_of(change.level), change.path, change.what);
    }
  }
  if (as_json) {
    fmt::print("{}\n", json::serialize(json::object{{"level", name_of(diff.level)},
                                                    {"version_is_right", diff.version_is_right},
                                                    {"version_needed", diff.version_needed},
                                                    {"changes", std::move(changes)}}));
  } else if (diff.changes.empty()) {
    fmt::print("nothing changed but, at most, the version\n");
  } else if (!diff.version_is_right) {
    fmt::print("the new version must be at least {}\n", diff.version_needed);
  }
  return diff.version_is_right ? 0 : 1;
}

int openapi_command() {
  const auto schemas = api::SchemaSet::parse(api::embedded_schema_files());
  if (!schemas) return report(schemas.error());
  const auto policy = api::Policy::parse(api::embedded_policy_csv());
  if (!policy) return report(policy.error());
  fmt::print("{}\n", api::openapi_document(*schemas, *policy, api::product_version));
  return 0;
}

int report(const Error& error) {
  fmt::print(stderr, "error:  {}\n", error.what);
  if (!error.where.empty()) fmt::print(stderr, "  where:  {}\n", error.where);
  if (!error.remedy.empty()) fmt::print(stderr, "  remedy: {}\n", error.remedy);
  return exit_code(error.code);
}

}  // namespace consilium::cli
