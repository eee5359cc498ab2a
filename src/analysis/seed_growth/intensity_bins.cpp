#include "analysis/seed_growth/intensity_bins.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>

#include "analysis/parallel/parallel.hpp"

namespace consilium::seed_growth {
namespace {

constexpr std::uint64_t sampled_voxels_max = 4'000'000;
constexpr std::uint32_t code_max = 65'535;

// code = (sample - offset) x scale
struct Coding {
  double offset = 0;
  double scale = 1;
};

// Whole-number samples keep their differences; floats are spread over what they fill, without the
// few farthest (a metal artefact would take the room of all else).
template <class Sample>
Coding coding_of(std::span<const Sample> samples) {
  if constexpr (std::is_same_v<Sample, std::int16_t>) return {.offset = -32'768};
  if constexpr (std::is_integral_v<Sample>) return {};
  const std::size_t step = samples.size() / sampled_voxels_max + 1;
  std::vector<Sample> taken;
  for (std::size_t v = 0; v < samples.size(); v += step) {
    if (std::isfinite(static_cast<double>(samples[v]))) taken.push_back(samples[v]);
  }
  if (taken.empty()) return {};
  const auto at = [&](double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(taken.size() - 1));
    std::ranges::nth_element(taken, taken.begin() + place);
    return static_cast<double>(taken[static_cast<std::size_t>(place)]);
  };
  const double low = at(0.0005);
  const double high = at(0.9995);
  const double room = 0.1 * (high - low);
  if (!(high > low)) return {.offset = low - 1};
  return {.offset = low - room, .scale = code_max / (high - low + 2 * room)};
}

template <class Sample>
std::uint32_t code_of(Sample sample, const Coding& coding) {
  if constexpr (std::is_same_v<Sample, std::int16_t>) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(sample) + 32'768);
  } else if constexpr (std::is_integral_v<Sample>) {
    return sample;
  } else {
    const double code = (static_cast<double>(sample) - coding.offset) * coding.scale;
    if (!(code > 0)) return 0;  // NaN too: it is closed, and only its neighbours' smoothing sees 0
    return code >= code_max ? code_max : static_cast<std::uint32_t>(code + 0.5);
  }
}

template <class Sample>
BinTable make_table(std::span<const Sample> samples, const Coding& coding) {
  std::vector<double> counts(code_max + 1);
  const std::size_t step = samples.size() / sampled_voxels_max + 1;
  for (std::size_t v = 0; v < samples.size(); v += step) counts[code_of(samples[v], coding)] += 1;
  double total = 0;
  double root_total = 0;
  for (const double count : counts) {
    total += count;
    root_total += std::sqrt(count);
  }
  // The range without the rarest: half of the bins are spread evenly over it.
  std::size_t low = 0;
  std::size_t high = code_max;
  for (double below = counts[low]; below < total * 0.0005; below += counts[low]) ++low;
  for (double above = counts[high]; above < total * 0.0005; above += counts[high]) --high;
  BinTable table;
  const double width = static_cast<double>(std::max<std::size_t>(high - low + 1, 1));
  std::array<double, bin_count> weight{};
  std::array<double, bin_count> middle{};
  std::array<double, bin_count> codes{};
  double mass = 0;
  for (std::size_t code = 0; code <= code_max; ++code) {
    // Half by frequency, its root taken so that empty air does not eat all bins.
    mass += std::sqrt(counts[code]);
    const double even =
        std::clamp((static_cast<double>(code) - static_cast<double>(low) + 1) / width, 0.0, 1.0);
    const double place = (0.5 * mass / root_total + 0.5 * even) * bin_count;
    const auto bin =
        static_cast<std::size_t>(std::clamp(std::ceil(place) - 1, 0.0, bin_count - 1.0));
    table.bin_of_code[code] = static_cast<std::uint8_t>(bin);
    weight[bin] += counts[code];
    middle[bin] += counts[code] * static_cast<double>(code);
    codes[bin] += 1;
    table.centre[bin] += static_cast<double>(code);
  }
  double last = 0;
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    table.share[bin] = weight[bin] / total;
    if (weight[bin] > 0) {
      table.centre[bin] = middle[bin] / weight[bin];
    } else {
      table.centre[bin] = codes[bin] > 0 ? table.centre[bin] / codes[bin] : last;
    }
    last = table.centre[bin];
  }
  return table;
}

// Codes of one coarser grid while they are summed: of open voxels only, so that a vessel inside the
// intensity range keeps its own value beside what is out of range.
struct Sums {
  Sums(const PaddedGrid& fine, const std::array<std::uint32_t, 3>& halving)
      : step(halving), sum(1), count(1) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      dims[axis] = (fine.lattice().dims[axis] + step[axis] - 1) / step[axis];
    }
    const std::size_t size = std::size_t{dims[0]} * dims[1] * dims[2];
    sum = ZeroedArray<std::uint32_t>(size);
    count = ZeroedArray<std::uint8_t>(size);
  }
  void add_row(std::uint32_t y, std::uint32_t z, const std::uint16_t* codes,
               const std::uint8_t* bins, std::uint32_t width) {
    const std::size_t row =
        std::size_t{dims[0]} * (y / step[1] + std::size_t{dims[1]} * (z / step[2]));
    const std::uint32_t shift = step[0] - 1;
    for (std::uint32_t x = 0; x < width; ++x) {
      if (bins[x] == closed) continue;
      sum[row + (x >> shift)] += codes[x];
      ++count[row + (x >> shift)];
    }
  }

  std::array<std::uint32_t, 3> step;
  std::array<std::uint32_t, 3> dims{};
  ZeroedArray<std::uint32_t> sum;
  ZeroedArray<std::uint8_t> count;
};

// Binomial, 1 2 1 along an axis. Not along one whose spacing is far above the shortest: there the
// neighbours are other structures.
class Smoother {
 public:
  explicit Smoother(const Lattice& lattice) : width_(lattice.dims[0]), height_(lattice.dims[1]) {
    double shortest = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double s = lattice.spacing_mm[axis];
      if (lattice.dims[axis] > 1 && (shortest == 0 || s < shortest)) shortest = s;
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
      smooths_[axis] = lattice.dims[axis] > 2 && lattice.spacing_mm[axis] <= 1.75 * shortest;
    }
  }
  [[nodiscard]] bool along_z() const { return smooths_[2]; }

  // Sums of weight 16 over a slice's plane; `codes` and `out` are width x height.
  void smooth_plane(const std::uint32_t* codes, std::vector<std::uint32_t>& rows,
                    std::uint32_t* out) const {
    const std::size_t w = width_;
    rows.resize(w * height_);
    for (std::size_t y = 0; y < height_; ++y) {
      const std::uint32_t* in = codes + y * w;
      std::uint32_t* to = rows.data() + y * w;
      for (std::size_t x = 0; x < w; ++x) to[x] = 4 * in[x];
      if (!smooths_[0]) continue;
      to[0] = 3 * in[0] + in[1];
      for (std::size_t x = 1; x + 1 < w; ++x) to[x] = in[x - 1] + 2 * in[x] + in[x + 1];
      to[w - 1] = in[w - 2] + 3 * in[w - 1];
    }
    for (std::size_t y = 0; y < height_; ++y) {
      const std::uint32_t* row = rows.data() + y * w;
      const std::uint32_t* above = smooths_[1] && y > 0 ? row - w : row;
      const std::uint32_t* below = smooths_[1] && y + 1 < height_ ? row + w : row;
      std::uint32_t* to = out + y * w;
      for (std::size_t x = 0; x < w; ++x) to[x] = above[x] + 2 * row[x] + below[x];
    }
  }

 private:
  std::size_t width_;
  std::size_t height_;
  std::array<bool, 3> smooths_{};
};

struct Barriers {
  double low = 0;
  double high = 0;
  bool has_range = false;
  std::span<const std::uint8_t> region;
  std::span<const std::uint8_t> locked;

  template <class Sample>
  [[nodiscard]] bool closes(Sample sample, std::size_t v) const {
    if (!region.empty() && region[v] == 0) return true;
    if (!locked.empty() && locked[v] != 0) return true;
    const auto value = static_cast<double>(sample);
    if constexpr (std::is_floating_point_v<Sample>) {
      if (std::isnan(value)) return true;
    }
    return has_range && !(value >= low && value <= high);
  }
};

template <class Sample>
class FinestPass {
 public:
  FinestPass(std::span<const Sample> samples, const Coding& coding, const Barriers& barriers,
             const BinTable& table, BinnedGrid& out, Sums* sums)
      : samples_(samples),
        coding_(coding),
        barriers_(barriers),
        table_(table),
        out_(out),
        sums_(sums),
        smoother_(out.grid.lattice()) {}

  // Slices [first, last): of every coarser slice all or none.
  void run(std::uint32_t first, std::uint32_t last) const {
    const auto& dims = out_.grid.lattice().dims;
    const std::size_t plane = std::size_t{dims[0]} * dims[1];
    std::array<std::vector<std::uint32_t>, 3> ring;
    for (auto& slice : ring) slice.resize(plane);
    std::vector<std::uint32_t> codes(plane);
    std::vector<std::uint32_t> rows;
    std::vector<std::uint16_t> smooth(dims[0]);
    const auto load = [&](std::uint32_t z) {
      const Sample* from = samples_.data() + plane * z;
      for (std::size_t i = 0; i < plane; ++i) codes[i] = code_of(from[i], coding_);
      smoother_.smooth_plane(codes.data(), rows, ring[z % 3].data());
    };
    if (first > 0 && smoother_.along_z()) load(first - 1);
    if (first < last) load(first);
    for (std::uint32_t z = first; z < last; ++z) {
      const bool has_next = smoother_.along_z() && z + 1 < dims[2];
      if (has_next || z + 1 < last) load(z + 1);
      const auto& here = ring[z % 3];
      const auto& before = smoother_.along_z() && z > 0 ? ring[(z + 2) % 3] : here;
      const auto& after = has_next ? ring[(z + 1) % 3] : here;
      for (std::uint32_t y = 0; y < dims[1]; ++y) {
        const std::size_t row = std::size_t{dims[0]} * y;
        for (std::uint32_t x = 0; x < dims[0]; ++x) {
          const std::uint32_t sum = before[row + x] + 2 * here[row + x] + after[row + x];
          smooth[x] = static_cast<std::uint16_t>((sum + 32) >> 6U);
        }
        put_row(y, z, smooth);
      }
    }
  }

 private:
  void put_row(std::uint32_t y, std::uint32_t z, const std::vector<std::uint16_t>& smooth) const {
    const std::uint32_t width = out_.grid.lattice().dims[0];
    const std::size_t dense = out_.grid.dense(0, y, z);
    std::uint8_t* bins = out_.bins.data() + out_.grid.index(0, y, z);
    for (std::uint32_t x = 0; x < width; ++x) {
      bins[x] =
          barriers_.closes(samples_[dense + x], dense + x) ? closed : table_.bin_of_code[smooth[x]];
    }
    if (sums_ != nullptr) sums_->add_row(y, z, smooth.data(), bins, width);
  }

  std::span<const Sample> samples_;
  Coding coding_;
  const Barriers& barriers_;
  const BinTable& table_;
  BinnedGrid& out_;
  Sums* sums_;
  Smoother smoother_;
};

// Halves the axes whose spacing stays within 1.5 of the shortest halved one, if two voxels are
// left.
std::array<std::uint32_t, 3> halving_of(const Lattice& lattice) {
  double shortest = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double s = lattice.spacing_mm[axis];
    if (lattice.dims[axis] > 3 && (shortest == 0 || s < shortest)) shortest = s;
  }
  std::array<std::uint32_t, 3> step{1, 1, 1};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (lattice.dims[axis] > 3 && lattice.spacing_mm[axis] < 1.5 * shortest) step[axis] = 2;
  }
  return step;
}

Lattice halved(const Lattice& lattice, const std::array<std::uint32_t, 3>& step) {
  Lattice out = lattice;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    out.dims[axis] = (lattice.dims[axis] + step[axis] - 1) / step[axis];
    out.spacing_mm[axis] *= step[axis];
  }
  return out;
}

BinnedGrid make_grid(const Lattice& lattice, const std::array<std::uint32_t, 3>& factor) {
  PaddedGrid grid(lattice);
  ZeroedArray<std::uint8_t> bins(grid.size());
  std::fill_n(bins.data(), grid.size(), closed);
  return {.grid = std::move(grid), .factor = factor, .bins = std::move(bins)};
}

// Fills a coarser grid from its sums, and the sums of the next one.
void fill_from(const Sums& sums, const BinTable& table, BinnedGrid& out, Sums* next) {
  const auto& dims = out.grid.lattice().dims;
  std::vector<std::uint16_t> codes(dims[0]);
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      std::uint8_t* bins = out.bins.data() + out.grid.index(0, y, z);
      const std::size_t dense = out.grid.dense(0, y, z);
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const std::uint32_t count = sums.count[dense + x];
        if (count == 0) continue;
        codes[x] = static_cast<std::uint16_t>((sums.sum[dense + x] + count / 2) / count);
        bins[x] = table.bin_of_code[codes[x]];
      }
      if (next != nullptr) next->add_row(y, z, codes.data(), bins, dims[0]);
    }
  }
}

// The lattices of the pyramid with their steps to the next.
std::vector<std::pair<Lattice, std::array<std::uint32_t, 3>>> pyramid_of(const Lattice& lattice,
                                                                         std::uint64_t voxels_max) {
  std::vector<std::pair<Lattice, std::array<std::uint32_t, 3>>> out{{lattice, {1, 1, 1}}};
  constexpr std::size_t grids_max = 8;
  while (out.back().first.voxel_count() > voxels_max && out.size() < grids_max) {
    const auto step = halving_of(out.back().first);
    if (step == std::array<std::uint32_t, 3>{1, 1, 1}) break;
    out.back().second = step;
    out.emplace_back(halved(out.back().first, step), std::array<std::uint32_t, 3>{1, 1, 1});
  }
  return out;
}

template <class Sample>
BinnedVolume bin_samples(std::span<const Sample> samples, const Lattice& lattice,
                         const SeedGrowthOptions& options, unsigned threads) {
  const Coding coding = coding_of(samples);
  Barriers barriers{.region = options.region, .locked = options.locked};
  if (options.intensity_range) {
    barriers.has_range = true;
    std::tie(barriers.low, barriers.high) = *options.intensity_range;
  }
  BinnedVolume out{.table = make_table(samples, coding), .grids = {}};
  const auto pyramid = pyramid_of(lattice, options.coarsest_voxels_max);
  std::array<std::uint32_t, 3> factor{1, 1, 1};
  std::optional<Sums> sums;
  for (std::size_t level = 0; level < pyramid.size(); ++level) {
    const auto& [grid_lattice, step] = pyramid[level];
    out.grids.push_back(make_grid(grid_lattice, factor));
    BinnedGrid& grid = out.grids.back();
    std::optional<Sums> next;
    if (level + 1 < pyramid.size()) next.emplace(grid.grid, step);
    Sums* to = next ? &*next : nullptr;
    if (level == 0) {
      const FinestPass<Sample> pass(samples, coding, barriers, out.table, grid, to);
      split_work(threads, (lattice.dims[2] + step[2] - 1) / step[2],
                 [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
                   pass.run(static_cast<std::uint32_t>(first * step[2]),
                            static_cast<std::uint32_t>(
                                std::min<std::uint64_t>(last * step[2], lattice.dims[2])));
                 });
    } else {
      fill_from(*sums, out.table, grid, to);
    }
    sums = std::move(next);
    for (std::size_t axis = 0; axis < 3; ++axis) factor[axis] *= step[axis];
  }
  return out;
}

}  // namespace

Result<BinnedVolume> bin_volume(const VolumeView& samples, const Lattice& lattice,
                                const SeedGrowthOptions& options, unsigned threads) {
  BinnedVolume out = std::visit(
      [&](const auto& view) { return bin_samples(view, lattice, options, threads); }, samples);
  const BinnedGrid& coarsest = out.grids.back();
  if (std::all_of(coarsest.bins.data(), coarsest.bins.data() + coarsest.grid.size(),
                  [](std::uint8_t bin) { return bin == closed; })) {
    return fail(ErrorCode::InvalidInput, "no voxel may be labelled", {},
                "widen the intensity range or the region, or unlock a segment");
  }
  return out;
}

}  // namespace consilium::seed_growth
