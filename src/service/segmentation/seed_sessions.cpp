#include "service/segmentation/seed_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "analysis/parallel/parallel.hpp"
#include "analysis/pixel_classifier/seed_likelihood.hpp"
#include "service/segmentation/classify.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t sessions_max = 2;
constexpr std::size_t name_bytes = 16;

void mark_all(std::vector<std::uint8_t>& bricks) { std::ranges::fill(bricks, std::uint8_t{1}); }

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

SeedSession::SeedSession(WorkingMask mask, std::shared_ptr<const SeriesVolume> volume,
                         std::string name)
    : mask_(std::move(mask)),
      volume_(std::move(volume)),
      name_(std::move(name)),
      seeds_stale_(mask_.brick_count()),
      outcome_stale_(mask_.brick_count(), 1),
      counts_(mask_.brick_count()),
      updated_(mask_.brick_count()) {}

Status SeedSession::take(std::span<const StoredBrick> bricks) {
  for (const StoredBrick& brick : bricks) {
    const auto [layer, index] = brick.key;
    CSL_TRY(mask_.set(layer, index, brick.bytes));
    if (brick.hash.empty()) {
      hashes_.erase(brick.key);
    } else {
      hashes_.insert_or_assign(brick.key, brick.hash);
    }
    // Seeds and restrictions may look at any layer.
    seeds_stale_[index] = 1;
    outcome_stale_[index] = 1;
  }
  return {};
}

// A segment whose seeds are all gone keeps its number, for the order of the others is the same
// without it; any other change gives the numbers, and what was learnt for them, to others.
Status SeedSession::number_seeds(const MaskOperation& operation, const GrowOperation& grow) {
  SeedNumbering wanted = CSL_TRY(seed_numbering(mask_, grow.seeds_layer.value_or(operation.layer),
                                                grow.segments, grow.background));
  const std::vector<std::uint16_t> drawn = mask_.segments();
  const bool only_fewer = wanted.layer == 0 && numbering_.layer == 0 &&
                          wanted.background == numbering_.background &&
                          std::ranges::includes(numbering_.segments, wanted.segments) &&
                          std::ranges::none_of(numbering_.segments, [&](std::uint16_t segment) {
                            return !std::ranges::binary_search(wanted.segments, segment) &&
                                   std::ranges::binary_search(drawn, segment);
                          });
  if (wanted == numbering_ || only_fewer) return {};
  numbering_ = std::move(wanted);
  relearn_due_ = true;
  mark_all(seeds_stale_);
  return {};
}

Status SeedSession::put_seeds() {
  BrickSeeds bricks(mask_, numbering_);
  std::vector<SeedChange> changes;
  const std::span<const std::uint8_t> present = growth_->seeds();
  for (std::uint32_t index = 0; index < mask_.brick_count(); ++index) {
    if (seeds_stale_[index] == 0) continue;
    const std::span<const std::uint8_t> seeds = bricks.of(index);
    for_each_brick_row(
        mask_.grid(), index, [&](std::size_t voxel, std::uint32_t count, std::size_t place) {
          for (std::uint32_t x = 0; x < count; ++x) {
            if (seeds[place + x] == present[voxel + x]) continue;
            changes.push_back(
                {.voxel = static_cast<std::uint32_t>(voxel + x), .label = seeds[place + x]});
          }
        });
  }
  CSL_TRY(growth_->set_seeds(std::span<const SeedChange>(changes)));
  std::ranges::fill(seeds_stale_, std::uint8_t{0});
  return {};
}

// What no seed reached keeps its label; what the background reached loses it, and so does what
// another segment reached in a layer that holds one alone.
LabelChange SeedSession::grown_labels(std::uint32_t layer) const {
  return [this, layer, segment_of = numbering_.segment_of(), grown = growth_->labels()](
             std::uint32_t index, std::span<std::uint16_t> labels) {
    for_each_brick_row(
        mask_.grid(), index, [&](std::size_t voxel, std::uint32_t count, std::size_t place) {
          for (std::uint32_t x = 0; x < count; ++x) {
            const std::uint8_t number = grown[voxel + x];
            if (number == unlabelled) continue;
            const std::uint16_t segment = segment_of[number];
            labels[place + x] = layer == 0 || segment == layer ? segment : std::uint16_t{0};
          }
        });
    return true;
  };
}

std::optional<std::uint64_t> SeedSession::update_named(const std::string& preview) const {
  if (!preview.starts_with(name_) || preview.size() <= name_.size() + 1) return std::nullopt;
  const std::string_view number = std::string_view(preview).substr(name_.size() + 1);
  std::uint64_t update = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), update);
  if (read.ec != std::errc{} || read.ptr != number.data() + number.size()) return std::nullopt;
  if (update < first_of_question_ || update > update_) return std::nullopt;
  return update;
}

void SeedSession::edit_bricks(const MaskOperation& operation, std::optional<std::uint64_t> since,
                              unsigned threads, MaskEdit& edit) {
  std::vector<std::uint32_t> bricks;
  for (std::uint32_t index = 0; index < mask_.brick_count(); ++index) {
    if (outcome_stale_[index] != 0) updated_[index] = update_;
    const bool is_told = since ? updated_[index] > *since : counts_[index].any();
    if (outcome_stale_[index] != 0 || is_told) bricks.push_back(index);
  }
  const LabelChange change = grown_labels(operation.layer);
  std::vector<Bytes> records(std::max(threads, 1U));
  split_work(threads, bricks.size(),
             [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
               BrickEditor editor(mask_, operation.layer, operation.restriction, volume_.get());
               for (std::uint64_t i = begin; i < end; ++i) {
                 const std::uint32_t index = bricks[i];
                 counts_[index] = editor.edit(index, change);
                 if (!since && !counts_[index].any()) continue;
                 put_record(records[part], operation.layer, index, editor.labels(), operation.form);
               }
             });
  std::ranges::fill(outcome_stale_, std::uint8_t{0});
  edit.records = std::move(records.front());
  for (std::size_t part = 1; part < records.size(); ++part) append(edit.records, records[part]);
  for (const VoxelCounts& counts : counts_) {
    edit.bricks += counts.any() ? 1 : 0;
    edit.voxels.added += counts.added;
    edit.voxels.removed += counts.removed;
    edit.voxels.changed += counts.changed;
  }
}

Status SeedSession::put_likelihood(LikelihoodRule rule, ModelUse use, PyramidCache& pyramids,
                                   unsigned threads, const std::stop_token& stop) {
  if (rule != likelihood_) {
    CSL_TRY(growth_->set_likelihood(std::nullopt));
    likelihood_ = rule;
  }
  if (rule == LikelihoodRule::Intensity || !growth_->relearns(use)) return {};
  const std::span<const std::uint8_t> seeds = growth_->seeds();
  std::array<bool, 256> is_drawn{};
  for (const std::uint8_t seed : seeds) is_drawn[seed] = true;
  // One label takes all, whatever is likely.
  if (std::count(is_drawn.begin() + 1, is_drawn.end(), true) < 2) {
    return growth_->set_likelihood(std::nullopt);
  }
  const auto pyramid = CSL_TRY(pyramids.find(volume_, growth_->lattice(), threads));
  return growth_->set_likelihood(
      CSL_TRY(likelihood_of_seeds(*pyramid, seeds, threads, [&] { return check_running(stop); })),
      threads);
}

Result<Grown> SeedSession::grow(const MaskOperation& operation, const GrowOperation& grow,
                                const Lattice& lattice, PyramidCache& pyramids, unsigned threads,
                                const std::stop_token& stop) {
  CSL_TRY(number_seeds(operation, grow));
  if (!growth_) {
    growth_.emplace(CSL_TRY(SeedGrowth::create(volume_->view(), lattice, {}, threads)));
  }
  CSL_TRY(check_running(stop));
  CSL_TRY(put_seeds());
  const ModelUse use = grow.relearn || relearn_due_ ? ModelUse::Relearn
                       : grow.keep_model            ? ModelUse::Keep
                                                    : ModelUse::Auto;
  CSL_TRY(put_likelihood(grow.likelihood, use, pyramids, threads, stop));
  const SeedUpdate update = growth_->update(threads, use);
  relearn_due_ = false;
  for (const std::uint32_t index : update.bricks) outcome_stale_[index] = 1;
  CSL_TRY(check_running(stop));
  ++update_;
  Question question{
      .layer = operation.layer, .numbering = numbering_, .restriction = operation.restriction};
  if (question_ != question) {
    question_ = std::move(question);
    first_of_question_ = update_;
    mark_all(outcome_stale_);
  }
  const auto since = update_named(operation.since);
  Grown grown;
  edit_bricks(operation, since, threads, grown.edit);
  grown.preview = fmt::format("{}.{}", name_, update_);
  grown.is_update = since.has_value();
  if (grow.next_slices) grown.next_slices = growth_->next_best_slices();
  return grown;
}

Result<SeedSessions::Held> SeedSessions::take(const SeedPlace& place, const Grid& grid,
                                              std::shared_ptr<const SeriesVolume> volume) {
  WorkingMask empty = CSL_TRY(WorkingMask::read(grid, {}));
  Kept kept = kept_.with([&](auto& list) {
    const auto found = std::ranges::find_if(list, [&](const Kept& one) {
      return one.place == place && one.session->volume() == volume;
    });
    if (found != list.end()) {
      list.splice(list.begin(), list, found);
      return list.front();
    }
    std::array<std::byte, name_bytes> name{};
    random_.fill(name);
    std::erase_if(list, [&](const Kept& one) { return one.place == place; });
    list.push_front({.place = place,
                     .session = std::make_shared<SeedSession>(std::move(empty), std::move(volume),
                                                              to_hex(name)),
                     .mutex = std::make_shared<std::mutex>()});
    if (list.size() > sessions_max) list.pop_back();
    return list.front();
  });
  // Held by the lock's owner as long as the session is.
  std::shared_ptr<std::mutex> mutex = std::move(kept.mutex);
  return Held{.session = std::move(kept.session), .mutex = mutex, .lock = std::unique_lock(*mutex)};
}

}  // namespace consilium::service
