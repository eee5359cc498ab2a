#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>

#include "format/nifti/nifti.hpp"
#include "format/volume/packing.hpp"
#include "format/volume/scalar_volume.hpp"

namespace consilium {
namespace {

constexpr std::size_t header_bytes = 348;
constexpr std::size_t header_2_bytes = 540;
constexpr std::int32_t comment_extension = 6;  // NIFTI_ECODE_COMMENT

struct TypeCode {
  SampleType type;
  std::int16_t datatype;
  std::int16_t bits;
};
TypeCode type_code(SampleType type) {
  switch (type) {
    case SampleType::U8:
      return {type, 2, 8};
    case SampleType::I8:
      return {type, 256, 8};
    case SampleType::U16:
      return {type, 512, 16};
    case SampleType::I16:
      return {type, 4, 16};
    case SampleType::U32:
      return {type, 768, 32};
    case SampleType::I32:
      return {type, 8, 32};
    case SampleType::F32:
      return {type, 16, 32};
    case SampleType::F64:
      return {type, 64, 64};
  }
  return {type, 0, 0};
}

template <class T>
void store(Bytes& out, std::size_t at, T value) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out.data() + at, &value, sizeof value);
}

// The affine's rows in RAS.
std::array<std::array<double, 4>, 3> ras_rows(const Affine& affine) {
  std::array<std::array<double, 4>, 3> rows{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 4; ++column) {
      rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] =
          (row < 2 ? -1.0 : 1.0) * affine.at(row, column);
    }
  }
  return rows;
}

struct Quaternion {
  double b = 0, c = 0, d = 0;
  double qfac = 1;  // -1 when the axes are left-handed: the third is then turned
};

// The rotation of the affine's axes; nothing when they are not at right angles.
std::optional<Quaternion> rotation_of(const Affine& affine) {
  const auto rows = ras_rows(affine);
  double r[3][3];
  for (std::size_t column = 0; column < 3; ++column) {
    const double norm = length(affine.axis_mm(static_cast<int>(column)));
    for (std::size_t row = 0; row < 3; ++row) r[row][column] = rows[row][column] / norm;
  }
  for (std::size_t a = 0; a < 3; ++a) {
    const std::size_t b = (a + 1) % 3;
    const double angle = r[0][a] * r[0][b] + r[1][a] * r[1][b] + r[2][a] * r[2][b];
    if (std::abs(angle) > 1e-5) return std::nullopt;
  }
  const double determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                             r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                             r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  Quaternion q;
  if (determinant < 0) {
    q.qfac = -1;
    for (auto& row : r) row[2] = -row[2];
  }
  // The largest of the four squares is the divisor, so that nothing is lost near half a turn.
  const double aa = 1 + r[0][0] + r[1][1] + r[2][2];
  const double bb = 1 + r[0][0] - r[1][1] - r[2][2];
  const double cc = 1 - r[0][0] + r[1][1] - r[2][2];
  const double dd = 1 - r[0][0] - r[1][1] + r[2][2];
  double a = 0;
  if (aa >= std::max({bb, cc, dd})) {
    a = 0.5 * std::sqrt(aa);
    q.b = (r[2][1] - r[1][2]) / (4 * a);
    q.c = (r[0][2] - r[2][0]) / (4 * a);
    q.d = (r[1][0] - r[0][1]) / (4 * a);
  } else if (bb >= std::max(cc, dd)) {
    q.b = 0.5 * std::sqrt(bb);
    a = (r[2][1] - r[1][2]) / (4 * q.b);
    q.c = (r[0][1] + r[1][0]) / (4 * q.b);
    q.d = (r[0][2] + r[2][0]) / (4 * q.b);
  } else if (cc >= dd) {
    q.c = 0.5 * std::sqrt(cc);
    a = (r[0][2] - r[2][0]) / (4 * q.c);
    q.b = (r[0][1] + r[1][0]) / (4 * q.c);
    q.d = (r[1][2] + r[2][1]) / (4 * q.c);
  } else {
    q.d = 0.5 * std::sqrt(dd);
    a = (r[1][0] - r[0][1]) / (4 * q.d);
    q.b = (r[0][2] + r[2][0]) / (4 * q.d);
    q.c = (r[1][2] + r[2][1]) / (4 * q.d);
  }
  if (a < 0) {  // the format keeps b, c and d of the quaternion whose a is not negative
    q.b = -q.b;
    q.c = -q.c;
    q.d = -q.d;
  }
  return q;
}

void store_space(Bytes& out, const NiftiVolume& volume) {
  const std::optional<Quaternion> rotation = rotation_of(volume.affine);
  const auto rows = ras_rows(volume.affine);
  store(out, 76, static_cast<float>(rotation ? rotation->qfac : 1.0));
  for (int axis = 0; axis < 3; ++axis) {
    store(out, 80 + 4 * static_cast<std::size_t>(axis),
          static_cast<float>(length(volume.affine.axis_mm(axis))));
  }
  constexpr std::int16_t scanner_space = 1;
  store(out, 252, rotation ? scanner_space : std::int16_t{0});
  store(out, 254, scanner_space);
  if (rotation) {
    store(out, 256, static_cast<float>(rotation->b));
    store(out, 260, static_cast<float>(rotation->c));
    store(out, 264, static_cast<float>(rotation->d));
    for (std::size_t row = 0; row < 3; ++row) {
      store(out, 268 + 4 * row, static_cast<float>(rows[row][3]));
    }
  }
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      store(out, 280 + 16 * row + 4 * column, static_cast<float>(rows[row][column]));
    }
  }
}

Bytes fields_1(const NiftiVolume& volume) {
  Bytes out(header_bytes);
  const TypeCode code = type_code(volume.sample_type);
  store(out, 0, static_cast<std::int32_t>(header_bytes));
  store(out, 40, std::int16_t{3});
  for (std::size_t axis = 0; axis < 7; ++axis) {
    const std::uint32_t size = axis < 3 ? volume.dims[axis] : 1U;
    store(out, 42 + 2 * axis, static_cast<std::int16_t>(size));
  }
  store(out, 70, code.datatype);
  store(out, 72, code.bits);
  store(out, 112, static_cast<float>(volume.slope));
  store(out, 116, static_cast<float>(volume.intercept));
  store(out, 123, std::byte{2});  // millimetres
  const std::size_t description_bytes = std::min<std::size_t>(volume.description.size(), 79);
  std::memcpy(out.data() + 148, volume.description.data(), description_bytes);
  store_space(out, volume);
  std::memcpy(out.data() + 344, "n+1", 4);
  return out;
}

void store_space_2(Bytes& out, const NiftiVolume& volume) {
  const std::optional<Quaternion> rotation = rotation_of(volume.affine);
  const auto rows = ras_rows(volume.affine);
  store(out, 104, rotation ? rotation->qfac : 1.0);
  for (int axis = 0; axis < 3; ++axis) {
    store(out, 112 + 8 * static_cast<std::size_t>(axis), length(volume.affine.axis_mm(axis)));
  }
  constexpr std::int32_t scanner_space = 1;
  store(out, 344, rotation ? scanner_space : std::int32_t{0});
  store(out, 348, scanner_space);
  if (rotation) {
    store(out, 352, rotation->b);
    store(out, 360, rotation->c);
    store(out, 368, rotation->d);
    for (std::size_t row = 0; row < 3; ++row) store(out, 376 + 8 * row, rows[row][3]);
  }
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      store(out, 400 + 32 * row + 8 * column, rows[row][column]);
    }
  }
}

Bytes fields_2(const NiftiVolume& volume) {
  Bytes out(header_2_bytes);
  const TypeCode code = type_code(volume.sample_type);
  store(out, 0, static_cast<std::int32_t>(header_2_bytes));
  std::memcpy(out.data() + 4, "n+2\0\r\n\x1A\n", 8);
  store(out, 12, code.datatype);
  store(out, 14, code.bits);
  store(out, 16, std::int64_t{3});
  for (std::size_t axis = 0; axis < 7; ++axis) {
    store(out, 24 + 8 * axis, std::int64_t{axis < 3 ? volume.dims[axis] : 1U});
  }
  store(out, 176, volume.slope);
  store(out, 184, volume.intercept);
  const std::size_t description_bytes = std::min<std::size_t>(volume.description.size(), 79);
  std::memcpy(out.data() + 240, volume.description.data(), description_bytes);
  store_space_2(out, volume);
  store(out, 500, std::int32_t{2});  // millimetres
  return out;
}

// The header, the four bytes that say whether extensions follow, and the extension.
Bytes header_of(const NiftiVolume& volume, NiftiVersion version) {
  const bool is_first = version == NiftiVersion::One;
  Bytes out = is_first ? fields_1(volume) : fields_2(volume);
  const std::size_t flag = out.size();
  out.resize(flag + 4);
  if (!volume.labels.empty()) {
    out[flag] = std::byte{1};
    const std::string text = nifti_label_json(volume.labels);
    const std::size_t extension_bytes = (8 + text.size() + 15) / 16 * 16;
    out.resize(out.size() + extension_bytes);
    store(out, flag + 4, static_cast<std::int32_t>(extension_bytes));
    store(out, flag + 8, comment_extension);
    std::memcpy(out.data() + flag + 12, text.data(), text.size());
  }
  // Where the voxels begin.
  if (is_first) {
    store(out, 108, static_cast<float>(out.size()));
  } else {
    store(out, 168, static_cast<std::int64_t>(out.size()));
  }
  return out;
}

}  // namespace

std::string nifti_label_json(const std::vector<NiftiLabel>& labels) {
  boost::json::array list;
  for (const NiftiLabel& label : labels) {
    list.push_back({{"value", label.value}, {"name", label.name}});
  }
  return boost::json::serialize(boost::json::object{{"labels", std::move(list)}});
}

NiftiVolume nifti_of_mask(const MaskLayer& layer, std::vector<NiftiLabel> labels) {
  ScalarVolume plain = volume_of_mask(layer);
  return {.dims = plain.dims,
          .affine = plain.affine,
          .sample_type = plain.sample_type,
          .samples = std::move(plain.samples),
          .description = "label map",
          .labels = std::move(labels)};
}

Result<Bytes> write_nifti(const NiftiVolume& volume, NiftiPacking packing, NiftiVersion version) {
  std::uint64_t count = 1;
  for (const std::uint32_t size : volume.dims) {
    if (size == 0) return fail(ErrorCode::InvalidInput, "a volume without voxels");
    if (size > 32767 && version == NiftiVersion::One) {
      return fail(ErrorCode::TooLarge, "NIfTI-1 holds at most 32,767 voxels along an axis", {},
                  "write NIfTI-2, or DICOM SEG");
    }
    count *= size;
  }
  if (volume.samples.size() != count * size_bytes(volume.sample_type)) {
    return fail(ErrorCode::InvalidInput, "the samples of a volume do not fit its dimensions");
  }
  if (!volume.affine.inverse()) {
    return fail(ErrorCode::InvalidInput, "the axes of a volume lie in one plane");
  }
  Bytes out = header_of(volume, version);
  out.insert(out.end(), volume.samples.begin(), volume.samples.end());
  if (packing == NiftiPacking::Gzip) return gzip(out);
  return out;
}

}  // namespace consilium
