// Whether a sanitizer's runtime lives in this process: its shadow memory takes terabytes of address
// space, which then cannot be limited.
#pragma once

namespace consilium {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitizer_build = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitizer_build = true;
#else
inline constexpr bool is_sanitizer_build = false;
#endif
#else
inline constexpr bool is_sanitizer_build = false;
#endif

}  // namespace consilium
