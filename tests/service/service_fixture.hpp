// A store in a folder that goes when the test ends, a project of each kind's protocol, people, and
// made files to import: a CT series, notes and a recording of one made patient.
#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/canonical_json.hpp"
#include "format/dicom_write/image_series.hpp"
#include "service/annotation/annotations.hpp"
#include "service/assignment/assignment.hpp"
#include "service/intake/imports.hpp"
#include "service/item/items.hpp"
#include "service/project/projects.hpp"
#include "storage/open_store.hpp"
#include "storage/sqlite/test_store.hpp"
#include "tests/source_dir.hpp"

namespace consilium::service::test {
namespace json = boost::json;

// The value, or a failed test that says why.
template <class T>
T must(Result<T> result) {
  if (!result) FAIL(to_line(result.error()));
  return std::move(*result);
}
inline void must(const Status& status) {
  if (!status) FAIL(to_line(status.error()));
}
template <class T>
T must(Answer<T> answer) {
  if (!answer) {
    std::string line = to_line(answer.error().error);
    for (const Violation& v : answer.error().violations) line += " | " + v.path + ": " + v.what;
    FAIL(line);
  }
  return std::move(*answer);
}

inline std::string read_source_file(const std::string& relative) {
  std::ifstream in(consilium::test::source_dir() / relative);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

// An annotation as clients send it: of a place, with neither label nor answer yet.
inline json::object annotation_json(const AnnotationId& id, const ItemId& item,
                                    const std::string& protocol, json::object target) {
  return json::object{{"id", to_string(id)},
                      {"item_id", to_string(item)},
                      {"protocol", json::object{{"id", protocol}, {"version", "1.0.0"}}},
                      {"label", nullptr},
                      {"target", std::move(target)},
                      {"question", nullptr},
                      {"value", nullptr},
                      {"attributes", json::object{}}};
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

inline std::int16_t made_sample(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return static_cast<std::int16_t>(x * 7 + y * 13 + z * 29);
}

inline MadeImageSeries made_series(const std::string& patient, std::uint32_t slices,
                                   std::uint32_t edge = 64) {
  MadeImageSeries series;
  series.patient_study = {.patient_name = "MADE^PATIENT",
                          .patient_id = patient,
                          .patient_birth_date = "19580417",
                          .patient_sex = "F",
                          .patient_age = "061Y",
                          .patient_comments = "SYNTHETIC",
                          .study_instance_uid = "2.25.10010001000100010001",
                          .study_date = "20190311",
                          .study_time = "101500",
                          .study_id = "1",
                          .study_description = "made chest CT",
                          .accession_number = "1",
                          .deidentification_method = ""};
  series.acquisition = CtAcquisition{};
  series.series_instance_uid = "2.25.10010001000100010002";
  series.frame_of_reference_uid = "2.25.10010001000100010003";
  series.series_description = "made axial";
  series.body_part_examined = "CHEST";
  series.grid.dims = {edge, edge, slices};
  series.grid.affine = affine_from_axes({-32, -32, -100}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1.5});
  series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
  series.slice_thickness_mm = 1.5;
  series.rescale_intercept = -1024;
  series.windows = {{.centre = -600, .width = 1500, .name = "LUNG"}};
  return series;
}

inline void write_made_series(const std::filesystem::path& folder, const MadeImageSeries& series) {
  const auto [columns, rows, slices] = series.grid.dims;
  for (std::uint32_t z = 0; z < slices; ++z) {
    std::vector<std::int16_t> stored;
    for (std::uint32_t y = 0; y < rows; ++y) {
      for (std::uint32_t x = 0; x < columns; ++x) stored.push_back(made_sample(x, y, z));
    }
    const NamedBytes file = must(write_image_slice(series, z, stored));
    write_file(folder / file.name, file.bytes);
  }
}

inline const std::string made_note = "Known asthma. No pneumonia seen.\r\nTakes metformin 500 mg.";

inline void write_made_notes(const std::filesystem::path& file, const std::string& patient) {
  std::string text;
  for (int i = 1; i <= 3; ++i) {
    text += json::serialize(json::object{{"id", "note-" + std::to_string(i)},
                                         {"patient", patient},
                                         {"date", "2019-03-1" + std::to_string(i)},
                                         {"text", made_note + std::to_string(i)}}) +
            "\n";
  }
  write_file(file, bytes_of(text));
}

inline void write_made_record(const std::filesystem::path& folder, const std::string& name,
                              const std::string& patient, std::int64_t samples = 25'000) {
  const std::string header = name + " 2 250 " + std::to_string(samples) + "\n" + name +
                             ".dat 16 200/mV 16 0 0 0 0 II\n" + name +
                             ".dat 16 200/mV 16 0 0 0 0 V1\n# Patient ID: " + patient + "\n";
  write_file(folder / (name + ".hea"), bytes_of(header));
  Bytes data;
  data.reserve(static_cast<std::size_t>(samples) * 4);
  for (std::int64_t i = 0; i < samples; ++i) {
    for (int channel = 0; channel < 2; ++channel) {
      const auto value =
          static_cast<std::int16_t>((i % 250 == 0 ? 900 : 0) + (i * 3 + channel) % 40);
      data.push_back(static_cast<std::byte>(value & 0xFF));
      data.push_back(static_cast<std::byte>((value >> 8) & 0xFF));
    }
  }
  write_file(folder / (name + ".dat"), data);
}

class ServiceFixture {
 public:
  ServiceFixture() {
    reopen();
    must(projects_->put(operator_, project, {.name = "Made project"}, std::nullopt));
    lead = person("Lead", Roles{Role::Lead, Role::Rater, Role::MlExport});
    rater = person("Rater", Roles{Role::Rater});
  }

  void reopen() {
    items_.reset();
    projects_.reset();
    store_.reset();
    store_ = must(storage::open_store({.folder = folder.path() / "store", .clock = clock.get()}));
    projects_ = std::make_unique<Projects>(*store_, *clock);
    items_ = std::make_unique<Items>(*store_, *clock);
  }
  // For checks that want the folder to themselves.
  void close() {
    items_.reset();
    projects_.reset();
    store_.reset();
  }

  Access person(const std::string& name, Roles roles) {
    Access access;
    access.person = make_id<PersonId>(*clock, *random);
    access.display_name = name;
    access.sign_in = "sign-in of " + name;
    access.origin = "test";
    access.projects[project] = roles;
    must(projects_->put_member(operator_, project, access.person, name, roles));
    return access;
  }

  void set_protocol(const std::string& file) {
    must(projects_->put_protocol(operator_, project, read_source_file("protocols/" + file)));
  }

  ImportReport import(const std::vector<std::filesystem::path>& paths, CodecPool* codec = nullptr) {
    const std::vector<ImportFile> files = must(list_files(paths));
    return must(run_import({.store = *store_, .codec = codec, .clock = *clock, .random = *random},
                           operator_, project, files, {.id = make_id<ImportId>(*clock, *random)}));
  }

  json::array items_of_kind(const std::string& kind) {
    ItemQuery query;
    query.kind = kind;
    query.limit = 500;
    return must(items_->list(lead, project, query)).at("items").as_array();
  }

  static ItemId item_id(const json::value& item) {
    return must(parse_id<ItemId>(item.at("id").as_string()));
  }

  storage::test::TemporaryFolder folder;
  std::unique_ptr<ManualClock> clock = std::make_unique<ManualClock>(system_clock()->now());
  std::unique_ptr<Random> random = system_random();
  Access operator_ = operator_access();
  ProjectId project = make_id<ProjectId>(*clock, *random);
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Projects> projects_;
  std::unique_ptr<Items> items_;
  Access lead;
  Access rater;
};

}  // namespace consilium::service::test
