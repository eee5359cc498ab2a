// What pseudonymising takes out of segmentations, structure sets, reports and presentation states
// and the standard wants there, put back without a person's words.
#pragma once

#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// Names of segments and of regions become the meaning of their public code, or "Segment 3", "ROI
// 3"; text items and persons' names of a report become "removed"; a code without a meaning means
// itself; what must be there though empty (type 2) is. In all depths. Cost: O(attributes).
void put_plain_names(DicomDataset& pseudonymised);

}  // namespace consilium
