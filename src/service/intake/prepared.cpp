#include "service/intake/prepared.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "storage/catalog.hpp"

namespace consilium::service {
using storage::EventDraft;
using storage::Fields;
using storage::PatientText;

namespace {

// Enough to part the shown date from the true one, little enough to stay in the era of a device.
constexpr std::int64_t shift_days_min = 30;
constexpr std::int64_t shift_days_count = 365;

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string content_name(storage::Store& store, ByteView digest) {
  return to_hex(store.objects().keyed_hash("import content", digest));
}

std::int64_t draw_date_shift(Random& random) {
  std::array<std::byte, 4> bytes{};
  random.fill(bytes);
  std::int64_t value = 0;
  for (const std::byte b : bytes) value = value * 256 + std::to_integer<std::int64_t>(b);
  return -(shift_days_min + value % shift_days_count);
}

Result<std::int64_t> ensure_patient(storage::Transaction& transaction,
                                    const storage::VaultEntry& patient, std::int64_t shift_if_new) {
  const storage::Rows rows =
      CSL_TRY(transaction.query("catalog.patient", Fields().set("patient", patient.patient)));
  if (!rows.empty()) {
    const std::string text =
        CSL_TRY(transaction.open_sealed(patient.patient, rows.front().bytes("date_shift_days")));
    return std::int64_t{digits(text).value_or(0)};
  }
  EventDraft event{.type = "patient.added",
                   .project = std::nullopt,
                   .item = std::nullopt,
                   .patient = patient.patient,
                   .fields = {}};
  event.fields.set("pseudonym", patient.pseudonym)
      .set("date_shift_days", PatientText{std::to_string(shift_if_new)});
  CSL_TRY(transaction.append(std::move(event)));
  return shift_if_new;
}

std::string shifted_date(std::string_view date, std::int64_t shift_days) {
  std::string plain;
  for (const char c : date.substr(0, 10)) {
    if (c != '-') plain += c;
  }
  plain = plain.substr(0, 8);
  if (plain.size() != 8) return "";
  const auto year = digits(std::string_view(plain).substr(0, 4));
  const auto month = digits(std::string_view(plain).substr(4, 2));
  const auto day = digits(std::string_view(plain).substr(6, 2));
  if (!year || !month || !day) return "";
  const std::chrono::year_month_day given{std::chrono::year(*year),
                                          std::chrono::month(static_cast<unsigned>(*month)),
                                          std::chrono::day(static_cast<unsigned>(*day))};
  if (!given.ok()) return "";
  const std::chrono::year_month_day shifted{std::chrono::sys_days(given) +
                                            std::chrono::days(shift_days)};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(shifted.year()),
                static_cast<unsigned>(shifted.month()), static_cast<unsigned>(shifted.day()));
  return text.data();
}

Result<bool> ensure_item(storage::Transaction& transaction, const ProjectId& project,
                         const NewItem& item) {
  if (CSL_TRY(storage::item_of_source(transaction, project, item.source_id))) return false;
  EventDraft event{.type = "item.added",
                   .project = project,
                   .item = item.id,
                   .patient = item.patient,
                   .fields = {}};
  event.fields.set("kind", item.kind)
      .set("source_id", item.source_id)
      .set("title", item.title)
      .set("modality", item.modality)
      .set("date", item.date);
  if (!item.preview.empty()) event.fields.set("preview", PatientText{item.preview});
  CSL_TRY(transaction.append(std::move(event)));
  return true;
}

}  // namespace consilium::service
