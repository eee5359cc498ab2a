// The commands on a store's folder: audit verify, audit export, verify, scrub, backup, restore,
// erase. Each prints its answer to `out` (sentences, or one JSON object) and what went wrong to
// `err`, and returns the exit code: 0 all holds, 1 something does not hold or was refused, 3 our
// own failure or the machine's.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace consilium::cli {

enum class AnswerForm { Sentences, Json };

struct StoreCommand {
  std::filesystem::path folder;  // --data
  AnswerForm form = AnswerForm::Sentences;
  std::ostream& out;
  std::ostream& err;
};

// `witness` is a head kept elsewhere, as this command's --json prints it under "head"; may be
// empty. Beside a running server or without one.
[[nodiscard]] int audit_verify_command(const StoreCommand& command,
                                       const std::string& witness_json);
// JSON lines to `out`.
[[nodiscard]] int audit_export_command(const StoreCommand& command);
// Rebuilds every table and compares.
[[nodiscard]] int verify_command(const StoreCommand& command);
[[nodiscard]] int scrub_command(const StoreCommand& command, unsigned threads);
[[nodiscard]] int backup_command(const StoreCommand& command, const std::filesystem::path& target,
                                 bool with_keys);
// From `backup` into the command's folder, which must not exist yet; `keys` may be empty.
[[nodiscard]] int restore_command(const StoreCommand& command, const std::filesystem::path& backup,
                                  const std::filesystem::path& keys);
// `patient` is a pseudonym (P-0042) or a patient's id. The server must not be running.
[[nodiscard]] int erase_patient_command(const StoreCommand& command, const std::string& patient,
                                        const std::string& reason);

}  // namespace consilium::cli
