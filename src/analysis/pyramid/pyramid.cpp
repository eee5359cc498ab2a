#include "analysis/pyramid/pyramid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "analysis/pyramid/pyramid_form.hpp"
#include "base/byte_reader.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace pyramid {
namespace {

static_assert(std::endian::native == std::endian::little, "bins are copied as they lie");

constexpr std::uint64_t tables_size_max = 1ULL << 30U;
// From this level on bins are held in memory.
constexpr int held_level = 2;
// So many samples or bins a pixel are walked over one by one.
constexpr std::int64_t walked_per_pixel = 64;

struct LevelTable {
  std::int64_t bins = 0;
  std::vector<std::uint64_t> offsets{};  // of the chunks
  std::vector<MinMax> held{};            // all bins, of levels that are held
};

// The pixels' bounds in samples of one channel: pixel i is [bounds[i], bounds[i + 1]).
std::vector<std::int64_t> bounds_of(const Channel& channel, Tick first, Tick last, int pixels) {
  std::vector<std::int64_t> bounds;
  bounds.reserve(static_cast<std::size_t>(pixels) + 1);
  const Wide range = static_cast<Wide>(last.value) - first.value;
  const Wide length = static_cast<Wide>(channel.sample_count) * channel.ticks_per_sample;
  for (int i = 0; i <= pixels; ++i) {
    const Wide step = (range * i + pixels - 1) / pixels;  // never negative: rounds up
    const Wide tick = std::clamp<Wide>(first.value + step, 0, length);
    const Wide sample = (tick + channel.ticks_per_sample - 1) / channel.ticks_per_sample;
    bounds.push_back(static_cast<std::int64_t>(std::min<Wide>(sample, channel.sample_count)));
  }
  return bounds;
}

class OpenedPyramid final : public Pyramid {
 public:
  OpenedPyramid(std::shared_ptr<const ByteSource> bytes, const SampleSource& source)
      : bytes_(std::move(bytes)), source_(source), record_(source.header()) {}

  Status open() {
    const auto damaged = [](const char* what) {
      return fail(ErrorCode::Corrupt, what, {}, "build the pyramid again");
    };
    if (bytes_->size() < begin_mark.size() + trailer_bytes)
      return damaged("the pyramid ends early");
    const Bytes begin = CSL_TRY(read_bytes(*bytes_, 0, begin_mark.size(), begin_mark.size()));
    if (text_of(begin) != begin_mark) {
      return fail(ErrorCode::Unsupported, "this is no pyramid of version 1", "byte 0",
                  "build the pyramid again");
    }
    const std::uint64_t trailer = bytes_->size() - trailer_bytes;
    const Bytes end = CSL_TRY(read_bytes(*bytes_, trailer, trailer_bytes, trailer_bytes));
    ByteReader end_reader(end);
    const std::uint64_t tables = CSL_TRY(end_reader.u64());
    if (CSL_TRY(end_reader.text(end_mark.size())) != end_mark || tables > trailer) {
      return damaged("the pyramid ends early");
    }
    tables_offset_ = tables;
    const Bytes bytes = CSL_TRY(read_bytes(*bytes_, tables, trailer - tables, tables_size_max));
    ByteReader reader(bytes, std::endian::little, tables);
    CSL_TRY(read_channels(reader));
    CSL_TRY(read_offsets(reader));
    if (!reader.at_end()) return damaged("the pyramid's tables are too long");
    return hold_coarse_levels();
  }

  Result<std::vector<std::vector<MinMax>>> query(std::span<const std::size_t> channels, Tick first,
                                                 Tick last, int pixel_count) const override {
    if (pixel_count < 1 || pixel_count > pyramid_pixels_max || first >= last) {
      return fail(ErrorCode::InvalidInput,
                  "the range or the number of pixels is empty or too large");
    }
    std::vector<std::vector<MinMax>> result(channels.size());
    // Channels of one rate share their bounds and what is read of the recording.
    std::map<std::int64_t, std::vector<std::size_t>> by_rate;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      if (channels[i] >= record_.channels.size()) {
        return fail(ErrorCode::InvalidInput, "there is no such channel",
                    fmt::format("channel {} of {}", channels[i], record_.channels.size()));
      }
      by_rate[record_.channels[channels[i]].ticks_per_sample].push_back(i);
      result[i].resize(static_cast<std::size_t>(pixel_count));
    }
    for (const auto& [ticks, places] : by_rate) {
      CSL_TRY(query_group(channels, places, first, last, result));
    }
    return result;
  }

 private:
  Status read_channels(ByteReader& reader) {
    const auto differs = [] {
      return fail(ErrorCode::Conflict, "the pyramid is of another recording", {},
                  "build the pyramid again");
    };
    if (CSL_TRY(reader.u32()) != record_.channels.size()) return differs();
    CSL_TRY(reader.skip(4));
    for (const Channel& channel : record_.channels) {
      const auto samples = static_cast<std::int64_t>(CSL_TRY(reader.u64()));
      const auto ticks = static_cast<std::int64_t>(CSL_TRY(reader.u64()));
      const std::int32_t missing = CSL_TRY(reader.i32());
      const std::uint32_t levels = CSL_TRY(reader.u32());
      if (samples != channel.sample_count || ticks != channel.ticks_per_sample ||
          missing != channel.missing || samples > samples_max ||
          levels != static_cast<std::uint32_t>(level_count(samples))) {
        return differs();
      }
    }
    return {};
  }

  Status read_offsets(ByteReader& reader) {
    for (const Channel& channel : record_.channels) {
      std::vector<LevelTable> levels;
      for (int l = 0; l < level_count(channel.sample_count); ++l) {
        LevelTable level{.bins = bin_count(channel.sample_count, l)};
        const std::int64_t chunks = chunk_count(level.bins);
        if (static_cast<std::uint64_t>(chunks) > reader.left() / 8) {
          return fail(ErrorCode::Corrupt, "the pyramid's tables end early", reader.where());
        }
        for (std::int64_t k = 0; k < chunks; ++k) {
          const std::uint64_t offset = CSL_TRY(reader.u64());
          const std::int64_t bins = std::min(chunk_bins, level.bins - k * chunk_bins);
          const std::uint64_t size = static_cast<std::uint64_t>(bins) * bin_bytes;
          if (offset != 0 && (offset > tables_offset_ || size > tables_offset_ - offset)) {
            return fail(ErrorCode::Corrupt, "a chunk of the pyramid lies outside", reader.where());
          }
          level.offsets.push_back(offset);
        }
        levels.push_back(std::move(level));
      }
      levels_.push_back(std::move(levels));
    }
    return {};
  }

  Status hold_coarse_levels() {
    for (std::vector<LevelTable>& levels : levels_) {
      for (std::size_t l = held_level; l < levels.size(); ++l) {
        levels[l].held.resize(static_cast<std::size_t>(levels[l].bins));
        CSL_TRY(read_bins(levels[l], 0, levels[l].held));
      }
    }
    return {};
  }

  // Bins [first, first + out.size()) of a level.
  Status read_bins(const LevelTable& level, std::int64_t first, std::span<MinMax> out) const {
    static_assert(sizeof(MinMax) == bin_bytes);
    while (!out.empty()) {
      const std::int64_t chunk = first / chunk_bins;
      const std::int64_t inside = first % chunk_bins;
      const auto count = static_cast<std::size_t>(
          std::min<std::int64_t>(chunk_bins - inside, static_cast<std::int64_t>(out.size())));
      const std::uint64_t offset = level.offsets[static_cast<std::size_t>(chunk)];
      if (offset == 0) {
        std::ranges::fill(out.first(count), MinMax{});
      } else {
        CSL_TRY(bytes_->read(offset + static_cast<std::uint64_t>(inside) * bin_bytes,
                             std::as_writable_bytes(out.first(count))));
      }
      out = out.subspan(count);
      first += static_cast<std::int64_t>(count);
    }
    return {};
  }

  Status query_group(std::span<const std::size_t> channels, const std::vector<std::size_t>& places,
                     Tick first, Tick last, std::vector<std::vector<MinMax>>& result) const {
    const int pixels = static_cast<int>(result[places.front()].size());
    std::vector<std::vector<std::int64_t>> bounds;
    std::int64_t samples = 0;
    for (const std::size_t place : places) {
      bounds.push_back(bounds_of(record_.channels[channels[place]], first, last, pixels));
      samples = std::max(samples, bounds.back().back() - bounds.back().front());
    }
    if (samples <= walked_per_pixel * pixels) {
      return walk_samples(channels, places, bounds, result);
    }
    int coarsest = held_level;
    for (const std::size_t place : places) {
      coarsest = std::min(coarsest, static_cast<int>(levels_[channels[place]].size()) - 1);
    }
    int level = 0;
    while (level < coarsest && samples / bin_samples(level) > walked_per_pixel * pixels / 4)
      ++level;
    for (std::size_t i = 0; i < places.size(); ++i) {
      CSL_TRY(walk_bins(channels[places[i]], level, bounds[i], result[places[i]]));
    }
    return read_shared_bins(channels, places, bin_samples(level), bounds, result);
  }

  // Few samples: all of them.
  Status walk_samples(std::span<const std::size_t> channels, const std::vector<std::size_t>& places,
                      const std::vector<std::vector<std::int64_t>>& bounds,
                      std::vector<std::vector<MinMax>>& result) const {
    SignalBlock block;
    const bool together = places.size() > 1;
    if (together) {
      const std::int64_t ticks = record_.channels[channels[places.front()]].ticks_per_sample;
      std::int64_t from = bounds.front().front();
      std::int64_t to = bounds.front().back();
      for (const std::vector<std::int64_t>& of_channel : bounds) {
        from = std::min(from, of_channel.front());
        to = std::max(to, of_channel.back());
      }
      CSL_TRY(source_.read_block({Tick{from * ticks}, Tick{to * ticks}}, block));
    }
    std::vector<std::int32_t> alone;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::size_t c = channels[places[i]];
      std::int64_t begin = bounds[i].front();
      if (together) {
        begin = block.first[c].value;
      } else {
        alone.resize(static_cast<std::size_t>(bounds[i].back() - begin));
        CSL_TRY(source_.read(c, SampleIndex{begin}, alone));
      }
      const std::int32_t* samples = together ? block.channels[c].data() : alone.data();
      for (std::size_t p = 0; p + 1 < bounds[i].size(); ++p) {
        result[places[i]][p] =
            min_max_of(samples + (bounds[i][p] - begin), bounds[i][p + 1] - bounds[i][p],
                       record_.channels[c].missing);
      }
    }
    return {};
  }

  // The bins that lie in one pixel whole.
  Status walk_bins(std::size_t channel, int level, const std::vector<std::int64_t>& bounds,
                   std::vector<MinMax>& pixels) const {
    const std::vector<LevelTable>& levels = levels_[channel];
    const std::int64_t size = bin_samples(level);
    const std::int64_t samples = record_.channels[channel].sample_count;
    // The last bin may be shorter: it is whole where the channel ends.
    const auto whole_until = [&](std::int64_t sample) {
      return sample == samples ? bin_count(samples, level) : sample / size;
    };
    const std::int64_t base = bounds.front() / size;
    std::vector<MinMax> bins;
    if (level < held_level) {
      bins.resize(static_cast<std::size_t>(whole_until(bounds.back()) - base));
      CSL_TRY(read_bins(levels[static_cast<std::size_t>(level)], base, bins));
    }
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      const std::int64_t first = (bounds[p] + size - 1) / size;
      const std::int64_t last = whole_until(bounds[p + 1]);
      if (first >= last) continue;
      if (level < held_level) {
        for (std::int64_t k = first; k < last; ++k) {
          pixels[p] = merged(pixels[p], bins[static_cast<std::size_t>(k - base)]);
        }
      } else {
        pixels[p] = merged(pixels[p], held_range(levels, first, last));
      }
    }
    return {};
  }

  // Bins [first, last) of the finest held level, by the coarsest that fit.
  static MinMax held_range(const std::vector<LevelTable>& levels, std::int64_t first,
                           std::int64_t last) {
    MinMax all;
    for (std::size_t l = held_level; first < last; ++l) {
      const std::vector<MinMax>& bins = levels[l].held;
      if (l + 1 == levels.size()) {
        for (; first < last; ++first) all = merged(all, bins[static_cast<std::size_t>(first)]);
        return all;
      }
      for (; first < last && first % pyramid_branching != 0; ++first) {
        all = merged(all, bins[static_cast<std::size_t>(first)]);
      }
      for (; first < last && last % pyramid_branching != 0; --last) {
        all = merged(all, bins[static_cast<std::size_t>(last - 1)]);
      }
      first /= pyramid_branching;
      last /= pyramid_branching;
    }
    return all;
  }

  // The samples of bins that a bound cuts, for the pixels on both its sides.
  Status read_shared_bins(std::span<const std::size_t> channels,
                          const std::vector<std::size_t>& places, std::int64_t size,
                          const std::vector<std::vector<std::int64_t>>& bounds,
                          std::vector<std::vector<MinMax>>& result) const {
    SignalBlock block;
    std::vector<std::int32_t> alone;
    for (std::size_t b = 0; b < bounds.front().size(); ++b) {
      std::int64_t read_bin = -1;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t c = channels[places[i]];
        const Channel& channel = record_.channels[c];
        const std::int64_t bound = bounds[i][b];
        if (bound % size == 0 || bound == channel.sample_count) continue;
        const std::int64_t bin = bound / size;
        const std::int64_t begin = bin * size;
        const std::int64_t end = std::min(begin + size, channel.sample_count);
        const std::int32_t* samples = nullptr;
        if (places.size() > 1) {
          if (read_bin != bin) {
            CSL_TRY(source_.read_block({Tick{begin * channel.ticks_per_sample},
                                        Tick{(begin + size) * channel.ticks_per_sample}},
                                       block));
            read_bin = bin;
          }
          samples = block.channels[c].data();
        } else {
          alone.resize(static_cast<std::size_t>(end - begin));
          CSL_TRY(source_.read(c, SampleIndex{begin}, alone));
          samples = alone.data();
        }
        std::vector<MinMax>& pixels = result[places[i]];
        if (b > 0) {
          const std::int64_t from = std::max(begin, bounds[i][b - 1]);
          pixels[b - 1] = merged(
              pixels[b - 1], min_max_of(samples + (from - begin), bound - from, channel.missing));
        }
        if (b < pixels.size()) {
          const std::int64_t to = std::min(end, bounds[i][b + 1]);
          pixels[b] =
              merged(pixels[b], min_max_of(samples + (bound - begin), to - bound, channel.missing));
        }
      }
    }
    return {};
  }

  std::shared_ptr<const ByteSource> bytes_;
  const SampleSource& source_;
  const RecordHeader& record_;
  std::uint64_t tables_offset_ = 0;
  std::vector<std::vector<LevelTable>> levels_;  // of each channel
};

}  // namespace
}  // namespace pyramid

Result<std::unique_ptr<Pyramid>> Pyramid::open(std::shared_ptr<const ByteSource> bytes,
                                               const SampleSource& source) {
  auto opened = std::make_unique<pyramid::OpenedPyramid>(std::move(bytes), source);
  CSL_TRY(opened->open());
  return opened;
}

Result<std::vector<MinMax>> Pyramid::query(std::size_t channel, Tick first, Tick last,
                                           int pixel_count) const {
  std::vector<std::vector<MinMax>> all =
      CSL_TRY(query(std::span(&channel, 1), first, last, pixel_count));
  return std::move(all.front());
}

}  // namespace consilium
