#include "service/intake/unit_preparer.hpp"

#include <algorithm>
#include <filesystem>

#include "base/byte_source.hpp"
#include "base/sha256.hpp"
#include "format/photo/photo.hpp"
#include "service/intake/image_intake.hpp"
#include "service/intake/note_intake.hpp"
#include "service/intake/photo_intake.hpp"
#include "service/intake/signal_intake.hpp"
#include "service/intake/volume_intake.hpp"

namespace consilium::service {
using storage::Transaction;

namespace {

constexpr std::size_t hash_block_bytes = 1U << 20U;

Result<Sha256Digest> digest_of(const std::filesystem::path& path) {
  const auto source = CSL_TRY(open_file_source(path));
  Sha256 hash;
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(hash_block_bytes, source->size())));
  for (std::uint64_t at = 0; at < source->size();) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), source->size() - at));
    CSL_TRY(source->read(at, std::span(block).first(count)));
    hash.update(ByteView(block).first(count));
    at += count;
  }
  return hash.finish();
}

}  // namespace

Result<UnitEnd> UnitPreparer::prepare(const ImportUnit& unit, const PreparedSink& sink) {
  UnitEnd end;
  CSL_TRY(prepare_kind(unit, end, sink));
  return end;
}

Status UnitPreparer::prepare_kind(const ImportUnit& unit, UnitEnd& end, const PreparedSink& sink) {
  if (unit.kind == FileKind::Dicom) return prepare_dicom(unit, end, sink);
  if (is_label_volume_kind(unit.kind)) return prepare_volume_file(unit, end, sink);
  if (unit.kind == FileKind::LabelMap) return take_label_map(unit, sink);
  if (unit.kind == FileKind::CocoJson || unit.kind == FileKind::YoloNames ||
      unit.kind == FileKind::VocXml) {
    end.waits_for_images = true;
    return {};
  }
  if (unit.kind == FileKind::Photo) return prepare_photo_file(unit, sink);
  if (unit.kind == FileKind::Edf || unit.kind == FileKind::WfdbHeader ||
      unit.kind == FileKind::Recording) {
    return prepare_signal(unit, sink);
  }
  if (unit.kind == FileKind::LabelledText) return prepare_labelled_text(unit, end, sink);
  return prepare_text(unit, end, sink);
}

// Whether the content is there; its source then only needs an item in this project.
Result<bool> UnitPreparer::is_known(const std::string& content, const PreparedSink& sink) const {
  const auto reader = CSL_TRY(tools_.store.read());
  const auto owner = CSL_TRY(storage::owner_of_content(*reader, content));
  if (!owner) return false;
  Prepared prepared;
  prepared.commit = [this, owner = *owner, content](Transaction& transaction) {
    return adopt_(transaction, owner, content);
  };
  static_cast<void>(sink(std::move(prepared)));
  return true;
}

// The part of the name that stands for the patient, where the caller says which.
std::string UnitPreparer::patient_of(const ImportUnit& unit) const {
  std::string_view rest = files_[unit.files.front()].name;
  for (std::size_t part = 1; part <= patient_folder_; ++part) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return "";
    if (part == patient_folder_) return std::string(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
  }
  return "";
}

Status UnitPreparer::prepare_dicom(const ImportUnit& unit, UnitEnd& end,
                                   const PreparedSink& sink) const {
  const FileBytes file = CSL_TRY(FileBytes::open(files_[unit.files.front()].path));
  const std::string content = content_name(tools_.store, sha256(file.view()));
  if (CSL_TRY(is_known(content, sink))) return {};
  end.waits_for_images = holds_labels(file.view());
  if (end.waits_for_images) return {};
  return prepare_image(tools_, file.view(), content, sink);
}

Status UnitPreparer::prepare_photo_file(const ImportUnit& unit, const PreparedSink& sink) const {
  const ImportFile& listed = files_[unit.files.front()];
  const FileBytes file = CSL_TRY(FileBytes::open(listed.path));
  const std::string content = content_name(tools_.store, sha256(file.view()));
  if (CSL_TRY(is_known(content, sink))) return {};
  return prepare_photo(tools_,
                       {.bytes = file.view(), .name = listed.name, .patient = patient_of(unit)},
                       content, sink);
}

Status UnitPreparer::take_label_map(const ImportUnit& unit, const PreparedSink& sink) {
  const FileBytes file = CSL_TRY(FileBytes::open(files_[unit.files.front()].path));
  const LabelMap map = CSL_TRY(read_label_map_text(text_of(file.view())));
  names_.with([&](auto& names) { names.insert(map.begin(), map.end()); });
  static_cast<void>(sink({.objects = {}, .commit = [](Transaction&) { return Committed{}; }}));
  return {};
}

Status UnitPreparer::prepare_volume_file(const ImportUnit& unit, UnitEnd& end,
                                         const PreparedSink& sink) const {
  const ImportFile& header = files_[unit.files.front()];
  const FileBytes file = CSL_TRY(FileBytes::open(header.path));
  end.waits_for_images = is_label_volume(CSL_TRY(label_file(unit, file, false)));
  if (end.waits_for_images) return {};
  Sha256 all;
  for (const std::size_t index : unit.files) all.update(CSL_TRY(digest_of(files_[index].path)));
  const std::string content = content_name(tools_.store, all.finish());
  if (CSL_TRY(is_known(content, sink))) return {};
  const auto open = [&](std::string_view name) -> Result<Bytes> {
    for (const std::size_t index : unit.files) {
      if (std::filesystem::path(files_[index].name).filename() != name) continue;
      const FileBytes data = CSL_TRY(FileBytes::open(files_[index].path));
      return Bytes(data.view().begin(), data.view().end());
    }
    return fail(ErrorCode::NotFound, "the header's data file is not among the files", "",
                "give it together with its header");
  };
  return prepare_volume(
      tools_, unit.kind,
      {.bytes = file.view(), .name = header.name, .patient = patient_of(unit), .open = open},
      content, sink);
}

Status UnitPreparer::prepare_signal(const ImportUnit& unit, const PreparedSink& sink) const {
  Sha256 all;
  std::vector<RecordingFile> files;
  for (const std::size_t index : unit.files) {
    all.update(CSL_TRY(digest_of(files_[index].path)));
    files.push_back({.path = files_[index].path,
                     .name = std::filesystem::path(files_[index].name).filename().string()});
  }
  const std::string content = content_name(tools_.store, all.finish());
  if (CSL_TRY(is_known(content, sink))) return {};
  const RecordKind kind = CSL_TRY(record_kind_of(files.front().path, files.front().name));
  CSL_TRY(prepare_recording(tools_, kind, files, content, patient_of(unit), sink));
  return {};
}

// The notes first; their labels' turn comes when all notes are items.
Status UnitPreparer::prepare_labelled_text(const ImportUnit& unit, UnitEnd& end,
                                           const PreparedSink& sink) const {
  const FileBytes file = CSL_TRY(FileBytes::open(files_[unit.files.front()].path));
  const LabelFile labels = CSL_TRY(label_file(unit, file, true));
  const TextsRead read = CSL_TRY(read_labelled_texts(labels));
  const NoteFileResult result =
      CSL_TRY(prepare_labelled_notes(tools_, read.texts, labels.patient, labels.source, sink));
  if (result.note_count == 0 && result.first_refusal) {
    return std::unexpected(*result.first_refusal);
  }
  end.waits_for_images = true;
  return {};
}

Status UnitPreparer::prepare_text(const ImportUnit& unit, UnitEnd& end,
                                  const PreparedSink& sink) const {
  const std::filesystem::path& path = files_[unit.files.front()].path;
  const std::string content = content_name(tools_.store, CSL_TRY(digest_of(path)));
  if (CSL_TRY(is_known(content, sink))) return {};
  const NoteFileResult result =
      CSL_TRY(prepare_notes(tools_, unit.kind, path, content, patient_of(unit), sink));
  end.finished_content = content;
  if (result.first_refusal) {
    end.refusal = *result.first_refusal;
    end.refusal->what += " (" + std::to_string(result.refused_count) + " of " +
                         std::to_string(result.refused_count + result.note_count) +
                         " notes refused, the others kept)";
  }
  return {};
}

// A file with what lies beside it, for the readers of labels; with the names alone when it is
// only to be told whether it holds labels.
Result<LabelFile> UnitPreparer::label_file(const ImportUnit& unit, const FileBytes& file,
                                           bool is_whole) const {
  LabelFile labels{.kind = unit.kind,
                   .name = files_[unit.files.front()].name,
                   .source = {},
                   .bytes = file.view(),
                   .patient = patient_of(unit)};
  if (is_whole) labels.source = content_name(tools_.store, sha256(file.view()));
  for (const std::size_t index : std::span(unit.files).subspan(1)) {
    if (!is_whole && !files_[index].name.ends_with(".json")) continue;
    const FileBytes one = CSL_TRY(FileBytes::open(files_[index].path));
    labels.beside.push_back(
        {.name = files_[index].name, .bytes = Bytes(one.view().begin(), one.view().end())});
  }
  return labels;
}

// By its file's name, where that is a DICOM file or a photograph of this import.
std::optional<std::string> UnitPreparer::image_named(std::string_view name) {
  if (!image_names_) {
    image_names_.emplace();
    for (const ImportFile& file : files_) {
      const std::string base = std::filesystem::path(file.name).filename().string();
      image_names_->emplace(base, &file);
      image_names_->emplace(std::filesystem::path(base).stem().string(), &file);
    }
  }
  const auto at = [&](const std::string& key) -> std::optional<std::string> {
    const auto found = image_names_->find(key);
    if (found == image_names_->end()) return std::nullopt;
    const auto bytes = FileBytes::open(found->second->path);
    if (!bytes) return std::nullopt;
    if (auto uid = instance_uid_of(bytes->view())) return uid;
    // A photograph has no UID of its own: ours is by its content.
    if (!describe_photo(bytes->view())) return std::nullopt;
    return plain_image_uid(tools_.store, content_name(tools_.store, sha256(bytes->view())));
  };
  if (auto uid = at(std::string(name))) return uid;
  return at(std::filesystem::path(name).stem().string());
}

LabelMap UnitPreparer::label_names() const {
  return names_.with([](const auto& names) { return names; });
}

}  // namespace consilium::service
