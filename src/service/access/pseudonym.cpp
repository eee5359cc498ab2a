#include "service/access/pseudonym.hpp"

#include "base/bytes.hpp"
#include "storage/objects.hpp"

namespace consilium::service {

std::string rater_pseudonym(storage::Store& store, const RaterId& rater) {
  return "R-" + to_hex(store.objects().keyed_hash("export rater", rater.value)).substr(0, 8);
}

}  // namespace consilium::service
