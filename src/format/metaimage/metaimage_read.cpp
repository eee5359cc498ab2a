#include <algorithm>
#include <cmath>
#include <map>

#include "base/byte_reader.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/volume/header_words.hpp"
#include "format/volume/packing.hpp"

namespace consilium {
namespace {

constexpr std::size_t header_bytes_max = 1U << 20U;
constexpr std::int64_t axis_max = 1 << 24;

std::unexpected<Error> corrupt(std::string what, std::string where = {}) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where), "write the file again");
}
std::unexpected<Error> unsupported(std::string what, std::string where, std::string remedy) {
  return fail(ErrorCode::Unsupported, std::move(what), std::move(where), std::move(remedy));
}

struct Header {
  std::map<std::string, std::string, std::less<>> fields;  // names in lower case
  std::vector<std::string> listed_files;
  std::size_t size_bytes = 0;

  // The first of the names that is there.
  [[nodiscard]] std::string_view field(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const auto found = fields.find(name);
      if (found != fields.end()) return found->second;
    }
    return {};
  }
  [[nodiscard]] bool is_true(std::initializer_list<std::string_view> names) const {
    const std::string_view value = field(names);
    return !value.empty() && (value[0] == 'T' || value[0] == 't' || value[0] == '1');
  }
};

Result<Header> read_header(ByteView file) {
  ByteReader bytes(file.first(std::min(file.size(), header_bytes_max)));
  Header header;
  while (!bytes.at_end()) {
    const std::string_view line = CSL_TRY(bytes.line());
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      if (trimmed(line).empty()) continue;
      return corrupt("a line of the header has no \"=\"", bytes.where());
    }
    const std::string name = lower_case(trimmed(line.substr(0, equals)));
    header.fields[name] = std::string(trimmed(line.substr(equals + 1)));
    if (name != "elementdatafile") continue;
    header.size_bytes = bytes.position();
    if (!lower_case(header.fields[name]).starts_with("list")) return header;
    while (!bytes.at_end()) {
      const std::string_view listed = trimmed(CSL_TRY(bytes.line()));
      if (!listed.empty()) header.listed_files.emplace_back(listed);
    }
    return header;
  }
  return corrupt("the header does not say where its data lie", "ElementDataFile");
}

std::optional<SampleType> sample_type_of(std::string_view name) {
  static const std::map<std::string_view, SampleType> types{
      {"MET_CHAR", SampleType::I8},   {"MET_UCHAR", SampleType::U8},
      {"MET_SHORT", SampleType::I16}, {"MET_USHORT", SampleType::U16},
      {"MET_INT", SampleType::I32},   {"MET_UINT", SampleType::U32},
      {"MET_LONG", SampleType::I32},  {"MET_ULONG", SampleType::U32},  // of 32 bits in MetaIO
      {"MET_FLOAT", SampleType::F32}, {"MET_DOUBLE", SampleType::F64}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<double>> numbers(const Header& header,
                                    std::initializer_list<std::string_view> names,
                                    std::size_t count, std::vector<double> otherwise) {
  const std::string_view text = header.field(names);
  if (text.empty()) return otherwise;
  auto found = numbers_of(text);
  if (!found || found->size() != count) {
    return corrupt("a field has not as many numbers as dimensions", std::string(*names.begin()));
  }
  return std::move(*found);
}

// Dims and affine; the sample type too.
Result<ScalarVolume> shape_of(const Header& header) {
  const auto count = integer_of(header.field({"ndims"}));
  if (!count || *count < 1 || *count > 10) {
    return corrupt("the count of dimensions is out of range", "NDims");
  }
  const auto axes = static_cast<std::size_t>(*count);
  const std::vector<double> sizes = CSL_TRY(numbers(header, {"dimsize"}, axes, {}));
  if (sizes.empty()) return corrupt("the header has no sizes", "DimSize");
  ScalarVolume volume;
  volume.dims = {1, 1, 1};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (sizes[axis] < 1 || sizes[axis] > axis_max || sizes[axis] != std::floor(sizes[axis])) {
      return corrupt("a size is out of range", "DimSize");
    }
    if (axis < 3) volume.dims[axis] = static_cast<std::uint32_t>(sizes[axis]);
    if (axis >= 3 && sizes[axis] > 1) {
      return unsupported("the file holds more than one volume", "DimSize", "split it into volumes");
    }
  }
  const auto channels = header.field({"elementnumberofchannels"});
  if (!channels.empty() && channels != "1") {
    return unsupported("its samples are vectors or colours", "ElementNumberOfChannels",
                       "give a volume of one number a voxel");
  }
  const auto type = sample_type_of(header.field({"elementtype"}));
  if (!type) {
    return unsupported("samples of this kind are not read", "ElementType",
                       "convert them to integers of at most 32 bits or to floats");
  }
  volume.sample_type = *type;
  const auto spacing = CSL_TRY(
      numbers(header, {"elementspacing", "elementsize"}, axes, std::vector<double>(axes, 1.0)));
  const auto origin = CSL_TRY(
      numbers(header, {"offset", "position", "origin"}, axes, std::vector<double>(axes, 0.0)));
  std::vector<double> identity(axes * axes);
  for (std::size_t axis = 0; axis < axes; ++axis) identity[axis * axes + axis] = 1;
  const auto matrix = CSL_TRY(
      numbers(header, {"transformmatrix", "rotation", "orientation"}, axes * axes, identity));
  std::array<Vector3, 3> steps{Vector3{1, 0, 0}, Vector3{0, 1, 0}, Vector3{0, 0, 1}};
  Vector3 start{};
  for (std::size_t axis = 0; axis < std::min<std::size_t>(axes, 3); ++axis) {
    start[axis] = origin[axis];
    const double step = spacing[axis] != 0 ? std::abs(spacing[axis]) : 1;
    steps[axis] = {};
    for (std::size_t i = 0; i < std::min<std::size_t>(axes, 3); ++i) {
      steps[axis][i] = matrix[axis * axes + i] * step;
    }
  }
  volume.affine = affine_from_axes({start[0], start[1], start[2]}, steps[0], steps[1], steps[2]);
  if (!volume.affine.inverse()) {
    return corrupt("the axes of the volume lie in one plane", "TransformMatrix");
  }
  return volume;
}

Result<std::uint64_t> data_size(const ScalarVolume& volume, std::uint64_t size_max) {
  std::uint64_t size = size_bytes(volume.sample_type);
  for (const std::uint32_t dim : volume.dims) {
    if (size > size_max / dim)
      return fail(ErrorCode::TooLarge, "the volume is too large", "DimSize");
    size *= dim;
  }
  return size;
}

Result<Bytes> unpacked(ByteView data, const Header& header, std::uint64_t size) {
  if (header.is_true({"compresseddata"})) {
    // What follows the stream in one file is not of it.
    const auto stated = integer_of(header.field({"compresseddatasize"}));
    if (stated && *stated > 0 && static_cast<std::uint64_t>(*stated) < data.size()) {
      data = data.first(static_cast<std::size_t>(*stated));
    }
    if (is_gzip(data)) return gunzip_exactly(data, size);
    return inflate_zlib_exactly(data, size);
  }
  const std::string_view skipped = header.field({"headersize"});
  const auto skip = skipped.empty() ? std::optional<std::int64_t>(0) : integer_of(skipped);
  if (!skip || *skip < -1) return corrupt("the header's size is no count", "HeaderSize");
  ByteReader bytes(data);
  if (*skip == -1 && bytes.left() > size) CSL_TRY(bytes.skip(bytes.left() - size));
  if (*skip > 0) CSL_TRY(bytes.skip(static_cast<std::uint64_t>(*skip)));
  const ByteView samples = CSL_TRY(bytes.take(size));
  return Bytes(samples.begin(), samples.end());
}

Result<Bytes> samples_of(ByteView file, const Header& header, std::uint64_t size,
                         const MetaImageReadOptions& options) {
  const std::string_view place = header.field({"elementdatafile"});
  const std::string kind = lower_case(place);
  if (kind == "local") return unpacked(file.subspan(header.size_bytes), header, size);
  const std::vector<std::string> names =
      kind.starts_with("list") ? header.listed_files : std::vector{std::string(place)};
  if (names.empty() || size % names.size() != 0) {
    return corrupt("its data files cannot all be of one size", "ElementDataFile");
  }
  if (place.find('%') != std::string_view::npos) {
    return unsupported("its data files are named by a pattern", "ElementDataFile",
                       "list the files, or join them");
  }
  Bytes samples;
  for (const std::string& name : names) {
    if (!is_plain_file_name(name)) {
      return unsupported("its data file does not lie beside the header", "ElementDataFile",
                         "put both into one folder and name the file without a path");
    }
    if (!options.opener) {
      return fail(ErrorCode::NotFound, "the header's data lie in another file", "ElementDataFile",
                  "give header and data together, or join them into one .mha");
    }
    const Bytes data = CSL_TRY(options.opener(name));
    const Bytes part = CSL_TRY(unpacked(data, header, size / names.size()));
    samples.insert(samples.end(), part.begin(), part.end());
  }
  return samples;
}

}  // namespace

bool looks_like_metaimage(ByteView file) {
  const std::string_view head = text_of(file.first(std::min<std::size_t>(file.size(), 64)));
  const std::string text = lower_case(trimmed(head));
  return (text.starts_with("objecttype") || text.starts_with("ndims")) &&
         text.find('=') != std::string::npos;
}

Result<ScalarVolume> read_metaimage(ByteView file, const MetaImageReadOptions& options) {
  if (!looks_like_metaimage(file)) return corrupt("this is not a MetaImage file", "byte 0");
  const Header header = CSL_TRY(read_header(file));
  const std::string_view object = header.field({"objecttype"});
  if (!object.empty() && lower_case(object) != "image") {
    return unsupported("the object is no image", "ObjectType", "give an image");
  }
  const std::string_view binary = header.field({"binarydata"});
  if (!binary.empty() && !header.is_true({"binarydata"})) {
    return unsupported("its samples are written as text", "BinaryData", "write them in binary");
  }
  ScalarVolume volume = CSL_TRY(shape_of(header));
  const std::uint64_t size = CSL_TRY(data_size(volume, options.size_max));
  volume.samples = CSL_TRY(samples_of(file, header, size, options));
  if (header.is_true({"binarydatabyteordermsb", "elementbyteordermsb"})) {
    swap_sample_bytes(volume.samples, size_bytes(volume.sample_type));
  }
  return volume;
}

}  // namespace consilium
