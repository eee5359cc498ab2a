#include "service/segmentation/segmentation.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "service/annotation/masks.hpp"
#include "service/segmentation/working_mask.hpp"
#include "tests/service/service_fixture.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

constexpr std::uint32_t nx = 70;
constexpr std::uint32_t ny = 44;
constexpr std::uint32_t nz = 14;

// A ball of 12 mm around the middle of an oblique grid of 0.8 x 1 x 2.5 mm.
bool in_ball(std::uint32_t x, std::uint32_t y, std::uint32_t z, double radius_mm = 12) {
  return std::hypot((x - 34.5) * 0.8, (y - 21.5) * 1.0, (z - 6.5) * 2.5) < radius_mm;
}

MadeImageSeries oblique_series() {
  MadeImageSeries series = made_series("MRN-7", nz, 64);
  series.grid.dims = {nx, ny, nz};
  series.grid.affine =
      affine_from_axes({-20, -32, -100}, {0.64, 0.48, 0}, {-0.6, 0.8, 0}, {0, 0, 2.5});
  series.slice_thickness_mm = 2.5;
  return series;
}

// 140 HU inside the ball, 20 outside, with a pattern of a few units.
std::int16_t stored_value(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return static_cast<std::int16_t>((in_ball(x, y, z) ? 1164 : 1044) + (x * 3 + y * 5 + z) % 7);
}

struct Drawn : ServiceFixture {
  Masks masks{*store_, *clock};
  Assignment assignment{*store_, *items_, *clock, *random};
  Segmentation segmentation{*store_, *items_, masks, *clock, {}};
  Access second = person("Second", Roles{Role::Rater});
  Access reviewer = person("Reviewer", Roles{Role::Reviewer});
  ItemId item;
  std::string grid_id_;
  Grid grid;
  std::int64_t revision = 0;

  Drawn() {
    set_protocol("chest-ct-nodule.yaml");
    const MadeImageSeries series = oblique_series();
    for (std::uint32_t z = 0; z < nz; ++z) {
      std::vector<std::int16_t> stored;
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) stored.push_back(stored_value(x, y, z));
      }
      const NamedBytes file = must(write_image_slice(series, z, stored));
      write_file(folder.path() / "ct" / file.name, file.bytes);
    }
    import({folder.path() / "ct"});
    item = item_id(items_of_kind("image").at(0));
    must(assignment.take(rater, project, item));
    const json::object shown = must(items_->show(rater, project, item));
    const json::value& volume =
        shown.at("source").at("studies").at(0).at("series").at(0).at("volume");
    grid_id_ = volume.at("grid_id").as_string();
    grid = series.grid;
  }

  // Sends the labels as a patch: what accepting an operation does too.
  void patch(const Bytes& records) {
    Bytes with_bases;
    const Bytes stored = must(masks.bricks(rater, project, item, grid_id_, own()));
    for_each_record(
        ByteView(records), [&](std::uint32_t, std::uint32_t, ByteView head, ByteView bytes) {
          with_bases.insert(with_bases.end(), head.begin(), head.end());
          Sha256Digest base{};
          for_each_record(ByteView(stored), [&](auto, auto, ByteView other, ByteView old) {
            if (std::memcmp(other.data(), head.data(), 8) == 0) base = sha256(old);
          });
          const ByteView digest(base);
          with_bases.insert(with_bases.end(), digest.begin(), digest.end());
          with_bases.insert(with_bases.end(), bytes.begin(), bytes.end());
        });
    const auto answer =
        must(masks.patch(rater, project, item, grid_id_, make_id<MaskPatchId>(*clock, *random),
                         revision, with_bases));
    revision = answer.at("revision").as_int64();
  }

  static BrickQuery own() { return {.rater = {}, .opinion = {}, .layer = {}, .indices = {}}; }

  template <class Use>
  static void for_each_record(ByteView records, const Use& use) {
    for (std::size_t at = 0; at + 12 <= records.size();) {
      std::uint32_t head[3] = {};
      std::memcpy(head, records.data() + at, 12);
      use(head[0], head[1], records.subspan(at, 12), records.subspan(at + 12, head[2]));
      at += 12 + head[2];
    }
  }

  template <class LabelOf>
  void draw(const LabelOf& label_of) {
    std::vector<std::uint16_t> dense;
    for (std::uint32_t z = 0; z < nz; ++z) {
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) dense.push_back(label_of(x, y, z));
      }
    }
    const MaskLayer layer = must(exclusive_layer_from_dense(grid, dense));
    Bytes records;
    for (const auto& [index, brick] : std::get<ExclusiveBricks>(layer.bricks)) {
      const std::uint32_t head[3] = {index, 0, static_cast<std::uint32_t>(brick.size() * 2)};
      const auto head_bytes = std::as_bytes(std::span(head));
      const auto bytes = std::as_bytes(std::span(brick));
      records.insert(records.end(), head_bytes.begin(), head_bytes.end());
      records.insert(records.end(), bytes.begin(), bytes.end());
    }
    patch(records);
  }

  Result<MaskOperationAnswer> ask(json::object operation, json::value mask = nullptr,
                                  std::uint32_t layer = 0) {
    return segmentation.operate(rater, project, item, grid_id_,
                                json::object{{"base_revision", revision},
                                             {"layer", layer},
                                             {"operation", std::move(operation)},
                                             {"mask", std::move(mask)}});
  }
  // Asks, takes it over, and gives the labels of layer 0.
  std::vector<std::uint16_t> apply(json::object operation, json::value mask = nullptr) {
    const MaskOperationAnswer answer = must(ask(std::move(operation), std::move(mask)));
    const json::object summary = must(parse_json(answer.summary_json)).as_object();
    const auto before = labels();
    if (!answer.records.empty()) patch(answer.records);
    const auto after = labels();
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
    for (std::size_t v = 0; v < after.size(); ++v) {
      added += before[v] == 0 && after[v] != 0 ? 1 : 0;
      removed += before[v] != 0 && after[v] == 0 ? 1 : 0;
    }
    CHECK(summary.at("added").to_number<std::uint64_t>() == added);
    CHECK(summary.at("removed").to_number<std::uint64_t>() == removed);
    return after;
  }
  std::vector<std::uint16_t> labels() {
    const Bytes records = must(masks.bricks(rater, project, item, grid_id_, own()));
    return must(WorkingMask::read(grid, records)).labels(0, whole_box(grid.dims));
  }
};

std::size_t voxel(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return (static_cast<std::size_t>(z) * ny + y) * nx + x;
}

std::size_t count(const std::vector<std::uint16_t>& labels, std::uint16_t label) {
  return static_cast<std::size_t>(std::ranges::count(labels, label));
}

std::size_t ball_voxels(double radius_mm = 12) {
  std::size_t voxels = 0;
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) voxels += in_ball(x, y, z, radius_mm) ? 1 : 0;
    }
  }
  return voxels;
}

TEST_CASE("a threshold takes the values that it names, and stores nothing by itself") {
  Drawn drawn;
  const auto answer =
      must(drawn.ask({{"kind", "threshold"}, {"segment", 3}, {"lo", 100}, {"hi", 400}}));
  CHECK_FALSE(answer.records.empty());
  CHECK(count(drawn.labels(), 3) == 0);
  CHECK(drawn.labels().size() == std::size_t{nx} * ny * nz);
  const auto after = drawn.apply({{"kind", "threshold"}, {"segment", 3}, {"lo", 100}, {"hi", 400}});
  CHECK(count(after, 3) == ball_voxels());
  CHECK(after[voxel(34, 21, 6)] == 3);
  // The same again changes no brick.
  CHECK(must(drawn.ask({{"kind", "threshold"}, {"segment", 3}, {"lo", 100}, {"hi", 400}}))
            .records.empty());
}

TEST_CASE("margins, shells, holes, islands and smoothing in millimetres of an oblique grid") {
  Drawn drawn;
  drawn.draw([](auto x, auto y, auto z) -> std::uint16_t {
    if (x > 66 && y < 2 && z < 2) return 1;                      // an island of 3 x 2 x 2 voxels
    return in_ball(x, y, z, 8) && !in_ball(x, y, z, 3) ? 1 : 0;  // with a hole in the middle
  });
  CHECK(count(drawn.apply({{"kind", "fill_holes"}, {"segment", 1}}), 1) == ball_voxels(8) + 12);
  CHECK(count(drawn.apply(
                  {{"kind", "islands"}, {"segment", 1}, {"keep", "split"}, {"segments_from", 9}}),
              9) == 12);
  const auto grown = drawn.apply({{"kind", "margin"}, {"segment", 1}, {"mm", 3}});
  CHECK(count(grown, 1) > ball_voxels(9.5));
  CHECK(count(grown, 1) <= ball_voxels(11));
  const auto shrunk = drawn.apply({{"kind", "margin"}, {"segment", 1}, {"mm", -3}});
  CHECK(count(shrunk, 1) >= ball_voxels(8));
  CHECK(count(shrunk, 1) <= ball_voxels(9));
  CHECK(
      count(drawn.apply(
                {{"kind", "islands"}, {"segment", 9}, {"keep", "larger_than"}, {"mm3", 12 * 2.0}}),
            9) == 12);  // a voxel has 2 mm3
  CHECK(count(drawn.apply({{"kind", "islands"},
                           {"segment", 9},
                           {"keep", "larger_than"},
                           {"mm3", 12 * 2.0 + 0.1}}),
              9) == 0);
  const std::size_t before = count(drawn.labels(), 1);
  const auto shell =
      drawn.apply({{"kind", "hollow"}, {"segment", 1}, {"mm", 2}, {"side", "inside"}});
  CHECK(count(shell, 1) < before);
  CHECK(shell[voxel(34, 21, 6)] == 0);
  for (const char* method : {"median", "open", "close", "joint"}) {
    CAPTURE(method);
    CHECK(drawn.ask({{"kind", "smooth"}, {"segments", nullptr}, {"method", method}, {"mm", 2}})
              .has_value());
  }
}

TEST_CASE("fill between slices, logic, and what may not change stays") {
  Drawn drawn;
  drawn.draw([](auto x, auto y, auto z) -> std::uint16_t {
    if (z % 4 == 2 && in_ball(x, y, z, 12)) return 2;
    return x < 8 && z == 4 ? 5 : 0;
  });
  const auto filled = drawn.apply({{"kind", "fill_between"},
                                   {"segments", json::array{2}},
                                   {"axis", 2},
                                   {"image_aware", true},
                                   {"snap_mm", 2}});
  CHECK(std::abs(static_cast<double>(count(filled, 2)) - static_cast<double>(ball_voxels())) <
        0.12 * static_cast<double>(ball_voxels()));
  CHECK(count(filled, 5) == std::size_t{8} * ny);
  // Inverted, but not over segment 5, and only where the image is dark.
  const auto inverted = drawn.apply({{"kind", "logical"}, {"segment", 7}, {"how", "invert"}},
                                    {{"range", json::array{0, 60}}, {"protect", json::array{5}}});
  CHECK(count(inverted, 5) == std::size_t{8} * ny);
  CHECK(inverted[voxel(34, 21, 6)] == 2);
  CHECK(inverted[voxel(60, 40, 1)] == 7);
  const auto inside =
      drawn.apply({{"kind", "logical"}, {"segment", 5}, {"how", "union"}, {"with", 7}},
                  {{"inside", json::array{0}}});
  CHECK(inside == inverted);  // what is 7 is not free, so none of it may change
  const auto joined =
      drawn.apply({{"kind", "logical"}, {"segment", 5}, {"how", "union"}, {"with", 7}});
  CHECK(count(joined, 7) == 0);
}

TEST_CASE("seeds grow to the ball's border, again after a stroke") {
  Drawn drawn;
  drawn.draw([](auto x, auto y, auto z) -> std::uint16_t {
    if (in_ball(x, y, z, 4)) return 1;
    return x < 3 || x > 66 ? 2 : 0;
  });
  const json::object grow{{"kind", "grow"}, {"segments", json::array{1}}, {"background", 2}};
  const MaskOperationAnswer answer = must(drawn.ask(grow));
  CHECK(must(parse_json(answer.summary_json)).as_object().contains("next_slices"));
  const auto again = must(drawn.ask(grow));
  CHECK(again.records == answer.records);
  drawn.patch(answer.records);
  const auto labels = drawn.labels();
  CHECK(count(labels, 2) == 0);
  std::size_t wrong = 0;
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) {
        // The engine looks at smoothed values: its border may lie a voxel farther out.
        const bool is_grown = labels[voxel(x, y, z)] == 1;
        wrong += is_grown ? !in_ball(x, y, z, 14) : in_ball(x, y, z);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a segment in a layer of its own grows against those of other layers") {
  Drawn drawn;
  drawn.draw([](auto x, auto y, auto z) -> std::uint16_t {
    if (in_ball(x, y, z, 4)) return 5;
    return x < 3 || x > 66 ? 2 : 0;
  });
  drawn.patch(must(drawn.ask({{"kind", "logical"}, {"segment", 4}, {"how", "union"}, {"with", 5}},
                             nullptr, 4))
                  .records);
  const auto answer = must(drawn.ask(
      {{"kind", "grow"}, {"segments", json::array{2, 4}}, {"background", nullptr}}, nullptr, 4));
  std::size_t layers = 0;
  Drawn::for_each_record(answer.records,
                         [&](auto, auto layer, ByteView, ByteView) { layers += layer == 4; });
  CHECK(layers > 0);
  drawn.patch(answer.records);
  const Bytes records = must(
      drawn.masks.bricks(drawn.rater, drawn.project, drawn.item, drawn.grid_id_, Drawn::own()));
  const std::vector<std::uint8_t> grown =
      mask_of_bits(must(WorkingMask::read(drawn.grid, records)).segment(4, 4));
  std::size_t wrong = 0;
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) {
        const bool is_grown = grown[voxel(x, y, z)] != 0;
        wrong += is_grown ? !in_ball(x, y, z, 14) : in_ball(x, y, z);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(count(drawn.labels(), 2) > 0);  // the exclusive layer stays as it is
}

TEST_CASE("a binary layer has its own segment and answers in bits") {
  Drawn drawn;
  const auto answer = must(
      drawn.ask({{"kind", "threshold"}, {"segment", 4}, {"lo", 100}, {"hi", 400}}, nullptr, 4));
  std::size_t bits = 0;
  Drawn::for_each_record(answer.records, [&](auto, auto layer, ByteView, ByteView bytes) {
    CHECK(layer == 4);
    CHECK(bytes.size() == brick_voxel_count / 8);
    for (const std::byte byte : bytes)
      bits += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(byte)));
  });
  CHECK(bits == ball_voxels());
  drawn.patch(answer.records);
  CHECK(drawn.ask({{"kind", "margin"}, {"segment", 5}, {"mm", 2}}, nullptr, 4).error().code ==
        ErrorCode::InvalidInput);
  const Bytes mesh =
      must(drawn.segmentation.surface(drawn.rater, drawn.project, drawn.item, drawn.grid_id_,
                                      {.segment = 4, .rater = {}, .opinion = {}}));
  std::uint32_t counts[2] = {};
  std::memcpy(counts, mesh.data(), 8);
  CHECK(counts[0] > 500);
  CHECK(mesh.size() == 8 + counts[0] * 24UL + counts[1] * 12UL);
  // Every vertex lies about 12 mm from the ball's middle in the patient.
  const PatientPoint middle = drawn.grid.affine.apply(34.5, 21.5, 6.5);
  double farthest = 0;
  for (std::uint32_t i = 0; i < counts[0]; ++i) {
    float at[3] = {};
    std::memcpy(at, mesh.data() + 8 + i * 12UL, 12);
    const double mm = std::hypot(static_cast<double>(at[0]) - middle.x_mm,
                                 static_cast<double>(at[1]) - middle.y_mm,
                                 static_cast<double>(at[2]) - middle.z_mm);
    farthest = std::max(farthest, std::abs(mm - 12));
  }
  CHECK(farthest < 2);
}

TEST_CASE("the histogram counts every voxel and its thresholds part ball from rest") {
  Drawn drawn;
  const json::object view = must(
      drawn.segmentation.histogram(drawn.rater, drawn.project, drawn.item, drawn.grid_id_, 256));
  std::size_t sum = 0;
  for (const json::value& one : view.at("counts").as_array()) sum += one.to_number<std::size_t>();
  CHECK(sum == std::size_t{nx} * ny * nz);
  const double otsu = view.at("thresholds").at("otsu").to_number<double>();
  CHECK(otsu > 26);
  CHECK(otsu < 140);
  CHECK(drawn.segmentation.histogram(drawn.rater, drawn.project, drawn.item, drawn.grid_id_, 1)
            .error()
            .code == ErrorCode::InvalidInput);
  CHECK(
      drawn.segmentation.histogram(drawn.rater, drawn.project, drawn.item, std::string(64, '0'), 9)
          .error()
          .code == ErrorCode::NotFound);
}

TEST_CASE("who may not patch may not ask; another revision is refused") {
  Drawn drawn;
  const json::object body{
      {"base_revision", 0},
      {"layer", 0},
      {"operation", json::object{{"kind", "threshold"}, {"segment", 1}, {"lo", 0}, {"hi", 50}}}};
  const auto code = [&](const Access& access, const json::object& asked, const std::string& grid) {
    const auto answer = drawn.segmentation.operate(access, drawn.project, drawn.item, grid, asked);
    REQUIRE_FALSE(answer.has_value());
    return answer.error().code;
  };
  CHECK(code(drawn.reviewer, body, drawn.grid_id_) == ErrorCode::Forbidden);
  CHECK(code(drawn.second, body, drawn.grid_id_) == ErrorCode::Conflict);  // as a patch: no task
  CHECK(code(drawn.rater, body, std::string(64, 'a')) == ErrorCode::NotFound);
  Access stranger = drawn.rater;
  stranger.projects.clear();
  CHECK(code(stranger, body, drawn.grid_id_) == ErrorCode::NotFound);
  json::object late = body;
  late["base_revision"] = 3;
  CHECK(code(drawn.rater, late, drawn.grid_id_) == ErrorCode::PreconditionFailed);
  // Another's mask is not shown to one who may still read the item blind.
  const auto theirs =
      drawn.segmentation.surface(drawn.second, drawn.project, drawn.item, drawn.grid_id_,
                                 {.segment = 1, .rater = drawn.rater.rater(), .opinion = {}});
  REQUIRE_FALSE(theirs.has_value());
  CHECK(theirs.error().code == ErrorCode::Forbidden);
}

TEST_CASE("absurd parameters are refused with their place") {
  Drawn drawn;
  const json::object bad[] = {
      {{"kind", "explode"}},
      {{"kind", "threshold"}, {"segment", 1}},
      {{"kind", "threshold"}, {"segment", 0}, {"lo", 1}, {"hi", 2}},
      {{"kind", "threshold"}, {"segment", 70000}, {"lo", 1}, {"hi", 2}},
      {{"kind", "threshold"}, {"segment", 1}, {"lo", 5}, {"hi", 2}},
      {{"kind", "margin"}, {"segment", 1}, {"mm", 1e9}},
      {{"kind", "margin"}, {"segment", 1}, {"mm", "3"}},
      {{"kind", "hollow"}, {"segment", 1}, {"mm", -1}, {"side", "inside"}},
      {{"kind", "hollow"}, {"segment", 1}, {"mm", 1}, {"side", "above"}},
      {{"kind", "smooth"}, {"segments", json::array{1}}, {"method", "median"}, {"mm", 900}},
      {{"kind", "smooth"}, {"segments", json::array{-4}}, {"method", "median"}, {"mm", 2}},
      {{"kind", "fill_between"}, {"segments", nullptr}, {"axis", 3}},
      {{"kind", "islands"}, {"segment", 1}, {"keep", "split"}},
      {{"kind", "logical"}, {"segment", 1}, {"how", "union"}},
      {{"kind", "fill_holes"}, {"segment", 1}, {"axis", -1}},
      {{"kind", "fill_holes"}, {"segment", 1}, {"depth", 2}},
      {{"kind", "copy_prior"}, {"from_item", "no"}, {"from_grid", "x"}}};
  for (const json::object& operation : bad) {
    CAPTURE(json::serialize(operation));
    const auto answer = drawn.ask(operation);
    REQUIRE_FALSE(answer.has_value());
    const bool is_refused = answer.error().code == ErrorCode::InvalidInput ||
                            answer.error().code == ErrorCode::TooLarge;
    CHECK(is_refused);
  }
  const json::object fine{{"kind", "fill_holes"}, {"segment", 1}};
  for (const json::value& mask :
       {json::value{{"range", json::array{3}}}, json::value{{"range", json::array{3, 1}}},
        json::value{{"protect", json::array{0}}}, json::value{{"inside", json::array{"a"}}},
        json::value{{"elsewhere", 1}}}) {
    CAPTURE(json::serialize(mask));
    CHECK(drawn.ask(fine, mask).error().code == ErrorCode::InvalidInput);
  }
}

TEST_CASE("one's own earlier segments are copied by their place in the patient") {
  Drawn drawn;
  drawn.draw([](auto x, auto y, auto z) -> std::uint16_t { return in_ball(x, y, z, 6) ? 8 : 0; });
  const auto before = drawn.labels();
  const auto after = drawn.apply({{"kind", "copy_prior"},
                                  {"from_item", to_string(drawn.item)},
                                  {"from_grid", drawn.grid_id_}});
  CHECK(after == before);
}

}  // namespace
