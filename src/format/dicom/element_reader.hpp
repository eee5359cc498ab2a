// The walk over the elements of one dataset, behind read_dicom.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_reader.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium::detail {

enum class VrForm : std::uint8_t { Implicit, Explicit };

// The tag, VR and length that begin an element.
struct ElementHead {
  DicomTag tag;
  Vr vr = Vr::Un;
  std::uint32_t length = 0;
  VrForm form = VrForm::Explicit;
};

inline constexpr std::uint32_t undefined_length = 0xFFFFFFFF;

class ElementReader {
 public:
  ElementReader(const ReadOptions& options, std::vector<std::string>& notes)
      : options_(options), notes_(notes) {}

  // The top level: to the end of `reader`, or to the pixel data where the options say so.
  [[nodiscard]] Status read_top(ByteReader& reader, VrForm form, DicomDataset& out,
                                PixelDataPlace& pixels);
  // Elements of group 0002, which are always explicit VR little endian.
  [[nodiscard]] Status read_meta(ByteReader& reader, DicomDataset& out);

 private:
  enum class End : std::uint8_t { AtBytes, AtDelimiter };

  // Takes the next element if there is nothing special about it (no sequence, no undefined length,
  // nothing to mend), as nearly all are; else takes nothing.
  [[nodiscard]] bool take_plain(ByteReader& reader, VrForm form, DicomDataset& out);
  [[nodiscard]] Result<ElementHead> read_head(ByteReader& reader, VrForm form);
  [[nodiscard]] Status read_items_of(ByteReader& reader, VrForm form, End end, DicomDataset& out,
                                     std::uint32_t depth);
  [[nodiscard]] Status read_element(ByteReader& reader, const ElementHead& head, DicomDataset& out,
                                    std::uint32_t depth);
  [[nodiscard]] Status read_sequence(ByteReader& reader, const ElementHead& head,
                                     DicomElement& element, const DicomDataset& parent,
                                     std::uint32_t depth);
  [[nodiscard]] Status read_items(ByteReader& reader, VrForm form, End end, DicomElement& element,
                                  const DicomDataset& parent, std::uint32_t depth);
  [[nodiscard]] Status read_pixels(ByteReader& reader, const ElementHead& head,
                                   PixelDataPlace& pixels);
  [[nodiscard]] Status read_fragments(ByteReader& reader, PixelDataPlace& pixels);
  [[nodiscard]] Status skip_fragments(ByteReader& reader);
  [[nodiscard]] Status count_element(const ByteReader& reader);
  void note(std::string_view text);

  const ReadOptions& options_;
  std::vector<std::string>& notes_;
  std::uint32_t element_count_ = 0;
};

// The head of the next element as it would read in that form, and whether it is plausible: a tag
// in order of size, a known VR or a length that fits.
[[nodiscard]] bool is_plausible_explicit(ByteView bytes, std::endian order);
[[nodiscard]] bool is_plausible_implicit(ByteView bytes);

}  // namespace consilium::detail
