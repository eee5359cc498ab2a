#include "format/dicom_suv/suv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "domain/image/dicom_tags.hpp"

namespace consilium {
namespace {

constexpr DicomTag units = dicom_tag(0x00541001);
constexpr DicomTag suv_type = dicom_tag(0x00541006);
constexpr DicomTag corrected_image = dicom_tag(0x00280051);
constexpr DicomTag decay_correction = dicom_tag(0x00541102);
constexpr DicomTag frame_reference_time = dicom_tag(0x00541300);
constexpr DicomTag actual_frame_duration = dicom_tag(0x00181242);
constexpr DicomTag radiopharmaceutical_sequence = dicom_tag(0x00540016);
constexpr DicomTag start_time = dicom_tag(0x00181072);
constexpr DicomTag start_date_time = dicom_tag(0x00181078);
constexpr DicomTag total_dose = dicom_tag(0x00181074);
constexpr DicomTag half_life = dicom_tag(0x00181075);

constexpr double day_s = 86'400;

auto refused(std::string what, std::string where) {
  return fail(ErrorCode::InvalidInput, std::move(what), std::move(where),
              "look the value up in the scanner's record and export the series again");
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, value);
  if (error != std::errc{} || end != text.data() + at + count) return std::nullopt;
  return value;
}

// DA, or the first eight characters of a DT: days since 1970.
std::optional<double> days_of(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 4, 2);
  const auto day = digits(text, 6, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
}

// TM, also as the rest of a DT: seconds since midnight. A zone after it is that of the same clock.
std::optional<double> seconds_of(std::string_view text) {
  const auto hour = digits(text, 0, 2);
  const auto minute = digits(text, 2, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  double seconds = digits(text, 4, 2).value_or(0);
  if (text.size() > 7 && text[6] == '.') {
    double scale = 0.1;
    for (std::size_t i = 7; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, scale /= 10) {
      seconds += scale * (text[i] - '0');
    }
  }
  return *hour * 3600.0 + *minute * 60.0 + seconds;
}

std::optional<double> moment_of(std::string_view date, std::string_view time) {
  const auto days = days_of(date);
  const auto seconds = seconds_of(time);
  if (!days || !seconds) return std::nullopt;
  return *days * day_s + *seconds;
}

// PS3.5 7.8.1: the creator of a private block stands in (gggg,0010-00FF).
std::optional<DicomTag> private_tag(const DicomDataset& dataset, std::uint16_t group,
                                    std::string_view creator, std::uint8_t element) {
  for (std::uint32_t block = 0x10; block <= 0xFF; ++block) {
    const std::uint32_t high = std::uint32_t{group} << 16U;
    if (dataset.text(dicom_tag(high | block)) != creator) continue;
    return dicom_tag(high | (block << 8U) | element);
  }
  return std::nullopt;
}

Result<double> positive(const DicomDataset& dataset, DicomTag tag, std::string_view name) {
  const auto value = dataset.number(tag);
  if (!value) return refused(fmt::format("{} is missing", name), to_string(tag));
  if (!std::isfinite(*value) || *value <= 0) {
    return refused(fmt::format("{} is not above 0", name), to_string(tag));
  }
  return *value;
}

bool lists(const DicomDataset& dataset, DicomTag tag, std::string_view wanted) {
  for (std::size_t i = 0; i < dataset.ascii_count(tag); ++i) {
    if (dataset.ascii(tag, i) == wanted) return true;
  }
  return false;
}

// What the pixels of a scan that was corrected to its start are corrected to.
Result<double> scan_start(const DicomDataset& dataset, double half_life_s) {
  const auto series = moment_of(dataset.ascii(tags::series_date), dataset.ascii(tags::series_time));
  const auto acquired =
      moment_of(dataset.ascii(tags::acquisition_date), dataset.ascii(tags::acquisition_time));
  if (!series) return refused("Series Date or Time is missing", "(0008,0021), (0008,0031)");
  if (!acquired) {
    return refused("Acquisition Date or Time is missing", "(0008,0022), (0008,0032)");
  }
  if (*series <= *acquired) return *series;
  // The series was made later than it was acquired: its date tells of the making.
  if (const auto tag = private_tag(dataset, 0x0009, "GEMS_PETD_01", 0x0D)) {
    const std::string_view scan = dataset.ascii(*tag);
    if (scan.size() >= 12) {
      if (const auto moment = moment_of(scan, scan.substr(8))) return *moment;
    }
  }
  const double duration_s = dataset.number(actual_frame_duration).value_or(0) / 1000;
  const double reference_s = dataset.number(frame_reference_time).value_or(0) / 1000;
  if (duration_s <= 0 || reference_s <= 0) {
    return refused(
        "the series' time is later than the acquisition's, and no Frame Reference Time "
        "tells when the scan began",
        "(0054,1300)");
  }
  // The moment within the frame at which its count rate is the average one.
  const double constant = std::log(2.0) / half_life_s;
  const double decay = constant * duration_s;
  const double average_s = std::log(decay / (1 - std::exp(-decay))) / constant;
  return *acquired - reference_s + average_s;
}

// Seconds from the injection to `scan`.
Result<double> decay_time(const DicomDataset& dose, double scan) {
  const std::string_view whole = dose.ascii(start_date_time);
  const auto time = seconds_of(dose.ascii(start_time));
  std::optional<double> injected;
  if (whole.size() >= 12) injected = moment_of(whole, whole.substr(8));
  if (injected && time) {
    const double apart = std::abs(std::fmod(*injected, day_s) - *time);
    if (apart > 1 && apart < day_s - 1) {
      return refused("Radiopharmaceutical Start Date Time and Start Time contradict each other",
                     "(0018,1078), (0018,1072)");
    }
  }
  if (!injected && !time) {
    return refused("the time of injection is missing", "(0018,1078), (0018,1072)");
  }
  if (!injected) {
    injected = std::floor(scan / day_s) * day_s + *time;
    // Injected before midnight, scanned after it.
    if (*injected > scan) *injected -= day_s;
  }
  if (*injected > scan) {
    return refused("the injection is later than the scan", "(0018,1078)");
  }
  return scan - *injected;
}

Result<double> factor_of_activity(const DicomDataset& dataset) {
  if (!lists(dataset, corrected_image, "ATTN") || !lists(dataset, corrected_image, "DECY")) {
    return refused("the image is not said to be corrected for attenuation and decay",
                   "(0028,0051)");
  }
  const double weight_kg = CSL_TRY(positive(dataset, tags::patient_weight, "Patient's Weight"));
  const DicomDataset* dose = dataset.item(radiopharmaceutical_sequence);
  if (dose == nullptr) {
    return refused("Radiopharmaceutical Information is missing", "(0054,0016)");
  }
  const double dose_bq = CSL_TRY(positive(*dose, total_dose, "Radionuclide Total Dose"));
  // 1 MBq: below it scanners have written MBq for Bq.
  if (dose_bq < 1e6) {
    return refused("Radionuclide Total Dose is below 1 MBq: it was not written in Bq",
                   "(0018,1074)");
  }
  const double half_life_s = CSL_TRY(positive(*dose, half_life, "Radionuclide Half Life"));
  const std::string_view correction = dataset.ascii(decay_correction);
  if (correction == "ADMIN") return weight_kg * 1000 / dose_bq;
  if (correction != "START") {
    return refused("Decay Correction is neither START nor ADMIN", "(0054,1102)");
  }
  const double scan = CSL_TRY(scan_start(dataset, half_life_s));
  const double elapsed_s = CSL_TRY(decay_time(*dose, scan));
  // After ten half-lives a thousandth is left: nobody scans then, a date is wrong.
  if (elapsed_s > 10 * half_life_s) {
    return refused("the injection lies more than ten half-lives before the scan",
                   "(0018,1078), (0018,1072)");
  }
  return weight_kg * 1000 / (dose_bq * std::exp2(-elapsed_s / half_life_s));
}

Result<double> factor_of_counts(const DicomDataset& dataset) {
  constexpr std::string_view creator = "Philips PET Private Group";
  const auto private_factor = [&](std::uint8_t element) {
    const auto tag = private_tag(dataset, 0x7053, creator, element);
    return tag ? dataset.number(*tag).value_or(0) : 0;
  };
  if (const double suv = private_factor(0x00); suv > 0) return suv;
  if (const double activity = private_factor(0x09); activity > 0) {
    return activity * CSL_TRY(factor_of_activity(dataset));
  }
  return refused("the pixels are counts, and Philips' private factors are not there",
                 "(0054,1001)");
}

}  // namespace

Result<double> suvbw_factor(const DicomDataset& dataset) {
  if (dataset.ascii(tags::modality) != "PT") {
    return fail(ErrorCode::Unsupported, "SUV is of PET images");
  }
  const std::string_view unit = dataset.ascii(units);
  if (unit == "BQML") return factor_of_activity(dataset);
  if (unit == "CNTS") return factor_of_counts(dataset);
  if (unit == "GML") {
    // PS3.3 C.8.9.1.1.3: body weight where no other type is said.
    const std::string_view type = dataset.ascii(suv_type);
    if (type.empty() || type == "BW") return 1.0;
    return refused("the pixels are an SUV of another type than body weight", "(0054,1006)");
  }
  return refused(unit.empty() ? "Units is missing" : "Units is none that gives an SUV",
                 "(0054,1001)");
}

}  // namespace consilium
