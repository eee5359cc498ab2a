// Any bytes as a header, as its signal files, and as an annotation file.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"

using namespace consilium;

// The first two bytes say where the header ends; every file is what follows it.
static void open_as_record(ByteView bytes) {
  if (bytes.size() < 2) return;
  const std::size_t split =
      std::min<std::size_t>(bytes.size() - 2, std::to_integer<std::size_t>(bytes[0]) |
                                                  std::to_integer<std::size_t>(bytes[1]) << 8U);
  const ByteView header = bytes.subspan(2, split);
  const ByteView rest = bytes.subspan(2 + split);
  const auto record =
      open_wfdb(header, [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
        // Segments would be without end if a header could name itself: they all get one simple
        // header.
        if (name.ends_with(".hea"))
          return memory_source(to_bytes("s 1 100 8\nd 16 1 8 0 0 0 0 a\n"));
        return view_source(rest);
      });
  if (!record) return;
  SignalBlock block;
  const RecordHeader& info = (*record)->header();
  if (info.length_ticks < 100'000) {
    static_cast<void>((*record)->read_block({Tick{0}, Tick{info.length_ticks}}, block));
    static_cast<void>((*record)->wrong_checksums());
  }
  for (std::size_t c = 0; c < std::min<std::size_t>(info.channels.size(), 8); ++c) {
    std::int32_t samples[64];
    const std::int64_t there = info.channels[c].sample_count;
    const std::int64_t first = std::max<std::int64_t>(0, there - 64);
    static_cast<void>((*record)->read(
        c, SampleIndex{first}, std::span(samples).first(static_cast<std::size_t>(there - first))));
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  open_as_record(bytes);
  const auto annotations = read_mit_annotations(bytes);
  if (annotations) {
    const auto written = write_mit_annotations(*annotations);
    CSL_CHECK(written.has_value() && std::ranges::equal(*written, bytes));
  }
  return 0;
}
