#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/byte_reader.hpp"
#include "format/nrrd/nrrd_header.hpp"
#include "format/volume/header_words.hpp"
#include "format/volume/packing.hpp"

namespace consilium {
namespace {

using detail::NrrdEncoding;
using detail::NrrdHeader;

std::unexpected<Error> corrupt(std::string what, std::string where = {}) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where), "write the file again");
}

Result<std::uint64_t> data_size(const NrrdHeader& header, std::uint64_t size_max) {
  std::uint64_t size = size_bytes(header.shape.sample_type);
  const auto grow = [&](std::uint64_t by) { return size <= size_max / by ? size *= by : size = 0; };
  for (const std::uint32_t dim : header.shape.dims) {
    if (grow(dim) == 0) break;
  }
  if (size != 0) grow(header.list_size);
  if (size == 0) return fail(ErrorCode::TooLarge, "the volume is too large", "sizes");
  return size;
}

template <class Sample>
Status put_numbers(const std::vector<std::string_view>& words, Bytes& out) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto number = number_of(words[n]);
    if (!number || *number < static_cast<double>(std::numeric_limits<Sample>::lowest()) ||
        *number > static_cast<double>(std::numeric_limits<Sample>::max())) {
      return corrupt("a sample is no number of its type", "sample " + std::to_string(n));
    }
    const auto sample = static_cast<Sample>(*number);
    std::memcpy(out.data() + n * sizeof(Sample), &sample, sizeof(Sample));
  }
  return {};
}

Result<Bytes> text_samples(ByteView text, SampleType type, std::uint64_t size) {
  const std::vector<std::string_view> words = words_of(text_of(text), ",\n");
  if (words.size() != size / size_bytes(type)) {
    return corrupt("there are not as many samples as voxels");
  }
  Bytes out(size);
  const auto put = [&]() -> Status {
    switch (type) {
      case SampleType::U8:
        return put_numbers<std::uint8_t>(words, out);
      case SampleType::I8:
        return put_numbers<std::int8_t>(words, out);
      case SampleType::U16:
        return put_numbers<std::uint16_t>(words, out);
      case SampleType::I16:
        return put_numbers<std::int16_t>(words, out);
      case SampleType::U32:
        return put_numbers<std::uint32_t>(words, out);
      case SampleType::I32:
        return put_numbers<std::int32_t>(words, out);
      case SampleType::F32:
        return put_numbers<float>(words, out);
      case SampleType::F64:
        return put_numbers<double>(words, out);
    }
    return fail(ErrorCode::Internal, "there is a sample type that nobody reads");
  };
  CSL_TRY(put());
  return out;
}

// One data file's bytes, unpacked, `size` long.
Result<Bytes> unpacked(ByteView data, const NrrdHeader& header, std::uint64_t size) {
  ByteReader bytes(data);
  for (std::uint64_t n = 0; n < header.line_skip; ++n) CSL_TRY(bytes.line());
  if (header.encoding == NrrdEncoding::Raw) {
    if (header.byte_skip == -1) {
      if (bytes.left() < size) return corrupt("the data end before the last voxel");
      CSL_TRY(bytes.skip(bytes.left() - size));
    } else {
      CSL_TRY(bytes.skip(static_cast<std::uint64_t>(header.byte_skip)));
    }
    const ByteView samples = CSL_TRY(bytes.take(size));
    return Bytes(samples.begin(), samples.end());
  }
  const ByteView rest = bytes.peek(bytes.left());
  if (header.encoding == NrrdEncoding::Text) {
    return text_samples(rest, header.shape.sample_type, size);
  }
  // Bytes to skip count in what was unpacked.
  const std::uint64_t skipped =
      header.byte_skip > 0 ? static_cast<std::uint64_t>(header.byte_skip) : 0;
  if (!can_unpack_to(rest.size(), size + skipped)) {
    return corrupt("the data end before the last voxel");
  }
  Bytes out = CSL_TRY(gunzip_exactly(rest, size + skipped));
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(skipped));
  return out;
}

Result<Bytes> all_samples(ByteView file, const NrrdHeader& header, const NrrdReadOptions& options) {
  const std::uint64_t size = CSL_TRY(data_size(header, options.size_max));
  if (header.data_files.empty()) {
    return unpacked(file.subspan(header.size_bytes), header, size);
  }
  if (size % header.data_files.size() != 0) {
    return corrupt("its data files cannot all be of one size", "data file");
  }
  Bytes samples;
  for (const std::string& name : header.data_files) {
    if (!is_plain_file_name(name)) {
      return fail(ErrorCode::Unsupported, "its data file does not lie beside the header",
                  "data file", "put both into one folder and name the file without a path");
    }
    if (!options.opener) {
      return fail(ErrorCode::NotFound, "the header's data lie in another file", "data file",
                  "give header and data together, or join them into one .nrrd");
    }
    const Bytes data = CSL_TRY(options.opener(name));
    const Bytes part = CSL_TRY(unpacked(data, header, size / header.data_files.size()));
    samples.insert(samples.end(), part.begin(), part.end());
  }
  return samples;
}

}  // namespace

bool looks_like_nrrd(ByteView file) {
  return text_of(file.first(std::min<std::size_t>(file.size(), 7))) == "NRRD000";
}

Result<std::vector<NrrdVolume>> read_nrrd_list(ByteView file, const NrrdReadOptions& options) {
  const NrrdHeader header = CSL_TRY(detail::read_nrrd_header(file));
  Bytes samples = CSL_TRY(all_samples(file, header, options));
  const std::size_t sample_bytes = size_bytes(header.shape.sample_type);
  if (header.is_big_endian && header.encoding != NrrdEncoding::Text) {
    swap_sample_bytes(samples, sample_bytes);
  }
  std::vector<NrrdVolume> volumes(header.list_size, NrrdVolume{.volume = header.shape,
                                                               .has_space = header.has_space,
                                                               .segments = header.segments});
  if (header.list_size == 1) {
    volumes.front().volume.samples = std::move(samples);
    return volumes;
  }
  const std::size_t volume_bytes = samples.size() / header.list_size;
  for (std::size_t n = 0; n < volumes.size(); ++n) {
    Bytes& out = volumes[n].volume.samples;
    out.resize(volume_bytes);
    if (!header.list_is_fastest) {
      std::memcpy(out.data(), samples.data() + n * volume_bytes, volume_bytes);
      continue;
    }
    for (std::size_t at = 0; at < volume_bytes; at += sample_bytes) {
      std::memcpy(out.data() + at, samples.data() + at * header.list_size + n * sample_bytes,
                  sample_bytes);
    }
  }
  return volumes;
}

Result<NrrdVolume> read_nrrd(ByteView file, const NrrdReadOptions& options) {
  const NrrdHeader header = CSL_TRY(detail::read_nrrd_header(file));
  if (header.list_size > 1) {
    return fail(ErrorCode::Unsupported, "the file holds more than one volume",
                "sizes (" + std::to_string(header.list_size) + " volumes)",
                "split it into volumes");
  }
  std::vector<NrrdVolume> volumes = CSL_TRY(read_nrrd_list(file, options));
  return std::move(volumes.front());
}

}  // namespace consilium
