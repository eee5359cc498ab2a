// A made patient as the files that a hospital's systems would have given: DICOM series, dated notes
// as JSON lines, dated ECG records as WFDB with beats and rhythms. For the sample project, which
// imports them as it would any others, and for tests.
#pragma once

#include "analysis/synthetic/cases.hpp"
#include "service/made_data/made_series.hpp"

namespace consilium {

// Names are relative paths:
//   SYN-0001/ct/IM0001.dcm ...        SYN-0001/mr/IM0001.dcm ...
//   SYN-0001/notes/notes.jsonl        SYN-0001/ecg/SYN0001_1.hea, .dat, .atr
// The study's UID follows from the patient's id and study date.
// Errors: those of `take`, and of the writers. Cost: that of rendering, 10 s for a CT of 300
// slices.
[[nodiscard]] Status write_patient_files(const synthetic::MadePatient& patient,
                                         const FileTaker& take);

}  // namespace consilium
