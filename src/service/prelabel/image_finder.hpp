// Which of a project's images a file of labels is about: by UID, the archive's own or the one that
// our exports and DICOMweb give out instead; by frame of reference; by the lattice of a volume.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// What becomes of an object of labels some of whose images are not here: its labels on the others
// are read and the lack is noted, or it is not read (it can wait for them).
enum class MissingImages { Noted, Refused };

struct KnownSlice {
  std::string instance_uid;
  std::uint32_t frame_index = 0;
};
struct KnownVolume {
  ItemId item;
  std::string pseudonym;  // of the item's patient
  SeriesId series;
  std::string grid_id;
  Grid grid;
  bool has_patient_geometry = true;
  std::vector<KnownSlice> slices;
};
struct KnownImage {
  ItemId item;
  SeriesId series;
  std::string instance_uid;  // the archive's
};

class ImageFinder {
 public:
  ImageFinder(storage::Store& store, const ProjectId& project) : store_(store), project_(project) {}

  // Nothing when no item of the project has it. Cost: one indexed query; for UIDs that are not the
  // archive's all images of the project are looked through once.
  [[nodiscard]] Result<std::optional<KnownImage>> image(const std::string& uid);
  // Those that have one of the images, the one with most of them first. `unknown_count` is how many
  // of the UIDs name nothing that is here.
  struct Found {
    std::vector<std::shared_ptr<const KnownVolume>> volumes;
    std::size_t unknown_count = 0;
  };
  [[nodiscard]] Result<Found> volumes_with(std::span<const std::string> instance_uids);
  [[nodiscard]] Result<std::vector<std::shared_ptr<const KnownVolume>>> volumes_of_series(
      const SeriesId& series, const ItemId& item);
  // Every volume of the project. Cost: reads all that the catalog knows of series, once.
  [[nodiscard]] Result<std::vector<std::shared_ptr<const KnownVolume>>> all_volumes();
  // Whether a file's UID is this one of ours, or what we give out for it.
  [[nodiscard]] bool is_same_uid(const std::string& theirs, const std::string& ours) const;

 private:
  [[nodiscard]] Result<std::optional<KnownImage>> image_by_own(const storage::Reader& reader,
                                                               const std::string& uid) const;
  [[nodiscard]] Status map_all(const storage::Reader& reader);

  storage::Store& store_;
  ProjectId project_;
  std::optional<std::map<std::string, std::string>> own_of_served_;
  std::map<SeriesId, std::vector<std::shared_ptr<const KnownVolume>>> volumes_;
};

}  // namespace consilium::service
