#include "format/dicom/dicom_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/byte_reader.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/element_reader.hpp"

namespace consilium {
namespace {

using detail::ElementReader;
using detail::VrForm;

constexpr std::size_t preamble_size = 128;
constexpr std::uint64_t inflation_max = 100;
constexpr std::uint64_t inflated_size_always_allowed = 16U << 20U;

bool has_prefix_at(ByteView bytes, std::size_t at) {
  return bytes.size() >= at + 4 && text_of(bytes.subspan(at, 4)) == "DICM";
}

// The byte where file meta or the dataset begins.
std::size_t start_of(ByteView bytes, std::vector<std::string>& notes) {
  if (has_prefix_at(bytes, preamble_size)) return preamble_size + 4;
  if (has_prefix_at(bytes, 0)) {
    notes.emplace_back("the file has no preamble");
    return 4;
  }
  notes.emplace_back("the file has neither preamble nor prefix");
  return 0;
}

// How the dataset reads, from its first element; nothing when it reads in no form.
std::optional<const TransferSyntax*> guess_syntax(ByteView bytes) {
  if (detail::is_plausible_explicit(bytes, std::endian::little)) return &explicit_little_endian();
  if (detail::is_plausible_explicit(bytes, std::endian::big)) return &explicit_big_endian();
  if (detail::is_plausible_implicit(bytes)) return &implicit_little_endian();
  return std::nullopt;
}

class Inflater {
 public:
  Inflater() { is_ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (is_ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<Bytes> inflate_all(ByteView bytes, std::uint64_t size_max) {
    if (!is_ready_) return fail(ErrorCode::Internal, "inflating could not begin");
    Bytes out(std::min<std::uint64_t>(size_max, bytes.size() * 4 + 1024));
    std::size_t taken = 0;
    std::size_t made = 0;
    while (true) {
      constexpr std::size_t step_max = std::numeric_limits<uInt>::max();
      const std::size_t input = std::min(bytes.size() - taken, step_max);
      const std::size_t room = std::min(out.size() - made, step_max);
      // zlib's input is not const, but is only read.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data() + taken));
      stream_.avail_in = static_cast<uInt>(input);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + made);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      taken += input - stream_.avail_in;
      made += room - stream_.avail_out;
      if (status == Z_STREAM_END) break;
      if (status != Z_OK && status != Z_BUF_ERROR) {
        return fail(ErrorCode::Corrupt, "the deflated dataset is damaged", {},
                    "compare the file with the original, then import it again");
      }
      if (made == out.size()) {
        if (out.size() >= size_max) {
          return fail(ErrorCode::TooLarge, "the deflated dataset inflates to more than we allow");
        }
        out.resize(std::min<std::uint64_t>(size_max, out.size() * std::uint64_t{2}));
      } else if (taken == bytes.size()) {
        return fail(ErrorCode::Corrupt, "the deflated dataset ends early", {},
                    "compare the file with the original, then import it again");
      }
    }
    out.resize(made);
    return out;
  }

 private:
  z_stream stream_{};
  bool is_ready_ = false;
};

Status inflate_dataset(DicomFile& file, ByteView rest, const ReadOptions& options) {
  const std::uint64_t size_max = std::min(
      options.inflated_size_bytes_max, rest.size() * inflation_max + inflated_size_always_allowed);
  file.inflated = std::make_shared<const Bytes>(CSL_TRY(Inflater().inflate_all(rest, size_max)));
  file.bytes = *file.inflated;
  return {};
}

// The transfer syntax that the meta names, or the one that the dataset shows where the two
// contradict each other.
Result<const TransferSyntax*> settle_syntax(DicomFile& file, ByteView rest) {
  const auto found = guess_syntax(rest);
  file.transfer_syntax_uid = file.meta.ascii(tags::transfer_syntax_uid);
  if (file.transfer_syntax_uid.empty()) {
    if (!found) {
      if (file.meta.empty()) return fail(ErrorCode::Unsupported, "the file is not DICOM");
      // PS3.5 10.1: the default transfer syntax.
      file.notes.emplace_back("the transfer syntax is not named; the default one was taken");
      file.transfer_syntax_uid = implicit_little_endian().uid;
      return &implicit_little_endian();
    }
    file.notes.emplace_back("the transfer syntax is not named; it was found from the dataset");
    file.transfer_syntax_uid = (*found)->uid;
    return *found;
  }
  const TransferSyntax& named = transfer_syntax(file.transfer_syntax_uid);
  if (named.is_deflated || !found || rest.size() < 8) return &named;
  const bool agrees =
      (*found)->is_explicit_vr == named.is_explicit_vr && (*found)->byte_order == named.byte_order;
  if (agrees) return &named;
  // Implicit VR may look explicit only when a length happens to spell a VR.
  if (!named.is_explicit_vr && detail::is_plausible_implicit(rest)) return &named;
  file.notes.emplace_back("the dataset is not written in the transfer syntax that is named");
  if (!named.is_encapsulated) file.transfer_syntax_uid = (*found)->uid;
  return named.is_encapsulated ? &named : *found;
}

// Extended offset tables replace the basic one (PS3.3 C.7.6.3.1.8).
void take_extended_offsets(DicomFile& file) {
  const DicomElement* table = file.dataset.find(tags::extended_offset_table);
  if (!file.pixel_data.is_encapsulated || table == nullptr) return;
  std::vector<std::uint64_t> offsets;
  ByteReader reader(table->value.bytes(), file.dataset.byte_order());
  while (reader.left() >= 8) offsets.push_back(reader.u64().value_or(0));
  if (!offsets.empty()) file.pixel_data.frame_offsets = std::move(offsets);
}

}  // namespace

bool looks_like_dicom(ByteView bytes) {
  if (has_prefix_at(bytes, preamble_size) || has_prefix_at(bytes, 0)) return true;
  const auto syntax = guess_syntax(bytes);
  if (!syntax) return false;
  // Without a prefix the first element must be one that datasets begin with.
  std::vector<std::string> notes;
  ByteReader reader(bytes, (*syntax)->byte_order);
  const auto group = reader.u16();
  return group && (*group == 0x0002 || *group == 0x0008);
}

Result<DicomFile> read_dicom(ByteView bytes, const ReadOptions& options) {
  DicomFile file;
  file.bytes = bytes;
  ByteReader reader(bytes);
  ElementReader elements(options, file.notes);
  const std::size_t start = start_of(bytes, file.notes);
  if (start == 0 && !looks_like_dicom(bytes)) {
    return fail(ErrorCode::Unsupported, "the file is not DICOM");
  }
  CSL_TRY(reader.seek(start));
  CSL_TRY(elements.read_meta(reader, file.meta));
  if (reader.at_end()) {
    return fail(ErrorCode::Corrupt, "the file ends before its dataset", reader.where(),
                "compare the file with the original, then import it again");
  }
  file.dataset_offset = reader.position();
  file.syntax = CSL_TRY(settle_syntax(file, reader.peek(reader.left())));
  bool is_explicit = file.syntax->is_explicit_vr;
  if (file.syntax->is_encapsulated) {
    // The name of an encapsulated syntax says nothing of a dataset that contradicts it.
    const auto found = guess_syntax(reader.peek(reader.left()));
    is_explicit = !found || (*found)->is_explicit_vr;
  }
  if (file.syntax->is_deflated) {
    CSL_TRY(inflate_dataset(file, reader.peek(reader.left()), options));
    reader = ByteReader(file.bytes);
  }
  reader.set_order(file.syntax->byte_order);
  file.dataset = DicomDataset(file.syntax->byte_order);
  file.dataset.reserve(256);
  CSL_TRY(elements.read_top(reader, is_explicit ? VrForm::Explicit : VrForm::Implicit, file.dataset,
                            file.pixel_data));
  take_extended_offsets(file);
  return file;
}

}  // namespace consilium
