#include "transport/cli_convert/convert_recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>

#include "base/byte_source.hpp"
#include "format/bids_events/bids_events.hpp"
#include "format/edf/edf_writer.hpp"
#include "format/recording_file/recording_file.hpp"
#include "format/sample_csv/sample_csv.hpp"
#include "format/sampled_data/sampled_data.hpp"
#include "format/sleep_xml/sleep_xml.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_writer.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t annotation_bytes_max = 1ULL << 30U;

struct Form {
  std::string_view name;
  std::string_view ending;
};
constexpr std::array forms{Form{"edf", ".edf"},         Form{"bdf", ".bdf"},
                           Form{"wfdb", ".hea"},        Form{"csv", ".csv"},
                           Form{"bids_events", ".tsv"}, Form{"sampled_data", ".json"}};

std::string_view form_of(const RecordingConversion& conversion) {
  std::string wanted = conversion.to;
  std::ranges::replace(wanted, '-', '_');
  for (const Form& form : forms) {
    if (wanted.empty() ? conversion.out.extension() == form.ending : wanted == form.name) {
      return form.name;
    }
  }
  return {};
}

Result<RecordKind> kind_of(const fs::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  const auto size = std::min<std::uint64_t>(source->size(), record_head_bytes);
  return detect_record(CSL_TRY(read_bytes(*source, 0, size, record_head_bytes)), source->size());
}

// A file that is only there when all of it is.
class PartFile {
 public:
  explicit PartFile(fs::path path)
      : path_(std::move(path)), part_(path_.string() + ".part"), file_(part_, std::ios::binary) {}
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    std::error_code ignored;
    if (!is_done_) fs::remove(part_, ignored);
  }
  [[nodiscard]] ByteSink sink() {
    return [this](ByteView bytes) -> Status {
      file_.write(text_of(bytes).data(), std::ssize(bytes));
      if (file_) return {};
      return not_written();
    };
  }
  Status finish() {
    file_.close();
    std::error_code failed;
    if (file_) fs::rename(part_, path_, failed);
    if (!file_ || failed) return not_written();
    is_done_ = true;
    return {};
  }

 private:
  static Status not_written() {
    return fail(ErrorCode::Unavailable, "the result cannot be written", "the file to write",
                "check that the folder is there, may be written to and has space");
  }
  fs::path path_;
  fs::path part_;
  std::ofstream file_;
  bool is_done_ = false;
};

class Converter {
 public:
  Converter(const RecordingConversion& asked, Recording recording)
      : asked_(asked), recording_(std::move(recording)) {}

  Status write(std::string_view form) {
    if (form == "edf" || form == "bdf") return write_edf_form(form);
    if (form == "wfdb") return write_wfdb_form();
    if (form == "bids_events") return write_events();
    if (form == "csv") {
      return write_file(asked_.out, [&](const ByteSink& sink) {
        return write_sample_csv(*recording_.samples, sink);
      });
    }
    return write_file(asked_.out, [&](const ByteSink& sink) {
      return write_sampled_data(*recording_.samples, "", sink);
    });
  }
  RecordingConversionReport report;

 private:
  Status write_file(const fs::path& path, const std::function<Status(const ByteSink&)>& write) {
    PartFile file(path);
    CSL_TRY(write(file.sink()));
    CSL_TRY(file.finish());
    report.files.push_back(path);
    return {};
  }
  Status write_bytes(const fs::path& path, ByteView bytes) {
    return write_file(path, [&](const ByteSink& sink) { return sink(bytes); });
  }

  Status write_edf_form(std::string_view form) {
    return write_file(asked_.out, [&](const ByteSink& sink) -> Status {
      const EdfWriting writing{.form = form == "bdf" ? EdfForm::Bdf : EdfForm::Edf};
      const EdfWritten written =
          CSL_TRY(write_edf(*recording_.samples, recording_.events, writing, sink));
      if (written.filled_samples > 0) {
        report.notes.push_back(
            fmt::format("{} samples that were not measured, or fill the last data record, have the "
                        "lowest value",
                        written.filled_samples));
      }
      return {};
    });
  }

  Status write_wfdb_form() {
    const fs::path stem = fs::path(asked_.out).replace_extension();
    const WfdbWriting writing{.record_name = stem.filename().string()};
    WfdbHeader header;
    CSL_TRY(write_file(stem.string() + ".dat", [&](const ByteSink& sink) -> Status {
      header = CSL_TRY(write_wfdb(*recording_.samples, writing, sink));
      return {};
    }));
    CSL_TRY(write_bytes(stem.string() + ".hea", bytes_of(write_wfdb_header(header))));
    if (recording_.events.empty()) return {};
    const MitAnnotations annotations =
        CSL_TRY(annotations_of(recording_.events, recording_.samples->header(), header.frame_rate));
    return write_bytes(stem.string() + ".atr", CSL_TRY(write_mit_annotations(annotations)));
  }

  Status write_events() {
    const RecordHeader& header = recording_.samples->header();
    CSL_TRY(write_bytes(asked_.out, bytes_of(write_bids_events(header, recording_.events))));
    return write_bytes(fs::path(asked_.out).replace_extension(".json"),
                       bytes_of(describe_bids_events(recording_.events)));
  }

  const RecordingConversion& asked_;
  Recording recording_;
};

Result<std::vector<SignalEvent>> annotations_beside(const RecordingConversion& asked,
                                                    RecordKind kind, const ByteSource& first,
                                                    const RecordHeader& header) {
  // A file, or the ending of one beside the record.
  fs::path path = asked.annotator;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    path = fs::path(asked.in).replace_extension("." + asked.annotator);
  }
  const auto file = CSL_TRY(open_file_source(path));
  const Bytes bytes = CSL_TRY(read_all(*file, annotation_bytes_max));
  if (looks_like_sleep_xml(ByteView(bytes).first(std::min(bytes.size(), record_head_bytes)))) {
    return CSL_TRY(read_sleep_xml(bytes, header)).events;
  }
  if (path.extension() == ".tsv") return read_bids_events(bytes, header);
  const MitAnnotations read = CSL_TRY(read_mit_annotations(bytes));
  return events_of(read, header, CSL_TRY(annotation_rate(kind, first, header)));
}

}  // namespace

bool is_recording_conversion(const RecordingConversion& conversion) {
  if (form_of(conversion).empty()) return false;
  const auto kind = kind_of(conversion.in);
  if (!kind) return false;
  // These have no mark of their own, and text may look like them: the form wanted decides.
  const bool has_mark = *kind != RecordKind::WfdbHeader && *kind != RecordKind::SampleTable;
  const std::string_view form = form_of(conversion);
  const bool is_for_signals = form == "edf" || form == "bdf" || form == "wfdb";
  return has_mark || is_for_signals || !conversion.to.empty() ||
         conversion.in.extension() == ".hea";
}

Result<RecordingConversionReport> convert_recording(const RecordingConversion& conversion) {
  const std::string_view form = form_of(conversion);
  if (form.empty()) {
    return fail(ErrorCode::InvalidInput, "there is no such form of recordings", "--to",
                "use edf, bdf, wfdb, csv, bids_events or sampled_data");
  }
  const RecordKind kind = CSL_TRY(kind_of(conversion.in));
  const std::shared_ptr<const ByteSource> first = CSL_TRY(open_file_source(conversion.in));
  Recording recording = CSL_TRY(
      open_recording_file(kind, first, conversion.in.filename().string(),
                          [folder = conversion.in.parent_path()](
                              std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
                            return open_file_source(folder / name);
                          }));
  if (!conversion.annotator.empty()) {
    const auto more =
        CSL_TRY(annotations_beside(conversion, kind, *first, recording.samples->header()));
    recording.events.insert(recording.events.end(), more.begin(), more.end());
    std::ranges::stable_sort(recording.events, {}, &SignalEvent::at);
  }
  const RecordHeader& header = recording.samples->header();
  RecordingConversionReport report;
  report.from = std::string(name_of(kind));
  report.to = std::string(form);
  report.channel_count = header.channels.size();
  report.duration_s = seconds_of({header.length_ticks}, header.tick_rate);
  const bool is_samples_alone = form == "csv" || form == "sampled_data";
  if (!is_samples_alone) report.event_count = recording.events.size();
  for (const ReadNote& note : header.notes) {
    report.notes.push_back(note.where.empty() ? note.what
                                              : fmt::format("{} ({})", note.what, note.where));
  }
  Converter converter(conversion, std::move(recording));
  converter.report = std::move(report);
  CSL_TRY(converter.write(form));
  return std::move(converter.report);
}

}  // namespace consilium::cli
