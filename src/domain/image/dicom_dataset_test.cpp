#include "domain/image/dicom_dataset.hpp"

#include <doctest/doctest.h>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;

TEST_CASE("elements stand in the order of their tags, the later of two equal ones counts") {
  DicomDataset dataset;
  dataset.put_text(tags::patient_id, Vr::Lo, "second");
  dataset.put_text(tags::modality, Vr::Cs, "CT");
  dataset.put_text(tags::patient_id, Vr::Lo, "third");
  REQUIRE(dataset.elements().size() == 2);
  CHECK(dataset.elements()[0].tag == tags::modality);
  CHECK(dataset.text(tags::patient_id) == "third");
  dataset.erase(tags::modality);
  CHECK_FALSE(dataset.has(tags::modality));
}

TEST_CASE("numbers come out as they went in, in both byte orders") {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    DicomDataset dataset(order);
    dataset.put_integers(tags::rows, Vr::Us, std::array<std::int64_t, 1>{512});
    dataset.put_integers(tags::pixel_padding_value, Vr::Ss, std::array<std::int64_t, 1>{-2000});
    dataset.put_integers(tags::frame_increment_pointer, Vr::At,
                         std::array<std::int64_t, 1>{0x00181063});
    dataset.put_numbers(tags::pixel_spacing, Vr::Ds, std::array{0.48828125, 1.0 / 3});
    dataset.put_numbers(tags::rescale_slope, Vr::Fd, std::array{0.1});
    CHECK(dataset.integer(tags::rows) == 512);
    CHECK(dataset.integer(tags::pixel_padding_value) == -2000);
    CHECK(dataset.integer(tags::frame_increment_pointer) == 0x00181063);
    CHECK(dataset.ascii(tags::pixel_spacing, 1).size() <= 16);
    CHECK(dataset.numbers(tags::pixel_spacing).at(1) == doctest::Approx(1.0 / 3).epsilon(1e-13));
    CHECK(dataset.number(tags::rescale_slope) == 0.1);
    CHECK_FALSE(dataset.integer(tags::rows, 1).has_value());
  }
}

TEST_CASE("decimal text that is no finite number is no number") {
  DicomDataset dataset;
  for (const char* bad : {"", " ", "nan", "inf", "1,5", "1e999", "abc", "1 2"}) {
    CAPTURE(bad);
    dataset.put_text(tags::slice_thickness, Vr::Ds, bad);
    CHECK_FALSE(dataset.number(tags::slice_thickness).has_value());
  }
  dataset.put_text(tags::instance_number, Vr::Is, " +12.0 ");
  CHECK(dataset.integer(tags::instance_number) == 12);
}

TEST_CASE("a copy that owns its bytes outlives the file") {
  DicomDataset copy;
  {
    const Bytes file = to_bytes("CT");
    DicomDataset item;
    item.put(
        {.tag = tags::modality, .vr = Vr::Cs, .value = DicomValue::view_of(file), .items = {}});
    DicomDataset dataset;
    dataset.put_items(tags::source_image_sequence, {item});
    copy = dataset.owned();
  }
  REQUIRE(copy.item(tags::source_image_sequence) != nullptr);
  CHECK(copy.item(tags::source_image_sequence)->ascii(tags::modality) == "CT");
}

// Names are those of PS3.5 annexes H, I, J and K; written with the escapes shown there.
TEST_CASE("text of every kind of character set becomes UTF-8") {
  struct Case {
    const char* name;
    const char* charset;
    const char* bytes;
    const char* utf8;
  };
  const Case cases[] = {
      {"ASCII", "", "Doe^Jane", "Doe^Jane"},
      {"Latin-1", "ISO_IR 100", "Buc^J\xe9r\xf4me", "Buc^J\xc3\xa9r\xc3\xb4me"},
      {"Cyrillic", "ISO_IR 144", "\xbb\xee", "\xd0\x9b\xd1\x8e"},
      {"Greek", "ISO_IR 126", "\xc4\xe9", "\xce\x94\xce\xb9"},
      {"Thai", "ISO_IR 166", "\xa1", "\xe0\xb8\x81"},
      {"Latin-9", "ISO_IR 203", "\xa4", "\xe2\x82\xac"},
      {"H.3-1", "\\ISO 2022 IR 87",
       "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
       "Yamada^Tarou=\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e="
       "\xe3\x82\x84\xe3\x81\xbe\xe3\x81\xa0^\xe3\x81\x9f\xe3\x82\x8d\xe3\x81\x86"},
      {"H.3-2", "ISO 2022 IR 13\\ISO 2022 IR 87",
       "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
       "\xef\xbe\x94\xef\xbe\x8f\xef\xbe\x80\xef\xbe\x9e^\xef\xbe\x80\xef\xbe\x9b\xef\xbd\xb3="
       "\xe5\xb1\xb1\xe7\x94\xb0^\xe5\xa4\xaa\xe9\x83\x8e"},
      {"I.2", "\\ISO 2022 IR 149", "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7",
       "Hong^Gildong=\xe6\xb4\xaa^\xe5\x90\x89\xe6\xb4\x9e"},
      {"J.1", "ISO_IR 192", "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1",
       "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1"},
      {"J.3", "GB18030", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab",
       "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe4\xb8\x9c"},
      {"K.2", "\\ISO 2022 IR 58", "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
       "Zhang^XiaoDong=\xe5\xbc\xa0^\xe5\xb0\x8f\xe4\xb8\x9c"},
      {"UTF-8 that is not declared", "", "J\xc3\xa9r\xc3\xb4me", "J\xc3\xa9r\xc3\xb4me"},
      {"Latin-1 that is not declared", "", "J\xe9r\xf4me", "J\xc3\xa9r\xc3\xb4me"},
      {"a misspelt term", "ISO-IR-100", "\xe9", "\xc3\xa9"},
      {"broken UTF-8", "ISO_IR 192", "a\xff", "a\xef\xbf\xbd"},
      {"an unknown escape", "ISO_IR 100", "a\x1b?b", "a\xef\xbf\xbd?b"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(decode_dicom_text(c.bytes, parse_dicom_charset(c.charset), "\\^=") == c.utf8);
  }
}

TEST_CASE("a backslash byte inside a character does not part values") {
  // GB18030 writes U+8000 region characters with 5C as second byte: 81 5C is U+4E57.
  DicomDataset dataset;
  dataset.put_text(tags::specific_character_set, Vr::Cs, "GB18030");
  dataset.put_text(tags::study_description, Vr::Lo, "\x81\x5c\\b");
  CHECK(dataset.texts(tags::study_description).size() == 2);
  CHECK(dataset.texts(tags::study_description).at(1) == "b");
}
