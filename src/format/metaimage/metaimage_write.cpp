#include <fmt/format.h>

#include <cmath>

#include "format/metaimage/metaimage.hpp"
#include "format/volume/header_words.hpp"
#include "format/volume/packing.hpp"

namespace consilium {
namespace {

std::string_view type_name(SampleType type) {
  switch (type) {
    case SampleType::U8:
      return "MET_UCHAR";
    case SampleType::I8:
      return "MET_CHAR";
    case SampleType::U16:
      return "MET_USHORT";
    case SampleType::I16:
      return "MET_SHORT";
    case SampleType::U32:
      return "MET_UINT";
    case SampleType::I32:
      return "MET_INT";
    case SampleType::F32:
      return "MET_FLOAT";
    case SampleType::F64:
      return "MET_DOUBLE";
  }
  return "";
}

Status check(const ScalarVolume& volume) {
  CSL_TRY(check_volume(volume));
  for (const auto& [first, second] : {std::pair{0, 1}, std::pair{0, 2}, std::pair{1, 2}}) {
    const Vector3 a = volume.affine.axis_mm(first);
    const Vector3 b = volume.affine.axis_mm(second);
    if (std::abs(dot(a, b)) > 1e-4 * length(a) * length(b)) {
      return fail(ErrorCode::InvalidInput, "the axes of the volume are not at right angles", {},
                  "write it as NRRD or NIfTI, which can say that");
    }
  }
  return {};
}

std::string header_text(const ScalarVolume& volume, std::string_view data_file,
                        std::optional<std::size_t> compressed_bytes) {
  std::string matrix;
  std::string spacing;
  for (int axis = 0; axis < 3; ++axis) {
    const Vector3 step = volume.affine.axis_mm(axis);
    const double size = length(step);
    for (const double value : step) {
      matrix += (matrix.empty() ? "" : " ") + number_text(value / size);
    }
    spacing += (axis == 0 ? "" : " ") + number_text(size);
  }
  const Vector3 origin = volume.affine.axis_mm(3);
  std::string out =
      "ObjectType = Image\nNDims = 3\nBinaryData = True\n"
      "BinaryDataByteOrderMSB = False\n";
  out += fmt::format("CompressedData = {}\n", compressed_bytes ? "True" : "False");
  if (compressed_bytes) out += fmt::format("CompressedDataSize = {}\n", *compressed_bytes);
  out += fmt::format("TransformMatrix = {}\n", matrix);
  out += fmt::format("Offset = {} {} {}\n", number_text(origin[0]), number_text(origin[1]),
                     number_text(origin[2]));
  out += fmt::format("CenterOfRotation = 0 0 0\nElementSpacing = {}\n", spacing);
  out += fmt::format("DimSize = {} {} {}\n", volume.dims[0], volume.dims[1], volume.dims[2]);
  // Has to come last: what follows are the data.
  out += fmt::format("ElementType = {}\nElementDataFile = {}\n", type_name(volume.sample_type),
                     data_file);
  return out;
}

Result<DetachedMetaImage> written(const ScalarVolume& volume, MetaImagePacking packing,
                                  std::string_view data_file) {
  CSL_TRY(check(volume));
  DetachedMetaImage out;
  std::optional<std::size_t> compressed_bytes;
  if (packing == MetaImagePacking::Zlib) {
    out.data = CSL_TRY(deflate_zlib(volume.samples));
    compressed_bytes = out.data.size();
  } else {
    out.data = volume.samples;
  }
  out.header = to_bytes(header_text(volume, data_file, compressed_bytes));
  return out;
}

}  // namespace

Result<Bytes> write_metaimage(const ScalarVolume& volume, MetaImagePacking packing) {
  DetachedMetaImage parts = CSL_TRY(written(volume, packing, "LOCAL"));
  parts.header.insert(parts.header.end(), parts.data.begin(), parts.data.end());
  return std::move(parts.header);
}

Result<DetachedMetaImage> write_detached_metaimage(const ScalarVolume& volume,
                                                   MetaImagePacking packing,
                                                   std::string_view data_file_name) {
  if (!is_plain_file_name(data_file_name)) {
    return fail(ErrorCode::InvalidInput, "the data file's name has a path in it");
  }
  return written(volume, packing, data_file_name);
}

}  // namespace consilium
