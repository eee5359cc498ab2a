// The import's pipeline: workers prepare units (unit_preparer.hpp); the calling thread makes what
// they prepared durable in batches, objects first, then one commit. A queue between them bounds
// memory.
#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <thread>

#include "base/bounded_queue.hpp"
#include "base/sha256.hpp"
#include "format/dicom/dicom_file.hpp"
#include "service/intake/adopt_content.hpp"
#include "service/intake/arrangement.hpp"
#include "service/intake/file_bytes.hpp"
#include "service/intake/import_plan.hpp"
#include "service/intake/imports.hpp"
#include "service/intake/label_import.hpp"
#include "service/intake/label_intake.hpp"
#include "service/intake/take_waiting.hpp"
#include "service/intake/unit_preparer.hpp"
#include "service/intake/waiting_object.hpp"
#include "service/prelabel/object_labels.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Fields;
using storage::Transaction;

namespace {

constexpr std::size_t batch_size_max = 64;

// A prepared thing, or the end of a unit.
struct Message {
  std::size_t unit = 0;
  std::optional<Prepared> prepared;
  bool is_end = false;
  bool waits_for_images = false;  // labels: their turn is when all images are in
  bool is_waiting = false;        // with the end: an object that is kept for later; why: `refusal`
  bool is_kept =
      false;  // with the end: labels whose object is kept, though `refusal` leaves some out
  std::optional<Error> refusal;  // with the end: of the whole file, or of some of its rows
  std::string finished_content;  // with the end: recorded, so that the file is known next time
};

class ImportRun {
 public:
  ImportRun(const ImportTools& tools, const Access& access, const ProjectId& project,
            std::span<const ImportFile> files, const ImportOptions& options,
            const LabelOptions& labels)
      : tools_{.store = tools.store,
               .codec = tools.codec,
               .clock = tools.clock,
               .random = tools.random,
               .project = project},
        access_(access),
        files_(files),
        options_(options),
        labels_(labels),
        preparer_(tools_, files, options.patient_folder,
                  [this](Transaction& transaction, const storage::ContentOwner& owner,
                         const std::string& content) {
                    return adopt_content(tools_, transaction, owner, content, extra_items_);
                  }),
        queue_(2 * batch_size_max) {
    report_.id = options.id;
    report_.files_total = static_cast<std::int64_t>(files.size());
  }

  Result<LabelledImport> run() {
    CSL_TRY(begin());
    units_ = plan_import(files_);
    Status outcome = work();
    if (outcome && options_.stop.stop_requested()) {
      outcome = fail(ErrorCode::Unavailable, "the import was interrupted", "",
                     "start it again: it goes on where it was");
    }
    CSL_TRY(std::move(outcome));
    CSL_TRY(finish_series());
    CSL_TRY(take_labels());
    CSL_TRY(keep_promised());
    CSL_TRY(finish());
    return LabelledImport{.report = std::move(report_), .labels_added = labels_added_};
  }

 private:
  // --- workers -------------------------------------------------------------------------------
  void work_on_units() {
    while (!options_.stop.stop_requested() && !is_failed_) {
      const std::size_t number = next_unit_++;
      if (number >= units_.size()) return;
      Message end{.unit = number,
                  .prepared = std::nullopt,
                  .is_end = true,
                  .refusal = std::nullopt,
                  .finished_content = {}};
      if (const Status status = prepare(number, end); !status) end.refusal = status.error();
      if (end.waits_for_images) {
        label_units_.with([&](auto& units) { units.insert(number); });
        continue;
      }
      if (!queue_.push(std::move(end))) return;
    }
  }

  Status prepare(std::size_t number, Message& end) {
    const ImportUnit& unit = units_[number];
    if (unit.refusal) return std::unexpected(*unit.refusal);
    const PreparedSink sink = [&](Prepared prepared) {
      return queue_.push(Message{.unit = number,
                                 .prepared = std::move(prepared),
                                 .is_end = false,
                                 .refusal = std::nullopt,
                                 .finished_content = {}});
    };
    UnitEnd of_unit = CSL_TRY(preparer_.prepare(unit, sink));
    end.waits_for_images = of_unit.waits_for_images;
    end.refusal = std::move(of_unit.refusal);
    end.finished_content = std::move(of_unit.finished_content);
    return {};
  }

  // --- in the writer ---------------------------------------------------------------------------
  EventDraft import_event(std::string type) {
    EventDraft event{.type = std::move(type),
                     .project = tools_.project,
                     .item = std::nullopt,
                     .patient = std::nullopt,
                     .fields = {}};
    event.fields.set("import_id", options_.id);
    return event;
  }

  EventDraft progress_event(std::string type) {
    EventDraft event = import_event(std::move(type));
    event.fields.set("files_total", report_.files_total)
        .set("files_done", report_.files_done)
        .set("items_added", report_.items_added)
        .set("duplicates", report_.duplicates);
    return event;
  }

  Status begin() {
    CSL_TRY(tools_.store.write(actor_of(access_), [&](Transaction& transaction) -> Status {
      const auto stored = storage::find_import(transaction, options_.id);
      if (stored && stored->project != tools_.project) {
        return fail(ErrorCode::Conflict, "this id is that of another project's import");
      }
      EventDraft event = import_event("import.begun");
      event.fields.set("state", std::string("running"));
      return transaction.append(std::move(event));
    }));
    return {};
  }

  // --- the committing side ---------------------------------------------------------------------
  struct UnitState {
    bool has_added = false;
    std::optional<Error> refusal;
    RefusedParts refused_parts;
  };

  Status work() {
    std::vector<std::jthread> workers;
    std::atomic<std::size_t> running = std::max<std::size_t>(1, options_.thread_count);
    for (std::size_t i = running; i > 0; --i) {
      workers.emplace_back([this, &running] {
        work_on_units();
        if (--running == 0) queue_.close();
      });
    }
    Status outcome = commit_all();
    if (!outcome) {
      is_failed_ = true;
      queue_.close();
      while (queue_.try_pop()) {
      }
    }
    return outcome;
  }

  Status commit_all() {
    std::vector<Message> batch;
    while (std::optional<Message> message = queue_.pop()) {
      batch.push_back(std::move(*message));
      while (batch.size() < batch_size_max) {
        std::optional<Message> more = queue_.try_pop();
        if (!more) break;
        batch.push_back(std::move(*more));
      }
      CSL_TRY(commit(batch));
      batch.clear();
    }
    return {};
  }

  Status sync(const std::vector<Message>& batch) {
    std::vector<storage::ObjectRef> objects;
    for (const Message& message : batch) {
      if (!message.prepared) continue;
      objects.insert(objects.end(), message.prepared->objects.begin(),
                     message.prepared->objects.end());
    }
    if (objects.empty()) return {};
    return tools_.store.objects().sync(objects);
  }

  // A unit that is done, told to the caller once the batch is durable.
  struct Ended {
    std::size_t unit = 0;
    FileOutcome outcome = FileOutcome::Added;
    std::optional<Error> refusal;
  };

  Status commit(std::vector<Message>& batch) {
    CSL_TRY(sync(batch));
    std::vector<Ended> ended;
    std::vector<bool> taken_back(batch.size(), false);
    CSL_TRY(tools_.store.write(actor_of(access_), [&](Transaction& transaction) -> Status {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        Message& message = batch[i];
        if (message.prepared) {
          taken_back[i] = !CSL_TRY(commit_one(transaction, message));
        } else {
          CSL_TRY(end_unit(transaction, message, ended));
        }
      }
      return transaction.append(progress_event("import.progressed"));
    }));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!taken_back[i]) continue;
      for (const storage::ObjectRef& object : batch[i].prepared->objects) {
        static_cast<void>(tools_.store.objects().discard(object));
      }
    }
    for (const Ended& one : ended) tell_ended(one);
    tell_progress();
    return {};
  }

  void tell_ended(const Ended& ended) {
    const ImportUnit& unit = units_[ended.unit];
    if (ended.refusal) {
      ImportRefusal refusal{.file_number = number_of(unit.files.front()), .error = *ended.refusal};
      if (options_.on_refusal) options_.on_refusal(refusal);
      report_.refused.push_back(std::move(refusal));
    }
    if (!options_.on_file) return;
    for (const std::size_t file : unit.counted_files) {
      options_.on_file(number_of(file), ended.outcome, ended.refusal ? &*ended.refusal : nullptr);
    }
  }

  // False when nothing of it was kept: a duplicate, or refused.
  Result<bool> commit_one(Transaction& transaction, const Message& message) {
    UnitState& state = states_[message.unit];
    if (state.refusal) return false;
    const Result<Committed> committed = message.prepared->commit(transaction);
    if (!committed) {
      if (ends_import(committed.error())) return std::unexpected(committed.error());
      if (message.prepared->stands_alone) {
        state.refused_parts.add(committed.error());
      } else {
        state.refusal = committed.error();
      }
      return false;
    }
    if (committed->series) series_.insert(*committed->series);
    if (committed->study) studies_.insert(*committed->study);
    if (committed->added_item) ++report_.items_added;
    report_.items_added += std::exchange(extra_items_, 0);
    if (!committed->is_duplicate) state.has_added = true;
    return !committed->is_duplicate;
  }

  Status end_unit(Transaction& transaction, Message& message, std::vector<Ended>& ended) {
    const ImportUnit& unit = units_[message.unit];
    UnitState state = std::move(states_[message.unit]);
    states_.erase(message.unit);
    const bool is_waiting = message.is_waiting && !state.refusal;
    if (!state.refusal) state.refusal = std::move(message.refusal);
    state.refusal = state.refused_parts.told_with(std::move(state.refusal), state.has_added);
    if (state.refusal && ends_import(*state.refusal)) return std::unexpected(*state.refusal);
    if (state.refusal) state.refusal = with_remedy(std::move(*state.refusal));
    if (state.refusal && !is_waiting && !message.is_kept && !state.has_added && is_promised(unit)) {
      promised_.push_back({.unit = message.unit, .refusal = std::move(*state.refusal)});
      return {};
    }
    const auto file_count = static_cast<std::int64_t>(unit.counted_files.size());
    report_.files_done += file_count;
    if (state.refusal && !is_waiting) {
      EventDraft event = import_event("import.refused");
      event.fields.set("file_number", number_of(unit.files.front()))
          .set("code", std::string(name_of(state.refusal->code)))
          .set("what", state.refusal->what)
          .set("place", state.refusal->where)
          .set("remedy", state.refusal->remedy);
      CSL_TRY(transaction.append(std::move(event)));
    }
    if (is_waiting) {
      report_.files_waiting += file_count;
    } else if (state.has_added) {
      report_.files_added += file_count;
    } else if (!state.refusal) {
      report_.duplicates += file_count;
    }
    // Whole files alone count as known: one with refused rows is looked at again next time.
    if (!message.finished_content.empty() && !state.refusal) {
      EventDraft event = import_event("file.finished");
      event.fields.set("content", message.finished_content)
          .set("kind", std::string("notes"))
          .set("source_id", std::string());
      CSL_TRY(transaction.append(std::move(event)));
    }
    const FileOutcome outcome = is_waiting        ? FileOutcome::Waiting
                                : state.has_added ? FileOutcome::Added
                                : state.refusal   ? FileOutcome::Refused
                                                  : FileOutcome::Duplicate;
    ended.push_back(
        {.unit = message.unit, .outcome = outcome, .refusal = std::move(state.refusal)});
    return {};
  }

  std::int64_t number_of(std::size_t file) const {
    const std::int64_t number = files_[file].number;
    return number != 0 ? number : static_cast<std::int64_t>(file) + 1;
  }

  // A full disk or a closed store ends the import; it goes on when started again.
  static bool ends_import(const Error& error) { return error.code == ErrorCode::NoSpace; }

  void tell_progress() {
    if (!options_.on_progress) return;
    options_.on_progress({.files_total = report_.files_total,
                          .files_done = report_.files_done,
                          .refused = static_cast<std::int64_t>(report_.refused.size()),
                          .items_added = report_.items_added});
  }

  // --- when all files are in ---------------------------------------------------------------------
  // Series that were left unarranged by an interruption are found through their studies.
  Status add_unarranged() {
    const auto reader = CSL_TRY(tools_.store.read());
    for (const StudyId& study : studies_) {
      for (const storage::SeriesRow& row : CSL_TRY(storage::series_of_study(*reader, study))) {
        if (row.volumes_json.empty()) series_.insert(row.id);
      }
    }
    return {};
  }

  Status finish_series() {
    CSL_TRY(add_unarranged());
    for (const SeriesId& id : series_) {
      const auto reader = CSL_TRY(tools_.store.read());
      const storage::SeriesRow series = CSL_TRY(storage::find_series(*reader, id));
      const auto instances = CSL_TRY(storage::instances_of_series(*reader, id));
      const Arrangement arrangement = CSL_TRY(arrange(instances));
      EventDraft event{.type = "series.arranged",
                       .project = std::nullopt,
                       .item = std::nullopt,
                       .patient = series.patient,
                       .fields = {}};
      event.fields.set("series_id", id)
          .set("volumes", storage::JsonText{arrangement.volumes_json})
          .set("notes", storage::JsonText{arrangement.notes_json});
      CSL_TRY(tools_.store.write(
          actor_of(access_), [&](Transaction& transaction) { return transaction.append(event); }));
    }
    if (studies_.empty()) return {};
    CSL_TRY(tools_.store.write(actor_of(access_), [&](Transaction& transaction) -> Status {
      for (const StudyId& study : studies_) CSL_TRY(put_study_item(transaction, study));
      return {};
    }));
    return {};
  }

  Status put_study_item(Transaction& transaction, const StudyId& id) {
    const storage::StudyRow study = CSL_TRY(storage::find_study(transaction, id));
    const auto series = CSL_TRY(storage::series_of_study(transaction, id));
    const NewItem item{.id = make_id<ItemId>(tools_.clock, tools_.random),
                       .patient = study.patient,
                       .kind = "image",
                       .source_id = to_string(id),
                       .title = study_title(series),
                       .modality = study_modality(series),
                       .date = study.date,
                       .preview = ""};
    if (CSL_TRY(ensure_item(transaction, tools_.project, item))) {
      ++report_.items_added;
      return {};
    }
    const auto stored =
        CSL_TRY(storage::item_of_source(transaction, tools_.project, item.source_id));
    const storage::ItemRow row = CSL_TRY(storage::find_item(transaction, tools_.project, *stored));
    if (row.title == item.title && row.modality == item.modality) return {};
    EventDraft event{.type = "item.changed",
                     .project = tools_.project,
                     .item = row.id,
                     .patient = row.patient,
                     .fields = {}};
    event.fields.set("title", item.title).set("modality", item.modality);
    return transaction.append(std::move(event));
  }

  // One file after the other: a later one adds to what an earlier one made.
  Status take_labels() {
    LabelIntake intake(tools_, label_names());
    for (const std::size_t number : CSL_TRY(label_units_in_order())) {
      if (options_.stop.stop_requested()) {
        return fail(ErrorCode::Unavailable, "the import was interrupted", "",
                    "start it again: it goes on where it was");
      }
      Status committed;
      const PreparedSink sink = [&](Prepared prepared) {
        std::vector<Message> batch(1);
        batch.front().unit = number;
        batch.front().prepared = std::move(prepared);
        committed = commit(batch);
        return committed.has_value();
      };
      std::vector<Message> end(1);
      end.front().unit = number;
      end.front().is_end = true;
      auto left_out = take_labels_of(intake, units_[number], sink, end.front().is_waiting);
      CSL_TRY(std::move(committed));
      end.front().is_kept = left_out.has_value();
      end.front().refusal = left_out ? std::move(*left_out) : std::move(left_out).error();
      CSL_TRY(commit(end));
    }
    if (!series_.empty() || !studies_.empty()) CSL_TRY(take_waiting_objects(intake));
    labels_added_ = intake.labels_added();
    return {};
  }

  Status take_waiting_objects(LabelIntake& intake) {
    const auto commit_one_alone = [&](Prepared prepared) {
      return commit_alone(std::move(prepared));
    };
    return take_waiting(tools_, access_, intake, label_names(), commit_one_alone, options_.stop);
  }

  // Nothing whose sender was told that it is kept is dropped: it waits with the reason for which
  // it was refused. What cannot even be kept ends the import; its files then stay as they came.
  Status keep_promised() {
    for (Promised& one : std::exchange(promised_, {})) {
      const std::size_t index = units_[one.unit].files.front();
      const FileBytes file = CSL_TRY(FileBytes::open(files_[index].path));
      const DicomFile head = CSL_TRY(read_dicom(file.view(), {.stops_at_pixel_data = true}));
      const Error why = waiting_error(std::move(one.refusal), !is_label_object(head));
      Status committed;
      const PreparedSink sink = [&](Prepared prepared) {
        committed = commit_alone(std::move(prepared));
        return committed.has_value();
      };
      CSL_TRY(keep_waiting(tools_, head, file.view(), waiting_from(index), why, sink));
      CSL_TRY(std::move(committed));
      std::vector<Message> end(1);
      end.front().unit = one.unit;
      end.front().is_end = true;
      end.front().is_waiting = true;
      end.front().refusal = why;
      CSL_TRY(commit(end));
    }
    return {};
  }

  bool is_promised(const ImportUnit& unit) const {
    return unit.kind == FileKind::Dicom && files_[unit.files.front()].was_acknowledged;
  }

  WaitingFrom waiting_from(std::size_t index) const {
    return {.import = options_.id,
            .file_number = number_of(index),
            .names = label_names(),
            .was_acknowledged = files_[index].was_acknowledged};
  }

  LabelMap label_names() const {
    LabelMap names = labels_.names;
    names.merge(preparer_.label_names());
    return names;
  }

  // Of no file of this import.
  Status commit_alone(Prepared prepared) {
    std::vector<Message> batch(1);
    batch.front().unit = units_.size();
    batch.front().prepared = std::move(prepared);
    CSL_TRY(commit(batch));
    auto refusal = std::exchange(states_[units_.size()], {}).refusal;
    return refusal ? Status(std::unexpected(std::move(*refusal))) : Status{};
  }

  // Reports last: they say more of what segmentations bring.
  Result<std::vector<std::size_t>> label_units_in_order() {
    std::vector<std::size_t> order;
    std::vector<std::size_t> reports;
    for (const std::size_t number : label_units_.with([](auto& units) { return units; })) {
      const ImportUnit& unit = units_[number];
      bool is_last = false;
      if (unit.kind == FileKind::Dicom) {
        const FileBytes file = CSL_TRY(FileBytes::open(files_[unit.files.front()].path));
        is_last = holds_report(file.view());
      }
      (is_last ? reports : order).push_back(number);
    }
    order.insert(order.end(), reports.begin(), reports.end());
    return order;
  }

  Result<std::optional<Error>> take_labels_of(LabelIntake& intake, const ImportUnit& unit,
                                              const PreparedSink& sink, bool& is_waiting) {
    const FileBytes file = CSL_TRY(FileBytes::open(files_[unit.files.front()].path));
    if (unit.kind == FileKind::Dicom) {
      return take_object(intake, unit.files.front(), file.view(), sink, is_waiting);
    }
    return intake.take_file(
        CSL_TRY(preparer_.label_file(unit, file, true)),
        [this](std::string_view name) { return preparer_.image_named(name); }, sink);
  }

  Result<std::optional<Error>> take_object(LabelIntake& intake, std::size_t index, ByteView dicom,
                                           const PreparedSink& sink, bool& is_waiting) {
    // What comes over the network comes in any order: then the rest of the images is on its way.
    const bool was_acknowledged = files_[index].was_acknowledged;
    bool has_kept = false;
    const auto missing = was_acknowledged ? MissingImages::Refused : MissingImages::Noted;
    auto left_out = intake.take_object(dicom, missing, [&](Prepared prepared) {
      has_kept = true;
      return sink(std::move(prepared));
    });
    if (left_out) {
      CSL_TRY(end_waiting(tools_, access_, content_name(tools_.store, sha256(dicom))));
      return left_out;
    }
    const auto head = read_dicom(dicom, {.stops_at_pixel_data = true});
    // What was acknowledged waits whatever the reason (keep_promised).
    is_waiting = head && !has_kept && !was_acknowledged && may_wait(left_out.error());
    if (!is_waiting) return left_out;
    const Error why = waiting_error(left_out.error(), false);
    CSL_TRY(keep_waiting(tools_, *head, dicom, waiting_from(index), why, sink));
    return std::unexpected(why);
  }

  Status finish() {
    CSL_TRY(tools_.store.write(actor_of(access_), [&](Transaction& transaction) {
      EventDraft event = progress_event("import.finished");
      event.fields.set("state", std::string("done"));
      return transaction.append(std::move(event));
    }));
    tell_progress();
    return {};
  }

  IntakeTools tools_;
  const Access& access_;
  std::span<const ImportFile> files_;
  const ImportOptions& options_;
  const LabelOptions& labels_;
  UnitPreparer preparer_;
  std::vector<ImportUnit> units_;
  std::atomic<std::size_t> next_unit_ = 0;
  std::atomic<bool> is_failed_ = false;
  BoundedQueue<Message> queue_;
  ImportReport report_;
  std::map<std::size_t, UnitState> states_;
  // Refused, though their senders were told that they are kept.
  struct Promised {
    std::size_t unit = 0;
    Error refusal;
  };
  std::vector<Promised> promised_;
  Guarded<std::set<std::size_t>> label_units_;
  std::int64_t labels_added_ = 0;
  std::set<SeriesId> series_;
  std::set<StudyId> studies_;
  std::int64_t extra_items_ = 0;
};

}  // namespace

Result<LabelledImport> run_labelled_import(const ImportTools& tools, const Access& access,
                                           const ProjectId& project,
                                           std::span<const ImportFile> files,
                                           const ImportOptions& options,
                                           const LabelOptions& labels) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  {
    const auto reader = CSL_TRY(tools.store.read());
    CSL_TRY(storage::find_project(*reader, project));
  }
  return ImportRun(tools, access, project, files, options, labels).run();
}

Result<ImportReport> run_import(const ImportTools& tools, const Access& access,
                                const ProjectId& project, std::span<const ImportFile> files,
                                const ImportOptions& options) {
  return CSL_TRY(run_labelled_import(tools, access, project, files, options, {})).report;
}

}  // namespace consilium::service
