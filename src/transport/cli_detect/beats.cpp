#include "transport/cli_detect/beats.hpp"

#include <algorithm>

#include "analysis/qrs_detection/qrs_fusion.hpp"

namespace consilium::cli {
namespace {

// Hands `take` the leads' samples, piece by piece.
template <class Take>
Status each_piece(const EcgRecord& record, Take take) {
  constexpr std::int64_t at_once = 1 << 15;
  const std::int64_t count = record.channel().sample_count;
  for (std::int64_t first = 0; first < count; first += at_once) {
    take(CSL_TRY(record.read(first, std::min(at_once, count - first))));
  }
  return {};
}

}  // namespace

Result<std::vector<QrsComplex>> beats_in(const EcgRecord& record) {
  const double rate_hz = record.channel().rate.hz();
  if (record.leads.size() == 1) {
    QrsDetector detector = CSL_TRY(QrsDetector::create(rate_hz));
    CSL_TRY(each_piece(record, [&](const auto& leads_mv) { detector.push(leads_mv[0]); }));
    return detector.finish();
  }
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
