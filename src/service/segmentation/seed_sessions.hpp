// The seed engine's state between the strokes of one person on one volume, so that an update costs
// what changed and not the whole volume.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "analysis/seed_growth/seed_growth.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/segmentation/series_volume.hpp"

namespace consilium::service {

struct SeedPlace {
  ItemId item;
  RaterId rater;
  std::string grid_id;
  friend bool operator==(const SeedPlace&, const SeedPlace&) = default;
};

struct GrownLabels {
  std::vector<std::uint8_t> labels;  // of every voxel, as the seeds number them
  NextSlices next_slices;
};

// Two places at most are remembered: each costs some 8 bytes a voxel.
class SeedSessions {
 public:
  // `seeds` of every voxel, x fastest; 0 none. Errors: those of SeedGrowth::create; Conflict when
  // it was stopped, which is looked for between its steps.
  [[nodiscard]] Result<GrownLabels> grow(const SeedPlace& place,
                                         std::shared_ptr<const SeriesVolume> volume,
                                         const Lattice& lattice, std::vector<std::uint8_t> seeds,
                                         bool relearn, unsigned threads,
                                         const std::stop_token& stop);

 private:
  struct Session {
    SeedPlace place;
    std::shared_ptr<const SeriesVolume> volume;
    std::mutex mutex;  // the engine takes one call at a time
    std::optional<SeedGrowth> growth;
  };
  [[nodiscard]] std::shared_ptr<Session> session_of(const SeedPlace& place,
                                                    std::shared_ptr<const SeriesVolume> volume);
  Guarded<std::list<std::shared_ptr<Session>>> sessions_;  // the latest used first
};

}  // namespace consilium::service
