#include "service/dicom_metadata/metadata_form.hpp"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "service/access/pseudonym.hpp"

namespace consilium::service {
namespace {

constexpr char form_version = 1;
constexpr int zstd_level = 3;
constexpr std::size_t lengths_bytes = 8;
constexpr std::uint64_t plain_bytes_max = 256U << 20U;
constexpr char address_mark = '\x01';
constexpr DicomTag available_transfer_syntax_uid = dicom_tag(0x00083002);

// The attributes of [from, to), without braces.
std::string piece_of(const DicomDataset& dataset, DicomTag from, DicomTag to,
                     const DicomJsonOptions& options) {
  DicomDataset part(dataset.byte_order(), dataset.charset());
  for (const DicomElement& element : dataset.elements()) {
    if (element.tag >= from && element.tag < to) part.put(element);
  }
  std::string out;
  append_dicom_json(out, part, options);
  return out.substr(1, out.size() - 2);
}

std::string packed(const DicomDataset& dataset, std::optional<Vr> pixel_data_vr) {
  std::string prefix{address_mark};
  prefix += "/instances/";
  prefix += dataset.ascii(tags::sop_instance_uid);
  prefix += "/bulkdata/";
  const DicomJsonOptions plain{.bulk_prefix = prefix, .pixel_data_vr = std::nullopt};
  const DicomJsonOptions last{.bulk_prefix = prefix, .pixel_data_vr = pixel_data_vr};
  constexpr DicomTag end{.group = 0xFFFF, .element = 0xFFFF};
  const std::string head = piece_of(dataset, {}, tags::study_description, plain);
  const std::string middle =
      piece_of(dataset, tags::study_description, tags::series_description, plain);
  const std::array<std::uint32_t, 2> lengths{static_cast<std::uint32_t>(head.size()),
                                             static_cast<std::uint32_t>(middle.size())};
  std::string text(lengths_bytes, '\0');
  std::memcpy(text.data(), lengths.data(), lengths_bytes);
  text += head;
  text += middle;
  text += piece_of(dataset, tags::series_description, end, last);

  std::string form(1 + ZSTD_compressBound(text.size()), form_version);
  const std::size_t size =
      ZSTD_compress(form.data() + 1, form.size() - 1, text.data(), text.size(), zstd_level);
  form.resize(ZSTD_isError(size) != 0U ? 0 : size + 1);
  return form;
}

Error bad_form() {
  return {ErrorCode::Corrupt, "an image's kept metadata do not read", "", "run consilium verify"};
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A series has hundreds of forms of a few kilobytes: zstd's tables cost more than each of them.
ZSTD_DCtx* context_of_thread() {
  static thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

Result<std::string> unpacked(std::string_view form) {
  if (!is_current_metadata_form(form)) return std::unexpected(bad_form());
  form.remove_prefix(1);
  const unsigned long long size = ZSTD_getFrameContentSize(form.data(), form.size());
  if (size < lengths_bytes || size > plain_bytes_max) return std::unexpected(bad_form());
  std::string text(size, '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(context_of_thread(), text.data(), text.size(), form.data(), form.size());
  if (ZSTD_isError(got) != 0U || got != size) return std::unexpected(bad_form());
  return text;
}

void append_description(std::string& out, std::string_view key, const std::string& text) {
  if (text.empty()) return;
  if (out.back() != '{') out += ',';
  out += key;
  append_json_string(out, text);
  out += "]}";
}

void append_piece(std::string& out, std::string_view piece, std::string_view address) {
  if (piece.empty()) return;
  if (out.back() != '{') out += ',';
  while (true) {
    const std::size_t mark = piece.find(address_mark);
    out += piece.substr(0, mark);
    if (mark == std::string_view::npos) return;
    out += address;
    piece.remove_prefix(mark + 1);
  }
}

}  // namespace

DicomPseudonym dicom_pseudonym(storage::Store& store, std::string patient,
                               std::int64_t date_shift_days) {
  return {.patient = std::move(patient),
          .date_shift_days = date_shift_days,
          .map_uid = [&store](std::string_view uid) { return mapped_uid(store, uid); }};
}

std::string_view served_transfer_syntax(const DicomFile& file) {
  return file.pixel_data.is_encapsulated ? std::string_view(file.transfer_syntax_uid)
                                         : explicit_little_endian().uid;
}

std::string make_metadata_form(const DicomFile& file, const DicomPseudonym& pseudonym) {
  return make_metadata_form_of(pseudonymised(with_settled_vrs(file), pseudonym), file);
}

std::string make_metadata_form_of(DicomDataset dataset, const DicomFile& file) {
  dataset.put_text(available_transfer_syntax_uid, Vr::Ui, served_transfer_syntax(file));
  if (file.pixel_data.kind != PixelDataKind::Integer) return packed(dataset, std::nullopt);
  return packed(dataset, file.pixel_data.vr);
}

std::string make_metadata_form_of_own(const DicomFile& file) {
  DicomDataset dataset = with_settled_vrs(file);
  dataset.put_text(available_transfer_syntax_uid, Vr::Ui, file.transfer_syntax_uid);
  if (file.pixel_data.kind != PixelDataKind::Integer) return packed(dataset, std::nullopt);
  return packed(dataset, file.pixel_data.vr);
}

bool is_current_metadata_form(std::string_view form) {
  return form.size() > 1 && form.front() == form_version;
}

Status append_metadata(std::string& out, std::string_view form,
                       const std::optional<Descriptions>& descriptions,
                       std::string_view series_address) {
  const std::string text = CSL_TRY(unpacked(form));
  std::array<std::uint32_t, 2> lengths{};
  std::memcpy(lengths.data(), text.data(), lengths_bytes);
  const std::string_view pieces = std::string_view(text).substr(lengths_bytes);
  if (std::uint64_t{lengths[0]} + lengths[1] > pieces.size()) return std::unexpected(bad_form());
  out += '{';
  append_piece(out, pieces.substr(0, lengths[0]), series_address);
  if (descriptions) {
    append_description(out, R"("00081030":{"vr":"LO","Value":[)", descriptions->study);
  }
  append_piece(out, pieces.substr(lengths[0], lengths[1]), series_address);
  if (descriptions) {
    append_description(out, R"("0008103E":{"vr":"LO","Value":[)", descriptions->series);
  }
  append_piece(out, pieces.substr(lengths[0] + lengths[1]), series_address);
  out += '}';
  return {};
}

}  // namespace consilium::service
