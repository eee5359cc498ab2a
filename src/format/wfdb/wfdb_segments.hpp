// WFDB records that are a sequence of records. Used by wfdb_record.cpp alone.
#pragma once

#include <memory>

#include "format/wfdb/wfdb_record.hpp"

namespace consilium::wfdb {

[[nodiscard]] Result<std::unique_ptr<WfdbRecord>> open_segments(WfdbHeader header,
                                                                ByteSourceResolver files);

// What both kinds of record share.
[[nodiscard]] Result<Channel> channel_of(const WfdbSignalLine& line, const Rate& frame_rate);
// Sets tick rate, lengths and identity from the channels' rates and the header.
[[nodiscard]] Status set_time_line(RecordHeader& header, const WfdbHeader& from,
                                   std::int64_t frame_count);
// Refuses names that leave the record's folder.
[[nodiscard]] Status check_file_name(std::string_view name);

}  // namespace consilium::wfdb
