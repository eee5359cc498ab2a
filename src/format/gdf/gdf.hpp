// GDF recordings, versions 1.x and 2.x: signals and the event table. Source: A. Schloegl, "GDF - A
// General Dataformat for Biosignals", arXiv:cs/0608052.
//
// Samples of 8 to 32 bits and floating-point ones (in steps of 1 nV, or 1/1000 of another unit) are
// read as they are asked for. Events are named by their code ("0x0301"); those with a duration have
// it, those of a channel name it.
#pragma once

#include <memory>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// Errors: Unsupported for another mark or a form of samples that is not read; Corrupt with the byte
// where a count, rate or length is impossible; TooLarge for an event table past 64 MiB.
[[nodiscard]] Result<Recording> open_gdf(std::shared_ptr<const ByteSource> file);

}  // namespace consilium
