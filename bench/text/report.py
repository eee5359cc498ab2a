"""What run.py measured, as a section of docs/BENCHMARKS.md and two charts."""
import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import charts  # noqa: E402

BEGIN, END = "<!-- text: begin -->", "<!-- text: end -->"
CURVE_AT = [40, 80, 120, 160, 200, 300, 400]
ORDERS = {"random": "at random", "gain": "by gain a minute"}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(one):
    if one["least"] == one["most"]:
        return number(one["median"])
    return f"{number(one['median'])} ({number(one['least'])} to {number(one['most'])})"


def head(part):
    return (f"{part['date']}, {part['machine']}, {part['rounds']} round{'s' if part['rounds'] > 1 else ''}, load {part['load'][0]} before and {part['load'][1]} after. "
            "One thread, processor time, medians (least to most).")


def engine_lines(part):
    measured = part["measured"]
    lines = ["### Dictionary, chain, ConText", "", head(part), "",
             "| task | Consilium | goal | rival | its figure | times |", "|---|---|---|---|---|---|"]
    for row in measured["rows"]:
        ours = f"{spread(row['ours'])} {row['unit']}"
        for rival in row["rivals"]:
            # Ours stands in the task's first line only.
            task, said, goal = (row["name"], ours, row["goal"]) if rival is row["rivals"][0] else ("", "", "")
            f1 = f", negation F1 {rival['f1']:.3f}" if rival.get("f1") is not None else ""
            lines.append(f"| {task} | {said} | {goal} | {rival['what']} | {spread(rival)}{f1} | "
                         f"{number(row['ours']['median'] / rival['median'])} |")
        for absent in row["absent"]:
            lines.append(f"| {row['name']} | {ours} | {row['goal']} | {absent} | not measured | |")
    more = measured["more"]
    lines += ["", f"The dictionary is built in {more['build_s']:.2f} s and takes {more['size_mb']:.0f} MB; its search alone does "
              f"{more['find_mb_s']:.0f} MB/s, sections, sentences and tokens {more['structure_mb_s']:.0f}, the chain up to suggestions with their "
              f"rule and probability {more['suggest_mb_s']:.1f}; ConText's own step on tokens that are there {number(more['context_step_s'])} sentences/s. "
              "The rivals read a share of the text (they are linear in it). pyahocorasick finds terms within words too; QuickUMLS forgives errors, "
              "which ours does not beyond variants (at similarity 1.0 neither does it); flashtext and spaCy know no variants."]
    lines += ["", f"ConText on the {measured['kit_rows']:,} sentences of the NegEx kit that are here, with which in sight our rules were written (the "
              "rivals' were not, so their F1 above is not to be compared with ours; `tests/text/context_scores.py`):", "",
              "| | precision | recall | F1 | cases |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {one['precision']:.3f} | {one['recall']:.3f} | {one['f1']:.3f} | {one['cases']} |" for name, one in measured["kit"].items()]
    return lines


def tagger_lines(part):
    lines = ["", "### Tagger", "", head(part) + " Learnt on the sets' train files, exact typed spans on their dev files. Ours is calibrated: it trains "
             "two models in the seconds shown; a rival that trains for over 20 s is run once; the error is the expected calibration error in ten bins.", "",
             "| set | | P | R | F1 | train, s | tokens/s | calibration error |", "|---|---|---|---|---|---|---|---|"]
    for row in part["measured"]:
        error = row["calibration_error"]
        lines.append(f"| {row['set']} | {row['who']} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | "
                     f"{spread(row['train_cpu_s'])} | {number(row['tokens_per_cpu_s']['median'])} | {'' if error is None else f'{error:.3f}'} |")
    return [*lines, "", "Goals: F1 .83 and .84, 2,000 sentences in 1 s. Features and constants were chosen by cross-validation within the train files."]


def minutes_to(curve, f1):
    """Minutes of reading until the curve reaches the F1, between batches along a line."""
    before = None
    for point in curve:
        if point["f1"] >= f1:
            if before is None:
                return point["minutes"]
            share = (f1 - before["f1"]) / (point["f1"] - before["f1"])
            return before["minutes"] + share * (point["minutes"] - before["minutes"])
        before = point
    return None


def curve_points(points):
    """Of each order: minutes, mean F1, least and most, a point for every number of notes."""
    series = {}
    for order, name in ORDERS.items():
        for notes in sorted({point["notes"] for point in points}):
            at = [point for point in points if point["order"] == order and point["notes"] == notes]
            f1 = [point["f1"] for point in at]
            series.setdefault(name, []).append((statistics.mean(point["minutes"] for point in at), statistics.mean(f1), min(f1), max(f1)))
    return series


def curve_lines(part):
    points = part["measured"]
    lines = ["", "### What the order of the notes is worth", "", f"{part['date']}. NCBI-disease: notes read in batches of 20, F1 on dev after each (mean of "
             "three first batches, least and most). Minutes are those of the reading model's defaults, not of people.", "",
             "![F1 by minutes of reading](pictures/text-curves.svg)", "",
             "| notes | at random: minutes | F1 | by gain a minute: minutes | F1 |", "|---|---|---|---|---|"]
    for notes in CURVE_AT:
        cells = []
        for order in ORDERS:
            at = [point for point in points if point["order"] == order and point["notes"] == notes]
            f1 = [point["f1"] for point in at]
            cells += [f"{statistics.mean(point['minutes'] for point in at):.0f}", f"{statistics.mean(f1):.3f} ({min(f1):.3f} to {max(f1):.3f})"]
        lines.append(f"| {notes} | {' | '.join(cells)} |")
    said = []
    for f1 in (0.65, 0.70, 0.75):
        spent = {order: [minutes_to([p for p in points if p["order"] == order and p["seed"] == seed], f1)
                         for seed in sorted({p["seed"] for p in points})] for order in ORDERS}
        if all(minutes is not None for of_order in spent.values() for minutes in of_order):
            random, gain = (statistics.mean(spent[order]) for order in ORDERS)
            said.append(f"F1 {f1:.2f} takes {random:.0f} minutes at random and {gain:.0f} by gain")
    return [*lines, "", "; ".join(said) + "."]


def concept_lines(part):
    measured = part["measured"]
    lines = ["", "### Concepts as one types", "", f"{part['date']}, load {part['load'][0]} before and {part['load'][1]} after. A made release in the shape of "
             "RF2: 350,000 concepts, 1,500,000 descriptions, read by the product's own reader. Processor time of a query, one thread. Rival: SQLite "
             f"{measured['sqlite']}'s FTS5 in memory, prefix indexes of 1 to 3 letters; it forgives no typing error. Goal: p95 10 ms.", "",
             "| who | queries | answered | p50, ms | p95 | slowest |", "|---|---|---|---|---|---|"]
    lines += [f"| {row['who']}: {row['what']} | {row['queries']:,} | {row['answered']:.1f} % | {row['p50']:.2f} | {row['p95']:.2f} | {row['max']:.1f} |"
              for row in measured["rows"]]
    return [*lines, "", *["    " + line for line in measured["build"]]]


def short(what):
    return what.replace(" (medspaCy's), similarity", ",").replace(" (no word ends)", "")


def ratio_rows(results):
    rows = []
    if "engines" in results:
        rows += [(f"{row['name'].split(':')[0].split(', ')[0]} ({short(rival['what'])})", row["ours"]["median"] / rival["median"])
                 for row in results["engines"]["measured"]["rows"] for rival in row["rivals"]]
    if "tagger" in results:
        table = results["tagger"]["measured"]
        for ours in (row for row in table if row["who"] == "Consilium"):
            for rival in (row for row in table if row["set"] == ours["set"] and row["who"] != "Consilium"):
                rows.append((f"training, {ours['set'].split(', first')[0].split(',')[0]} {ours['sentences']:,} ({rival['who'].split()[-1]})",
                             rival["train_cpu_s"]["median"] / ours["train_cpu_s"]["median"]))
    if "concepts" in results:
        measured = results["concepts"]["measured"]["rows"]
        for ours in (row for row in measured if row["who"] == "ours"):
            rows += [(f"{ours['what']}, p95 ({rival['who']})", rival["p95"] / max(ours["p95"], 1e-3)) for rival in measured
                     if rival["what"] == ours["what"] and rival["who"].startswith("FTS5") and rival["answered"] > 50]
    return rows


def write(results, docs, is_dry):
    lines = [BEGIN, "## Labelling text, beside what is used today", "", "All of it again: `bench/text/run.py` (it tells how the rivals are set up).", "",
             "![times as quick as the rival](pictures/text-bench.svg)", ""]
    for part, make in (("engines", engine_lines), ("tagger", tagger_lines), ("curves", curve_lines), ("concepts", concept_lines)):
        lines += make(results[part]) if part in results else []
    text = "\n".join([*lines, END])
    print(text)
    if is_dry:
        return
    page = docs / "BENCHMARKS.md"
    old = page.read_text(encoding="utf-8")
    new = re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: text, old, flags=re.S) if BEGIN in old else old.rstrip("\n") + "\n\n" + text + "\n"
    page.write_text(new, encoding="utf-8")
    (docs / "pictures" / "text-bench.svg").write_text(charts.ratios("Times as quick as the rival (logarithmic; one thread each)", ratio_rows(results)))
    if "curves" in results:
        (docs / "pictures" / "text-curves.svg").write_text(charts.lines(
            "NCBI-disease: F1 on dev by minutes of reading (mean, least and most of three starts)", "minutes of reading, by the reading model",
            "exact F1", curve_points(results["curves"]["measured"])))
