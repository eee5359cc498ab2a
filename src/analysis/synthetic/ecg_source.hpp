// A made ECG as a recording's samples, for whatever reads or writes recordings.
#pragma once

#include <memory>

#include "analysis/synthetic/ecg_model.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium::synthetic {

// Samples are made when they are read: a day's record takes the memory of its plan of beats.
[[nodiscard]] std::unique_ptr<SampleSource> ecg_source(EcgModel model);

}  // namespace consilium::synthetic
