#include "transport/dicomweb/handlers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "service/dicomweb/dicomweb.hpp"
#include "transport/dicomweb/media.hpp"
#include "transport/dicomweb/multipart.hpp"

namespace consilium::dicomweb {

using api::Call;
using service::DicomPath;
using service::DicomWeb;
using service::SearchLevel;

namespace {

constexpr std::string_view dicom_json = "application/dicom+json";
constexpr service::Viewport thumbnail_viewport{.width = 128, .height = 128};

Result<DicomPath> path_of(const Call& call) {
  DicomPath path{.project = std::nullopt,
                 .study = std::string(call.value("study_uid")),
                 .series = std::string(call.value("series_uid")),
                 .instance = std::string(call.value("sop_uid"))};
  if (!call.value("project_id").empty()) path.project = CSL_TRY(call.id<ProjectId>("project_id"));
  return path;
}

// Where the client found us: addresses in answers lead back there.
std::string address_of(const Call& call) {
  const http::Request& request = call.request;
  const bool is_secure = request.secure || request.header("x-forwarded-proto") == "https";
  std::string host;
  for (const char c : request.header("host")) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (is_alphanumeric || std::string_view(".-:[]").contains(c)) host += c;
  }
  std::string address = fmt::format("{}://{}/dicomweb", is_secure ? "https" : "http", host);
  if (!call.value("project_id").empty()) {
    address += fmt::format("/projects/{}", call.value("project_id"));
  }
  return address;
}

enum class Direction { Retrieve, Store };

// Other codes than the API's where PS3.18 asks for them.
http::Response problem(const Error& error, Direction direction) {
  const auto with_status = [&](int status, std::string_view code) {
    std::string what = error.what;
    if (!error.where.empty()) what += " (" + error.where + ")";
    return api::problem_response(status, code, what, error.remedy);
  };
  if (error.code == ErrorCode::InvalidInput) return with_status(400, "invalid_input");
  if (error.code == ErrorCode::Unsupported && direction == Direction::Retrieve) {
    return with_status(406, "not_acceptable");
  }
  if (error.code == ErrorCode::Corrupt && direction == Direction::Store) {
    return with_status(400, "corrupt");
  }
  return api::problem_response(error);
}

using Work = std::function<Result<http::Response>(Call&)>;

api::Handler guarded(Direction direction, Work work) {
  return [direction, work = std::move(work)](Call& call) -> Result<http::Response> {
    Result<http::Response> response = work(call);
    if (!response) return problem(response.error(), direction);
    return response;
  };
}

Status check_json_accepted(const Call& call) {
  const auto types = accepted_types(call.request);
  if (accepts(types, dicom_json) || accepts(types, "application/json")) return {};
  return fail(ErrorCode::Unsupported, "nothing of what is accepted can be made here",
              "header Accept", "accept application/dicom+json");
}

http::Response json_text(std::string text, int status = 200) {
  http::Response response;
  response.status = status;
  response.with("Content-Type", std::string(dicom_json));
  response.body = std::move(text);
  return response;
}

Result<http::Response> search(Call& call, DicomWeb& dicomweb, SearchLevel level) {
  CSL_TRY(check_json_accepted(call));
  const service::SearchQuery query = CSL_TRY(service::parse_search(level, call.request.query));
  service::SearchAnswer answer =
      CSL_TRY(dicomweb.search(call.access(), CSL_TRY(path_of(call)), query, address_of(call)));
  http::Response response = answer.count > 0 ? json_text(std::move(answer.json)) : http::Response{};
  if (answer.count == 0) response.status = 204;
  for (const std::string& warning : answer.warnings) {
    response.with("Warning", fmt::format("299 {}: {}", address_of(call), warning));
  }
  return response;
}

Result<http::Response> metadata(Call& call, DicomWeb& dicomweb) {
  CSL_TRY(check_json_accepted(call));
  service::MetadataAnswer answer =
      CSL_TRY(dicomweb.metadata(call.access(), CSL_TRY(path_of(call)), address_of(call)));
  http::Response response;
  if (call.request.header("if-none-match") == answer.etag) {
    response.status = 304;
  } else {
    response = json_text(std::move(answer.json));
  }
  // Kept by the client alone, and asked for again each time: rights may have gone meanwhile.
  response.with("ETag", answer.etag).with("Cache-Control", "private, no-cache");
  return response;
}

std::string make_boundary(Random& random) {
  std::array<std::byte, 16> bytes{};
  random.fill(bytes);
  return to_hex(bytes);
}

http::Response parts_response(Call& call, std::vector<service::RetrievedPart> parts,
                              const WantedParts& wanted, Random& random) {
  if (wanted.single && parts.size() == 1) {
    return http::range_response(call.request, std::move(parts.front().bytes),
                                std::move(parts.front().content_type));
  }
  const std::string address = address_of(call);
  const std::string boundary = make_boundary(random);
  std::string type = parts.empty() ? wanted.type : parts.front().content_type;
  type = type.substr(0, type.find(';'));
  std::vector<OutgoingPart> outgoing;
  outgoing.reserve(parts.size());
  for (service::RetrievedPart& part : parts) {
    outgoing.push_back({.content_type = std::move(part.content_type),
                        .location = address + part.location,
                        .bytes = std::move(part.bytes)});
  }
  auto message = multipart_message(std::move(outgoing), boundary);
  const std::uint64_t size = message->size();
  http::Response response;
  response.with("Content-Type",
                fmt::format("multipart/related; type=\"{}\"; boundary={}", type, boundary));
  response.body = http::RangeBody{.source = std::move(message), .offset = 0, .length = size};
  return response;
}

Result<http::Response> retrieve(Call& call, DicomWeb& dicomweb, Random& random) {
  const WantedParts wanted = CSL_TRY(wanted_objects(accepted_types(call.request)));
  const DicomPath path = CSL_TRY(path_of(call));
  return parts_response(call, CSL_TRY(dicomweb.objects(call.access(), path, wanted.forms)), wanted,
                        random);
}

Result<http::Response> frames(Call& call, DicomWeb& dicomweb, Random& random) {
  const WantedParts wanted = CSL_TRY(wanted_frames(accepted_types(call.request)));
  const auto numbers = CSL_TRY(parse_frame_list(call.value("frames")));
  const DicomPath path = CSL_TRY(path_of(call));
  return parts_response(call, CSL_TRY(dicomweb.frames(call.access(), path, numbers, wanted.forms)),
                        wanted, random);
}

Result<http::Response> bulk(Call& call, DicomWeb& dicomweb, Random& random) {
  const WantedParts wanted = CSL_TRY(wanted_frames(accepted_types(call.request)));
  const DicomPath path = CSL_TRY(path_of(call));
  return parts_response(
      call, CSL_TRY(dicomweb.bulk(call.access(), path, call.value("place"), wanted.forms)), wanted,
      random);
}

Result<http::Response> rendered(Call& call, DicomWeb& dicomweb, bool is_thumbnail) {
  service::RenderQuery query = CSL_TRY(parse_render_query(call.request));
  if (is_thumbnail && !query.viewport) query.viewport = thumbnail_viewport;
  std::optional<std::uint32_t> frame;
  if (!call.value("frame").empty()) {
    const auto numbers = CSL_TRY(parse_frame_list(call.value("frame")));
    if (numbers.size() != 1) {
      return fail(ErrorCode::InvalidInput, "one frame is rendered at a time", "path frame");
    }
    frame = numbers.front();
  }
  const Bytes picture =
      CSL_TRY(dicomweb.rendered(call.access(), CSL_TRY(path_of(call)), frame, query));
  return api::binary_response(
      std::string(text_of(picture)),
      query.media == service::RenderedMedia::Jpeg ? "image/jpeg" : "image/png");
}

Result<http::Response> store(Call& call, DicomWeb& dicomweb) {
  CSL_TRY(check_json_accepted(call));
  const std::string boundary = CSL_TRY(boundary_of(call.request.header("content-type")));
  http::BodyReader& body = *call.request.stream;
  MultipartReader reader([&body](std::span<std::byte> out) { return body.read(out); }, boundary);
  const service::StorePartSource next = [&]() -> Result<std::optional<service::StorePart>> {
    auto head = CSL_TRY(reader.next());
    if (!head) return std::optional<service::StorePart>{};
    return std::optional(service::StorePart{
        .content_type = std::move(head->content_type),
        .body = [&reader](std::span<std::byte> out) { return reader.read(out); }});
  };
  service::StoreAnswer answer =
      CSL_TRY(dicomweb.store(call.access(), CSL_TRY(path_of(call)), next, address_of(call)));
  // PS3.18 table 10.5.3-1: all, some or none were stored.
  const int status = answer.failed == 0 ? 200 : answer.stored > 0 ? 202 : 409;
  return json_text(std::move(answer.json), status);
}

}  // namespace

void add_dicomweb_handlers(api::HandlerTable& handlers, DicomWeb& dicomweb, Random& random) {
  for (const std::string base : {"dicomweb_", "dicomweb_project_"}) {
    const auto add = [&](std::string_view name, Direction direction, Work work) {
      handlers.add(base + std::string(name), guarded(direction, std::move(work)));
    };
    const auto get = [&](std::string_view name, Work work) {
      add(name, Direction::Retrieve, std::move(work));
    };
    const auto add_search = [&](std::string_view name, SearchLevel level) {
      get(name, [&dicomweb, level](Call& call) { return search(call, dicomweb, level); });
    };
    add_search("search_studies", SearchLevel::Study);
    add_search("search_series", SearchLevel::Series);
    add_search("search_instances", SearchLevel::Instance);
    add_search("search_study_series", SearchLevel::Series);
    add_search("search_study_instances", SearchLevel::Instance);
    add_search("search_series_instances", SearchLevel::Instance);
    for (const std::string level : {"study", "series", "instance"}) {
      get("get_" + level, [&](Call& call) { return retrieve(call, dicomweb, random); });
      get("get_" + level + "_metadata", [&](Call& call) { return metadata(call, dicomweb); });
    }
    for (const std::string level : {"study", "series", "instance", "frame"}) {
      get("get_" + level + "_rendered",
          [&](Call& call) { return rendered(call, dicomweb, false); });
      get("get_" + level + "_thumbnail",
          [&](Call& call) { return rendered(call, dicomweb, true); });
    }
    get("get_frames", [&](Call& call) { return frames(call, dicomweb, random); });
    get("get_bulkdata", [&](Call& call) { return bulk(call, dicomweb, random); });
    for (const std::string_view name : {"store", "store_in_study"}) {
      add(name, Direction::Store, [&](Call& call) { return store(call, dicomweb); });
    }
  }
}

}  // namespace consilium::dicomweb
