#include "service/annotation/mask_bricks.hpp"

#include <zstd.h>

#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "storage/objects.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::MaskBrickRow;

Result<Grid> read_grid(const storage::Reader& reader, const std::string& grid_id) {
  const storage::Rows rows = CSL_TRY(reader.query("catalog.grid", {{"grid_id", grid_id}}));
  if (rows.empty()) return fail(ErrorCode::NotFound, "there is no such grid");
  const json::value value = CSL_TRY(parse_json(rows.front().text("grid")));
  Grid grid;
  const json::array& dims = value.at("dims").as_array();
  for (std::size_t i = 0; i < 3; ++i) grid.dims[i] = dims[i].to_number<std::uint32_t>();
  const json::array& affine = value.at("affine").as_array();
  for (std::size_t i = 0; i < 12; ++i) grid.affine.values[i] = affine[i].to_number<double>();
  grid.frame_of_reference_uid = value.at("frame_of_reference").as_string();
  return grid;
}

Result<Bytes> pack(const MaskPatchId& patch, Changes& changes) {
  Bytes packed(patch.value.begin(), patch.value.end());
  for (auto& [place, change] : changes) {
    if (change.bytes.empty()) continue;
    const std::size_t begin = packed.size();
    packed.resize(begin + ZSTD_compressBound(change.bytes.size()));
    const std::size_t size = ZSTD_compress(packed.data() + begin, packed.size() - begin,
                                           change.bytes.data(), change.bytes.size(), 1);
    if (ZSTD_isError(size) != 0) return fail(ErrorCode::Internal, "a brick did not compress");
    packed.resize(begin + size);
    change.offset = begin;
    change.length = size;
  }
  return packed;
}

json::array stored_json(const Changes& changes) {
  json::array bricks;
  for (const auto& [place, change] : changes) {
    bricks.push_back(json::object{{"layer", place.layer},
                                  {"brick", place.brick},
                                  {"hash", change.hash},
                                  {"offset", change.offset},
                                  {"length", change.length}});
  }
  return bricks;
}

Result<Bytes> read_brick(storage::Store& store, const PatientId& patient, const MaskBrickRow& row) {
  const auto source = CSL_TRY(store.objects().open(patient, row.object));
  const Bytes packed = CSL_TRY(read_bytes(*source, row.offset, row.length, 1U << 20U));
  Bytes bytes(row.layer == 0 ? exclusive_brick_bytes : binary_brick_bytes);
  const std::size_t size =
      ZSTD_decompress(bytes.data(), bytes.size(), packed.data(), packed.size());
  if (size != bytes.size()) return fail(ErrorCode::Corrupt, "a stored brick does not unpack");
  return bytes;
}

}  // namespace consilium::service
