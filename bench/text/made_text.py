"""The data of run.py: terms and a text made from a seed, and the NegEx kit."""
import csv
import json
import random

TERMS, BYTES = 112_000, 8_000_000
STARTS = "car neph hep my ost pul der gas ren vas lym en thy cer col spl".split()
MIDDLES = "di ro a o eo mo ma tro al cu pho ce ri bra i eno".split()
ENDS = "itis oma osis al ic pathy ectomy us ia ar or in ol ate ide gram".split()
PLAIN = """the patient was seen and has with no for in of to denies on left right pain noted given daily improved without
any history normal since after he she reports today mild""".split()


def write_terms_and_note(folder):
    """Terms of one to five words of 60,000, and sentences in which about every 15th word begins one."""
    rng = random.Random(7)
    words = ["".join([rng.choice(STARTS), *rng.choices(MIDDLES, k=rng.randint(1, 3)), rng.choice(ENDS)]) for _ in range(60_000)]
    terms = []
    for _ in range(TERMS):
        terms.append(" ".join(rng.choices(words, k=1 + rng.randrange(100) * rng.randrange(100) // 2000)))
    parts, size, length = [], 0, 0
    while size < BYTES:
        part = rng.choice(terms) if rng.randrange(15) == 0 else rng.choice(PLAIN)
        length += 1
        if length > 8 and rng.randrange(6) == 0:
            part, length = part + ("." if rng.randrange(6) else ".\n"), 0
        parts.append(part)
        size += len(part) + 1
    (folder / "terms.txt").write_text("\n".join(terms) + "\n")
    (folder / "note.txt").write_text(" ".join(parts))


def kit_rows(path):
    """Number, phrase, sentence, negation, temporality, experiencer."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    return [line.split("\t") for line in lines if line.count("\t") == 5]


def write_kit(rows, folder):
    (folder / "sentences.tsv").write_text("".join(f"{row[1]}\t{row[2]}\n" for row in rows), encoding="utf-8")
    (folder / "kit.json").write_text(json.dumps(rows))
    with open(folder / "kit.csv", "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["sentence", "phrase"], *[[row[2], row[1]] for row in rows]])


def scores(pairs):
    right = sum(due and said for due, said in pairs)
    due, said = sum(due for due, _ in pairs), sum(said for _, said in pairs)
    return {"precision": right / max(1, said), "recall": right / max(1, due), "f1": 2 * right / max(1, due + said), "cases": due}


def kit_f1(rows, answers):
    """Scores of what `consilium context` answered."""
    with open(answers, newline="", encoding="utf-8") as file:
        said = list(csv.DictReader(file))
    return {"negation": scores([(r[3] == "Negated", s["negation"] == "negated") for r, s in zip(rows, said, strict=True)]),
            "historical": scores([(r[4] == "Historical", s["temporality"] == "historical") for r, s in zip(rows, said, strict=True)]),
            "hypothetical": scores([(r[4] == "Not particular", s["temporality"] == "hypothetical") for r, s in zip(rows, said, strict=True)]),
            "other experiencer": scores([(r[5] != "Patient", s["experiencer"] == "other") for r, s in zip(rows, said, strict=True)])}
