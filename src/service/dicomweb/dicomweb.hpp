// DICOMweb (PS3.18): search (QIDO-RS), retrieve (WADO-RS) and store (STOW-RS) for other programs.
//
// Rights come through items: a person reaches the studies that are image items of projects in which
// they may look at cases, and as a rater only those that they may label. What goes out is
// under the patient's pseudonym, with mapped UIDs and shifted dates, whoever asks: those UIDs are
// the addresses here, the same that exports use. A project that de-identifies at release adds the
// descriptions of study and series, as its image view does. The first read of an item is a durable
// event before the first byte.
//
// A study has further series: our own labels on it as segmentations, structure sets and reports, as
// the caller may see them (service/derived_series), and other tools' objects of labels that came by
// STOW-RS, C-STORE or an import, as received but for the pseudonym. Searches over all studies tell
// of images alone.
//
// Metadata of images come from the catalog as made at import; pixels are streamed from the sealed
// objects.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "domain/image/pixel.hpp"
#include "service/access/access.hpp"
#include "service/dicomweb/search_query.hpp"
#include "service/intake/imports.hpp"

namespace consilium::service {

class Items;
class ReadLedger;
class UidBook;
class DerivedSeries;
struct StudyLabels;
class ImageCache;
struct StudyPlace;
struct InstancePlace;

// What an address names; UIDs as served. Without a project: any that the person may look into.
struct DicomPath {
  std::optional<ProjectId> project;
  std::string study;
  std::string series;
  std::string instance;
};

struct SearchAnswer {
  std::string json;  // an array
  std::size_t count = 0;
  std::vector<std::string> warnings;
};

struct MetadataAnswer {
  std::string json;  // an array
  std::string etag;  // quoted; changes when the answer does
};

// A form of object or frame that would do, the first the most welcome.
struct WantedForm {
  std::string media_type;       // of frames: "image/jls"; empty: any
  std::string transfer_syntax;  // a UID, or "*": as it is kept
};

struct RetrievedPart {
  std::string content_type;  // with its transfer syntax
  std::string location;      // below the service's address
  std::shared_ptr<const ByteSource> bytes;
};

enum class RenderedMedia : std::uint8_t { Jpeg, Png };
struct Viewport {  // PS3.18 8.3.5.1.3
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  // The region of the source that fills it; 0 sizes: all of it.
  double left = 0, top = 0, source_width = 0, source_height = 0;
};
struct RenderQuery {
  RenderedMedia media = RenderedMedia::Jpeg;
  std::optional<Window> window;  // in values after the modality transform; else the image's own
  std::optional<Viewport> viewport;
  int quality = 90;  // of JPEG, 1 to 100
};

// One part of a stored message: its media type, and its bytes as `Imports::BodySource` gives them.
struct StorePart {
  std::string content_type;
  Imports::BodySource body;
};
// The next part; nothing after the last one.
using StorePartSource = std::function<Result<std::optional<StorePart>>()>;

struct StoreAnswer {
  std::string json;  // Table I.1-1 of PS3.18
  std::size_t stored = 0;
  std::size_t failed = 0;
};

class DicomWeb {
 public:
  // Stored parts wait under `upload_folder` until their import is done.
  DicomWeb(ImportTools tools, Items& items, std::filesystem::path upload_folder);
  ~DicomWeb();

  // `path` names the study or series that is searched in, or neither. `address` is the service's
  // own: "https://host/dicomweb". Errors: NotFound; those of the store.
  [[nodiscard]] Result<SearchAnswer> search(const Access& access, const DicomPath& path,
                                            const SearchQuery& query, std::string_view address);
  // Of a study, series or instance.
  [[nodiscard]] Result<MetadataAnswer> metadata(const Access& access, const DicomPath& path,
                                                std::string_view address);
  // Whole objects. Errors: Unsupported when one of them is in none of the wanted forms.
  [[nodiscard]] Result<std::vector<RetrievedPart>> objects(const Access& access,
                                                           const DicomPath& path,
                                                           std::span<const WantedForm> wanted);
  // Frames by their numbers, from 1. Errors as `objects`; NotFound past the last frame.
  [[nodiscard]] Result<std::vector<RetrievedPart>> frames(const Access& access,
                                                          const DicomPath& path,
                                                          std::span<const std::uint32_t> numbers,
                                                          std::span<const WantedForm> wanted);
  // A binary value by its place in the metadata; the pixel data frame by frame.
  [[nodiscard]] Result<std::vector<RetrievedPart>> bulk(const Access& access, const DicomPath& path,
                                                        std::string_view place,
                                                        std::span<const WantedForm> wanted);
  // The middle image of a study or series, an instance, or one of its frames (from 1).
  [[nodiscard]] Result<Bytes> rendered(const Access& access, const DicomPath& path,
                                       std::optional<std::uint32_t> frame_number,
                                       const RenderQuery& query);
  // Runs the parts through an import and returns when what was kept is durable. With a study in the
  // path others' instances are refused one by one. Errors: NotFound; Forbidden without the right to
  // import; Conflict when it must be said which project is meant; those of reading the parts.
  [[nodiscard]] Result<StoreAnswer> store(const Access& access, const DicomPath& path,
                                          const StorePartSource& next_part,
                                          std::string_view address);

 private:
  [[nodiscard]] Result<StudyPlace> find_study(const Access& access, const DicomPath& path);
  [[nodiscard]] Result<std::vector<InstancePlace>> find_instances(const Access& access,
                                                                  const DicomPath& path);
  // The labels' objects that the path names; NotFound when it names a series that there is not.
  [[nodiscard]] Result<StudyLabels> find_labels(const Access& access, const DicomPath& path);
  [[nodiscard]] Result<InstancePlace> find_instance(const Access& access, const DicomPath& path);
  [[nodiscard]] Status record(const Access& access, std::span<const StudyPlace> places);
  [[nodiscard]] Result<std::vector<StudyPlace>> visible_studies(const Access& access,
                                                                const DicomPath& path);

  ImportTools tools_;
  Items& items_;
  std::filesystem::path upload_folder_;
  std::unique_ptr<ReadLedger> ledger_;
  std::unique_ptr<UidBook> uids_;
  std::unique_ptr<DerivedSeries> derived_;
  std::shared_ptr<ImageCache> images_;
};

}  // namespace consilium::service
