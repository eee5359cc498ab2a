// Objects that waited for their images, read again when images have come to the project.
#pragma once

#include <functional>
#include <stop_token>

#include "service/access/access.hpp"
#include "service/intake/label_intake.hpp"
#include "service/intake/prepared.hpp"

namespace consilium::service {

// Each object all of whose images are now here becomes labels and is kept in its study. What of it
// was not taken over is told as a refusal of the import that brought it; why another still waits is
// renewed. Names in it mean what the import that brought it said, else what `names` (of `intake`)
// say. Of images that waited, those that are here now wait no more. `commit` makes a prepared thing
// durable. Errors: those of `commit` and of the store.
[[nodiscard]] Status take_waiting(const IntakeTools& tools, const Access& access,
                                  LabelIntake& intake, const LabelMap& names,
                                  const std::function<Status(Prepared)>& commit,
                                  const std::stop_token& stop);

// Ends the waiting of an object that has now come another way: it was sent again, with or after its
// images.
[[nodiscard]] Status end_waiting(const IntakeTools& tools, const Access& access,
                                 const std::string& content);

}  // namespace consilium::service
