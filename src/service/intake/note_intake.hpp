// Notes into the catalog: the canonical text sealed, its title and source id with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "domain/text/labelled_text.hpp"
#include "service/intake/file_kind.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {

// Rows of a table or documents of a bundle that gave no note; the others were kept.
struct NoteFileResult {
  std::uint64_t note_count = 0;
  std::uint64_t refused_count = 0;
  std::optional<Error> first_refusal;
};

// Reads .txt, CSV, JSON lines or FHIR and hands each note to `sink`. `patient_if_none` is whose the
// notes are that do not say so themselves; it may be empty. Errors: those that refuse the
// whole file. Memory: a row of a table, else the file.
[[nodiscard]] Result<NoteFileResult> prepare_notes(const IntakeTools& tools, FileKind kind,
                                                   const std::filesystem::path& path,
                                                   const std::string& content,
                                                   const std::string& patient_if_none,
                                                   const PreparedSink& sink);

// The texts of a file with labels (label_intake.hpp takes those), of messages and of clinical
// documents as notes. A text's id is the note's; whose it is goes to the vault, where the file says
// so, else it is `patient`'s.
[[nodiscard]] Result<NoteFileResult> prepare_labelled_notes(const IntakeTools& tools,
                                                            const std::vector<LabelledText>& texts,
                                                            const std::string& patient,
                                                            const std::string& content,
                                                            const PreparedSink& sink);

// The project's item of a note that came by the way above; nothing when there is none.
[[nodiscard]] Result<std::optional<ItemId>> item_of_labelled_note(const IntakeTools& tools,
                                                                  const LabelledText& text,
                                                                  const std::string& patient);

}  // namespace consilium::service
