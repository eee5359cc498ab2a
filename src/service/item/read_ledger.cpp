#include "service/item/read_ledger.hpp"

#include <vector>

namespace consilium::service {

constexpr std::size_t known_max = 200'000;

Status ReadLedger::record(storage::Store& store, const Access& access, const ProjectId& project,
                          std::span<const ItemToRead> items, std::string_view purpose) {
  const storage::Actor actor = actor_of(access);
  const auto key_of = [&](const ItemToRead& read) {
    return actor.person + ' ' + to_string(read.item) + ' ' + std::string(purpose) + ' ' +
           actor.sign_in;
  };
  std::vector<ItemToRead> fresh;
  known_.with([&](auto& known) {
    for (const ItemToRead& read : items) {
      if (!known.contains(key_of(read))) fresh.push_back(read);
    }
  });
  if (fresh.empty()) return {};
  CSL_TRY(store.write_from_reserve(actor, [&](storage::Transaction& transaction) -> Status {
    for (const ItemToRead& read : fresh) {
      const storage::Rows rows = CSL_TRY(
          transaction.query("catalog.item_was_read", storage::Fields()
                                                         .set("reader", actor.person)
                                                         .set("item", read.item)
                                                         .set("purpose", std::string(purpose))
                                                         .set("reader_sign_in", actor.sign_in)));
      if (!rows.empty()) continue;
      storage::EventDraft event{.type = "item.read",
                                .project = project,
                                .item = read.item,
                                .patient = read.patient,
                                .fields = {}};
      event.fields.set("purpose", std::string(purpose));
      CSL_TRY(transaction.append(std::move(event)));
    }
    return {};
  }));
  known_.with([&](auto& known) {
    if (known.size() > known_max) known.clear();
    for (const ItemToRead& read : fresh) known.insert(key_of(read));
  });
  return {};
}

}  // namespace consilium::service
