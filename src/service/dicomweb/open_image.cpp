#include "service/dicomweb/open_image.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "codec/pool.hpp"
#include "format/dicom/pixel_description.hpp"

namespace consilium::service {
namespace {

constexpr std::array<std::uint64_t, 2> prefix_bytes{256U << 10U, 8U << 20U};
constexpr std::size_t cached_images_max = 8;
constexpr std::uint64_t cached_bytes_max = 128U << 20U;

// The dataset from the object's beginning, when the pixels behind it lie there as they are.
Result<bool> read_prefix(OpenImage& image, std::uint64_t size) {
  image.bytes = CSL_TRY(read_bytes(*image.object, 0, size, size));
  auto file = read_dicom(image.bytes, {.stops_at_pixel_data = true});
  if (!file || file->inflated || file->pixel_data.is_encapsulated ||
      file->pixel_data.kind == PixelDataKind::None) {
    return false;
  }
  image.file = std::move(*file);
  return true;
}

Status read_object(OpenImage& image) {
  const std::uint64_t size = image.object->size();
  for (const std::uint64_t prefix : prefix_bytes) {
    if (prefix < size && CSL_TRY(read_prefix(image, prefix))) return {};
  }
  image.bytes = CSL_TRY(read_bytes(*image.object, 0, size, size));
  image.file = CSL_TRY(read_dicom(image.bytes));
  return {};
}

// Bytes of the native pixel data, wherever they lie.
Result<Bytes> native_bytes(const OpenImage& image, std::uint64_t from, std::uint64_t count) {
  const PixelDataPlace& pixels = image.file.pixel_data;
  if (image.file.inflated) {
    const ByteView all = image.file.bytes;
    if (pixels.offset + from > all.size() || count > all.size() - pixels.offset - from) {
      return fail(ErrorCode::Corrupt, "the pixel data is shorter than the image");
    }
    const ByteView view = all.subspan(pixels.offset + from, count);
    return Bytes(view.begin(), view.end());
  }
  return read_bytes(*image.object, pixels.offset + from, count, count);
}

void reverse_each(Bytes& bytes, std::size_t size) {
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
}

// `bit_count` bits from `first_bit` on, moved to begin at a byte.
Bytes moved_bits(const Bytes& bytes, std::size_t first_bit, std::uint64_t bit_count) {
  Bytes out((bit_count + 7) / 8);
  for (std::uint64_t i = 0; i < bit_count; ++i) {
    const std::uint64_t from = first_bit + i;
    const std::byte bit = (bytes[from / 8] >> (from % 8)) & std::byte{1};
    out[i / 8] |= bit << (i % 8);
  }
  return out;
}

Result<Bytes> native_plain_frame(const OpenImage& image, std::uint32_t index) {
  const StoredPixels& stored = image.image.stored;
  const std::uint64_t bits = native_frame_bits(image.image);
  std::uint64_t begin = index * bits / 8;
  const std::uint64_t end = ((index + std::uint64_t{1}) * bits + 7) / 8;
  if (stored.has_swapped_pairs) {
    const std::uint64_t even = begin - begin % 2;
    Bytes pairs = CSL_TRY(native_bytes(image, even, end + end % 2 - even));
    reverse_each(pairs, 2);
    pairs.erase(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(begin - even));
    pairs.resize(end - begin);
    return pairs;
  }
  Bytes frame = CSL_TRY(native_bytes(image, begin, end - begin));
  if (index * bits % 8 != 0 || bits % 8 != 0) {
    return moved_bits(frame, static_cast<std::size_t>(index * bits % 8), bits);
  }
  if (stored.byte_order == std::endian::big && stored.bits_allocated > 8) {
    reverse_each(frame, stored.bits_allocated / 8U);
  }
  return frame;
}

class PlainFrames final : public ByteSource {
 public:
  PlainFrames(storage::Store& store, std::shared_ptr<ImageCache> cache, CodecPool* codec,
              storage::InstanceRow row, const OpenImage& image)
      : store_(store),
        cache_(std::move(cache)),
        codec_(codec),
        row_(std::move(row)),
        frame_bytes_(image.plain_frame_bytes()),
        frame_count_(image.image.frame_count) {}

  [[nodiscard]] std::uint64_t size() const override { return frame_bytes_ * frame_count_; }
  [[nodiscard]] Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      return fail(ErrorCode::Corrupt, "the range runs past the last frame");
    }
    while (!out.empty()) {
      const auto frame = CSL_TRY(frame_at(static_cast<std::uint32_t>(offset / frame_bytes_)));
      const std::uint64_t within = offset % frame_bytes_;
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), frame_bytes_ - within));
      std::ranges::copy(ByteView(*frame).subspan(within, count), out.begin());
      out = out.subspan(count);
      offset += count;
    }
    return {};
  }

 private:
  Result<std::shared_ptr<const Bytes>> frame_at(std::uint32_t index) const {
    auto kept = last_.with([&](const Last& last) {
      return last.index == index ? last.frame : std::shared_ptr<const Bytes>();
    });
    if (kept) return kept;
    const auto image = CSL_TRY(cache_->open(store_, row_));
    auto frame = std::make_shared<const Bytes>(CSL_TRY(plain_frame(*image, index, codec_)));
    if (frame->size() != frame_bytes_) {
      return fail(ErrorCode::Corrupt, "a decoded frame has not the size that the image declares");
    }
    last_.with([&](Last& last) { last = {index, frame}; });
    return std::shared_ptr<const Bytes>(std::move(frame));
  }

  struct Last {
    std::optional<std::uint32_t> index;
    std::shared_ptr<const Bytes> frame;
  };
  storage::Store& store_;
  std::shared_ptr<ImageCache> cache_;
  CodecPool* codec_;
  storage::InstanceRow row_;
  std::uint64_t frame_bytes_;
  std::uint32_t frame_count_;
  mutable Guarded<Last> last_;
};

class LateObject final : public ByteSource {
 public:
  LateObject(storage::Store& store, const PatientId& patient, storage::ObjectRef object)
      : store_(store), patient_(patient), object_(std::move(object)) {}
  [[nodiscard]] std::uint64_t size() const override { return object_.size_bytes; }
  [[nodiscard]] Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    auto source = open_.with([](const auto& open) { return open; });
    if (!source) {
      source = CSL_TRY(store_.objects().open(patient_, object_));
      open_.with([&](auto& open) { open = source; });
    }
    CSL_TRY(source->read(offset, out));
    if (offset + out.size() == size()) open_.with([](auto& open) { open.reset(); });
    return {};
  }

 private:
  storage::Store& store_;
  PatientId patient_;
  storage::ObjectRef object_;
  mutable Guarded<std::shared_ptr<const ByteSource>> open_;
};

}  // namespace

std::uint64_t OpenImage::plain_frame_bytes() const {
  if (is_compressed()) return output_size_bytes(codec_job(file.syntax->codec, image));
  return (native_frame_bits(image) + 7) / 8;
}

namespace {

// What make_ready does to a codec's answer is nothing but a palette: decode_frame gives these
// bytes.
bool has_decoded_frames(const OpenImage& image) {
  const PixelCodec codec = image.file.syntax->codec;
  return codec != PixelCodec::Unsupported && answer_form(codec) == FrameForm::Decoded &&
         !image.image.palette &&
         frame_size_bytes(image.image.ready) == output_size_bytes(codec_job(codec, image.image));
}

}  // namespace

namespace {

Result<std::shared_ptr<OpenImage>> open_object(std::shared_ptr<const ByteSource> object) {
  auto image = std::make_shared<OpenImage>();
  image->object = std::move(object);
  CSL_TRY(read_object(*image));
  if (image->file.pixel_data.kind == PixelDataKind::None) return image;
  image->image = CSL_TRY(describe_pixels(image->file));
  if (image->is_compressed()) {
    image->table = CSL_TRY(frame_table(image->file, image->image.frame_count));
  }
  return image;
}

}  // namespace

Result<std::shared_ptr<const OpenImage>> open_image(storage::Store& store,
                                                    const storage::InstanceRow& row) {
  auto image = CSL_TRY(open_object(CSL_TRY(store.objects().open(row.patient, row.object))));
  const bool has_ready = !row.frames.name.empty() && image->is_compressed();
  if (has_ready && has_decoded_frames(*image)) {
    image->ready = CSL_TRY(store.objects().open(row.patient, row.frames));
    image->ready_offset = row.first_frame_offset;
  }
  return std::shared_ptr<const OpenImage>(std::move(image));
}

Result<std::shared_ptr<const OpenImage>> open_image(std::shared_ptr<const ByteSource> object) {
  return std::shared_ptr<const OpenImage>(CSL_TRY(open_object(std::move(object))));
}

Result<Bytes> coded_frame(const OpenImage& image, std::uint32_t index) {
  return compressed_frame(image.file, image.table, index);
}

Status can_be_plain(const OpenImage& image, const CodecPool* codec) {
  if (!image.is_compressed() || image.ready) return {};
  if (codec == nullptr || image.file.syntax->codec == PixelCodec::Unsupported) {
    return fail(ErrorCode::Unsupported, "its pixels can only be had in the form they are kept in",
                "transfer syntax " + image.file.transfer_syntax_uid,
                "accept this transfer syntax, or transfer-syntax=*");
  }
  return {};
}

Result<Bytes> plain_frame(const OpenImage& image, std::uint32_t index, CodecPool* codec) {
  if (!image.is_compressed()) return native_plain_frame(image, index);
  if (image.ready && index < image.image.frame_count) {
    const std::uint64_t size = image.plain_frame_bytes();
    return read_bytes(*image.ready, image.ready_offset + index * size, size, size);
  }
  CSL_TRY(can_be_plain(image, codec));
  return codec->decode(codec_job(image.file.syntax->codec, image.image),
                       CSL_TRY(coded_frame(image, index)));
}

Result<std::shared_ptr<const OpenImage>> ImageCache::open(storage::Store& store,
                                                          const storage::InstanceRow& row) {
  auto found = recent_.with([&](std::list<Entry>& recent) -> std::shared_ptr<const OpenImage> {
    const auto place = std::ranges::find(recent, row.object.name, &Entry::name);
    if (place == recent.end()) return nullptr;
    recent.splice(recent.begin(), recent, place);
    return place->image;
  });
  if (found) return found;
  auto image = CSL_TRY(open_image(store, row));
  recent_.with([&](std::list<Entry>& recent) {
    recent.push_front({row.object.name, image});
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    auto keep = recent.begin();
    for (; keep != recent.end() && count < cached_images_max; ++keep, ++count) {
      bytes += keep->image->bytes.size();
      if (count > 0 && bytes > cached_bytes_max) break;
    }
    recent.erase(keep, recent.end());
  });
  return image;
}

std::shared_ptr<const ByteSource> plain_frames(storage::Store& store,
                                               std::shared_ptr<ImageCache> cache, CodecPool* codec,
                                               const storage::InstanceRow& row,
                                               const OpenImage& image) {
  return std::make_shared<PlainFrames>(store, std::move(cache), codec, row, image);
}

std::shared_ptr<const ByteSource> late_object(storage::Store& store, const PatientId& patient,
                                              const storage::ObjectRef& object) {
  return std::make_shared<LateObject>(store, patient, object);
}

}  // namespace consilium::service
