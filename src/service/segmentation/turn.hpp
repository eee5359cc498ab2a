// One place among those who may compute; given back when the call ends. Used inside this module.
#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <utility>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"

namespace consilium::service {

class Turn {
 public:
  using Running = Guarded<std::map<PersonId, std::stop_source>>;
  // Errors: RateLimited while the person's last one runs, Unavailable while others fill the
  // machine.
  [[nodiscard]] static Result<Turn> take(Running& running, const PersonId& person,
                                         std::size_t most) {
    return running.with([&](auto& people) -> Result<Turn> {
      if (people.contains(person)) {
        return fail(ErrorCode::RateLimited, "your last operation has not ended", "",
                    "wait for it or cancel it, then ask again");
      }
      if (people.size() >= most) {
        return fail(ErrorCode::Unavailable, "others' operations fill the machine", "",
                    "ask again in some seconds");
      }
      const std::stop_token stop = people[person].get_token();
      return Turn(running, person, stop);
    });
  }
  // Asks the person's running operation to stop; false when none runs.
  [[nodiscard]] static bool cancel(Running& running, const PersonId& person) {
    return running.with([&](auto& people) {
      const auto found = people.find(person);
      return found != people.end() && found->second.request_stop();
    });
  }
  Turn(Turn&& other) noexcept
      : running_(std::exchange(other.running_, nullptr)),
        person_(other.person_),
        stop_(std::move(other.stop_)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (running_ == nullptr) return;
    running_->with([&](auto& people) { people.erase(person_); });
  }
  [[nodiscard]] const std::stop_token& stop_token() const { return stop_; }

 private:
  Turn(Running& running, const PersonId& person, std::stop_token stop)
      : running_(&running), person_(person), stop_(std::move(stop)) {}
  Running* running_;
  PersonId person_;
  std::stop_token stop_;
};

}  // namespace consilium::service
