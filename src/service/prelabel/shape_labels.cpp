#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "domain/image/contour.hpp"
#include "service/prelabel/file_labels.hpp"
#include "service/prelabel/report_regions.hpp"

namespace consilium::service {
namespace {

using Volume = std::shared_ptr<const KnownVolume>;

// A slice of a volume: where a shape lies.
struct ShapePlace {
  KnownImage image;
  std::uint32_t frame_index = 0;
  Volume volume;
  std::uint32_t slice = 0;
};

std::string_view base_of(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}
std::string_view stem_of(std::string_view name) {
  const std::string_view extension = name.substr(std::min(name.find_last_of('.'), name.size()));
  // A UID's last part is a number, an extension is none.
  const bool is_extension = extension.size() > 1 &&
                            extension.find_first_not_of("0123456789", 1) != extension.npos &&
                            extension.find('_') == extension.npos;
  return is_extension ? name.substr(0, name.size() - extension.size()) : name;
}

class ShapeLabels {
 public:
  ShapeLabels(const ShapeFile& file, ImageFinder& images, const ImageByName& by_name)
      : file_(file), images_(images), by_name_(by_name) {}

  Result<ReadLabels> run() {
    for (const NamedShape& shape : file_.shapes) CSL_TRY(add(shape));
    if (missing_ > 0 && missing_ == file_.shapes.size()) {
      return fail(ErrorCode::NotFound, "none of the images that it labels is in the project", "",
                  "give it together with its images, whose files have the names that it says");
    }
    if (missing_ > 0) {
      read_.notes.push_back(fmt::format("the images of {} of its {} shapes are not in the project",
                                        missing_, file_.shapes.size()));
    }
    if (other_size_ > 0) {
      read_.notes.push_back(
          fmt::format("{} shapes are of images of another size than ours", other_size_));
    }
    finish_masks();
    return std::move(read_);
  }

 private:
  Result<std::optional<ShapePlace>> place_of(const NamedShape& shape) {
    const auto key = std::pair{shape.instance_uid + "/" + shape.image, shape.frame_index};
    const auto known = places_.find(key);
    if (known != places_.end()) return known->second;
    std::uint32_t frame = shape.frame_index;
    std::optional<KnownImage> image;
    if (!shape.instance_uid.empty()) image = CSL_TRY(images_.image(shape.instance_uid));
    const std::string stem(stem_of(base_of(shape.image)));
    if (!image && !stem.empty()) image = CSL_TRY(images_.image(stem));
    if (const std::size_t at = stem.rfind('_'); !image && at != std::string::npos) {
      const auto [end, problem] =
          std::from_chars(stem.data() + at + 1, stem.data() + stem.size(), frame);
      if (problem == std::errc() && end == stem.data() + stem.size()) {
        image = CSL_TRY(images_.image(stem.substr(0, at)));
      }
      if (!image) frame = shape.frame_index;
    }
    if (!image && by_name_) {
      if (const auto uid = by_name_(base_of(shape.image))) image = CSL_TRY(images_.image(*uid));
    }
    std::optional<ShapePlace> place;
    if (image) place = CSL_TRY(slice_of(*image, frame));
    places_[key] = place;
    return place;
  }

  Result<std::optional<ShapePlace>> slice_of(const KnownImage& image, std::uint32_t frame) {
    for (const Volume& volume : CSL_TRY(images_.volumes_of_series(image.series, image.item))) {
      for (std::size_t k = 0; k < volume->slices.size(); ++k) {
        const KnownSlice& slice = volume->slices[k];
        if (slice.instance_uid != image.instance_uid || slice.frame_index != frame) continue;
        return std::optional{ShapePlace{.image = image,
                                        .frame_index = frame,
                                        .volume = volume,
                                        .slice = static_cast<std::uint32_t>(k)}};
      }
    }
    return std::optional<ShapePlace>{};
  }

  Status add(const NamedShape& shape) {
    const auto place = CSL_TRY(place_of(shape));
    if (!place) {
      ++missing_;
      return {};
    }
    const auto& dims = place->volume->grid.dims;
    if ((shape.width != 0 && shape.width != dims[0]) ||
        (shape.height != 0 && shape.height != dims[1])) {
      ++other_size_;
      return {};
    }
    if (const auto* rle = std::get_if<CocoRle>(&shape.shape)) {
      const std::vector<std::uint8_t> plane = CSL_TRY(decode_rle(*rle));
      draw(shape, *place, plane);
      return {};
    }
    std::vector<std::vector<ImagePoint>> rings = rings_of(shape, dims);
    if (rings.size() > 1) {  // united, as COCO has it
      draw(shape, *place, filled(rings, dims));
      return {};
    }
    SaidRegion region;
    for (auto& [kind, points] : ring_forms(rings.front())) {
      region.forms.push_back({.series_id = place->image.series,
                              .instance_uid = place->image.instance_uid,
                              .frame_index = place->frame_index,
                              .kind = kind,
                              .points = std::move(points)});
    }
    region.as_voxels = [plane = rings, dims, grid = place->volume, slice = place->slice] {
      std::map<std::uint16_t, BinaryBricks> values;
      put_plane(filled(plane, dims), grid->grid, slice, values[1]);
      if (values[1].empty()) values.clear();
      return SaidVoxels{grid->grid_id,
                        std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(values), 1};
    };
    set_of(place->image.item).labels.push_back(said(shape, std::move(region)));
    return {};
  }

  template <class Place>
  SaidLabel said(const NamedShape& shape, Place place) const {
    return {.key = shape.key,
            .name = shape.name,
            .codes = shape.codes,
            .tool = {.kind = shape.kind, .name = file_.tool},
            .place = std::move(place)};
  }

  static std::vector<std::vector<ImagePoint>> rings_of(const NamedShape& shape,
                                                       const std::array<std::uint32_t, 3>& dims) {
    std::vector<std::vector<ImagePoint>> rings;
    if (const auto* box = std::get_if<CocoBox>(&shape.shape)) {
      const ImagePoint a = box->first;
      const ImagePoint b = box->second;
      rings = {{a, {b.x, a.y}, b, {a.x, b.y}}};
    } else {
      rings = std::get<CocoPolygons>(shape.shape).rings;
    }
    if (!shape.in_shares) return rings;
    for (auto& ring : rings) {
      for (ImagePoint& point : ring) {
        point = {point.x * dims[0] - 0.5, point.y * dims[1] - 0.5};
      }
    }
    return rings;
  }

  static std::vector<std::uint8_t> filled(const std::vector<std::vector<ImagePoint>>& rings,
                                          const std::array<std::uint32_t, 3>& dims) {
    std::vector<std::uint8_t> all(std::size_t{dims[0]} * dims[1]);
    std::vector<std::uint8_t> one(all.size());
    for (const auto& ring : rings) {
      std::ranges::fill(one, std::uint8_t{0});
      flip_inside(ring, dims[0], dims[1], one);
      for (std::size_t p = 0; p < all.size(); ++p)
        all[p] = static_cast<std::uint8_t>(all[p] | one[p]);
    }
    return all;
  }

  static void put_plane(const std::vector<std::uint8_t>& plane, const Grid& grid,
                        std::uint32_t slice, BinaryBricks& bricks) {
    for (std::size_t p = 0; p < plane.size(); ++p) {
      if (plane[p] == 0) continue;
      const Voxel voxel{.i = static_cast<std::uint32_t>(p % grid.dims[0]),
                        .j = static_cast<std::uint32_t>(p / grid.dims[0]),
                        .k = slice};
      std::vector<std::uint8_t>& bits = bricks[brick_index_of(grid, voxel)];
      bits.resize(brick_voxel_count / 8);
      const std::size_t bit = place_in_brick(voxel);
      bits[bit / 8] = static_cast<std::uint8_t>(bits[bit / 8] | (1U << (bit % 8)));
    }
  }

  void draw(const NamedShape& shape, const ShapePlace& place,
            const std::vector<std::uint8_t>& plane) {
    Mask& mask = masks_[{place.volume->grid_id, shape.key, shape.name}];
    if (mask.shape == nullptr) {
      mask.shape = &shape;
      mask.volume = place.volume;
    }
    put_plane(plane, place.volume->grid, place.slice, mask.bricks);
  }

  void finish_masks() {
    for (auto& [key, mask] : masks_) {
      if (mask.bricks.empty()) continue;
      std::map<std::uint16_t, BinaryBricks> values;
      values[1] = std::move(mask.bricks);
      set_of(mask.volume->item)
          .labels.push_back(said(
              *mask.shape, SaidVoxels{mask.volume->grid_id,
                                      std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(
                                          std::move(values)),
                                      1}));
    }
  }

  LabelSet& set_of(const ItemId& item) {
    const auto [place, is_new] = sets_.try_emplace(item, read_.sets.size());
    if (is_new) read_.sets.push_back({.item = item, .source = file_.source, .labels = {}});
    return read_.sets[place->second];
  }

  struct Mask {
    const NamedShape* shape = nullptr;
    Volume volume;
    BinaryBricks bricks;
  };

  const ShapeFile& file_;
  ImageFinder& images_;
  const ImageByName& by_name_;
  ReadLabels read_;
  std::map<ItemId, std::size_t> sets_;
  std::map<std::pair<std::string, std::uint32_t>, std::optional<ShapePlace>> places_;
  std::map<std::tuple<std::string, std::string, std::string>, Mask> masks_;
  std::size_t missing_ = 0;
  std::size_t other_size_ = 0;
};

}  // namespace

Result<ReadLabels> labels_of_shapes(const ShapeFile& file, ImageFinder& images,
                                    const ImageByName& by_name) {
  return ShapeLabels(file, images, by_name).run();
}

}  // namespace consilium::service
