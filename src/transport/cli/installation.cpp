#include "transport/cli/installation.hpp"

#include "storage/open_store.hpp"

namespace consilium::cli {

Result<Installation> open_installation(const std::filesystem::path& folder) {
  constexpr std::uint32_t codec_worker_count = 2;
  Installation it;
  it.folder = folder;
  it.clock = system_clock();
  it.random = system_random();
  it.store = CSL_TRY(storage::open_store({.folder = folder}));
  it.passwords = std::make_unique<service::Passwords>();
  it.people = std::make_unique<service::People>(*it.store, *it.clock, *it.random, *it.passwords,
                                                service::People::Limits{});
  // The program is its own confined worker: `consilium codec`.
  it.codec = std::make_unique<CodecPool>("/proc/self/exe", codec_worker_count);
  it.projects = std::make_unique<service::Projects>(*it.store, *it.clock);
  it.items = std::make_unique<service::Items>(*it.store, *it.clock);
  it.assignment =
      std::make_unique<service::Assignment>(*it.store, *it.items, *it.clock, *it.random);
  it.annotations = std::make_unique<service::Annotations>(*it.store, *it.clock);
  it.masks = std::make_unique<service::Masks>(*it.store, *it.clock);
  it.jobs = std::make_unique<service::JobQueue>();
  it.imports = std::make_unique<service::Imports>(it.import_tools(), *it.jobs, folder / "uploads");
  it.exports = std::make_unique<service::Exports>(*it.store, *it.jobs, folder / "exports",
                                                  *it.clock, *it.random);
  return it;
}

}  // namespace consilium::cli
