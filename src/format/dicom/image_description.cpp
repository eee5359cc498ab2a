#include "format/dicom/image_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/functional_groups.hpp"
#include "format/dicom/palette.hpp"
#include "format/dicom/pixel_description.hpp"

namespace consilium {
namespace {

constexpr std::int64_t edge_max = 65535;
constexpr std::int64_t frame_count_max = 1'000'000;
constexpr const char* remedy = "export the image again from its source, then import it again";

struct NotViewed {
  std::string_view uid_prefix;
  std::string_view reason;
};

// SOP classes that hold no image of their own; a prefix stands for all below it.
constexpr std::array not_viewed{
    NotViewed{"1.2.840.10008.1.3.10", "a directory of files is not an image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.66.4", "a segmentation holds labels of images, no image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.66.7", "a segmentation holds labels of images, no image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.66",
              "raw data, registrations and surfaces come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.67", "value mappings come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.68", "surface scans come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.88",
              "a structured report holds findings on images, no image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.481.3", "a structure set holds labels of images, no image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.11", "presentation states come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.9", "a waveform is a recording, no image"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.104", "encapsulated documents come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.91", "microscopy annotations come with a later version"},
    NotViewed{"1.2.840.10008.5.1.4.1.1.4.2", "spectroscopy comes with a later version"},
};

struct PhotometricRow {
  std::string_view name;
  StoredPhotometric photometric;
  std::uint16_t samples;
};

constexpr std::array photometric_rows{
    PhotometricRow{"MONOCHROME1", StoredPhotometric::Monochrome1, 1},
    PhotometricRow{"MONOCHROME2", StoredPhotometric::Monochrome2, 1},
    PhotometricRow{"PALETTE COLOR", StoredPhotometric::PaletteColor, 1},
    PhotometricRow{"RGB", StoredPhotometric::Rgb, 3},
    PhotometricRow{"YBR_FULL", StoredPhotometric::YbrFull, 3},
    PhotometricRow{"YBR_FULL_422", StoredPhotometric::YbrFull422, 3},
    PhotometricRow{"YBR_ICT", StoredPhotometric::YbrCoded, 3},
    PhotometricRow{"YBR_RCT", StoredPhotometric::YbrCoded, 3},
    PhotometricRow{"YBR_PARTIAL_420", StoredPhotometric::YbrCoded, 3},
    PhotometricRow{"YBR_PARTIAL_422", StoredPhotometric::YbrCoded, 3},
};

Result<std::int64_t> required(const DicomDataset& dataset, DicomTag tag, std::string_view name,
                              std::int64_t low, std::int64_t high) {
  const auto value = dataset.integer(tag);
  if (!value || *value < low) {
    return fail(ErrorCode::Corrupt, fmt::format("the image has no {} or an impossible one", name),
                to_string(tag), remedy);
  }
  if (*value > high) {
    return fail(ErrorCode::TooLarge, fmt::format("the image's {} is past our limit", name),
                to_string(tag));
  }
  return *value;
}

Result<StoredPixels> read_stored(const DicomFile& file, std::vector<std::string>& notes) {
  const DicomDataset& dataset = file.dataset;
  StoredPixels stored;
  stored.kind = file.pixel_data.kind;
  stored.byte_order =
      file.pixel_data.is_encapsulated ? std::endian::little : file.syntax->byte_order;
  stored.samples_per_pixel = static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(dataset.integer(tags::samples_per_pixel).value_or(1), 1, 65535));
  const std::string_view name = dataset.ascii(tags::photometric_interpretation);
  const auto row = std::ranges::find(photometric_rows, name, &PhotometricRow::name);
  if (row != photometric_rows.end()) {
    stored.photometric = row->photometric;
  } else if (name.empty()) {
    notes.emplace_back("the photometric interpretation is missing and was taken from the samples");
    stored.photometric =
        stored.samples_per_pixel == 3 ? StoredPhotometric::Rgb : StoredPhotometric::Monochrome2;
  } else {
    return fail(ErrorCode::Unsupported, "the photometric interpretation is not one that we read",
                to_string(tags::photometric_interpretation));
  }
  const bool is_colour =
      row != photometric_rows.end() ? row->samples == 3 : stored.samples_per_pixel == 3;
  if (stored.samples_per_pixel != (is_colour ? 3 : 1)) {
    return fail(ErrorCode::Corrupt, "samples per pixel contradict the photometric interpretation",
                to_string(tags::samples_per_pixel), remedy);
  }
  const std::int64_t allocated =
      CSL_TRY(required(dataset, tags::bits_allocated, "bits allocated", 1, 64));
  const std::int64_t bits = dataset.integer(tags::bits_stored).value_or(allocated);
  const std::int64_t high = dataset.integer(tags::high_bit).value_or(bits - 1);
  stored.bits_allocated = static_cast<std::uint16_t>(allocated);
  if (bits < 1 || bits > allocated || high < bits - 1 || high >= allocated) {
    // Seen in the wild with bits allocated being right.
    notes.emplace_back("bits stored or the high bit are impossible; all bits are taken as stored");
    stored.bits_stored = stored.bits_allocated;
    stored.high_bit = static_cast<std::uint16_t>(allocated - 1);
  } else {
    stored.bits_stored = static_cast<std::uint16_t>(bits);
    stored.high_bit = static_cast<std::uint16_t>(high);
  }
  // PS3.3 C.7.6.3.1.2: colour is unsigned, whatever the element says.
  stored.is_signed = !is_colour && dataset.integer(tags::pixel_representation) == 1;
  stored.is_planar = is_colour && dataset.integer(tags::planar_configuration) == 1;
  stored.has_swapped_pairs =
      stored.byte_order == std::endian::big && allocated == 8 && file.pixel_data.vr == Vr::Ow;
  return stored;
}

Result<SampleType> ready_type(const StoredPixels& stored) {
  if (stored.kind == PixelDataKind::Float && stored.bits_allocated == 32) return SampleType::F32;
  if (stored.kind == PixelDataKind::Double && stored.bits_allocated == 64) return SampleType::F64;
  if (stored.kind != PixelDataKind::Integer) {
    return fail(ErrorCode::Corrupt, "bits allocated contradict the kind of pixel data",
                to_string(tags::bits_allocated), remedy);
  }
  switch (stored.bits_allocated) {
    case 1:
      return SampleType::U8;
    case 8:
      return stored.is_signed ? SampleType::I8 : SampleType::U8;
    case 16:
      return stored.is_signed ? SampleType::I16 : SampleType::U16;
    case 32:
      return stored.is_signed ? SampleType::I32 : SampleType::U32;
    default:
      return fail(ErrorCode::Unsupported, "samples of this many bits are not read",
                  to_string(tags::bits_allocated));
  }
}

Result<PixelLayout> ready_layout(const DicomDataset& dataset, const StoredPixels& stored,
                                 const Palette* palette) {
  PixelLayout layout;
  layout.rows = static_cast<std::uint32_t>(
      CSL_TRY(required(dataset, tags::rows, "number of rows", 1, edge_max)));
  layout.columns = static_cast<std::uint32_t>(
      CSL_TRY(required(dataset, tags::columns, "number of columns", 1, edge_max)));
  layout.sample_type = CSL_TRY(ready_type(stored));
  switch (stored.photometric) {
    case StoredPhotometric::Monochrome1:
      layout.photometric = Photometric::Monochrome1;
      break;
    case StoredPhotometric::Monochrome2:
      layout.photometric = Photometric::Monochrome2;
      break;
    default:
      layout.photometric = Photometric::Rgb;
      layout.samples_per_pixel = 3;
      break;
  }
  if (palette != nullptr) {
    layout.sample_type = palette->has_16_bits ? SampleType::U16 : SampleType::U8;
  }
  return layout;
}

// PixelPaddingValue is US or SS after the pixel representation, which implicit VR files and some
// explicit ones do not show in the VR.
std::optional<PaddingRange> read_padding(const DicomDataset& dataset, const StoredPixels& stored) {
  const auto as_stored = [&](DicomTag tag) -> std::optional<std::int64_t> {
    const auto value = dataset.integer(tag);
    if (!value) return std::nullopt;
    const auto word = static_cast<std::uint16_t>(*value);
    return stored.is_signed ? std::int64_t{static_cast<std::int16_t>(word)} : std::int64_t{word};
  };
  const auto value = as_stored(tags::pixel_padding_value);
  if (!value || stored.kind != PixelDataKind::Integer) return std::nullopt;
  const auto limit = as_stored(tags::pixel_padding_range_limit).value_or(*value);
  return PaddingRange{.low = std::min(*value, limit), .high = std::max(*value, limit)};
}

std::vector<double> read_frame_times(const DicomDataset& dataset, std::uint32_t frame_count) {
  std::vector<double> times;
  if (frame_count < 2) return times;
  const std::vector<double> steps = dataset.numbers(tags::frame_time_vector);
  if (steps.size() == frame_count) {
    double time = 0;
    for (const double step : steps) times.push_back(time += step);
    return times;
  }
  std::optional<double> step = dataset.number(tags::frame_time);
  const auto rate = dataset.number(tags::cine_rate);
  if (!step && rate && *rate > 0) step = 1000 / *rate;
  if (!step || *step <= 0) return times;
  for (std::uint32_t i = 0; i < frame_count; ++i) times.push_back(*step * i);
  return times;
}

BurnedInAnnotation read_burned_in(const DicomDataset& dataset) {
  const std::string_view value = dataset.ascii(tags::burned_in_annotation);
  if (value == "YES") return BurnedInAnnotation::Yes;
  return value == "NO" ? BurnedInAnnotation::No : BurnedInAnnotation::Unknown;
}

Status check_has_pixels(const DicomFile& file) {
  if (file.dataset.has(tags::directory_record_sequence)) {
    return fail(ErrorCode::Unsupported, "a directory of files is not an image");
  }
  if (file.pixel_data.kind == PixelDataKind::None) {
    return fail(ErrorCode::Unsupported, "the object has no pixel data");
  }
  if (file.pixel_data.is_encapsulated && file.syntax->codec == PixelCodec::Unsupported) {
    return fail(ErrorCode::Unsupported, "the image's compression is not one that we decode",
                file.transfer_syntax_uid.substr(0, 64));
  }
  return {};
}

}  // namespace

std::string_view why_not_viewed(std::string_view sop_class_uid) {
  for (const NotViewed& row : not_viewed) {
    if (!sop_class_uid.starts_with(row.uid_prefix)) continue;
    const std::string_view rest = sop_class_uid.substr(row.uid_prefix.size());
    if (rest.empty() || rest.front() == '.') return row.reason;
  }
  return {};
}

Result<ImageDescription> describe_image(const DicomFile& file) {
  const std::string_view reason = why_not_viewed(file.dataset.ascii(tags::sop_class_uid));
  if (!reason.empty()) return fail(ErrorCode::Unsupported, std::string(reason));
  return describe_pixels(file);
}

Result<ImageDescription> describe_pixels(const DicomFile& file) {
  CSL_TRY(check_has_pixels(file));
  const DicomDataset& dataset = file.dataset;
  ImageDescription image;
  image.sop_class_uid = dataset.ascii(tags::sop_class_uid);
  image.modality = dataset.ascii(tags::modality);
  image.stored = CSL_TRY(read_stored(file, image.notes));
  if (image.stored.photometric == StoredPhotometric::YbrCoded && !file.pixel_data.is_encapsulated) {
    return fail(ErrorCode::Unsupported, "this YBR form is read only where it is compressed",
                to_string(tags::photometric_interpretation));
  }
  if (image.stored.photometric == StoredPhotometric::PaletteColor) {
    image.palette = std::make_shared<const Palette>(
        CSL_TRY(detail::read_palette(dataset, image.stored.is_signed)));
  }
  image.ready = CSL_TRY(ready_layout(dataset, image.stored, image.palette.get()));
  const std::int64_t frame_count = dataset.integer(tags::number_of_frames).value_or(1);
  if (frame_count < 1) image.notes.emplace_back("the number of frames is impossible; read as 1");
  if (frame_count > frame_count_max) {
    return fail(ErrorCode::TooLarge, "the image has more frames than we read",
                to_string(tags::number_of_frames));
  }
  image.frame_count = static_cast<std::uint32_t>(std::max<std::int64_t>(frame_count, 1));
  image.frames = CSL_TRY(detail::read_frame_facts(dataset, image));
  image.padding = read_padding(dataset, image.stored);
  image.frame_of_reference_uid = dataset.ascii(tags::frame_of_reference_uid);
  image.slice_spacing_mm = dataset.number(tags::spacing_between_slices);
  image.frame_times_ms = read_frame_times(dataset, image.frame_count);
  image.ultrasound_region_count =
      static_cast<std::uint32_t>(dataset.items(tags::sequence_of_ultrasound_regions).size());
  image.burned_in_annotation = read_burned_in(dataset);
  image.is_lossy = dataset.ascii(tags::lossy_image_compression) == "01";
  return image;
}

}  // namespace consilium
