#include "format/file_deid/file_deid.hpp"

#include <doctest/doctest.h>

#include "format/volume/packing.hpp"

using namespace consilium;

namespace {

const DeidKey key(bytes_of("the key of these tests"));
const DeidProfile basic;

DeidentifiedFile done(Result<DeidentifiedFile> (*how)(ByteView, const FileDeid&),
                      std::string_view file, const DeidProfile& profile = basic) {
  KnownIdentifiers people;
  people.add_name("Quill");
  auto result = how(bytes_of(file), {.profile = profile, .key = key, .people = people});
  REQUIRE(result.has_value());
  return std::move(*result);
}

DeidProfile with(std::string_view option) {
  DeidProfile profile;
  REQUIRE(add_deid_option(profile, option).has_value());
  return profile;
}

std::string padded(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

// One channel of two samples and one of annotations, one record.
std::string edf_file() {
  std::string file = padded("0", 8) + padded("MCH-0234567 F 02-MAY-1951 Quill_Ann", 80) +
                     padded("Startdate 02-MAR-2002 EMG561 BK/JOP Sony", 80) + "02.03.02" +
                     "20.12.05" + padded("768", 8) + padded("EDF+C Quill", 44) + padded("1", 8) +
                     padded("1", 8) + padded("2", 4);
  file += padded("EEG Quill", 16) + padded("EDF Annotations", 16);
  file += padded("AgCl of Quill", 80) + padded("", 80);
  for (const char* value : {"uV", "", "-1", "-1", "1", "1", "-32768", "-32768", "32767", "32767"}) {
    file += padded(value, 8);
  }
  file += padded("HP:0.1", 80) + padded("", 80) + padded("2", 8) + padded("20", 8) +
          padded("Quill", 32) + padded("", 32);
  std::string annotations(
      "+0\x14\x14\0+1\x14"
      "artery of Ann Quill\x14\0",
      28);
  annotations.resize(40, '\0');
  return file + "abcd" + annotations;
}

}  // namespace

TEST_CASE("EDF: who, when and where go, samples and times of annotations stay") {
  const std::string file = edf_file();
  REQUIRE(file.size() == 768 + 44);
  const DeidentifiedFile result = done(deidentify_edf, file);
  const std::string_view text = text_of(result.bytes);
  CHECK(text.size() == file.size());
  CHECK_FALSE(text.contains("Quill"));
  CHECK_FALSE(text.contains("0234567"));
  CHECK_FALSE(text.contains("EMG561"));
  CHECK(text.substr(8, 15) == result.patient + " ");
  CHECK(text.substr(168, 16) == "01.01.8520.12.05");
  CHECK(text.substr(192, 6) == "EDF+C ");
  CHECK(text.substr(768, 4) == "abcd");
  CHECK(text.substr(772, 20) == std::string_view("+0\x14\x14\0+1\x14"
                                                 "artery of\x14\0\0",
                                                 20));
}

TEST_CASE("EDF: dates move by the patient's offset, or stay") {
  const auto date = [&](const DeidProfile& profile) {
    return std::string(text_of(done(deidentify_edf, edf_file(), profile).bytes).substr(168, 8));
  };
  CHECK(date(with("retain-full-dates")) == "02.03.02");
  const std::string moved = date(with("modified-dates"));
  CHECK(moved != "02.03.02");
  CHECK(moved != "01.01.85");
  CHECK(date(*named_deid_profile("safe-harbor")) == "01.01.02");
}

TEST_CASE("EDF: headers that contradict themselves are refused") {
  for (const auto& [at, text] : {std::pair{184, "99999   "}, {252, "-1  "}, {252, "x   "}}) {
    std::string file = edf_file();
    file.replace(static_cast<std::size_t>(at), std::string_view(text).size(), text);
    CHECK_FALSE(
        deidentify_edf(bytes_of(file), {.profile = basic, .key = key, .people = {}}).has_value());
  }
}

TEST_CASE("WFDB: comments and date go, the record and its files have a keyed name") {
  const std::string header =
      "quill 2 360 1000 12:00:00 01/02/1990\nquill.dat 212 200 11 1024 995 -22131 0 MLII\n"
      "quill.dat 212 200 11 1024 1011 20052 0 V5 Quill\n# 69 M Quill, on Aldomet, chest pain\n";
  const DeidentifiedFile result = done(deidentify_wfdb, header);
  const std::string name = wfdb_name("quill", key);
  CHECK(text_of(result.bytes) == name + " 2 360 1000 12:00:00\n" + name +
                                     ".dat 212 200 11 1024 995 -22131 0 MLII\n" + name +
                                     ".dat 212 200 11 1024 1011 20052 0 V5\n");
  CHECK(names_signal_file(bytes_of(header), "quill.dat"));
  CHECK_FALSE(names_signal_file(bytes_of(header), "other.dat"));
  const auto cleaned = done(deidentify_wfdb, header, with("clean-descriptors"));
  CHECK(text_of(cleaned.bytes).contains("# 69 M on chest pain\n"));
  const auto moved = done(deidentify_wfdb, header, with("modified-dates"));
  CHECK_FALSE(text_of(moved.bytes).contains("01/02/1990"));
  CHECK(text_of(moved.bytes).contains("12:00:00 "));
  CHECK_FALSE(
      deidentify_wfdb(bytes_of("# only words\n"), {.profile = basic, .key = key, .people = {}})
          .has_value());
}

TEST_CASE("NIfTI: texts, extensions and what follows the voxels go, the voxels stay") {
  std::string file(352 + 32, '\0');
  file[0] = '\x5C';
  file[1] = '\x01';
  file[40] = 1;  // one dimension of four
  file[42] = 4;
  file[72] = 8;                                          // bits
  file.replace(108, 4, std::string("\0\0\xC0\x43", 4));  // the voxels begin at 384
  file.replace(148, 5, "Quill");
  file.replace(228, 5, "Quill");
  file.replace(344, 4, std::string("n+1\0", 4));
  file[348] = 1;
  file.replace(360, 5, "Quill");
  file += "abcdQuill";
  REQUIRE(looks_like_nifti(bytes_of(file)));
  const auto result = done(deidentify_nifti, file);
  CHECK_FALSE(text_of(result.bytes).contains("Quill"));
  CHECK(result.bytes.size() == 388);
  CHECK(text_of(result.bytes).substr(384) == "abcd");
  CHECK(result.bytes[348] == std::byte{0});
  const Bytes packed = *gzip(bytes_of(file));
  REQUIRE(looks_like_nifti(packed));
  const auto again = done(deidentify_nifti, text_of(packed));
  const auto opened = gunzip(again.bytes, 10000);
  REQUIRE(opened.has_value());
  CHECK(*opened == result.bytes);
  file.resize(386);
  CHECK_FALSE(
      deidentify_nifti(bytes_of(file), {.profile = basic, .key = key, .people = {}}).has_value());
}

TEST_CASE("pictures keep what says how they are coded, and nothing after their end") {
  const std::string jpeg(
      "\xFF\xD8\xFF\xE1\0\x9"
      "Quill!!\xFF\xDA\0\2xy\xFF\xD9"
      "Quill",
      26);
  CHECK(text_of(done(deidentify_photo, jpeg).bytes) ==
        std::string("\xFF\xD8\xFF\xDA\0\2xy\xFF\xD9", 10));
  const auto chunk = [](std::string name, const std::string& data) {
    return std::string("\0\0\0", 3) + static_cast<char>(data.size()) + std::move(name) + data +
           "crc!";
  };
  const std::string start("\x89PNG\r\n\x1A\n", 8);
  const std::string png =
      start + chunk("IHDR", "head") + chunk("tEXt", "Quill") + chunk("IEND", "");
  CHECK(text_of(done(deidentify_photo, png + "Quill").bytes) ==
        start + chunk("IHDR", "head") + chunk("IEND", ""));
  // Two entries: a width, and a description whose text lies behind.
  std::string tiff(
      "II*\0\10\0\0\0\2\0"
      "\0\1\3\0\1\0\0\0\7\0\0\0"
      "\16\1\2\0\6\0\0\0\46\0\0\0"
      "\0\0\0\0Quill",
      43);
  tiff += '\0';
  const auto cleaned = done(deidentify_photo, tiff);
  CHECK_FALSE(text_of(cleaned.bytes).contains("Quill"));
  CHECK(cleaned.bytes[8] == std::byte{1});
  CHECK(text_of(cleaned.bytes).substr(10, 12) == std::string_view("\0\1\3\0\1\0\0\0\7\0\0\0", 12));
  DeidProfile watched = with("clean-pixel");
  CHECK_FALSE(
      deidentify_photo(bytes_of(png), {.profile = watched, .key = key, .people = {}}).has_value());
}
