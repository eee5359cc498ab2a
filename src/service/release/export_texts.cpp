// Labels of notes in the field's text formats: a file for each note, or one for each rater where
// the format holds many.
#include <map>
#include <utility>

#include "format/labelled_files/labelled_files.hpp"
#include "service/release/export_case.hpp"
#include "service/release/labelled_note.hpp"

namespace consilium::service {
namespace {

class TextExport {
 public:
  TextExport(ExportWork& work, const LabelledFormat& format) : work_(work), format_(format) {}

  Status add(const ExportCase& one) {
    const storage::NoteRow note =
        CSL_TRY(storage::find_note(work_.reader, CSL_TRY(parse_id<NoteId>(one.item.source_id))));
    const Bytes bytes = CSL_TRY(work_.store.objects().get(note.patient, note.object));
    const CanonicalText text = CSL_TRY(CanonicalText::from_utf8(std::string(text_of(bytes))));
    for (const RaterRef& rater : one.raters()) {
      std::vector<ExportedAnnotation> own = one.of_rater(rater.id);
      const std::string folder = work_.folder_of(own);
      for (ExportedAnnotation& annotation : own) {
        annotation.stored.rater.display_name =
            work_.rater_pseudonym(rater.id) + (annotation.adjudicated ? " (adjudicator)" : "");
      }
      LabelledNote made = labelled_note(one.item, text, own, format_.abilities);
      work_.annotation_count += made.annotation_count;
      if (made.left_out_count > 0) work_.exclude("stands on no text", made.left_out_count);
      if (format_.one_text) {
        std::vector<LabelledText> alone;
        alone.push_back(std::move(made.text));
        CSL_TRY(write(folder + ExportWork::name_of_item(one.item), std::move(alone)));
      } else {
        folders_[folder].push_back(std::move(made.text));
      }
    }
    return {};
  }

  Status finish() {
    for (auto& [folder, texts] : folders_) {
      CSL_TRY(write(folder + "labels", std::move(texts)));
    }
    return {};
  }

 private:
  Status write(const std::string& name, std::vector<LabelledText> texts) {
    const LabelledFile file = CSL_TRY(write_labelled(
        format_, std::move(texts), OverlapPolicy::Split, {.recorded_at = work_.edition}));
    for (const TextLoss& loss : file.losses) {
      work_.exclude(loss.kind + " (the form has no place for them)",
                    static_cast<std::int64_t>(loss.count));
    }
    CSL_TRY(work_.sink(name + std::string(format_.ending), bytes_of(file.bytes)));
    for (const LabelledFile::Beside& one : file.beside) {
      CSL_TRY(work_.sink(name + "." + one.name, bytes_of(one.bytes)));
    }
    return {};
  }

  ExportWork& work_;
  const LabelledFormat& format_;
  std::map<std::string, std::vector<LabelledText>> folders_;
};

}  // namespace

Status export_texts(ExportWork& work, const std::vector<ExportCase>& cases,
                    const LabelledFormat& format) {
  TextExport made(work, format);
  for (const ExportCase& one : cases) {
    if (one.item.kind != "text") {
      work.exclude("not a note", static_cast<std::int64_t>(one.annotations.size()));
      continue;
    }
    CSL_TRY(made.add(one));
  }
  return made.finish();
}

}  // namespace consilium::service
