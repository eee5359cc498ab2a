// What a rater marked to be offered to them wherever it occurs in the project: the words of one of
// their own labels, as suggestions of the same label on every place that reads the same.
//
// They are the rater's alone: nobody else sees them and they are no votes, so that readers stay
// independent. A mark keeps which label it is of; its words lie with that label, under its
// patient's key. Nothing is labelled before the rater accepts it.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "service/access/access.hpp"
#include "storage/store.hpp"

namespace consilium::service {

class Alike {
 public:
  static constexpr std::size_t marks_max = 500;  // of a rater in a project; the last ones count

  explicit Alike(storage::Store& store) : store_(store) {}

  // Marks one of the rater's own labels. {"notes", "places"}: how many places in how many of the
  // project's notes read the same now, the marked one's own note left out. The same again changes
  // nothing. Errors: NotFound when it is no span of theirs on the item.
  [[nodiscard]] Result<boost::json::object> mark(const Access& access, const ProjectId& project,
                                                 const ItemId& item,
                                                 const AnnotationId& annotation);
  // Errors: NotFound when it is not marked.
  [[nodiscard]] Status unmark(const Access& access, const ProjectId& project, const ItemId& item,
                              const AnnotationId& annotation);
  // {"items": [{"id", "label", "ranges", "attributes", "of_annotation", "of_item", "of_number"}]}:
  // places of the note that read as the rater's marks, in reading order; "id" is that of the label
  // when it is accepted, the same every time; of the attributes the coded concepts are told. Those
  // that the rater has accepted or rejected are left out.
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project,
                                                 const ItemId& item) const;

 private:
  storage::Store& store_;
};

}  // namespace consilium::service
