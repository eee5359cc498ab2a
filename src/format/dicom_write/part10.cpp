#include "format/dicom_write/part10.hpp"

#include <limits>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

constexpr std::string_view explicit_little_endian_uid = "1.2.840.10008.1.2.1";
constexpr std::string_view implicit_little_endian_uid = "1.2.840.10008.1.2";
constexpr std::size_t depth_max = 64;

void append_u16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::byte>(value & 0xFFU));
  out.push_back(static_cast<std::byte>((value >> 8U) & 0xFFU));
}
void append_u32(Bytes& out, std::uint32_t value) {
  append_u16(out, value & 0xFFFFU);
  append_u16(out, value >> 16U);
}
void append_tag(Bytes& out, DicomTag tag) {
  append_u16(out, tag.group);
  append_u16(out, tag.element);
}

// Writes the length of what was appended since the four bytes at `place`.
Status patch_length(Bytes& out, std::size_t place) {
  const std::size_t length = out.size() - place - 4;
  if (length >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::TooLarge, "a DICOM sequence is longer than 4 GiB", {},
                "write fewer frames into one object");
  }
  for (std::size_t i = 0; i < 4; ++i) {
    out[place + i] = static_cast<std::byte>((length >> (8U * i)) & 0xFFU);
  }
  return {};
}

Status append_dataset(Bytes& out, const DicomDataset& dataset, DicomEncoding encoding,
                      std::size_t depth);

Status append_items(Bytes& out, std::span<const DicomDataset> items, DicomEncoding encoding,
                    std::size_t depth) {
  for (const DicomDataset& item : items) {
    append_tag(out, tags::item);
    const std::size_t place = out.size();
    append_u32(out, 0);
    CSL_TRY(append_dataset(out, item, encoding, depth + 1));
    CSL_TRY(patch_length(out, place));
  }
  return {};
}

Status append_element(Bytes& out, const DicomElement& element, DicomEncoding encoding,
                      std::size_t depth) {
  const bool is_implicit = encoding == DicomEncoding::ImplicitLittleEndian;
  const bool is_sequence = element.vr == Vr::Sq || !element.items.empty();
  const Vr vr = is_sequence ? Vr::Sq : element.vr;
  append_tag(out, element.tag);
  if (!is_implicit) {
    const auto code = static_cast<std::uint16_t>(vr);
    out.push_back(static_cast<std::byte>(code >> 8U));
    out.push_back(static_cast<std::byte>(code & 0xFFU));
  }
  if (is_sequence) {
    if (!is_implicit) append_u16(out, 0);
    const std::size_t place = out.size();
    append_u32(out, 0);
    CSL_TRY(append_items(out, element.items, encoding, depth));
    return patch_length(out, place);
  }
  const ByteView value = element.value.bytes();
  const std::size_t length = value.size() + value.size() % 2;
  if (is_implicit || has_long_length(vr)) {
    if (length >= std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::TooLarge, "a DICOM value is longer than 4 GiB", to_string(element.tag),
                  "write fewer frames into one object");
    }
    if (!is_implicit) append_u16(out, 0);
    append_u32(out, static_cast<std::uint32_t>(length));
  } else {
    if (length > 0xFFFE) {
      return fail(ErrorCode::InvalidInput, "a DICOM value is too long for its VR",
                  to_string(element.tag), "shorten it");
    }
    append_u16(out, static_cast<std::uint32_t>(length));
  }
  out.insert(out.end(), value.begin(), value.end());
  if (value.size() % 2 != 0) {
    const bool pads_with_nul = vr == Vr::Ui || vr == Vr::Ob || vr == Vr::Un;
    out.push_back(pads_with_nul ? std::byte{0} : std::byte{' '});
  }
  return {};
}

Status append_dataset(Bytes& out, const DicomDataset& dataset, DicomEncoding encoding,
                      std::size_t depth) {
  if (depth > depth_max) {
    return fail(ErrorCode::InvalidInput, "DICOM sequences are nested too deeply");
  }
  if (dataset.byte_order() != std::endian::little) {
    return fail(ErrorCode::InvalidInput, "the dataset to write is big endian", {},
                "read it into little endian values first");
  }
  for (const DicomElement& element : dataset.elements()) {
    CSL_TRY(append_element(out, element, encoding, depth));
  }
  return {};
}

}  // namespace

Result<Bytes> write_explicit_little_endian(const DicomDataset& dataset) {
  Bytes out;
  CSL_TRY(append_dataset(out, dataset, DicomEncoding::ExplicitLittleEndian, 0));
  return out;
}

Result<Bytes> part10_head(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                          std::string_view transfer_syntax_uid) {
  if (sop_class_uid.empty() || sop_instance_uid.empty() || transfer_syntax_uid.empty()) {
    return fail(ErrorCode::InvalidInput, "a DICOM object without SOP Class or Instance UID");
  }
  DicomDataset meta;
  meta.put({.tag = tags::file_meta_information_version,
            .vr = Vr::Ob,
            .value = DicomValue::owning({std::byte{0}, std::byte{1}}),
            .items = {}});
  meta.put_text(tags::media_storage_sop_class_uid, Vr::Ui, sop_class_uid);
  meta.put_text(tags::media_storage_sop_instance_uid, Vr::Ui, sop_instance_uid);
  meta.put_text(tags::transfer_syntax_uid, Vr::Ui, transfer_syntax_uid);
  meta.put_text(tags::implementation_class_uid, Vr::Ui, implementation_class_uid());
  meta.put_text(tags::implementation_version_name, Vr::Sh, implementation_version_name());
  Bytes meta_bytes;
  CSL_TRY(append_dataset(meta_bytes, meta, DicomEncoding::ExplicitLittleEndian, 0));

  Bytes out(128);
  const ByteView magic = bytes_of("DICM");
  out.insert(out.end(), magic.begin(), magic.end());
  DicomDataset group_length;
  const std::array<std::int64_t, 1> length{static_cast<std::int64_t>(meta_bytes.size())};
  group_length.put_integers(tags::file_meta_information_group_length, Vr::Ul, length);
  CSL_TRY(append_dataset(out, group_length, DicomEncoding::ExplicitLittleEndian, 0));
  out.insert(out.end(), meta_bytes.begin(), meta_bytes.end());
  return out;
}

namespace {
Result<Bytes> write_file(const DicomDataset& dataset, std::string_view transfer_syntax_uid,
                         DicomEncoding encoding) {
  Bytes out = CSL_TRY(part10_head(dataset.ascii(tags::sop_class_uid),
                                  dataset.ascii(tags::sop_instance_uid), transfer_syntax_uid));
  std::size_t value_bytes = 0;
  for (const DicomElement& element : dataset.elements()) {
    value_bytes += element.value.bytes().size() + 16;
  }
  out.reserve(out.size() + value_bytes);
  // A dataset read from a file may carry the old file's meta information; it is not written twice.
  for (const DicomElement& element : dataset.elements()) {
    if (element.tag.group > 0x0002) CSL_TRY(append_element(out, element, encoding, 0));
  }
  return out;
}
}  // namespace

Result<Bytes> write_part10(const DicomDataset& dataset, DicomEncoding encoding) {
  return write_file(dataset,
                    encoding == DicomEncoding::ImplicitLittleEndian ? implicit_little_endian_uid
                                                                    : explicit_little_endian_uid,
                    encoding);
}

Result<Bytes> write_part10_head(const DicomDataset& dataset, std::string_view transfer_syntax_uid) {
  return write_file(dataset, transfer_syntax_uid, DicomEncoding::ExplicitLittleEndian);
}

}  // namespace consilium
