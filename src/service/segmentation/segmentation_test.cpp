#include "service/segmentation/segmentation.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "service/segmentation/drawn_fixture.hpp"

using namespace consilium;
using namespace consilium::service;
using namespace consilium::service::test;

namespace {

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
      {{"kind", "copy_prior"}, {"from_item", "no"}, {"from_grid", "x"}},
      {{"kind", "propagate"}},
      {{"kind", "propagate"}, {"from_grid", "x"}, {"from_rater", "no"}},
      {{"kind", "propagate"}, {"from_grid", "x"}, {"from_segments", json::array{0}}}};
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

// A year later: the ball lies elsewhere, and has grown a bump.
bool in_later_ball(double x, double y, double z) {
  const auto within = [&](double cx, double cy, double cz, double radius_mm) {
    return std::hypot((x - cx) * 0.8, (y - cy) * 1.0, (z - cz) * 2.5) < radius_mm;
  };
  return within(43.5, 16.5, 6.9, 12) || within(52.5, 20.5, 6.9, 7);
}

double dice(const std::vector<std::uint16_t>& labels, std::uint16_t segment) {
  double both = 0;
  double sum = 0;
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) {
        const bool is_true = in_later_ball(x, y, z);
        const bool is_found = labels[voxel(x, y, z)] == segment;
        both += is_true && is_found ? 1 : 0;
        sum += (is_true ? 1 : 0) + (is_found ? 1 : 0);
      }
    }
  }
  return 2 * both / sum;
}

// The rater's labels of the first study, and a task on a second one of the same patient.
struct Followed : Drawn {
  ItemId first = item;
  std::string first_grid = grid_id_;

  explicit Followed(const std::string& patient = "MRN-7") {
    draw([](auto x, auto y, auto z) -> std::uint16_t { return in_ball(x, y, z) ? 8 : 0; });
    MadeImageSeries series = oblique_series();
    series.patient_study.patient_id = patient;
    series.patient_study.study_instance_uid += "7";
    series.patient_study.study_date = "20200316";
    series.series_instance_uid += "7";
    series.frame_of_reference_uid += "7";
    series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
    for (std::uint32_t z = 0; z < nz; ++z) {
      std::vector<std::int16_t> stored;
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) {
          const int pattern = static_cast<int>((x * 5 + y * 3 + z * 2) % 7);
          stored.push_back(
              static_cast<std::int16_t>((in_later_ball(x, y, z) ? 1164 : 1044) + pattern));
        }
      }
      const NamedBytes file = must(write_image_slice(series, z, stored));
      write_file(folder.path() / "later" / file.name, file.bytes);
    }
    import({folder.path() / "later"});
    for (const json::value& one : items_of_kind("image")) {
      if (item_id(one) != first) item = item_id(one);
    }
    REQUIRE(item != first);
    must(assignment.take(rater, project, item));
    const json::object shown = must(items_->show(rater, project, item));
    grid_id_ = shown.at("source")
                   .at("studies")
                   .at(0)
                   .at("series")
                   .at(0)
                   .at("volume")
                   .at("grid_id")
                   .as_string();
    grid = series.grid;
    revision = 0;
  }

  [[nodiscard]] json::object from_first(const char* kind) const {
    return {{"kind", kind}, {"from_item", to_string(first)}, {"from_grid", first_grid}};
  }
};

TEST_CASE("earlier labels follow an organ that has moved and grown, where a copy stays behind") {
  Followed followed;
  const json::object operation = followed.from_first("propagate");
  const MaskOperationAnswer answer = must(followed.ask(operation));
  const json::value told = must(parse_json(answer.summary_json)).at("propagation");
  CHECK(told.at("quality").as_string() == "good");
  CHECK(told.at("jacobian").at(0).as_double() > 0);
  CHECK(told.at("similarity").as_double() > 0.8);
  const auto carried = followed.apply(operation);
  CHECK(dice(carried, 8) > 0.9);

  Followed copied;
  CHECK(dice(copied.apply(copied.from_first("copy_prior")), 8) < 0.75);
}

TEST_CASE("earlier labels come under another number, or only some of them") {
  Followed followed;
  json::object operation = followed.from_first("propagate");
  operation["segment"] = 2;
  operation["rigid_only"] = true;
  const auto moved = followed.apply(operation);
  CHECK(dice(moved, 2) > 0.8);
  operation["from_segments"] = json::array{5};
  CHECK(must(followed.ask(operation)).records.empty());
  // Nothing was said of what the first study's segment is.
  operation["label"] = "nodule";
  CHECK(followed.ask(operation).error().code == ErrorCode::InvalidInput);
}

TEST_CASE(
    "carrying labels again replaces what stood there, and a layer of one segment takes them too") {
  Followed followed;
  json::object operation = followed.from_first("propagate");
  operation["segment"] = 2;
  operation["rigid_only"] = true;
  const auto carried = followed.apply(operation);
  const std::size_t far = voxel(0, 0, 0);
  REQUIRE(carried[far] == 0);
  followed.draw([&](auto x, auto y, auto z) -> std::uint16_t {
    if (x + y + z == 0) return 2;
    return x == 1 && y + z == 0 ? std::uint16_t{7} : std::uint16_t{0};
  });
  CHECK(followed.apply(operation)[far] == 2);  // added to
  operation["replace"] = true;
  const auto replaced = followed.apply(operation);
  CHECK(replaced[far] == 0);
  CHECK(replaced[voxel(1, 0, 0)] == 7);
  CHECK(count(replaced, 2) == count(carried, 2));

  // In a layer of its own it lies over what others hold.
  operation["segment"] = 5;
  const MaskOperationAnswer own = must(followed.ask(operation, nullptr, 5));
  followed.patch(own.records);
  const WorkingMask mask = must(WorkingMask::read(
      followed.grid, must(followed.masks.bricks(followed.rater, followed.project, followed.item,
                                                followed.grid_id_, Drawn::own()))));
  CHECK(count(mask.labels(5, whole_box(followed.grid.dims)), 5) == count(carried, 2));
  CHECK(count(followed.labels(), 2) == count(carried, 2));
  CHECK(followed.ask(operation, nullptr, 6).error().code == ErrorCode::InvalidInput);
  operation.erase("segment");
  CHECK(followed.ask(operation).error().code == ErrorCode::InvalidInput);
}

TEST_CASE("another patient's labels are never carried over") {
  Followed followed("MRN-8");
  const auto answer = followed.ask(followed.from_first("propagate"));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::NotFound);
  // Nor found by their grid alone where the project shows no earlier studies.
  const auto by_grid = followed.ask({{"kind", "propagate"}, {"from_grid", followed.first_grid}});
  REQUIRE_FALSE(by_grid.has_value());
  CHECK(by_grid.error().code == ErrorCode::NotFound);
}

TEST_CASE("another rater's earlier labels are not carried over blind") {
  Followed followed;
  json::object operation = followed.from_first("propagate");
  operation["from_rater"] = to_string(followed.second.rater());
  const auto answer = followed.ask(operation);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::Forbidden);
}

}  // namespace
