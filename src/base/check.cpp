#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace consilium {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "consilium: broken invariant: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace consilium
