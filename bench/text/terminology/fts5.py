#!/usr/bin/env python3
"""SQLite's FTS5 on the descriptions of a release that csl_terminology_bench made: prefixes of words and terms
key by key, by bm25 and unranked, in processor time. For a machine on which the whole comparison of
csl_terminology_bench takes too long.

    python3 bench/text/terminology/fts5.py FOLDER [TERMS]
"""
import pathlib
import random
import re
import sqlite3
import sys
import time


def rows(folder: pathlib.Path):
    for path in sorted(folder.glob("sct2_Description_Snapshot*.txt")):
        with path.open(encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                fields = line.split("\t")
                yield fields[7], fields[4]


def timed(db: sqlite3.Connection, name: str, queries: list[str], order: str, budget_s: float) -> None:
    random.shuffle(queries)
    spent: list[float] = []
    begin = time.time()
    for query in queries:
        match = " ".join(f'"{word}"*' for word in query.split())
        at = time.process_time()
        db.execute(f"SELECT of, term FROM terms WHERE terms MATCH ? {order} LIMIT 20", (match,)).fetchall()
        spent.append((time.process_time() - at) * 1e3)
        if time.time() - begin > budget_s:
            break
    spent.sort()
    p50, p95 = spent[len(spent) // 2], spent[int(0.95 * len(spent))]
    print(f"{name:<20} {len(spent):>5} queries, cpu p50 {p50:.2f} p95 {p95:.2f} max {spent[-1]:.2f} ms", flush=True)


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 14
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE terms USING fts5(term, of UNINDEXED, prefix='1 2 3', "
               "tokenize='unicode61 remove_diacritics 2')")
    begin = time.process_time()
    db.executemany("INSERT INTO terms(term, of) VALUES (?, ?)", rows(folder))
    db.commit()
    print(f"FTS5 of SQLite {sqlite3.sqlite_version}: index {time.process_time() - begin:.1f} s cpu", flush=True)
    random.seed(5)
    last = db.execute("SELECT max(rowid) FROM terms").fetchone()[0]
    keys: list[str] = []
    prefixes: list[str] = []
    for _ in range(count):
        number = random.randint(1, last)
        term = db.execute("SELECT term FROM terms WHERE rowid = ?", (number,)).fetchone()[0].lower()
        words = re.findall(r"[a-z0-9]+", term)
        whole = " ".join(words)
        keys += [whole[:size] for size in range(1, len(whole) + 1)]
        word = random.choice(words)
        prefixes += [word[:size] for size in range(1, len(word) + 1)]
    for name, order in (("unranked", ""), ("bm25", "ORDER BY rank")):
        timed(db, f"{name}, prefixes", prefixes, order, 10)
        timed(db, f"{name}, key by key", keys, order, 16)
    return 0


if __name__ == "__main__":
    sys.exit(main())
