#include "format/dicom_suv/suv.hpp"

#include <doctest/doctest.h>

#include <string>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;

namespace {

void put(DicomDataset& dataset, std::uint32_t tag, Vr vr, std::string_view text) {
  dataset.put_text(dicom_tag(tag), vr, text);
}

struct Scan {
  std::string units = "BQML";
  std::string correction = "START";
  std::string corrected = "NORM\\ATTN\\SCAT\\DECY";
  std::string weight_kg = "70";
  std::string dose_bq = "370000000";
  std::string half_life_s = "6586.2";
  std::string injected_at = "090000.00";
  std::string injected_on = {};  // DT
  std::string series_time = "100000";
  std::string acquisition_time = "100000";
  std::string acquisition_date = "20240311";
  std::string frame_reference_ms = {};
};

DicomDataset dataset_of(const Scan& scan) {
  DicomDataset dose;
  if (!scan.injected_at.empty()) put(dose, 0x00181072, Vr::Tm, scan.injected_at);
  if (!scan.injected_on.empty()) put(dose, 0x00181078, Vr::Dt, scan.injected_on);
  if (!scan.dose_bq.empty()) put(dose, 0x00181074, Vr::Ds, scan.dose_bq);
  if (!scan.half_life_s.empty()) put(dose, 0x00181075, Vr::Ds, scan.half_life_s);
  DicomDataset dataset;
  put(dataset, 0x00080060, Vr::Cs, "PT");
  put(dataset, 0x00080021, Vr::Da, "20240311");
  put(dataset, 0x00080031, Vr::Tm, scan.series_time);
  put(dataset, 0x00080022, Vr::Da, scan.acquisition_date);
  put(dataset, 0x00080032, Vr::Tm, scan.acquisition_time);
  put(dataset, 0x00280051, Vr::Cs, scan.corrected);
  put(dataset, 0x00541001, Vr::Cs, scan.units);
  put(dataset, 0x00541102, Vr::Cs, scan.correction);
  if (!scan.weight_kg.empty()) put(dataset, 0x00101030, Vr::Ds, scan.weight_kg);
  put(dataset, 0x00181242, Vr::Is, "180000");
  if (!scan.frame_reference_ms.empty()) put(dataset, 0x00541300, Vr::Ds, scan.frame_reference_ms);
  dataset.put_items(dicom_tag(0x00540016), {dose});
  return dataset;
}

}  // namespace

// Expected values: the formula of the pseudo-code, worked out in Python.
TEST_CASE("SUVbw is of body weight and of the dose as it decayed until the scan") {
  const auto factor = [](const Scan& scan) { return suvbw_factor(dataset_of(scan)).value(); };
  CHECK(factor({}) == doctest::Approx(0.00027633668171764324).epsilon(1e-12));
  CHECK(factor({.correction = "ADMIN"}) == doctest::Approx(0.0001891891891891892).epsilon(1e-12));
  CHECK(factor({.injected_at = "", .injected_on = "20240311090000"}) == factor({}));
  // Injected before midnight, scanned an hour later.
  CHECK(factor({.injected_at = "233000", .series_time = "003000", .acquisition_time = "003000"}) ==
        doctest::Approx(factor({})).epsilon(1e-12));
  // A series that was made anew later than it was acquired: from the frame's reference time.
  CHECK(factor({.series_time = "150000",
                .acquisition_time = "103000",
                .frame_reference_ms = "1890000"}) ==
        doctest::Approx(0.0002763325498266639).epsilon(1e-9));
  CHECK(factor({.units = "GML"}) == 1);
}

TEST_CASE("no SUV is better than a wrong one: what is missing or contradicts is said") {
  struct Case {
    std::string name;
    Scan scan;
    std::string what;
  };
  const Case cases[] = {
      {"no weight", {.weight_kg = ""}, "Patient's Weight is missing"},
      {"no weight worth it", {.weight_kg = "0"}, "Patient's Weight is not above 0"},
      {"no dose", {.dose_bq = ""}, "Radionuclide Total Dose is missing"},
      {"a dose in MBq",
       {.dose_bq = "370"},
       "Radionuclide Total Dose is below 1 MBq: it was not written in Bq"},
      {"no half-life", {.half_life_s = ""}, "Radionuclide Half Life is missing"},
      {"no injection", {.injected_at = ""}, "the time of injection is missing"},
      {"two injections",
       {.injected_on = "20240311093000"},
       "Radiopharmaceutical Start Date Time and Start Time contradict each other"},
      {"injected after the scan",
       {.injected_at = "", .injected_on = "20240311103000"},
       "the injection is later than the scan"},
      {"injected a day before",
       {.injected_at = "", .injected_on = "20240310090000"},
       "the injection lies more than ten half-lives before the scan"},
      {"no decay correction",
       {.correction = "NONE"},
       "Decay Correction is neither START nor ADMIN"},
      {"not corrected",
       {.corrected = "NORM"},
       "the image is not said to be corrected for attenuation and decay"},
      {"counts without factors",
       {.units = "CNTS"},
       "the pixels are counts, and Philips' private factors are not there"},
      {"made anew, and nothing tells when it was scanned",
       {.series_time = "150000"},
       "the series' time is later than the acquisition's, and no Frame Reference Time tells when "
       "the scan began"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto factor = suvbw_factor(dataset_of(one.scan));
    REQUIRE_FALSE(factor);
    CHECK(factor.error().what == one.what);
  }
}

TEST_CASE("counts become an SUV by the factors that Philips keeps") {
  DicomDataset dataset = dataset_of({.units = "CNTS"});
  put(dataset, 0x70530010, Vr::Lo, "Philips PET Private Group");
  put(dataset, 0x70531000, Vr::Ds, "0.00045");
  CHECK(suvbw_factor(dataset).value() == doctest::Approx(0.00045));
  DicomDataset activity = dataset_of({.units = "CNTS"});
  put(activity, 0x70530011, Vr::Lo, "Philips PET Private Group");
  put(activity, 0x70531109, Vr::Ds, "2");
  CHECK(suvbw_factor(activity).value() ==
        doctest::Approx(2 * suvbw_factor(dataset_of({})).value()));
}
