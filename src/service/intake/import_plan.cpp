#include "service/intake/import_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/byte_source.hpp"
#include "service/intake/label_files.hpp"
#include "service/intake/signal_intake.hpp"
#include "service/intake/volume_intake.hpp"

namespace consilium::service {
namespace {

std::string folder_of(std::string_view name) {
  const std::size_t slash = name.find_last_of('/');
  return slash == std::string_view::npos ? "" : std::string(name.substr(0, slash + 1));
}

std::string stem_of(const std::string& name) {
  const std::size_t slash = name.find_last_of('/');
  const std::size_t dot = name.find_last_of('.');
  const bool has_extension =
      dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return has_extension ? name.substr(0, dot) : name;
}

// A detached header is text; a file larger than this holds its data itself.
constexpr std::uint64_t header_bytes_max = 64U << 10U;

class Planner {
 public:
  explicit Planner(std::span<const ImportFile> files) : files_(files), kinds_(files.size()) {
    for (std::size_t i = 0; i < files.size(); ++i) by_name_.emplace(files[i].name, i);
  }

  std::vector<ImportUnit> plan() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      kinds_[i] = kind_of_file(files_[i].path, files_[i].name);
    }
    gather_recordings();
    gather_volumes();
    gather_names();
    gather_yolo();
    gather_standoff();
    std::vector<ImportUnit> units;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (consumed_.contains(i)) continue;
      units.push_back(unit_of(i));
      // Two headers may name one signal file.
      for (const std::size_t file : units.back().files) {
        if (counted_.insert(file).second) units.back().counted_files.push_back(file);
      }
    }
    return units;
  }

 private:
  bool is_kind(std::size_t file, FileKind kind) const {
    return kinds_[file].has_value() && *kinds_[file] == kind;
  }

  // Files that a header names, and those that its segments name.
  void add_companions(std::size_t header, std::vector<std::size_t>& members) {
    const auto names = companions_of(files_[header].path, files_[header].name);
    if (!names) return;  // the unit is refused with this when it is read
    const std::string folder = folder_of(files_[header].name);
    for (const std::string& name : *names) {
      const auto found = by_name_.find(folder + name);
      if (found == by_name_.end()) continue;
      const std::size_t file = found->second;
      if (std::ranges::find(members, file) != members.end()) continue;
      members.push_back(file);
      consumed_.insert(file);
      if (is_kind(file, FileKind::WfdbHeader)) add_companions(file, members);
    }
  }

  // Annotation files have the record's name and an extension of their annotator's; they are kept
  // with the recording as received.
  void add_annotations(std::size_t header, std::vector<std::size_t>& members) {
    const std::string stem = stem_of(files_[header].name) + ".";
    for (auto at = by_name_.lower_bound(stem); at != by_name_.end() && at->first.starts_with(stem);
         ++at) {
      const std::size_t file = at->second;
      if (!is_kind(file, FileKind::Other) || stem_of(at->first) + "." != stem ||
          consumed_.contains(file)) {
        continue;
      }
      members.push_back(file);
      consumed_.insert(file);
    }
  }

  void gather_recordings() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!is_kind(i, FileKind::WfdbHeader) && !is_kind(i, FileKind::Recording)) continue;
      std::vector<std::size_t>& members = recordings_[i];
      members.push_back(i);
      add_companions(i, members);
    }
    for (auto& [header, members] : recordings_) {
      if (!consumed_.contains(header)) add_annotations(header, members);
    }
  }

  // Data that a volume's header names lie beside it.
  void gather_volumes() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!is_kind(i, FileKind::Nrrd) && !is_kind(i, FileKind::MetaImage)) continue;
      const auto source = open_file_source(files_[i].path);
      if (!source || (*source)->size() > header_bytes_max) continue;
      const auto header = read_all(**source, header_bytes_max);
      if (!header) continue;
      for (const std::string& name : data_files_of(*kinds_[i], *header)) {
        const auto found = by_name_.find(folder_of(files_[i].name) + name);
        if (found == by_name_.end() || found->second == i) continue;
        volumes_[i].push_back(found->second);
        consumed_.insert(found->second);
      }
    }
  }

  // The names of a label volume's values lie beside it: PATIENT.nii.gz, PATIENT.json.
  void gather_names() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!is_kind(i, FileKind::Nifti) && !is_kind(i, FileKind::MetaImage) &&
          !is_kind(i, FileKind::Nrrd)) {
        continue;
      }
      std::string stem = files_[i].name;
      if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
      const auto found = by_name_.find(stem_of(stem) + ".json");
      if (found == by_name_.end() || consumed_.contains(found->second)) continue;
      const auto source = open_file_source(files_[found->second].path);
      if (!source || (*source)->size() > header_bytes_max) continue;
      const auto text = read_all(**source, header_bytes_max);
      if (!text || !names_labels(*text)) continue;
      volumes_[i].push_back(found->second);
      consumed_.insert(found->second);
    }
  }

  // data.yaml says the names of the classes; labels/ beside it has a text for each image.
  void gather_yolo() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!is_kind(i, FileKind::YoloNames)) continue;
      const std::string folder = folder_of(files_[i].name);
      const auto take = [&](const std::string& beginning) {
        for (auto at = by_name_.lower_bound(beginning);
             at != by_name_.end() && at->first.starts_with(beginning); ++at) {
          if (!at->first.ends_with(".txt") || !consumed_.insert(at->second).second) continue;
          volumes_[i].push_back(at->second);
        }
      };
      take(folder + "labels/");
      take(folder + "images.txt");
    }
  }

  // brat: note.ann and the note's text beside it. A .ann without a line is a note without labels.
  void gather_standoff() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!files_[i].name.ends_with(".ann") && !is_kind(i, FileKind::LabelledText)) continue;
      const auto text = by_name_.find(stem_of(files_[i].name) + ".txt");
      if (text == by_name_.end() || text->second == i || consumed_.contains(text->second)) continue;
      if (!files_[i].name.ends_with(".ann") && !files_[i].name.ends_with(".a1")) continue;
      kinds_[i] = FileKind::LabelledText;
      volumes_[i].push_back(text->second);
      consumed_.insert(text->second);
    }
  }

  ImportUnit unit_of(std::size_t file) {
    ImportUnit unit;
    unit.files = {file};
    if (!kinds_[file]) {
      unit.refusal = kinds_[file].error();
      return unit;
    }
    unit.kind = *kinds_[file];
    if (unit.kind == FileKind::WfdbHeader || unit.kind == FileKind::Recording) {
      unit.files = recordings_[file];
    }
    if (const auto found = volumes_.find(file); found != volumes_.end()) {
      unit.files.insert(unit.files.end(), found->second.begin(), found->second.end());
    }
    if (unit.kind == FileKind::Other) {
      unit.refusal = Error{ErrorCode::Unsupported, "the file is of no kind that is read", "",
                           "a signal file is imported together with its .hea header; other files "
                           "can be left out"};
    }
    return unit;
  }

  std::span<const ImportFile> files_;
  std::vector<Result<FileKind>> kinds_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::size_t, std::vector<std::size_t>> recordings_;  // header -> all its files
  // Detached header -> its data; label volume -> its names; YOLO's names -> its labels; labels of a
  // note -> its text.
  std::map<std::size_t, std::vector<std::size_t>> volumes_;
  std::set<std::size_t> consumed_;
  std::set<std::size_t> counted_;
};

}  // namespace

std::vector<ImportUnit> plan_import(std::span<const ImportFile> files) {
  return Planner(files).plan();
}

}  // namespace consilium::service
