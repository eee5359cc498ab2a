#include "transport/cli_detect/beats.hpp"

#include <algorithm>

#include "analysis/qrs_detection/qrs_fusion.hpp"

namespace consilium::cli {
namespace {

constexpr std::int64_t at_once = 1 << 15;

// Hands `take` the leads' samples, piece by piece.
template <class Take>
Status each_piece(const EcgRecord& record, Take take) {
  const std::int64_t count = record.channel().sample_count;
  for (std::int64_t first = 0; first < count; first += at_once) {
    take(CSL_TRY(record.read(first, std::min(at_once, count - first))));
  }
  return {};
}

}  // namespace

Result<std::vector<QrsComplex>> beats_in(const EcgRecord& record, std::size_t channel) {
  QrsDetector detector = CSL_TRY(QrsDetector::create(record.header().channels[channel].rate.hz()));
  const std::int64_t count = record.header().channels[channel].sample_count;
  for (std::int64_t first = 0; first < count; first += at_once) {
    detector.push(CSL_TRY(record.read_lead(channel, first, std::min(at_once, count - first))));
  }
  return detector.finish();
}

Result<std::vector<QrsComplex>> beats_in(const EcgRecord& record) {
  if (record.leads.size() == 1) return beats_in(record, record.leads.front());
  const double rate_hz = record.channel().rate.hz();
  std::vector<LeadContrast> contrasts;
  for (std::size_t l = 0; l < record.leads.size(); ++l) {
    contrasts.push_back(CSL_TRY(LeadContrast::create(rate_hz)));
  }
  CSL_TRY(each_piece(record, [&](const auto& leads_mv) {
    for (std::size_t l = 0; l < contrasts.size(); ++l) contrasts[l].push(leads_mv[l]);
  }));
  std::vector<std::vector<LeadBlock>> blocks;
  for (LeadContrast& contrast : contrasts) blocks.push_back(contrast.finish());
  QrsFusion fusion = CSL_TRY(QrsFusion::create(rate_hz, std::move(blocks)));
  CSL_TRY(each_piece(record, [&](const auto& leads_mv) {
    fusion.push(std::vector<std::span<const float>>(leads_mv.begin(), leads_mv.end()));
  }));
  return fusion.finish();
}

}  // namespace consilium::cli
