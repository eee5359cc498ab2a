#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/canonical_json.hpp"
#include "domain/protocol/document_reader.hpp"
#include "domain/protocol/protocol_references.hpp"

namespace consilium {

namespace json = boost::json;

namespace detail {
namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::size_t id_size_max = 64;
constexpr std::size_t line_size_max = 1600;  // 400 characters of four bytes

bool only_from(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

std::string DocumentReader::id(JsonFields& fields, std::string_view key, bool digit_first) {
  std::string text = fields.text(key);
  if (text.empty()) return text;
  const std::string allowed = std::string(lower) + std::string(digits) + "_";
  const bool begins =
      lower.contains(text.front()) || (digit_first && digits.contains(text.front()));
  if (!begins || !only_from(text, allowed) || text.size() > id_size_max) {
    fields.problem(key, "this is not an id",
                   "use lower-case letters, digits and _, a letter first");
  } else if (is_reserved_value(text)) {
    fields.problem(key, "this id is reserved",
                   "allow the reserved answer under 'allow' instead of naming a choice so");
  }
  return text;
}

void DocumentReader::check_line(JsonFields& fields, std::string_view key, const std::string& text) {
  if (text.find_first_of("\r\n") != std::string::npos) {
    fields.problem(key, "this must be one line");
  }
}

std::string DocumentReader::line(JsonFields& fields, std::string_view key) {
  std::string text = fields.text(key, line_size_max);
  check_line(fields, key, text);
  return text;
}

std::string DocumentReader::optional_line(JsonFields& fields, std::string_view key) {
  std::string text = fields.optional_text(key, line_size_max).value_or("");
  check_line(fields, key, text);
  return text;
}

std::string DocumentReader::shortcut(JsonFields& fields) {
  std::string text = fields.optional_text("shortcut").value_or("");
  if (!text.empty() &&
      (text.size() != 1 || !(lower.contains(text.front()) || digits.contains(text.front())))) {
    fields.problem("shortcut", "a shortcut is one lower-case letter or digit",
                   "write it in quotation marks");
  }
  return text;
}

std::string DocumentReader::colour(JsonFields& fields, std::string_view key) {
  std::string text = fields.optional_text(key).value_or("");
  if (!text.empty() && (text.size() != 7 || text.front() != '#' ||
                        !only_from(std::string_view(text).substr(1), "0123456789abcdef"))) {
    fields.problem(key, "a colour is # and six lower-case hexadecimal digits",
                   "write it in quotation marks, as \"#0072b2\"");
  }
  return text;
}

SemanticVersion DocumentReader::version(JsonFields& fields, std::string_view key) {
  const std::string text = fields.text(key);
  if (text.empty()) return {};
  const auto parsed = parse_semantic_version(text);
  if (!parsed) fields.problem(key, parsed.error().what, parsed.error().remedy);
  return parsed.value_or(SemanticVersion{});
}

std::optional<CodedConcept> DocumentReader::coded(JsonFields& parent, std::string_view key) {
  const json::value* value = parent.find(key);
  if (value == nullptr) return std::nullopt;
  JsonFields fields = open(*value, parent.path_of(key));
  CodedConcept code{.system = fields.text("system", 16),
                    .code = fields.text("code", 64),
                    .version = fields.optional_text("version", 64).value_or(""),
                    .display = line(fields, "display")};
  if (!only_from(code.system,
                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")) {
    fields.problem("system", "a coding scheme designator has letters, digits, _, . and -");
  }
  fields.refuse_unknown();
  return code;
}

CodedConcept DocumentReader::required_coded(JsonFields& fields, std::string_view key) {
  static_cast<void>(fields.require(key));
  return coded(fields, key).value_or(CodedConcept{});
}

Choice DocumentReader::choice(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  Choice read{.id = id(fields, "id", true),
              .name = line(fields, "name"),
              .definition = prose(fields, "definition"),
              .coded = coded(fields, "concept"),
              .shortcut = shortcut(fields)};
  fields.refuse_unknown();
  return read;
}

AnswerSpec DocumentReader::answer(const json::value& value, const std::string& path) {
  static constexpr std::pair<std::string_view, AnswerType> types[] = {
      {"choice", AnswerType::Choice},
      {"number", AnswerType::Number},
      {"text", AnswerType::Text},
      {"bool", AnswerType::Bool},
      {"concept", AnswerType::Concept}};
  JsonFields fields = open(value, path);
  AnswerSpec read;
  static_cast<void>(fields.require("type"));
  read.type = one_of(fields, "type", types, AnswerType::Text);
  if (read.type == AnswerType::Choice) {
    static_cast<void>(fields.require("choices"));
    fields.each("choices", 512, [&](const json::value& one, const std::string& where) {
      read.choices.push_back(choice(one, where));
    });
    if (read.choices.empty()) fields.problem("choices", "there is no choice to make");
    read.many = fields.boolean("many", false);
    read.ordinal = fields.boolean("ordinal", false);
  } else if (read.type == AnswerType::Number) {
    read.unit = fields.text("unit", 64);
    if (std::ranges::any_of(read.unit, [](char c) { return c <= ' ' || c > '~'; })) {
      fields.problem("unit", "a unit is written in UCUM, without spaces");
    }
    read.min = fields.optional_number("min");
    read.max = fields.optional_number("max");
    if (read.min && read.max && *read.min > *read.max) {
      fields.problem("max", "the largest number is smaller than the smallest");
    }
  } else if (read.type == AnswerType::Concept) {
    read.concepts = ConceptChoice{.systems = fields.texts("systems", 16),
                                  .value_set = fields.optional_text("value_set").value_or(""),
                                  .within = fields.optional_text("within").value_or("")};
    if (read.concepts->systems.empty()) {
      fields.problem("systems", "no code system is named",
                     "name one or more, such as SCT, I10C, LN, RXNORM or a system's URI");
    }
    if (!read.concepts->within.empty() && read.concepts->systems.size() > 1) {
      fields.problem("within", "an expression is of one code system", "name one system");
    }
  }
  for (const std::string& reserved : fields.texts("allow", 3)) {
    if (reserved == value_unsure) {
      read.allows_unsure = true;
    } else if (reserved == value_not_evaluable) {
      read.allows_not_evaluable = true;
    } else if (reserved == value_absent) {
      read.allows_absent = true;
    } else {
      fields.problem("allow", "there is no such reserved answer",
                     "use unsure, not_evaluable or absent");
    }
  }
  fields.refuse_unknown();
  return read;
}

AnswerSpec DocumentReader::required_answer(JsonFields& fields) {
  const json::value* value = fields.require("answer");
  return value == nullptr ? AnswerSpec{} : answer(*value, fields.path_of("answer"));
}

std::optional<Condition> DocumentReader::condition(JsonFields& parent, std::string_view key) {
  const json::value* value = parent.find(key);
  if (value == nullptr) return std::nullopt;
  JsonFields fields = open(*value, parent.path_of(key));
  Condition read{.of = id(fields, "of"), .is = {}};
  static_cast<void>(fields.require("is"));
  fields.each("is", 64, [&](const json::value& one, const std::string& where) {
    if (one.is_string()) {
      read.is.emplace_back(std::string(one.get_string()));
    } else if (one.is_bool()) {
      read.is.emplace_back(one.get_bool());
    } else {
      problems.push_back({where, "a condition compares with choices or true and false", {}});
    }
  });
  fields.refuse_unknown();
  return read;
}

AttributeSpec DocumentReader::attribute(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  AttributeSpec read{.id = id(fields, "id"),
                     .name = line(fields, "name"),
                     .definition = prose(fields, "definition"),
                     .coded = coded(fields, "concept"),
                     .answer = required_answer(fields)};
  fields.refuse_unknown();
  return read;
}

LabelAttribute DocumentReader::label_attribute(const json::value& value, const std::string& path) {
  if (value.is_string()) {
    return {.id = std::string(value.get_string()), .required = false, .required_if = {}};
  }
  JsonFields fields = open(value, path);
  LabelAttribute read{.id = id(fields, "id"),
                      .required = fields.boolean("required", false),
                      .required_if = condition(fields, "required_if")};
  fields.refuse_unknown();
  return read;
}

std::vector<PlaceKind> DocumentReader::places(JsonFields& fields) {
  std::vector<PlaceKind> read;
  static_cast<void>(fields.require("places"));
  for (const std::string& name : fields.texts("places")) {
    const auto kind = place_kind_named(name);
    if (!kind) {
      fields.problem("places", "there is no such kind of place: '" + name + "'");
    } else if (std::ranges::find(read, *kind) != read.end()) {
      fields.problem("places", "a kind of place is named twice");
    } else {
      read.push_back(*kind);
    }
  }
  if (read.empty()) fields.problem("places", "the label may stand nowhere");
  return read;
}

std::optional<double> DocumentReader::positive(JsonFields& fields, std::string_view key) {
  const auto number = fields.optional_number(key);
  if (number && *number <= 0) fields.problem(key, "this must be more than 0");
  return number;
}

Tolerance DocumentReader::tolerance(JsonFields& parent) {
  const json::value* value = parent.find("tolerance");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("tolerance"));
  Tolerance read{.iou_min = positive(fields, "iou_min"),
                 .distance_mm_max = positive(fields, "distance_mm_max"),
                 .window_ms = positive(fields, "window_ms"),
                 .boundary_code_points_max =
                     fields.optional_integer("boundary_code_points_max", 0, 1'000'000)};
  if (read.iou_min && *read.iou_min > 1) fields.problem("iou_min", "an overlap is at most 1");
  fields.refuse_unknown();
  return read;
}

Examples DocumentReader::examples(JsonFields& parent) {
  const json::value* value = parent.find("examples");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("examples"));
  Examples read{.positive = fields.texts("positive", 256),
                .negative = fields.texts("negative", 256),
                .borderline = fields.texts("borderline", 256)};
  fields.refuse_unknown();
  return read;
}

WfdbMapping DocumentReader::wfdb(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  // 1 to 49 are the codes that an annotation may have (ecgcodes.h: ACMAX is 49).
  WfdbMapping read{.code = static_cast<int>(fields.integer("code", 1, 49)),
                   .mnemonic = fields.text("mnemonic"),
                   .aux = fields.optional_text("aux", 255).value_or("")};
  if (!read.mnemonic.empty() &&
      (read.mnemonic.size() != 1 || read.mnemonic[0] <= ' ' || read.mnemonic[0] > '~')) {
    fields.problem("mnemonic", "a mnemonic is one printable character");
  }
  if (std::ranges::any_of(read.aux, [](char c) { return c <= ' ' || c > '~'; })) {
    fields.problem("aux", "this holds printable ASCII without spaces only");
  }
  fields.refuse_unknown();
  return read;
}

ExportMapping DocumentReader::exported(JsonFields& parent) {
  const json::value* value = parent.find("export");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("export"));
  ExportMapping read;
  if (const json::value* seg = fields.find("seg")) {
    JsonFields members = open(*seg, fields.path_of("seg"));
    read.seg = SegMapping{.category = required_coded(members, "category"),
                          .type = required_coded(members, "type"),
                          .anatomic_region = coded(members, "anatomic_region")};
    members.refuse_unknown();
  }
  if (const json::value* coco = fields.find("coco")) {
    JsonFields members = open(*coco, fields.path_of("coco"));
    read.coco = CocoMapping{.category_id = members.integer("category_id", 1, 2'147'483'647),
                            .name = line(members, "name"),
                            .supercategory = optional_line(members, "supercategory")};
    members.refuse_unknown();
  }
  if (const json::value* code = fields.find("wfdb")) {
    read.wfdb = wfdb(*code, fields.path_of("wfdb"));
  }
  if (const json::value* edf = fields.find("edf")) {
    JsonFields members = open(*edf, fields.path_of("edf"));
    static_cast<void>(line(members, "text"));  // read from the stored document: recording_plan.hpp
    members.refuse_unknown();
  }
  if (const json::value* brat = fields.find("brat")) {
    JsonFields members = open(*brat, fields.path_of("brat"));
    read.brat_type = members.text("type", 64);
    const std::string_view type = read.brat_type;
    const bool letter_first =
        !type.empty() && ((type[0] | 0x20) >= 'a') && ((type[0] | 0x20) <= 'z');
    if (!type.empty() &&
        (!letter_first ||
         !only_from(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"))) {
      members.problem("type", "a brat type has letters, digits, _ and -, a letter first");
    }
    members.refuse_unknown();
  }
  fields.refuse_unknown();
  return read;
}

EventSpec DocumentReader::event(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  EventSpec read;
  if (const json::value* trigger = fields.find("trigger")) {
    JsonFields members = open(*trigger, fields.path_of("trigger"));
    read.trigger_labels = members.texts("labels", 256);
    if (read.trigger_labels.empty()) members.problem("labels", "the trigger has no label");
    read.is_trigger_required = members.boolean("required", true);
    members.refuse_unknown();
  } else {
    read.is_trigger_required = false;
  }
  static_cast<void>(fields.require("roles"));
  fields.each("roles", 64, [&](const json::value& one, const std::string& where) {
    JsonFields members = open(one, where);
    EventRole role{.id = id(members, "id"),
                   .name = line(members, "name"),
                   .labels = members.texts("labels", 256),
                   .count_min = members.optional_integer("min", 0, 256).value_or(0),
                   .count_max = members.optional_integer("max", 1, 256)};
    if (role.labels.empty()) members.problem("labels", "nothing may play this role");
    if (role.count_max && *role.count_max < role.count_min) {
      members.problem("max", "this is less than 'min'");
    }
    members.refuse_unknown();
    read.roles.push_back(std::move(role));
  });
  if (read.roles.empty()) fields.problem("roles", "an event has at least one role");
  fields.refuse_unknown();
  return read;
}

ChainSpec DocumentReader::chain(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  ChainSpec read{.labels = fields.texts("labels", 256),
                 .count_min = fields.optional_integer("min", 1, 10'000).value_or(2),
                 .count_max = fields.optional_integer("max", 2, 10'000)};
  if (read.labels.empty()) fields.problem("labels", "nothing may be a member of the chain");
  if (read.count_max && *read.count_max < read.count_min) {
    fields.problem("max", "this is less than 'min'");
  }
  fields.refuse_unknown();
  return read;
}

LabelSpec DocumentReader::label(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  LabelSpec read;
  read.id = id(fields, "id");
  read.name = line(fields, "name");
  read.coded = coded(fields, "concept");
  read.definition = fields.text("definition", prose_size_max);
  read.synonyms = fields.texts("synonyms", 256);
  read.colour = colour(fields, "colour");
  read.colour_on_light = colour(fields, "colour_on_light");
  read.shortcut = shortcut(fields);
  read.examples = examples(fields);
  read.places = places(fields);
  read.tolerance = tolerance(fields);
  if (const json::value* answered = fields.find("value")) {
    read.value = answer(*answered, fields.path_of("value"));
  }
  fields.each("attributes", 64, [&](const json::value& one, const std::string& where) {
    read.attributes.push_back(label_attribute(one, where));
  });
  read.excludes = fields.texts("excludes", 256);
  read.overlaps = fields.boolean("overlaps", false);
  if (read.overlaps && std::ranges::find(read.places, PlaceKind::Mask) == read.places.end()) {
    fields.problem("overlaps", "only masks can overlap, and the label has none");
  }
  read.ordinal = fields.optional_integer("ordinal", 0, 1'000'000);
  if (const json::value* relates = fields.find("relates")) {
    JsonFields ends = open(*relates, fields.path_of("relates"));
    read.relates_from = ends.texts("from");
    read.relates_to = ends.texts("to");
    if (read.relates_from.empty()) ends.problem("from", "the relation may begin nowhere");
    if (read.relates_to.empty()) ends.problem("to", "the relation may lead nowhere");
    ends.refuse_unknown();
  }
  if (const json::value* declared = fields.find("event")) {
    read.event = event(*declared, fields.path_of("event"));
  }
  if (const json::value* declared = fields.find("chain")) {
    read.chain = chain(*declared, fields.path_of("chain"));
  }
  static constexpr std::pair<std::string_view, SpanLevel> span_levels[] = {
      {"mention", SpanLevel::Mention},
      {"sentence", SpanLevel::Sentence},
      {"section", SpanLevel::Section}};
  read.level = one_of(fields, "level", span_levels, SpanLevel::Mention);
  read.exported = exported(fields);
  fields.refuse_unknown();
  return read;
}

QuestionSpec DocumentReader::question(const json::value& value, const std::string& path) {
  static constexpr std::pair<std::string_view, QuestionLevel> levels[] = {
      {"patient", QuestionLevel::Patient},   {"item", QuestionLevel::Item},
      {"study", QuestionLevel::Study},       {"series", QuestionLevel::Series},
      {"instance", QuestionLevel::Instance}, {"frame", QuestionLevel::Frame},
      {"finding", QuestionLevel::Finding}};
  JsonFields fields = open(value, path);
  QuestionSpec read;
  read.id = id(fields, "id");
  read.name = line(fields, "name");
  read.prompt = fields.text("prompt", prose_size_max);
  read.definition = prose(fields, "definition");
  read.coded = coded(fields, "concept");
  static_cast<void>(fields.require("level"));
  read.level = one_of(fields, "level", levels, QuestionLevel::Item);
  read.labels = fields.texts("labels");
  if (read.labels.empty() == (read.level == QuestionLevel::Finding)) {
    fields.problem("labels", "a question on findings names their labels, and no other does");
  }
  read.answer = required_answer(fields);
  read.required = fields.boolean("required", false);
  read.required_if = condition(fields, "required_if");
  fields.refuse_unknown();
  return read;
}

std::vector<std::string> DocumentReader::modalities(JsonFields& fields) {
  static_cast<void>(fields.require("modalities"));
  std::vector<std::string> read = fields.texts("modalities", 32);
  if (read.empty()) fields.problem("modalities", "no modality is named");
  for (const std::string& one : read) {
    const bool letter_first = one.front() >= 'A' && one.front() <= 'Z';
    if (!letter_first || one.size() < 2 || one.size() > 16 ||
        !only_from(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")) {
      fields.problem("modalities", "a modality is a code of capital letters, as CT or NOTE");
    }
  }
  if (std::set<std::string>(read.begin(), read.end()).size() != read.size()) {
    fields.problem("modalities", "a modality is named twice");
  }
  return read;
}

std::string DocumentReader::date(JsonFields& fields, std::string_view key) {
  std::string text = fields.optional_text(key, 10).value_or("");
  const auto fits = [&](std::size_t i) {
    return i == 4 || i == 7 ? text[i] == '-' : digits.contains(text[i]);
  };
  bool good = text.empty() || text.size() == 10;
  for (std::size_t i = 0; good && i < text.size(); ++i) good = fits(i);
  if (!good) fields.problem(key, "a date is written 2026-01-31, in quotation marks");
  return text;
}

Protocol DocumentReader::protocol(const json::value& document) {
  JsonFields fields = open(document, "");
  Protocol read;
  if (fields.integer("schema", 1, 1) != 1) return read;
  read.id = fields.text("id", id_size_max);
  if (!read.id.empty() && (!lower.contains(read.id.front()) ||
                           !only_from(read.id, std::string(lower) + std::string(digits) + "-"))) {
    fields.problem("id", "a protocol's id has lower-case letters, digits and -, a letter first");
  }
  read.version = version(fields, "version");
  read.title = line(fields, "title");
  static_cast<void>(fields.require("authors"));
  fields.each("authors", 64, [&](const json::value& one, const std::string& where) {
    read.authors.push_back(author(one, where));
  });
  if (read.authors.empty()) fields.problem("authors", "nobody answers for this protocol");
  read.clinical_question = fields.text("clinical_question", prose_size_max);
  read.intended_use = prose(fields, "intended_use");
  read.inclusion = fields.texts("inclusion", 256);
  read.exclusion = fields.texts("exclusion", 256);
  const std::string unit = fields.text("item_unit");
  if (!unit.empty() && !item_unit_named(unit)) {
    fields.problem("item_unit", "there is no such unit",
                   "use study, series, instance, note or recording");
  }
  read.item_unit = item_unit_named(unit).value_or(ItemUnit::Study);
  read.modalities = modalities(fields);
  read.view = view(fields);
  const auto list = [&](std::string_view key, std::size_t count_max, auto& into, auto method) {
    fields.each(key, count_max, [&](const json::value& one, const std::string& where) {
      into.push_back((this->*method)(one, where));
    });
  };
  list("attributes", 256, read.attributes, &DocumentReader::attribute);
  list("labels", 1024, read.labels, &DocumentReader::label);
  list("questions", 256, read.questions, &DocumentReader::question);
  list("migration", 64, read.migration, &DocumentReader::migration);
  read.reader_plan = reader_plan(fields);
  read.assist_policy = assist_policy(fields);
  read.quality_plan = quality_plan(fields);
  fields.each("changelog", 1024, [&](const json::value& one, const std::string& where) {
    JsonFields entry = open(one, where);
    read.changelog.push_back({.version = version(entry, "version"),
                              .date = date(entry, "date"),
                              .changes = entry.texts("changes", 256)});
    entry.refuse_unknown();
  });
  fields.refuse_unknown();
  return read;
}

}  // namespace detail

std::expected<Protocol, std::vector<Violation>> read_protocol(const json::value& document) {
  detail::DocumentReader reader;
  Protocol protocol = reader.protocol(document);
  if (reader.problems.empty()) reader.problems = check_references(protocol, reader.stages);
  if (!reader.problems.empty()) return std::unexpected(std::move(reader.problems));
  auto text = canonical_json(document);
  if (!text) {
    return std::unexpected(std::vector<Violation>{{"", text.error().what, text.error().remedy}});
  }
  protocol.document = std::move(*text);
  protocol.content_hash = sha256(bytes_of(protocol.document));
  return protocol;
}

}  // namespace consilium
