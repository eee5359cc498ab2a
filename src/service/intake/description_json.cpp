#include "service/intake/description_json.hpp"

#include <array>
#include <boost/json.hpp>

#include "base/canonical_json.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> sample_names{"u8",  "i8",  "u16", "i16",
                                                       "u32", "i32", "f32", "f64"};
constexpr std::array<std::string_view, 3> photometric_names{"monochrome1", "monochrome2", "rgb"};

template <class Values>
json::array numbers(const Values& values) {
  json::array array;
  for (const auto value : values) array.emplace_back(value);
  return array;
}

template <std::size_t Count>
std::optional<std::array<double, Count>> read_numbers(const json::object& object,
                                                      std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array() || value->as_array().size() != Count) {
    return std::nullopt;
  }
  std::array<double, Count> numbers{};
  for (std::size_t i = 0; i < Count; ++i) numbers[i] = value->as_array()[i].to_number<double>();
  return numbers;
}

json::object frame_json(const FrameFacts& frame) {
  json::object object;
  if (frame.position) {
    object["position"] =
        numbers(std::array{frame.position->x_mm, frame.position->y_mm, frame.position->z_mm});
  }
  if (frame.orientation) object["orientation"] = numbers(*frame.orientation);
  if (frame.spacing_mm) object["spacing"] = numbers(*frame.spacing_mm);
  if (frame.slice_thickness_mm) object["thickness"] = *frame.slice_thickness_mm;
  object["slope"] = frame.modality.slope;
  object["intercept"] = frame.modality.intercept;
  object["unit"] = frame.modality.unit;
  if (frame.modality.table) {
    object["table"] = json::object{{"first", frame.modality.table->first_mapped},
                                   {"values", numbers(frame.modality.table->values)}};
  }
  json::array windows;
  for (const Window& window : frame.windows) {
    windows.push_back(
        json::array{window.centre, window.width, window.name, static_cast<int>(window.function)});
  }
  object["windows"] = std::move(windows);
  if (!frame.laterality.empty()) object["laterality"] = frame.laterality;
  if (!frame.stack_key.empty()) object["stack"] = frame.stack_key;
  return object;
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

FrameFacts read_frame(const json::object& object) {
  FrameFacts frame;
  if (const auto position = read_numbers<3>(object, "position")) {
    frame.position = PatientPoint{(*position)[0], (*position)[1], (*position)[2]};
  }
  frame.orientation = read_numbers<6>(object, "orientation");
  frame.spacing_mm = read_numbers<2>(object, "spacing");
  if (const json::value* thickness = object.if_contains("thickness")) {
    frame.slice_thickness_mm = thickness->to_number<double>();
  }
  frame.modality.slope = object.at("slope").to_number<double>();
  frame.modality.intercept = object.at("intercept").to_number<double>();
  frame.modality.unit = text_in(object, "unit");
  if (const json::value* table = object.if_contains("table")) {
    auto lookup = std::make_shared<LookupTable>();
    lookup->first_mapped = table->at("first").to_number<std::int32_t>();
    for (const json::value& value : table->at("values").as_array()) {
      lookup->values.push_back(value.to_number<std::uint16_t>());
    }
    frame.modality.table = std::move(lookup);
  }
  for (const json::value& window : object.at("windows").as_array()) {
    const json::array& parts = window.as_array();
    frame.windows.push_back(
        {.centre = parts.at(0).to_number<double>(),
         .width = parts.at(1).to_number<double>(),
         .name = std::string(parts.at(2).as_string()),
         .function = static_cast<WindowFunction>(parts.at(3).to_number<int>())});
  }
  frame.laterality = text_in(object, "laterality");
  frame.stack_key = text_in(object, "stack");
  return frame;
}

CatalogedImage read_object(const json::object& object) {
  CatalogedImage cataloged;
  ImageDescription& image = cataloged.image;
  if (const json::value* number = object.if_contains("number")) {
    cataloged.instance_number = number->to_number<std::int64_t>();
  }
  image.modality = text_in(object, "modality");
  image.frame_of_reference_uid = text_in(object, "frame_of_reference");
  image.frame_count = object.at("frame_count").to_number<std::uint32_t>();
  const json::array& layout = object.at("layout").as_array();
  image.ready = {.rows = layout.at(0).to_number<std::uint32_t>(),
                 .columns = layout.at(1).to_number<std::uint32_t>(),
                 .samples_per_pixel = layout.at(2).to_number<std::uint32_t>(),
                 .sample_type = static_cast<SampleType>(layout.at(3).to_number<int>()),
                 .photometric = static_cast<Photometric>(layout.at(4).to_number<int>())};
  if (const json::value* spacing = object.if_contains("slice_spacing")) {
    image.slice_spacing_mm = spacing->to_number<double>();
  }
  if (const json::value* padding = object.if_contains("padding")) {
    image.padding = PaddingRange{padding->as_array().at(0).to_number<std::int64_t>(),
                                 padding->as_array().at(1).to_number<std::int64_t>()};
  }
  if (const json::value* times = object.if_contains("frame_times")) {
    for (const json::value& time : times->as_array()) {
      image.frame_times_ms.push_back(time.to_number<double>());
    }
  }
  image.is_lossy = object.contains("lossy");
  if (const json::value* factor = object.if_contains("suv_factor")) {
    cataloged.suv_factor = factor->to_number<double>();
  }
  cataloged.suv_refused = text_in(object, "suv_refused");
  for (const json::value& frame : object.at("frames").as_array()) {
    image.frames.push_back(read_frame(frame.as_object()));
  }
  for (const json::value& note : object.at("notes").as_array()) {
    image.notes.emplace_back(note.as_string());
  }
  return cataloged;
}

}  // namespace

std::string_view name_of(SampleType type) { return sample_names[static_cast<std::size_t>(type)]; }
std::string_view name_of(Photometric photometric) {
  return photometric_names[static_cast<std::size_t>(photometric)];
}

std::string description_json(const CatalogedImage& cataloged) {
  const ImageDescription& image = cataloged.image;
  json::object object{
      {"modality", image.modality},
      {"frame_of_reference", image.frame_of_reference_uid},
      {"frame_count", image.frame_count},
      {"layout", json::array{image.ready.rows, image.ready.columns, image.ready.samples_per_pixel,
                             static_cast<int>(image.ready.sample_type),
                             static_cast<int>(image.ready.photometric)}}};
  if (cataloged.instance_number) object["number"] = *cataloged.instance_number;
  if (image.slice_spacing_mm) object["slice_spacing"] = *image.slice_spacing_mm;
  if (image.padding) object["padding"] = json::array{image.padding->low, image.padding->high};
  if (!image.frame_times_ms.empty()) object["frame_times"] = numbers(image.frame_times_ms);
  if (image.is_lossy) object["lossy"] = true;
  if (cataloged.suv_factor) object["suv_factor"] = *cataloged.suv_factor;
  if (!cataloged.suv_refused.empty()) object["suv_refused"] = cataloged.suv_refused;
  json::array frames;
  for (const FrameFacts& frame : image.frames) frames.push_back(frame_json(frame));
  object["frames"] = std::move(frames);
  json::array notes;
  for (const std::string& note : image.notes) notes.emplace_back(note);
  object["notes"] = std::move(notes);
  return json::serialize(object);
}

Result<CatalogedImage> read_description(std::string_view text) {
  const json::value value = CSL_TRY(parse_json(text));
  try {
    return read_object(value.as_object());
  } catch (const std::exception&) {  // Boost.JSON's way to say that a member is of another kind
    return fail(ErrorCode::InvalidInput, "the image's description has another shape");
  }
}

}  // namespace consilium::service
