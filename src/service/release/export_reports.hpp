// Measurement reports of parts of a reading.
#pragma once

#include "service/release/export_case.hpp"

namespace consilium::service {

// A report may be of what was drawn on single images alone, or of all else: OHIF (3.13) cannot open
// one in which some group has no coordinates.
enum class ReportPart { DrawnOnImages, Rest };

// As export_reports, of one part. The rest comes with the segmentations that it refers to.
[[nodiscard]] Status export_report_part(ExportWork& work, const std::vector<ExportCase>& cases,
                                        ReportPart part);

}  // namespace consilium::service
