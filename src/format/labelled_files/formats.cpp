#include <algorithm>
#include <array>

#include "format/bioc/bioc.hpp"
#include "format/brat/brat_labelled.hpp"
#include "format/cda/cda.hpp"
#include "format/conll/conll.hpp"
#include "format/fhir_labels/fhir_labels.hpp"
#include "format/hl7v2/hl7v2.hpp"
#include "format/label_studio/label_studio.hpp"
#include "format/labelled_files/labelled_files.hpp"
#include "format/omop_note_nlp/omop_note_nlp.hpp"
#include "format/pubannotation/pubannotation.hpp"
#include "format/pubtator/pubtator.hpp"
#include "format/text_jsonl/text_jsonl.hpp"
#include "format/uima/uima.hpp"

namespace consilium {
namespace {

const std::array formats{
    LabelledFormat{"brat", "brat standoff", ".ann", brat_abilities, true, true, true, true},
    LabelledFormat{"conll", "CoNLL with offsets, BIO tags", ".conll", conll_abilities, true, true,
                   false, false},
    LabelledFormat{"conll-iob1", "CoNLL with offsets, IOB1 tags", ".conll", conll_abilities, true,
                   true, false, false},
    LabelledFormat{"conll-bilou", "CoNLL with offsets, BILOU tags", ".conll", conll_abilities, true,
                   true, false, false},
    LabelledFormat{"conll-iobes", "CoNLL with offsets, IOBES tags", ".conll", conll_abilities, true,
                   true, false, false},
    LabelledFormat{"conll2002", "CoNLL-2002, token and BIO tag", ".conll", conll_abilities, true,
                   true, false, false},
    LabelledFormat{"pubtator", "PubTator", ".pubtator", pubtator_abilities},
    LabelledFormat{"bioc-xml", "BioC XML", ".xml", bioc_xml_abilities},
    LabelledFormat{"bioc-json", "BioC JSON", ".json", bioc_json_abilities},
    LabelledFormat{"pubannotation", "PubAnnotation JSON", ".json", pubannotation_abilities},
    LabelledFormat{"doccano", "doccano JSONL", ".jsonl", doccano_abilities},
    LabelledFormat{"prodigy", "Prodigy JSONL", ".jsonl", prodigy_abilities},
    LabelledFormat{"spacy", "spaCy JSONL", ".jsonl", spacy_abilities},
    LabelledFormat{"label-studio", "Label Studio JSON", ".json", label_studio_abilities},
    LabelledFormat{"webanno-tsv", "WebAnno TSV 3.3", ".tsv", webanno_abilities, true, true, true},
    LabelledFormat{"uima-xmi", "UIMA CAS XMI", ".xmi", cas_abilities, true, true, true},
    LabelledFormat{"uima-json", "UIMA JSON CAS", ".json", cas_abilities, true, true, true},
    LabelledFormat{"fhir", "FHIR R4: documents in; conditions, observations, provenance out",
                   ".json", fhir_labels_abilities},
    LabelledFormat{"omop-note-nlp", "OMOP NOTE_NLP", ".csv", omop_note_nlp_abilities, false, true},
    LabelledFormat{"hl7v2", "HL7 v2 observations of text", ".hl7", TextAbilities{}, true, false},
    LabelledFormat{"cda", "HL7 CDA narrative", ".xml", TextAbilities{}, true, false},
};

bool has_key(std::string_view head, std::string_view key) {
  for (std::size_t at = head.find(key); at != std::string_view::npos; at = head.find(key, at + 1)) {
    const std::size_t end = at + key.size();
    const bool quoted = at > 0 && head[at - 1] == '"' && end < head.size() && head[end] == '"';
    if (!quoted) continue;
    const std::size_t next = head.find_first_not_of(" \t\r\n", end + 1);
    if (next != std::string_view::npos && head[next] == ':') return true;
  }
  return false;
}

// "label": [[ of doccano's rows, with blanks or without.
bool has_list_of_lists(std::string_view bytes) {
  for (const std::string_view key : {"\"label\"", "\"labels\"", "\"entities\""}) {
    for (std::size_t at = bytes.find(key); at != std::string_view::npos;
         at = bytes.find(key, at + 1)) {
      std::string marks;
      for (std::size_t i = at + key.size(); i < bytes.size() && marks.size() < 3; ++i) {
        if (!std::string_view(" \t\r\n").contains(bytes[i])) marks += bytes[i];
      }
      if (marks == ":[[") return true;
    }
  }
  return false;
}

std::string_view json_format(std::string_view head, std::string_view bytes) {
  if (has_key(head, "documents") || has_key(head, "passages")) return "bioc-json";
  if (has_key(head, "denotations") || has_key(head, "sourcedb")) return "pubannotation";
  if (has_key(bytes, "%FEATURE_STRUCTURES") || has_key(bytes, "_referenced_fss")) {
    return "uima-json";
  }
  if (has_key(head, "resourceType")) return "fhir";
  if (has_key(bytes, "annotations") && has_key(bytes, "data")) return "label-studio";
  if (has_key(bytes, "predictions") && has_key(bytes, "data")) return "label-studio";
  if (has_key(head, "ents") || has_key(head, "sents")) return "spacy";
  if (has_key(head, "answer") || has_key(head, "_task_hash") || has_key(head, "token_start")) {
    return "prodigy";
  }
  if (has_key(bytes, "start_offset") || has_key(head, "Comments")) return "doccano";
  if (has_key(head, "entities") && head.starts_with('[')) return "spacy";
  if (has_key(head, "text") && has_key(head, "spans")) return "prodigy";
  if (has_key(head, "text") && has_key(head, "denotations")) return "pubannotation";
  if ((has_key(head, "text") || has_key(head, "data")) &&
      (has_key(bytes, "label") || has_key(bytes, "labels"))) {
    return head.starts_with('[') ? "label-studio" : "doccano";
  }
  return has_key(head, "text") ? "pubannotation" : "";
}

std::string_view xml_format(std::string_view head) {
  if (head.contains("<collection")) return "bioc-xml";
  if (head.contains("xmi:XMI") || head.contains("http://www.omg.org/XMI")) return "uima-xmi";
  if (head.contains("ClinicalDocument")) return "cda";
  return "";
}

// A line "123|t|..." or "T1<tab>Type 0 5<tab>..." or a token with a tag.
std::string_view line_format(std::string_view bytes) {
  TextLines lines(bytes);
  std::string_view line;
  std::size_t tagged = 0;
  std::size_t other = 0;
  while (lines.next(line) && lines.number() <= 200) {
    if (line.starts_with("#FORMAT=WebAnno") || line.starts_with("#T_SP=")) return "webanno-tsv";
    if (line.starts_with(" # ") && line.contains(" | ")) return "webanno-tsv";
    if (line.starts_with("MSH|")) return "hl7v2";
    if (line.starts_with("-DOCSTART-")) return "conll";
    const auto bars = parted(line, '|', 3);
    if (bars.size() == 3 && (bars[1] == "t" || bars[1] == "a") && bars[0].size() < 64) {
      return "pubtator";
    }
    const auto columns = parted(line, '\t', 3);
    const bool is_brat = columns.size() == 3 && columns[0].size() > 1 && columns[0][0] == 'T' &&
                         whole_number(columns[0].substr(1)) && columns[1].contains(' ');
    if (is_brat) return "brat";
    if (line.empty() || line.starts_with("# ")) continue;
    const std::size_t last = line.find_last_of(" \t");
    const std::string_view tag = last == std::string_view::npos ? "" : line.substr(last + 1);
    const bool is_tag = tag == "O" || (tag.size() > 2 && tag[1] == '-' &&
                                       std::string_view("BIEMLSU").contains(tag[0]));
    ++(is_tag ? tagged : other);
  }
  return tagged > 0 && tagged >= 9 * other ? "conll" : "";
}

Result<LabelledFile> made(const LabelledFormat& format, const std::vector<LabelledText>& texts,
                          const LabelledOrigin& origin) {
  const std::string_view name = format.name;
  if (name == "brat") {
    BratText file = write_brat_text(texts.front());
    return LabelledFile{std::move(file.ann), std::move(file.txt), std::move(file.losses)};
  }
  const auto conll = [&](TagScheme scheme, ConllColumns columns) {
    ConllFile file = write_conll(texts, scheme, columns);
    return LabelledFile{std::move(file.bytes), {}, std::move(file.losses)};
  };
  if (name == "conll") return conll(TagScheme::Iob2, ConllColumns::TokenOffsetsTag);
  if (name == "conll-iob1") return conll(TagScheme::Iob1, ConllColumns::TokenOffsetsTag);
  if (name == "conll-bilou") return conll(TagScheme::Bilou, ConllColumns::TokenOffsetsTag);
  if (name == "conll-iobes") return conll(TagScheme::Iobes, ConllColumns::TokenOffsetsTag);
  if (name == "conll2002") return conll(TagScheme::Iob2, ConllColumns::TokenTag);
  if (name == "pubtator") {
    PubtatorFile file = write_pubtator(texts);
    return LabelledFile{std::move(file.bytes), {}, std::move(file.losses)};
  }
  if (name == "bioc-xml") return LabelledFile{write_bioc_xml(texts), {}, {}};
  if (name == "bioc-json") return LabelledFile{write_bioc_json(texts), {}, {}};
  if (name == "pubannotation") return LabelledFile{write_pubannotation(texts), {}, {}};
  if (name == "doccano") return LabelledFile{write_doccano(texts), {}, {}};
  if (name == "prodigy") return LabelledFile{write_prodigy(texts), {}, {}};
  if (name == "spacy") return LabelledFile{write_spacy(texts), {}, {}};
  if (name == "label-studio") {
    LabelStudioFile file = write_label_studio(texts);
    return LabelledFile{std::move(file.bytes), {}, std::move(file.losses)};
  }
  if (name == "webanno-tsv") {
    UimaFile file = write_webanno_tsv(texts.front());
    return LabelledFile{std::move(file.bytes), {}, std::move(file.losses)};
  }
  if (name == "uima-xmi") {
    UimaFile file = write_xmi(texts.front());
    return LabelledFile{std::move(file.bytes),
                        {},
                        std::move(file.losses),
                        {{"TypeSystem.xml", std::move(file.type_system)}}};
  }
  if (name == "uima-json") {
    UimaFile file = write_cas_json(texts.front());
    return LabelledFile{std::move(file.bytes), {}, std::move(file.losses)};
  }
  if (name == "fhir") {
    return LabelledFile{CSL_TRY(write_fhir_labels(texts, origin.recorded_at)), {}, {}};
  }
  if (name == "omop-note-nlp") {
    OmopFile file = CSL_TRY(write_omop_note_nlp(texts, origin.recorded_at));
    return LabelledFile{std::move(file.note_nlp), {}, {}, {{"notes.csv", std::move(file.notes)}}};
  }
  return fail(ErrorCode::InvalidInput, "the format is not written", std::string(name));
}

void add_losses(std::vector<TextLoss>& to, const std::vector<TextLoss>& from) {
  for (const TextLoss& loss : from) {
    const auto found = std::ranges::find(to, loss.kind, &TextLoss::kind);
    if (found == to.end()) {
      to.push_back(loss);
    } else {
      found->count += loss.count;
    }
  }
}

}  // namespace

std::span<const LabelledFormat> labelled_formats() { return formats; }

const LabelledFormat* labelled_format(std::string_view name) {
  const auto found = std::ranges::find(formats, name, &LabelledFormat::name);
  return found == formats.end() ? nullptr : &*found;
}

const LabelledFormat* sniff_labelled_format(std::string_view file_name, std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (file_name.ends_with(".ann") || file_name.ends_with(".a1")) return labelled_format("brat");
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return nullptr;
  // Keys that tell the format stand near the beginning but for long texts before them.
  const std::string_view content = bytes.substr(first, std::size_t{4} << 20U);
  const std::string_view head = content;
  if (content.front() == '{' || content.front() == '[') {
    return labelled_format(json_format(head, content));
  }
  if (content.front() == '<') return labelled_format(xml_format(content.substr(0, 1U << 16U)));
  return labelled_format(line_format(bytes.substr(0, 1U << 20U)));
}

const LabelledFormat* sniff_labels(std::string_view file_name, std::string_view bytes) {
  const LabelledFormat* format = sniff_labelled_format(file_name, bytes);
  if (format == nullptr || format->name == "fhir") return nullptr;
  const std::string_view name = format->name;
  const auto has = [&](std::string_view key) { return has_key(bytes, key); };
  // Rows of notes may have a column "label"; a list of places is what makes it one of labels.
  if (name == "pubannotation" && !has("denotations")) return nullptr;
  if (name == "doccano" && !has("start_offset") && !has_list_of_lists(bytes)) return nullptr;
  if (name == "prodigy" && !has("spans")) return nullptr;
  if (name == "spacy" && !has("ents") && !has("entities") && !has("sents")) return nullptr;
  return format;
}

Result<std::vector<LabelledText>> read_labelled(const LabelledFormat& format,
                                                std::string_view bytes,
                                                std::optional<std::string_view> text_beside) {
  const std::string_view name = format.name;
  if (name == "brat") {
    if (!text_beside) {
      return fail(ErrorCode::InvalidInput, "the text of the annotations is missing", {},
                  "put the .txt file of the same name beside the .ann file");
    }
    std::vector<LabelledText> texts;
    texts.push_back(CSL_TRY(read_brat_text(*text_beside, bytes)));
    return texts;
  }
  if (name.starts_with("conll")) return read_conll(bytes);
  if (name == "pubtator") return read_pubtator(bytes);
  if (name == "bioc-xml") return read_bioc_xml(bytes);
  if (name == "bioc-json") return read_bioc_json(bytes);
  if (name == "pubannotation") return read_pubannotation(bytes);
  if (name == "doccano") return read_doccano(bytes);
  if (name == "prodigy") return read_prodigy(bytes);
  if (name == "spacy") return read_spacy(bytes);
  if (name == "label-studio") return read_label_studio(bytes);
  if (name == "hl7v2") return read_hl7v2(bytes);
  if (name == "cda") return read_cda(bytes);
  if (name == "fhir") return read_fhir_texts(bytes);
  if (name.starts_with("uima-") || name == "webanno-tsv") {
    std::vector<LabelledText> texts;
    texts.push_back(CSL_TRY(name == "uima-xmi"    ? read_xmi(bytes)
                            : name == "uima-json" ? read_cas_json(bytes)
                                                  : read_webanno_tsv(bytes)));
    return texts;
  }
  return fail(ErrorCode::InvalidInput, "the format is not read", std::string(name));
}

Result<LabelledFile> write_labelled(const LabelledFormat& format, std::vector<LabelledText> texts,
                                    OverlapPolicy overlaps, const LabelledOrigin& origin) {
  if (texts.empty()) return fail(ErrorCode::InvalidInput, "there is no text to write");
  if (format.one_text && texts.size() != 1) {
    return fail(ErrorCode::InvalidInput, "the format holds one text a file",
                std::string(format.name), "write each into a file of its own");
  }
  std::vector<TextLoss> losses;
  for (LabelledText& text : texts) {
    FittedText fitted = CSL_TRY(fit_text(std::move(text), format.abilities, overlaps));
    text = std::move(fitted.text);
    add_losses(losses, fitted.losses);
  }
  LabelledFile file = CSL_TRY(made(format, texts, origin));
  add_losses(losses, file.losses);
  std::ranges::sort(losses);
  file.losses = std::move(losses);
  return file;
}

}  // namespace consilium
