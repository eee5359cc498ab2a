#include "format/scp_ecg/scp_ecg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "domain/signal/sample_table.hpp"
#include "format/lead_names/lead_names.hpp"
#include "format/scp_ecg/scp_sections.hpp"

namespace consilium {
namespace scp {
namespace {

constexpr std::uint64_t file_bytes_max = 64U << 20U;
constexpr std::int64_t nv_per_uv = 1000;

using Samples = std::vector<std::int32_t>;

// Differences of order 0 to 2 added up. The first values stand as they are.
void add_up(Samples& values, int differences) {
  const auto add = [](std::int64_t a) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(a, -(1LL << 30), 1LL << 30));
  };
  for (std::size_t i = 1; i < values.size() && differences > 0; ++i) {
    if (differences == 1) {
      values[i] = add(std::int64_t{values[i]} + values[i - 1]);
    } else if (i >= 2) {
      values[i] = add(std::int64_t{values[i]} + 2 * std::int64_t{values[i - 1]} - values[i - 2]);
    }
  }
}

Result<Samples> decode_lead(const Sections& file, const Signals& signals, std::size_t lead,
                            std::size_t count_max, int section) {
  Samples values;
  const ByteView bytes = signals.leads[lead];
  if (file.has_huffman) {
    static const std::vector<HuffmanTable> standard{HuffmanTable::standard()};
    auto decoded = decode_huffman(file.tables.empty() ? standard : file.tables, bytes, count_max);
    if (!decoded) {
      Error error = decoded.error();
      error.where = fmt::format("section {}, lead {}, {}", section, lead + 1, error.where);
      return std::unexpected(error);
    }
    values = std::move(*decoded);
  } else {
    for (std::size_t i = 0; i + 1 < bytes.size() && values.size() < count_max; i += 2) {
      values.push_back(static_cast<std::int16_t>(std::to_integer<int>(bytes[i]) |
                                                 std::to_integer<int>(bytes[i + 1]) << 8));
    }
  }
  add_up(values, signals.differences);
  return values;
}

// Section 6 tells its own interval; bimodal data have it between the beats and the reference beat's
// inside the protected zones.
int rate_ratio(const Sections& file) {
  if (!file.rhythm->is_bimodal || !file.reference) return 1;
  const int inside = file.reference->interval_us;
  const int outside = file.rhythm->interval_us;
  return outside > inside && outside % inside == 0 ? outside / inside : 1;
}

// Which samples of the lead lie in a protected zone.
std::vector<bool> protected_samples(const Sections& file, const Lead& lead) {
  std::vector<bool> inside(static_cast<std::size_t>(lead.last_sample - lead.first_sample + 1));
  std::vector<Protected> zones = file.zones;
  std::ranges::sort(zones, {}, &Protected::begin);
  std::int64_t next = 0;  // zones may overlap; no sample is visited twice
  for (const Protected& zone : zones) {
    if (zone.begin < 1) continue;
    const std::int64_t end = std::min(zone.end - lead.first_sample + 1, std::ssize(inside));
    for (next = std::max(next, zone.begin - lead.first_sample); next < end; ++next) {
      inside[static_cast<std::size_t>(next)] = true;
    }
  }
  return inside;
}

// Bimodal data (EN 1064 5.9): inside the zones every sample, between them one for each `ratio`,
// which stands for the middle of those; what lies between two such is drawn as a line.
Samples spread(const Sections& file, const Lead& lead, const Samples& stored, int ratio) {
  const std::int64_t count = lead.last_sample - lead.first_sample + 1;
  const std::vector<bool> inside = protected_samples(file, lead);
  Samples out;
  std::size_t next = 0;
  for (std::int64_t at = 0; at < count && next < stored.size();) {
    if (inside[static_cast<std::size_t>(at)]) {
      out.push_back(stored[next++]);
      ++at;
      continue;
    }
    std::int64_t end = at;
    while (end < count && !inside[static_cast<std::size_t>(end)]) ++end;
    const std::int64_t length = end - at;
    const std::int64_t kept = (length + ratio - 1) / ratio;
    for (std::int64_t i = 0; i < length; ++i) {
      // Kept sample k is the mean of [k ratio, (k + 1) ratio), its middle (k + 1/2) ratio - 1/2.
      const double place = std::clamp((static_cast<double>(i) + 0.5) / ratio - 0.5, 0.0,
                                      static_cast<double>(kept - 1));
      const auto low = next + static_cast<std::size_t>(place);
      const auto high = std::min(low + 1, next + static_cast<std::size_t>(kept - 1));
      if (low >= stored.size()) break;
      const double part = place - std::floor(place);
      const std::int32_t after = stored[std::min(high, stored.size() - 1)];
      out.push_back(
          static_cast<std::int32_t>(std::lround((1 - part) * stored[low] + part * after)));
    }
    next += static_cast<std::size_t>(kept);
    at = end;
  }
  return out;
}

// Adds the reference beat to the residuals of the beats it was taken out of. Both in nanovolts.
void add_reference(const Sections& file, const Lead& lead, const Samples& reference,
                   double reference_nv, Samples& samples, double samples_nv) {
  for (const Beat& beat : file.beats) {
    if (beat.type != 0) continue;
    // Sample `at` of the recording is sample at - shift of the reference beat, from 0.
    const std::int64_t shift = beat.fiducial - file.reference_fiducial + 1;
    const std::int64_t first = std::max({beat.begin, lead.first_sample, shift});
    const std::int64_t last = std::min(
        {beat.end, lead.first_sample + std::ssize(samples) - 1, shift + std::ssize(reference) - 1});
    for (std::int64_t at = first; at <= last; ++at) {
      std::int32_t& sample = samples[static_cast<std::size_t>(at - lead.first_sample)];
      const double added =
          reference[static_cast<std::size_t>(at - shift)] * reference_nv / samples_nv;
      sample = static_cast<std::int32_t>(std::clamp<std::int64_t>(
          sample + std::llround(std::clamp(added, -1e9, 1e9)), -(1LL << 30), 1LL << 30));
    }
  }
}

Result<Channel> channel_of(const Sections& file, std::size_t index, const Signals& signals,
                           int interval_us) {
  const Lead& lead = file.leads[index];
  const std::string_view name = lead_of_number(lead.number);
  Channel channel{.name = name.empty() ? fmt::format("lead {}", index + 1) : std::string(name),
                  .unit = "uV",
                  .filter = file.filter,
                  .rate = CSL_TRY(Rate::of(1'000'000, interval_us)),
                  .adu_per_unit = static_cast<double>(nv_per_uv) / signals.nv_per_step,
                  .adc_bits = 16};
  set_range(channel, -32768, 32767);
  return channel;
}

struct Unpacked {
  EcgTable table{};
  std::vector<ReadNote> notes{};
};

Result<Samples> unpack_lead(const Sections& file, std::size_t index, int ratio,
                            std::vector<ReadNote>& notes) {
  const Lead& lead = file.leads[index];
  const auto count = static_cast<std::size_t>(lead.last_sample - lead.first_sample + 1);
  Samples samples = CSL_TRY(decode_lead(file, *file.rhythm, index, count, 6));
  if (ratio > 1) samples = spread(file, lead, samples, ratio);
  if (file.subtracts_reference_beat && file.reference) {
    const auto length = static_cast<std::size_t>(
        std::min<std::int64_t>(file.reference_ms * 1000 / file.reference->interval_us, 1 << 20));
    const Samples reference = CSL_TRY(decode_lead(file, *file.reference, index, length, 5));
    add_reference(file, lead, reference, file.reference->nv_per_step, samples,
                  file.rhythm->nv_per_step);
  }
  if (samples.size() < count) {
    notes.push_back(
        {.what = fmt::format("{} samples are stated, {} are there", count, samples.size()),
         .where = fmt::format("section 6, lead {}", index + 1)});
    samples.resize(count, missing_sample_default);
  }
  // Leads that begin later than the first sample.
  samples.insert(samples.begin(), static_cast<std::size_t>(lead.first_sample - 1),
                 missing_sample_default);
  return samples;
}

Result<Recording> unpack(Sections file) {
  const int ratio = rate_ratio(file);
  const int interval = file.rhythm->interval_us / ratio;
  std::vector<ReadNote> notes = std::move(file.notes);
  if (file.subtracts_reference_beat && !file.reference) {
    notes.push_back({.what = "the beats lack their average, which the file does not hold",
                     .where = "section 5"});
  }
  EcgTable table;
  for (std::size_t i = 0; i < file.leads.size(); ++i) {
    table.channels.push_back(CSL_TRY(channel_of(file, i, *file.rhythm, interval)));
    table.samples.push_back(CSL_TRY(unpack_lead(file, i, ratio, notes)));
  }
  add_derived_leads(table);
  RecordHeader header;
  header.channels = std::move(table.channels);
  header.notes = std::move(notes);
  header.identity = consilium::Protected<RecordIdentity>(std::move(file.identity));
  Recording recording{.samples =
                          CSL_TRY(sample_table(std::move(header), std::move(table.samples)))};
  const std::int64_t step = recording.samples->header().channels.front().ticks_per_sample;
  for (const Beat& beat : file.beats) {
    const Tick at{(beat.fiducial - 1) * step};
    if (at.value < 0 || at.value >= recording.samples->header().length_ticks) continue;
    recording.events.push_back({.at = at, .code = MitCode::Unclassifiable});
    if (beat.type == 0) recording.events.back().code = MitCode::Normal;
  }
  std::ranges::stable_sort(recording.events, {}, &SignalEvent::at);
  return recording;
}

}  // namespace
}  // namespace scp

Result<Recording> open_scp(std::shared_ptr<const ByteSource> file) {
  const Bytes bytes = CSL_TRY(read_all(*file, scp::file_bytes_max));
  return scp::unpack(CSL_TRY(scp::read_sections(bytes)));
}

Result<std::unique_ptr<SampleSource>> open_scp_reference_beat(
    std::shared_ptr<const ByteSource> file) {
  const Bytes bytes = CSL_TRY(read_all(*file, scp::file_bytes_max));
  scp::Sections sections = CSL_TRY(scp::read_sections(bytes));
  if (!sections.reference) {
    return fail(ErrorCode::NotFound, "the file holds no reference beat", "section 5");
  }
  RecordHeader header;
  std::vector<scp::Samples> samples;
  const auto length = static_cast<std::size_t>(std::min<std::int64_t>(
      sections.reference_ms * 1000 / sections.reference->interval_us, 1 << 20));
  for (std::size_t i = 0; i < sections.leads.size(); ++i) {
    header.channels.push_back(CSL_TRY(
        scp::channel_of(sections, i, *sections.reference, sections.reference->interval_us)));
    samples.push_back(CSL_TRY(scp::decode_lead(sections, *sections.reference, i, length, 5)));
  }
  return sample_table(std::move(header), std::move(samples));
}

}  // namespace consilium
