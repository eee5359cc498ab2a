// What lies behind a signal item: a recording's header, its windows and overview. Files as received
// are read through the sealed container by ranges; a day's recording is never in memory whole.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "analysis/pyramid/pyramid.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "domain/signal/sample_source.hpp"
#include "service/item/items.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

[[nodiscard]] Result<boost::json::object> signal_source(const storage::Reader& reader,
                                                        const storage::ItemRow& item);

struct OpenRecording {
  std::shared_ptr<const SampleSource> samples;
  std::shared_ptr<const Pyramid> pyramid;
};

// Errors: NotFound (also after erasure), Corrupt.
[[nodiscard]] Result<OpenRecording> open_recording(storage::Store& store,
                                                   const RecordingId& recording);

// Recordings that are being looked at: opening one reads its headers.
class RecordingCache {
 public:
  [[nodiscard]] Result<std::shared_ptr<const OpenRecording>> open(storage::Store& store,
                                                                  const RecordingId& recording);

 private:
  Guarded<std::map<RecordingId, std::shared_ptr<const OpenRecording>>> known_;
};

// The bytes of API "window". Errors: InvalidInput when the range or a channel is not in the record.
[[nodiscard]] Result<Bytes> window_bytes(const OpenRecording& recording, const WindowQuery& query);
[[nodiscard]] Result<boost::json::object> overview_json(const OpenRecording& recording,
                                                        std::int64_t pixels);

}  // namespace consilium::service
