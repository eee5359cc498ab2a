// Masks as label images: one PNG for each image, its samples the label's numbers; photographs come
// with the picture beside them.
#include <boost/json.hpp>
#include <map>
#include <set>

#include "service/item/png.hpp"
#include "service/release/export_pictures.hpp"
#include "service/release/export_volume.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// Numbers of labels, in the order of the first image that has them, from 1: the same in all files.
using Numbers = std::map<std::string, std::uint16_t>;

struct LabelImages {
  ExportWork& work;
  Numbers numbers;
  json::array images;
  std::set<std::string> pictures = {};  // that were written already

  std::uint16_t number_of(const std::string& label) {
    const auto next = static_cast<std::uint16_t>(numbers.size() + 1);
    return numbers.try_emplace(label, next).first->second;
  }

  // One layer of a rater's mask; `by_value` says which label its values are.
  Status add(const MaskLayer& layer, const std::map<std::uint16_t, std::uint16_t>& by_value,
             const VolumeFacts& facts, const std::string& folder, const std::string& suffix) {
    const json::array& slices = facts.volume->at("slices").as_array();
    const auto& dims = layer.grid.dims;
    const std::vector<std::uint16_t> dense = to_dense(layer);
    const std::size_t plane = std::size_t{dims[0]} * dims[1];
    for (std::size_t k = 0; k < slices.size() && (k + 1) * plane <= dense.size(); ++k) {
      Bytes samples(plane * 2);  // 16 bits, little endian
      bool is_empty = true;
      for (std::size_t p = 0; p < plane; ++p) {
        const auto found = by_value.find(dense[k * plane + p]);
        if (found == by_value.end()) continue;
        is_empty = false;
        samples[2 * p] = static_cast<std::byte>(found->second & 0xFFU);
        samples[2 * p + 1] = static_cast<std::byte>(found->second >> 8U);
      }
      if (is_empty) continue;
      const std::string uid(slices[k].at("instance_uid").as_string());
      const auto frame = slices[k].at("frame").to_number<std::uint32_t>();
      const std::string image = work.mapped_uid(uid) + "_" + std::to_string(frame);
      if (pictures.insert(image).second) {
        CSL_TRY(export_picture(work, facts.series.id, uid, frame));
      }
      const std::string name = folder + image + suffix + ".png";
      CSL_TRY(work.sink(name, write_png(dims[0], dims[1], 1, samples, 16)));
      images.push_back(json::object{{"file", name}, {"image", image}});
    }
    return {};
  }
};

Status add_grid(LabelImages& out, const ExportCase& one, const RaterRef& rater,
                const std::string& grid, const std::vector<ExportedAnnotation>& masks) {
  ExportWork& work = out.work;
  const auto count = static_cast<std::int64_t>(masks.size());
  const Layers layers = CSL_TRY(load_layers(work, one.item, rater.id, grid, masks));
  if (layers.layers.empty()) {
    work.exclude("nothing was drawn", count);
    return {};
  }
  const VolumeFacts facts = CSL_TRY(volume_of(work.reader, one.item, grid));
  const std::string folder = work.folder_of(masks) + "labels/";
  std::map<std::uint16_t, std::uint16_t> exclusive;
  for (const ExportedAnnotation& mask : masks) {
    const std::uint16_t number = out.number_of(label_of(mask));
    const auto own = layers.binary.find(segment_of(mask));
    if (own == layers.binary.end()) {
      exclusive.emplace(segment_of(mask), number);
      continue;
    }
    // What may share pixels with others has an image of its own.
    CSL_TRY(out.add(layers.layers[own->second], {{1, number}}, facts, folder,
                    "_segment" + std::to_string(segment_of(mask))));
  }
  if (layers.exclusive && !exclusive.empty()) {
    CSL_TRY(out.add(layers.layers[*layers.exclusive], exclusive, facts, folder, ""));
  }
  work.annotation_count += count;
  return {};
}

}  // namespace

Status export_label_images(ExportWork& work, const std::vector<ExportCase>& cases) {
  LabelImages out{.work = work, .numbers = {}, .images = {}};
  for (const ExportCase& one : cases) {
    for (const RaterRef& rater : one.raters()) {
      const std::vector<ExportedAnnotation> own = one.of_rater(rater.id);
      std::size_t mask_count = 0;
      for (const std::string& grid : grids_of(own)) {
        const std::vector<ExportedAnnotation> masks = masks_on(own, grid);
        mask_count += masks.size();
        CSL_TRY(add_grid(out, one, rater, grid, masks));
      }
      if (own.size() > mask_count) {
        work.exclude("not a mask", static_cast<std::int64_t>(own.size() - mask_count));
      }
    }
  }
  json::object labels;
  for (const auto& [label, number] : out.numbers) labels[label] = number;
  const std::string text = json::serialize(
      json::object{{"background", 0}, {"labels", labels}, {"images", std::move(out.images)}});
  return work.sink("labels.json", bytes_of(text));
}

}  // namespace consilium::service
