#include "service/intake/signal_intake.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <map>

#include "analysis/pyramid/pyramid.hpp"
#include "base/byte_source.hpp"
#include "base/utf8.hpp"
#include "format/recording_file/recording_file.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::ObjectRef;
using storage::PatientText;
using storage::Transaction;

namespace {

constexpr std::size_t copy_block_bytes = 1U << 20U;
constexpr double preview_s = 3.0;
constexpr int preview_point_count = 150;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::string lower_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// "Patient ID: X" and the like among a WFDB header's comments.
std::string patient_in_comments(const std::vector<std::string>& comments) {
  constexpr std::array<std::string_view, 5> keys{"patient id", "patient_id", "patient",
                                                 "subject id", "subject"};
  for (const std::string& comment : comments) {
    const std::size_t colon = comment.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = lower_ascii(trimmed(std::string_view(comment).substr(0, colon)));
    if (std::ranges::find(keys, key) != keys.end()) {
      return trimmed(std::string_view(comment).substr(colon + 1));
    }
  }
  return "";
}

// EDF+ 2.1.3.3: code, sex, birth date and name, blanks within written as underscores, X for none.
std::string patient_in_edf(std::string_view field) {
  const std::string text = trimmed(field);
  const std::string code = text.substr(0, text.find(' '));
  return code == "X" ? "" : code;
}

// An EDF field and a comment of WFDB hold the id alone for sure; other formats have fields for
// each.
storage::Identity identity_of(const RecordIdentity& identity, const std::string& patient_if_none) {
  storage::Identity who;
  std::string id = identity.patient_id;
  if (id.empty()) id = patient_in_edf(identity.patient);
  if (id.empty()) id = patient_in_comments(identity.comments);
  if (id.empty()) id = patient_if_none;
  who.issuer = Protected<std::string>(identity.issuer);
  who.patient_id = Protected<std::string>(id);
  who.name = Protected<std::string>(identity.patient_name);
  who.birth_date = Protected<std::string>(identity.birth_date);
  who.sex = Protected<std::string>(identity.sex);
  return who;
}

// What a person or their number is called, in parts long enough to be meant.
std::vector<std::string> words_of(const RecordIdentity& identity) {
  constexpr std::size_t shortest = 3;
  std::vector<std::string> words;
  std::string word;
  const auto take = [&](std::string_view text) {
    for (const char c : std::string(text) + " ") {
      const bool parts = c == ' ' || c == '^' || c == '_' || c == ',' || c == '=' || c == '.';
      if (!parts) {
        word += c;
        continue;
      }
      if (word.size() >= shortest) words.push_back(lower_ascii(word));
      word.clear();
    }
  };
  take(identity.patient_name);
  take(identity.patient_id);
  return words;
}

// Names of channels are shown and exported: one that quotes the patient is replaced by its number.
void hide_quotes(RecordHeader& header, const RecordIdentity& identity) {
  const std::vector<std::string> words = words_of(identity);
  for (std::size_t i = 0; i < header.channels.size(); ++i) {
    const std::string name = lower_ascii(header.channels[i].name);
    const bool quotes = std::ranges::any_of(
        words, [&](const std::string& word) { return name.find(word) != std::string::npos; });
    if (quotes) header.channels[i].name = "channel " + std::to_string(i + 1);
  }
}

std::string date_of(const RecordIdentity& identity) {
  if (!identity.base_time || identity.base_time->year == 0) return "";
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", identity.base_time->year,
                identity.base_time->month, identity.base_time->day);
  return text.data();
}

json::object header_json(const RecordHeader& header) {
  json::array channels;
  for (std::size_t i = 0; i < header.channels.size(); ++i) {
    const Channel& channel = header.channels[i];
    channels.push_back(json::object{
        {"index", i},
        {"name", channel.name},
        {"unit", channel.unit},
        {"rate_hz", channel.rate.hz()},
        {"ticks_per_sample", channel.ticks_per_sample},
        {"sample_count", channel.sample_count},
        {"gain", channel.adu_per_unit},
        {"baseline", channel.baseline_adu},
        {"calibration", channel.calibration == Calibration::Stated ? "stated" : "assumed"},
        {"filter", channel.filter}});
  }
  json::array gaps;
  for (const TickSpan& gap : header.gaps) {
    gaps.push_back(json::array{gap.first.value, gap.last.value});
  }
  json::array notes;
  for (const ReadNote& note : header.notes) notes.emplace_back(note.what);
  json::array levels;
  std::int64_t longest = 0;
  for (const Channel& channel : header.channels) longest = std::max(longest, channel.sample_count);
  for (std::int64_t bin = pyramid_finest_bin; bin < longest; bin *= pyramid_branching) {
    levels.emplace_back(bin);
  }
  return json::object{{"tick_rate", json::object{{"num", header.tick_rate.numerator()},
                                                 {"den", header.tick_rate.denominator()}}},
                      {"length_ticks", header.length_ticks},
                      {"duration_s", seconds_of({header.length_ticks}, header.tick_rate)},
                      {"channels", std::move(channels)},
                      {"gaps", std::move(gaps)},
                      {"pyramid_levels", std::move(levels)},
                      {"notes", std::move(notes)}};
}

std::string title_of(const RecordHeader& header) {
  const double seconds = seconds_of({header.length_ticks}, header.tick_rate);
  std::array<char, 80> text{};
  const char* plural = header.channels.size() == 1 ? "" : "s";
  if (seconds >= 5400) {
    std::snprintf(text.data(), text.size(), "%zu channel%s, %.1f h", header.channels.size(), plural,
                  seconds / 3600);
  } else if (seconds >= 90) {
    std::snprintf(text.data(), text.size(), "%zu channel%s, %.0f min", header.channels.size(),
                  plural, seconds / 60);
  } else {
    std::snprintf(text.data(), text.size(), "%zu channel%s, %.0f s", header.channels.size(), plural,
                  seconds);
  }
  return text.data();
}

// By its leads: an ECG where one is named as such, else just a signal.
std::string modality_of(const RecordHeader& header) {
  constexpr std::array<std::string_view, 16> leads{"I",   "II",   "III",   "aVR", "aVL", "aVF",
                                                   "V1",  "V2",   "V3",    "V4",  "V5",  "V6",
                                                   "MLI", "MLII", "MLIII", "ECG"};
  for (const Channel& channel : header.channels) {
    const std::string name = lower_ascii(channel.name);
    if (name.find("eeg") != std::string::npos) return "EEG";
    for (const std::string_view lead : leads) {
      if (name == lower_ascii(std::string(lead)) || name.starts_with("ecg")) return "ECG";
    }
  }
  return "SIG";
}

// The first seconds of lead II (else of the first channel), as points for a small picture.
Result<std::string> preview_of(const SampleSource& source) {
  const RecordHeader& header = source.header();
  std::size_t index = 0;
  for (std::size_t i = 0; i < header.channels.size(); ++i) {
    if (header.channels[i].name == "II" || header.channels[i].name == "MLII") index = i;
  }
  if (header.channels.empty()) return std::string("[]");
  const Channel& channel = header.channels[index];
  const auto wanted = static_cast<std::int64_t>(std::ceil(preview_s * channel.rate.hz()));
  std::vector<std::int32_t> samples(
      static_cast<std::size_t>(std::clamp<std::int64_t>(wanted, 0, channel.sample_count)));
  if (!samples.empty()) CSL_TRY(source.read(index, {0}, samples));
  json::array points;
  const std::size_t step = std::max<std::size_t>(1, samples.size() / preview_point_count);
  for (std::size_t i = 0; i < samples.size(); i += step) {
    const double value = physical_value(channel, samples[i]);
    if (std::isfinite(value)) points.emplace_back(std::round(value * 1000) / 1000);
  }
  return json::serialize(points);
}

Result<ObjectRef> seal_file(storage::Store& store, const PatientId& patient,
                            const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  const auto writer = CSL_TRY(store.objects().begin(patient));
  Bytes block(copy_block_bytes);
  for (std::uint64_t at = 0; at < source->size();) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), source->size() - at));
    const std::span<std::byte> part = std::span(block).first(count);
    CSL_TRY(source->read(at, part));
    CSL_TRY(writer->write(part));
    at += count;
  }
  return CSL_TRY(writer->finish()).object;
}

using OpenFiles = std::map<std::string, std::shared_ptr<const ByteSource>>;

Result<std::unique_ptr<SampleSource>> open_samples(RecordKind kind,
                                                   std::span<const RecordingFile> files) {
  OpenFiles open;
  for (const RecordingFile& file : files) {
    open[file.name] = CSL_TRY(open_file_source(file.path));
  }
  const std::string& first = files.front().name;
  const auto beside = [open](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    const auto found = open.find(std::string(name));
    if (found == open.end()) {
      return fail(ErrorCode::NotFound, "a signal file that the header names is missing", "",
                  "import the header and its signal files together");
    }
    return found->second;
  };
  return std::move(CSL_TRY(open_recording_file(kind, open[first], first, beside)).samples);
}

struct RecordingFacts {
  RecordingId id;
  ItemId new_item;
  ProjectId project;
  storage::VaultEntry patient;
  std::int64_t shift_if_new = 0;
  std::string date;
  std::string content;
  RecordKind kind = RecordKind::WfdbHeader;
  std::string header;
  std::string file_names;
  std::vector<ObjectRef> files;
  ObjectRef pyramid;
  std::string title;
  std::string modality;
  std::string preview;
};

Result<Committed> commit_recording(Transaction& transaction, const RecordingFacts& facts) {
  Committed committed;
  if (CSL_TRY(storage::owner_of_content(transaction, facts.content))) {
    committed.is_duplicate = true;
    return committed;
  }
  const std::int64_t shift =
      CSL_TRY(ensure_patient(transaction, facts.patient, facts.shift_if_new));
  const std::string date = shifted_date(facts.date, shift);
  json::array files;
  for (const ObjectRef& object : facts.files) {
    files.push_back(json::object{{"object", object.name}, {"size", object.size_bytes}});
  }
  EventDraft event{.type = "recording.added",
                   .project = std::nullopt,
                   .item = std::nullopt,
                   .patient = facts.patient.patient,
                   .fields = {}};
  event.fields.set("recording_id", facts.id)
      .set("content", facts.content)
      .set("format", std::string(stored_name(facts.kind)))
      .set("date", date)
      .set("header", storage::JsonText{facts.header})
      .set("file_names", PatientText{facts.file_names})
      .set("files", storage::JsonText{json::serialize(files)})
      .set("pyramid_object", facts.pyramid.name)
      .set("pyramid_object_size", static_cast<std::int64_t>(facts.pyramid.size_bytes));
  CSL_TRY(transaction.append(std::move(event)));
  committed.added_item = CSL_TRY(ensure_item(transaction, facts.project,
                                             {.id = facts.new_item,
                                              .patient = facts.patient.patient,
                                              .kind = "signal",
                                              .source_id = to_string(facts.id),
                                              .title = facts.title,
                                              .modality = facts.modality,
                                              .date = date,
                                              .preview = facts.preview}));
  return committed;
}

// What was written is taken back when a later step fails.
Status write_objects(const IntakeTools& tools, const SampleSource& source,
                     std::span<const RecordingFile> files, RecordingFacts& facts) {
  for (const RecordingFile& file : files) {
    facts.files.push_back(CSL_TRY(seal_file(tools.store, facts.patient.patient, file.path)));
  }
  const auto writer = CSL_TRY(tools.store.objects().begin(facts.patient.patient));
  CSL_TRY(build_pyramid(source, [&](ByteView bytes) { return writer->write(bytes); }));
  facts.pyramid = CSL_TRY(writer->finish()).object;
  return {};
}

}  // namespace

Result<std::vector<std::string>> companions_of(const std::filesystem::path& header,
                                               std::string_view name) {
  const RecordKind kind = CSL_TRY(record_kind_of(header, name));
  const std::string_view base = name.substr(name.find_last_of('/') + 1);
  return files_beside(kind, *CSL_TRY(open_file_source(header)), base);
}

Result<RecordKind> record_kind_of(const std::filesystem::path& path, std::string_view name) {
  const auto source = CSL_TRY(open_file_source(path));
  const auto size = std::min<std::uint64_t>(source->size(), record_head_bytes);
  const Bytes head = CSL_TRY(read_bytes(*source, 0, size, record_head_bytes));
  const std::string ending = lower_ascii(std::string(name.substr(name.find_last_of('.') + 1)));
  if (ending == "hea") return RecordKind::WfdbHeader;
  const auto kind = detect_record(head, source->size());
  if (!kind && (ending == "edf" || ending == "bdf")) return RecordKind::Edf;
  return kind;
}

Status prepare_recording(const IntakeTools& tools, RecordKind kind,
                         std::span<const RecordingFile> files, const std::string& content,
                         const std::string& patient_if_none, const PreparedSink& sink) {
  const std::unique_ptr<SampleSource> source = CSL_TRY(open_samples(kind, files));
  RecordHeader header = source->header();
  if (header.channels.empty() || header.length_ticks == 0) {
    return fail(ErrorCode::Unsupported, "the recording has no signal to label", "",
                "import it together with its signals");
  }
  const RecordIdentity identity = header.identity.reveal(AuditedAccess::event_recorded());
  hide_quotes(header, identity);
  RecordingFacts facts;
  facts.kind = kind;
  facts.content = content;
  facts.project = tools.project;
  facts.header = json::serialize(header_json(header));
  facts.title = title_of(header);
  facts.modality = modality_of(header);
  facts.date = date_of(identity);
  facts.preview = CSL_TRY(preview_of(*source));
  json::array names;
  for (const RecordingFile& file : files) names.emplace_back(file.name);
  facts.file_names = json::serialize(names);
  facts.id = make_id<RecordingId>(tools.clock, tools.random);
  facts.new_item = make_id<ItemId>(tools.clock, tools.random);
  facts.shift_if_new = draw_date_shift(tools.random);
  facts.patient =
      CSL_TRY(tools.store.vault().find_or_add(identity_of(identity, patient_if_none))).entry;

  if (const Status written = write_objects(tools, *source, files, facts); !written) {
    for (const ObjectRef& object : facts.files) {
      static_cast<void>(tools.store.objects().discard(object));
    }
    return written;
  }
  Prepared prepared;
  prepared.objects = facts.files;
  prepared.objects.push_back(facts.pyramid);
  prepared.commit = [facts = std::move(facts)](Transaction& transaction) {
    return commit_recording(transaction, facts);
  };
  static_cast<void>(sink(std::move(prepared)));
  return {};
}

}  // namespace consilium::service
