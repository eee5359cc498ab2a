// Annotations: put, delete, bulk, lists, revisions. Every change is a new revision; a body that the
// item's protocol version forbids is refused; writing twice changes nothing. A rater sees only
// their own; leads and reviewers see all, except items on which they hold an open blind read
// themselves.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/label/violation.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"

namespace consilium {
struct Annotation;
struct Protocol;
}  // namespace consilium

namespace consilium::service {

class ProtocolCache;

struct AnnotationQuery {
  bool all_raters = false;  // "rater=all"
  std::string cursor;
  std::int64_t limit = 1000;  // 1..5,000
};

struct PutAnnotation {
  AnnotationId id;
  std::string body_json;                 // the shape of domain/label/annotation.hpp
  std::optional<std::int64_t> if_match;  // the revision that this replaces; none: it is new
};

struct AnnotationPut {
  bool created = false;
  std::int64_t revision = 0;
  std::string json;  // Annotation as the API shows it
};

// What only this site can judge of the answers: whether a picked concept is among those that the
// protocol asks for in the terminology that is loaded (service/terminology). Empty: nothing.
using AnswerCheck =
    std::function<Result<std::vector<Violation>>(const Protocol&, const Annotation&)>;

class Annotations {
 public:
  Annotations(storage::Store& store, const Clock& clock);
  ~Annotations();

  // {"items", "next_cursor", "total" (first page)} as JSON text: a day of beats is a hundred
  // thousand items.
  [[nodiscard]] Result<std::string> list(const Access& access, const ProjectId& project,
                                         const ItemId& item, const AnnotationQuery& query) const;
  [[nodiscard]] Result<boost::json::object> show(const Access& access, const ProjectId& project,
                                                 const ItemId& item, const AnnotationId& id) const;
  // {"items": [Annotation...]}, newest first
  [[nodiscard]] Result<boost::json::object> revisions(const Access& access,
                                                      const ProjectId& project, const ItemId& item,
                                                      const AnnotationId& id) const;

  // Errors: Conflict when the rater holds no task on the item; InvalidInput with violations;
  // PreconditionFailed with the stored version.
  [[nodiscard]] Answer<AnnotationPut> put(const Access& access, const ProjectId& project,
                                          const ItemId& item, const PutAnnotation& put);
  // The annotation is retracted; its revisions stay. Deleting twice is the same answer.
  [[nodiscard]] Answer<AnnotationPut> remove(const Access& access, const ProjectId& project,
                                             const ItemId& item, const AnnotationId& id,
                                             std::optional<std::int64_t> if_match);
  // {"operations": [...]} (at most 1,000) -> {"results": [...]}; all rows in one durable commit,
  // each answered on its own.
  [[nodiscard]] Result<boost::json::object> bulk(const Access& access, const ProjectId& project,
                                                 const ItemId& item,
                                                 const boost::json::object& request);

  // Before the first write.
  void check_answers(AnswerCheck check) { check_ = std::move(check); }

 private:
  storage::Store& store_;
  const Clock& clock_;
  std::unique_ptr<ProtocolCache> protocols_;
  AnswerCheck check_;
};

}  // namespace consilium::service
