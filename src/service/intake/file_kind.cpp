#include "service/intake/file_kind.hpp"

#include <algorithm>
#include <array>

#include "base/byte_source.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/labelled_files/labelled_files.hpp"
#include "format/nrrd/nrrd.hpp"
#include "format/photo/photo.hpp"
#include "format/signal_kind/signal_kind.hpp"

namespace consilium::service {
namespace {

constexpr std::uint64_t looked_at_bytes = 4096;
// Of JSON the keys that tell its kind may stand behind a long text.
constexpr std::uint64_t looked_at_text_bytes = std::uint64_t{1} << 20U;

std::string extension_of(std::string_view name) {
  const std::size_t slash = name.find_last_of('/');
  const std::string_view base = slash == std::string_view::npos ? name : name.substr(slash + 1);
  const std::size_t dot = base.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0) return "";
  // A packed volume is a volume first.
  std::string extension(base.ends_with(".nii.gz") ? std::string_view("nii") : base.substr(dot + 1));
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

struct Later {
  std::string_view extension;
  std::string_view what;
};

// Kinds that we know, and do not read in this version.
constexpr std::array later_kinds{
    Later{"scp", "the file is called SCP-ECG and is none"},
    Later{"xml", "this kind of XML is not read"},
    Later{"vhdr", "the file is called a BrainVision header and is none"},
    Later{"vmrk", "a marker file is imported together with the .vhdr header that names it"},
    Later{"svs", "whole slides come with a later version"},
    Later{"ndpi", "whole slides come with a later version"},
    Later{"pdf", "PDF documents are not read"},
    Later{"zip", "archives are not opened"},
    Later{"gz", "compressed files are not opened"},
    Later{"tar", "archives are not opened"},
};

bool begins(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

bool is_edf(std::string_view head) {
  if (begins(head,
             "\xFF"
             "BIOSEMI"))
    return true;
  // Version "0" in eight bytes, and further fields of printable characters.
  if (head.size() < 256 || !begins(head, "0       ")) return false;
  return std::ranges::all_of(head.substr(168, 16), [](char c) { return c >= ' ' && c <= '~'; });
}

// As far as its beginning shows: its parts stand in any order, and a FHIR resource has none of
// them.
bool is_coco(std::string_view head) {
  const auto has = [&](std::string_view key) { return head.find(key) != head.npos; };
  return !has("\"resourceType\"") &&
         (has("\"images\"") || has("\"categories\"") || has("\"category_id\""));
}

// Text whose content may be notes with labels, or notes in a clinical document or message.
bool may_be_labelled(std::string_view extension) {
  constexpr std::array<std::string_view, 18> extensions{
      "ann",   "a1",  "tsv",  "txt", "json",     "jsonl", "ndjson", "xml",  "xmi",
      "conll", "iob", "iob2", "bio", "pubtator", "hl7",   "cda",    "ccda", "tagged"};
  return std::ranges::find(extensions, extension) != extensions.end();
}

// A plain note is one though a line of it look like a table's.
bool is_labelled(std::string_view extension, std::string_view name, std::string_view head) {
  if (extension == "ann" || extension == "a1") return true;
  const LabelledFormat* format = sniff_labels(name, head);
  if (format == nullptr) return false;
  if (extension != "txt") return true;
  // PubTator: "123|t|title" and on the next line "123|a|".
  const std::size_t bar = head.find("|t|");
  const std::size_t line_end = head.find('\n');
  const bool is_pubtator =
      bar < line_end && line_end != std::string_view::npos &&
      begins(head.substr(line_end + 1), std::string(head.substr(0, bar)) + "|a|");
  return (format->name == "pubtator" && is_pubtator) ||
         (format->name == "hl7v2" && begins(head, "MSH|"));
}

// Recordings that a mark at their begin tells, other than EDF: a WFDB header has none, and a table
// of numbers may be many things.
bool is_marked_recording(ByteView head, std::uint64_t size) {
  const auto kind = detect_record(head, size);
  return kind && *kind != RecordKind::WfdbHeader && *kind != RecordKind::SampleTable &&
         *kind != RecordKind::Edf && *kind != RecordKind::Bdf;
}

std::string_view usual_remedy(ErrorCode code) {
  switch (code) {
    case ErrorCode::Corrupt:
      return "compare its size with the original's and copy it again, or export it anew";
    case ErrorCode::InvalidInput:
      return "export it anew with the program that made it";
    case ErrorCode::Unsupported:
      return "leave it out, or convert it to a kind that is read";
    case ErrorCode::TooLarge:
      return "split it into smaller files";
    case ErrorCode::NotFound:
      return "give it together with the files that it names";
    default:
      return "";
  }
}

}  // namespace

Error with_remedy(Error error) {
  if (error.remedy.empty()) error.remedy = usual_remedy(error.code);
  return error;
}

Result<FileKind> kind_of_file(const std::filesystem::path& path, std::string_view name) {
  const auto source = CSL_TRY(open_file_source(path));
  if (source->size() == 0) {
    return fail(ErrorCode::Corrupt, "the file is empty", "", "copy it again");
  }
  Bytes bytes(static_cast<std::size_t>(std::min(source->size(), looked_at_bytes)));
  CSL_TRY(source->read(0, bytes));
  const std::string_view head = text_of(bytes);
  const std::string extension = extension_of(name);
  if (is_marked_recording(bytes, source->size())) return FileKind::Recording;
  if (head.size() >= 132 && head.substr(128, 4) == "DICM") return FileKind::Dicom;
  if (is_edf(head) || extension == "edf" || extension == "bdf") return FileKind::Edf;
  if (looks_like_nrrd(bytes)) return FileKind::Nrrd;
  if (extension == "nii") return FileKind::Nifti;
  if (extension == "mha" || extension == "mhd") return FileKind::MetaImage;
  if (extension == "dcm") return FileKind::Dicom;  // without a mark its reader says what is wrong
  if (extension == "hea") return FileKind::WfdbHeader;
  if (begins(head, "ANN  1.0")) return FileKind::Other;  // of an ISHNE recording
  if (may_be_labelled(extension)) {
    Bytes more(static_cast<std::size_t>(std::min(source->size(), looked_at_text_bytes)));
    CSL_TRY(source->read(0, more));
    if (is_labelled(extension, name, text_of(more))) return FileKind::LabelledText;
  }
  if (extension == "csv" || extension == "tsv") return FileKind::NoteCsv;
  if (extension == "jsonl" || extension == "ndjson") return FileKind::NoteJsonl;
  if (extension == "json") return is_coco(head) ? FileKind::CocoJson : FileKind::FhirJson;
  if ((extension == "yaml" || extension == "yml") && head.find("names:") != head.npos) {
    return FileKind::YoloNames;
  }
  if (extension == "xml" && head.find("<annotation>") != head.npos) return FileKind::VocXml;
  if (name.substr(name.find_last_of('/') + 1) == "label-map.txt") return FileKind::LabelMap;
  if (extension == "txt" || extension == "text") return FileKind::PlainNote;
  for (const Later& later : later_kinds) {
    if (extension == later.extension) {
      return fail(ErrorCode::Unsupported, std::string(later.what), "",
                  "leave it out, or convert it to a kind that is read");
    }
  }
  // After the kinds of later versions: a whole slide begins like a TIFF.
  if (looks_like_photo(bytes)) return FileKind::Photo;
  // What is called a picture and is none: its reader says what is wrong.
  for (const std::string_view picture : {"jpg", "jpeg", "png", "tif", "tiff"}) {
    if (extension == picture) return FileKind::Photo;
  }
  return looks_like_dicom(bytes) ? FileKind::Dicom : FileKind::Other;
}

}  // namespace consilium::service
