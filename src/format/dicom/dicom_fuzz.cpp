// Any bytes: reading, describing, framing and sorting never crash.
#include <cstddef>
#include <cstdint>

#include "format/dicom/frames.hpp"
#include "format/dicom/identity.hpp"
#include "format/dicom/image_description.hpp"
#include "format/dicom/series.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = read_dicom(bytes, {.inflated_size_bytes_max = 1U << 24U});
  if (!file) return 0;
  static_cast<void>(split_identity(file->dataset));
  for (const DicomElement& element : file->dataset.elements()) {
    static_cast<void>(file->dataset.texts(element.tag));
    static_cast<void>(file->dataset.numbers(element.tag));
  }
  const auto image = describe_image(*file);
  if (!image) return 0;
  const SeriesInstance instance{
      .image = &*image, .sop_instance_uid = "1", .instance_number = std::nullopt};
  static_cast<void>(make_volumes({&instance, 1}));
  if (file->pixel_data.is_encapsulated) {
    const auto table = frame_table(*file, image->frame_count);
    if (table) static_cast<void>(compressed_frame(*file, *table, 0));
    return 0;
  }
  const std::uint32_t last = image->frame_count - 1;
  const auto frame = native_frame(*file, *image, last);
  if (frame) static_cast<void>(make_ready(*frame, *image, last));
  return 0;
}
