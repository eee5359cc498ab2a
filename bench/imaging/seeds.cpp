// How fast seeds grow on the phantom of docs/BENCHMARKS.md: a body in air with three ellipsoids (70
// to 260 HU from the body), Gaussian noise of 20 HU, balls of seeds in each. Prints seconds of wall
// and CPU time, memory and Dice of: the first run, a stroke added, a stroke erased, a ball of seeds
// relabelled, a model learnt anew.
// Usage: csl_bench_seeds [columns rows slices [threads [coarsest voxels]]]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/seed_growth/seed_growth.hpp"

using namespace consilium;

namespace {

struct Ellipsoid {
  std::array<double, 3> centre, radius;  // in shares of the volume's edges
  double value_hu;
  std::uint8_t label;
};

const std::array<Ellipsoid, 4> shapes{{{{.50, .50, .50}, {.42, .36, .60}, 0, 255},
                                       {{.35, .45, .50}, {.13, .11, .25}, 70, 1},
                                       {{.63, .40, .45}, {.08, .09, .20}, -90, 2},
                                       {{.52, .66, .55}, {.05, .05, .30}, 260, 3}}};

double distance(const Ellipsoid& shape, const std::array<double, 3>& at) {
  double sum = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double d = (at[axis] - shape.centre[axis]) / shape.radius[axis];
    sum += d * d;
  }
  return std::sqrt(sum);
}

struct Phantom {
  Lattice lattice;
  std::vector<std::int16_t> samples;
  std::vector<std::uint8_t> truth;
};

Phantom make_phantom(const std::array<std::uint32_t, 3>& dims) {
  Phantom out{.lattice = {.dims = dims, .spacing_mm = {0.8, 0.8, 0.8}}, .samples = {}, .truth = {}};
  out.samples.reserve(out.lattice.voxel_count());
  out.truth.reserve(out.lattice.voxel_count());
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 20);
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const std::array<double, 3> at{(x + .5) / dims[0], (y + .5) / dims[1], (z + .5) / dims[2]};
        double value = -1000;
        std::uint8_t label = background_label;
        for (const Ellipsoid& shape : shapes) {
          if (distance(shape, at) >= 1) continue;
          value = shape.value_hu;
          label = shape.label;
        }
        out.samples.push_back(static_cast<std::int16_t>(std::lround(value + noise(random))));
        out.truth.push_back(label);
      }
    }
  }
  return out;
}

std::vector<SeedChange> ball(const Lattice& lattice, const std::array<double, 3>& centre,
                             double radius, std::uint8_t label) {
  std::vector<SeedChange> out;
  const auto& dims = lattice.dims;
  std::array<std::int64_t, 3> middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    middle[axis] = static_cast<std::int64_t>(centre[axis] * dims[axis]);
  }
  const auto reach = static_cast<std::int64_t>(std::max(1.0, radius * dims[0]));
  for (std::int64_t z = -reach; z <= reach; ++z) {
    for (std::int64_t y = -reach; y <= reach; ++y) {
      for (std::int64_t x = -reach; x <= reach; ++x) {
        const std::array<std::int64_t, 3> at{middle[0] + x, middle[1] + y, middle[2] + z};
        const bool is_inside = at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[0] < dims[0] &&
                               at[1] < dims[1] && at[2] < dims[2];
        if (!is_inside || x * x + y * y + z * z > reach * reach) continue;
        out.push_back(
            {static_cast<std::uint32_t>(at[0] + dims[0] * (at[1] + dims[1] * at[2])), label});
      }
    }
  }
  return out;
}

double dice(std::span<const std::uint8_t> found, const std::vector<std::uint8_t>& truth,
            std::uint8_t label) {
  std::uint64_t both = 0;
  std::uint64_t sum = 0;
  for (std::size_t v = 0; v < truth.size(); ++v) {
    const bool is_found = found[v] == label;
    const bool is_true = truth[v] == label;
    both += is_found && is_true ? 1 : 0;
    sum += (is_found ? 1U : 0U) + (is_true ? 1U : 0U);
  }
  return 2.0 * static_cast<double>(both) / static_cast<double>(sum);
}

// Of /proc/self/status, MiB: VmRSS now, VmHWM at most.
double memory_mib(std::string_view name) {
  double kib = 0;
  if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
    std::array<char, 256> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), status) != nullptr) {
      const std::string_view text(line.data());
      if (text.starts_with(name)) kib = std::strtod(line.data() + name.size() + 1, nullptr);
    }
    std::fclose(status);
  }
  return kib / 1024;
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Work>
void measure(const char* name, const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_before = cpu_s();
  work();
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{:<34} {:8.3f} s wall {:8.3f} s CPU   {:7.0f} MiB now, {:.0f} at most\n", name, wall,
             cpu_s() - cpu_before, memory_mib("VmRSS"), memory_mib("VmHWM"));
}

}  // namespace

int main(int argument_count, char** arguments) {
  const auto number = [&](int place, std::uint32_t otherwise) {
    return argument_count > place
               ? static_cast<std::uint32_t>(std::strtoul(arguments[place], nullptr, 10))
               : otherwise;
  };
  const std::array<std::uint32_t, 3> dims{number(1, 512), number(2, 512), number(3, 300)};
  const unsigned threads = number(4, 2);
  SeedGrowthOptions options;
  options.coarsest_voxels_max = number(5, 1'500'000);
  const Phantom phantom = make_phantom(dims);
  const auto& lattice = phantom.lattice;
  fmt::print("{} x {} x {} voxels, {} threads; {:.0f} MiB of phantom\n", dims[0], dims[1], dims[2],
             threads, memory_mib("VmRSS"));

  auto created = Result<SeedGrowth>(fail(ErrorCode::Internal, "not made"));
  measure("create (smooth, halve)", [&] {
    created = SeedGrowth::create(std::span<const std::int16_t>(phantom.samples), lattice, options,
                                 threads);
  });
  if (!created) {
    fmt::print(stderr, "{}\n", created.error().what);
    return 1;
  }
  SeedGrowth& growth = *created;
  const auto put = [&](const std::vector<SeedChange>& seeds) {
    if (!growth.set_seeds(seeds)) std::abort();
  };
  for (const Ellipsoid& shape : std::span(shapes).subspan(1)) {
    put(ball(lattice, shape.centre, 0.015, shape.label));
  }
  for (const auto& centre : std::vector<std::array<double, 3>>{
           {.50, .27, .50}, {.80, .55, .50}, {.20, .60, .40}, {.50, .50, .04}, {.05, .05, .50}}) {
    put(ball(lattice, centre, 0.015, background_label));
  }
  const auto tell = [&] {
    fmt::print("{:<34} ", "  Dice of background, A, B, C");
    for (const std::uint8_t label : std::array<std::uint8_t, 4>{255, 1, 2, 3}) {
      fmt::print("{:.3f} ", dice(growth.labels(), phantom.truth, label));
    }
    fmt::print("\n");
  };
  measure("first update", [&] { growth.update(threads); });
  tell();
  const auto stroke = ball(lattice, {.35, .52, .55}, 0.008, 1);
  measure("update after a stroke", [&] {
    put(stroke);
    growth.update(threads);
  });
  auto erased = stroke;
  for (SeedChange& seed : erased) seed.label = unlabelled;
  measure("update after erasing it", [&] {
    put(erased);
    growth.update(threads);
  });
  measure("update after erasing a ball of bg", [&] {
    auto gone = ball(lattice, {.80, .55, .50}, 0.015, unlabelled);
    put(gone);
    growth.update(threads);
  });
  measure("update after erasing all of A", [&] {
    put(ball(lattice, shapes[1].centre, 0.015, unlabelled));
    growth.update(threads);
  });
  measure("update after drawing A as B", [&] {
    put(ball(lattice, shapes[1].centre, 0.015, 2));
    growth.update(threads, ModelUse::Keep);
  });
  measure("update after drawing it as A", [&] {
    put(ball(lattice, shapes[1].centre, 0.015, 1));
    growth.update(threads, ModelUse::Keep);
  });
  tell();
  measure("all anew with the same model", [&] { growth.solve_anew(threads); });
  measure("model learnt anew", [&] { growth.update(threads, ModelUse::Relearn); });
  tell();
  SeedUncertainty uncertainty;
  measure("uncertainty", [&] { uncertainty = growth.uncertainty(); });
  measure("next slices", [&] { static_cast<void>(growth.next_best_slices(uncertainty)); });
  return 0;
}
