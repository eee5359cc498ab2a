#include "storage/pixel_samples.hpp"

namespace consilium::storage {

Result<std::vector<PixelSamplesRow>> pixel_samples(const Reader& reader, const ProjectId& project,
                                                   std::int64_t limit) {
  std::vector<PixelSamplesRow> kept;
  for (const Row& row : CSL_TRY(reader.query(
           "segmentation.pixel_samples", Fields().set("project", project).set("limit", limit)))) {
    kept.push_back(
        {.item = CSL_TRY(row.id<ItemId>("item_id")),
         .patient = CSL_TRY(row.id<PatientId>("patient_id")),
         .rater = CSL_TRY(row.id<RaterId>("rater_id")),
         .object = {.name = row.text("object"),
                    .size_bytes = static_cast<std::uint64_t>(row.integer("object_size"))},
         .sample_count = row.integer("sample_count"),
         .kept_at = {row.integer("kept_at")}});
  }
  return kept;
}

}  // namespace consilium::storage
