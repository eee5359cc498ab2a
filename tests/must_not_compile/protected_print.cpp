// A patient's name written to a log.
#include <ostream>
#include <string>

#include "base/protected.hpp"

void log(std::ostream& out, const consilium::Protected<std::string>& name,
         const consilium::AuditedAccess& access) {
#ifdef CORRECT
  out << name.reveal(access).size();
#else
  static_cast<void>(access);
  out << name;
#endif
}
