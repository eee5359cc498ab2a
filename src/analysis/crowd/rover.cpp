#include "analysis/crowd/rover.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace consilium::crowd {
namespace {

using Words = std::vector<std::string>;
using Place = std::map<std::string, std::uint32_t>;  // a word, or "", and how many wrote it

enum class Move : std::uint8_t { Both, PlaceOnly, WordOnly };

// One more transcription aligned to the chain of `before` of them.
std::vector<Place> align(const std::vector<Place>& chain, const Words& words,
                         std::uint32_t before) {
  const std::size_t width = chain.size() + 1;
  std::vector<std::uint32_t> cost((words.size() + 1) * width);
  std::vector<Move> move(cost.size(), Move::Both);
  for (std::size_t i = 0; i <= words.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      if (i == 0 && j == 0) continue;
      const std::size_t at = i * width + j;
      std::uint32_t best = UINT32_MAX;
      const auto offer = [&](std::uint32_t offered, Move by) {
        if (offered >= best) return;
        best = offered;
        move[at] = by;
      };
      if (i > 0 && j > 0) {
        offer(cost[at - width - 1] + (chain[j - 1].contains(words[i - 1]) ? 0 : 1), Move::Both);
      }
      if (j > 0) offer(cost[at - 1] + (chain[j - 1].contains("") ? 0 : 1), Move::PlaceOnly);
      if (i > 0) offer(cost[at - width] + 1, Move::WordOnly);
      cost[at] = best;
    }
  }
  std::vector<Place> joined;
  std::size_t i = words.size();
  std::size_t j = chain.size();
  while (i > 0 || j > 0) {
    const Move by = move[i * width + j];
    Place place = by == Move::WordOnly ? Place{{"", before}} : chain[j - 1];
    ++place[by == Move::PlaceOnly ? std::string() : words[i - 1]];
    joined.push_back(std::move(place));
    if (by != Move::PlaceOnly) --i;
    if (by != Move::WordOnly) --j;
  }
  std::ranges::reverse(joined);
  return joined;
}

std::uint64_t edit_distance(const Words& a, const Words& b) {
  std::vector<std::uint64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::uint64_t above = row[j + 1];
      row[j + 1] = std::min({diagonal + (a[i] == b[j] ? 0U : 1U), above + 1, row[j] + 1});
      diagonal = above;
    }
  }
  return row.back();
}

std::vector<std::size_t> central_first(std::span<const Words> texts) {
  std::vector<std::uint64_t> distance(texts.size());
  for (std::size_t a = 0; a < texts.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const std::uint64_t apart = edit_distance(texts[a], texts[b]);
      distance[a] += apart;
      distance[b] += apart;
    }
  }
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return std::tie(distance[a], texts[a]) < std::tie(distance[b], texts[b]);
  });
  return order;
}

}  // namespace

Result<AlignedText> align_texts(std::span<const Words> transcriptions, AlignmentOrder order) {
  constexpr std::uint64_t words_max = 20'000;
  constexpr std::uint64_t pairs_max = 100'000'000;
  if (transcriptions.empty()) {
    return fail(ErrorCode::InvalidInput, "there is no transcription", {}, "wait for the first one");
  }
  std::uint64_t all_words = 0;
  std::uint64_t longest = 0;
  for (const Words& words : transcriptions) {
    all_words += words.size();
    longest = std::max<std::uint64_t>(longest, words.size());
  }
  if (all_words > words_max || all_words * longest > pairs_max) {
    return fail(ErrorCode::TooLarge, "the transcriptions are too long to align", {},
                "align them sentence by sentence");
  }
  std::vector<std::size_t> sequence(transcriptions.size());
  std::iota(sequence.begin(), sequence.end(), 0U);
  if (order == AlignmentOrder::CentralFirst) sequence = central_first(transcriptions);
  std::vector<Place> chain;
  std::uint32_t before = 0;
  for (const std::size_t t : sequence) chain = align(chain, transcriptions[t], before++);
  AlignedText text;
  for (const Place& place : chain) {
    const auto winner = std::ranges::max_element(place, {}, [](const auto& entry) {
      return std::tuple(entry.second, entry.first.size(), entry.first);
    });
    if (winner->first.empty()) continue;
    text.words.push_back(winner->first);
    text.support.push_back(static_cast<double>(winner->second) / before);
  }
  return text;
}

}  // namespace consilium::crowd
