// The command line: `consilium <command>`.
#pragma once

namespace consilium::cli {

// Runs one command. Returns 0 done, 1 something in the input was refused, 2 wrong use, 3 our own
// failure.
[[nodiscard]] int run(int argument_count, const char* const* arguments);

}  // namespace consilium::cli
