#include <memory>

#include "format/rf2/rf2.hpp"

// One input becomes all four files: cut at its NULs.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace consilium;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> parts;
  split_fields(all, '\0', parts);
  parts.resize(4);
  std::vector<std::unique_ptr<ByteSource>> sources;
  std::vector<TerminologyFile> files;
  for (const std::string_view part : parts) {
    sources.push_back(view_source(bytes_of(part)));
    files.push_back({.name = "file", .bytes = sources.back().get()});
  }
  (void)read_rf2({.concepts = {files[0]},
                  .descriptions = {files[1]},
                  .relationships = {files[2]},
                  .languages = {files[3]}},
                 {.version = "1"});
  return 0;
}
