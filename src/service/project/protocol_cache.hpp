// Protocols as typed values, read once: a version never changes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "domain/label/annotation.hpp"
#include "domain/protocol/protocol.hpp"
#include "storage/store.hpp"

namespace consilium::service {

struct KnownProtocol {
  std::string hash;
  Protocol protocol;
};

class ProtocolCache {
 public:
  // Errors: NotFound for a hash that no project ever set.
  [[nodiscard]] Result<std::shared_ptr<const KnownProtocol>> get(const storage::Reader& reader,
                                                                 const std::string& hash);
  // The version that a body names, if the project ever used it. Errors: InvalidInput otherwise.
  [[nodiscard]] Result<std::shared_ptr<const KnownProtocol>> of_version(
      const storage::Reader& reader, const ProjectId& project, const ProtocolRef& version);
  // The project's present one. Errors: Conflict when none is set.
  [[nodiscard]] Result<std::shared_ptr<const KnownProtocol>> of_project(
      const storage::Reader& reader, const ProjectId& project);

 private:
  Guarded<std::map<std::string, std::shared_ptr<const KnownProtocol>>> known_;
};

}  // namespace consilium::service
