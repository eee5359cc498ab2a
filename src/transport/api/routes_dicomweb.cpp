#include <array>
#include <deque>
#include <string>

#include "transport/api/route_areas.hpp"

namespace consilium::api {
namespace {

using http::Method;

struct DicomwebRoute {
  Method method;
  const char* path;  // below the base
  const char* operation;
  const char* summary;
  const char* media;
};

constexpr const char* json = "application/dicom+json";
constexpr const char* parts = "multipart/related";

#define CSL_STUDY "/studies/{study_uid}"
#define CSL_SERIES CSL_STUDY "/series/{series_uid}"
#define CSL_INSTANCE CSL_SERIES "/instances/{sop_uid}"

// PS3.18 table 10.1-1 and chapter 10. UIDs in addresses are the mapped ones.
constexpr std::array routes{
    DicomwebRoute{Method::Get, "/studies", "search_studies", "QIDO-RS: studies", json},
    DicomwebRoute{Method::Get, "/series", "search_series", "QIDO-RS: series of all studies", json},
    DicomwebRoute{Method::Get, "/instances", "search_instances",
                  "QIDO-RS: instances of all studies", json},
    DicomwebRoute{Method::Get, CSL_STUDY "/series", "search_study_series",
                  "QIDO-RS: series of a study", json},
    DicomwebRoute{Method::Get, CSL_STUDY "/instances", "search_study_instances",
                  "QIDO-RS: instances of a study", json},
    DicomwebRoute{Method::Get, CSL_SERIES "/instances", "search_series_instances",
                  "QIDO-RS: instances of a series", json},
    DicomwebRoute{Method::Get, CSL_STUDY, "get_study", "WADO-RS: all objects of a study", parts},
    DicomwebRoute{Method::Get, CSL_STUDY "/metadata", "get_study_metadata",
                  "WADO-RS: metadata of a study", json},
    DicomwebRoute{Method::Get, CSL_STUDY "/rendered", "get_study_rendered",
                  "WADO-RS: a study's middle image as a picture", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_STUDY "/thumbnail", "get_study_thumbnail",
                  "WADO-RS: a study's middle image, small", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_SERIES, "get_series", "WADO-RS: all objects of a series", parts},
    DicomwebRoute{Method::Get, CSL_SERIES "/metadata", "get_series_metadata",
                  "WADO-RS: metadata of a series", json},
    DicomwebRoute{Method::Get, CSL_SERIES "/rendered", "get_series_rendered",
                  "WADO-RS: a series' middle image as a picture", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_SERIES "/thumbnail", "get_series_thumbnail",
                  "WADO-RS: a series' middle image, small", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_INSTANCE, "get_instance", "WADO-RS: an object", parts},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/metadata", "get_instance_metadata",
                  "WADO-RS: metadata of an object", json},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/rendered", "get_instance_rendered",
                  "WADO-RS: an image as a picture", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/thumbnail", "get_instance_thumbnail",
                  "WADO-RS: an image, small", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/frames/{frames}", "get_frames",
                  "WADO-RS: frames by their numbers, parted by commas", parts},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/frames/{frame}/rendered", "get_frame_rendered",
                  "WADO-RS: a frame as a picture", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/frames/{frame}/thumbnail", "get_frame_thumbnail",
                  "WADO-RS: a frame, small", "image/jpeg"},
    DicomwebRoute{Method::Get, CSL_INSTANCE "/bulkdata/{place}", "get_bulkdata",
                  "WADO-RS: a binary value, by its address in the metadata", parts},
    DicomwebRoute{Method::Post, "/studies", "store", "STOW-RS: objects into a project", json},
    DicomwebRoute{Method::Post, CSL_STUDY, "store_in_study", "STOW-RS: objects of one study", json},
};

std::string_view kept(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text));
}

}  // namespace

std::vector<Route> dicomweb_routes() {
  struct Base {
    const char* path;
    const char* operation;
  };
  std::vector<Route> all;
  for (const Base& base : {Base{"/dicomweb", "dicomweb_"},
                           Base{"/dicomweb/projects/{project_id}", "dicomweb_project_"}}) {
    for (const DicomwebRoute& route : routes) {
      const bool is_store = route.method == Method::Post;
      all.push_back({.method = route.method,
                     .path = kept(std::string(base.path) + route.path),
                     .operation = kept(std::string(base.operation) + route.operation),
                     .tag = "dicomweb",
                     .summary = route.summary,
                     .purpose = is_store ? "" : "dicomweb",
                     .body = is_store ? BodyKind::Streamed : BodyKind::None,
                     .media = route.media,
                     .empty_too = std::string_view(route.operation).starts_with("search"),
                     .scope = is_store ? "import" : "read"});
    }
  }
  return all;
}

}  // namespace consilium::api
