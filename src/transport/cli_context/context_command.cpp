#include "transport/cli_context/context_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/context/phrase_assertion.hpp"
#include "base/utf8.hpp"
#include "format/vote_csv/csv_rows.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t rule_file_bytes_max = std::uint64_t{16} << 20U;
constexpr std::array<std::string_view, 5> added_columns{"negation", "temporality", "experiencer",
                                                        "certainty", "rule"};
constexpr std::uint64_t told_rows_max = 20;

struct Counts {
  std::uint64_t rows = 0;
  std::uint64_t refused = 0;
  std::uint64_t negated = 0;
  std::uint64_t historical = 0;
  std::uint64_t hypothetical = 0;
  std::uint64_t other = 0;
  std::uint64_t uncertain = 0;

  void add(const Assertion& assertion) {
    negated += assertion.negation == Negation::Negated ? 1 : 0;
    historical += assertion.temporality == Temporality::Historical ? 1 : 0;
    hypothetical += assertion.temporality == Temporality::Hypothetical ? 1 : 0;
    other += assertion.experiencer == Experiencer::Other ? 1 : 0;
    uncertain += assertion.certainty == Certainty::Uncertain ? 1 : 0;
  }
};

class ContextRun {
 public:
  ContextRun(const ContextCommand& command, const ContextRules& rules, CsvRows& rows)
      : command_(command), rules_(rules), asserter_(rules), rows_(rows) {}

  Status write_to(OutputFile& out) {
    const std::size_t column_count = command_.explain ? 5 : 4;
    for (std::size_t i = 0; i < column_count; ++i) {
      if (rows_.has(added_columns[i])) {
        return fail(ErrorCode::InvalidInput,
                    fmt::format("there is a column '{}' already", added_columns[i]), "row 1",
                    "rename it, or give the file as it was before");
      }
    }
    const std::size_t sentence = CSL_TRY(rows_.column("sentence"));
    const std::size_t phrase = CSL_TRY(rows_.column("phrase"));
    for (const std::string& name : rows_.heading()) {
      append_csv_field(line_, name);
      line_ += ',';
    }
    for (std::size_t i = 0; i < column_count; ++i) {
      line_ += added_columns[i];
      line_ += i + 1 < column_count ? ',' : '\n';
    }
    out.write(line_);
    while (CSL_TRY(rows_.next())) {
      write_row(sentence, phrase);
      out.write(line_);
    }
    return {};
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  Result<Assertion> read_row(std::size_t sentence, std::size_t phrase) {
    if (!is_utf8(rows_.field(sentence)) || !is_utf8(rows_.field(phrase))) {
      return fail(ErrorCode::InvalidInput, "the row is not UTF-8", {}, "save the file as UTF-8");
    }
    const PhraseAssertion read =
        CSL_TRY(asserter_.read(rows_.field(sentence), rows_.field(phrase)));
    return read.assertion;
  }

  void write_row(std::size_t sentence, std::size_t phrase) {
    ++counts_.rows;
    line_.clear();
    for (std::size_t i = 0; i < rows_.heading().size(); ++i) {
      append_csv_field(line_, rows_.field(i));
      line_ += ',';
    }
    const Result<Assertion> read = read_row(sentence, phrase);
    if (!read) {
      refuse(read.error());
      line_ += command_.explain ? ",,,,\n" : ",,,\n";
      return;
    }
    counts_.add(*read);
    fmt::format_to(std::back_inserter(line_), "{},{},{},{}", name_of(read->negation),
                   name_of(read->temporality), name_of(read->experiencer),
                   name_of(read->certainty));
    if (command_.explain) {
      line_ += ',';
      append_csv_field(line_, rules_of(*read));
    }
    line_ += '\n';
  }

  [[nodiscard]] std::string rules_of(const Assertion& assertion) const {
    std::string said;
    for (const std::uint32_t rule : assertion.rules) {
      if (rule == Assertion::no_rule) continue;
      if (!said.empty()) said += "; ";
      said += rules_.rule_id(rule);
    }
    return said;
  }

  void refuse(const Error& error) {
    ++counts_.refused;
    if (counts_.refused > told_rows_max) return;
    fmt::print(stderr, "refused: {}\n  where:  {}, row {}\n  remedy: {}\n", error.what,
               command_.in.string(), rows_.row_number(), error.remedy);
  }

  const ContextCommand& command_;
  const ContextRules& rules_;
  PhraseAsserter asserter_;
  CsvRows& rows_;
  Counts counts_;
  std::string line_;
};

void answer(const ContextCommand& command, const ContextRules& rules, const Counts& counts) {
  if (counts.refused > told_rows_max) {
    fmt::print(stderr, "and {} more rows\n", counts.refused - told_rows_max);
  }
  if (command.json) {
    const boost::json::object told{{"rules", rules.language()},
                                   {"version", rules.version()},
                                   {"rows", counts.rows},
                                   {"refused", counts.refused},
                                   {"negated", counts.negated},
                                   {"historical", counts.historical},
                                   {"hypothetical", counts.hypothetical},
                                   {"other", counts.other},
                                   {"uncertain", counts.uncertain}};
    fmt::print("{}\n", boost::json::serialize(told));
    return;
  }
  fmt::print("{} phrases: {} negated, {} historical, {} hypothetical, {} of others, {} uncertain\n",
             counts.rows - counts.refused, counts.negated, counts.historical, counts.hypothetical,
             counts.other, counts.uncertain);
}

}  // namespace

Result<int> context_command(const ContextCommand& command) {
  std::optional<ContextRules> own;
  if (!command.rules.empty()) {
    const Bytes bytes = CSL_TRY(read_input(command.rules, rule_file_bytes_max));
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    own = CSL_TRY(in_file(ContextRules::parse(text), command.rules));
  }
  const ContextRules& rules = own ? *own : ContextRules::english();
  const auto source = CSL_TRY(open_input(command.in));
  CsvRows rows = CSL_TRY(in_file(CsvRows::open(*source), command.in));
  OutputFile out = CSL_TRY(OutputFile::create(command.out));
  ContextRun run(command, rules, rows);
  const Status written = run.write_to(out);
  if (!written) return std::unexpected(in_file(written.error(), command.in));
  CSL_TRY(out.commit());
  answer(command, rules, run.counts());
  return run.counts().refused == 0 ? 0 : 1;
}

void add_context_command(CLI::App& app, ContextCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* to = app.add_subcommand(
      "context", "Is a phrase negated, past, someone else's or doubted in its sentence?");
  to->footer("Example:\n  consilium context --in findings.csv --out asserted.csv --explain");
  to->callback([choose, &command] { choose([&command] { return context_command(command); }); });
  to->add_option("--in", command.in, "CSV with the columns sentence,phrase; others are kept")
      ->required();
  to->add_option("--out", command.out,
                 "The same with negation,temporality,experiencer,certainty added")
      ->required();
  to->add_option("--rules", command.rules, "ConText rules of your own; English without it");
  to->add_flag("--explain", command.explain, "Add a column with the rules that spoke");
  to->add_flag("--json", command.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
