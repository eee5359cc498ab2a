// Search as you type over 350,000 concepts with 1,500,000 descriptions, loaded by the product's own
// RF2 reader, beside SQLite's FTS5 on the same terms and the same keystrokes in the same run.
//
//   csl_terminology_bench FOLDER [CONCEPTS DESCRIPTIONS]
//
// Each query is timed on its own by the thread's processor time (and by the clock): the machine may
// be shared. FTS5 has prefix indexes of 1 to 3 characters and bm25 order; it forgives no error.
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>

#include "analysis/concept_search/search.hpp"
#include "analysis/concept_search/words.hpp"
#include "base/byte_source.hpp"
#include "bench/text/terminology/made_release.hpp"
#include "format/rf2/rf2.hpp"

using namespace consilium;

namespace {

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double wall_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

struct Step {
  double cpu = cpu_ms(), wall = wall_ms();
  void tell(const char* what) const {
    fmt::print("{:<42} {:>8.2f} s cpu {:>8.2f} s wall, {:>6.0f} MiB resident\n", what,
               (cpu_ms() - cpu) / 1e3, (wall_ms() - wall) / 1e3, resident_mib());
  }
};

struct Times {
  std::vector<double> cpu, wall;
  std::size_t found = 0;
  void print(const std::string& what) {
    if (cpu.empty()) return;
    std::ranges::sort(cpu);
    std::ranges::sort(wall);
    const auto at = [](const std::vector<double>& v, double q) {
      return v[std::min(v.size() - 1, static_cast<std::size_t>(q * static_cast<double>(v.size())))];
    };
    fmt::print(
        "{:<34} {:>6} queries, {:>5.1f} % answered; cpu p50 {:>7.3f} p95 {:>7.3f} max {:>8.3f} ms; "
        "wall p95 {:>7.3f} ms\n",
        what, cpu.size(), 100.0 * static_cast<double>(found) / static_cast<double>(cpu.size()),
        at(cpu, 0.5), at(cpu, 0.95), cpu.back(), at(wall, 0.95));
  }
};

Times timed(const std::vector<std::string>& queries,
            const std::function<std::size_t(const std::string&)>& run) {
  Times times;
  for (const std::string& query : queries) {
    const double cpu = cpu_ms(), wall = wall_ms();
    times.found += run(query) > 0 ? 1 : 0;
    times.cpu.push_back(cpu_ms() - cpu);
    times.wall.push_back(wall_ms() - wall);
  }
  return times;
}

struct Queries {
  std::vector<std::string> prefixes;    // every prefix of sampled words
  std::vector<std::string> keystrokes;  // sampled terms, key by key
  std::vector<std::string> orders;      // their words cut short, in another order
  std::vector<std::string> errors;      // one error in one word
};

Queries sample(const ConceptIndex& index, std::size_t count) {
  std::mt19937_64 random(5);
  Queries made;
  for (std::size_t i = 0; i < count; ++i) {
    const auto term = static_cast<std::uint32_t>(random() % index.term_count());
    std::vector<std::string> words = words_of(index.term(term));
    const std::string& word = words[random() % words.size()];
    for (std::size_t size = 1; size <= word.size(); ++size)
      made.prefixes.push_back(word.substr(0, size));
    std::string whole;
    for (const std::string& one : words) whole += (whole.empty() ? "" : " ") + one;
    for (std::size_t size = 1; size <= whole.size(); ++size)
      made.keystrokes.push_back(whole.substr(0, size));
    std::ranges::shuffle(words, random);
    std::string cut;
    for (const std::string& one : words) {
      cut += (cut.empty() ? "" : " ") + one.substr(0, 1 + random() % one.size());
    }
    made.orders.push_back(cut);
    std::string wrong = words.front();
    for (const std::string& one : words) {
      if (one.size() > wrong.size()) wrong = one;
    }
    if (wrong.size() < 5) continue;
    const std::size_t at = random() % (wrong.size() - 1);
    switch (random() % 4) {
      case 0:
        wrong.erase(at, 1);
        break;
      case 1:
        wrong.insert(at, 1, static_cast<char>('a' + random() % 26));
        break;
      case 2:
        wrong[at] = static_cast<char>('a' + random() % 26);
        break;
      default:
        std::swap(wrong[at], wrong[at + 1]);
    }
    made.errors.push_back(words.size() > 1 && words.back() != wrong
                              ? wrong + " " + words.back().substr(0, 2)
                              : wrong);
  }
  return made;
}

class Fts5 {
 public:
  explicit Fts5(const ConceptIndex& index) {
    sqlite3_open(":memory:", &db_);
    run("CREATE VIRTUAL TABLE terms USING fts5(term, of UNINDEXED, prefix='1 2 3', "
        "tokenize='unicode61 remove_diacritics 2'); BEGIN");
    sqlite3_stmt* put = nullptr;
    sqlite3_prepare_v2(db_, "INSERT INTO terms(rowid, term, of) VALUES (?, ?, ?)", -1, &put,
                       nullptr);
    for (std::uint32_t i = 0; i < index.term_count(); ++i) {
      const std::string_view text = index.term(i);
      sqlite3_bind_int64(put, 1, i + 1);
      sqlite3_bind_text(put, 2, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      sqlite3_bind_int64(put, 3, index.concept_of(i));
      sqlite3_step(put);
      sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    run("COMMIT; INSERT INTO terms(terms) VALUES ('optimize')");
  }
  ~Fts5() { sqlite3_close(db_); }
  Fts5(const Fts5&) = delete;
  Fts5& operator=(const Fts5&) = delete;

  std::size_t search(const std::string& typed, bool by_bm25) {
    std::string match;
    for (const std::string& word : words_of(typed)) match += "\"" + word + "\"* ";
    sqlite3_stmt* get = nullptr;
    sqlite3_prepare_v2(db_,
                       by_bm25
                           ? "SELECT of, term FROM terms WHERE terms MATCH ? ORDER BY rank LIMIT 20"
                           : "SELECT of, term FROM terms WHERE terms MATCH ? LIMIT 20",
                       -1, &get, nullptr);
    sqlite3_bind_text(get, 1, match.data(), static_cast<int>(match.size()), SQLITE_STATIC);
    std::size_t rows = 0;
    while (sqlite3_step(get) == SQLITE_ROW) ++rows;
    sqlite3_finalize(get);
    return rows;
  }

 private:
  void run(const char* sql) { sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }
  sqlite3* db_ = nullptr;
};

Result<Terminology> load(const std::filesystem::path& folder) {
  std::vector<std::unique_ptr<ByteSource>> sources;
  Rf2Files files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    sources.push_back(CSL_TRY(open_file_source(entry.path())));
    static_cast<void>(sort_rf2_file(
        {.name = entry.path().filename().string(), .bytes = sources.back().get()}, files));
  }
  return read_rf2(files, {.version = "20260101"});
}

Result<ConceptIndex> prepare(const std::filesystem::path& folder) {
  Bytes form;
  {
    Step read;
    const Terminology terminology = CSL_TRY(load(folder));
    read.tell("read RF2");
    fmt::print("  {} concepts, {} terms, {} MiB of text, {} is-a links\n",
               terminology.concepts.size(), terminology.terms.size(),
               terminology.text.size() >> 20U, terminology.parents.size());
    Step build;
    form = CSL_TRY(ConceptIndex::build(terminology));
    build.tell("build the form");
  }
  const std::filesystem::path kept = folder / "form.kept";
  std::ofstream(kept, std::ios::binary)
      .write(reinterpret_cast<const char*>(form.data()), static_cast<std::streamsize>(form.size()));
  form = {};
  Step open;
  const auto source = CSL_TRY(open_file_source(kept));
  auto index = CSL_TRY(ConceptIndex::open(CSL_TRY(read_all(*source, UINT32_MAX))));
  open.tell("open the form from disk, and check it");
  std::filesystem::remove(kept);
  fmt::print("  form: {} MiB, {} words\n", index.size_bytes() >> 20U, index.word_count());
  return index;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::filesystem::path folder = arguments[1];
  const std::size_t concepts = count > 3 ? std::stoul(arguments[2]) : 350'000;
  const std::size_t descriptions = count > 3 ? std::stoul(arguments[3]) : 1'500'000;
  if (!std::filesystem::exists(folder)) {
    Step make;
    made::Release(1).write(folder, concepts, descriptions);
    make.tell("make the release");
  }
  const auto index = prepare(folder);
  if (!index) {
    fmt::print(stderr, "{}\n", to_line(index.error()));
    return 1;
  }
  const auto ours = [&](const std::string& typed) {
    return search(*index, {.text = typed, .limit = 20}).size();
  };
  const auto each = [](const char* who, const Queries& queries,
                       const std::function<std::size_t(const std::string&)>& run) {
    timed(queries.prefixes, run).print(fmt::format("{}, prefixes of a word", who));
    timed(queries.keystrokes, run).print(fmt::format("{}, a term key by key", who));
    timed(queries.orders, run).print(fmt::format("{}, cut words, any order", who));
    timed(queries.errors, run).print(fmt::format("{}, one typing error", who));
  };
  each("ours, 300 terms", sample(*index, 300), ours);
  // Fewer for the comparison: with its own ranking FTS5 takes a second for a wide prefix.
  const Queries few = sample(*index, 6);
  each("ours", few, ours);
  const double before = resident_mib();
  Step build;
  Fts5 fts(*index);
  build.tell("FTS5: index in memory");
  fmt::print("  FTS5 adds {:.0f} MiB; SQLite {}\n", resident_mib() - before, sqlite3_libversion());
  each("FTS5 unranked", few, [&](const std::string& typed) { return fts.search(typed, false); });
  each("FTS5 by bm25", few, [&](const std::string& typed) { return fts.search(typed, true); });
  return 0;
}
