#include "transport/cli_tag/tag_commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "analysis/span_scores/reliability.hpp"
#include "analysis/span_scores/span_scores.hpp"
#include "analysis/tagger/tagger.hpp"
#include "base/sha256.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_tag/text_files.hpp"

namespace consilium::cli {
namespace json = boost::json;
namespace {

constexpr std::uint64_t model_bytes_max = std::uint64_t{1} << 30U;
constexpr std::size_t version_digits = 12;

// A text cut for the tagger: by its file where that says how, else by us.
struct CutText {
  std::vector<Token> tokens;
  std::vector<TokenRange> sentences;
  std::vector<TokenHints> hints;  // none where the file cut it
  [[nodiscard]] TaggerText view(const LabelledText& text) const {
    return {text.text.utf8(), tokens, sentences, hints};
  }
};

Result<Token> bytes_of_span(const CanonicalText& text, TextSpan span) {
  const std::uint64_t begin = CSL_TRY(text.byte_of_code_point(span.begin));
  const std::uint64_t end = CSL_TRY(text.byte_of_code_point(span.end));
  return Token{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

Result<CutText> cut(const LabelledText& text) {
  CutText made;
  const TextStructure structure = CSL_TRY(structure_of(text.text));
  if (text.tokens.empty()) {
    made.tokens = structure.tokens;
    made.sentences = structure.sentences;
    auto section = structure.sections.begin();
    for (const Token& token : made.tokens) {
      while (section->end_byte <= token.begin_byte) ++section;
      made.hints.push_back({.section = static_cast<std::uint8_t>(section->kind)});
    }
    return made;
  }
  for (const TextSpan& token : text.tokens) {
    made.tokens.push_back(CSL_TRY(bytes_of_span(text.text, token)));
  }
  std::uint32_t at = 0;
  const auto count = static_cast<std::uint32_t>(text.tokens.size());
  for (const TextSpan& sentence : text.sentences) {
    const std::uint32_t begin = at;
    while (at < count && text.tokens[at].begin < sentence.end) ++at;
    if (at > begin) made.sentences.push_back({begin, at});
  }
  if (at < count) made.sentences.push_back({at, count});
  return made;
}

// The tokens that a mention of one range covers or touches.
std::optional<TokenRange> tokens_of(const CutText& cut_text, const Token& bytes) {
  const auto first =
      std::ranges::upper_bound(cut_text.tokens, bytes.begin_byte, {}, &Token::end_byte);
  const auto last =
      std::ranges::lower_bound(cut_text.tokens, bytes.end_byte, {}, &Token::begin_byte);
  if (first >= last) return std::nullopt;
  return TokenRange{static_cast<std::uint32_t>(first - cut_text.tokens.begin()),
                    static_cast<std::uint32_t>(last - cut_text.tokens.begin())};
}

std::string version_of(const Bytes& model) {
  return to_hex(sha256(model)).substr(0, version_digits);
}

json::object hits_json(const HitCount& hits) {
  return {{"precision", number_json(hits.precision())},
          {"recall", number_json(hits.recall())},
          {"f1", number_json(hits.f1())},
          {"gold", hits.reference},
          {"predicted", hits.predicted},
          {"gold_hit", hits.reference_hit},
          {"predicted_hit", hits.predicted_hit}};
}
json::object scores_json(const SpanScores& scores) {
  return {{"strict", hits_json(scores.strict)},
          {"overlap", hits_json(scores.overlap)},
          {"token", hits_json(scores.token)}};
}

// Of spans that say how probable they are, whether exactly such a span is in the reference.
void add_reliability(const LabelledText& predicted, const std::vector<ScoredSpan>& reference,
                     Reliability& reliability) {
  const std::set<ScoredSpan> right(reference.begin(), reference.end());
  for (const TextMention& mention : predicted.mentions) {
    if (!mention.probability) continue;
    reliability.add(*mention.probability, right.contains({mention.ranges, mention.type}));
  }
}

json::object reliability_json(const Reliability& reliability) {
  json::array bins;
  for (const Reliability::Bin& bin : reliability.bins) {
    bins.push_back(json::object{
        {"spans", bin.cases},
        {"right", bin.right},
        {"probability_mean",
         bin.cases == 0 ? json::value() : bin.probability_sum / static_cast<double>(bin.cases)}});
  }
  return {{"expected_calibration_error", number_json(reliability.expected_calibration_error())},
          {"bins", std::move(bins)}};
}

void print_reliability(const Reliability& reliability) {
  fmt::print("expected calibration error {}\n",
             number_text(reliability.expected_calibration_error()));
  for (const Reliability::Bin& bin : reliability.bins) {
    if (bin.cases == 0) continue;
    const auto cases = static_cast<double>(bin.cases);
    fmt::print("  {:>6} spans called {:.3f} probable, {:.3f} right\n", bin.cases,
               bin.probability_sum / cases, static_cast<double>(bin.right) / cases);
  }
}

void print_scores(const std::string& name, const SpanScores& scores) {
  for (const auto& [how, hits] :
       {std::pair("strict", &scores.strict), std::pair("overlap", &scores.overlap),
        std::pair("token", &scores.token)}) {
    fmt::print("{:<24} {:<8} {:>9} {:>9} {:>9} {:>8} {:>8}\n", name, how,
               number_text(hits->precision()), number_text(hits->recall()), number_text(hits->f1()),
               hits->reference, hits->predicted);
  }
}

using Pair = std::pair<const LabelledText*, const LabelledText*>;

std::vector<const LabelledText*> all_of(const std::vector<TextFile>& files) {
  std::vector<const LabelledText*> texts;
  for (const TextFile& file : files) {
    for (const LabelledText& text : file.texts) texts.push_back(&text);
  }
  return texts;
}

std::optional<std::map<std::string_view, const LabelledText*>> by_name(
    const std::vector<const LabelledText*>& texts) {
  std::map<std::string_view, const LabelledText*> named;
  for (const LabelledText* text : texts) {
    if (text->id.empty() || !named.emplace(text->id, text).second) return std::nullopt;
  }
  return named;
}

// A gold text without a predicted one counts as one of which nothing was said.
Result<std::vector<Pair>> paired(const std::vector<TextFile>& gold_files,
                                 const std::vector<TextFile>& pred_files) {
  const auto gold = all_of(gold_files);
  const auto pred = all_of(pred_files);
  std::vector<Pair> pairs;
  const auto gold_named = by_name(gold);
  const auto pred_named = by_name(pred);
  if (gold_named && pred_named) {
    for (const auto& [name, text] : *pred_named) {
      if (gold_named->contains(name)) continue;
      return fail(ErrorCode::InvalidInput, "a predicted text is not in the reference",
                  std::string(name), "give both the same texts");
    }
    for (const auto& [name, text] : *gold_named) {
      const auto found = pred_named->find(name);
      pairs.emplace_back(text, found == pred_named->end() ? nullptr : found->second);
    }
    return pairs;
  }
  if (gold.size() != pred.size()) {
    return fail(ErrorCode::InvalidInput, "the texts have no names, and are not as many",
                fmt::format("{} and {}", gold.size(), pred.size()), "give both the same texts");
  }
  for (std::size_t i = 0; i < gold.size(); ++i) pairs.emplace_back(gold[i], pred[i]);
  return pairs;
}

std::vector<ScoredSpan> scored(const LabelledText& text) {
  std::vector<ScoredSpan> spans;
  for (const TextMention& mention : text.mentions) spans.push_back({mention.ranges, mention.type});
  return spans;
}

}  // namespace

Result<int> tag_train(const TagTrainCommand& command) {
  const std::vector<TextFile> files = CSL_TRY(read_texts(command.in, command.format));
  const auto texts = all_of(files);
  std::vector<CutText> cuts;
  for (const LabelledText* text : texts) cuts.push_back(CSL_TRY(cut(*text)));
  std::vector<TaggerExample> examples;
  std::size_t sentences = 0;
  std::size_t spans = 0;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    TaggerExample& example = examples.emplace_back(TaggerExample{cuts[i].view(*texts[i]), {}});
    sentences += cuts[i].sentences.size();
    for (const TextMention& mention : texts[i]->mentions) {
      const auto bytes = CSL_TRY(bytes_of_span(texts[i]->text, mention.ranges.front()));
      const auto tokens =
          mention.ranges.size() == 1 ? tokens_of(cuts[i], bytes) : std::optional<TokenRange>{};
      if (!tokens) {
        ++left_out;
        continue;
      }
      example.spans.push_back({tokens->begin_token, tokens->end_token, mention.type});
      ++spans;
    }
  }
  const Tagger tagger = CSL_TRY(Tagger::train(examples, {}, command.threads));
  const Bytes model = tagger.serialise();
  OutputFile out = CSL_TRY(OutputFile::create(command.model));
  out.write(text_of(model));
  CSL_TRY(out.commit());
  if (command.json) {
    json::array types;
    for (const std::string& type : tagger.types()) types.emplace_back(type);
    fmt::print("{}\n", json::serialize(json::object{{"version", version_of(model)},
                                                    {"texts", texts.size()},
                                                    {"sentences", sentences},
                                                    {"spans", spans},
                                                    {"spans_left_out", left_out},
                                                    {"types", std::move(types)},
                                                    {"model_bytes", model.size()}}));
  } else {
    fmt::print("tagger {}: {} texts, {} sentences, {} spans of {} types ({} with gaps left out)\n",
               version_of(model), texts.size(), sentences, spans, tagger.types().size(), left_out);
  }
  return 0;
}

Result<int> tag_run(const TagRunCommand& command) {
  const Bytes model = CSL_TRY(read_input(command.model, model_bytes_max));
  const Tagger tagger = CSL_TRY(in_file(Tagger::parse(model), command.model));
  std::vector<TextFile> files = CSL_TRY(read_texts({command.in}, command.format));
  const auto texts = all_of(files);
  std::vector<CutText> cuts;
  std::vector<TaggerText> views;
  for (const LabelledText* text : texts) cuts.push_back(CSL_TRY(cut(*text)));
  for (std::size_t i = 0; i < texts.size(); ++i) views.push_back(cuts[i].view(*texts[i]));
  const std::vector<TaggedText> tagged = tagger.tag(views, command.threads);
  std::size_t at = 0;
  std::size_t span_count = 0;
  std::size_t token_count = 0;
  const std::string rater = "consilium tagger " + version_of(model);
  for (TextFile& file : files) {
    for (LabelledText& text : file.texts) {
      LabelledText said{.id = text.id,
                        .text = text.text,
                        .sections = text.sections,
                        .sentences = text.sentences,
                        .tokens = text.tokens,
                        .metadata = text.metadata};
      token_count += cuts[at].tokens.size();
      for (const TaggedSpan& span : tagged[at].spans) {
        if (double{span.probability} < command.probability_min) continue;
        const TextSpan place =
            CSL_TRY(to_text_span(text.text, cuts[at].tokens[span.tokens.begin_token].begin_byte,
                                 cuts[at].tokens[span.tokens.end_token - 1].end_byte));
        said.mentions.push_back({.id = fmt::format("T{}", said.mentions.size() + 1),
                                 .layer = {},
                                 .type = tagger.types()[span.tokens.type],
                                 .ranges = {place},
                                 .attributes = {},
                                 .concepts = {},
                                 .comment = {},
                                 .rater = rater,
                                 .probability = double{span.probability}});
      }
      span_count += said.mentions.size();
      text = std::move(said);
      ++at;
    }
  }
  std::error_code problem;
  CSL_TRY(write_texts(files, std::filesystem::is_directory(command.in, problem), command.out));
  if (command.json) {
    fmt::print("{}\n", json::serialize(json::object{{"version", version_of(model)},
                                                    {"texts", cuts.size()},
                                                    {"tokens", token_count},
                                                    {"spans", span_count}}));
  } else {
    fmt::print("{} texts, {} tokens: {} spans\n", cuts.size(), token_count, span_count);
  }
  return 0;
}

Result<int> tag_score(const TagScoreCommand& command) {
  const std::vector<TextFile> gold = CSL_TRY(read_texts({command.gold}, command.format));
  const std::vector<TextFile> pred = CSL_TRY(read_texts({command.pred}, command.format));
  std::vector<ScoredText> texts;
  Reliability reliability;
  for (const auto& [reference, predicted] : CSL_TRY(paired(gold, pred))) {
    ScoredText& text = texts.emplace_back();
    text.reference = scored(*reference);
    text.tokens = reference->tokens;
    if (text.tokens.empty()) {
      for (const Token& token : CSL_TRY(cut(*reference)).tokens) {
        text.tokens.push_back(
            CSL_TRY(to_text_span(reference->text, token.begin_byte, token.end_byte)));
      }
    }
    if (predicted == nullptr) continue;
    if (predicted->text != reference->text) {
      return fail(ErrorCode::InvalidInput, "a predicted text is not that of the reference",
                  reference->id, "predict on the reference's own texts");
    }
    text.predicted = scored(*predicted);
    add_reliability(*predicted, text.reference, reliability);
  }
  const bool has_probabilities = reliability.expected_calibration_error().has_value();
  const TypedSpanScores scores = score_spans(texts);
  if (command.json) {
    json::object types;
    for (const auto& [type, of_type] : scores.types) types[type] = scores_json(of_type);
    json::object answer{
        {"texts", texts.size()}, {"micro", scores_json(scores.micro)}, {"types", std::move(types)}};
    if (has_probabilities) answer["reliability"] = reliability_json(reliability);
    fmt::print("{}\n", json::serialize(answer));
    return 0;
  }
  fmt::print("{:<24} {:<8} {:>9} {:>9} {:>9} {:>8} {:>8}\n", "type", "match", "precision", "recall",
             "F1", "gold", "pred");
  for (const auto& [type, of_type] : scores.types) print_scores(type, of_type);
  print_scores("all", scores.micro);
  if (has_probabilities) print_reliability(reliability);
  return 0;
}

void add_tag_commands(CLI::App& app, TagCommands& commands,
                      const std::function<void(std::function<Result<int>()>)>& choose) {
  CLI::App* tag = app.add_subcommand("tag", "Learn to tag texts, tag them, score tags");
  tag->require_subcommand(1);
  constexpr const char* format_help =
      "brat, conll, pubtator, bioc-xml ...; told by content without";
  CLI::App* train = tag->add_subcommand("train", "Learn a tagger from labelled texts");
  train->footer("Example:\n  consilium tag train --in train.pubtator --model disease.tagger");
  train->callback([choose, &commands] { choose([&] { return tag_train(commands.train); }); });
  train->add_option("--in", commands.train.in, "Files or folders of labelled texts")->required();
  train->add_option("--model", commands.train.model, "The tagger's file, written")->required();
  train->add_option("--format", commands.train.format, format_help);
  train->add_option("--threads", commands.train.threads, "1 to 64")->check(CLI::Range(1, 64));
  train->add_flag("--json", commands.train.json, "Answer as one JSON object");
  CLI::App* run = tag->add_subcommand("run", "Tag texts");
  run->footer("Example:\n  consilium tag run --model disease.tagger --in notes --out tagged");
  run->callback([choose, &commands] { choose([&] { return tag_run(commands.run); }); });
  run->add_option("--model", commands.run.model, "A tagger's file")->required();
  run->add_option("--in", commands.run.in, "A file or folder of texts")->required();
  run->add_option("--out", commands.run.out, "The same with the tagger's spans")->required();
  run->add_option("--format", commands.run.format, format_help);
  run->add_option("--probability-min", commands.run.probability_min,
                  "Leave out less probable spans, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  run->add_option("--threads", commands.run.threads, "1 to 64")->check(CLI::Range(1, 64));
  run->add_flag("--json", commands.run.json, "Answer as one JSON object");
  CLI::App* score = tag->add_subcommand("score", "Precision, recall and F1 of spans");
  score->footer("Example:\n  consilium tag score --gold dev --pred tagged --json");
  score->callback([choose, &commands] { choose([&] { return tag_score(commands.score); }); });
  score->add_option("--gold", commands.score.gold, "The reference: a file or folder")->required();
  score->add_option("--pred", commands.score.pred, "What is scored")->required();
  score->add_option("--format", commands.score.format, format_help);
  score->add_flag("--json", commands.score.json, "Answer as one JSON object");
}

}  // namespace consilium::cli
