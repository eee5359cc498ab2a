#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>

#include "analysis/span_agreement/scores.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/compare.hpp"
#include "transport/cli_panel/span_files.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::uint32_t reference_rater = 0;
constexpr std::uint32_t test_rater = 1;

struct SpanStudy {
  UnitStudy study;
  std::vector<std::string> labels;
  std::uint64_t missing_documents = 0;  // of the test: all their spans count as missed
  std::uint64_t other_documents = 0;    // of the test alone: not scored
};

void add_units(const std::vector<NamedSpan>& spans, std::uint32_t continuum, std::uint32_t rater,
               const CompareCommand& command, std::map<std::string, std::uint32_t>& labels,
               UnitStudy& study) {
  for (const NamedSpan& span : spans) {
    if (!is_wanted(command, span.label)) continue;
    const auto category = labels.try_emplace(span.label, 0).first;
    study.units.push_back({.continuum = continuum,
                           .rater = rater,
                           .category = category->second,
                           .parts = span.parts});
    study.extents[continuum].end = std::max(study.extents[continuum].end, span.parts.back().end);
  }
}

// Documents are those of the reference.
SpanStudy study_of(const SpanFiles& reference, const SpanFiles& test,
                   const CompareCommand& command) {
  SpanStudy out;
  std::map<std::string, std::uint32_t> labels;
  for (const SpanFiles* files : {&reference, &test}) {
    for (const auto& [name, spans] : files->documents) {
      for (const NamedSpan& span : spans) {
        if (is_wanted(command, span.label)) labels.try_emplace(span.label, 0);
      }
    }
  }
  for (auto& [name, number] : labels) {
    number = static_cast<std::uint32_t>(out.labels.size());
    out.labels.push_back(name);
  }
  out.study.rater_count = 2;
  out.study.category_count = static_cast<std::uint32_t>(out.labels.size());
  for (const auto& [name, spans] : reference.documents) {
    const auto continuum = static_cast<std::uint32_t>(out.study.extents.size());
    out.study.extents.push_back({0, 1});
    out.study.readings.push_back({continuum, reference_rater});
    out.study.readings.push_back({continuum, test_rater});
    add_units(spans, continuum, reference_rater, command, labels, out.study);
    const auto other = test.documents.find(name);
    if (other == test.documents.end()) {
      ++out.missing_documents;
    } else {
      add_units(other->second, continuum, test_rater, command, labels, out.study);
    }
  }
  for (const auto& [name, spans] : test.documents) {
    out.other_documents += reference.documents.contains(name) ? 0 : 1;
  }
  return out;
}

// From first begin to last end, each once: a span that brat broke at a line's end is one span.
UnitStudy hulls_of(const UnitStudy& study) {
  UnitStudy hulls = study;
  hulls.units = with_hulls(study.units);
  std::ranges::sort(hulls.units);
  const auto repeats = std::ranges::unique(hulls.units);
  hulls.units.erase(repeats.begin(), repeats.end());
  return hulls;
}

json::object counts_json(const MatchCounts& counts) {
  return json::object{{"reference", counts.first},
                      {"test", counts.second},
                      {"matched", counts.matched},
                      {"precision", number_json(counts.precision())},
                      {"recall", number_json(counts.recall())},
                      {"f1", number_json(counts.f1())}};
}

std::string counts_text(std::string_view name, const MatchCounts& counts) {
  return fmt::format("{:<12} precision {}, recall {}, F1 {} ({} reference, {} test, {} matched)\n",
                     name, number_text(counts.precision()), number_text(counts.recall()),
                     number_text(counts.f1()), counts.first, counts.second, counts.matched);
}

struct SpanAnswer {
  json::object json;
  std::string text;
};

void add_scores(const SpanStudy& data, std::string_view name, const SpanScores& scores,
                SpanAnswer& answer) {
  json::object out = counts_json(scores.all);
  out["macro_f1"] = number_json(scores.macro_f1());
  answer.text += counts_text(name, scores.all);
  json::array labels;
  for (std::size_t k = 0; k < scores.by_category.size(); ++k) {
    json::object one{{"label", data.labels[k]}};
    for (auto& member : counts_json(scores.by_category[k])) {
      one.insert_or_assign(member.key(), member.value());
    }
    labels.push_back(std::move(one));
    if (name == "strict") {
      answer.text += "  " + counts_text(data.labels[k], scores.by_category[k]);
    }
  }
  out["labels"] = std::move(labels);
  answer.json[name] = std::move(out);
}

Status score(const SpanStudy& data, const CompareCommand& command, SpanAnswer& answer) {
  const UnitStudy hulls = hulls_of(data.study);
  add_scores(
      data, "strict",
      CSL_TRY(span_scores(hulls, reference_rater, test_rater, {.kind = ClosenessKind::SameParts})),
      answer);
  if (command.tolerance_letters > 0) {
    add_scores(data, "boundaries",
               CSL_TRY(span_scores(
                   hulls, reference_rater, test_rater,
                   {.kind = ClosenessKind::Boundaries, .tolerance = command.tolerance_letters})),
               answer);
  }
  add_scores(data, "overlap",
             CSL_TRY(span_scores(data.study, reference_rater, test_rater,
                                 {.kind = ClosenessKind::Overlap})),
             answer);
  add_scores(data, "any label",
             CSL_TRY(span_scores(data.study, reference_rater, test_rater,
                                 {.kind = ClosenessKind::Overlap, .same_category = false})),
             answer);
  add_scores(data, "letters", CSL_TRY(position_scores(data.study, reference_rater, test_rater, {})),
             answer);
  return {};
}

}  // namespace

Result<int> compare_spans_command(const CompareCommand& command) {
  const SpanFiles reference = CSL_TRY(read_spans(command.reference));
  const SpanFiles test = CSL_TRY(read_spans(command.test));
  const SpanStudy data = study_of(reference, test, command);
  if (data.study.units.empty()) {
    return fail(ErrorCode::InvalidInput, "neither side has a span", command.reference.string(),
                command.labels.empty() ? "nothing can be compared"
                                       : "check how the labels of --label are spelled");
  }
  SpanAnswer answer;
  answer.json = json::object{{"kind", "spans"},
                             {"documents", data.study.extents.size()},
                             {"documents_missing_in_test", data.missing_documents},
                             {"documents_in_test_alone", data.other_documents},
                             {"lines_left_out", reference.left_out + test.left_out}};
  answer.text = fmt::format("{} documents\n", data.study.extents.size());
  CSL_TRY(score(data, command, answer));
  if (data.missing_documents > 0) {
    fmt::print(stderr, "{}: {} documents are not there; their spans count as missed\n",
               command.test.string(), data.missing_documents);
  }
  if (reference.left_out + test.left_out > 0) {
    fmt::print(stderr, "{} lines are no spans that can be read; they are left out\n",
               reference.left_out + test.left_out);
  }
  fmt::print("{}", command.json ? json::serialize(answer.json) + "\n" : answer.text);
  return 0;
}

}  // namespace consilium::cli
