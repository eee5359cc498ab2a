#include "format/muse_xml/muse_xml.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cmath>

#include "domain/signal/sample_table.hpp"
#include "format/base64/base64_text.hpp"
#include "format/lead_names/lead_names.hpp"
#include "format/number_text/number_text.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t file_bytes_max = 32U << 20U;

std::unexpected<Error> wrong(std::string what, const XmlElement& at) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("line {}", at.line_number),
              "export the recording again from the system that made it");
}

std::string unit_of(std::string_view unit) {
  if (unit == "MICROVOLTS") return "uV";
  if (unit == "MILLIVOLTS") return "mV";
  return std::string(unit);
}

std::string filter_of(const XmlElement& waveform) {
  std::string text;
  const auto add = [&](std::string_view name, std::optional<double> hz) {
    if (hz && *hz > 0) text += fmt::format("{}{}:{:g}Hz", text.empty() ? "" : " ", name, *hz);
  };
  // The high pass is in hundredths of a hertz.
  if (const auto high = decimal_in(waveform.text_at({"HighPassFilter"}))) add("HP", *high / 100);
  add("LP", decimal_in(waveform.text_at({"LowPassFilter"})));
  add("N", decimal_in(waveform.text_at({"ACFilter"})));
  return text;
}

Result<Rate> rate_of(const XmlElement& waveform) {
  const auto base = Rate::parse(stripped(waveform.text_at({"SampleBase"})));
  const auto exponent = integer_in(waveform.text_at({"SampleExponent"})).value_or(0);
  if (!base || exponent < -6 || exponent > 6) {
    return wrong("the sampling rate is no number above 0", waveform);
  }
  std::int64_t factor = 1;
  for (std::int64_t i = 0; i < std::abs(exponent); ++i) factor *= 10;
  if (exponent >= 0) return base->times(factor);
  return Rate::of(base->numerator(), base->denominator() * factor);
}

class WaveformReader {
 public:
  explicit WaveformReader(const XmlElement& waveform) : waveform_(waveform) {}

  Status read() {
    rate_ = CSL_TRY(rate_of(waveform_));
    filter_ = filter_of(waveform_);
    for (const XmlElement& child : waveform_.children) {
      if (child.name == "LeadData") CSL_TRY(read_lead(child));
    }
    if (table.channels.empty()) return wrong("the rhythm waveform has no leads", waveform_);
    return {};
  }

  EcgTable table{};
  std::vector<ReadNote> notes{};

 private:
  Status read_lead(const XmlElement& lead) {
    Channel channel{.name = lead_name(stripped(lead.text_at({"LeadID"}))),
                    .unit = unit_of(stripped(lead.text_at({"LeadAmplitudeUnits"}))),
                    .filter = filter_,
                    .rate = rate_,
                    .adc_bits = 16};
    const auto step = decimal_in(lead.text_at({"LeadAmplitudeUnitsPerBit"}));
    if (step && (*step == 0 || !std::isfinite(1 / *step)))
      return wrong("a lead's amplitude step is 0", lead);
    channel.calibration = step ? Calibration::Stated : Calibration::Assumed;
    channel.adu_per_unit = 1 / step.value_or(1.0);
    if (integer_in(lead.text_at({"LeadSampleSize"})).value_or(2) != 2) {
      return fail(ErrorCode::Unsupported, "the samples of a lead are not of 16 bits",
                  fmt::format("line {}", lead.line_number),
                  "export the recording as SCP-ECG or DICOM");
    }
    set_range(channel, -32768, 32767);
    const XmlElement* data = lead.child("WaveFormData");
    if (data == nullptr) return wrong("a lead has no samples", lead);
    const auto bytes = from_base64_text(data->text);
    if (!bytes) return wrong("a lead's samples are not base64", *data);
    check(lead, *bytes, channel.name);
    // A lead that begins later than the others.
    const auto late = std::clamp<std::int64_t>(
        integer_in(lead.text_at({"LeadOffsetFirstSample"})).value_or(0), 0, 1 << 20);
    std::vector<std::int32_t> samples(static_cast<std::size_t>(late), missing_sample_default);
    for (std::size_t i = 0; i + 1 < bytes->size(); i += 2) {
      samples.push_back(static_cast<std::int16_t>(std::to_integer<int>((*bytes)[i]) |
                                                  std::to_integer<int>((*bytes)[i + 1]) << 8));
    }
    table.channels.push_back(std::move(channel));
    table.samples.push_back(std::move(samples));
    return {};
  }

  void check(const XmlElement& lead, const Bytes& bytes, const std::string& name) {
    const std::string where =
        fmt::format("line {}, lead {}", lead.line_number, table.channels.size() + 1);
    static_cast<void>(name);
    const auto stated = integer_in(lead.text_at({"LeadDataCRC32"}));
    if (stated && *stated != libdeflate_crc32(0, bytes.data(), bytes.size())) {
      notes.push_back({.what = "a lead's checksum is wrong", .where = where});
    }
    const auto count = integer_in(lead.text_at({"LeadSampleCountTotal"}));
    if (count && *count != std::ssize(bytes) / 2) {
      notes.push_back(
          {.what = fmt::format("{} samples are stated, {} are there", *count, bytes.size() / 2),
           .where = where});
    }
  }

  const XmlElement& waveform_;
  Rate rate_;
  std::string filter_;
};

// "11-22-2002" and "09:10:00".
std::optional<CivilTime> time_of(std::string_view date, std::string_view time) {
  const std::string day = digits_in(date, 8);
  const std::string clock = digits_in(time, 6);
  if (day.size() != 8) return std::nullopt;
  const auto number = [](const std::string& text, std::size_t at, std::size_t count) {
    return text.size() < at + count
               ? 0
               : static_cast<int>(integer_in(text.substr(at, count)).value_or(0));
  };
  return CivilTime{.year = number(day, 4, 4),
                   .month = number(day, 0, 2),
                   .day = number(day, 2, 2),
                   .hour = number(clock, 0, 2),
                   .minute = number(clock, 2, 2),
                   .second = number(clock, 4, 2)};
}

RecordIdentity identity_of(const XmlElement& root) {
  RecordIdentity who;
  const XmlElement* patient = root.child("PatientDemographics");
  if (patient != nullptr) {
    who.patient_id = std::string(stripped(patient->text_at({"PatientID"})));
    who.patient_name = std::string(stripped(patient->text_at({"PatientLastName"})));
    const std::string_view first = stripped(patient->text_at({"PatientFirstName"}));
    if (!first.empty()) who.patient_name += "^" + std::string(first);
    const std::string birth = digits_in(patient->text_at({"DateofBirth"}), 8);  // MM-DD-YYYY
    if (birth.size() == 8) who.birth_date = iso_date_of(birth.substr(4) + birth.substr(0, 4));
    const std::string_view sex = stripped(patient->text_at({"Gender"}));
    if (!sex.empty()) who.sex = sex.starts_with('M') ? "M" : sex.starts_with('F') ? "F" : "O";
  }
  if (const XmlElement* test = root.child("TestDemographics")) {
    who.base_time = time_of(test->text_at({"AcquisitionDate"}), test->text_at({"AcquisitionTime"}));
  }
  return who;
}

// Times of complexes are in milliseconds.
std::vector<SignalEvent> complexes_of(const XmlElement& root, const RecordHeader& record) {
  std::vector<SignalEvent> events;
  const XmlElement* list = root.child("QRSTimesTypes");
  if (list == nullptr) return events;
  for (const XmlElement& qrs : list->children) {
    const auto at_ms = qrs.name == "QRS" ? decimal_in(qrs.text_at({"Time"})) : std::nullopt;
    if (!at_ms || *at_ms < 0 || *at_ms > 1e9) continue;
    const Tick at{std::llround(*at_ms / 1000 * record.tick_rate.hz())};
    if (at.value >= record.length_ticks) continue;
    // Type 0 is the dominant shape; what the others are, only the device knows.
    const bool is_dominant = integer_in(qrs.text_at({"Type"})).value_or(0) == 0;
    events.push_back({.at = at, .code = is_dominant ? MitCode::Normal : MitCode::Unclassifiable});
  }
  std::ranges::stable_sort(events, {}, &SignalEvent::at);
  return events;
}

}  // namespace

Result<Recording> open_muse(std::shared_ptr<const ByteSource> file) {
  const Bytes bytes = CSL_TRY(read_all(*file, file_bytes_max));
  const XmlElement root = CSL_TRY(read_xml(text_of(bytes)));
  if (root.name != "RestingECG") {
    return fail(ErrorCode::Unsupported, "this is no resting ECG of MUSE",
                fmt::format("line {}", root.line_number));
  }
  const auto rhythm = std::ranges::find_if(root.children, [](const XmlElement& child) {
    return child.name == "Waveform" && stripped(child.text_at({"WaveformType"})) == "Rhythm";
  });
  if (rhythm == root.children.end()) {
    return fail(ErrorCode::Unsupported, "the document holds no rhythm waveform", "RestingECG",
                "export it with its waveforms");
  }
  WaveformReader reader(*rhythm);
  CSL_TRY(reader.read());
  RecordHeader header;
  if (add_derived_leads(reader.table) > 0) {
    header.notes.push_back({.what = "leads that follow from I and II are computed"});
  }
  header.channels = std::move(reader.table.channels);
  std::ranges::move(reader.notes, std::back_inserter(header.notes));
  header.identity = Protected<RecordIdentity>(identity_of(root));
  Recording recording{
      .samples = CSL_TRY(sample_table(std::move(header), std::move(reader.table.samples)))};
  recording.events = complexes_of(root, recording.samples->header());
  return recording;
}

}  // namespace consilium
