// One text out of several transcriptions: ROVER. Transcriptions are aligned word by word, one after
// another, into a chain of places; at each place the word (or no word) that most wrote is taken.
// Source: J. Fiscus, IEEE ASRU (1997) 347-354; every insertion, deletion and substitution costs 1,
// and a place that may be empty is passed over free, as in crowd-kit.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace consilium::crowd {

// The chain depends on the order of alignment. `AsGiven` is the paper's; `CentralFirst` starts with
// the transcription nearest to all others (then the next; equal ones by their words), so that the
// result does not hang on how raters are numbered.
enum class AlignmentOrder : std::uint8_t { CentralFirst, AsGiven };

struct AlignedText {
  std::vector<std::string> words;
  std::vector<double> support;  // one a word: the share of transcriptions that has it there
};

// `transcriptions`: the words of each. Of equal votes at a place the longer word wins, then the one
// later in byte order, so a word wins over none.
// Errors: InvalidInput when there is none; TooLarge when together they have over 20,000 words or
// two of them over 100 million pairs of words.
// Cost: O(transcriptions^2 x words^2) for `CentralFirst`, O(transcriptions x words^2 x log) else.
[[nodiscard]] Result<AlignedText> align_texts(
    std::span<const std::vector<std::string>> transcriptions, AlignmentOrder order);

}  // namespace consilium::crowd
