#include "service/annotation/blinding.hpp"

#include "storage/work.hpp"

namespace consilium::service {

Status may_see_all_labels(const Access& access, const storage::Reader& reader,
                          ProtocolCache& protocols, const ProjectId& project, const ItemId& item) {
  CSL_TRY(require(access, project, case_roles));
  const auto protocol = protocols.of_project(reader, project);
  if (protocol && (*protocol)->protocol.reader_plan.blinding == Blinding::Open) return {};
  if (!roles_in(access, project).has_any({Role::Reviewer, Role::Adjudicator, Role::Lead})) {
    return fail(ErrorCode::Forbidden, "readings are blinded: you see your own labels", "rater",
                "ask with rater=me");
  }
  if (access.is_operator) return {};
  const auto own = CSL_TRY(storage::task_of_rater(reader, item, access.rater()));
  // Whoever's lease ran out may still go on: the read is open until it is submitted or given back.
  if (own && (own->state == "leased" || own->state == "assigned" || own->state == "expired")) {
    return fail(ErrorCode::Forbidden, "you hold an open blinded read of this item", "rater",
                "submit or release it first");
  }
  return {};
}

}  // namespace consilium::service
