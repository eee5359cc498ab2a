// A recording as a FHIR R4 Observation: each channel a component with a SampledData value (origin,
// period in milliseconds, factor, dimensions 1). A value is origin + factor x number, the number as
// stored. "E" stands for a missing sample, "U" and "L" for one above or below what the channel's
// digital range says. Source: HL7 FHIR R4, 2.24.0.8 SampledData.
#pragma once

#include <string>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// `subject` is what the patient is called outside ("P-0042"); may be empty. Written as it is read,
// a few thousand samples at a time. Errors: those of reading and of the sink; InvalidInput for a
// recording without channels.
[[nodiscard]] Status write_sampled_data(const SampleSource& source, const std::string& subject,
                                        const ByteSink& sink);

}  // namespace consilium
