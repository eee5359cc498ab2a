#include "service/dicomweb/object_parts.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/joined_source.hpp"
#include "codec/codec_job.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom_json/dicom_json.hpp"
#include "format/dicom_write/part10.hpp"

namespace consilium::service {
namespace {

enum class ChosenForm { Kept, Plain };

std::string_view plain_syntax() { return explicit_little_endian().uid; }

// The first wanted form that the image has: kept as it is, or decoded to explicit little endian.
Result<ChosenForm> choose_form(const OpenImage& image, std::span<const WantedForm> wanted,
                               const CodecPool* codec) {
  const std::string_view kept = served_transfer_syntax(image.file);
  const std::string_view media = media_type_of_syntax(kept);
  for (const WantedForm& form : wanted) {
    const bool is_any = form.transfer_syntax == "*";
    const bool takes_media = form.media_type.empty() || form.media_type == media ||
                             (is_any && form.media_type == "application/octet-stream");
    if ((is_any || form.transfer_syntax == kept) && takes_media) return ChosenForm::Kept;
    const bool takes_plain =
        form.media_type.empty() || form.media_type == "application/octet-stream";
    if (form.transfer_syntax == plain_syntax() && takes_plain && can_be_plain(image, codec)) {
      return ChosenForm::Plain;
    }
  }
  return fail(ErrorCode::Unsupported, "an image has none of the forms that are accepted",
              "transfer syntax " + std::string(kept),
              "accept " + std::string(media) + "; transfer-syntax=" + std::string(kept) +
                  ", or transfer-syntax=*");
}

void append_u32(Bytes& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::byte>((value >> shift) & 0xFFU));
  }
}
void append_tag(Bytes& out, DicomTag tag) {
  append_u32(out, (std::uint32_t{tag.element} << 16U) | tag.group);
}

constexpr DicomTag sequence_end = dicom_tag(0xFFFEE0DD);
constexpr std::uint32_t undefined_length = 0xFFFFFFFF;

// Tag, VR and length of the pixel data.
void append_pixel_head(Bytes& out, DicomTag tag, Vr vr, std::uint32_t length) {
  append_tag(out, tag);
  const auto code = static_cast<std::uint16_t>(vr);
  out.push_back(static_cast<std::byte>(code >> 8U));
  out.push_back(static_cast<std::byte>(code & 0xFFU));
  out.push_back(std::byte{0});
  out.push_back(std::byte{0});
  append_u32(out, length);
}

SourceRange whole(Bytes bytes) {
  const std::uint64_t size = bytes.size();
  return {.source = memory_source(std::move(bytes)), .offset = 0, .length = size};
}

DicomTag pixel_tag(PixelDataKind kind) {
  if (kind == PixelDataKind::Float) return tags::float_pixel_data;
  return kind == PixelDataKind::Double ? tags::double_float_pixel_data : tags::pixel_data;
}

Vr native_vr(const OpenImage& image) {
  if (image.file.pixel_data.kind == PixelDataKind::Float) return Vr::Of;
  if (image.file.pixel_data.kind == PixelDataKind::Double) return Vr::Od;
  return image.image.stored.bits_allocated > 8 ? Vr::Ow : Vr::Ob;
}

// Where each frame begins, for images that may have several fragments a frame.
void append_offset_table(Bytes& out, const OpenImage& image) {
  const auto& offsets = image.file.pixel_data.frame_offsets;
  const bool fits = std::ranges::all_of(offsets, [](std::uint64_t offset) {
    return offset <= std::numeric_limits<std::uint32_t>::max();
  });
  append_tag(out, tags::item);
  if (offsets.empty() || !fits) return append_u32(out, 0);
  append_u32(out, static_cast<std::uint32_t>(offsets.size() * 4));
  for (const std::uint64_t offset : offsets) append_u32(out, static_cast<std::uint32_t>(offset));
}

// The fragments as they lie in the sealed object.
std::vector<SourceRange> kept_pixels(const PartTools& tools, const storage::InstanceRow& row,
                                     const OpenImage& image, Bytes head) {
  const PixelDataPlace& pixels = image.file.pixel_data;
  append_pixel_head(head, tags::pixel_data, Vr::Ob, undefined_length);
  append_offset_table(head, image);
  const std::uint64_t end = pixels.fragments.empty()
                                ? pixels.fragments_offset
                                : pixels.fragments.back().offset + pixels.fragments.back().length;
  Bytes tail;
  append_tag(tail, sequence_end);
  append_u32(tail, 0);
  std::vector<SourceRange> ranges;
  ranges.push_back(whole(std::move(head)));
  ranges.push_back({.source = late_object(tools.store, row.patient, row.object),
                    .offset = pixels.fragments_offset,
                    .length = end - pixels.fragments_offset});
  ranges.push_back(whole(std::move(tail)));
  return ranges;
}

bool lies_ready(const OpenImage& image) {
  const StoredPixels& stored = image.image.stored;
  return !image.is_compressed() && !image.file.inflated && !stored.has_swapped_pairs &&
         (stored.byte_order == std::endian::little || stored.bits_allocated <= 8);
}

Result<std::vector<SourceRange>> plain_pixels(const PartTools& tools,
                                              const storage::InstanceRow& row,
                                              const OpenImage& image, Bytes head) {
  SourceRange pixels;
  if (lies_ready(image)) {
    const std::uint64_t bits = native_frame_bits(image.image) * image.image.frame_count;
    pixels = {.source = late_object(tools.store, row.patient, row.object),
              .offset = image.file.pixel_data.offset,
              .length = (bits + 7) / 8};
  } else {
    pixels.source = plain_frames(tools.store, tools.images, tools.codec, row, image);
    pixels.length = pixels.source->size();
  }
  const std::uint64_t padded = pixels.length + pixels.length % 2;
  if (padded >= undefined_length) {
    return fail(ErrorCode::Unsupported, "the pixels are too many for an uncompressed object",
                std::to_string(pixels.length) + " bytes", "accept transfer-syntax=*");
  }
  append_pixel_head(head, pixel_tag(image.file.pixel_data.kind), native_vr(image),
                    static_cast<std::uint32_t>(padded));
  std::vector<SourceRange> ranges;
  ranges.push_back(whole(std::move(head)));
  const bool is_odd = pixels.length != padded;
  ranges.push_back(std::move(pixels));
  if (is_odd) ranges.push_back(whole(Bytes(1)));
  return ranges;
}

// What decoding changes: colour comes out as RGB, by pixel.
void describe_decoded(DicomDataset& dataset, const OpenImage& image) {
  if (!image.is_compressed() || image.image.stored.samples_per_pixel == 1) return;
  const std::array<std::int64_t, 1> by_pixel{0};
  dataset.put_integers(dicom_tag(0x00280006), Vr::Us, by_pixel);
  const bool is_rgb = answer_form(image.file.syntax->codec) == FrameForm::Decoded;
  if (is_rgb) dataset.put_text(dicom_tag(0x00280004), Vr::Cs, "RGB");
}

std::string instance_location(const InstancePlace& place) {
  return "/studies/" + place.study.uid + "/series/" + place.series.uid + "/instances/" + place.uid;
}

}  // namespace

std::string_view media_type_of_syntax(std::string_view uid) {
  constexpr std::string_view root = "1.2.840.10008.1.2.";
  if (!uid.starts_with(root)) return "application/octet-stream";
  uid.remove_prefix(root.size());
  if (uid == "5") return "image/dicom-rle";
  if (!uid.starts_with("4.")) return "application/octet-stream";
  uid.remove_prefix(2);
  if (uid == "80" || uid == "81") return "image/jls";
  if (uid == "90" || uid == "91") return "image/jp2";
  if (uid == "92" || uid == "93") return "image/jpx";
  if (uid == "201" || uid == "202" || uid == "203") return "image/jphc";
  if (uid.starts_with('5') || uid == "70") return "image/jpeg";
  return "application/octet-stream";
}

Result<RetrievedPart> object_part(const PartTools& tools, const InstancePlace& place,
                                  const DicomPseudonym& pseudonym,
                                  const std::optional<Descriptions>& descriptions,
                                  std::span<const WantedForm> wanted) {
  const auto image = CSL_TRY(open_image(tools.store, place.row));
  DicomDataset dataset = pseudonymised(with_settled_vrs(image->file), pseudonym);
  if (descriptions && !descriptions->study.empty()) {
    dataset.put_text(tags::study_description, Vr::Lo, descriptions->study);
  }
  if (descriptions && !descriptions->series.empty()) {
    dataset.put_text(tags::series_description, Vr::Lo, descriptions->series);
  }
  return served_part(tools, place.row, *image, std::move(dataset), instance_location(place),
                     wanted);
}

Result<RetrievedPart> served_part(const PartTools& tools, const storage::InstanceRow& row,
                                  const OpenImage& image, DicomDataset dataset,
                                  const std::string& location, std::span<const WantedForm> wanted) {
  const ChosenForm form = CSL_TRY(choose_form(image, wanted, tools.codec));
  const bool keeps_code = form == ChosenForm::Kept && image.is_compressed();
  if (!keeps_code) describe_decoded(dataset, image);
  const std::string_view syntax =
      keeps_code ? std::string_view(image.file.transfer_syntax_uid) : plain_syntax();
  Bytes head = CSL_TRY(write_part10_head(dataset, syntax));
  std::vector<SourceRange> ranges;
  if (keeps_code) {
    ranges = kept_pixels(tools, row, image, std::move(head));
  } else {
    ranges = CSL_TRY(plain_pixels(tools, row, image, std::move(head)));
  }
  return RetrievedPart{.content_type = "application/dicom; transfer-syntax=" + std::string(syntax),
                       .location = location,
                       .bytes = joined_source(std::move(ranges))};
}

Result<RetrievedPart> written_part(const DicomDataset& dataset, const std::string& location,
                                   std::span<const WantedForm> wanted) {
  constexpr std::string_view implicit_little_endian = "1.2.840.10008.1.2";
  const auto takes = [&](std::string_view syntax) {
    return std::ranges::any_of(wanted, [&](const WantedForm& form) {
      return form.transfer_syntax == "*" || form.transfer_syntax == syntax;
    });
  };
  std::string_view syntax = plain_syntax();
  Result<Bytes> bytes = fail(ErrorCode::Unsupported, "");
  if (takes(syntax)) bytes = write_part10(dataset);
  // Contours may be too long for explicit VR, whose short forms have lengths of 16 bits.
  if (!bytes && takes(implicit_little_endian)) {
    syntax = implicit_little_endian;
    bytes = write_part10(dataset, DicomEncoding::ImplicitLittleEndian);
  }
  if (!bytes) {
    return fail(ErrorCode::Unsupported, "an object has none of the forms that are accepted", "",
                "accept transfer-syntax=*");
  }
  return RetrievedPart{.content_type = "application/dicom; transfer-syntax=" + std::string(syntax),
                       .location = location,
                       .bytes = memory_source(std::move(*bytes))};
}

Result<RetrievedPart> bulk_part(const DicomDataset& dataset, std::string_view where,
                                const std::string& instance_location) {
  const DicomJsonPlace found = find_dicom_json_place(dataset, where);
  if (found.element == nullptr || found.element->vr == Vr::Sq) {
    return fail(ErrorCode::NotFound, "the instance has no such value", "path place",
                "take the address from its metadata");
  }
  return RetrievedPart{
      .content_type = "application/octet-stream",
      .location = instance_location + "/bulkdata/" + std::string(where),
      .bytes = memory_source(little_endian_value(*found.element, std::endian::little))};
}

Result<std::vector<RetrievedPart>> frame_parts(const PartTools& tools, const InstancePlace& place,
                                               std::span<const std::uint32_t> numbers,
                                               std::span<const WantedForm> wanted) {
  const auto image = CSL_TRY(tools.images->open(tools.store, place.row));
  return frame_parts(*image, instance_location(place), tools.codec, numbers, wanted);
}

Result<std::vector<RetrievedPart>> frame_parts(const OpenImage& image, const std::string& location,
                                               CodecPool* codec,
                                               std::span<const std::uint32_t> numbers,
                                               std::span<const WantedForm> wanted) {
  const ChosenForm form = CSL_TRY(choose_form(image, wanted, codec));
  const bool keeps_code = form == ChosenForm::Kept && image.is_compressed();
  const std::string_view syntax =
      keeps_code ? std::string_view(image.file.transfer_syntax_uid) : plain_syntax();
  // The type that was asked for is the type that is answered, though "*" may have been any.
  const bool asked_for_octets = std::ranges::any_of(wanted, [](const WantedForm& one) {
    return one.media_type == "application/octet-stream" && one.transfer_syntax == "*";
  });
  const std::string_view media = !keeps_code || asked_for_octets
                                     ? std::string_view("application/octet-stream")
                                     : media_type_of_syntax(syntax);
  std::vector<RetrievedPart> parts;
  for (const std::uint32_t number : numbers) {
    if (number == 0 || number > image.image.frame_count) {
      return fail(ErrorCode::NotFound, "the instance has no such frame",
                  "frame " + std::to_string(number),
                  "it has " + std::to_string(image.image.frame_count));
    }
    Bytes frame = keeps_code ? CSL_TRY(coded_frame(image, number - 1))
                             : CSL_TRY(plain_frame(image, number - 1, codec));
    parts.push_back(
        {.content_type = std::string(media) + "; transfer-syntax=" + std::string(syntax),
         .location = location + "/frames/" + std::to_string(number),
         .bytes = memory_source(std::move(frame))});
  }
  return parts;
}

}  // namespace consilium::service
