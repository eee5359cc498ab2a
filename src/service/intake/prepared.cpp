#include "service/intake/prepared.hpp"

#include <array>
#include <charconv>

#include "format/dicom_pseudonym/pseudonymise.hpp"
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

std::optional<Error> RefusedParts::told_with(std::optional<Error> of_reader,
                                             bool others_kept) const {
  if (!first_) return of_reader;
  const std::string count = std::to_string(count_);
  if (of_reader) {
    of_reader->what += "; " + count + " more refused: " + first_->what + " (" + first_->where + ")";
    return of_reader;
  }
  Error error = *first_;
  error.what += " (" + count + " refused" + (others_kept ? ", the others kept)" : ")");
  return error;
}

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

Result<std::optional<std::int64_t>> stored_date_shift(const storage::Reader& reader,
                                                      const PatientId& patient) {
  const storage::Rows rows =
      CSL_TRY(reader.query("catalog.patient", Fields().set("patient", patient)));
  if (rows.empty()) return std::optional<std::int64_t>{};
  const std::string text =
      CSL_TRY(reader.open_sealed(patient, rows.front().bytes("date_shift_days")));
  return std::optional<std::int64_t>{digits(text).value_or(0)};
}

Result<std::int64_t> DateShifts::of(storage::Store& store, const PatientId& patient,
                                    Random& random) {
  const auto given = known_.with([&](auto& known) -> std::optional<std::int64_t> {
    const auto found = known.find(patient);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  });
  if (given) return *given;
  const auto reader = CSL_TRY(store.read());
  const auto stored = CSL_TRY(stored_date_shift(*reader, patient));
  return known_.with([&](auto& known) {
    const auto place = known.find(patient);
    if (place != known.end()) return place->second;
    return known.emplace(patient, stored ? *stored : draw_date_shift(random)).first->second;
  });
}

Result<std::int64_t> ensure_patient(storage::Transaction& transaction,
                                    const storage::VaultEntry& patient, std::int64_t shift_if_new) {
  const auto stored = CSL_TRY(stored_date_shift(transaction, patient.patient));
  if (stored) return *stored;
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
  const std::string shifted = shifted_dicom_date(plain, shift_days);
  if (shifted.empty()) return "";
  return shifted.substr(0, 4) + "-" + shifted.substr(4, 2) + "-" + shifted.substr(6);
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
