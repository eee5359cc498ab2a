#include "service/prelabel/replace_labels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "service/prelabel/keep_labels.hpp"
#include "service/prelabel/withdraw_labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {

Result<bool> is_begun(const storage::Reader& reader, const ItemId& item) {
  for (const std::string_view stage : {storage::label_stage, storage::adjudicate_stage}) {
    for (const storage::TaskRow& task : CSL_TRY(storage::tasks_of_item(reader, item, stage))) {
      if (task.state != "released" && task.state != "expired") return true;
    }
  }
  return false;
}

LabelMap own_names(const Protocol& protocol) {
  LabelMap map;
  for (const LabelSpec& label : protocol.labels) map.emplace(label.id, label.id);
  return map;
}

std::map<std::string, Quantity> probability_measured(double probability) {
  return {{std::string(probability_measurement),
           {.number = std::round(probability * 1e4) / 1e4, .unit = "1"}}};
}

Result<Replaced> replace_labels(storage::Store& store, const Clock& clock, Random& random,
                                const Access& access, const Protocol& protocol,
                                const storage::ItemRow& item, std::span<const ToolSet> sets) {
  LabelKeeper keeper(store, clock, random, item.project, own_names(protocol));
  const auto reader = CSL_TRY(store.read());
  std::vector<storage::EventDraft> taken_back;
  std::vector<KeptPart> parts;
  Replaced done;
  for (const ToolSet& one : sets) {
    KeptLabels labels = CSL_TRY(keeper.prepare(one.set));
    auto old = CSL_TRY(withdrawals(*reader, item, rater_of_tool(one.tool), labels.said));
    taken_back.insert(taken_back.end(), old.begin(), old.end());
    std::ranges::move(labels.parts, std::back_inserter(parts));
    done.label_count += labels.said.size();
    done.problems.merge(labels.problems);
    for (const std::string& name : labels.unmatched) {
      done.problems.insert("the protocol has no label " + name);
    }
  }
  if (parts.empty() && taken_back.empty()) return done;
  for (const KeptPart& part : parts) CSL_TRY(store.objects().sync(part.objects));
  CSL_TRY(store.write(actor_of(access), [&](storage::Transaction& transaction) -> Status {
    done.is_changed = !CSL_TRY(is_begun(transaction, item.id));
    if (!done.is_changed) return {};
    for (const storage::EventDraft& event : taken_back) CSL_TRY(transaction.append(event));
    for (const KeptPart& part : parts) CSL_TRY(part.commit(transaction));
    return {};
  }));
  return done;
}

}  // namespace consilium::service
