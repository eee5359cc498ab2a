#include "transport/cli_inspect/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/byte_source.hpp"
#include "format/signal_kind/signal_kind.hpp"
#include "service/intake/file_bytes.hpp"
#include "transport/cli_inspect/kinds.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

using service::FileKind;

// By its magic at byte 344 (NIfTI-2: 4), or, when packed, by its name: nothing else tells a packed
// one.
bool is_nifti(const std::filesystem::path& file, ByteView bytes) {
  constexpr std::size_t magic_offset = 344;
  if (file.filename().string().ends_with(".nii.gz")) return true;
  const std::string_view text = text_of(bytes);
  if (text.size() <= magic_offset + 4) return false;
  return text.substr(magic_offset, 3) == "n+1" || text.substr(4, 3) == "n+2";
}

// A recording of another maker's format is named by its content; else what a signal file needs.
Error why_unknown(ByteView bytes) {
  const auto head = bytes.first(std::min(bytes.size(), record_head_bytes));
  if (const auto kind = detect_record(head, bytes.size()); !kind) return kind.error();
  return {ErrorCode::Unsupported, "the file is of no kind that is read", "",
          "of a WFDB record give the .hea file; it names the others"};
}

std::string scalar_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_double()) return fmt::format("{:.6g}", value.get_double());
  if (value.is_null()) return "not known";
  return json::serialize(value);
}

// "index 0, name MLII, unit mV"
std::string row_text(const json::object& row) {
  std::string text;
  for (const auto& [key, value] : row) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", std::string_view(key), scalar_text(value));
  }
  return text;
}

bool is_all_scalars(const json::array& list) {
  return std::ranges::none_of(
      list, [](const json::value& value) { return value.is_object() || value.is_string(); });
}

std::string list_text(std::string_view name, const json::array& list) {
  if (list.empty()) return "";
  std::string text = fmt::format("  {}:", name);
  if (is_all_scalars(list)) {
    for (const json::value& value : list) text += " " + scalar_text(value);
    return text + "\n";
  }
  text += "\n";
  for (const json::value& value : list) {
    text += fmt::format("    {}\n",
                        value.is_object() ? row_text(value.get_object()) : scalar_text(value));
  }
  return text;
}

}  // namespace

namespace {

Result<json::object> inspect_kind(const std::filesystem::path& file, PatientValues values) {
  const auto bytes = CSL_TRY(service::FileBytes::open(file));
  if (is_nifti(file, bytes.view())) return inspect_nifti(bytes.view(), values);
  switch (CSL_TRY(service::kind_of_file(file, file.filename().string()))) {
    case FileKind::Dicom:
      return inspect_dicom(bytes.view(), values);
    case FileKind::Nifti:
      return inspect_nifti(bytes.view(), values);
    case FileKind::Nrrd:
      return inspect_nrrd(file, bytes.view());
    case FileKind::MetaImage:
      return inspect_metaimage(file, bytes.view());
    case FileKind::WfdbHeader:
      return inspect_wfdb(file, values);
    case FileKind::Edf:
      return inspect_edf(file, values);
    case FileKind::Recording:
      return inspect_other_recording(file, values);
    case FileKind::PlainNote:
      return inspect_note(FileKind::PlainNote, bytes.view(), values);
    case FileKind::NoteCsv:
      return inspect_note(FileKind::NoteCsv, bytes.view(), values);
    case FileKind::NoteJsonl:
      return inspect_note(FileKind::NoteJsonl, bytes.view(), values);
    case FileKind::FhirJson:
      return inspect_note(FileKind::FhirJson, bytes.view(), values);
    case FileKind::Photo:
      return inspect_photo(bytes.view());
    case FileKind::LabelledText:
      return fail(ErrorCode::Unsupported, "notes with labels are not described", "",
                  "import the file, or turn it into another form with consilium convert");
    case FileKind::CocoJson:
    case FileKind::YoloNames:
    case FileKind::VocXml:
    case FileKind::LabelMap:
      return fail(ErrorCode::Unsupported, "labels of images are not described", "",
                  "import the file together with its images");
    case FileKind::Other:
      break;
  }
  return std::unexpected(why_unknown(bytes.view()));
}

}  // namespace

Result<json::object> inspect_file(const std::filesystem::path& file, PatientValues values) {
  auto found = inspect_kind(file, values);
  if (!found) return std::unexpected(service::with_remedy(std::move(found.error())));
  return found;
}

std::string inspection_text(const json::object& inspection) {
  std::string text;
  for (const auto& [key, value] : inspection) {
    const std::string_view name(key);
    if (value.is_array()) {
      text += list_text(name, value.get_array());
    } else if (value.is_object()) {
      text += fmt::format("  {}: {}\n", name, row_text(value.get_object()));
    } else {
      text += fmt::format("  {}: {}\n", name, scalar_text(value));
    }
  }
  return text;
}

}  // namespace consilium::cli
