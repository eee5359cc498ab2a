#include "format/sierra_xml/sierra_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "domain/signal/sample_table.hpp"
#include "format/base64/base64_text.hpp"
#include "format/lead_names/lead_names.hpp"
#include "format/number_text/number_text.hpp"
#include "format/sierra_xml/xli.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t file_bytes_max = 32U << 20U;
constexpr std::string_view standard_leads = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6";

std::unexpected<Error> wrong(std::string what, const XmlElement& at) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("line {}", at.line_number),
              "export the recording again from the system that made it");
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (text = stripped(text); !text.empty(); text = stripped(text)) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

// What the two versions say in different places.
struct Form {
  Rate rate{};
  double uv_per_step = 5;
  bool states_step = false;
  double offset = 0;
  std::vector<std::string> leads{};
  bool is_xli = false;
};

Result<Form> form_of(const XmlElement& root, const XmlElement& waves) {
  const XmlElement* signal = root.at({"dataacquisition", "signalcharacteristics"});
  const auto in_signal = [&](std::string_view name) {
    return signal == nullptr ? std::string_view() : stripped(signal->text_at({name}));
  };
  const auto stated = [&](std::string_view attribute, std::string_view element) {
    const std::string_view value = stripped(waves.value_of(attribute));
    return value.empty() ? in_signal(element) : value;
  };
  Form form;
  const auto rate = Rate::parse(stated("samplespersecond", "samplingrate"));
  if (!rate) return wrong("the sampling rate is no number above 0", waves);
  form.rate = *rate;
  if (const auto step = decimal_in(stated("resolution", "signalresolution"))) {
    if (*step <= 0 || !std::isfinite(1 / *step))
      return wrong("the resolution is not above 0", waves);
    form.uv_per_step = *step;
    form.states_step = true;
  }
  form.offset = decimal_in(stated("signaloffset", "signaloffset")).value_or(0);
  form.leads = words_of(waves.value_of("leadlabels").empty() ? standard_leads
                                                             : waves.value_of("leadlabels"));
  const auto bits =
      stated(waves.attribute("bitspersample") != nullptr ? "bitspersample" : "nbitspersample",
             "bitspersample");
  const std::string_view packing = waves.value_of("compressflag") == "False" ? std::string_view()
                                   : waves.attribute("compression") != nullptr
                                       ? waves.value_of("compression")
                                       : waves.value_of("compressmethod");
  form.is_xli = packing == "XLI";
  const bool is_plain = packing.empty() || packing == "Uncompressed" || packing == "None";
  if ((!form.is_xli && !is_plain) || waves.value_of("dataencoding") != "Base64" ||
      integer_in(bits).value_or(16) != 16) {
    return fail(ErrorCode::Unsupported, "the waveforms are packed in a way that is not read",
                fmt::format("line {}", waves.line_number),
                "export the recording as SCP-ECG or DICOM");
  }
  return form;
}

std::string filter_of(const XmlElement& root) {
  std::string text;
  const XmlElement* band = root.at({"reportinfo", "reportbandwidth"});
  if (band == nullptr) return text;
  const auto add = [&](std::string_view name, std::string_view element) {
    const auto hz = decimal_in(band->text_at({element}));
    if (hz && *hz > 0) text += fmt::format("{}{}:{:g}Hz", text.empty() ? "" : " ", name, *hz);
  };
  add("HP", "highpassfiltersetting");
  add("LP", "lowpassfiltersetting");
  add("N", "notchfiltersetting");
  return text;
}

RecordIdentity identity_of(const XmlElement& root) {
  RecordIdentity who;
  if (const XmlElement* patient = root.at({"patient", "generalpatientdata"})) {
    who.patient_id = std::string(stripped(patient->text_at({"patientid"})));
    who.patient_name = std::string(stripped(patient->text_at({"name", "lastname"})));
    const std::string_view first = stripped(patient->text_at({"name", "firstname"}));
    if (!first.empty()) who.patient_name += "^" + std::string(first);
    who.birth_date = iso_date_of(patient->text_at({"age", "dateofbirth"}));
    const std::string_view sex = stripped(patient->text_at({"sex"}));
    if (!sex.empty()) who.sex = sex == "Male" ? "M" : sex == "Female" ? "F" : "O";
  }
  if (const XmlElement* acquired = root.child("dataacquisition")) {
    const std::string digits =
        digits_in(acquired->value_of("date"), 8) + digits_in(acquired->value_of("time"), 6);
    const auto part = [&](std::size_t at, std::size_t count) {
      return static_cast<int>(integer_in(digits.substr(at, count)).value_or(0));
    };
    if (digits.size() == 14) {
      who.base_time = CivilTime{.year = part(0, 4),
                                .month = part(4, 2),
                                .day = part(6, 2),
                                .hour = part(8, 2),
                                .minute = part(10, 2),
                                .second = part(12, 2)};
    }
  }
  return who;
}

// Plain samples: lead after lead, little-endian.
std::vector<std::vector<std::int32_t>> cut_leads(const Bytes& bytes, std::size_t leads) {
  const std::size_t each = bytes.size() / 2 / leads;
  std::vector<std::vector<std::int32_t>> samples(leads);
  for (std::size_t lead = 0; lead < leads; ++lead) {
    for (std::size_t i = lead * each; i < (lead + 1) * each; ++i) {
      samples[lead].push_back(static_cast<std::int16_t>(
          std::to_integer<int>(bytes[2 * i]) | std::to_integer<int>(bytes[2 * i + 1]) << 8));
    }
  }
  return samples;
}

Result<std::vector<std::vector<std::int32_t>>> samples_of(const XmlElement& waves,
                                                          const Form& form) {
  const auto bytes = from_base64_text(waves.text);
  if (!bytes) return wrong("the waveforms are not base64", waves);
  if (!form.is_xli) return cut_leads(*bytes, form.leads.size());
  std::vector<std::vector<std::int32_t>> leads = CSL_TRY(sierra::unpack_xli(*bytes));
  if (leads.size() < form.leads.size()) return wrong("leads are missing", waves);
  leads.resize(form.leads.size());  // recorders add empty ones
  const bool as_long = std::ranges::all_of(
      leads, [&](const auto& lead) { return lead.size() == leads.front().size(); });
  if (!as_long) return wrong("leads have another length than the first", waves);
  if (form.leads.size() >= 6) sierra::restore_limb_leads(leads);
  return leads;
}

}  // namespace

Result<Recording> open_sierra(std::shared_ptr<const ByteSource> file) {
  const Bytes bytes = CSL_TRY(read_all(*file, file_bytes_max));
  const XmlElement root = CSL_TRY(read_xml(text_of(bytes)));
  const std::string_view version = stripped(root.text_at({"documentinfo", "documentversion"}));
  if (root.name != "restingecgdata" ||
      !(version.starts_with("1.03") || version.starts_with("1.04"))) {
    return fail(ErrorCode::Unsupported, "this is no Sierra ECG of version 1.03 or 1.04",
                fmt::format("line {}", root.line_number), "export the recording as one of them");
  }
  const XmlElement* waves = root.at({"waveforms", "parsedwaveforms"});
  if (waves == nullptr) {
    return fail(ErrorCode::Unsupported, "the document holds no waveforms", "restingecgdata",
                "export it with its waveforms");
  }
  const Form form = CSL_TRY(form_of(root, *waves));
  if (form.leads.empty()) return wrong("no leads are named", *waves);
  std::vector<std::vector<std::int32_t>> samples = CSL_TRY(samples_of(*waves, form));
  RecordHeader header;
  const std::string filter = filter_of(root);
  for (const std::string& name : form.leads) {
    Channel channel{.name = lead_name(name),
                    .unit = "uV",
                    .filter = filter,
                    .rate = form.rate,
                    .adu_per_unit = 1 / form.uv_per_step,
                    .baseline_adu = form.offset,
                    .calibration = form.states_step ? Calibration::Stated : Calibration::Assumed,
                    .adc_bits = 16};
    set_range(channel, -32768, 32767);
    header.channels.push_back(std::move(channel));
  }
  const auto stated_ms = decimal_in(waves->value_of("durationperchannel"));
  const double there_ms = static_cast<double>(samples.front().size()) / form.rate.hz() * 1000;
  if (stated_ms && std::abs(*stated_ms - there_ms) > 1) {
    header.notes.push_back(
        {.what = fmt::format("{:g} ms are stated, {:g} are there", *stated_ms, there_ms),
         .where = fmt::format("line {}", waves->line_number)});
  }
  header.identity = Protected<RecordIdentity>(identity_of(root));
  return Recording{.samples = CSL_TRY(sample_table(std::move(header), std::move(samples)))};
}

}  // namespace consilium
