#include "format/dicom_pseudonym/label_text.hpp"

#include <string>
#include <utility>
#include <vector>

#include "domain/image/dicom_tags.hpp"

namespace consilium {
namespace {

constexpr DicomTag segment_label = dicom_tag(0x00620005);
constexpr DicomTag segment_number = dicom_tag(0x00620004);
constexpr DicomTag segment_type = dicom_tag(0x0062000F);
constexpr DicomTag roi_number = dicom_tag(0x30060022);
constexpr DicomTag roi_name = dicom_tag(0x30060026);
constexpr DicomTag roi_algorithm = dicom_tag(0x30060036);
constexpr DicomTag structure_label = dicom_tag(0x30060002);
constexpr DicomTag structure_rois = dicom_tag(0x30060020);
constexpr DicomTag roi_observation = dicom_tag(0x30060082);
constexpr DicomTag roi_interpreter = dicom_tag(0x300600A6);
constexpr DicomTag operators_name = dicom_tag(0x00081070);
constexpr DicomTag content_description = dicom_tag(0x00700081);
constexpr DicomTag content_creator_name = dicom_tag(0x00700084);
constexpr DicomTag value_type = dicom_tag(0x0040A040);
constexpr DicomTag drawn_text = dicom_tag(0x00700006);
constexpr DicomTag drawn_box = dicom_tag(0x00700010);
constexpr DicomTag drawn_anchor = dicom_tag(0x00700014);

constexpr DicomTag segment_sequence = dicom_tag(0x00620002);
constexpr DicomTag tracking_id = dicom_tag(0x00620020);
constexpr DicomTag tracking_uid = dicom_tag(0x00620021);
// Type 1 in the Enhanced General Equipment of segmentations.
constexpr DicomTag equipment[] = {dicom_tag(0x00080070), dicom_tag(0x00081090),
                                  dicom_tag(0x00181000), dicom_tag(0x00181020)};

constexpr const char* removed = "removed";

void put_if_absent(DicomDataset& dataset, DicomTag tag, Vr vr, const std::string& text) {
  if (!dataset.has(tag)) dataset.put_text(tag, vr, text);
}

std::string segment_name(const DicomDataset& segment) {
  const auto types = segment.items(segment_type);
  const std::string meaning = types.empty() ? "" : types.front().text(tags::code_meaning);
  const std::string name = meaning.empty() ? "Segment" : meaning;
  return name + " " + std::to_string(segment.integer(segment_number).value_or(0));
}

// Of one item, after those below it.
void put_names(DicomDataset& item) {
  if (item.has(tags::code_value) || item.has(tags::coding_scheme_designator)) {
    put_if_absent(item, tags::code_meaning, Vr::Lo, item.text(tags::code_value));
  }
  if (item.has(segment_number) && item.has(segment_type)) {
    put_if_absent(item, segment_label, Vr::Lo, segment_name(item));
    if (item.has(tracking_uid)) put_if_absent(item, tracking_id, Vr::Ut, segment_name(item));
  }
  if (item.has(segment_sequence) && item.has(tags::sop_class_uid)) {
    for (const DicomTag tag : equipment) put_if_absent(item, tag, Vr::Lo, removed);
  }
  if (item.has(roi_number) && item.has(roi_algorithm)) {
    const auto number = item.integer(roi_number).value_or(0);
    put_if_absent(item, roi_name, Vr::Lo, "ROI " + std::to_string(number));
  }
  if (item.has(roi_observation)) put_if_absent(item, roi_interpreter, Vr::Pn, "");
  if (item.has(structure_rois)) {
    put_if_absent(item, structure_label, Vr::Sh, "CONTOURS");
    put_if_absent(item, operators_name, Vr::Pn, "");
  }
  if (item.has(tags::sop_class_uid) && item.has(tags::frame_of_reference_uid)) {
    put_if_absent(item, tags::position_reference_indicator, Vr::Lo, "");
  }
  if (item.has(tags::content_label)) {
    put_if_absent(item, content_description, Vr::Lo, "");
    put_if_absent(item, content_creator_name, Vr::Pn, "");
  }
  const std::string_view type = item.ascii(value_type);
  if (type == "TEXT") put_if_absent(item, dicom_tag(0x0040A160), Vr::Ut, removed);
  if (type == "PNAME") put_if_absent(item, dicom_tag(0x0040A123), Vr::Pn, removed);
  if (item.has(drawn_box) || item.has(drawn_anchor)) {
    put_if_absent(item, drawn_text, Vr::St, removed);
  }
}

}  // namespace

void put_plain_names(DicomDataset& dataset) {
  std::vector<std::pair<DicomTag, std::vector<DicomDataset>>> sequences;
  for (const DicomElement& element : dataset.elements()) {
    if (element.vr == Vr::Sq) sequences.emplace_back(element.tag, element.items);
  }
  for (auto& [tag, items] : sequences) {
    for (DicomDataset& item : items) put_plain_names(item);
    dataset.put_items(tag, std::move(items));
  }
  put_names(dataset);
}

}  // namespace consilium
