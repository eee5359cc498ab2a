#include "transport/cli_inspect/inspect.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/identity/ids.hpp"
#include "service/made_data/made_files.hpp"

using namespace consilium;
using consilium::cli::inspect_file;
using consilium::cli::inspection_text;
using consilium::cli::PatientValues;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

// A folder with one made patient's files, gone at the end.
class MadeFolder {
 public:
  MadeFolder() {
    std::vector<synthetic::MadePatient> patients = synthetic::make_cases(3, 1);
    patients[0].ct->columns = 32;
    patients[0].ct->rows = 24;
    patients[0].ct->slices = 1;
    patients[0].mr.reset();
    patients[0].recordings.resize(1);
    const Status made = write_patient_files(patients[0], [&](NamedBytes file) -> Status {
      write(file.name, text_of(file.bytes));
      return {};
    });
    REQUIRE(made.has_value());
  }
  ~MadeFolder() { fs::remove_all(folder_); }
  MadeFolder(const MadeFolder&) = delete;
  MadeFolder& operator=(const MadeFolder&) = delete;

  fs::path write(const std::string& name, std::string_view content) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  [[nodiscard]] fs::path at(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_ =
      fs::temp_directory_path() /
      ("csl-inspect-" + to_string(make_id<ItemId>(*system_clock(), *system_random())));
};

std::string told(const fs::path& file, PatientValues values) {
  const auto found = inspect_file(file, values);
  REQUIRE_MESSAGE(found.has_value(), found.error().what);
  return json::serialize(*found) + inspection_text(*found);
}

}  // namespace

TEST_CASE("an image is told by its shape and units, and whose it is only when asked") {
  const MadeFolder made;
  const auto image = inspect_file(made.at("SYN-0001/ct/IM0001.dcm"), PatientValues::Hidden);
  REQUIRE(image.has_value());
  CHECK(image->at("kind") == "DICOM");
  CHECK(image->at("modality") == "CT");
  CHECK(image->at("rows") == 24);
  CHECK(image->at("columns") == 32);
  CHECK(image->at("values").at("unit") == "[hnsf'U]");
  CHECK(told(made.at("SYN-0001/ct/IM0001.dcm"), PatientValues::Hidden).find("SYN-0001") ==
        std::string::npos);
  CHECK(told(made.at("SYN-0001/ct/IM0001.dcm"), PatientValues::Shown).find("SYN-0001") !=
        std::string::npos);
}

TEST_CASE("a recording is told with its channels; its signal file points to the header") {
  const MadeFolder made;
  const auto record = inspect_file(made.at("SYN-0001/ecg/SYN0001_1.hea"), PatientValues::Hidden);
  REQUIRE(record.has_value());
  CHECK(record->at("channels").as_array().size() == 12);
  CHECK(record->at("duration_s") == 10.0);
  const auto signal = inspect_file(made.at("SYN-0001/ecg/SYN0001_1.dat"), PatientValues::Hidden);
  REQUIRE_FALSE(signal.has_value());
  CHECK(signal.error().code == ErrorCode::Unsupported);
}

TEST_CASE("of notes the sizes are told and none of their words") {
  const MadeFolder made;
  const fs::path plain = made.write("plain.txt", "Anna has a cough.\nNo fever.");
  const auto note = inspect_file(plain, PatientValues::Hidden);
  REQUIRE(note.has_value());
  CHECK(note->at("lines") == 2);
  CHECK(note->at("code_points") == 27);
  CHECK(told(plain, PatientValues::Hidden).find("Anna") == std::string::npos);

  const fs::path table =
      made.write("table.csv", "patient,text\nMRN-77,one\nMRN-78,\"two\nlines\"\n");
  const auto rows = inspect_file(table, PatientValues::Hidden);
  REQUIRE(rows.has_value());
  CHECK(rows->at("note_count") == 2);
  CHECK(told(table, PatientValues::Hidden).find("MRN") == std::string::npos);
  CHECK(told(table, PatientValues::Shown).find("MRN-77") != std::string::npos);
}

TEST_CASE("what cannot be read is an error with a remedy") {
  const MadeFolder made;
  for (const auto& [name, content] : {std::pair<std::string, std::string>{"empty.txt", ""},
                                      {"cut.edf", "0       "},
                                      {"unknown.bin", "\x01\x02\x03 nothing that we know"}}) {
    CAPTURE(name);
    const auto found = inspect_file(made.write(name, content), PatientValues::Hidden);
    REQUIRE_FALSE(found.has_value());
    CHECK(!found.error().what.empty());
  }
  CHECK(inspect_file(made.at("absent.dcm"), PatientValues::Hidden).error().code ==
        ErrorCode::NotFound);
}
