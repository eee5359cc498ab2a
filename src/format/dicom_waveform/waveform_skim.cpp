// A day of ambulatory ECG is over a hundred megabytes in one element. The elements around it are
// copied, it is left out, and where it lies is kept.
#include <algorithm>
#include <array>

#include "base/byte_reader.hpp"
#include "format/dicom_waveform/waveform_groups.hpp"

namespace consilium::waveform {
namespace {

constexpr std::uint64_t whole_bytes_max = 4U << 20U;
constexpr std::uint64_t inflated_bytes_max = 96U << 20U;
constexpr std::uint64_t left_bytes_max = 32U << 20U;
constexpr std::uint32_t undefined = 0xFFFFFFFF;
constexpr int depth_max = 16;

class Skimmer {
 public:
  Skimmer(const ByteSource& file, std::uint64_t at, bool is_explicit)
      : file_(file), at_(at), explicit_(is_explicit) {}

  Status run(Bytes& out) {
    out_ = &out;
    return elements(file_.size(), 0, false);
  }
  [[nodiscard]] std::vector<DataPlace> take_places() { return std::move(places_); }

 private:
  struct Head {
    std::uint32_t tag = 0;
    std::uint32_t length = 0;
    std::array<std::byte, 12> raw{};
    std::size_t size = 8;
    bool is_sequence = false;
  };

  static std::uint32_t number(const std::byte* at, int count) {
    std::uint32_t value = 0;
    for (int i = count; i-- > 0;) value = value << 8U | std::to_integer<std::uint32_t>(at[i]);
    return value;
  }

  Result<Head> head() {
    Head head;
    CSL_TRY(file_.read(at_, std::span(head.raw).first(8)));
    head.tag = number(head.raw.data(), 2) << 16U | number(head.raw.data() + 2, 2);
    const bool is_mark = head.tag >> 16U == 0xFFFE;
    if (is_mark || !explicit_) {
      head.length = number(head.raw.data() + 4, 4);
      head.is_sequence = head.tag == waveform_sequence.number() || head.length == undefined;
    } else {
      const Vr vr{vr_code(static_cast<char>(head.raw[4]), static_cast<char>(head.raw[5]))};
      head.is_sequence = vr == Vr::Sq;
      if (has_long_length(vr)) {
        CSL_TRY(file_.read(at_ + 8, std::span(head.raw).subspan(8, 4)));
        head.size = 12;
        head.length = number(head.raw.data() + 8, 4);
      } else {
        head.length = number(head.raw.data() + 6, 2);
      }
      if (head.length == undefined) head.is_sequence = true;  // UN of PS3.5 6.2.2
    }
    at_ += head.size;
    return head;
  }

  Status copy(std::uint64_t count) {
    if (count > left_bytes_max || out_->size() + count > left_bytes_max) {
      return fail(ErrorCode::TooLarge, "the object holds too much beside its samples",
                  "byte " + std::to_string(at_));
    }
    const std::size_t before = out_->size();
    out_->resize(before + static_cast<std::size_t>(count));
    CSL_TRY(file_.read(at_, std::span(*out_).subspan(before)));
    at_ += count;
    return {};
  }

  void put_head(const Head& head, std::uint32_t length) {
    out_->insert(out_->end(), head.raw.begin(), head.raw.begin() + static_cast<long>(head.size));
    const std::size_t place = head.size == 12 || !explicit_ || head.tag >> 16U == 0xFFFE ? 4 : 2;
    for (std::size_t i = 0; i < place; ++i) {
      (*out_)[out_->size() - place + i] = static_cast<std::byte>(length >> (8U * i));
    }
  }

  void put_end(std::uint32_t element) {
    for (const std::uint32_t byte :
         {0xFEU, 0xFFU, element & 0xFFU, element >> 8U, 0U, 0U, 0U, 0U}) {
      out_->push_back(static_cast<std::byte>(byte));
    }
  }

  // Up to `end`, or to a delimiter where the length is not said.
  Status elements(std::uint64_t end, int depth, bool in_waveform) {
    if (depth > depth_max) return fail(ErrorCode::TooLarge, "the object has too many levels");
    while (at_ < end) {
      const std::uint64_t begin = at_;
      const Head element = CSL_TRY(head());
      if (element.tag == 0xFFFEE00D) return {};
      if (in_waveform && element.tag == waveform_data.number() && element.length != undefined) {
        if (element.length > file_.size() - at_) {
          return fail(ErrorCode::Corrupt, "the waveform data end early",
                      "byte " + std::to_string(begin));
        }
        places_.back() = {.offset = at_, .length = element.length};
        put_head(element, 0);
        at_ += element.length;
      } else if (element.is_sequence &&
                 (element.length == undefined || element.tag == waveform_sequence.number())) {
        put_head(element, undefined);
        const bool is_waveform = depth == 0 && element.tag == waveform_sequence.number();
        CSL_TRY(items(element.length == undefined ? file_.size() : at_ + element.length, depth + 1,
                      is_waveform));
        put_end(0xE0DD);
      } else {
        put_head(element, element.length);
        CSL_TRY(copy(element.length));
      }
    }
    return {};
  }

  Status items(std::uint64_t end, int depth, bool is_waveform) {
    while (at_ < end) {
      const std::uint64_t begin = at_;
      const Head item = CSL_TRY(head());
      if (item.tag == 0xFFFEE0DD) return {};
      if (item.tag != 0xFFFEE000) {
        return fail(ErrorCode::Corrupt, "a sequence holds something other than items",
                    "byte " + std::to_string(begin));
      }
      if (is_waveform) places_.emplace_back();
      put_head(item, undefined);
      const bool is_delimited = item.length == undefined;
      CSL_TRY(elements(is_delimited ? file_.size() : at_ + item.length, depth, is_waveform));
      put_end(0xE00D);
    }
    return {};
  }

  const ByteSource& file_;
  std::uint64_t at_;
  bool explicit_;
  Bytes* out_ = nullptr;
  std::vector<DataPlace> places_;
};

// In a file that is in memory: what each item's element views.
std::vector<DataPlace> places_in(const DicomFile& file) {
  std::vector<DataPlace> places;
  for (const DicomDataset& item : file.dataset.items(waveform_sequence)) {
    const DicomElement* data = item.find(waveform_data);
    DataPlace place;
    if (data != nullptr && !data->value.bytes().empty()) {
      const ByteView view = data->value.bytes();
      place.offset = static_cast<std::uint64_t>(view.data() - file.bytes.data());
      place.length = view.size();
    }
    places.push_back(place);
  }
  return places;
}

struct MetaRead {
  std::string syntax{};
  std::uint64_t end = 0;
};

// The file meta information (PS3.10 7.1) as far as it says how the rest is written.
Result<MetaRead> read_meta(ByteView head) {
  ByteReader reader(head);
  CSL_TRY(reader.skip(128));
  if (CSL_TRY(reader.text(4)) != "DICM") {
    return fail(ErrorCode::Unsupported, "a large waveform object without file meta information",
                "byte 128", "store it as a DICOM file (PS3.10)");
  }
  MetaRead meta{.end = head.size()};
  while (true) {
    meta.end = reader.offset();
    const int group = CSL_TRY(reader.u16());
    if (group != 2) break;
    const int element = CSL_TRY(reader.u16());
    const std::string_view vr = CSL_TRY(reader.text(2));
    std::uint64_t length = CSL_TRY(reader.u16());
    if (has_long_length(Vr{vr_code(vr[0], vr[1])})) length = CSL_TRY(reader.u32());
    const std::string_view value = CSL_TRY(reader.text(length));
    if (element == 0x0010)
      meta.syntax = std::string(value.substr(0, value.find_last_not_of('\0') + 1));
  }
  return meta;
}

}  // namespace

Result<std::unique_ptr<Skimmed>> skim(std::shared_ptr<const ByteSource> file) {
  auto skimmed = std::make_unique<Skimmed>();
  const auto head_size = std::min<std::uint64_t>(file->size(), whole_bytes_max);
  skimmed->bytes = CSL_TRY(read_bytes(*file, 0, head_size, whole_bytes_max));
  const bool is_whole = head_size == file->size();
  if (!is_whole) {
    const MetaRead meta = CSL_TRY(read_meta(skimmed->bytes));
    const bool is_implicit = meta.syntax == "1.2.840.10008.1.2";
    if (is_implicit || meta.syntax == "1.2.840.10008.1.2.1") {
      skimmed->bytes.resize(static_cast<std::size_t>(meta.end));
      Skimmer skimmer(*file, meta.end, !is_implicit);
      CSL_TRY(skimmer.run(skimmed->bytes));
      skimmed->places = skimmer.take_places();
      skimmed->samples = std::move(file);
    } else if (file->size() > inflated_bytes_max) {
      return fail(ErrorCode::TooLarge, "a waveform object of this size is not read in this form",
                  "(0002,0010)", "store it as explicit VR little endian");
    } else {
      skimmed->bytes = CSL_TRY(read_all(*file, inflated_bytes_max));
    }
  }
  skimmed->file =
      CSL_TRY(read_dicom(skimmed->bytes, {.inflated_size_bytes_max = inflated_bytes_max}));
  if (!skimmed->samples) {
    skimmed->places = places_in(skimmed->file);
    skimmed->samples = view_source(skimmed->file.bytes);
  }
  return skimmed;
}

}  // namespace consilium::waveform
