// The terminologies and value sets of a site: loaded by whoever runs it, searched by everyone.
//
// A terminology's search form (analysis/concept_search) is read from the data folder at its first
// use and then kept in memory; several versions of a system may be loaded, and the one loaded last
// answers where no version is named.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/terminology/read_release.hpp"
#include "service/terminology/value_set_expansion.hpp"
#include "storage/files/disk.hpp"
#include "storage/terminologies.hpp"

namespace consilium::service {

class Terminologies {
 public:
  // Files lie in `folder`. All must outlive it.
  Terminologies(storage::Store& store, std::filesystem::path folder);

  // Reads a release and keeps it, in place of the same system and version. Administrators, leads of
  // any project, the operator. Errors: Forbidden, those of read_release, NoSpace.
  [[nodiscard]] Result<storage::TerminologyRow> load(const Access& access,
                                                     std::span<const TerminologyFile> files,
                                                     const ReleaseOptions& options);
  // Errors: Forbidden; NotFound. Answers that name its codes stay as they are.
  [[nodiscard]] Status remove(const Access& access, const std::string& system,
                              const std::string& version);
  [[nodiscard]] Result<std::vector<storage::TerminologyRow>> list() const;

  // An empty version: the one loaded last. `system` is a URI or a designator.
  // Errors: NotFound when it is not loaded.
  [[nodiscard]] Result<SharedIndex> index(const std::string& system,
                                          const std::string& version = {}) const;
  // "url" or "url|version". A code system's own "all codes" value set is known as "SYSTEM?fhir_vs",
  // and "SYSTEM?fhir_vs=isa/CODE" and "=ecl/EXPRESSION" as SNOMED International defines them.
  [[nodiscard]] Result<ValueSet> value_set(const std::string& url) const;
  // Expanded once and kept; forgotten whenever anything is loaded or removed.
  [[nodiscard]] Result<std::shared_ptr<const std::vector<SystemConcepts>>> expansion(
      const std::string& url) const;
  [[nodiscard]] Result<std::vector<SystemConcepts>> expand(const ValueSet& value_set) const;

 private:
  struct Kept {
    std::map<std::string, SharedIndex> indexes;  // by digest
    std::map<std::string, std::shared_ptr<const std::vector<SystemConcepts>>> expansions;
  };
  [[nodiscard]] Result<storage::TerminologyRow> row_of(const std::string& kind,
                                                       const std::string& system,
                                                       const std::string& version) const;
  [[nodiscard]] TerminologyLookup lookup() const;

  storage::Store& store_;
  std::unique_ptr<storage::Disk> disk_;
  mutable Guarded<storage::TerminologyFiles> files_;
  mutable Guarded<Kept> kept_;
};

[[nodiscard]] boost::json::object terminology_json(const storage::TerminologyRow& row);

}  // namespace consilium::service
