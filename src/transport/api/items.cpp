#include "service/item/items.hpp"

#include <boost/json.hpp>

#include "transport/api/handlers.hpp"
#include "transport/http/media_types.hpp"

namespace consilium::api {
namespace {

using service::Items;

constexpr std::int64_t frames_at_once_max = 4096;
constexpr std::int64_t pixels_max = 16'384;

struct Place {
  ProjectId project;
  ItemId item;
};

Result<Place> place_of(const Call& call) {
  return Place{CSL_TRY(call.id<ProjectId>("project_id")), CSL_TRY(call.id<ItemId>("item_id"))};
}

Result<http::Response> list_items(const Call& call, const Items& items) {
  service::ItemQuery query{.cursor = call.text("cursor"),
                           .limit = CSL_TRY(call.integer("limit", 50, 1, 500)),
                           .kind = call.text("kind"),
                           .state = call.text("state"),
                           .mine = call.text("mine"),
                           .text = call.text("q"),
                           .sort = call.text("sort"),
                           .descending = call.text("order") == "desc"};
  if (query.sort.empty()) query.sort = "number";
  return reply(items.list(call.access(), CSL_TRY(call.id<ProjectId>("project_id")), query));
}

http::Response frames_response(const Call& call, service::FrameRange frames) {
  const std::uint64_t frame_bytes = frames.frame_bytes;
  const std::uint32_t frame_count = frames.frame_count;
  http::Response response =
      http::range_response(call.request, std::shared_ptr<const ByteSource>(std::move(frames.bytes)),
                           "application/octet-stream");
  response.with("X-Frame-Bytes", std::to_string(frame_bytes))
      .with("X-Frame-Count", std::to_string(frame_count));
  return response;
}

Result<http::Response> get_frames(const Call& call, Items& items) {
  const Place place = CSL_TRY(place_of(call));
  const auto from = CSL_TRY(call.integer("from", 0, 0, 0x7FFFFFFF));
  const auto count = CSL_TRY(call.integer("count", 1, 1, frames_at_once_max));
  return frames_response(
      call, CSL_TRY(items.frames(
                call.access(), place.project, place.item, CSL_TRY(call.id<SeriesId>("series_id")),
                static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(count))));
}

Result<http::Response> get_image(const Call& call, Items& items) {
  const Place place = CSL_TRY(place_of(call));
  const auto index = static_cast<std::uint32_t>(std::stoul(std::string(call.value("index"))));
  return frames_response(call,
                         CSL_TRY(items.image(call.access(), place.project, place.item,
                                             CSL_TRY(call.id<SeriesId>("series_id")), index)));
}

Result<http::Response> get_thumbnail(const Call& call, Items& items) {
  const Place place = CSL_TRY(place_of(call));
  const Bytes png = CSL_TRY(items.thumbnail(call.access(), place.project, place.item,
                                            CSL_TRY(call.optional_id<SeriesId>("series"))));
  return binary_response(std::string(text_of(png)), "image/png");
}

Result<http::Response> get_note_text(const Call& call, Items& items) {
  const Place place = CSL_TRY(place_of(call));
  return binary_response(CSL_TRY(items.note_text(call.access(), place.project, place.item,
                                                 CSL_TRY(call.id<NoteId>("note_id")))),
                         "text/plain; charset=utf-8");
}

Result<http::Response> get_window(const Call& call, Items& items) {
  constexpr std::int64_t tick_max = 1LL << 53U;
  const Place place = CSL_TRY(place_of(call));
  const service::WindowQuery query{.from_tick = CSL_TRY(call.integer("from", 0, 0, tick_max)),
                                   .to_tick = CSL_TRY(call.integer("to", 0, 0, tick_max)),
                                   .pixels = CSL_TRY(call.integer("pixels", 1024, 1, pixels_max)),
                                   .channels = CSL_TRY(call.integers("channels"))};
  const Bytes window =
      CSL_TRY(items.signal_window(call.access(), place.project, place.item,
                                  CSL_TRY(call.id<RecordingId>("recording_id")), query));
  return binary_response(std::string(text_of(window)), http::signal_window_type);
}

}  // namespace

void add_item_handlers(HandlerTable& handlers, Items& items) {
  handlers.add("list_items", [&](Call& call) { return list_items(call, items); });
  handlers.add("get_item", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(items.show(call.access(), place.project, place.item));
  });
  handlers.add("get_frames", [&](Call& call) { return get_frames(call, items); });
  handlers.add("get_image", [&](Call& call) { return get_image(call, items); });
  handlers.add("get_thumbnail", [&](Call& call) { return get_thumbnail(call, items); });
  handlers.add("get_note_text", [&](Call& call) { return get_note_text(call, items); });
  handlers.add("get_signal_window", [&](Call& call) { return get_window(call, items); });
  handlers.add("get_signal_overview", [&](Call& call) -> Result<http::Response> {
    const Place place = CSL_TRY(place_of(call));
    return reply(items.signal_overview(call.access(), place.project, place.item,
                                       CSL_TRY(call.id<RecordingId>("recording_id")),
                                       CSL_TRY(call.integer("pixels", 1024, 1, pixels_max))));
  });
}

}  // namespace consilium::api
