// A made terminology in the shape of an RF2 release: words of syllables with Zipf's frequencies,
// concepts in a hierarchy, a full name with a tag, a preferred term and synonyms each. From one
// seed; no word of any real terminology.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace made {

class Release {
 public:
  explicit Release(std::uint64_t seed) : random_(seed) {
    words_.reserve(word_count);
    for (std::size_t i = 0; i < word_count; ++i) words_.push_back(word(i));
  }

  void write(const std::filesystem::path& folder, std::size_t concept_count,
             std::size_t description_count) {
    std::filesystem::create_directories(folder);
    std::ofstream concepts(folder / "sct2_Concept_Snapshot_MADE_20260101.txt");
    std::ofstream descriptions(folder / "sct2_Description_Snapshot-en_MADE_20260101.txt");
    std::ofstream links(folder / "sct2_Relationship_Snapshot_MADE_20260101.txt");
    std::ofstream languages(folder / "der2_cRefset_LanguageSnapshot-en_MADE_20260101.txt");
    concepts << "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n";
    descriptions << "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\t"
                    "caseSignificanceId\n";
    links << "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\t"
             "typeId\tcharacteristicTypeId\tmodifierId\n";
    languages << "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\t"
                 "acceptabilityId\n";
    std::size_t description = 0;
    for (std::size_t i = 0; i < concept_count; ++i) {
      const std::size_t id = 100'000'000 + i * 10;
      concepts << id << "\t20260101\t" << (i % 50 == 49 ? 0 : 1) << "\t0\t0\n";
      // As many as bring the sum to description_count at the end, two at least.
      const std::size_t until = (i + 1) * description_count / concept_count;
      const std::string preferred = term();
      std::size_t said = 0;
      for (; description < until || said < 2; ++description, ++said) {
        const std::size_t number = 5'000'000'000 + description * 10;
        descriptions << number << "\t20260101\t1\t0\t" << id << "\ten\t"
                     << (said == 0   ? "900000000000003001\t" + preferred + tag(i)
                         : said == 1 ? "900000000000013009\t" + preferred
                                     : "900000000000013009\t" + term())
                     << "\t0\n";
        if (said == 1) {
          languages << "r" << number << "\t20260101\t1\t0\t900000000000509007\t" << number
                    << "\t900000000000548007\n";
        }
      }
      for (std::size_t parent = 0; i > 0 && parent < 1 + i % 2; ++parent) {
        const std::size_t of = parent == 0 ? (i - 1) / 6 : random_() % i;
        links << 9'000'000'000 + i * 20 + parent * 10 << "\t20260101\t1\t0\t" << id << "\t"
              << 100'000'000 + of * 10 << "\t0\t116680003\t0\t0\n";
      }
    }
  }

 private:
  static constexpr std::size_t word_count = 90'000;

  std::string word(std::size_t rank) {
    static constexpr const char* onset[] = {"b",  "br", "c",  "ch", "d",  "f",  "g",  "gl", "h",
                                            "l",  "m",  "n",  "p",  "ph", "pr", "qu", "r",  "s",
                                            "st", "t",  "th", "tr", "v",  "z",  "",   "k"};
    static constexpr const char* nucleus[] = {"a", "e", "i", "o", "u", "ae", "ia", "io", "y"};
    static constexpr const char* coda[] = {"", "n", "r", "s", "l", "x", "m", "t", "c"};
    std::string made;
    // Frequent words are short.
    const std::size_t syllables = 1 + (rank > 200 ? 1 : 0) + random_() % 3;
    for (std::size_t i = 0; i < syllables; ++i) {
      made += onset[random_() % std::size(onset)];
      made += nucleus[random_() % std::size(nucleus)];
      made += coda[random_() % std::size(coda)];
    }
    return made;
  }

  std::string term() {
    std::string made;
    for (std::size_t words = 2 + random_() % 5; words > 0; --words) {
      // Rank by 1/rank: the inverse of its distribution function, roughly.
      const double u = std::uniform_real_distribution<double>(0, 1)(random_);
      const auto rank = static_cast<std::size_t>(std::pow(static_cast<double>(word_count), u)) - 1;
      made += (made.empty() ? "" : " ") + words_[std::min(rank, word_count - 1)];
    }
    if (made[0] >= 'a' && made[0] <= 'z') made[0] = static_cast<char>(made[0] - 'a' + 'A');
    return made;
  }

  static std::string tag(std::size_t i) {
    static constexpr const char* tags[] = {" (disorder)",       " (finding)",   " (procedure)",
                                           " (body structure)", " (substance)", " (organism)"};
    return tags[i % std::size(tags)];
  }

  std::mt19937_64 random_;
  std::vector<std::string> words_;
};

}  // namespace made
