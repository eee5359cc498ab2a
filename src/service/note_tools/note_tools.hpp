// A project's notes labelled before people open them by what its leads wrote down: term lists, rule
// files and ConText. Each is a rater whose labels are votes of the panel and suggestions to
// labellers (service/prelabel), with its version, what it goes by, and how often it has been right
// on the notes that people finished.
//
// Suggestions are made anew in a job when notes are imported and when a tool is changed, and for
// the next notes when one is submitted. Notes that somebody has begun stay as they are.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"
#include "service/note_tools/note_tool.hpp"
#include "storage/store.hpp"

namespace consilium::service {

class JobQueue;
class Terminologies;

class NoteTools {
 public:
  static constexpr std::size_t tools_max = 32;              // of a project
  static constexpr std::size_t text_bytes_max = 4U << 20U;  // of a tool; more is a terminology
  static constexpr std::size_t next_notes_max = 20;         // labelled anew after a submission
  static constexpr std::size_t notes_a_job = 200;           // then other jobs have their turn

  // `jobs`, which may be null, ends before this. All must outlive it.
  NoteTools(storage::Store& store, const Clock& clock, Random& random,
            const Terminologies& terminologies, JobQueue* jobs = nullptr);
  ~NoteTools();

  // {"items": [{"id", "kind", "name", "is_on", "label", "system", "version", "within",
  //   "assertions", "entries", "tool_version", "problem", "revision", "changed_at", "changed_by"}],
  //  "notes_left": count still to be labelled anew, "problems": [text of the last run]}
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project);
  // One of them, with its "text". Errors: NotFound.
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project,
                                                 const storage::NoteToolId& id);
  // Makes or changes one; leads. Its kind and name stay, for they are the rater that its labels are
  // of. The same again changes nothing. Errors: InvalidInput with line and column; Conflict without
  // a protocol, on another kind or name, on a name that is taken, and on a second ConText;
  // TooLarge.
  [[nodiscard]] Answer<boost::json::object> put(const Access& access, const ProjectId& project,
                                                const storage::NoteToolId& id,
                                                const NoteToolDraft& draft,
                                                std::optional<std::int64_t> if_match);
  // Takes its suggestions back, in a job, and then forgets it. Errors: NotFound.
  [[nodiscard]] Status remove(const Access& access, const ProjectId& project,
                              const storage::NoteToolId& id);

  // Notes were imported, or a terminology changed: all are to be labelled, in jobs.
  void follow_notes(const Access& access, const ProjectId& project);
  // A note was submitted: the next ones are.
  void follow_submission(const Access& access, const ProjectId& project);

  // Labels at once all notes that nobody has begun. Returns how many have other suggestions than
  // before. Errors: NotFound, Conflict without a protocol; those of the store.
  [[nodiscard]] Result<std::size_t> label_all(const Access& access, const ProjectId& project,
                                              const std::stop_token& stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
