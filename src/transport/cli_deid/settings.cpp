#include "transport/cli_deid/settings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

#include "base/byte_source.hpp"
#include "base/random.hpp"
#include "format/vote_csv/csv_rows.hpp"

namespace consilium::cli {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t key_size = 32;
constexpr std::uint64_t profile_size_max = 1U << 20U;

Result<Bytes> read_key(const fs::path& path) {
  const std::string text(
      text_of(CSL_TRY(read_all(*CSL_TRY(open_file_source(path)), profile_size_max))));
  Bytes key;
  for (std::size_t i = 0; i + 1 < text.size() && key.size() < key_size; i += 2) {
    std::uint8_t octet = 0;
    const auto [end, problem] = std::from_chars(text.data() + i, text.data() + i + 2, octet, 16);
    if (problem != std::errc{} || end != text.data() + i + 2) break;
    key.push_back(std::byte{octet});
  }
  if (key.size() == key_size) return key;
  return fail(ErrorCode::InvalidInput, "the key cannot be read", "--key",
              "give a file of 64 hexadecimal digits, or the name of one to be made");
}

// For its owner alone, and never over another one.
Status write_key(const fs::path& path, const Bytes& key) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string text = to_hex(key) + "\n";
  const bool is_written = file >= 0 &&
                          ::write(file, text.data(), text.size()) == std::ssize(text) &&
                          ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (is_written) return {};
  return fail(ErrorCode::Unavailable, "the new key could not be written", "--key",
              "look whether the folder is there and can be written to");
}

Result<Bytes> key_of(const fs::path& path) {
  std::error_code ignored;
  if (!path.empty() && fs::exists(path, ignored)) return read_key(path);
  Bytes key(key_size);
  system_random()->fill(key);
  if (!path.empty()) CSL_TRY(write_key(path, key));
  return key;
}

Result<DeidProfile> profile_of(const DeidCommand& command) {
  DeidProfile profile;
  if (auto named = named_deid_profile(command.profile)) {
    profile = std::move(*named);
  } else {
    const auto source = open_file_source(command.profile);
    if (!source) return std::unexpected(named.error());
    profile = CSL_TRY(parse_deid_profile(text_of(CSL_TRY(read_all(**source, profile_size_max)))));
  }
  for (const std::string& option : command.options) CSL_TRY(add_deid_option(profile, option));
  CSL_TRY(check_deid_profile(profile));
  return profile;
}

// Columns whose heading says "name" hold names; all others hold numbers, addresses and dates.
Status read_people(const fs::path& path, DeidSettings& settings) {
  const auto source = CSL_TRY(open_file_source(path));
  CsvRows rows = CSL_TRY(CsvRows::open(*source));
  std::vector<bool> is_name;
  for (std::string heading : rows.heading()) {
    std::ranges::transform(heading, heading.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    is_name.push_back(heading.contains("name"));
  }
  while (CSL_TRY(rows.next())) {
    for (std::size_t c = 0; c < is_name.size(); ++c) {
      const std::string_view value = rows.field(c);
      if (is_name[c]) {
        settings.people.add_name(value);
      } else {
        settings.people.add_phrase(value);
      }
      settings.people_values.emplace_back(value);
    }
  }
  return {};
}

}  // namespace

Result<DeidSettings> deid_settings(const DeidCommand& command) {
  DeidProfile profile = CSL_TRY(profile_of(command));
  DeidSettings settings{.profile = std::move(profile),
                        .key = DeidKey(CSL_TRY(key_of(command.key))),
                        .people = {},
                        .people_values = {}};
  if (!command.known.empty()) CSL_TRY(read_people(command.known, settings));
  return settings;
}

LeakPolicy leak_policy(const DeidProfile& profile) {
  LeakPolicy policy;
  if (profile.keeps_years_only) policy.dates = LeakPolicy::Dates::YearsOnly;
  if (profile.has(DeidOption::ModifiedDates)) policy.dates = LeakPolicy::Dates::Moved;
  if (profile.has(DeidOption::RetainFullDates)) policy.dates = LeakPolicy::Dates::Kept;
  policy.keeps_uids = profile.has(DeidOption::RetainUids);
  policy.keeps_institution = profile.has(DeidOption::RetainInstitution);
  policy.keeps_clean_comments = profile.has(DeidOption::CleanDescriptors);
  policy.keeps_device = profile.has(DeidOption::RetainDevice);
  if (profile.has(DeidOption::RetainSafePrivate)) {
    for (const PrivateAllowed& allowed : profile.private_allowed) {
      policy.private_creators.insert(allowed.creator);
    }
  }
  return policy;
}

Status write_file(const fs::path& path, ByteView bytes) {
  std::error_code failed;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failed);
  const fs::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  file.close();
  if (file) fs::rename(part, path, failed);
  if (file && !failed) return {};
  fs::remove(part, failed);
  return fail(ErrorCode::Unavailable, "a result could not be written", "OUT",
              "look whether the folder can be written to, and has space");
}

}  // namespace consilium::cli
