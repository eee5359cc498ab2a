#include "format/dicom/read_code.hpp"

#include "domain/image/dicom_tags.hpp"

namespace consilium {
namespace {

constexpr DicomTag urn_code_value = dicom_tag(0x00080120);

}  // namespace

CodedConcept read_code(const DicomDataset& item) {
  CodedConcept found{.system = item.text(tags::coding_scheme_designator),
                     .code = item.text(tags::code_value),
                     .version = item.text(tags::coding_scheme_version),
                     .display = item.text(tags::code_meaning)};
  if (found.code.empty()) found.code = item.text(tags::long_code_value);
  if (found.code.empty()) found.code = item.text(urn_code_value);
  return found;
}

std::optional<CodedConcept> first_code(const DicomDataset& dataset, DicomTag sequence) {
  const DicomDataset* item = dataset.item(sequence);
  if (item == nullptr) return std::nullopt;
  CodedConcept found = read_code(*item);
  if (found.code.empty()) return std::nullopt;
  return found;
}

}  // namespace consilium
