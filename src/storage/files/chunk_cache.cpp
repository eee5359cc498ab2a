#include "storage/files/chunk_cache.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace consilium::storage {

ChunkCache::~ChunkCache() {
  state_.with([](State& state) {
    while (!state.newest_first.empty()) drop(state, state.newest_first.begin());
  });
}

void ChunkCache::drop(State& state, std::list<Entry>::iterator entry) {
  wipe(entry->plain);
  state.bytes -= entry->plain.size();
  state.by_place.erase(entry->place);
  state.newest_first.erase(entry);
}

bool ChunkCache::copy(const std::string& object, std::uint64_t chunk, std::size_t offset,
                      std::span<std::byte> out) {
  return state_.with([&](State& state) {
    const auto found = state.by_place.find(Place{object, chunk});
    if (found == state.by_place.end()) return false;
    const auto entry = found->second;
    state.newest_first.splice(state.newest_first.begin(), state.newest_first, entry);
    if (offset > entry->plain.size() || out.size() > entry->plain.size() - offset) return false;
    std::memcpy(out.data(), entry->plain.data() + offset, out.size());
    return true;
  });
}

void ChunkCache::put(const std::string& object, std::uint64_t chunk, const PatientId& patient,
                     Bytes plain) {
  if (plain.size() > bytes_max_) return wipe(plain);
  state_.with([&](State& state) {
    Place place{object, chunk};
    const auto known = state.by_place.find(place);
    if (known != state.by_place.end()) drop(state, known->second);
    while (state.bytes + plain.size() > bytes_max_) {
      drop(state, std::prev(state.newest_first.end()));
    }
    state.bytes += plain.size();
    state.newest_first.push_front(Entry{place, patient, std::move(plain)});
    state.by_place.emplace(std::move(place), state.newest_first.begin());
  });
}

void ChunkCache::forget(const PatientId& patient) {
  state_.with([&](State& state) {
    for (auto entry = state.newest_first.begin(); entry != state.newest_first.end();) {
      const auto next = std::next(entry);
      if (entry->patient == patient) drop(state, entry);
      entry = next;
    }
  });
}

}  // namespace consilium::storage
