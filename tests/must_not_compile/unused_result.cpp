// A result that nobody looks at, under our warnings.
#pragma GCC diagnostic error "-Wunused-result"
#include "base/id.hpp"

void use() {
#ifdef CORRECT
  static_cast<void>(consilium::parse_id_bytes("x"));
#else
  consilium::parse_id_bytes("x");
#endif
}
