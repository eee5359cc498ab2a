#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/utf8.hpp"
#include "format/conll/conll.hpp"

namespace consilium {
namespace {

// Tokens cut at blanks within them (a column cannot hold one) and at the mentions' ends.
std::vector<TextSpan> cut_tokens(const LabelledText& text) {
  std::set<std::uint64_t> cuts;
  for (const TextMention& m : text.mentions) {
    cuts.insert(m.ranges.front().begin);
    cuts.insert(m.ranges.front().end);
  }
  std::vector<TextSpan> from = text.tokens.empty() ? plain_tokens(text.text) : text.tokens;
  std::ranges::sort(from);
  std::vector<TextSpan> tokens;
  std::uint64_t done = 0;
  for (TextSpan token : from) {
    token.begin = std::max(token.begin, done);
    if (token.begin >= token.end) continue;
    done = token.end;
    std::uint64_t begin = token.begin;
    std::uint64_t place = token.begin;
    const std::string_view utf8 = text.text.slice(token).value_or(std::string_view{});
    const auto close = [&](std::uint64_t end) {
      if (begin < end) tokens.push_back({begin, end});
    };
    for (std::size_t at = 0; at < utf8.size(); ++place) {
      const char32_t c = next_code_point(utf8, at);
      if (cuts.contains(place)) {
        close(place);
        begin = place;
      }
      if (c <= 0x20) {
        close(place);
        begin = place + 1;
      }
    }
    close(token.end);
  }
  return tokens;
}

class Writer {
 public:
  Writer(TagScheme scheme, ConllColumns columns) : scheme_(scheme), columns_(columns) {}

  ConllFile write(std::span<const LabelledText> texts) {
    for (const LabelledText& text : texts) {
      if (!text.id.empty()) {
        fmt::format_to(std::back_inserter(file_.bytes), "# doc_id = {}\n", one_line(text.id));
      } else if (texts.size() > 1) {
        file_.bytes += "-DOCSTART-\tO\n\n";
      }
      write_text(text);
    }
    for (const auto& [kind, count] : losses_) file_.losses.push_back({kind, count});
    return std::move(file_);
  }

 private:
  static std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text;
  }

  void write_text(const LabelledText& text) {
    const auto tokens = cut_tokens(text);
    const auto sentences = text.sentences.empty() ? plain_sentences(text.text) : text.sentences;
    std::vector<const TextMention*> mentions;
    for (const TextMention& m : text.mentions) mentions.push_back(&m);
    std::ranges::sort(mentions, {}, [](const TextMention* m) { return m->ranges.front(); });
    std::size_t sentence = 0;
    std::size_t mention = 0;
    std::set<std::size_t> seen;
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const TextSpan token = tokens[i];
      note_gap(text, {at, token.begin});
      at = token.end;
      const std::size_t before = sentence;
      while (sentence + 1 < sentences.size() && sentences[sentence + 1].begin <= token.begin) {
        ++sentence;
      }
      if (i > 0 && sentence != before) file_.bytes.push_back('\n');
      while (mention < mentions.size() && mentions[mention]->ranges.front().end <= token.begin) {
        ++mention;
      }
      const bool is_within =
          mention < mentions.size() && mentions[mention]->ranges.front().begin <= token.begin;
      if (is_within) seen.insert(mention);
      const std::string tag = is_within ? tag_of(mentions, mention, tokens, i) : "O";
      write_row(text, token, tag);
    }
    note_gap(text, {at, text.text.code_point_count()});
    if (seen.size() < mentions.size()) {
      losses_["mentions without a token"] += mentions.size() - seen.size();
    }
    file_.bytes.push_back('\n');
  }

  void note_gap(const LabelledText& text, TextSpan gap) {
    const auto between = text.text.slice(gap);
    if (!between) return;
    for (const char c : *between) {
      if (c == ' ' || (static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;
      ++losses_["characters between tokens"];
    }
    const bool is_blank = gap.end == gap.begin + 1 && *between == " ";
    if (columns_ == ConllColumns::TokenTag && !is_blank) ++losses_["gaps between tokens"];
  }

  std::string tag_of(const std::vector<const TextMention*>& mentions, std::size_t index,
                     const std::vector<TextSpan>& tokens, std::size_t i) {
    const TextSpan whole = mentions[index]->ranges.front();
    const bool begins = i == 0 || tokens[i - 1].begin < whole.begin;
    const bool ends = i + 1 == tokens.size() || tokens[i + 1].begin >= whole.end;
    const std::string type = type_of(*mentions[index]);
    switch (scheme_) {
      case TagScheme::Iob2:
        return (begins ? "B-" : "I-") + type;
      case TagScheme::Iob1: {
        const bool follows = begins && i > 0 && index > 0 &&
                             mentions[index - 1]->ranges.front().end > tokens[i - 1].begin &&
                             type_of(*mentions[index - 1]) == type;
        return (follows ? "B-" : "I-") + type;
      }
      case TagScheme::Bilou:
        return (begins && ends ? "U-" : begins ? "B-" : ends ? "L-" : "I-") + type;
      case TagScheme::Iobes:
        return (begins && ends ? "S-" : begins ? "B-" : ends ? "E-" : "I-") + type;
    }
    return "O";
  }

  std::string type_of(const TextMention& mention) {
    std::string type = mention.type.empty() ? "unnamed" : mention.type;
    if (std::ranges::any_of(type, [](char c) { return static_cast<unsigned char>(c) <= 0x20; })) {
      ++losses_["blanks in names"];
      for (char& c : type) c = static_cast<unsigned char>(c) <= 0x20 ? '_' : c;
    }
    return type;
  }

  void write_row(const LabelledText& text, TextSpan token, const std::string& tag) {
    const std::string_view surface = text.text.slice(token).value_or(std::string_view{});
    if (columns_ == ConllColumns::TokenOffsetsTag) {
      fmt::format_to(std::back_inserter(file_.bytes), "{}\t{}\t{}\t{}\n", surface, token.begin,
                     token.end, tag);
    } else {
      fmt::format_to(std::back_inserter(file_.bytes), "{}\t{}\n", surface, tag);
    }
  }

  const TagScheme scheme_;
  const ConllColumns columns_;
  ConllFile file_;
  std::map<std::string, std::uint64_t> losses_;
};

}  // namespace

ConllFile write_conll(std::span<const LabelledText> texts, TagScheme scheme, ConllColumns columns) {
  return Writer(scheme, columns).write(texts);
}

}  // namespace consilium
