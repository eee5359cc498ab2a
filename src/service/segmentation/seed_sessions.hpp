// Growing from seeds between the strokes of one person on one volume: the mask as it was read, the
// seed engine's state and what each brick came to, so that an update costs what changed and not the
// whole volume.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "analysis/seed_growth/seed_growth.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/annotation/masks.hpp"
#include "service/segmentation/brick_edit.hpp"
#include "service/segmentation/classify.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/strokes.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

struct SeedPlace {
  ItemId item;
  RaterId rater;
  std::string grid_id;
  friend bool operator==(const SeedPlace&, const SeedPlace&) = default;
};

// What grew: `edit.records` holds the bricks that differ from the mask, or, of a client that holds
// the preview it named, those that are no longer what they were in it.
struct Grown {
  MaskEdit edit;        // counts are of the whole preview, against the mask
  std::string preview;  // its name
  bool is_update = false;
  std::optional<NextSlices> next_slices;
};

// Calls go one at a time. Memory: 8.1 bytes a voxel of the engine, the image, and the mask's
// bricks.
class SeedSession {
 public:
  // `name` tells its previews from those of every other session, also of another run of the server.
  SeedSession(WorkingMask mask, std::shared_ptr<const SeriesVolume> volume, std::string name);

  [[nodiscard]] const WorkingMask& mask() const { return mask_; }
  [[nodiscard]] const std::shared_ptr<const SeriesVolume>& volume() const { return volume_; }
  [[nodiscard]] const std::map<BrickKey, std::string>& hashes() const { return hashes_; }
  // Brings the mask to what is stored: `bricks` as Masks::changed_bricks gives them for hashes().
  [[nodiscard]] Status take(std::span<const StoredBrick> bricks);

  // The labels are those that the engine gives for the mask's seeds with the model it has learnt
  // (ModelUse; a classifier is trained anew whenever the engine learns anew), whatever was asked
  // before; seeds of a segment that is new, or of another layer, are learnt anew. Errors: those of
  // SeedGrowth::create; TooLarge past 254 segments; Conflict when it was stopped, which is looked
  // for between its steps: the session stays good.
  [[nodiscard]] Result<Grown> grow(const MaskOperation& operation, const GrowOperation& grow,
                                   const Lattice& lattice, PyramidCache& pyramids, unsigned threads,
                                   const std::stop_token& stop);

 private:
  // What a brick's outcome depends on besides its voxels.
  struct Question {
    std::uint32_t layer = 0;
    SeedNumbering numbering;
    Restriction restriction;
    friend bool operator==(const Question&, const Question&) = default;
  };
  [[nodiscard]] Status number_seeds(const MaskOperation& operation, const GrowOperation& grow);
  [[nodiscard]] Status put_seeds();
  [[nodiscard]] Status put_likelihood(LikelihoodRule rule, ModelUse use, PyramidCache& pyramids,
                                      unsigned threads, const std::stop_token& stop);
  void edit_bricks(const MaskOperation& operation, std::optional<std::uint64_t> since,
                   unsigned threads, MaskEdit& edit);
  // The update of this session that the name stands for, when bricks can be told since then.
  [[nodiscard]] std::optional<std::uint64_t> update_named(const std::string& preview) const;
  [[nodiscard]] LabelChange grown_labels(std::uint32_t layer) const;

  WorkingMask mask_;
  std::map<BrickKey, std::string> hashes_;
  std::shared_ptr<const SeriesVolume> volume_;
  std::string name_;
  std::optional<SeedGrowth> growth_;
  SeedNumbering numbering_;
  LikelihoodRule likelihood_ = LikelihoodRule::Intensity;
  bool relearn_due_ = true;
  std::vector<std::uint8_t> seeds_stale_;    // by brick: the engine's seeds are not the mask's
  std::vector<std::uint8_t> outcome_stale_;  // by brick: counts_ are not of the present labels
  std::vector<VoxelCounts> counts_;          // by brick
  std::vector<std::uint64_t> updated_;       // by brick: the last update that changed its outcome
  std::optional<Question> question_;
  std::uint64_t update_ = 0;
  std::uint64_t first_of_question_ = 0;
};

// Two places at most are remembered.
class SeedSessions {
 public:
  explicit SeedSessions(Random& random) : random_(random) {}

  // The session and its lock: of one person at a time.
  struct Held {
    std::shared_ptr<SeedSession> session;
    std::shared_ptr<std::mutex> mutex;  // outlives the lock on it
    std::unique_lock<std::mutex> lock;
  };
  // Begins anew where the volume is another.
  [[nodiscard]] Result<Held> take(const SeedPlace& place, const Grid& grid,
                                  std::shared_ptr<const SeriesVolume> volume);

 private:
  struct Kept {
    SeedPlace place;
    std::shared_ptr<SeedSession> session;
    std::shared_ptr<std::mutex> mutex;
  };
  Random& random_;
  Guarded<std::list<Kept>> kept_;  // the latest used first
};

}  // namespace consilium::service
