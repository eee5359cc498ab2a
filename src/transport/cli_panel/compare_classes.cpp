#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <optional>

#include "analysis/agreement/agreement.hpp"
#include "domain/vote/vote_table.hpp"
#include "format/vote_csv/vote_csv.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/compare.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr RaterIndex reference_rater = 0;
constexpr RaterIndex test_rater = 1;
constexpr std::size_t shown_classes_max = 64;

struct ClassStudy {
  std::vector<std::string> classes;
  std::vector<std::uint64_t> confusion;  // classes squared; row: the reference's
  VoteTable votes;
  std::uint64_t other_items = 0;  // of the test alone

  [[nodiscard]] std::uint64_t at(std::size_t row, std::size_t column) const {
    return confusion[row * classes.size() + column];
  }
};

Result<ClassStudy> study_of(const LabelFile& reference, const LabelFile& test,
                            const CompareCommand& command) {
  std::map<std::string_view, ClassIndex> number;
  for (const LabelFile* file : {&reference, &test}) {
    for (std::uint32_t k = 0; k < file->labels.size(); ++k) number.try_emplace(file->labels[k], 0);
  }
  if (number.size() > 4096) {
    return fail(ErrorCode::TooLarge, "there are more than 4096 classes", command.reference.string(),
                "are the labels measured values? agree takes those");
  }
  ClassStudy out;
  for (auto& [name, index] : number) {
    index = static_cast<ClassIndex>(out.classes.size());
    out.classes.emplace_back(name);
  }
  out.confusion.resize(out.classes.size() * out.classes.size());
  std::vector<Vote> votes;
  for (std::uint32_t i = 0; i < reference.items.size(); ++i) {
    const auto there = test.items.find(reference.items[i]);
    if (!there) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the item '{}' has no label in {}", reference.items[i],
                              command.test.string()),
                  fmt::format("{}, row {}", command.reference.string(), reference.row[i]),
                  "label it, or leave it out of the reference");
    }
    const ClassIndex truth = number[reference.labels[reference.label[i]]];
    const ClassIndex said = number[test.labels[test.label[*there]]];
    votes.push_back({i, reference_rater, truth});
    votes.push_back({i, test_rater, said});
    ++out.confusion[truth * out.classes.size() + said];
  }
  out.other_items = test.items.size() - reference.items.size();
  out.votes = CSL_TRY(make_vote_table(votes, reference.items.size(), 2,
                                      static_cast<std::uint32_t>(out.classes.size())));
  return out;
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void answer_class(const ClassStudy& study, std::size_t k, json::array& classes, std::string& text) {
  std::uint64_t there = 0;
  std::uint64_t said = 0;
  for (std::size_t l = 0; l < study.classes.size(); ++l) {
    there += study.at(k, l);
    said += study.at(l, k);
  }
  const std::uint64_t right = study.at(k, k);
  const auto sensitivity = ratio(right, there);
  const auto predictive_value = ratio(right, said);
  const std::uint64_t items = study.votes.item_count();
  const auto specificity = ratio(items - there - said + right, items - there);
  const auto f1 = ratio(2 * right, there + said);
  classes.push_back(json::object{{"class", study.classes[k]},
                                 {"reference", there},
                                 {"test", said},
                                 {"right", right},
                                 {"sensitivity", number_json(sensitivity)},
                                 {"specificity", number_json(specificity)},
                                 {"positive_predictive_value", number_json(predictive_value)},
                                 {"f1", number_json(f1)}});
  fmt::format_to(std::back_inserter(text), "  {}: {} items, sensitivity {}, PPV {}, F1 {}\n",
                 study.classes[k], there, number_text(sensitivity), number_text(predictive_value),
                 number_text(f1));
}

json::object kappa_json(const ClassStudy& study, std::string& text) {
  const AgreementRequest request{.metric = AgreementMetric::Cohen};
  const auto model = agreement_model(study.votes, request);
  const auto found =
      model ? estimate(*model) : Result<AgreementEstimate>(std::unexpected(model.error()));
  if (!found) {
    fmt::format_to(std::back_inserter(text), "kappa undefined: {}\n", found.error().what);
    return {{"value", nullptr}, {"undefined", found.error().what}};
  }
  json::object out{{"value", found->coefficient}};
  fmt::format_to(std::back_inserter(text), "kappa {:.4f}", found->coefficient);
  if (const auto& spread = found->uncertainty) {
    out["lower"] = number_json(spread->interval.lower);
    out["upper"] = number_json(spread->interval.upper);
    out["standard_error"] = number_json(spread->standard_error);
    fmt::format_to(std::back_inserter(text), " (95% {:.4f} to {:.4f})", spread->interval.lower,
                   spread->interval.upper);
  }
  text += '\n';
  return out;
}

}  // namespace

Result<int> compare_classes_command(const CompareCommand& command) {
  const auto reference_source = CSL_TRY(open_input(command.reference));
  const auto test_source = CSL_TRY(open_input(command.test));
  const LabelFile reference = CSL_TRY(in_file(read_labels(*reference_source), command.reference));
  const LabelFile test = CSL_TRY(in_file(read_labels(*test_source), command.test));
  const ClassStudy study = CSL_TRY(study_of(reference, test, command));
  Share accuracy{.right = 0, .count = study.votes.item_count()};
  for (std::size_t k = 0; k < study.classes.size(); ++k) {
    accuracy.right += static_cast<double>(study.at(k, k));
  }
  std::string text = fmt::format("{} items\naccuracy {}\n", accuracy.count, share_text(accuracy));
  json::object out{{"kind", "classes"},
                   {"items", accuracy.count},
                   {"items_in_test_alone", study.other_items},
                   {"accuracy", share_json(accuracy)}};
  out["kappa"] = kappa_json(study, text);
  json::array classes;
  json::array names;
  json::array confusion;
  for (std::size_t k = 0; k < study.classes.size(); ++k) {
    names.emplace_back(study.classes[k]);
    json::array row;
    for (std::size_t l = 0; l < study.classes.size(); ++l) row.emplace_back(study.at(k, l));
    confusion.emplace_back(std::move(row));
    if (is_wanted(command, study.classes[k])) answer_class(study, k, classes, text);
  }
  out["classes"] = std::move(classes);
  if (study.classes.size() <= shown_classes_max) {
    out["confusion_order"] = std::move(names);
    out["confusion"] = std::move(confusion);
  }
  if (study.other_items > 0) {
    fmt::print(stderr, "{}: {} items are not in the reference; they are left out\n",
               command.test.string(), study.other_items);
  }
  fmt::print("{}", command.json ? json::serialize(out) + "\n" : text);
  return 0;
}

}  // namespace consilium::cli
