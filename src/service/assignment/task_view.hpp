// A Task as the API shows it.
#pragma once

#include <boost/json/fwd.hpp>

#include "storage/work.hpp"

namespace consilium::service {

[[nodiscard]] boost::json::object task_json(const storage::TaskRow& task);

}  // namespace consilium::service
