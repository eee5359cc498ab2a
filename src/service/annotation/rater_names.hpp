// Who is shown whose name. While readings are independent and nobody has adjudicated the item, its
// reviewers and adjudicators weigh opinions, not persons: a reader is then a letter, in an order
// that a keyed hash of item and reader makes, so that neither the letter nor the order tells
// anything, here or on another item.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/label/stored_annotation.hpp"
#include "service/access/access.hpp"
#include "service/project/protocol_cache.hpp"

namespace consilium::service {

enum class NameRule {
  Lists,   // the lead sees names, as everywhere
  Review,  // whoever may adjudicate sees none, lead or not: the case is to decide
};

class RaterNames {
 public:
  // Errors: NotFound as `require`. Cost: two indexed queries.
  [[nodiscard]] static Result<RaterNames> of_item(storage::Store& store,
                                                  const storage::Reader& reader,
                                                  ProtocolCache& protocols, const Access& access,
                                                  const ProjectId& project, const ItemId& item,
                                                  NameRule rule);

  [[nodiscard]] bool hidden() const { return hidden_; }
  // Those who submitted a reading, in the order of their keys.
  [[nodiscard]] const std::vector<RaterId>& raters() const { return raters_; }
  // "A", "B", ... "Z", "AA"; empty for one who submitted no reading.
  [[nodiscard]] std::string key_of(const RaterId& rater) const;
  // Errors: NotFound.
  [[nodiscard]] Result<RaterId> rater_of(std::string_view key) const;
  // Whom of an item's raters the shown id stands for: itself, or the one whose stand-in it is. The
  // same id when it is nobody's there.
  [[nodiscard]] RaterId behind(const RaterId& shown_id, std::span<const RaterId> raters) const;
  // As it may be shown: as it is, or with the key for a name and an id that stands for the rater on
  // this item alone. One's own name is never hidden.
  [[nodiscard]] RaterRef shown(const RaterRef& rater) const;

 private:
  [[nodiscard]] RaterId stand_in(const RaterId& rater) const;

  storage::Store* store_ = nullptr;
  ItemId item_;
  RaterId own_;
  bool hidden_ = false;
  std::vector<RaterId> raters_;
};

}  // namespace consilium::service
