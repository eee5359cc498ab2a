#include "analysis/matching/packing.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"

namespace consilium {
namespace {

std::int64_t by_trying(const GroupList& groups, std::size_t group, std::uint64_t taken) {
  if (group == groups.size()) return 0;
  std::int64_t best = by_trying(groups, group + 1, taken);
  std::uint64_t mask = 0;
  for (const std::uint32_t v : groups.members(group)) mask |= std::uint64_t{1} << v;
  if ((mask & taken) == 0) {
    best = std::max(best, groups.saving(group) + by_trying(groups, group + 1, taken | mask));
  }
  return best;
}

GroupList random_groups(SeededRandom& random, std::uint32_t units, int count, std::uint32_t reach) {
  GroupList groups;
  for (int g = 0; g < count; ++g) {
    std::vector<std::uint32_t> members;
    const auto base = static_cast<std::uint32_t>(random.below(units));
    for (int k = 0; k < 3; ++k) {
      members.push_back(
          std::min(units - 1, base + static_cast<std::uint32_t>(random.below(reach))));
    }
    std::ranges::sort(members);
    members.erase(std::ranges::unique(members).begin(), members.end());
    if (members.size() < 2) continue;
    groups.add(members, 1 + static_cast<std::int64_t>(random.below(1000)));
  }
  return groups;
}

void check_disjoint(const GroupList& groups, const Packing& packing, std::uint32_t units) {
  std::vector<int> taken(units, 0);
  std::int64_t saving = 0;
  for (const std::uint32_t g : packing.groups) {
    saving += groups.saving(g);
    for (const std::uint32_t v : groups.members(g)) CHECK(taken[v]++ == 0);
  }
  CHECK(saving == packing.saving);
}

TEST_CASE("packings of small random groups are as good as the best of all tried ones (I7)") {
  SeededRandom random(11);
  for (int trial = 0; trial < 400; ++trial) {
    const auto units = static_cast<std::uint32_t>(4 + random.below(12));
    const GroupList groups =
        random_groups(random, units, 16, static_cast<std::uint32_t>(2 + random.below(8)));
    const auto packing = pack_groups(units, groups);
    REQUIRE(packing.has_value());
    CHECK(packing->saving == by_trying(groups, 0, 0));
    CHECK(packing->saving_bound == packing->saving);
    check_disjoint(groups, *packing, units);
  }
}

TEST_CASE("a packing that is cut short says how far it may be from the best (I8)") {
  SeededRandom random(12);
  const GroupList groups = random_groups(random, 300, 3000, 12);
  const auto cut = pack_groups(300, groups, 2);
  const auto whole = pack_groups(300, groups);
  REQUIRE(cut.has_value());
  REQUIRE(whole.has_value());
  CHECK(whole->saving_bound == whole->saving);
  CHECK(cut->saving <= whole->saving);
  CHECK(cut->saving_bound >= whole->saving);
  check_disjoint(groups, *cut, 300);
  check_disjoint(groups, *whole, 300);
}

TEST_CASE("groups that reach too far are packed too, with a bound (I8)") {
  SeededRandom random(13);
  const GroupList groups = random_groups(random, 2000, 4000, 600);
  const auto packing = pack_groups(2000, groups);
  REQUIRE(packing.has_value());
  CHECK(packing->saving <= packing->saving_bound);
  check_disjoint(groups, *packing, 2000);
}

TEST_CASE("groups that make no sense are refused") {
  const auto refused = [](std::vector<std::uint32_t> members, std::int64_t saving) {
    GroupList groups;
    groups.add(members, saving);
    return pack_groups(5, groups).error().code == ErrorCode::InvalidInput;
  };
  CHECK(refused({1}, 5));
  CHECK(refused({2, 1}, 5));
  CHECK(refused({1, 1}, 5));
  CHECK(refused({1, 5}, 5));
  CHECK(refused({1, 2}, 0));
  CHECK(pack_groups(0, {})->groups.empty());
}

}  // namespace
}  // namespace consilium
