#include "format/dicom/identity.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "domain/image/dicom_tags.hpp"

using namespace consilium;

namespace {
DicomDataset made_dataset() {
  DicomDataset dataset;
  dataset.put_text(tags::specific_character_set, Vr::Cs, "ISO_IR 192");
  dataset.put_text(tags::patient_name, Vr::Pn, "M\xc3\xbcster^Made Up");
  dataset.put_text(tags::patient_id, Vr::Lo, "MADE-1");
  dataset.put_text(tags::study_description, Vr::Lo, "control of made up patient");
  dataset.put_text(tags::convolution_kernel, Vr::Sh, "H30s");
  dataset.put_text(tags::body_part_examined, Vr::Cs, "M\xc3\xbcster");
  dataset.put_text(tags::kvp, Vr::Ds, "120");
  dataset.put_text(tags::modality, Vr::Cs, "CT");
  dataset.put_text(tags::study_instance_uid, Vr::Ui, "1.2.3");
  dataset.put_text(tags::series_instance_uid, Vr::Ui, "Made Up");
  DicomDataset other;
  other.put_text(tags::patient_id, Vr::Lo, "MADE-2");
  dataset.put_items(tags::other_patient_ids_sequence, {other});
  return dataset;
}
}  // namespace

TEST_CASE("who the patient is comes out protected, in UTF-8") {
  const DicomSplit split = split_identity(made_dataset());
  const AuditedAccess access = AuditedAccess::event_recorded();
  CHECK(split.identity.name.reveal(access) == "M\xc3\xbcster^Made Up");
  CHECK(split.identity.patient_id.reveal(access) == "MADE-1");
  CHECK(split.identity.other_patient_ids.reveal(access) == std::vector<std::string>{"MADE-2"});
}

TEST_CASE("the catalog gets codes and numbers, and nothing that looks like text") {
  const DicomCatalogFacts catalog = split_identity(made_dataset()).catalog;
  CHECK(catalog.modality == "CT");
  CHECK(catalog.study_instance_uid == "1.2.3");
  CHECK(catalog.series_instance_uid.empty());  // not a UID
  const auto has = [&](const char* keyword) {
    return std::ranges::any_of(catalog.acquisition,
                               [&](const auto& fact) { return fact.first == keyword; });
  };
  CHECK(has("KVP"));
  CHECK(has("ConvolutionKernel"));
  CHECK_FALSE(has("BodyPartExamined"));  // free text where a code belongs
  CHECK_FALSE(has("StudyDescription"));
}
