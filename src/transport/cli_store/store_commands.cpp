#include "transport/cli_store/store_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>
#include <utility>

#include "base/canonical_json.hpp"
#include "storage/maintenance/audit_check.hpp"
#include "storage/maintenance/backup.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/maintenance/scrub.hpp"
#include "storage/open_store.hpp"
#include "storage/sqlite/areas.hpp"
#include "storage/store.hpp"
#include "storage/vault.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;
using namespace consilium::storage;

int report_error(const StoreCommand& command, const Error& error) {
  command.err << "error:  " << error.what << '\n';
  if (!error.where.empty()) command.err << "  where:  " << error.where << '\n';
  if (!error.remedy.empty()) command.err << "  remedy: " << error.remedy << '\n';
  return exit_code(error.code);
}

json::value head_json(const LogHead& head) {
  return json::object{{"at", to_rfc3339(head.at)},
                      {"last_hash", to_hex(head.last_hash)},
                      {"root", to_hex(head.root)},
                      {"tree_size", static_cast<std::int64_t>(head.tree_size)}};
}

bool take_digest(const json::object& object, const char* name, Sha256Digest& digest) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() != 64) return false;
  const std::string_view hex = value->get_string();
  for (std::size_t i = 0; i < digest.size(); ++i) {
    unsigned byte = 0;
    for (const char c : hex.substr(2 * i, 2)) {
      const std::size_t digit = std::string_view("0123456789abcdef").find(c);
      if (digit == std::string_view::npos) return false;
      byte = byte * 16 + static_cast<unsigned>(digit);
    }
    digest[i] = static_cast<std::byte>(byte);
  }
  return true;
}

Result<LogHead> parse_head(const std::string& text) {
  const json::value parsed = CSL_TRY(parse_json(text));
  LogHead head;
  const json::object* object = parsed.if_object();
  const json::value* size = object == nullptr ? nullptr : object->if_contains("tree_size");
  if (size == nullptr || !size->is_int64() || !take_digest(*object, "root", head.root)) {
    return fail(ErrorCode::InvalidInput, "this is not a head of the log", {},
                "give the member \"head\" that consilium audit verify --json printed");
  }
  head.tree_size = static_cast<std::uint64_t>(size->get_int64());
  return head;
}

json::object audit_json(const AuditReport& report) {
  json::object answer{
      {"holds", report.holds}, {"events", report.event_count}, {"heads", report.head_count}};
  if (report.newest_head) {
    answer["head"] = head_json(*report.newest_head);
    answer["signature"] = to_hex(report.newest_signature);
  }
  if (!report.problem.empty()) answer["problem"] = report.problem;
  return answer;
}

void print_problems(const StoreCommand& command, const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) command.err << "error:  " << problem << '\n';
}

json::array text_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

int print_backup(const StoreCommand& command, const BackupReport& report, std::string_view verb) {
  if (command.form == AnswerForm::Json) {
    command.out << json::serialize(json::object{{"events", report.event_count},
                                                {"head", head_json(report.head)},
                                                {"objects_copied", report.copied_object_count},
                                                {"objects_known", report.known_object_count},
                                                {"bytes_copied", report.copied_bytes}})
                << '\n';
  } else {
    command.out << fmt::format(
        "{}: {} events, {} objects ({} new, {:.1f} MB); the log holds\n", verb, report.event_count,
        report.copied_object_count + report.known_object_count, report.copied_object_count,
        static_cast<double>(report.copied_bytes) / 1e6);
  }
  return 0;
}

Result<PatientId> find_patient(Store& store, const std::string& patient) {
  if (patient.starts_with("P-")) return CSL_TRY(store.vault().find(patient)).patient;
  return parse_id<PatientId>(patient);
}

}  // namespace

int audit_verify_command(const StoreCommand& command, const std::string& witness_json) {
  std::optional<LogHead> witness;
  if (!witness_json.empty()) {
    const Result<LogHead> parsed = parse_head(witness_json);
    if (!parsed) return report_error(command, parsed.error());
    witness = *parsed;
  }
  const Result<AuditReport> report = audit_verify(command.folder, witness);
  if (!report) return report_error(command, report.error());
  if (command.form == AnswerForm::Json) {
    command.out << json::serialize(audit_json(*report)) << '\n';
  } else if (report->holds) {
    command.out << fmt::format("the log holds: {} events under {} signed heads\n",
                               report->event_count, report->head_count);
    if (report->newest_head) command.out << "root " << to_hex(report->newest_head->root) << '\n';
  }
  if (!report->holds) command.err << "error:  " << report->problem << '\n';
  return report->holds ? 0 : 1;
}

int audit_export_command(const StoreCommand& command) {
  const Result<std::int64_t> count = audit_export(command.folder, command.out);
  if (!count) return report_error(command, count.error());
  command.err << *count << " events\n";
  return 0;
}

int verify_command(const StoreCommand& command) {
  const Result<VerifyReport> report = verify_store(command.folder, sqlite::product_areas());
  if (!report) return report_error(command, report.error());
  std::int64_t rows = 0;
  json::object tables;
  for (const VerifyReport::Table& table : report->tables) {
    rows += table.row_count;
    tables[table.name] = json::object{
        {"rows", table.row_count}, {"missing", table.missing_count}, {"extra", table.extra_count}};
  }
  if (command.form == AnswerForm::Json) {
    command.out << json::serialize(
                       json::object{{"holds", report->holds},
                                    {"audit", audit_json(report->audit)},
                                    {"tables", std::move(tables)},
                                    {"objects", report->object_count},
                                    {"missing_objects", text_array(report->missing_objects)},
                                    {"unnamed_objects", report->unnamed_object_count},
                                    {"problems", text_array(report->problems)}})
                << '\n';
  } else if (report->holds) {
    command.out << fmt::format(
        "all holds: {} events make the {} rows of {} tables; {} objects are there\n",
        report->audit.event_count, rows, report->tables.size(), report->object_count);
    if (report->unnamed_object_count > 0) {
      command.out << fmt::format("{} objects are named by no row (an import was cut short)\n",
                                 report->unnamed_object_count);
    }
  }
  print_problems(command, report->problems);
  return report->holds ? 0 : 1;
}

int scrub_command(const StoreCommand& command, unsigned threads) {
  const Result<ScrubReport> report = scrub_store(command.folder, threads);
  if (!report) return report_error(command, report.error());
  if (command.form == AnswerForm::Json) {
    json::array damaged;
    for (const ScrubReport::Damage& damage : report->damaged) {
      damaged.push_back(json::object{{"object", damage.object}, {"what", damage.what}});
    }
    command.out << json::serialize(json::object{{"holds", report->holds},
                                                {"objects", report->object_count},
                                                {"bytes", report->read_bytes},
                                                {"erased", report->erased_count},
                                                {"damaged", std::move(damaged)},
                                                {"problems", text_array(report->problems)}})
                << '\n';
  } else {
    if (report->holds) {
      command.out << fmt::format(
          "all holds: {} objects, {:.1f} MB; {} of erased patients\n", report->object_count,
          static_cast<double>(report->read_bytes) / 1e6, report->erased_count);
    }
    for (const ScrubReport::Damage& damage : report->damaged) {
      command.out << damage.object << ": " << damage.what << '\n';
    }
  }
  print_problems(command, report->problems);
  return report->holds ? 0 : 1;
}

int backup_command(const StoreCommand& command, const std::filesystem::path& target,
                   bool with_keys) {
  const std::unique_ptr<Clock> clock = system_clock();
  const Result<BackupReport> report = back_up(
      command.folder, target, with_keys ? BackupKeys::Included : BackupKeys::LeftOut, *clock);
  if (!report) return report_error(command, report.error());
  if (!with_keys) {
    command.err << "the keys folder is not in this backup: keep a copy of it elsewhere\n";
  }
  return print_backup(command, *report, "backed up");
}

int restore_command(const StoreCommand& command, const std::filesystem::path& backup,
                    const std::filesystem::path& keys) {
  const Result<BackupReport> report = restore(backup, command.folder, keys);
  if (!report) return report_error(command, report.error());
  return print_backup(command, *report, "restored");
}

int erase_patient_command(const StoreCommand& command, const std::string& patient,
                          const std::string& reason) {
  const Result<std::unique_ptr<Store>> store = open_store({.folder = command.folder});
  if (!store) return report_error(command, store.error());
  const Result<PatientId> id = find_patient(**store, patient);
  if (!id) return report_error(command, id.error());
  const Result<Receipt> receipt =
      (*store)->erase_patient(Actor{.person = "system", .origin = "command line"}, *id, reason);
  if (!receipt) return report_error(command, receipt.error());
  if (command.form == AnswerForm::Json) {
    command.out << json::serialize(
                       json::object{{"erased", patient}, {"sequence", receipt->last_sequence}})
                << '\n';
  } else {
    command.out << "erased " << patient << "; replace the backups that were made before\n";
  }
  return 0;
}

}  // namespace consilium::cli
