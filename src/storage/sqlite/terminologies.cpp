#include "storage/terminologies.hpp"

#include <fmt/format.h>

#include <array>

#include "storage/files/disk.hpp"

namespace consilium::storage {

Result<std::vector<TerminologyRow>> terminologies(const Reader& reader) {
  std::vector<TerminologyRow> all;
  for (const Row& row : CSL_TRY(reader.query("terminology.all"))) {
    all.push_back({.system = row.text("system"),
                   .version = row.text("version"),
                   .kind = row.text("kind"),
                   .title = row.text("title"),
                   .digest = row.text("digest"),
                   .size_bytes = row.integer("size_bytes"),
                   .concept_count = row.integer("concept_count"),
                   .term_count = row.integer("term_count"),
                   .loaded_at = {row.integer("loaded_at")},
                   .loaded_by = row.text("loaded_by")});
  }
  return all;
}

EventDraft terminology_loaded(const TerminologyRow& row) {
  return {.type = "terminology.loaded",
          .fields = Fields()
                        .set("system", row.system)
                        .set("version", row.version)
                        .set("kind", row.kind)
                        .set("title", row.title)
                        .set("digest", row.digest)
                        .set("size_bytes", row.size_bytes)
                        .set("concept_count", row.concept_count)
                        .set("term_count", row.term_count)
                        .set("loaded_by", row.loaded_by)};
}

EventDraft terminology_removed(const std::string& system, const std::string& version) {
  return {.type = "terminology.removed",
          .fields = Fields().set("system", system).set("version", version)};
}

std::filesystem::path TerminologyFiles::path_of(const std::string& digest) const {
  return folder_ / digest;
}

Status TerminologyFiles::put(const std::string& digest, ByteView bytes) {
  CSL_TRY(disk_.create_folders(folder_));
  if (disk_.exists(path_of(digest))) return {};
  // A crash leaves the unfinished name, which is no digest and is written anew the next time.
  const std::filesystem::path unfinished = folder_ / (digest + ".part");
  if (disk_.exists(unfinished)) CSL_TRY(disk_.remove(unfinished));
  CSL_TRY(write_durably(disk_, unfinished, bytes));
  CSL_TRY(disk_.rename(unfinished, path_of(digest)));
  const std::array folders{folder_, folder_.parent_path()};
  return disk_.sync({}, folders);
}

Result<Bytes> TerminologyFiles::get(const std::string& digest, std::int64_t size_bytes) const {
  const auto source = CSL_TRY(disk_.open(path_of(digest)));
  if (source->size() != static_cast<std::uint64_t>(size_bytes)) {
    return fail(ErrorCode::Corrupt, "a terminology's file is not as it was written",
                fmt::format("{} bytes, {} were written", source->size(), size_bytes),
                "load the terminology again");
  }
  return read_all(*source, static_cast<std::uint64_t>(size_bytes));
}

Status TerminologyFiles::remove(const std::string& digest) {
  if (!disk_.exists(path_of(digest))) return {};
  return disk_.remove(path_of(digest));
}

}  // namespace consilium::storage
