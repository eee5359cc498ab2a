// Says as JSON what our DICOM reader makes of a file, and writes its frames in the ready form, for
// a judge (tests/judge/dicom.py) to compare with another reader's.
//
// usage: csl_dump_dicom --worker PROGRAM FILE FRAMES_OUT
//        csl_dump_dicom --worker PROGRAM --list < "FILE<tab>FRAMES_OUT" lines; one JSON line each
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "codec/pool.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom/image_description.hpp"
#include "format/dicom/series.hpp"

namespace {

using namespace consilium;
namespace json = boost::json;

constexpr std::size_t dumped_text_bytes_max = 1024;

Bytes read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return to_bytes(text);
}

json::object error_json(const Error& error) {
  return {{"code", name_of(error.code)}, {"what", error.what}, {"where", error.where}};
}

const char* name_of(SampleType type) {
  switch (type) {
    case SampleType::U8:
      return "u1";
    case SampleType::I8:
      return "i1";
    case SampleType::U16:
      return "u2";
    case SampleType::I16:
      return "i2";
    case SampleType::U32:
      return "u4";
    case SampleType::I32:
      return "i4";
    case SampleType::F32:
      return "f4";
    case SampleType::F64:
      return "f8";
  }
  return "";
}

json::value element_json(const DicomDataset& dataset, const DicomElement& element);

json::object dataset_json(const DicomDataset& dataset) {
  json::object out;
  for (const DicomElement& element : dataset.elements()) {
    out[to_string(element.tag)] = element_json(dataset, element);
  }
  return out;
}

json::value element_json(const DicomDataset& dataset, const DicomElement& element) {
  json::object out{{"vr", to_string(element.vr)}};
  if (element.vr == Vr::Sq) {
    json::array items;
    for (const DicomDataset& item : element.items) items.push_back(dataset_json(item));
    out["items"] = std::move(items);
    return out;
  }
  const std::size_t size = element.value.bytes().size();
  out["length"] = size;
  if (uses_charset(element.vr) && size <= dumped_text_bytes_max) {
    out["text"] = dataset.text(element.tag);
  }
  return out;
}

json::object image_json(const ImageDescription& image) {
  json::object out{{"rows", image.ready.rows},
                   {"columns", image.ready.columns},
                   {"samples", image.ready.samples_per_pixel},
                   {"type", name_of(image.ready.sample_type)},
                   {"frames", image.frame_count},
                   {"bits_stored", image.stored.bits_stored},
                   {"is_lossy", image.is_lossy}};
  const FrameFacts& facts = image.frame(0);
  out["slope"] = facts.modality.slope;
  out["intercept"] = facts.modality.intercept;
  if (facts.spacing_mm)
    out["spacing"] = json::array{(*facts.spacing_mm)[0], (*facts.spacing_mm)[1]};
  json::array windows;
  for (const Window& window : facts.windows) {
    windows.push_back(json::array{window.centre, window.width});
  }
  out["windows"] = std::move(windows);
  return out;
}

json::object dump(CodecPool& pool, const std::string& path, const std::string& frames_path) {
  json::object out{{"file", path}};
  const Bytes bytes = read_file(path);
  const auto file = read_dicom(bytes);
  if (!file) {
    out["refused"] = error_json(file.error());
    return out;
  }
  out["transfer_syntax"] = file->transfer_syntax_uid;
  out["notes"] = json::value_from(file->notes);
  out["dataset"] = dataset_json(file->dataset);
  const auto image = describe_image(*file);
  if (!image) {
    out["refused"] = error_json(image.error());
    return out;
  }
  out["image"] = image_json(*image);
  const SeriesInstance instance{.image = &*image, .sop_instance_uid = "1", .instance_number = {}};
  json::array volumes;
  for (const Volume& volume : make_volumes({&instance, 1})) {
    volumes.push_back(json::object{{"affine", json::value_from(volume.grid.affine.values)},
                                   {"dims", json::value_from(volume.grid.dims)},
                                   {"notes", json::value_from(volume.notes)}});
  }
  out["volumes"] = std::move(volumes);
  std::ofstream frames(frames_path, std::ios::binary);
  for (std::uint32_t i = 0; i < image->frame_count; ++i) {
    const auto ready = pool.ready_frame(*file, *image, i);
    if (!ready) {
      out["refused"] = error_json(ready.error());
      return out;
    }
    const std::string_view text = text_of(*ready);
    frames.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
  return out;
}

// Volumes of a series: all files of a folder.
json::object dump_series(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  std::vector<Bytes> contents;
  std::vector<ImageDescription> images;
  std::vector<SeriesInstance> instances;
  images.reserve(paths.size());
  std::vector<std::string> kept;
  for (const std::string& path : paths) {
    contents.push_back(read_file(path));
    const auto file = read_dicom(contents.back(), {.stops_at_pixel_data = true});
    if (!file) continue;
    auto image = describe_image(*file);
    if (!image) continue;
    images.push_back(std::move(*image));
    kept.push_back(path);
    instances.push_back(
        {.image = &images.back(),
         .sop_instance_uid = std::string(file->dataset.ascii(tags::sop_instance_uid)),
         .instance_number = file->dataset.integer(tags::instance_number)});
  }
  json::array volumes;
  for (const Volume& volume : make_volumes(instances)) {
    json::array slices;
    for (const FrameRef& ref : volume.slices) {
      slices.push_back(json::array{kept[ref.instance_index], ref.frame_index});
    }
    volumes.push_back(json::object{{"affine", json::value_from(volume.grid.affine.values)},
                                   {"dims", json::value_from(volume.grid.dims)},
                                   {"notes", json::value_from(volume.notes)},
                                   {"slices", std::move(slices)}});
  }
  return {{"folder", folder}, {"volumes", std::move(volumes)}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3 || words[0] != "--worker") {
    std::cerr
        << "usage: csl_dump_dicom --worker PROGRAM (FILE FRAMES_OUT | --list | --series DIR)\n";
    return 2;
  }
  CodecPool pool(CodecPoolOptions{.program = words[1], .arguments = {}, .worker_count = 1});
  if (words[2] == "--list") {
    for (std::string line; std::getline(std::cin, line);) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      std::cout << dump(pool, line.substr(0, tab), line.substr(tab + 1)) << std::endl;
    }
    return 0;
  }
  if (words.size() < 4) return 2;
  std::cout << (words[2] == "--series" ? dump_series(words[3]) : dump(pool, words[2], words[3]))
            << '\n';
  return 0;
}
