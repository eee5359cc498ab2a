#include "service/item/image_source.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/canonical_json.hpp"
#include "service/item/thumbnail.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::ItemRow;
using storage::ObjectRef;
using storage::SeriesRow;

namespace {

constexpr std::size_t known_series_max = 64;

// Ready frames of several objects as one run of bytes.
class FrameBytes final : public ByteSource {
 public:
  struct Piece {
    std::shared_ptr<ByteSource> source;
    std::uint64_t offset = 0;
  };
  FrameBytes(std::uint64_t frame_bytes, std::vector<Piece> pieces)
      : frame_bytes_(frame_bytes), pieces_(std::move(pieces)) {}
  [[nodiscard]] std::uint64_t size() const override { return frame_bytes_ * pieces_.size(); }
  [[nodiscard]] Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      return fail(ErrorCode::Corrupt, "the range runs past the last frame");
    }
    while (!out.empty()) {
      const Piece& piece = pieces_[offset / frame_bytes_];
      const std::uint64_t within = offset % frame_bytes_;
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), frame_bytes_ - within));
      CSL_TRY(piece.source->read(piece.offset + within, out.first(count)));
      out = out.subspan(count);
      offset += count;
    }
    return {};
  }

 private:
  std::uint64_t frame_bytes_;
  std::vector<Piece> pieces_;
};

Result<json::array> array_of(const std::string& text) {
  if (text.empty()) return json::array{};
  json::value value = CSL_TRY(parse_json(text));
  return std::move(value).as_array();
}

std::string text_of_member(const json::value& facts, std::string_view name) {
  const json::value* value = facts.is_object() ? facts.as_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<std::string> description_of(const storage::Reader& reader, const PatientId& patient,
                                   const Bytes& sealed) {
  const std::string text = CSL_TRY(storage::opened(reader, patient, sealed));
  if (text.empty()) return std::string();
  return text_of_member(CSL_TRY(parse_json(text)), "description");
}

Result<json::object> series_json(const storage::Reader& reader, const SeriesRow& series,
                                 bool with_descriptions) {
  const json::array volumes = CSL_TRY(array_of(series.volumes_json));
  const SeriesShape shape = shape_of(volumes);
  json::object view{{"id", to_string(series.id)},
                    {"number", nullptr},
                    {"modality", series.modality},
                    {"description", ""},
                    {"body_part", series.body_part},
                    {"instances", series.instance_count},
                    {"volume", nullptr},
                    {"images", json::array{}},
                    {"notes", CSL_TRY(array_of(series.notes_json))}};
  if (series.number) view["number"] = *series.number;
  if (with_descriptions) {
    view["description"] = CSL_TRY(description_of(reader, series.patient, series.sealed_facts));
  }
  std::uint64_t frames = 0;
  for (const json::value& volume : volumes) frames += volume.at("slices").as_array().size();
  view["frames"] = json::object{{"count", frames}};
  if (shape.volume) view["volume"] = volumes[*shape.volume];
  for (const std::size_t index : shape.images) {
    view["images"].as_array().push_back(volumes[index]);
  }
  return view;
}

std::size_t slice_count(const json::value& volume) { return volume.at("slices").as_array().size(); }

}  // namespace

SeriesShape shape_of(const json::array& volumes) {
  SeriesShape shape;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::size_t count = slice_count(volumes[i]);
    if (count > 1 && (!shape.volume || count > slice_count(volumes[*shape.volume]))) {
      shape.volume = i;
    }
  }
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (i != shape.volume) shape.images.push_back(i);
  }
  return shape;
}

namespace {

Result<bool> shows_priors(const storage::Reader& reader, const ProjectId& project) {
  const storage::ProjectRow row = CSL_TRY(storage::find_project(reader, project));
  if (row.protocol_hash.empty()) return false;
  const storage::Rows rows =
      CSL_TRY(reader.query("catalog.protocol", {{"hash", row.protocol_hash}}));
  if (rows.empty()) return false;
  const json::value document = CSL_TRY(parse_json(rows.front().text("document")));
  const json::value* view = document.as_object().if_contains("view");
  const json::value* priors =
      view != nullptr && view->is_object() ? view->as_object().if_contains("priors") : nullptr;
  return priors != nullptr && priors->is_bool() && priors->as_bool();
}

bool shown_with(const std::vector<StudyId>& studies, const StudyId& study) {
  return std::ranges::find(studies, study) != studies.end();
}

Result<json::object> study_json(const storage::Reader& reader, const StudyId& id,
                                bool with_descriptions) {
  const storage::StudyRow study = CSL_TRY(storage::find_study(reader, id));
  json::array series;
  for (const SeriesRow& row : CSL_TRY(storage::series_of_study(reader, study.id))) {
    series.push_back(CSL_TRY(series_json(reader, row, with_descriptions)));
  }
  json::object view{{"id", to_string(study.id)}, {"date", study.date}, {"description", ""}};
  if (with_descriptions) {
    view["description"] = CSL_TRY(description_of(reader, study.patient, study.sealed_facts));
  }
  view["series"] = std::move(series);
  return view;
}

// A study that is given with an item, and the item whose own study it is.
struct ShownStudy {
  StudyId study;
  ItemId item;
};

Result<std::vector<ShownStudy>> shown_studies(const storage::Reader& reader, const ItemRow& item) {
  std::vector<ShownStudy> shown{
      {.study = CSL_TRY(parse_id<StudyId>(item.source_id)), .item = item.id}};
  if (item.date.empty() || !CSL_TRY(shows_priors(reader, item.project))) return shown;
  for (const storage::Row& row :
       CSL_TRY(reader.query("catalog.prior_studies", storage::Fields()
                                                         .set("project", item.project)
                                                         .set("patient", item.patient)
                                                         .set("item", item.id)
                                                         .set("date", item.date)
                                                         .set("limit", prior_studies_max)))) {
    shown.push_back({.study = CSL_TRY(row.id<StudyId>("source_id")),
                     .item = CSL_TRY(row.id<ItemId>("item_id"))});
  }
  return shown;
}

}  // namespace

Result<std::vector<StudyId>> studies_of(const storage::Reader& reader, const ItemRow& item) {
  std::vector<StudyId> studies;
  for (const ShownStudy& shown : CSL_TRY(shown_studies(reader, item))) {
    studies.push_back(shown.study);
  }
  return studies;
}

Result<json::object> image_source(const storage::Reader& reader, const ItemRow& item,
                                  bool with_descriptions) {
  json::array studies;
  for (const ShownStudy& shown : CSL_TRY(shown_studies(reader, item))) {
    json::object study = CSL_TRY(study_json(reader, shown.study, with_descriptions));
    study["item_id"] = to_string(shown.item);
    studies.push_back(std::move(study));
  }
  return json::object{{"kind", "image"}, {"studies", std::move(studies)}};
}

namespace {

Result<IndexedVolume> index_volume(const json::value& volume,
                                   const std::map<std::string, storage::FramePlace>& places) {
  IndexedVolume indexed;
  const json::value& layout = volume.at("layout");
  indexed.frame_bytes = volume.at("frame_bytes").to_number<std::uint64_t>();
  for (const json::value& slice : volume.at("slices").as_array()) {
    const auto place = places.find(std::string(slice.at("instance_uid").as_string()));
    if (place == places.end()) {
      return fail(ErrorCode::Internal, "the series names an image that is not in the catalog", "",
                  "run consilium verify");
    }
    const auto frame = slice.at("frame").to_number<std::uint64_t>();
    indexed.frames.push_back(
        {place->second.frames, place->second.first_frame_offset + frame * indexed.frame_bytes});
  }
  json::object facts{
      {"layout", layout}, {"transform", volume.at("transform")}, {"windows", volume.at("windows")}};
  indexed.json = json::serialize(facts);
  return indexed;
}

Result<FrameRange> range_of(storage::Store& store, const IndexedSeries& series,
                            const IndexedVolume& volume, std::uint32_t from, std::uint32_t count) {
  if (from > volume.frames.size() || count > volume.frames.size() - from || count == 0) {
    return fail(ErrorCode::InvalidInput, "the series has no such frames", "from, count",
                "it has " + std::to_string(volume.frames.size()) + " frames");
  }
  std::vector<FrameBytes::Piece> pieces;
  std::map<std::string, std::shared_ptr<ByteSource>> open;
  for (std::uint32_t i = from; i < from + count; ++i) {
    const FrameSource& frame = volume.frames[i];
    std::shared_ptr<ByteSource>& source = open[frame.object.name];
    if (!source) source = CSL_TRY(store.objects().open(series.patient, frame.object));
    pieces.push_back({source, frame.offset});
  }
  return FrameRange{.frame_bytes = volume.frame_bytes,
                    .frame_count = count,
                    .bytes = std::make_unique<FrameBytes>(volume.frame_bytes, std::move(pieces))};
}

}  // namespace

Result<std::shared_ptr<const IndexedSeries>> FrameIndex::find(const storage::Reader& reader,
                                                              const ItemRow& item,
                                                              const SeriesId& id) {
  const SeriesRow row = CSL_TRY(storage::find_series(reader, id));
  const bool own = to_string(row.study) == item.source_id;
  if (!own && !shown_with(CSL_TRY(studies_of(reader, item)), row.study)) {
    return fail(ErrorCode::NotFound, "the item has no such series");
  }
  auto found = known_.with([&](auto& known) -> std::shared_ptr<const IndexedSeries> {
    const auto place = known.find(id);
    if (place == known.end() || place->second.instance_count != row.instance_count) return nullptr;
    return place->second.series;
  });
  if (found) return found;

  std::map<std::string, storage::FramePlace> places;
  for (storage::FramePlace& place : CSL_TRY(storage::frame_places(reader, id))) {
    std::string uid = place.sop_uid;
    places.emplace(std::move(uid), std::move(place));
  }
  auto series = std::make_shared<IndexedSeries>();
  series->patient = row.patient;
  series->study = row.study;
  const json::array volumes = CSL_TRY(array_of(row.volumes_json));
  series->shape = shape_of(volumes);
  for (const json::value& volume : volumes) {
    series->volumes.push_back(CSL_TRY(index_volume(volume, places)));
  }
  known_.with([&](auto& known) {
    if (known.size() >= known_series_max) known.clear();
    known[id] = Known{row.instance_count, series};
  });
  return series;
}

Result<FrameRange> FrameIndex::volume(storage::Store& store, const storage::Reader& reader,
                                      const ItemRow& item, const SeriesId& id, std::uint32_t from,
                                      std::uint32_t count) {
  const auto series = CSL_TRY(find(reader, item, id));
  if (!series->shape.volume) {
    return fail(ErrorCode::NotFound, "the series is no volume", "", "ask for its images");
  }
  return range_of(store, *series, series->volumes[*series->shape.volume], from, count);
}

Result<FrameRange> FrameIndex::image(storage::Store& store, const storage::Reader& reader,
                                     const ItemRow& item, const SeriesId& id, std::uint32_t index) {
  const auto series = CSL_TRY(find(reader, item, id));
  if (index >= series->shape.images.size()) {
    return fail(ErrorCode::NotFound, "the series has no such image");
  }
  const IndexedVolume& volume = series->volumes[series->shape.images[index]];
  return range_of(store, *series, volume, 0, static_cast<std::uint32_t>(volume.frames.size()));
}

Result<Bytes> FrameIndex::thumbnail(storage::Store& store, const storage::Reader& reader,
                                    const ItemRow& item, const std::optional<SeriesId>& wanted) {
  if (item.kind != "image") return fail(ErrorCode::NotFound, "the item has no images");
  std::vector<SeriesId> candidates;
  if (wanted) {
    candidates.push_back(*wanted);
  } else {
    for (const SeriesRow& row :
         CSL_TRY(storage::series_of_study(reader, CSL_TRY(parse_id<StudyId>(item.source_id))))) {
      candidates.push_back(row.id);
    }
  }
  for (const SeriesId& id : candidates) {
    const auto series = CSL_TRY(find(reader, item, id));
    if (series->volumes.empty()) continue;
    const IndexedVolume& volume = series->volumes[series->shape.volume.value_or(0)];
    const auto middle = static_cast<std::uint32_t>(volume.frames.size() / 2);
    const FrameRange range = CSL_TRY(range_of(store, *series, volume, middle, 1));
    const Bytes frame = CSL_TRY(read_all(*range.bytes, range.frame_bytes));
    return thumbnail_png(frame, volume.json);
  }
  return fail(ErrorCode::NotFound, "the item has no images to show");
}

}  // namespace consilium::service
