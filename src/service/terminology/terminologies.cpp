#include "service/terminology/terminologies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "analysis/concept_search/expression.hpp"
#include "base/sha256.hpp"
#include "domain/label/coded_concept.hpp"

namespace consilium::service {
namespace {

namespace json = boost::json;

constexpr std::size_t expansions_kept_max = 64;
constexpr std::string_view implicit_mark = "?fhir_vs";

Status require_keeper(const Access& access) {
  const bool leads = std::ranges::any_of(
      access.projects, [](const auto& one) { return one.second.has(Role::Lead); });
  if (access.is_administrator || access.is_operator || leads) return {};
  return fail(ErrorCode::Forbidden, "terminologies are kept by administrators and project leads");
}

json::object value_set_form(const ValueSet& set) {
  const auto parts = [](const std::vector<ValueSetPart>& all) {
    json::array out;
    for (const ValueSetPart& part : all) {
      json::object one;
      if (!part.system.empty()) one["system"] = part.system;
      if (!part.version.empty()) one["version"] = part.version;
      json::array listed;
      for (const ListedConcept& item : part.listed) {
        json::object entry{{"code", item.code}};
        if (!item.display.empty()) entry["display"] = item.display;
        listed.push_back(std::move(entry));
      }
      if (!listed.empty()) one["concept"] = std::move(listed);
      json::array filters;
      for (const ValueSetFilter& filter : part.filters) {
        filters.push_back(json::object{
            {"property", filter.property}, {"op", filter.op}, {"value", filter.value}});
      }
      if (!filters.empty()) one["filter"] = std::move(filters);
      json::array sets;
      for (const std::string& url : part.value_sets) sets.emplace_back(url);
      if (!sets.empty()) one["valueSet"] = std::move(sets);
      out.push_back(std::move(one));
    }
    return out;
  };
  json::object compose{{"inactive", set.with_inactive}, {"include", parts(set.include)}};
  if (!set.exclude.empty()) compose["exclude"] = parts(set.exclude);
  return {{"resourceType", "ValueSet"}, {"url", set.url},     {"version", set.version},
          {"title", set.title},         {"status", "active"}, {"compose", std::move(compose)}};
}

// "http://snomed.info/sct?fhir_vs=ecl/<< 123"
Result<ValueSet> implicit_value_set(const std::string& url) {
  const std::size_t mark = url.find(implicit_mark);
  ValueSetPart part{
      .system = url.substr(0, mark), .version = {}, .listed = {}, .filters = {}, .value_sets = {}};
  std::string_view what = std::string_view(url).substr(mark + implicit_mark.size());
  if (what.starts_with("=isa/")) {
    part.filters.push_back(
        {.property = "concept", .op = "is-a", .value = std::string(what.substr(5))});
  } else if (what.starts_with("=ecl/")) {
    part.filters.push_back(
        {.property = "constraint", .op = "=", .value = std::string(what.substr(5))});
  } else if (!what.empty()) {
    return fail(ErrorCode::NotFound, "there is no such value set", url);
  }
  return ValueSet{.url = url,
                  .version = {},
                  .title = {},
                  .include = {std::move(part)},
                  .exclude = {},
                  .with_inactive = true};
}

}  // namespace

json::object terminology_json(const storage::TerminologyRow& row) {
  return {{"system", row.system},
          {"name", system_name(row.system)},
          {"version", row.version},
          {"kind", row.kind},
          {"title", row.title},
          {"concepts", row.concept_count},
          {"terms", row.term_count},
          {"size_bytes", row.size_bytes},
          {"loaded_at", to_rfc3339(row.loaded_at)},
          {"loaded_by", row.loaded_by}};
}

Terminologies::Terminologies(storage::Store& store, std::filesystem::path folder)
    : store_(store),
      disk_(storage::real_disk()),
      files_(storage::TerminologyFiles(*disk_, std::move(folder))) {}

Result<storage::TerminologyRow> Terminologies::load(const Access& access,
                                                    std::span<const TerminologyFile> files,
                                                    const ReleaseOptions& options) {
  CSL_TRY(require_keeper(access));
  const FhirTerminology read = CSL_TRY(read_release(files, options));
  storage::TerminologyRow row;
  Bytes form;
  if (const auto* terminology = std::get_if<Terminology>(&read)) {
    form = CSL_TRY(ConceptIndex::build(*terminology));
    row = {.system = terminology->system,
           .version = terminology->version,
           .kind = "code_system",
           .title = terminology->title,
           .concept_count = static_cast<std::int64_t>(terminology->concepts.size()),
           .term_count = static_cast<std::int64_t>(terminology->terms.size())};
  } else {
    const ValueSet& set = std::get<ValueSet>(read);
    if (set.url.empty()) {
      return fail(ErrorCode::InvalidInput, "the value set has no URL", "/url", "give it one");
    }
    form = to_bytes(json::serialize(value_set_form(set)));
    row = {.system = set.url, .version = set.version, .kind = "value_set", .title = set.title};
  }
  row.digest = to_hex(sha256(form));
  row.size_bytes = static_cast<std::int64_t>(form.size());
  row.loaded_by = actor_of(access).person;
  std::string replaced;
  for (const storage::TerminologyRow& old : CSL_TRY(list())) {
    if (old.system == row.system && old.version == row.version) replaced = old.digest;
  }
  CSL_TRY(files_.with([&](storage::TerminologyFiles& kept) { return kept.put(row.digest, form); }));
  CSL_TRY(store_.write(actor_of(access), [&](storage::Transaction& transaction) {
    row.loaded_at = transaction.now();
    return transaction.append(storage::terminology_loaded(row));
  }));
  kept_.with([&](Kept& kept) {
    kept.expansions.clear();
    if (replaced != row.digest) kept.indexes.erase(replaced);
  });
  if (!replaced.empty() && replaced != row.digest) {
    CSL_TRY(files_.with([&](storage::TerminologyFiles& kept) { return kept.remove(replaced); }));
  }
  return row;
}

Status Terminologies::remove(const Access& access, const std::string& system,
                             const std::string& version) {
  CSL_TRY(require_keeper(access));
  for (const storage::TerminologyRow& row : CSL_TRY(list())) {
    if (row.system != system || row.version != version) continue;
    CSL_TRY(store_.write(actor_of(access), [&](storage::Transaction& transaction) {
      return transaction.append(storage::terminology_removed(system, version));
    }));
    kept_.with([&](Kept& kept) {
      kept.expansions.clear();
      kept.indexes.erase(row.digest);
    });
    return files_.with([&](storage::TerminologyFiles& kept) { return kept.remove(row.digest); });
  }
  return fail(ErrorCode::NotFound, "no such terminology is loaded", system + "|" + version);
}

Result<std::vector<storage::TerminologyRow>> Terminologies::list() const {
  const auto reader = CSL_TRY(store_.read());
  return storage::terminologies(*reader);
}

Result<storage::TerminologyRow> Terminologies::row_of(const std::string& kind,
                                                      const std::string& system,
                                                      const std::string& version) const {
  for (storage::TerminologyRow& row : CSL_TRY(list())) {
    if (row.kind == kind && row.system == system && (version.empty() || row.version == version)) {
      return std::move(row);
    }
  }
  return fail(ErrorCode::NotFound,
              kind == "value_set" ? "the value set is not loaded" : "the code system is not loaded",
              version.empty() ? system : system + "|" + version,
              "an administrator or lead loads it: consilium terminology load");
}

Result<SharedIndex> Terminologies::index(const std::string& system,
                                         const std::string& version) const {
  const storage::TerminologyRow row =
      CSL_TRY(row_of("code_system", std::string(system_uri(system)), version));
  const auto known = [&](const Kept& kept) -> SharedIndex {
    const auto found = kept.indexes.find(row.digest);
    return found == kept.indexes.end() ? nullptr : found->second;
  };
  if (SharedIndex found = kept_.with(known)) return found;
  // Reading is outside the lock of what is in memory: searches of other systems go on.
  return files_.with([&](const storage::TerminologyFiles& files) -> Result<SharedIndex> {
    if (SharedIndex found = kept_.with(known)) return found;
    Bytes form = CSL_TRY(files.get(row.digest, row.size_bytes));
    auto opened =
        std::make_shared<const ConceptIndex>(CSL_TRY(ConceptIndex::open(std::move(form))));
    kept_.with([&](Kept& kept) { kept.indexes[row.digest] = opened; });
    return opened;
  });
}

Result<ValueSet> Terminologies::value_set(const std::string& url) const {
  if (url.contains(implicit_mark)) return implicit_value_set(url);
  const std::size_t bar = url.find('|');
  const std::string version = bar == std::string::npos ? std::string() : url.substr(bar + 1);
  const storage::TerminologyRow row = CSL_TRY(row_of("value_set", url.substr(0, bar), version));
  const Bytes form = CSL_TRY(files_.with([&](const storage::TerminologyFiles& files) {
    return files.get(row.digest, row.size_bytes);
  }));
  FhirTerminology read = CSL_TRY(read_fhir_terminology(text_of(form)));
  return std::get<ValueSet>(std::move(read));
}

TerminologyLookup Terminologies::lookup() const {
  return {.index = [this](const std::string& system,
                          const std::string& version) { return index(system, version); },
          .value_set = [this](const std::string& url) { return value_set(url); }};
}

Result<std::vector<SystemConcepts>> Terminologies::expand(const ValueSet& value_set) const {
  return expand_value_set(value_set, lookup());
}

Result<std::shared_ptr<const std::vector<SystemConcepts>>> Terminologies::expansion(
    const std::string& url) const {
  using Shared = std::shared_ptr<const std::vector<SystemConcepts>>;
  const Shared known = kept_.with([&](const Kept& kept) {
    const auto found = kept.expansions.find(url);
    return found == kept.expansions.end() ? Shared{} : found->second;
  });
  if (known) return known;
  const ValueSet set = CSL_TRY(value_set(url));
  auto made = std::make_shared<const std::vector<SystemConcepts>>(CSL_TRY(expand(set)));
  kept_.with([&](Kept& kept) {
    if (kept.expansions.size() >= expansions_kept_max) kept.expansions.clear();
    kept.expansions[url] = made;
  });
  return made;
}

}  // namespace consilium::service
