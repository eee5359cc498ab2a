#include "service/people/sign_in_limit.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace consilium::service {
namespace {

constexpr int free_tries_of_name = 5;
constexpr int free_tries_of_address = 50;
constexpr std::int64_t first_wait_ms = 2'000;
constexpr std::int64_t wait_ms_max = 15LL * 60 * 1000;
constexpr std::size_t table_rows_max = 100'000;

std::string name_key(std::string_view name) { return fmt::format("name:{}", name); }
std::string address_key(std::string_view address) { return fmt::format("address:{}", address); }

std::int64_t wait_ms(int failures, int free_tries) {
  if (failures < free_tries) return 0;
  return std::min(first_wait_ms << std::min(failures - free_tries, 20), wait_ms_max);
}

}  // namespace

Status SignInLimit::check(std::string_view name, std::string_view address, Timestamp now) const {
  return failures_.with([&](const Table& table) -> Status {
    for (const std::string& key : {name_key(name), address_key(address)}) {
      const auto row = table.find(key);
      if (row == table.end() || row->second.wait_until <= now) continue;
      const std::int64_t seconds = (row->second.wait_until.ms - now.ms + 999) / 1000;
      return fail(ErrorCode::RateLimited, "too many tries with a wrong password", {},
                  fmt::format("try again in {} s", seconds));
    }
    return {};
  });
}

void SignInLimit::failed(std::string_view name, std::string_view address, Timestamp now) {
  failures_.with([&](Table& table) {
    if (table.size() >= table_rows_max) {
      std::erase_if(table,
                    [&](const auto& row) { return now.ms - row.second.last.ms > wait_ms_max; });
    }
    const auto count = [&](std::string key, int free_tries) {
      Failures& row = table[std::move(key)];
      if (now.ms - row.last.ms > wait_ms_max) row = {};
      ++row.count;
      row.last = now;
      row.wait_until = Timestamp{now.ms + wait_ms(row.count, free_tries)};
    };
    count(name_key(name), free_tries_of_name);
    count(address_key(address), free_tries_of_address);
  });
}

void SignInLimit::succeeded(std::string_view name) {
  failures_.with([&](Table& table) { table.erase(name_key(name)); });
}

}  // namespace consilium::service
