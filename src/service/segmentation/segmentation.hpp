// Tools for drawing masks that look at the whole volume: operations on segments, histograms,
// surfaces. They answer with what would change and store nothing: the browser shows it, and taking
// it over is a patch like any other (annotation/masks.hpp), with its undo, conflicts and log.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/annotation/masks.hpp"
#include "service/item/items.hpp"

namespace consilium::service {

struct MaskOperationAnswer {
  Bytes records;             // as Masks::bricks: only bricks that change; 0 bytes: now empty
  std::string summary_json;  // schema MaskOperationSummary
};

struct SurfaceQuery {
  std::uint16_t segment = 1;
  unsigned smoothing = 16;  // steps, 0 to 100
  std::optional<RaterId> rater;
  std::string opinion;  // as BrickQuery
};

struct SegmentationLimits {
  std::size_t volume_bytes_max = 1ULL << 30U;     // of decoded volumes, all together
  std::uint64_t voxels_max = 1ULL << 29U;         // of a volume
  std::uint64_t engine_voxels_max = 1ULL << 28U;  // of one that grow and classify hold whole
  std::size_t operations_max = 2;                 // that run at a time
  unsigned threads = 2;                           // of each
};

class JobQueue;

class Segmentation {
 public:
  Segmentation(storage::Store& store, Items& items, const Masks& masks, const Clock& clock,
               Random& random, const SegmentationLimits& limits, JobQueue* jobs = nullptr);
  ~Segmentation();

  // `body` is of schema MaskOperationRequest. Whoever may patch the mask may ask: a rater of the
  // project with an open task on the item. Errors: as Masks::patch for the rights;
  // PreconditionFailed when base_revision is not the present one; InvalidInput, TooLarge;
  // RateLimited while the person's last operation runs; Unavailable while others fill the machine;
  // Conflict when it was cancelled. `jobs` ends before this.
  [[nodiscard]] Result<MaskOperationAnswer> operate(const Access& access, const ProjectId& project,
                                                    const ItemId& item, const std::string& grid_id,
                                                    const boost::json::value& body);
  // Asks the person's running operation to stop, which it does after its present step. False when
  // none runs.
  [[nodiscard]] bool cancel(const Access& access);
  // The project's pixel classifier labels the next items that nobody has begun, as a rater of kind
  // model (model_labels.hpp). A classified volume starts this as a job. Returns how many it
  // labelled.
  [[nodiscard]] Result<std::size_t> label_next(const Access& access, const ProjectId& project);
  // Schema VolumeHistogram. An accountable read. `bins` is 2 to 4096.
  [[nodiscard]] Result<boost::json::object> histogram(const Access& access,
                                                      const ProjectId& project, const ItemId& item,
                                                      const std::string& grid_id, std::size_t bins);
  // u32 vertices, u32 triangles, float32 vertices (mm, LPS), float32 normals, u32 triangles; little
  // endian. Others' masks as blinding allows.
  [[nodiscard]] Result<Bytes> surface(const Access& access, const ProjectId& project,
                                      const ItemId& item, const std::string& grid_id,
                                      const SurfaceQuery& query);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium::service
