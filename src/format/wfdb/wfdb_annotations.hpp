// MIT annotation files (.atr, .qrs, ...), and the older AHA form, read and written. Source:
// annot(5) of the WFDB Applications Guide.
//
// A file that is read and written again is the same bytes, however its writer chose among the ways
// to say one thing (a SKIP where none is needed, a pad byte that is not 0, bytes after the end):
// what our own writer would say otherwise is kept as it stood, and used while the annotation and
// those before it are unchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/event.hpp"
#include "domain/signal/record.hpp"

namespace consilium {

// As in the file: 24 bytes, so that a day of beats stays small.
struct MitAnnotation {
  std::int64_t time = 0;  // in the file's unit: frames of the record unless a note says otherwise
  std::uint32_t aux_offset = 0;  // into MitAnnotations::aux
  std::uint16_t aux_size = 0;
  std::uint8_t code = 0;  // 0..58
  std::int8_t subtype = 0;
  std::uint8_t chan = 0;
  std::int8_t num = 0;
  friend bool operator==(const MitAnnotation&, const MitAnnotation&) = default;
};

enum class AnnotationForm { Mit, Aha };

// A meaning that the file itself gives to a code.
struct CustomCode {
  int code = 0;
  std::string mnemonic{};
  std::string meaning{};
  friend bool operator==(const CustomCode&, const CustomCode&) = default;
};

struct MitAnnotations {
  AnnotationForm form = AnnotationForm::Mit;
  std::vector<MitAnnotation> annotations{};  // all, the notes below included
  std::string aux{};                         // the texts, one after another
  // From the notes at time 0 ("## time resolution: 1000"): what times count in.
  std::optional<Rate> time_resolution{};
  std::vector<CustomCode> custom_codes{};
  std::vector<ReadNote> notes{};

  // How one annotation stood in the file where we would have written it differently.
  struct Verbatim {
    std::size_t index = 0;
    MitAnnotation annotation{};
    std::string aux{};
    MitAnnotation before{};  // whose time, chan and num the bytes rest on
    Bytes bytes{};
    friend bool operator==(const Verbatim&, const Verbatim&) = default;
  };
  std::vector<Verbatim> verbatim{};
  std::optional<Bytes> tail{};  // of a file that was read: from the end mark on

  [[nodiscard]] std::string_view aux_of(const MitAnnotation& annotation) const {
    return std::string_view(aux).substr(annotation.aux_offset, annotation.aux_size);
  }
};

// Errors: TooLarge past 1 GiB. A file cut short gives what is whole, and a note.
// Cost: about 5 ns an annotation.
[[nodiscard]] Result<MitAnnotations> read_mit_annotations(ByteView bytes);

// Errors: InvalidInput for a text past 255 bytes, a code past 58, and in the AHA form for
// a time past 32 bits.
[[nodiscard]] Result<Bytes> write_mit_annotations(const MitAnnotations& annotations);

// As events on the record's time line, without the notes that speak of the file itself.
// `frame_rate` is the record's, in which times count unless the file says otherwise.
// Errors: Corrupt when a time leaves the time line's 63 bits.
[[nodiscard]] Result<std::vector<SignalEvent>> events_of(const MitAnnotations& annotations,
                                                         const RecordHeader& record,
                                                         const Rate& frame_rate);
// Back: sorted by time, in units of `frame_rate`. An event with a duration becomes "(" with its
// text and ")", but for rhythm changes, which hold until the next. Errors: InvalidInput for a text
// past 255 bytes or a value that its field cannot hold.
[[nodiscard]] Result<MitAnnotations> annotations_of(const std::vector<SignalEvent>& events,
                                                    const RecordHeader& record,
                                                    const Rate& frame_rate);

}  // namespace consilium
