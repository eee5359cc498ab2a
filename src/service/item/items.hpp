// Items of a project and what lies behind them: lists, descriptions of the source, frames, texts
// and signal windows. Reading a case is accountable: the first read by a (person, item, purpose,
// sign-in) is a durable event before the first byte.
//
// Raters see the items that they may label (not blinded ones of others); leads and reviewers all.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"

namespace consilium::storage {
struct ItemRow;
}

namespace consilium::service {

struct ItemQuery {
  std::string cursor;
  std::int64_t limit = 50;      // 1..500
  std::string kind;             // "", "image", "text", "signal"
  std::string state;            // "", "available", "in_progress", "submitted", "skipped", "done"
  std::string mine;             // "", "none", "leased", "draft", "submitted", "skipped"
  std::string text;             // part of pseudonym, title (cleared) or number
  std::string sort = "number";  // number|date|state|pseudonym|updated
  bool descending = false;
};

// Ready frames back to back, little endian.
struct FrameRange {
  std::uint64_t frame_bytes = 0;
  std::uint32_t frame_count = 0;
  std::unique_ptr<ByteSource> bytes;
};

struct WindowQuery {
  std::int64_t from_tick = 0;
  std::int64_t to_tick = 0;
  std::int64_t pixels = 1024;          // 1..16,384
  std::vector<std::int64_t> channels;  // empty: all
};

class ReadLedger;
class FrameIndex;
class RecordingCache;

// Why somebody read a case whose event does not say "labelling": others' opinions on it.
inline constexpr std::string_view purpose_review = "review";

class Items {
 public:
  Items(storage::Store& store, const Clock& clock);
  ~Items();

  // {"items": [Item...], "next_cursor", "total", "facets": {"kind": {}, "state": {}, "mine": {}}}
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project,
                                                 const ItemQuery& query) const;
  // Item with "source" and "related": the same patient's other items by date, of every project that
  // the person may look into. An accountable read.
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project,
                                                 const ItemId& item);
  // The Item alone, as in a list: for answers beside tasks.
  [[nodiscard]] Result<boost::json::object> summary(const Access& access, const ProjectId& project,
                                                    const ItemId& item) const;
  // Several of them, in the order asked for; one commit for all reads. Errors: NotFound.
  [[nodiscard]] Result<boost::json::array> summaries(const Access& access, const ProjectId& project,
                                                     const std::vector<ItemId>& items) const;
  // The right to look at the item and the accountable read, for what lies elsewhere.
  [[nodiscard]] Status record_read(const Access& access, const ProjectId& project,
                                   const ItemId& item, std::string_view purpose) const;

  // Frames [from, from + count) of the series' volume. Errors: NotFound; InvalidInput past the end.
  [[nodiscard]] Result<FrameRange> frames(const Access& access, const ProjectId& project,
                                          const ItemId& item, const SeriesId& series,
                                          std::uint32_t from, std::uint32_t count);
  // The series' image number `index` of `images` (a series that is no volume).
  [[nodiscard]] Result<FrameRange> image(const Access& access, const ProjectId& project,
                                         const ItemId& item, const SeriesId& series,
                                         std::uint32_t index);
  // A PNG of at most 128 pixels in height; the first image series when none is named.
  [[nodiscard]] Result<Bytes> thumbnail(const Access& access, const ProjectId& project,
                                        const ItemId& item, const std::optional<SeriesId>& series);
  // The canonical text, UTF-8.
  [[nodiscard]] Result<std::string> note_text(const Access& access, const ProjectId& project,
                                              const ItemId& item, const NoteId& note);
  // The bytes of API "window" (window_form.hpp).
  [[nodiscard]] Result<Bytes> signal_window(const Access& access, const ProjectId& project,
                                            const ItemId& item, const RecordingId& recording,
                                            const WindowQuery& query);
  // {"activity": {"channel": 0, "min": [...], "max": [...]}, "ticks_per_pixel": n}
  [[nodiscard]] Result<boost::json::object> signal_overview(const Access& access,
                                                            const ProjectId& project,
                                                            const ItemId& item,
                                                            const RecordingId& recording,
                                                            std::int64_t pixels);

 private:
  // Right, existence and the accountable read, in that order.
  [[nodiscard]] Result<storage::ItemRow> open_for_reading(const Access& access,
                                                          const ProjectId& project,
                                                          const ItemId& item,
                                                          std::string_view purpose) const;

  storage::Store& store_;
  const Clock& clock_;
  std::unique_ptr<ReadLedger> ledger_;
  std::unique_ptr<FrameIndex> frames_;
  std::unique_ptr<RecordingCache> recordings_;
};

}  // namespace consilium::service
