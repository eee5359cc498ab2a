// An image object opened for serving: its dataset, and its frames as kept or decoded.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/byte_source.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "format/dicom/frames.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium {
class CodecPool;
}

namespace consilium::service {

struct OpenImage {
  Bytes bytes;  // as much of the object as the dataset takes; all of a compressed one
  DicomFile file;
  ImageDescription image;
  FrameTable table;  // of a compressed one
  std::shared_ptr<const ByteSource> object;
  // Where the frames lie decoded since the import, one after the other; null when those differ from
  // what the codec gives (palettes, RLE), or when nothing is compressed.
  std::shared_ptr<const ByteSource> ready;
  std::uint64_t ready_offset = 0;

  [[nodiscard]] bool is_compressed() const { return file.pixel_data.is_encapsulated; }
  // Bytes of a frame in explicit little endian.
  [[nodiscard]] std::uint64_t plain_frame_bytes() const;
};

// Errors: NotFound after erasure; Corrupt.
[[nodiscard]] Result<std::shared_ptr<const OpenImage>> open_image(storage::Store& store,
                                                                  const storage::InstanceRow& row);

// Of any DICOM object; one without pixels is no image: its `image` says nothing then.
[[nodiscard]] Result<std::shared_ptr<const OpenImage>> open_image(
    std::shared_ptr<const ByteSource> object);

// A frame's codestream as it is kept. Errors: Corrupt.
[[nodiscard]] Result<Bytes> coded_frame(const OpenImage& image, std::uint32_t index);
// A frame's samples in explicit little endian: as kept when native, as decoded at import where that
// is the same, else decoded anew by the confined worker (colour then is RGB by pixel, but for RLE,
// which keeps the file's colours). Errors: Corrupt; Unsupported for codecs that we do not decode.
[[nodiscard]] Result<Bytes> plain_frame(const OpenImage& image, std::uint32_t index,
                                        CodecPool* codec);
// Whether `plain_frame` can give this image's frames.
[[nodiscard]] Status can_be_plain(const OpenImage& image, const CodecPool* codec);

// The images opened last: a client asks for one frame after the other.
class ImageCache {
 public:
  [[nodiscard]] Result<std::shared_ptr<const OpenImage>> open(storage::Store& store,
                                                              const storage::InstanceRow& row);

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<const OpenImage> image;
  };
  Guarded<std::list<Entry>> recent_;  // the latest first
};

// The plain frames of an image, back to back, each decoded when it is read.
[[nodiscard]] std::shared_ptr<const ByteSource> plain_frames(storage::Store& store,
                                                             std::shared_ptr<ImageCache> cache,
                                                             CodecPool* codec,
                                                             const storage::InstanceRow& row,
                                                             const OpenImage& image);
// An object that is opened when it is first read, and closed when its last byte was: an answer of
// thousands of objects holds few open.
[[nodiscard]] std::shared_ptr<const ByteSource> late_object(storage::Store& store,
                                                            const PatientId& patient,
                                                            const storage::ObjectRef& object);

}  // namespace consilium::service
