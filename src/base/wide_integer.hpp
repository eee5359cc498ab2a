// Integers of 128 bits, in which sums and products of 64-bit ones are exact.
#pragma once

namespace consilium {

// GCC and Clang have them as an extension, which -Wpedantic asks to have marked.
__extension__ using Wide = __int128;
__extension__ using WideUnsigned = unsigned __int128;

}  // namespace consilium
