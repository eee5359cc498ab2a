// What a worker of the import made of one thing (an image, a note, a recording): its objects are
// written, its events wait for the commit.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/objects.hpp"
#include "storage/store.hpp"
#include "storage/vault.hpp"

namespace consilium {
class CodecPool;
}

namespace consilium::service {

// Where a commit says what it led to.
struct Committed {
  bool is_duplicate = false;
  std::optional<SeriesId> series;  // to be arranged at the end
  std::optional<StudyId> study;    // whose item is made at the end
  bool added_item = false;
};

struct Prepared {
  std::vector<storage::ObjectRef> objects;
  // In the writer. Errors refuse the file; its objects are then taken back.
  std::function<Result<Committed>(storage::Transaction&)> commit;
  // One of several notes of a file: its refusal leaves the others.
  bool stands_alone = false;
};
// Parts of one file that the writer refused while it kept others.
class RefusedParts {
 public:
  void add(const Error& error) {
    if (count_++ == 0) first_ = error;
  }
  // The first of them with how many there are, behind what the file's reader refused, if anything.
  [[nodiscard]] std::optional<Error> told_with(std::optional<Error> of_reader,
                                               bool others_kept) const;

 private:
  std::optional<Error> first_;
  std::size_t count_ = 0;
};

// Takes each prepared thing of a file in turn; false when the import is ending.
using PreparedSink = std::function<bool(Prepared)>;

// By how many days each patient's dates will be shifted, as far as a run knows before its commits:
// what is made of a patient's files at once then agrees on it.
class DateShifts {
 public:
  // The stored shift, else the one that this run gives the patient. Errors: those of the store.
  [[nodiscard]] Result<std::int64_t> of(storage::Store& store, const PatientId& patient,
                                        Random& random);

 private:
  Guarded<std::map<PatientId, std::int64_t>> known_;
};

struct IntakeTools {
  storage::Store& store;
  CodecPool* codec = nullptr;
  const Clock& clock;
  Random& random;
  ProjectId project;
  std::shared_ptr<DateShifts> shifts = std::make_shared<DateShifts>();
};

// The keyed name of content: tells nothing without the store's keys.
[[nodiscard]] std::string content_name(storage::Store& store, ByteView digest);

// Appends `patient.added` where it is still due; gives the days by which the patient's dates are
// shifted, the same for all of them.
[[nodiscard]] Result<std::int64_t> ensure_patient(storage::Transaction& transaction,
                                                  const storage::VaultEntry& patient,
                                                  std::int64_t shift_if_new);
[[nodiscard]] std::int64_t draw_date_shift(Random& random);
// The stored shift; nothing when the patient is not in the catalog yet. Errors: NotFound after
// erasure.
[[nodiscard]] Result<std::optional<std::int64_t>> stored_date_shift(const storage::Reader& reader,
                                                                    const PatientId& patient);
// "20240311" or "2024-03-11..." to "2024-01-28"; "" when it is no whole date.
[[nodiscard]] std::string shifted_date(std::string_view date, std::int64_t shift_days);

struct NewItem {
  ItemId id;
  PatientId patient;
  std::string kind;
  std::string source_id;
  std::string title;
  std::string modality;
  std::string date;
  std::string preview;  // of text and signals; sealed
};
// The item of this source in the project, unless it is there. True when it was added.
[[nodiscard]] Result<bool> ensure_item(storage::Transaction& transaction, const ProjectId& project,
                                       const NewItem& item);

}  // namespace consilium::service
