#include "service/terminology/read_release.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "format/icd10cm/icd10cm.hpp"
#include "format/loinc/loinc.hpp"
#include "format/obo/obo.hpp"
#include "format/rf2/rf2.hpp"
#include "format/rrf/rrf.hpp"

namespace consilium::service {
namespace {

using Files = std::span<const TerminologyFile>;

std::string_view base_name(std::string_view name) { return name.substr(name.rfind('/') + 1); }

std::optional<TerminologyFile> named(Files files, std::string_view wanted) {
  for (const TerminologyFile& file : files) {
    if (base_name(file.name) == wanted) return file;
  }
  return std::nullopt;
}

Result<std::string> first_bytes(const TerminologyFile& file) {
  constexpr std::uint64_t looked_at = 512;
  const std::uint64_t count = std::min(looked_at, file.bytes->size());
  const Bytes bytes = CSL_TRY(read_bytes(*file.bytes, 0, count, looked_at));
  return std::string(text_of(bytes));
}

std::unexpected<Error> unknown() {
  return fail(ErrorCode::Unsupported, "the files are of no terminology that we read", {},
              "give a folder of SNOMED CT RF2 snapshot files, RXNCONSO.RRF and RXNREL.RRF, "
              "Loinc.csv, icd10cm_order_YEAR.txt, icd10cm_tabular_YEAR.xml, an .obo file or a FHIR "
              "CodeSystem or ValueSet in JSON; or name the format");
}

Result<std::string> find_format(Files files) {
  Rf2Files rf2;
  for (const TerminologyFile& file : files) static_cast<void>(sort_rf2_file(file, rf2));
  if (!rf2.concepts.empty()) return "rf2";
  if (named(files, "RXNCONSO.RRF")) return "rxnorm";
  if (named(files, "Loinc.csv")) return "loinc";
  if (files.size() != 1) return unknown();
  const std::string begin = CSL_TRY(first_bytes(files.front()));
  const std::string_view name = files.front().name;
  if (begin.contains("<ICD10CM.tabular")) return "icd10cm-tabular";
  if (begin.contains("LOINC_NUM")) return "loinc";
  if (begin.starts_with("format-version:") || name.ends_with(".obo")) return "obo";
  if (begin.find_first_not_of(" \t\r\n\xEF\xBB\xBF") != std::string::npos &&
      begin[begin.find_first_not_of(" \t\r\n\xEF\xBB\xBF")] == '{') {
    return "fhir";
  }
  if (name.contains("order")) return "icd10cm-order";
  return unknown();
}

// "20260101" in "sct2_Concept_Snapshot_INT_20260101.txt".
std::string date_in_names(Files files) {
  for (const TerminologyFile& file : files) {
    const std::string_view name = file.name;
    for (std::size_t i = 0; i + 8 <= name.size(); ++i) {
      const std::string_view digits = name.substr(i, 8);
      if (digits.starts_with("20") &&
          std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
        return std::string(digits);
      }
    }
  }
  return {};
}

Result<Terminology> read_rf2_release(Files files, const ReleaseOptions& options) {
  Rf2Files sorted;
  for (const TerminologyFile& file : files) static_cast<void>(sort_rf2_file(file, sorted));
  return read_rf2(sorted,
                  {.version = options.version.empty() ? date_in_names(files) : options.version,
                   .language_set = options.language_set});
}

Result<Terminology> read_as(const std::string& format, Files files, const ReleaseOptions& options) {
  if (files.empty()) return unknown();
  const TerminologyFile& first = files.front();
  if (format == "rf2") return read_rf2_release(files, options);
  if (format == "rxnorm") {
    const auto names = named(files, "RXNCONSO.RRF");
    return read_rxnorm(names.value_or(first), named(files, "RXNREL.RRF"), options.version);
  }
  if (format == "loinc") {
    const auto table = named(files, "Loinc.csv");
    return read_loinc(table.value_or(first), named(files, "ComponentHierarchyBySystem.csv"),
                      options.version);
  }
  if (format == "obo") {
    return read_obo(first, {.system = options.system, .version = options.version});
  }
  if (format == "icd10cm-tabular") return read_icd10cm_tabular(first, options.version);
  if (format == "icd10cm-order") return read_icd10cm_order(first, options.version);
  return fail(ErrorCode::InvalidInput, "there is no such format", format,
              "use rf2, icd10cm-order, icd10cm-tabular, loinc, rxnorm, obo or fhir");
}

}  // namespace

Result<FhirTerminology> read_release(Files files, const ReleaseOptions& options) {
  const std::string format = options.format.empty() ? CSL_TRY(find_format(files)) : options.format;
  if (format == "fhir" && !files.empty()) {
    const Bytes bytes = CSL_TRY(read_all(*files.front().bytes, fhir_terminology_bytes_max));
    FhirTerminology made = CSL_TRY(read_fhir_terminology(text_of(bytes)));
    if (auto* terminology = std::get_if<Terminology>(&made)) {
      if (!options.system.empty()) terminology->system = options.system;
      if (!options.version.empty()) terminology->version = options.version;
    }
    return made;
  }
  Terminology made = CSL_TRY(read_as(format, files, options));
  if (!options.system.empty()) made.system = options.system;
  if (made.version.empty()) {
    return fail(ErrorCode::InvalidInput, "the files do not say which version they are", {},
                "name it: --version 2026");
  }
  return FhirTerminology{std::move(made)};
}

}  // namespace consilium::service
