#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/byte_reader.hpp"
#include "format/nifti/nifti.hpp"
#include "format/volume/packing.hpp"
#include "format/volume/scalar_volume.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t header_bytes = 348;
constexpr std::uint64_t header_2_bytes = 540;

std::unexpected<Error> corrupt(std::string what, std::string where = {}) {
  return fail(ErrorCode::Corrupt, std::move(what), std::move(where), "write the file again");
}

std::optional<SampleType> sample_type_of(std::int16_t datatype) {
  switch (datatype) {
    case 2:
      return SampleType::U8;
    case 256:
      return SampleType::I8;
    case 512:
      return SampleType::U16;
    case 4:
      return SampleType::I16;
    case 768:
      return SampleType::U32;
    case 8:
      return SampleType::I32;
    case 16:
      return SampleType::F32;
    case 64:
      return SampleType::F64;
    default:
      return std::nullopt;
  }
}

struct Space {
  std::array<double, 4> pixdim{};  // qfac and the spacings
  std::int32_t qform_code = 0;
  std::int32_t sform_code = 0;
  std::array<double, 6> quaternion_and_offset{};
  std::array<double, 12> rows{};
};

// RAS rows of the affine: nifti1.h, methods 3, 2 and 1.
std::array<double, 12> ras_rows(const Space& space) {
  std::array<double, 12> rows{};
  if (space.sform_code > 0) {
    std::ranges::copy(space.rows, rows.begin());
    return rows;
  }
  if (space.qform_code > 0) {
    const double b = space.quaternion_and_offset[0];
    const double c = space.quaternion_and_offset[1];
    const double d = space.quaternion_and_offset[2];
    const double a = std::sqrt(std::max(0.0, 1.0 - b * b - c * c - d * d));
    const double turns[9] = {a * a + b * b - c * c - d * d, 2 * (b * c - a * d),
                             2 * (b * d + a * c),           2 * (b * c + a * d),
                             a * a + c * c - b * b - d * d, 2 * (c * d - a * b),
                             2 * (b * d - a * c),           2 * (c * d + a * b),
                             a * a + d * d - c * c - b * b};
    const double qfac = space.pixdim[0] < 0 ? -1.0 : 1.0;
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t column = 0; column < 3; ++column) {
        rows[row * 4 + column] =
            turns[row * 3 + column] * space.pixdim[column + 1] * (column == 2 ? qfac : 1.0);
      }
      rows[row * 4 + 3] = space.quaternion_and_offset[row + 3];
    }
    return rows;
  }
  for (std::size_t axis = 0; axis < 3; ++axis) rows[axis * 5] = space.pixdim[axis + 1];
  return rows;
}

// The label names in our header extension; other extensions are passed over.
std::vector<NiftiLabel> labels_in(ByteView extensions, std::endian order) {
  ByteReader bytes(extensions, order);
  const Result<ByteView> flag = bytes.take(4);
  if (!flag || (*flag)[0] == std::byte{0}) return {};
  while (bytes.left() >= 16) {
    const Result<std::int32_t> size = bytes.i32();
    const Result<std::int32_t> code = bytes.i32();
    if (!size || !code || *size < 16) return {};
    const auto value_size = static_cast<std::uint64_t>(*size) - 8;
    const Result<std::string_view> text = bytes.text(value_size);
    if (!text) return {};
    if (*code != 6) continue;
    boost::system::error_code problem;
    const std::string_view json = text->substr(0, text->find('\0'));
    const boost::json::value value = boost::json::parse({json.data(), json.size()}, problem);
    const auto* object = problem ? nullptr : value.if_object();
    const auto* list = object != nullptr ? object->if_contains("labels") : nullptr;
    if (list == nullptr || !list->is_array()) continue;
    std::vector<NiftiLabel> labels;
    for (const boost::json::value& entry : list->get_array()) {
      const auto* fields = entry.if_object();
      const auto* number = fields != nullptr ? fields->if_contains("value") : nullptr;
      const auto* name = fields != nullptr ? fields->if_contains("name") : nullptr;
      if (number == nullptr || name == nullptr || !name->is_string()) continue;
      const auto label = boost::json::try_value_to<std::uint16_t>(*number);
      if (label) labels.push_back({*label, std::string(name->get_string())});
    }
    return labels;
  }
  return {};
}

template <std::size_t count>
Result<std::array<double, count>> floats_at(ByteReader& bytes, std::uint64_t offset) {
  CSL_TRY(bytes.seek(offset));
  std::array<double, count> values{};
  for (double& value : values) value = double{CSL_TRY(bytes.f32())};
  return values;
}

template <std::size_t count>
Result<std::array<double, count>> doubles_at(ByteReader& bytes, std::uint64_t offset) {
  CSL_TRY(bytes.seek(offset));
  std::array<double, count> values{};
  for (double& value : values) value = CSL_TRY(bytes.f64());
  return values;
}

// What both versions' headers say, in the wider one's types.
struct Header {
  std::uint64_t size_bytes = header_bytes;
  std::array<std::int64_t, 8> dim{};  // the count of dimensions, then the sizes
  std::int16_t datatype = 0;
  double voxel_offset = 0;
  double slope = 0;
  double intercept = 0;
  std::string description;
  Space space;
};

Result<std::string> description_at(ByteReader& bytes, std::uint64_t offset) {
  CSL_TRY(bytes.seek(offset));
  const std::string_view text = CSL_TRY(bytes.text(80));
  return std::string(text.substr(0, text.find('\0')));
}

Result<Header> read_header_1(ByteReader& bytes) {
  Header header;
  CSL_TRY(bytes.seek(344));
  const std::string_view magic = CSL_TRY(bytes.text(4));
  if (!magic.starts_with("n+1")) {
    return fail(ErrorCode::Unsupported, "header and voxels do not lie in one file", "byte 344",
                "join them into one .nii");
  }
  CSL_TRY(bytes.seek(40));
  for (std::int64_t& size : header.dim) size = CSL_TRY(bytes.i16());
  CSL_TRY(bytes.seek(70));
  header.datatype = CSL_TRY(bytes.i16());
  header.space.pixdim = CSL_TRY(floats_at<4>(bytes, 76));
  const auto numbers = CSL_TRY(floats_at<3>(bytes, 108));
  header.voxel_offset = numbers[0];
  header.slope = numbers[1];
  header.intercept = numbers[2];
  header.description = CSL_TRY(description_at(bytes, 148));
  CSL_TRY(bytes.seek(252));
  header.space.qform_code = CSL_TRY(bytes.i16());
  header.space.sform_code = CSL_TRY(bytes.i16());
  header.space.quaternion_and_offset = CSL_TRY(floats_at<6>(bytes, 256));
  header.space.rows = CSL_TRY(floats_at<12>(bytes, 280));
  return header;
}

// nifti2.h (2014): the same in wider numbers, at other places.
Result<Header> read_header_2(ByteReader& bytes) {
  Header header;
  header.size_bytes = header_2_bytes;
  CSL_TRY(bytes.seek(4));
  const std::string_view magic = CSL_TRY(bytes.text(8));
  if (magic.starts_with("ni2")) {
    return fail(ErrorCode::Unsupported, "header and voxels do not lie in one file", "byte 4",
                "join them into one .nii");
  }
  // The line ends behind it show a file that was sent as text.
  if (magic != std::string_view("n+2\0\r\n\x1A\n", 8)) {
    return corrupt("this is not a NIfTI-2 file", "byte 4");
  }
  header.datatype = CSL_TRY(bytes.i16());
  CSL_TRY(bytes.seek(16));
  for (std::int64_t& size : header.dim) size = std::bit_cast<std::int64_t>(CSL_TRY(bytes.u64()));
  header.space.pixdim = CSL_TRY(doubles_at<4>(bytes, 104));
  CSL_TRY(bytes.seek(168));
  header.voxel_offset = static_cast<double>(CSL_TRY(bytes.u64()));
  const auto scale = CSL_TRY(doubles_at<2>(bytes, 176));
  header.slope = scale[0];
  header.intercept = scale[1];
  header.description = CSL_TRY(description_at(bytes, 240));
  CSL_TRY(bytes.seek(344));
  header.space.qform_code = CSL_TRY(bytes.i32());
  header.space.sform_code = CSL_TRY(bytes.i32());
  header.space.quaternion_and_offset = CSL_TRY(doubles_at<6>(bytes, 352));
  header.space.rows = CSL_TRY(doubles_at<12>(bytes, 400));
  return header;
}

Result<Header> read_header(ByteReader& bytes) {
  const std::uint32_t size = CSL_TRY(bytes.u32());
  const bool is_swapped = size == 0x5C010000 || size == 0x1C020000;
  if (is_swapped) bytes.set_order(std::endian::big);
  if (size == header_bytes || size == 0x5C010000) return read_header_1(bytes);
  if (size == header_2_bytes || size == 0x1C020000) return read_header_2(bytes);
  return corrupt("this is not a NIfTI file", "byte 0");
}

// The volumes of one file share their space; samples of all, one after the other.
struct NiftiList {
  NiftiVolume shared;
  std::uint64_t volume_count = 1;
};

// Gives the count of all voxels, which the file must be able to hold.
Result<std::uint64_t> read_dims(const Header& header, std::uint64_t file_size, NiftiList& list) {
  if (header.dim[0] < 1 || header.dim[0] > 7) {
    return corrupt("the count of dimensions is out of range", "the header's dim");
  }
  std::uint64_t voxels = 1;
  for (std::size_t axis = 0; axis < 7; ++axis) {
    const std::int64_t used =
        static_cast<std::int64_t>(axis) < header.dim[0] ? header.dim[axis + 1] : 1;
    if (used < 1) return corrupt("a dimension is not greater than 0", "the header's dim");
    const auto size = static_cast<std::uint64_t>(used);
    constexpr std::uint64_t size_max = 0xFFFF'FFFF;
    if (size > size_max || size > file_size || voxels * size > file_size) {
      return corrupt("the file ends before its voxels", "the header's dim");
    }
    if (axis >= 3) list.volume_count *= size;
    if (axis < 3) list.shared.dims[axis] = static_cast<std::uint32_t>(size);
    voxels *= size;
  }
  return voxels;
}

Result<NiftiList> read_plain(ByteView file) {
  ByteReader bytes(file);
  Header header = CSL_TRY(read_header(bytes));
  NiftiList list;
  NiftiVolume& volume = list.shared;
  const std::uint64_t voxels = CSL_TRY(read_dims(header, file.size(), list));
  const std::optional<SampleType> type = sample_type_of(header.datatype);
  if (!type) {
    return fail(ErrorCode::Unsupported, "samples of this kind are not read",
                "the header's datatype");
  }
  volume.sample_type = *type;
  // A slope of 0 says that there is no scale at all.
  if (header.slope != 0 && std::isfinite(header.slope) && std::isfinite(header.intercept)) {
    volume.slope = header.slope;
    volume.intercept = header.intercept;
  }
  volume.description = std::move(header.description);
  const std::array<double, 12> rows = ras_rows(header.space);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    volume.affine.values[i] = i < 8 ? -rows[i] : rows[i];
  }
  if (!volume.affine.inverse()) return corrupt("the axes of the volume lie in one plane");
  const auto least = static_cast<double>(header.size_bytes + 4);
  if (!(header.voxel_offset >= least) || header.voxel_offset > static_cast<double>(file.size())) {
    return corrupt("the voxels begin outside the file", "the header's vox_offset");
  }
  const auto voxels_at = static_cast<std::uint64_t>(header.voxel_offset);
  volume.labels =
      labels_in(file.subspan(header.size_bytes, voxels_at - header.size_bytes), bytes.order());
  CSL_TRY(bytes.seek(voxels_at));
  const ByteView samples = CSL_TRY(bytes.take(voxels * size_bytes(*type)));
  volume.samples.assign(samples.begin(), samples.end());
  if (bytes.order() == std::endian::big) swap_sample_bytes(volume.samples, size_bytes(*type));
  return list;
}

Result<NiftiList> read_any(ByteView file, std::uint64_t size_max) {
  if (file.size() > size_max) return fail(ErrorCode::TooLarge, "the volume is too large");
  if (!is_gzip(file)) return read_plain(file);
  const Bytes plain = CSL_TRY(gunzip(file, size_max));
  return read_plain(plain);
}

}  // namespace

Result<NiftiVolume> read_nifti(ByteView file, std::uint64_t size_max) {
  NiftiList list = CSL_TRY(read_any(file, size_max));
  if (list.volume_count > 1) {
    return fail(ErrorCode::Unsupported, "the file holds more than one volume", "byte 48",
                "split it into volumes");
  }
  return std::move(list.shared);
}

Result<std::vector<NiftiVolume>> read_nifti_list(ByteView file, std::uint64_t size_max) {
  NiftiList list = CSL_TRY(read_any(file, size_max));
  if (list.volume_count == 1) return std::vector<NiftiVolume>{std::move(list.shared)};
  const Bytes samples = std::exchange(list.shared.samples, {});
  const std::size_t each = samples.size() / list.volume_count;
  std::vector<NiftiVolume> volumes(list.volume_count, list.shared);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const ByteView own = ByteView(samples).subspan(i * each, each);
    volumes[i].samples.assign(own.begin(), own.end());
  }
  return volumes;
}

}  // namespace consilium
