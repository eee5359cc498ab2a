// Writes a made ECG as a WFDB record into a folder, for measurements of the product with a long
// one: by default a day of twelve leads at 500 Hz, a gigabyte, with single ventricular beats,
// fibrillation and noise.
//
//   csl_bench_made_day FOLDER [HOURS [RATE_HZ [SEED]]]
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "service/made_data/made_files.hpp"

using namespace consilium;

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: csl_bench_made_day FOLDER [HOURS [RATE_HZ [SEED]]]\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  const double hours = count > 2 ? std::atof(arguments[2]) : 24;
  const int rate_hz = count > 3 ? std::atoi(arguments[3]) : 500;
  const auto seed = static_cast<std::uint64_t>(count > 4 ? std::atoll(arguments[4]) : 24);
  using Kind = synthetic::EcgEpisode::Kind;
  const auto at = [&](double share) { return share * hours * 3600; };
  const synthetic::MadePatient patient{
      .id = "SYN-0024",
      .family_name = "SYNTHETIC",
      .given_name = "A day",
      .study_date = "20260112",
      .recordings = {
          {.seed = seed,
           .duration_s = hours * 3600,
           .sampling_rate_hz = rate_hz,
           .ventricular_share = 0.01,
           .supraventricular_share = 0.01,
           .episodes = {{.kind = Kind::VentricularRun, .begin_s = at(0.1), .end_s = at(0.1) + 5},
                        {.kind = Kind::AtrialFibrillation, .begin_s = at(0.4), .end_s = at(0.45)},
                        {.kind = Kind::Noise, .begin_s = at(0.6), .end_s = at(0.6) + 90}}}}};
  const Status written = write_patient_files(patient, [&](const NamedBytes& file) -> Status {
    const std::filesystem::path path = folder / std::filesystem::path(file.name).filename();
    std::filesystem::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(file.bytes.data()), std::ssize(file.bytes));
    if (!out) return fail(ErrorCode::Unavailable, "the file could not be written", path.string());
    return {};
  });
  if (!written) {
    fmt::print(stderr, "error:  {}\n", written.error().what);
    return 1;
  }
  return 0;
}
