#include "service/access/pseudonym.hpp"

#include "base/bytes.hpp"
#include "format/dicom_write/uid.hpp"
#include "storage/objects.hpp"

namespace consilium::service {

std::string rater_pseudonym(storage::Store& store, const RaterId& rater) {
  return "R-" + to_hex(store.objects().keyed_hash("export rater", rater.value)).substr(0, 8);
}

std::string mapped_uid(storage::Store& store, std::string_view uid) {
  return uid_from_name(to_hex(store.objects().keyed_hash("export uid", bytes_of(uid))));
}

}  // namespace consilium::service
