// Phantoms as files: what a made patient's scanner would have sent. Slices are made one by one, so
// a whole series is never in memory.
#pragma once

#include <functional>
#include <string>

#include "analysis/synthetic/ct_phantom.hpp"
#include "analysis/synthetic/mr_phantom.hpp"
#include "format/dicom_write/image_series.hpp"

namespace consilium {

// Takes one file; an error ends the series.
using FileTaker = std::function<Status(NamedBytes)>;

// The series' facts for a phantom. UIDs follow from the study's UID and the series number; the
// phantom's frame of reference, where it has one, is kept.
[[nodiscard]] MadeImageSeries made_ct_series(const synthetic::CtPhantom& phantom,
                                             const DicomPatientStudy& study, int series_number);
[[nodiscard]] MadeImageSeries made_mr_series(const synthetic::MrPhantom& phantom,
                                             const synthetic::MrPhantomOptions& options,
                                             const DicomPatientStudy& study, int series_number);

// Errors: those of `take`. Cost: that of the phantom.
[[nodiscard]] Status write_series(const synthetic::CtPhantom& phantom,
                                  const MadeImageSeries& series, const FileTaker& take);
[[nodiscard]] Status write_series(const synthetic::MrPhantom& phantom,
                                  const MadeImageSeries& series, const FileTaker& take);

}  // namespace consilium
