// CSL_CHECK: an invariant of ours, checked in release too. A broken one ends the process, which is
// safe because a label is durable before it is acknowledged.
#pragma once

namespace consilium {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}

#define CSL_CHECK(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::consilium::check_failed(#condition, __FILE__, __LINE__))
