// Reads the members of a JSON object by name and type and collects all that is wrong, each with its
// JSON pointer, so that the writer of a protocol sees every mistake at once. A member that is
// missing or wrong reads as an empty value; the caller looks at `problems` before using any.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "domain/label/violation.hpp"

namespace consilium {

// `path` with one more step: "/a" and "b/c" give "/a/b~1c".
[[nodiscard]] std::string pointer_to(std::string_view path, std::string_view key);
[[nodiscard]] std::string pointer_to(std::string_view path, std::size_t index);

inline constexpr std::size_t text_size_max = 4096;

class JsonFields {
 public:
  // Notes a problem when `value` is not an object.
  JsonFields(const boost::json::value& value, std::string path, std::vector<Violation>& problems);
  // The value must outlive the reader.
  JsonFields(boost::json::value&&, std::string, std::vector<Violation>&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const { return pointer_to(path_, key); }
  void problem(std::string_view key, std::string what, std::string remedy = {});

  // The member as it is, null when it is absent or JSON null; it then counts as known.
  [[nodiscard]] const boost::json::value* find(std::string_view key);
  // The same, but absence is a problem.
  [[nodiscard]] const boost::json::value* require(std::string_view key);

  // Text must not be empty and not longer than `bytes_max`.
  [[nodiscard]] std::string text(std::string_view key, std::size_t bytes_max = text_size_max);
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view key,
                                                         std::size_t bytes_max = text_size_max);
  template <class IdType>
  [[nodiscard]] IdType id(std::string_view key) {
    const std::string written = text(key, 64);
    if (written.empty()) return {};
    const auto parsed = parse_id<IdType>(written);
    if (!parsed) problem(key, "this is not a UUID");
    return parsed.value_or(IdType{});
  }
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max);
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t min,
                                                             std::int64_t max);
  [[nodiscard]] std::optional<double> optional_number(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key, bool when_absent);
  [[nodiscard]] std::vector<std::string> texts(std::string_view key, std::size_t count_max = 1024);
  // Calls `use` with each element of an array and its pointer; an absent array has none.
  void each(std::string_view key, std::size_t count_max,
            const std::function<void(const boost::json::value&, const std::string&)>& use);
  // Calls `use` with each member of an object: name, value, pointer.
  void each_member(std::string_view key, std::size_t count_max,
                   const std::function<void(std::string_view, const boost::json::value&,
                                            const std::string&)>& use);

  // Members that nobody asked for are problems: a misspelt name must not pass in silence.
  void refuse_unknown(std::initializer_list<std::string_view> skipped = {});

 private:
  const boost::json::object* object_ = nullptr;
  std::string path_;
  std::vector<Violation>& problems_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace consilium
