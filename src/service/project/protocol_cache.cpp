#include "service/project/protocol_cache.hpp"

#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

Result<std::shared_ptr<const KnownProtocol>> ProtocolCache::get(const storage::Reader& reader,
                                                                const std::string& hash) {
  auto found = known_.with([&](auto& known) -> std::shared_ptr<const KnownProtocol> {
    const auto place = known.find(hash);
    return place == known.end() ? nullptr : place->second;
  });
  if (found) return found;
  const storage::Rows rows = CSL_TRY(reader.query("catalog.protocol", {{"hash", hash}}));
  if (rows.empty()) return fail(ErrorCode::NotFound, "there is no such protocol version");
  auto protocol = read_protocol(CSL_TRY(parse_json(rows.front().text("document"))));
  if (!protocol) {
    return fail(ErrorCode::Internal, "a stored protocol does not read any more",
                "protocol " + hash.substr(0, 12), "run consilium verify");
  }
  auto known_protocol =
      std::make_shared<const KnownProtocol>(KnownProtocol{hash, std::move(*protocol)});
  known_.with([&](auto& known) { known.emplace(hash, known_protocol); });
  return known_protocol;
}

Result<std::shared_ptr<const KnownProtocol>> ProtocolCache::of_version(
    const storage::Reader& reader, const ProjectId& project, const ProtocolRef& version) {
  const storage::Rows rows =
      CSL_TRY(reader.query("catalog.protocol_of_version", storage::Fields()
                                                              .set("project", project)
                                                              .set("protocol", version.id)
                                                              .set("version", version.version)));
  if (rows.empty()) {
    return fail(ErrorCode::InvalidInput, "the project has no such protocol version", "/protocol",
                "send the id and version that GET /projects/{id}/protocol gives");
  }
  return get(reader, rows.front().text("hash"));
}

Result<std::shared_ptr<const KnownProtocol>> ProtocolCache::of_project(
    const storage::Reader& reader, const ProjectId& project) {
  const storage::ProjectRow row = CSL_TRY(storage::find_project(reader, project));
  if (row.protocol_hash.empty()) {
    return fail(ErrorCode::Conflict, "the project has no protocol yet", "",
                "the lead sets one on the project's page");
  }
  return get(reader, row.protocol_hash);
}

}  // namespace consilium::service
