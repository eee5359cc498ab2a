#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <memory>

#include "analysis/reader_study/reader_study.hpp"
#include "format/vote_csv/vote_csv.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::size_t cells_max = std::size_t{1} << 28U;

CovarianceMethod method_of(std::string_view name) {
  if (name == "unbiased") return CovarianceMethod::Unbiased;
  return name == "jackknife" ? CovarianceMethod::Jackknife : CovarianceMethod::DeLong;
}

struct ReaderAnswer {
  const ReadingFile& file;
  const ReaderStudy& study;
  const ReadersCommand& command;
  json::object json{};
  std::string text{};
};

Result<json::object> difference_json(const ReaderAnswer& answer,
                                     const ModalityDifference& difference) {
  json::object out{{"first", answer.file.modalities[difference.first]},
                   {"second", answer.file.modalities[difference.second]},
                   {"difference", difference.difference},
                   {"standard_error", number_json(difference.standard_error)},
                   {"df", number_json(difference.df)},
                   {"t", number_json(difference.t)},
                   {"p", number_json(difference.p)},
                   {"lower", number_json(difference.interval.lower)},
                   {"upper", number_json(difference.interval.upper)}};
  if (answer.command.margin) {
    const NonInferiority found = CSL_TRY(test_non_inferiority(difference, *answer.command.margin));
    out["non_inferiority"] = json::object{{"margin", *answer.command.margin},
                                          {"alpha", 0.025},
                                          {"lower_bound", number_json(found.lower_bound)},
                                          {"p", number_json(found.p)},
                                          {"shown", found.shown}};
  }
  return out;
}

void difference_text(ReaderAnswer& answer, const ModalityDifference& difference) {
  fmt::format_to(std::back_inserter(answer.text),
                 "  {} less {}: {:.7f}, standard error {:.7f}, {:g}% {:.7f} to {:.7f}, p {:.7f}\n",
                 answer.file.modalities[difference.first],
                 answer.file.modalities[difference.second], difference.difference,
                 difference.standard_error, answer.command.level * 100, difference.interval.lower,
                 difference.interval.upper, difference.p);
}

Status add_analysis(ReaderAnswer& answer, const char* name, std::string_view title,
                    const ReaderStudyAnalysis& analysis) {
  json::object out;
  fmt::format_to(std::back_inserter(answer.text), "{}\n", title);
  if (!analysis.undefined.empty()) {
    out["undefined"] = analysis.undefined;
    fmt::format_to(std::back_inserter(answer.text), "  undefined: {}\n", analysis.undefined);
  }
  if (const auto& test = analysis.overall) {
    out["overall"] = json::object{{"f", number_json(test->f)},
                                  {"df1", number_json(test->df1)},
                                  {"df2", number_json(test->df2)},
                                  {"p", number_json(test->p)}};
    fmt::format_to(std::back_inserter(answer.text), "  F {:.6f} with {:g} and {} df, p {:.8f}\n",
                   test->f, test->df1, number_text(test->df2, 5), test->p);
  }
  json::array modalities;
  for (std::uint32_t m = 0; m < analysis.modalities.size(); ++m) {
    const ModalityEstimate& one = analysis.modalities[m];
    modalities.push_back(json::object{{"modality", answer.file.modalities[m]},
                                      {"mean", one.mean},
                                      {"standard_error", number_json(one.standard_error)},
                                      {"df", number_json(one.df)},
                                      {"lower", number_json(one.interval.lower)},
                                      {"upper", number_json(one.interval.upper)}});
  }
  out["modalities"] = std::move(modalities);
  json::array differences;
  for (const ModalityDifference& difference : analysis.differences) {
    differences.push_back(CSL_TRY(difference_json(answer, difference)));
    difference_text(answer, difference);
    if (answer.command.margin) {
      const bool shown = differences.back().at("non_inferiority").at("shown").as_bool();
      fmt::format_to(std::back_inserter(answer.text),
                     "    no worse by more than {:g}: {} (one-sided, alpha 0.025)\n",
                     *answer.command.margin, shown ? "shown" : "not shown");
    }
  }
  out["differences"] = std::move(differences);
  answer.json[name] = std::move(out);
  return {};
}

void add_figures(ReaderAnswer& answer) {
  json::array readings;
  for (std::uint32_t m = 0; m < answer.study.modality_count; ++m) {
    fmt::format_to(std::back_inserter(answer.text), "AUC {}:", answer.file.modalities[m]);
    double sum = 0;
    for (std::uint32_t r = 0; r < answer.study.reader_count; ++r) {
      const std::size_t place = std::size_t{m} * answer.study.reader_count + r;
      const double auc = answer.study.figure(m, r);
      sum += auc;
      readings.push_back(json::object{
          {"modality", answer.file.modalities[m]},
          {"reader", answer.file.readers[r]},
          {"auc", auc},
          {"standard_error", number_json(std::sqrt(answer.study.readings.at(place, place)))}});
      fmt::format_to(std::back_inserter(answer.text), " {} {:.6f}", answer.file.readers[r], auc);
    }
    fmt::format_to(std::back_inserter(answer.text), "; mean {:.7f}\n",
                   sum / answer.study.reader_count);
  }
  answer.json["readings"] = std::move(readings);
}

void add_components(ReaderAnswer& answer) {
  const ErrorComponents& parts = answer.study.components;
  answer.json["components"] = json::object{{"variance", parts.variance},
                                           {"cov1_same_reader", parts.same_reader},
                                           {"cov2_same_modality", parts.same_modality},
                                           {"cov3_neither", parts.neither}};
  answer.json["mean_squares"] =
      json::object{{"modality", number_json(answer.study.mean_square_modality)},
                   {"reader", number_json(answer.study.mean_square_reader)},
                   {"interaction", number_json(answer.study.mean_square_interaction)}};
}

// Every reader reads every case with every modality once; the engine says the same, by numbers.
Status check_crossed(const ReadingFile& file) {
  const std::size_t modalities = file.modalities.size();
  const std::size_t cases = file.cases.size();
  if (file.readers.size() > cells_max / modalities / cases) {
    return fail(ErrorCode::TooLarge, "readers times modalities times cases are more than 2^28");
  }
  std::vector<std::uint8_t> is_read(file.readers.size() * modalities * cases);
  const auto named = [&](std::size_t reader, std::size_t modality, std::size_t case_index) {
    return fmt::format("reader '{}', modality '{}', case '{}'",
                       file.readers[static_cast<std::uint32_t>(reader)],
                       file.modalities[static_cast<std::uint32_t>(modality)],
                       file.cases[static_cast<std::uint32_t>(case_index)]);
  };
  for (const ReadingRow& row : file.rows) {
    std::uint8_t& cell = is_read[(row.reader * modalities + row.modality) * cases + row.case_index];
    if (cell != 0) {
      return fail(ErrorCode::InvalidInput, "a case was read twice",
                  named(row.reader, row.modality, row.case_index),
                  "give repeated reads as a modality of their own, or leave one out");
    }
    cell = 1;
  }
  const auto missing = std::ranges::find(is_read, 0);
  if (missing == is_read.end()) return {};
  const auto at = static_cast<std::size_t>(missing - is_read.begin());
  return fail(ErrorCode::InvalidInput, "a reading is missing from the crossed study",
              named(at / cases / modalities, at / cases % modalities, at % cases),
              "have it read, or leave that case, reader or modality out altogether");
}

Result<ReaderStudy> study_of(const ReadingFile& file, const ReadersCommand& command) {
  CSL_TRY(check_crossed(file));
  const std::size_t count = file.rows.size();
  const auto readings = std::make_unique<Reading[]>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ReadingRow& row = file.rows[i];
    readings[i] = {.reader = row.reader,
                   .modality = row.modality,
                   .case_index = row.case_index,
                   .truth = row.is_positive ? Truth::Positive : Truth::Negative,
                   .rating = row.rating};
  }
  return analyse_reader_study({readings.get(), count}, {.covariance = method_of(command.method),
                                                        .confidence = command.level});
}

}  // namespace

Result<int> readers_command(const ReadersCommand& command) {
  const auto source = CSL_TRY(open_input(command.readings));
  const ReadingFile file = CSL_TRY(in_file(read_readings(*source), command.readings));
  const ReaderStudy study = CSL_TRY(in_file(study_of(file, command), command.readings));
  ReaderAnswer answer{.file = file, .study = study, .command = command};
  answer.json = json::object{{"method", command.method},
                             {"readers", study.reader_count},
                             {"modalities", study.modality_count},
                             {"positive_cases", study.positive_count},
                             {"negative_cases", study.negative_count},
                             {"level", command.level}};
  answer.text = fmt::format("{} readers, {} modalities, {} positive and {} negative cases; {}\n",
                            study.reader_count, study.modality_count, study.positive_count,
                            study.negative_count, command.method);
  add_figures(answer);
  add_components(answer);
  CSL_TRY(add_analysis(answer, "random_readers_random_cases",
                       "Random readers and cases:", study.random_readers_random_cases));
  CSL_TRY(add_analysis(answer, "fixed_readers_random_cases",
                       "These readers, random cases:", study.fixed_readers_random_cases));
  CSL_TRY(add_analysis(answer, "random_readers_fixed_cases",
                       "Random readers, these cases:", study.random_readers_fixed_cases));
  json::array of_readers;
  for (const ReaderDifference& one : study.fixed_reader_differences) {
    json::object members = CSL_TRY(difference_json(answer, one.modalities));
    members["reader"] = file.readers[one.reader];
    of_readers.push_back(std::move(members));
  }
  answer.json["reader_differences"] = std::move(of_readers);
  fmt::print("{}", command.json ? json::serialize(answer.json) + "\n" : answer.text);
  return 0;
}

}  // namespace consilium::cli
