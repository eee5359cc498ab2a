#include "service/panel/mask_agreement.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "analysis/statistics/cluster_bootstrap.hpp"
#include "service/annotation/mask_copy.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t kept_max = 1'000'000;

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// What one rater drew with the label on the grid; no segments: nothing.
struct Drawing {
  RaterIndex rater = 0;
  std::set<std::uint16_t> segments;
};

BinaryBricks joined(BinaryBricks mask, const BinaryBricks& other) {
  for (const auto& [index, bits] : other) {
    std::vector<std::uint8_t>& own = mask[index];
    own.resize(bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      own[i] = static_cast<std::uint8_t>(own[i] | bits[i]);
    }
  }
  return mask;
}

class MaskComparison {
 public:
  MaskComparison(storage::Store& store, const storage::Reader& reader, const ProjectVotes& votes,
                 MaskDiceKept& kept)
      : store_(store), reader_(reader), votes_(votes), kept_(kept) {}

  // Adds the pairs of one grid to `sums`: their Dice and how many grids it is summed over.
  using Sums = std::map<std::pair<RaterIndex, RaterIndex>, std::pair<double, int>>;
  Status add(const VotedItem& item, const std::string& grid, const std::vector<Drawing>& drawings,
             Sums& sums) {
    std::vector<std::string> names;
    for (const Drawing& drawing : drawings) {
      std::string name = to_string(votes_.raters[drawing.rater].rater.id);
      if (!drawing.segments.empty()) {
        name += '@' + std::to_string(CSL_TRY(storage::mask_revision(
                          reader_, item.id, votes_.raters[drawing.rater].rater.id, grid)));
      }
      for (const std::uint16_t segment : drawing.segments) name += ':' + std::to_string(segment);
      names.push_back(std::move(name));
    }
    std::map<std::size_t, BinaryBricks> loaded;
    for (std::size_t a = 0; a < drawings.size(); ++a) {
      for (std::size_t b = a + 1; b < drawings.size(); ++b) {
        const std::string key = to_string(item.id) + grid + names[a] + ' ' + names[b];
        auto known = kept_.with([&](auto& kept) {
          const auto found = kept.find(key);
          return found == kept.end() ? std::optional<std::optional<double>>{} : found->second;
        });
        if (!known) {
          CSL_TRY(load(item, grid, drawings, a, loaded));
          CSL_TRY(load(item, grid, drawings, b, loaded));
          known = dice_of(loaded[a], loaded[b]);
          kept_.with([&](auto& kept) {
            if (kept.size() >= kept_max) kept.clear();
            kept[key] = *known;
          });
        }
        if (!*known) continue;
        auto& [sum, count] = sums[{drawings[a].rater, drawings[b].rater}];
        sum += **known;
        ++count;
      }
    }
    return {};
  }

 private:
  Status load(const VotedItem& item, const std::string& grid, const std::vector<Drawing>& drawings,
              std::size_t which, std::map<std::size_t, BinaryBricks>& loaded) {
    if (loaded.contains(which)) return {};
    BinaryBricks mask;
    for (const std::uint16_t segment : drawings[which].segments) {
      mask = joined(
          std::move(mask),
          CSL_TRY(load_segment(store_, reader_, item.patient, item.id,
                               votes_.raters[drawings[which].rater].rater.id, grid, segment)));
    }
    loaded.emplace(which, std::move(mask));
    return {};
  }

  storage::Store& store_;
  const storage::Reader& reader_;
  const ProjectVotes& votes_;
  MaskDiceKept& kept_;
};

std::optional<MaskItem> item_of(std::uint32_t item, const MaskComparison::Sums& sums) {
  if (sums.empty()) return std::nullopt;
  MaskItem counted{.item = item, .pairs = {}};
  for (const auto& [raters, sum] : sums) {
    counted.pairs.push_back({raters.first, raters.second, sum.first / sum.second});
    counted.dice += counted.pairs.back().dice;
  }
  counted.dice /= static_cast<double>(counted.pairs.size());
  return counted;
}

PanelEstimate median_over_patients(const ProjectVotes& votes, const std::vector<MaskItem>& items) {
  PanelEstimate shown;
  if (items.empty()) {
    shown.undefined = "no two raters drew on an item";
    return shown;
  }
  std::map<std::uint32_t, std::vector<double>> by_patient;
  std::vector<double> all;
  for (const MaskItem& item : items) {
    by_patient[votes.items[item.item].cluster].push_back(item.dice);
    all.push_back(item.dice);
  }
  shown.value = median_of(std::move(all));
  std::vector<const std::vector<double>*> patients;
  for (const auto& [patient, dice] : by_patient) patients.push_back(&dice);
  const auto interval =
      cluster_bootstrap(static_cast<std::uint32_t>(patients.size()), {},
                        [&](std::span<const std::uint32_t> times) -> std::optional<double> {
                          std::vector<double> drawn;
                          for (std::size_t p = 0; p < patients.size(); ++p) {
                            for (std::uint32_t t = 0; t < times[p]; ++t)
                              std::ranges::copy(*patients[p], std::back_inserter(drawn));
                          }
                          return median_of(std::move(drawn));
                        });
  if (!interval) {
    shown.undefined = "no interval: " + interval.error().what;
    return shown;
  }
  shown.low = interval->low;
  shown.high = interval->high;
  return shown;
}

std::vector<MaskRaterPair> pairs_over(const std::vector<MaskItem>& items) {
  std::map<std::pair<RaterIndex, RaterIndex>, std::vector<double>> found;
  for (const MaskItem& item : items) {
    for (const MaskPair& pair : item.pairs) found[{pair.first, pair.second}].push_back(pair.dice);
  }
  std::vector<MaskRaterPair> pairs;
  for (auto& [raters, dice] : found) {
    const std::size_t count = dice.size();
    pairs.push_back({raters.first, raters.second, median_of(std::move(dice)), count});
  }
  return pairs;
}

}  // namespace

Result<std::map<std::string, CountedMasks>> count_masks(storage::Store& store,
                                                        const storage::Reader& reader,
                                                        const ProjectVotes& votes,
                                                        MaskDiceKept& kept) {
  std::map<std::string, CountedMasks> counted;
  MaskComparison comparison(store, reader, votes, kept);
  for (const VotingUnit& unit : votes.units) {
    if (unit.kind != VotingKind::Mask) continue;
    CountedMasks& masks = counted[unit.id];
    // By item and grid: who drew what.
    std::map<std::uint32_t, std::map<std::string, std::map<RaterIndex, std::set<std::uint16_t>>>>
        drawn;
    for (const DrawnSegment& one : votes.segments) {
      if (one.unit == unit.id) drawn[one.item][one.grid_id][one.rater].insert(one.segment);
    }
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      const std::uint32_t item = unit.rows[row].item;
      MaskComparison::Sums sums;
      for (const auto& [grid, by_rater] : drawn[item]) {
        std::vector<Drawing> drawings;  // of all who finished the item
        for (const RaterIndex rater : unit.table.raters_of(row)) {
          const auto own = by_rater.find(rater);
          drawings.push_back(
              {rater, own == by_rater.end() ? std::set<std::uint16_t>{} : own->second});
        }
        std::ranges::sort(drawings, {}, &Drawing::rater);
        CSL_TRY(comparison.add(votes.items[item], grid, drawings, sums));
      }
      if (auto one = item_of(item, sums)) masks.items.push_back(std::move(*one));
    }
    masks.median = median_over_patients(votes, masks.items);
    masks.pairs = pairs_over(masks.items);
    std::ranges::stable_sort(masks.items, {}, &MaskItem::dice);
  }
  return counted;
}

}  // namespace consilium::service
