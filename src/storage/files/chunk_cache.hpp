// Decoded chunks of objects, the least recently used going first; wiped when they go.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <unordered_map>

#include "base/guarded.hpp"
#include "domain/identity/ids.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {

class ChunkCache {
 public:
  explicit ChunkCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  ~ChunkCache();
  ChunkCache(const ChunkCache&) = delete;
  ChunkCache& operator=(const ChunkCache&) = delete;

  // Copies `out.size()` bytes from `offset` of the chunk; false when it is not here.
  [[nodiscard]] bool copy(const std::string& object, std::uint64_t chunk, std::size_t offset,
                          std::span<std::byte> out);
  void put(const std::string& object, std::uint64_t chunk, const PatientId& patient, Bytes plain);
  void forget(const PatientId& patient);

 private:
  struct Place {
    std::string object;
    std::uint64_t chunk = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const {
      return std::hash<std::string>{}(place.object) ^ (place.chunk * 0x9E3779B97F4A7C15ULL);
    }
  };
  struct Entry {
    Place place;
    PatientId patient;
    Bytes plain;
  };
  struct State {
    std::list<Entry> newest_first;
    std::unordered_map<Place, std::list<Entry>::iterator, PlaceHash> by_place;
    std::size_t bytes = 0;
  };
  static void drop(State& state, std::list<Entry>::iterator entry);

  const std::size_t bytes_max_;
  Guarded<State> state_;
};

}  // namespace consilium::storage
