#include "analysis/text_structure/section_kinds.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace consilium {
namespace {

struct KindRow {
  SectionKind kind;
  std::string_view name;
  std::string_view loinc;
  std::string_view headers;  // lower case, separated by '|'
};

constexpr std::array kind_rows{
    KindRow{SectionKind::None, "none", "", ""},
    KindRow{SectionKind::Other, "other", "", ""},
    KindRow{SectionKind::ChiefComplaint, "chief_complaint", "10154-3",
            "chief complaint|cc|presenting complaint|reason for visit|reason for consultation|"
            "reason for admission|reason for referral|chief concern"},
    KindRow{SectionKind::PresentIllness, "present_illness", "10164-2",
            "history of present illness|hpi|present illness|history of the present illness|"
            "history of presenting illness|interval history|subjective|brief history|ed course|"
            "history of presenting complaint"},
    KindRow{SectionKind::PastMedicalHistory, "past_medical_history", "11348-0",
            "past medical history|pmh|pmhx|past history|medical history|previous medical history|"
            "past medical hx|past medical and surgical history|past medical/surgical history|"
            "personal history|psychiatric history|past psychiatric history|pmh/psh|"
            "significant past medical history|past med history|his past medical history|"
            "her past medical history|comorbidities"},
    KindRow{SectionKind::PastSurgicalHistory, "past_surgical_history", "10167-5",
            "past surgical history|psh|pshx|surgical history|previous surgery|previous surgeries|"
            "prior surgery|prior surgeries|past surgical hx|operative history"},
    KindRow{SectionKind::FamilyHistory, "family_history", "10157-6",
            "family history|fh|fhx|fam hx|family hx|family medical history|familial history"},
    KindRow{SectionKind::SocialHistory, "social_history", "29762-2",
            "social history|sh|shx|soc hx|social hx|habits|personal and social history|"
            "his social history|her social history|substance use|tobacco use|occupational history"},
    KindRow{SectionKind::Allergies, "allergies", "48765-2",
            "allergies|allergy|drug allergies|medication allergies|allergies/adverse reactions|"
            "allergies and adverse reactions|known allergies"},
    KindRow{SectionKind::Medications, "medications", "10160-0",
            "medications|meds|current medications|home medications|medications on admission|"
            "admission medications|medication list|outpatient medications|current meds|home meds|"
            "medications at home|medication|preadmission medications"},
    KindRow{SectionKind::Immunizations, "immunizations", "11369-6",
            "immunizations|immunization|vaccinations|immunization history|vaccines"},
    KindRow{SectionKind::ReviewOfSystems, "review_of_systems", "10187-3",
            "review of systems|ros|systems review|review of symptoms|system review"},
    KindRow{SectionKind::VitalSigns, "vital_signs", "8716-3",
            "vital signs|vitals|vs|vital signs on admission|vital signs on discharge|observations"},
    KindRow{SectionKind::PhysicalExamination, "physical_examination", "29545-1",
            "physical examination|physical exam|pe|exam|examination|on examination|objective|"
            "physical findings|admission physical exam|discharge physical exam|"
            "physical exam on admission|physical exam on discharge|clinical examination|"
            "neurological examination|mental status examination|exam on discharge"},
    KindRow{SectionKind::Results, "results", "30954-2",
            "results|laboratory data|labs|laboratory|lab results|laboratory results|data|imaging|"
            "studies|pertinent results|laboratory studies|diagnostic studies|laboratory values|"
            "lab data|radiology|diagnostic data|labs on admission|microbiology|test results|"
            "pertinent labs|diagnostics|imaging studies|radiographs"},
    KindRow{SectionKind::Assessment, "assessment", "51848-0",
            "assessment|clinical impression|summary|assessment of this patient|diagnosis|diagnoses|"
            "medical decision making|mdm|discussion"},
    KindRow{SectionKind::Plan, "plan", "18776-5",
            "plan|plan of care|treatment plan|recommendations|recommendation|disposition|"
            "treatment|plans|follow-up|follow up|followup|plan and recommendations"},
    KindRow{SectionKind::AssessmentAndPlan, "assessment_and_plan", "51847-2",
            "assessment and plan|assessment/plan|a/p|a&p|ap|assessment & plan|"
            "impression and plan|impression/plan|assessment and recommendations"},
    KindRow{SectionKind::HospitalCourse, "hospital_course", "8648-8",
            "hospital course|brief hospital course|course in hospital|clinical course|"
            "hospital course by problem|hospital course and treatment|summary of hospital course|"
            "emergency department course"},
    KindRow{SectionKind::ProblemList, "problem_list", "11450-4",
            "problem list|problems|active problems|active issues|chronic issues|"
            "current problems|issues"},
    KindRow{SectionKind::AdmissionDiagnosis, "admission_diagnosis", "46241-6",
            "admission diagnosis|admission diagnoses|admitting diagnosis|admitting diagnoses|"
            "referring diagnosis|provisional diagnosis"},
    KindRow{SectionKind::DischargeDiagnosis, "discharge_diagnosis", "11535-2",
            "discharge diagnosis|discharge diagnoses|final diagnosis|final diagnoses|"
            "principal diagnosis|primary diagnosis|secondary diagnosis|secondary diagnoses|"
            "diagnosis on discharge"},
    KindRow{SectionKind::DischargeMedications, "discharge_medications", "10183-2",
            "discharge medications|medications on discharge|discharge meds|"
            "medications at discharge"},
    KindRow{SectionKind::DischargeInstructions, "discharge_instructions", "8653-8",
            "discharge instructions|patient instructions|instructions|followup instructions|"
            "follow-up instructions|follow up instructions|discharge plan"},
    KindRow{SectionKind::DischargeCondition, "discharge_condition", "",
            "discharge condition|condition on discharge|condition at discharge|"
            "condition|discharge status|discharge disposition"},
    KindRow{SectionKind::Procedures, "procedures", "47519-4",
            "procedures|procedure|procedures performed|operation|operations|procedure performed|"
            "operation performed|major surgical or invasive procedure|title of procedure|"
            "name of procedure"},
    KindRow{SectionKind::PreoperativeDiagnosis, "preoperative_diagnosis", "10219-4",
            "preoperative diagnosis|preoperative diagnoses|pre-op diagnosis|preop diagnosis|"
            "pre-operative diagnosis"},
    KindRow{SectionKind::PostoperativeDiagnosis, "postoperative_diagnosis", "10218-6",
            "postoperative diagnosis|postoperative diagnoses|post-op diagnosis|postop diagnosis|"
            "post-operative diagnosis"},
    KindRow{SectionKind::OperativeDescription, "operative_description", "29554-3",
            "description of procedure|procedure in detail|details of procedure|"
            "description of operation|operative procedure|procedure details|operative technique"},
    KindRow{SectionKind::Anesthesia, "anesthesia", "59774-0",
            "anesthesia|anaesthesia|type of anesthesia|sedation"},
    KindRow{SectionKind::Complications, "complications", "55109-3",
            "complications|complication|intraoperative complications"},
    KindRow{SectionKind::Specimens, "specimens", "59773-2",
            "specimens|specimen|specimens removed|pathology specimens"},
    KindRow{SectionKind::BloodLoss, "blood_loss", "59770-8", "estimated blood loss|ebl|blood loss"},
    KindRow{SectionKind::Indication, "indication", "18785-6",
            "indication|indications|clinical indication|clinical history|reason for exam|"
            "reason for examination|reason for study|reason for this examination|patient history|"
            "clinical information|indications for procedure|indication for procedure|history|"
            "reason for procedure|indications for surgery"},
    KindRow{SectionKind::Technique, "technique", "55111-9",
            "technique|protocol|exam technique|imaging technique"},
    KindRow{SectionKind::Comparison, "comparison", "18834-2",
            "comparison|comparisons|comparison studies|prior studies"},
    KindRow{SectionKind::Findings, "findings", "18782-3",
            "findings|operative findings|findings at surgery|report|gross description|"
            "microscopic description|interpretation|observation"},
    KindRow{SectionKind::Impression, "impression", "19005-8",
            "impression|impressions|conclusion|conclusions|opinion|final impression|"
            "overall impression|summary and conclusions"},
};

const KindRow& row_of(SectionKind kind) { return kind_rows.at(static_cast<std::size_t>(kind)); }

using HeaderTable = std::unordered_map<std::string_view, SectionKind>;

HeaderTable made_header_table() {
  HeaderTable table;
  for (const KindRow& row : kind_rows) {
    for (std::string_view rest = row.headers; !rest.empty();) {
      const std::size_t bar = std::min(rest.find('|'), rest.size());
      table.emplace(rest.substr(0, bar), row.kind);
      rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
  }
  return table;
}

}  // namespace

std::string_view name_of(SectionKind kind) { return row_of(kind).name; }
std::string_view loinc_of(SectionKind kind) { return row_of(kind).loinc; }

const SectionKind* section_kind_named(std::string_view name) {
  const auto row = std::ranges::find(kind_rows, name, &KindRow::name);
  return row == kind_rows.end() ? nullptr : &row->kind;
}

SectionKind section_kind_of_header(std::string_view header) {
  static const HeaderTable table = made_header_table();  // constant data, made at first use
  std::string folded;
  for (const char c : header) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (!folded.empty() && folded.back() != ' ') folded.push_back(' ');
    } else {
      folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
    }
  }
  while (!folded.empty() && folded.back() == ' ') folded.pop_back();
  const auto found = table.find(folded);
  return found == table.end() ? SectionKind::Other : found->second;
}

}  // namespace consilium
