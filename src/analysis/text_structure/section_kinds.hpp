// What a note's section is about, with its LOINC code and the headers that name it in English.
// Source of the codes: LOINC (loinc.org) section codes as used by HL7 C-CDA R2.1; headers are ours.
#pragma once

#include <cstdint>
#include <string_view>

namespace consilium {

enum class SectionKind : std::uint8_t {
  None,   // text before any header
  Other,  // a header that the table does not know
  ChiefComplaint,
  PresentIllness,
  PastMedicalHistory,
  PastSurgicalHistory,
  FamilyHistory,
  SocialHistory,
  Allergies,
  Medications,
  Immunizations,
  ReviewOfSystems,
  VitalSigns,
  PhysicalExamination,
  Results,
  Assessment,
  Plan,
  AssessmentAndPlan,
  HospitalCourse,
  ProblemList,
  AdmissionDiagnosis,
  DischargeDiagnosis,
  DischargeMedications,
  DischargeInstructions,
  DischargeCondition,
  Procedures,
  PreoperativeDiagnosis,
  PostoperativeDiagnosis,
  OperativeDescription,
  Anesthesia,
  Complications,
  Specimens,
  BloodLoss,
  Indication,
  Technique,
  Comparison,
  Findings,
  Impression,
};

// "past_medical_history"
[[nodiscard]] std::string_view name_of(SectionKind kind);
// Null for an unknown name.
[[nodiscard]] const SectionKind* section_kind_named(std::string_view name);
// "11348-0"; empty for None and Other.
[[nodiscard]] std::string_view loinc_of(SectionKind kind);

// The kind that a header names ("Past Medical Hx"), without its colon, in any case, any white
// space; Other when the table does not know it. Cost: O(length).
[[nodiscard]] SectionKind section_kind_of_header(std::string_view header);

}  // namespace consilium
