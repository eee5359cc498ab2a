// A recording of any kind that is read, from its first file and those beside it: one way in for
// imports, the viewer, exports and the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"
#include "format/signal_kind/signal_kind.hpp"

namespace consilium {

// The samples, and the events that the file itself holds. `first` is the recording or its header,
// `name` what it is called, `beside` gives the files it names. Errors: those of the kind's reader.
[[nodiscard]] Result<Recording> open_recording_file(RecordKind kind,
                                                    std::shared_ptr<const ByteSource> first,
                                                    std::string_view name,
                                                    const ByteSourceResolver& beside);

// What a header names beside it, as far as it tells itself; empty for kinds of one file. Errors:
// those of reading the header.
[[nodiscard]] Result<std::vector<std::string>> files_beside(RecordKind kind,
                                                            const ByteSource& first,
                                                            std::string_view name);

// How the store calls the kind: "wfdb", "edf" (BDF too), "scp_ecg", ... and back. Errors: NotFound.
[[nodiscard]] std::string_view stored_name(RecordKind kind);
[[nodiscard]] Result<RecordKind> kind_of_stored_name(std::string_view name);

// The rate that WFDB annotation files of the record count in: of a WFDB record its frames', else
// its ticks'.
[[nodiscard]] Result<Rate> annotation_rate(RecordKind kind, const ByteSource& first,
                                           const RecordHeader& header);

}  // namespace consilium
