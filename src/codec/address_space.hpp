// Whether this build can live under a limit of its address space: the sanitizers' shadow memory
// alone takes terabytes of it.
#pragma once

namespace consilium {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool limits_address_space = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool limits_address_space = false;
#else
inline constexpr bool limits_address_space = true;
#endif
#else
inline constexpr bool limits_address_space = true;
#endif

}  // namespace consilium
