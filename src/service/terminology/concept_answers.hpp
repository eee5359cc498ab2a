// Coded concepts as answers: which may answer a question of a protocol, found as one types, and
// whether a picked one is among them.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "domain/label/annotation.hpp"
#include "domain/label/violation.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/terminology/remote_terminology.hpp"
#include "service/terminology/terminologies.hpp"

namespace consilium::service {

inline constexpr std::int64_t concept_hits_max = 100;

class ConceptAnswers {
 public:
  // `remote`, which may be null, is asked for what is not loaded.
  ConceptAnswers(const storage::Store& store, const Terminologies& terminologies,
                 const RemoteTerminology* remote = nullptr)
      : store_(store), terminologies_(terminologies), remote_(remote) {}
  void ask_too(const RemoteTerminology* remote) { remote_ = remote; }

  // {"items": [{"system", "code", "display", "version", "term", "tag", "match"}], "missing": [uri]}
  // for the attribute, question or label (of whose value the answer is) with this id under the
  // project's present protocol. `term` is what matched. `missing` are systems that are
  // neither loaded nor had from the remote server; what that finds stands behind ours. Errors:
  // NotFound when the protocol asks for no concept there; those of the value set or expression.
  [[nodiscard]] Result<boost::json::object> search(const Access& access, const ProjectId& project,
                                                   const std::string& answer,
                                                   const std::string& text,
                                                   std::int64_t limit) const;
  // The same over one system, or all that are loaded when it is empty, without a protocol.
  [[nodiscard]] Result<boost::json::object> search_loaded(const std::string& system,
                                                          const std::string& text,
                                                          std::int64_t limit) const;
  // Picked concepts that are not among those that the protocol asks for, as far as the terminology
  // is loaded or the remote server says: what neither can judge passes, since a label must not be
  // lost to a network.
  [[nodiscard]] Result<std::vector<Violation>> check(const Protocol& protocol,
                                                     const Annotation& annotation) const;

 private:
  const storage::Store& store_;
  const Terminologies& terminologies_;
  const RemoteTerminology* remote_;
  mutable ProtocolCache protocols_;
};

}  // namespace consilium::service
