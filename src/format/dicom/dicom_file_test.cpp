#include "format/dicom/dicom_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"
#include "format/dicom/frames.hpp"
#include "format/dicom/image_description.hpp"
#include "tests/data_path.hpp"

using namespace consilium;

namespace {

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return to_bytes(text);
}

// Bytes written out as hexadecimal digits and 'quoted text'.
Bytes written(std::string_view form) {
  Bytes bytes;
  for (std::size_t at = 0; at < form.size(); ++at) {
    if (form[at] == ' ') continue;
    if (form[at] == '\'') {
      for (++at; form[at] != '\''; ++at) bytes.push_back(static_cast<std::byte>(form[at]));
      continue;
    }
    bytes.push_back(
        static_cast<std::byte>(std::stoi(std::string(form.substr(at, 2)), nullptr, 16)));
    ++at;
  }
  return bytes;
}

// Preamble, prefix, and the meta that names a transfer syntax.
Bytes file_of(std::string uid, std::string_view dataset) {
  if (uid.size() % 2 != 0) uid += '\0';
  Bytes file(128);
  const auto add = [&](const Bytes& bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
  add(written("'DICM' 02001000 'UI'"));
  file.push_back(static_cast<std::byte>(uid.size()));
  file.push_back(std::byte{0});
  add(to_bytes(uid));
  add(written(dataset));
  return file;
}

constexpr const char* implicit_uid = "1.2.840.10008.1.2";
constexpr const char* explicit_uid = "1.2.840.10008.1.2.1";
constexpr const char* big_endian_uid = "1.2.840.10008.1.2.2";

bool has_note(const DicomFile& file, std::string_view words) {
  return std::ranges::any_of(file.notes,
                             [&](const std::string& note) { return note.contains(words); });
}

std::vector<std::filesystem::path> real_files() {
  std::vector<std::filesystem::path> paths;
  for (const char* folder : {"imaging/dicom", "malformed"}) {
    const auto root = test::data_path(folder);
    if (!root) return {};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*root)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

// Everything that can be done with a file in this process.
void use_all_of(ByteView bytes) {
  const auto file = read_dicom(bytes);
  if (!file) return;
  for (const DicomElement& element : file->dataset.elements()) {
    static_cast<void>(file->dataset.text(element.tag));
    static_cast<void>(file->dataset.numbers(element.tag));
  }
  const auto image = describe_image(*file);
  if (!image) return;
  if (file->pixel_data.is_encapsulated) {
    const auto table = frame_table(*file, image->frame_count);
    if (table) static_cast<void>(compressed_frame(*file, *table, 0));
    return;
  }
  const auto frame = native_frame(*file, *image, image->frame_count - 1);
  if (frame) static_cast<void>(make_ready(*frame, *image, image->frame_count - 1));
}

}  // namespace

TEST_CASE("the same dataset reads from implicit, explicit and big-endian VR") {
  struct Case {
    const char* name;
    const char* uid;
    const char* dataset;
  };
  const Case cases[] = {
      {"implicit", implicit_uid, "08006000 02000000 'CT' 28001000 02000000 0002"},
      {"explicit", explicit_uid, "08006000 'CS' 0200 'CT' 28001000 'US' 0200 0002"},
      {"big endian", big_endian_uid, "00080060 'CS' 0002 'CT' 00280010 'US' 0002 0200"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Bytes bytes = file_of(c.uid, c.dataset);
    const DicomFile file = read_dicom(bytes).value();
    CHECK(file.dataset.ascii(tags::modality) == "CT");
    CHECK(file.dataset.integer(tags::rows) == 512);
    CHECK(file.transfer_syntax_uid == c.uid);
    CHECK(file.notes.empty());
  }
}

TEST_CASE("a dataset without preamble and meta is read as what it looks like") {
  const Bytes explicit_bytes = written("08006000 'CS' 0200 'CT' 28001000 'US' 0200 0002");
  CHECK(read_dicom(explicit_bytes).value().transfer_syntax_uid == explicit_uid);
  const Bytes big = written("00080060 'CS' 0002 'CT' 00280010 'US' 0002 0200");
  CHECK(read_dicom(big).value().transfer_syntax_uid == big_endian_uid);
  const Bytes implicit_bytes = written("08006000 02000000 'CT'");
  CHECK(read_dicom(implicit_bytes).value().transfer_syntax_uid == implicit_uid);
  CHECK(read_dicom(to_bytes("time,channel\n1,2\n3,4\n")).error().code == ErrorCode::Unsupported);
}

TEST_CASE("a transfer syntax that the dataset contradicts is not believed") {
  const Bytes bytes = file_of(implicit_uid, "08006000 'CS' 0200 'CT' 28001000 'US' 0200 0002");
  const DicomFile file = read_dicom(bytes).value();
  CHECK(file.dataset.integer(tags::rows) == 512);
  CHECK(has_note(file, "not written in the transfer syntax"));
}

TEST_CASE("sequences nest with and without lengths, and items inherit the character set") {
  const Bytes bytes =
      file_of(explicit_uid,
              "08000500 'CS' 0A00 'ISO_IR 192' 08004011 'SQ' 0000 FFFFFFFF"
              "  FEFF00E0 FFFFFFFF 08005011 'UI' 0400 '1.2' 00"
              "    08001211 'SQ' 0000 14000000 FEFF00E0 0C000000 10001000 'PN' 0400 'A' C3A9 ' '"
              "  FEFF0DE0 00000000 FEFFDDE0 00000000 28001000 'US' 0200 0002");
  const DicomFile file = read_dicom(bytes).value();
  REQUIRE(file.dataset.items(tags::referenced_image_sequence).size() == 1);
  const DicomDataset& outer = file.dataset.items(tags::referenced_image_sequence)[0];
  CHECK(outer.ascii(tags::referenced_sop_class_uid) == "1.2");
  const DicomDataset* inner = outer.item(dicom_tag(0x00081112));
  REQUIRE(inner != nullptr);
  CHECK(inner->text(tags::patient_name) == "A\xc3\xa9");
  CHECK(file.dataset.integer(tags::rows) == 512);
}

TEST_CASE("UN takes the dictionary's VR, and is implicit inside a sequence") {
  const Bytes bytes =
      file_of(explicit_uid,
              "08004011 'UN' 0000 FFFFFFFF FEFF00E0 FFFFFFFF 08005011 04000000 '1.2' 00"
              "  FEFF0DE0 00000000 FEFFDDE0 00000000"
              "28001000 'UN' 0000 02000000 0002");
  const DicomFile file = read_dicom(bytes).value();
  REQUIRE(file.dataset.item(tags::referenced_image_sequence) != nullptr);
  CHECK(file.dataset.item(tags::referenced_image_sequence)->ascii(tags::referenced_sop_class_uid) ==
        "1.2");
  CHECK(file.dataset.integer(tags::rows) == 512);
}

TEST_CASE("pixel data is placed, not copied; what follows it may be left out") {
  const Bytes bytes = file_of(explicit_uid,
                              "28001000 'US' 0200 0200 E07F1000 'OW' 0000 04000000 01020304"
                              "FCFFFCFF 'OB' 0000 02000000 0000");
  const DicomFile file = read_dicom(bytes).value();
  CHECK(file.pixel_data.kind == PixelDataKind::Integer);
  CHECK(to_hex(file.bytes.subspan(file.pixel_data.offset, file.pixel_data.length)) == "01020304");
  CHECK(file.dataset.has(dicom_tag(0xFFFCFFFC)));
  const DicomFile short_file = read_dicom(bytes, {.stops_at_pixel_data = true}).value();
  CHECK_FALSE(short_file.dataset.has(dicom_tag(0xFFFCFFFC)));
  CHECK(short_file.pixel_data.length == 4);
}

TEST_CASE("fragments are listed after the basic offset table") {
  const Bytes bytes = file_of("1.2.840.10008.1.2.5",
                              "28001000 'US' 0200 0200 E07F1000 'OB' 0000 FFFFFFFF"
                              "FEFF00E0 08000000 00000000 0A000000"
                              "FEFF00E0 02000000 0102 FEFF00E0 04000000 03040506"
                              "FEFFDDE0 00000000");
  const DicomFile file = read_dicom(bytes).value();
  REQUIRE(file.pixel_data.fragments.size() == 2);
  CHECK(file.pixel_data.frame_offsets == std::vector<std::uint64_t>{0, 10});
  const FrameTable table = frame_table(file, 2).value();
  CHECK(to_hex(compressed_frame(file, table, 0).value()) == "0102");
  CHECK(to_hex(compressed_frame(file, table, 1).value()) == "03040506");
  CHECK(to_hex(compressed_frame(file, frame_table(file, 1).value(), 0).value()) == "010203040506");
  CHECK_FALSE(frame_table(file, 3).has_value());
}

TEST_CASE("a file that ends inside an element is refused with the byte") {
  const auto cut = read_dicom(file_of(explicit_uid, "08006000 'CS' 0400 'CT'"));
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().code == ErrorCode::Corrupt);
  CHECK(cut.error().where.starts_with("byte "));
}

TEST_CASE("sequences nested past the limit are refused, however they are written") {
  std::string dataset;
  for (int i = 0; i < 200; ++i) dataset += "08004011 'SQ' 0000 FFFFFFFF FEFF00E0 FFFFFFFF ";
  const auto deep = read_dicom(file_of(explicit_uid, dataset));
  REQUIRE_FALSE(deep.has_value());
  CHECK(deep.error().code == ErrorCode::TooLarge);
}

TEST_CASE("more elements than the limit are refused") {
  const Bytes bytes = file_of(explicit_uid, "08006000 'CS' 0200 'CT' 28001000 'US' 0200 0002");
  CHECK(read_dicom(bytes, {.element_count_max = 2}).error().code == ErrorCode::TooLarge);
}

TEST_CASE("a private sequence that cannot be read is kept as bytes, and reading goes on") {
  const Bytes bytes = file_of(explicit_uid,
                              "09001010 'SQ' 0000 0A000000 01020304050607080910"
                              "28001000 'US' 0200 0002");
  const DicomFile file = read_dicom(bytes).value();
  CHECK(file.dataset.integer(tags::rows) == 512);
  CHECK(has_note(file, "kept as bytes"));
}

TEST_CASE("the dictionary knows tags, keywords and repeating groups") {
  const auto name = find_in_dictionary(tags::patient_name);
  REQUIRE(name.has_value());
  CHECK(name->keyword == "PatientName");
  CHECK(name->vr == Vr::Pn);
  CHECK(name->multiplicity == "1");
  CHECK(find_in_dictionary("PixelSpacing")->tag == tags::pixel_spacing);
  CHECK(find_in_dictionary("PixelSpacing")->multiplicity == "2");
  CHECK(find_in_dictionary(dicom_tag(0x60020010))->keyword == "OverlayRows");
  CHECK_FALSE(find_in_dictionary(dicom_tag(0x00091001)).has_value());
  CHECK(implicit_vr(dicom_tag(0x00090010)) == Vr::Lo);
  CHECK(implicit_vr(dicom_tag(0x00091001)) == Vr::Un);
}

TEST_CASE("every real and every malformed file is read or refused, without a crash") {
  const auto paths = real_files();
  if (paths.empty()) MESSAGE("skipped: shared data absent");
  for (const auto& path : paths) {
    CAPTURE(path.filename().string());
    const Bytes bytes = read_file(path);
    use_all_of(bytes);
  }
}

TEST_CASE("a file cut anywhere gives a clean error or the same pixels") {
  for (const char* name :
       {"pydicom/MR_small_implicit.dcm", "pydicom/SC_rgb_small_odd_big_endian.dcm",
        "pydicom/nested_priv_SQ.dcm", "pydicom/rtplan.dcm", "charset/chrX1.dcm",
        "pydicom/SC_rgb_rle_2frame.dcm", "pydicom/image_dfl.dcm"}) {
    CAPTURE(name);
    const auto path = test::data_path("imaging/dicom/" + std::string(name));
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const Bytes whole = read_file(*path);
    std::mt19937 random(1);
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < std::min<std::size_t>(whole.size(), 4096); ++at) {
      cuts.push_back(at);
    }
    for (int i = 0; i < 200; ++i) cuts.push_back(random() % whole.size());
    const DicomFile whole_file = read_dicom(whole).value();
    const auto whole_image = describe_image(whole_file);
    for (const std::size_t cut : cuts) {
      // Of its own size, so that AddressSanitizer sees a read past its end.
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
      const auto file = read_dicom(part);
      if (!file) continue;
      const auto image = describe_image(*file);
      if (!image || image->frame_count > 1 || file->pixel_data.is_encapsulated) {
        use_all_of(part);
        continue;
      }
      const auto frame = native_frame(*file, *image, 0);
      if (!frame) continue;
      CAPTURE(cut);
      REQUIRE(whole_image.has_value());
      CHECK(make_ready(*frame, *image, 0).value() ==
            make_ready(native_frame(whole_file, *whole_image, 0).value(), *whole_image, 0).value());
    }
  }
}

TEST_CASE("a file with any bytes changed is read or refused, without a crash") {
  const auto paths = real_files();
  if (paths.empty()) MESSAGE("skipped: shared data absent");
  std::mt19937 random(2);
  for (const auto& path : paths) {
    Bytes bytes = read_file(path);
    if (bytes.empty() || bytes.size() > 400'000) continue;
    CAPTURE(path.filename().string());
    const std::size_t header_size = std::min<std::size_t>(bytes.size(), 4096);
    for (int i = 0; i < 30; ++i) {
      const std::size_t at = random() % header_size;
      const std::byte before = bytes[at];
      bytes[at] = static_cast<std::byte>(random());
      use_all_of(bytes);
      if (i % 3 == 0) bytes[at] = before;  // the others pile up
    }
  }
}
