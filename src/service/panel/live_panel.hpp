// A project counted once and then kept up to date item by item (item_update.hpp says what is
// exact), until it is counted anew. Used inside this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "domain/protocol/stop_plan.hpp"
#include "service/assignment/reader_plan.hpp"
#include "service/panel/mask_agreement.hpp"
#include "service/panel/panel_json.hpp"

namespace consilium::service {

using ItemOrder = std::shared_ptr<const std::vector<ItemId>>;

struct CountSources {
  storage::Store& store;
  ProtocolCache& protocols;
  MaskDiceKept& mask_dice;
  const Clock& clock;
};

class LivePanel {
 public:
  // Counts all. Errors: those of gather_votes.
  [[nodiscard]] static Result<std::unique_ptr<LivePanel>> count(const CountSources& sources,
                                                                const storage::Reader& reader,
                                                                const ProjectId& project);
  LivePanel(const LivePanel&) = delete;  // its parts point to each other
  LivePanel& operator=(const LivePanel&) = delete;
  ~LivePanel();

  // Takes in what happened since `position`. False when that needs a new count: then, and after an
  // error, the panel is of no further use but to be shown. Cost: some 0.3 ms for each changed item.
  [[nodiscard]] Result<bool> update(const CountSources& sources, const storage::Reader& reader,
                                    const ProjectId& project);

  [[nodiscard]] std::int64_t position() const { return position_; }  // the last event taken in
  [[nodiscard]] std::int64_t updates() const { return updates_; }    // items since the count
  [[nodiscard]] Timestamp counted_at() const { return panel_.counted_at; }
  [[nodiscard]] std::int64_t took_ms() const { return took_ms_; }
  [[nodiscard]] const std::optional<StopPlan>& stop_plan() const { return stop_plan_; }

  // The schema Panel without `is_current`. Made when first asked for after a change.
  [[nodiscard]] const boost::json::object& shown();
  // With a stop plan, else none: what the rater had best read, most telling first.
  [[nodiscard]] ItemOrder order_for(const RaterId& rater);
  // Items whose number of readers the stop plan would change; of all, or of those taken in since
  // this was last asked.
  [[nodiscard]] std::vector<ItemProgress> due() const;
  [[nodiscard]] std::vector<ItemProgress> take_changed_due();

  [[nodiscard]] const ProjectVotes& votes() const { return votes_; }
  [[nodiscard]] const CountedPanel& panel() const { return panel_; }

 private:
  struct Order {
    std::vector<ItemGain> gains;
    ItemOrder items;  // none while it is not made
  };
  LivePanel();
  void begin_orders();
  void move_in_orders(std::uint32_t item);
  [[nodiscard]] bool is_due(std::uint32_t item, std::int64_t readings) const;
  [[nodiscard]] ItemProgress progress_of(std::uint32_t item, std::int64_t readings) const;

  std::int64_t position_ = 0;
  std::int64_t updates_ = 0;
  std::int64_t took_ms_ = 0;
  ProjectVotes votes_;
  CountedPanel panel_;
  std::vector<bool> may_read_;
  std::vector<double> minutes_;
  std::optional<StopPlan> stop_plan_;
  std::map<RaterId, Order> orders_;  // with a stop plan
  Order newcomers_;                  // of somebody who has not voted
  std::vector<std::uint32_t> changed_;
  std::unique_ptr<boost::json::object> shown_;
};

}  // namespace consilium::service
