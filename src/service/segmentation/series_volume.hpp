// The image behind a grid, decoded and in memory, for operations that look at its values.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "analysis/seed_growth/seed_growth.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/item/items.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Samples as stored where one line leads from them to values with a meaning (CT), else the values
// themselves (tables, slices with lines of their own, types that do not fit).
struct SeriesVolume {
  std::array<std::uint32_t, 3> dims{};
  std::variant<std::vector<std::uint8_t>, std::vector<std::int16_t>, std::vector<std::uint16_t>,
               std::vector<float>>
      samples;
  double slope = 1;
  double intercept = 0;
  std::string unit;

  [[nodiscard]] std::size_t size_bytes() const;
  [[nodiscard]] VolumeView view() const;
  // Calls use(span of the samples).
  template <class Use>
  decltype(auto) visit(const Use& use) const {
    return std::visit(use, samples);
  }
  template <class Sample>
  [[nodiscard]] float value(Sample sample) const {
    return static_cast<float>(slope * static_cast<double>(sample) + intercept);
  }
};

// Volumes that are being worked on; the least lately used ones go when they pass `bytes_max`.
class VolumeCache {
 public:
  VolumeCache(storage::Store& store, Items& items, std::size_t bytes_max)
      : store_(store), items_(items), bytes_max_(bytes_max) {}

  // The volume or image of the item that has this grid. An accountable read, also where it is in
  // memory. Errors: as Items::frames; NotFound when the item has no such grid; Unsupported for
  // colour; TooLarge past `bytes_max`.
  [[nodiscard]] Result<std::shared_ptr<const SeriesVolume>> find(const Access& access,
                                                                 const ProjectId& project,
                                                                 const ItemId& item,
                                                                 const std::string& grid_id);

 private:
  struct Held {
    SeriesId series;
    std::int64_t instance_count = 0;
    std::string grid_id;
    std::shared_ptr<const SeriesVolume> volume;
  };
  void keep(Held held);

  storage::Store& store_;
  Items& items_;
  std::size_t bytes_max_;
  Guarded<std::list<Held>> held_;  // the latest used first
};

}  // namespace consilium::service
