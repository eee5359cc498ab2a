// Standardised uptake value of PET by body weight: the number that a rescaled pixel value is
// multiplied by to give SUVbw in g/ml ({SUVbw}g/ml of UCUM, DCM 126401). It is
//
//   weight in g / (injected dose in Bq, decayed to the time that the pixels are decay-corrected to)
//
// by the vendor-neutral rules of the QIBA FDG-PET/CT profile ("SUV vendor-neutral pseudo-code",
// 2018-06-26): pixels in BQML, corrected for attenuation and decay, with Decay Correction START (to
// the start of the scan: Series Date and Time unless those are later than the acquisition, then
// GE's private scan time, then what Frame Reference Time implies) or ADMIN (to the injection: no
// decay is left). GML is SUVbw already; CNTS takes Philips' private factors. The injection is on
// the series' day unless that puts it after the scan; then on the day before.
#pragma once

#include "base/result.hpp"
#include "domain/image/dicom_dataset.hpp"

namespace consilium {

// Errors: Unsupported on what is no PET; InvalidInput, naming the attribute, when one is missing or
// cannot be, or when two contradict each other: a wrong SUV is worse than none. No patient value is
// said. Cost: O(1).
[[nodiscard]] Result<double> suvbw_factor(const DicomDataset& dataset);

}  // namespace consilium
