#include "service/prelabel/image_finder.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <set>

#include "base/canonical_json.hpp"
#include "service/access/pseudonym.hpp"
#include "service/annotation/mask_bricks.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

Result<std::shared_ptr<const KnownVolume>> known_volume(const storage::Reader& reader,
                                                        const storage::ItemRow& item,
                                                        const SeriesId& series,
                                                        const json::value& volume) {
  KnownVolume known{.item = item.id,
                    .pseudonym = item.pseudonym,
                    .series = series,
                    .grid_id = std::string(volume.at("grid_id").as_string()),
                    .grid = {},
                    .has_patient_geometry = volume.at("has_patient_geometry").as_bool(),
                    .slices = {}};
  known.grid = CSL_TRY(read_grid(reader, known.grid_id));
  for (const json::value& slice : volume.at("slices").as_array()) {
    known.slices.push_back({.instance_uid = std::string(slice.at("instance_uid").as_string()),
                            .frame_index = slice.at("frame").to_number<std::uint32_t>()});
  }
  return std::make_shared<const KnownVolume>(std::move(known));
}

}  // namespace

bool ImageFinder::is_same_uid(const std::string& theirs, const std::string& ours) const {
  return theirs == ours || theirs == mapped_uid(store_, ours);
}

Result<std::optional<KnownImage>> ImageFinder::image_by_own(const storage::Reader& reader,
                                                            const std::string& uid) const {
  const storage::Rows rows = CSL_TRY(reader.query("catalog.instance_of_uid", {{"uid", uid}}));
  if (rows.empty()) return std::optional<KnownImage>{};
  const auto series = CSL_TRY(rows.front().id<SeriesId>("series_id"));
  const storage::SeriesRow row = CSL_TRY(storage::find_series(reader, series));
  const auto item = CSL_TRY(storage::item_of_source(reader, project_, to_string(row.study)));
  if (!item) return std::optional<KnownImage>{};
  return std::optional{KnownImage{.item = *item, .series = series, .instance_uid = uid}};
}

Status ImageFinder::map_all(const storage::Reader& reader) {
  if (own_of_served_) return {};
  std::map<std::string, std::string> mapped;
  for (const storage::ItemRow& item : CSL_TRY(storage::all_items(reader, project_))) {
    if (item.kind != "image") continue;
    const auto study = CSL_TRY(parse_id<StudyId>(item.source_id));
    for (const storage::SeriesRow& series : CSL_TRY(storage::series_of_study(reader, study))) {
      for (const auto& place : CSL_TRY(storage::frame_places(reader, series.id))) {
        mapped.emplace(mapped_uid(store_, place.sop_uid), place.sop_uid);
      }
    }
  }
  own_of_served_ = std::move(mapped);
  return {};
}

Result<std::optional<KnownImage>> ImageFinder::image(const std::string& uid) {
  const auto reader = CSL_TRY(store_.read());
  if (auto own = CSL_TRY(image_by_own(*reader, uid))) return own;
  CSL_TRY(map_all(*reader));
  const auto found = own_of_served_->find(uid);
  if (found == own_of_served_->end()) return std::optional<KnownImage>{};
  return image_by_own(*reader, found->second);
}

Result<std::vector<std::shared_ptr<const KnownVolume>>> ImageFinder::volumes_of_series(
    const SeriesId& series, const ItemId& item) {
  const auto known = volumes_.find(series);
  if (known != volumes_.end()) return known->second;
  const auto reader = CSL_TRY(store_.read());
  const storage::SeriesRow row = CSL_TRY(storage::find_series(*reader, series));
  const storage::ItemRow item_row = CSL_TRY(storage::find_item(*reader, project_, item));
  std::vector<std::shared_ptr<const KnownVolume>> volumes;
  if (!row.volumes_json.empty()) {
    const json::value list = CSL_TRY(parse_json(row.volumes_json));
    for (const json::value& volume : list.as_array()) {
      volumes.push_back(CSL_TRY(known_volume(*reader, item_row, series, volume)));
    }
  }
  volumes_[series] = volumes;
  return volumes;
}

Result<ImageFinder::Found> ImageFinder::volumes_with(std::span<const std::string> instance_uids) {
  Found found;
  std::map<SeriesId, ItemId> series;
  std::set<std::string> wanted;
  for (const std::string& uid : instance_uids) {
    const auto image = CSL_TRY(this->image(uid));
    if (!image) {
      ++found.unknown_count;
      continue;
    }
    series.emplace(image->series, image->item);
    wanted.insert(image->instance_uid);
  }
  std::vector<std::pair<std::size_t, std::shared_ptr<const KnownVolume>>> counted;
  for (const auto& [id, item] : series) {
    for (const auto& volume : CSL_TRY(volumes_of_series(id, item))) {
      const auto count = std::ranges::count_if(
          volume->slices, [&](const KnownSlice& s) { return wanted.contains(s.instance_uid); });
      if (count > 0) counted.emplace_back(static_cast<std::size_t>(count), volume);
    }
  }
  std::ranges::stable_sort(counted, std::greater{}, [](const auto& one) { return one.first; });
  for (auto& [count, volume] : counted) found.volumes.push_back(std::move(volume));
  return found;
}

Result<std::vector<std::shared_ptr<const KnownVolume>>> ImageFinder::all_volumes() {
  const auto reader = CSL_TRY(store_.read());
  std::vector<std::shared_ptr<const KnownVolume>> all;
  for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, project_))) {
    if (item.kind != "image") continue;
    const auto study = CSL_TRY(parse_id<StudyId>(item.source_id));
    for (const storage::SeriesRow& series : CSL_TRY(storage::series_of_study(*reader, study))) {
      for (auto& volume : CSL_TRY(volumes_of_series(series.id, item.id))) {
        all.push_back(std::move(volume));
      }
    }
  }
  return all;
}

}  // namespace consilium::service
