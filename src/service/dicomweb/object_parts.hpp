// Objects and frames as parts of an answer, in a form that the client takes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "service/dicomweb/dicomweb.hpp"
#include "service/dicomweb/open_image.hpp"
#include "service/dicomweb/place.hpp"

namespace consilium::service {

// The media type of frames in that transfer syntax (PS3.18 table 8.7.3-2).
[[nodiscard]] std::string_view media_type_of_syntax(std::string_view transfer_syntax_uid);

struct PartTools {
  storage::Store& store;
  std::shared_ptr<ImageCache> images;
  CodecPool* codec = nullptr;
};

// A Part 10 file under the pseudonym. Its pixels are streamed from the sealed object, or decoded
// while they are read. Errors: Unsupported when it has none of the wanted forms.
[[nodiscard]] Result<RetrievedPart> object_part(const PartTools& tools, const InstancePlace& place,
                                                const DicomPseudonym& pseudonym,
                                                const std::optional<Descriptions>& descriptions,
                                                std::span<const WantedForm> wanted);
// The file of a dataset that goes out as it is, with the pixels of `image`, which lie in the object
// of `row`. Errors as `object_part`.
[[nodiscard]] Result<RetrievedPart> served_part(const PartTools& tools,
                                                const storage::InstanceRow& row,
                                                const OpenImage& image, DicomDataset dataset,
                                                const std::string& location,
                                                std::span<const WantedForm> wanted);
// The file of a dataset without pixels. Errors: Unsupported.
[[nodiscard]] Result<RetrievedPart> written_part(const DicomDataset& dataset,
                                                 const std::string& location,
                                                 std::span<const WantedForm> wanted);
// A binary value of a dataset that goes out, by its place in the metadata. Errors: NotFound.
[[nodiscard]] Result<RetrievedPart> bulk_part(const DicomDataset& dataset, std::string_view where,
                                              const std::string& instance_location);
// Of an image that is open already, as the next one.
[[nodiscard]] Result<std::vector<RetrievedPart>> frame_parts(const OpenImage& image,
                                                             const std::string& instance_location,
                                                             CodecPool* codec,
                                                             std::span<const std::uint32_t> numbers,
                                                             std::span<const WantedForm> wanted);
// Frames by their numbers from 1. Errors: NotFound past the last one; Unsupported.
[[nodiscard]] Result<std::vector<RetrievedPart>> frame_parts(const PartTools& tools,
                                                             const InstancePlace& place,
                                                             std::span<const std::uint32_t> numbers,
                                                             std::span<const WantedForm> wanted);

}  // namespace consilium::service
