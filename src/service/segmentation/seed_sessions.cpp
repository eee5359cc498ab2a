#include "service/segmentation/seed_sessions.hpp"

#include <algorithm>

#include "service/segmentation/classify.hpp"

namespace consilium::service {
namespace {
constexpr std::size_t sessions_max = 2;
}  // namespace

Result<GrownLabels> SeedSessions::grow(const SeedPlace& place,
                                       std::shared_ptr<const SeriesVolume> volume,
                                       const Lattice& lattice, std::vector<std::uint8_t> seeds,
                                       bool relearn, unsigned threads,
                                       const std::stop_token& stop) {
  const std::shared_ptr<Session> session = session_of(place, std::move(volume));
  const std::scoped_lock lock(session->mutex);
  if (!session->growth) {
    session->growth.emplace(
        CSL_TRY(SeedGrowth::create(session->volume->view(), lattice, {}, threads)));
  }
  SeedGrowth& growth = *session->growth;
  CSL_TRY(check_running(stop));
  CSL_TRY(growth.set_seeds(std::span<const std::uint8_t>(seeds)));
  static_cast<void>(growth.update(threads, relearn ? ModelUse::Relearn : ModelUse::Auto));
  CSL_TRY(check_running(stop));
  const auto labels = growth.labels();
  return GrownLabels{.labels = {labels.begin(), labels.end()},
                     .next_slices = growth.next_best_slices()};
}

std::shared_ptr<SeedSessions::Session> SeedSessions::session_of(
    const SeedPlace& place, std::shared_ptr<const SeriesVolume> volume) {
  return sessions_.with([&](auto& sessions) {
    auto found = std::ranges::find_if(
        sessions, [&](const auto& one) { return one->place == place && one->volume == volume; });
    if (found == sessions.end()) {
      auto session = std::make_shared<Session>();
      session->place = place;
      session->volume = std::move(volume);
      sessions.push_front(std::move(session));
      if (sessions.size() > sessions_max) sessions.pop_back();
    } else {
      sessions.splice(sessions.begin(), sessions, found);
    }
    return sessions.front();
  });
}

}  // namespace consilium::service
