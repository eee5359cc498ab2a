#include <fmt/format.h>

#include <algorithm>

#include "analysis/pyramid/pyramid.hpp"
#include "analysis/pyramid/pyramid_form.hpp"

namespace consilium {
namespace pyramid {
namespace {

constexpr std::int64_t block_samples = 1 << 18;  // over all channels: 1 MiB

template <class Number>
void put(Bytes& out, Number value) {
  using Unsigned = std::make_unsigned_t<Number>;
  auto bits = static_cast<std::uint64_t>(static_cast<Unsigned>(value));
  for (std::size_t i = 0; i < sizeof(Number); ++i, bits >>= 8U) {
    out.push_back(static_cast<std::byte>(bits & 0xFFU));
  }
}

class Output {
 public:
  explicit Output(const ByteSink& sink) : sink_(sink) {}
  Status write(ByteView bytes) {
    CSL_TRY(sink_(bytes));
    offset_ += bytes.size();
    return {};
  }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  const ByteSink& sink_;
  std::uint64_t offset_ = 0;
};

// One level of one channel: the chunk being filled, and where the finished ones lie.
struct Level {
  std::vector<MinMax> open{};
  std::vector<std::uint64_t> offsets{};
  MinMax parent{};  // what the parent's bin being filled holds so far
  std::int64_t bins = 0;
};

class ChannelBuilder {
 public:
  ChannelBuilder(const Channel& channel, Output& out)
      : channel_(channel),
        out_(out),
        levels_(static_cast<std::size_t>(level_count(channel.sample_count))) {}

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }

  Status append(std::span<const std::int32_t> samples) {
    constexpr auto bin_size = static_cast<std::size_t>(pyramid_finest_bin);
    const auto inside = static_cast<std::size_t>(samples_ % pyramid_finest_bin);
    if (inside != 0) {
      const std::size_t count = std::min(samples.size(), bin_size - inside);
      add_to_bin(samples.first(count));
      samples = samples.subspan(count);
      if (inside + count == bin_size) CSL_TRY(finish_bin());
    }
    bins_.resize(samples.size() / bin_size);
    reduce_bins(samples.data(), bins_, channel_.missing);
    for (const MinMax& bin : bins_) CSL_TRY(push(0, bin));
    samples_ += static_cast<std::int64_t>(bins_.size() * bin_size);
    add_to_bin(samples.subspan(bins_.size() * bin_size));
    return {};
  }

  // Cost: one step for 65,536 samples.
  Status append_missing(std::int64_t count) {
    while (count > 0 && samples_ % pyramid_finest_bin != 0) {
      const std::int64_t rest = std::min(count, pyramid_finest_bin - samples_ % pyramid_finest_bin);
      samples_ += rest;
      count -= rest;
      if (samples_ % pyramid_finest_bin == 0) CSL_TRY(finish_bin());
    }
    CSL_TRY(append_empty(0, count / pyramid_finest_bin));
    samples_ += count;
    return {};
  }

  Status finish() {
    if (samples_ % pyramid_finest_bin != 0) CSL_TRY(finish_bin());
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      if (levels_[l].bins % pyramid_branching != 0) CSL_TRY(close_parent(l));
      if (!levels_[l].open.empty()) CSL_TRY(flush(levels_[l]));
    }
    return {};
  }

 private:
  void add_to_bin(std::span<const std::int32_t> samples) {
    const auto count = static_cast<std::int64_t>(samples.size());
    bin_ = merged(bin_, min_max_of(samples.data(), count, channel_.missing));
    samples_ += count;
  }

  Status finish_bin() {
    const MinMax bin = bin_;
    bin_ = {};
    return push(0, bin);
  }

  Status push(std::size_t l, const MinMax& bin) {
    Level& level = levels_[l];
    level.open.push_back(bin);
    level.parent = merged(level.parent, bin);
    ++level.bins;
    if (level.open.size() == static_cast<std::size_t>(chunk_bins)) CSL_TRY(flush(level));
    if (level.bins % pyramid_branching == 0) CSL_TRY(close_parent(l));
    return {};
  }

  Status close_parent(std::size_t l) {
    const MinMax bin = levels_[l].parent;
    levels_[l].parent = {};
    return l + 1 < levels_.size() ? push(l + 1, bin) : Status{};
  }

  // `count` bins of nothing, with those above them.
  Status append_empty(std::size_t l, std::int64_t count) {
    if (l == levels_.size()) return {};
    while (count > 0 && levels_[l].bins % pyramid_branching != 0) {
      CSL_TRY(push(l, {}));
      --count;
    }
    const std::int64_t parents = count / pyramid_branching;
    CSL_TRY(append_empty_alone(levels_[l], parents * pyramid_branching));
    CSL_TRY(append_empty(l + 1, parents));
    for (std::int64_t i = parents * pyramid_branching; i < count; ++i) CSL_TRY(push(l, {}));
    return {};
  }

  Status append_empty_alone(Level& level, std::int64_t count) {
    level.bins += count;
    while (count > 0) {
      if (level.open.empty() && count >= chunk_bins) {
        level.offsets.insert(level.offsets.end(), static_cast<std::size_t>(count / chunk_bins), 0);
        count %= chunk_bins;
        continue;
      }
      const std::int64_t room = chunk_bins - static_cast<std::int64_t>(level.open.size());
      const std::int64_t some = std::min(count, room);
      level.open.resize(level.open.size() + static_cast<std::size_t>(some));
      count -= some;
      if (some == room) CSL_TRY(flush(level));
    }
    return {};
  }

  Status flush(Level& level) {
    if (std::ranges::all_of(level.open, &MinMax::empty)) {
      level.offsets.push_back(0);
    } else {
      level.offsets.push_back(out_.offset());
      bytes_.clear();
      bytes_.reserve(level.open.size() * bin_bytes);
      for (const MinMax& bin : level.open) {
        put(bytes_, bin.min);
        put(bytes_, bin.max);
      }
      CSL_TRY(out_.write(bytes_));
    }
    level.open.clear();
    return {};
  }

  const Channel& channel_;
  Output& out_;
  std::vector<Level> levels_;
  MinMax bin_;
  std::int64_t samples_ = 0;
  Bytes bytes_;
  std::vector<MinMax> bins_;  // of the samples being appended
};

class Builder {
 public:
  Builder(const SampleSource& source, const ByteSink& sink)
      : source_(source), record_(source.header()), out_(sink) {}

  Status build() {
    std::int64_t samples = 0;
    for (const Channel& channel : record_.channels) {
      if (channel.sample_count > samples_max - samples) {
        return fail(ErrorCode::TooLarge, "the recording is too long to be drawn",
                    fmt::format("more than {} samples", samples_max));
      }
      samples += channel.sample_count;
      builders_.emplace_back(channel, out_);
      longest_step_ = std::max(longest_step_, channel.ticks_per_sample);
    }
    CSL_TRY(out_.write(bytes_of(begin_mark)));
    Tick at{0};
    for (const TickSpan& gap : record_.gaps) {
      // A part after a gap may begin up to half a sample early: its edges are read like the rest.
      const TickSpan inner{Tick{gap.first.value + longest_step_},
                           Tick{gap.last.value - longest_step_}};
      if (inner.first < at || inner.first >= inner.last) continue;
      CSL_TRY(read_until(at, inner.first));
      for (std::size_t c = 0; c < builders_.size(); ++c) {
        const SampleSpan missing = samples_in(record_.channels[c], inner);
        CSL_TRY(builders_[c].append_missing(missing.last.value - missing.first.value));
      }
      at = inner.last;
    }
    CSL_TRY(read_until(at, Tick{record_.length_ticks}));
    for (std::size_t c = 0; c < builders_.size(); ++c) CSL_TRY(finish(c));
    return write_tables();
  }

 private:
  Status read_until(Tick from, Tick to) {
    double samples_per_tick = 0;
    for (const Channel& channel : record_.channels) {
      samples_per_tick += 1.0 / static_cast<double>(channel.ticks_per_sample);
    }
    if (record_.channels.empty()) return {};
    const auto step = static_cast<std::int64_t>(
        std::clamp(static_cast<double>(block_samples) / samples_per_tick, 1.0, 1e15));
    while (from < to) {
      const Tick next{to.value - from.value > step ? from.value + step : to.value};
      CSL_TRY(source_.read_block({from, next}, block_));
      for (std::size_t c = 0; c < builders_.size(); ++c) {
        CSL_TRY(builders_[c].append(block_.channels[c]));
      }
      from = next;
    }
    return {};
  }

  // A channel may end later than the record by the half sample that a part was moved.
  Status finish(std::size_t c) {
    std::vector<std::int32_t> rest;
    while (builders_[c].samples() < record_.channels[c].sample_count) {
      rest.resize(static_cast<std::size_t>(std::min<std::int64_t>(
          record_.channels[c].sample_count - builders_[c].samples(), block_samples)));
      CSL_TRY(source_.read(c, SampleIndex{builders_[c].samples()}, rest));
      CSL_TRY(builders_[c].append(rest));
    }
    return builders_[c].finish();
  }

  Status write_tables() {
    const std::uint64_t offset = out_.offset();
    Bytes bytes;
    put(bytes, static_cast<std::uint32_t>(builders_.size()));
    put(bytes, std::uint32_t{0});
    for (std::size_t c = 0; c < builders_.size(); ++c) {
      put(bytes, record_.channels[c].sample_count);
      put(bytes, record_.channels[c].ticks_per_sample);
      put(bytes, record_.channels[c].missing);
      put(bytes, static_cast<std::uint32_t>(builders_[c].levels().size()));
    }
    for (const ChannelBuilder& builder : builders_) {
      for (const Level& level : builder.levels()) {
        for (const std::uint64_t chunk : level.offsets) put(bytes, chunk);
      }
    }
    put(bytes, offset);
    const ByteView end = bytes_of(end_mark);
    bytes.insert(bytes.end(), end.begin(), end.end());
    return out_.write(bytes);
  }

  const SampleSource& source_;
  const RecordHeader& record_;
  Output out_;
  std::vector<ChannelBuilder> builders_;
  std::int64_t longest_step_ = 1;
  SignalBlock block_;
};

}  // namespace
}  // namespace pyramid

Status build_pyramid(const SampleSource& source, const ByteSink& sink) {
  return pyramid::Builder(source, sink).build();
}

}  // namespace consilium
