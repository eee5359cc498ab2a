// Writes the DICOM JSON of files as our writer makes it, for a judge to compare with another's.
//
// usage: csl_dump_dicom_json < lines of file names; one line each: the JSON, or "refused: ..."
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "format/dicom/dicom_file.hpp"
#include "format/dicom_json/dicom_json.hpp"

int main() {
  using namespace consilium;
  for (std::string path; std::getline(std::cin, path);) {
    std::ifstream stream(path, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)), {});
    const auto file = read_dicom(bytes_of(content));
    if (!file) {
      std::cout << "refused: " << to_line(file.error()) << '\n';
      continue;
    }
    std::string out;
    DicomJsonOptions options{.inline_bytes_max = std::size_t{1} << 30U,
                             .bulk_prefix = "bulk/",
                             .pixel_data_vr = std::nullopt};
    if (file->pixel_data.kind == PixelDataKind::Integer) {
      options.pixel_data_vr = file->pixel_data.vr;
    }
    append_dicom_json(out, with_settled_vrs(*file), options);
    std::cout << out << '\n';
  }
  return 0;
}
