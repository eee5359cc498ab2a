#!/usr/bin/env python3
"""sklearn-crfsuite on the sets of tagger.py, with the features of its own tutorial (words, shapes, suffixes of the token
and its neighbours) widened to two neighbours on each side: L-BFGS with c1 = c2 = 0.1, or its quickest learner, the averaged
perceptron. One JSON object.

usage: tagger_rival.py lbfgs|ap TRAIN.tsv DEV.tsv [SENTENCES]
"""
import importlib.metadata
import json
import sys
import time

import sklearn_crfsuite


def sentences(path, count_max):
    read, words, tags = [], [], []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line:
            fields = line.split("\t")
            words.append(fields[0])
            tags.append(fields[-1])
        elif words:
            read.append((words, tags))
            words, tags = [], []
            if len(read) == count_max:
                break
    if words:
        read.append((words, tags))
    return read


def features(words, i):
    made = {"bias": 1.0}
    for offset in range(-2, 3):
        at = i + offset
        if at < 0 or at >= len(words):
            made[f"{offset}:edge"] = True
            continue
        word = words[at]
        made.update({f"{offset}:lower": word.lower(), f"{offset}:suffix3": word[-3:], f"{offset}:suffix2": word[-2:],
                     f"{offset}:upper": word.isupper(), f"{offset}:title": word.istitle(), f"{offset}:digit": word.isdigit()})
    return made


def spans(all_tags):
    found = set()
    for number, tags in enumerate(all_tags):
        begin = kind = None
        for i, tag in enumerate([*tags, "O"]):
            if begin is not None and (tag == "O" or tag[0] == "B" or tag[2:] != kind):
                found.add((number, begin, i, kind))
                begin = None
            if tag != "O" and begin is None:
                begin, kind = i, tag[2:]
    return found


def main():
    train = sentences(sys.argv[2], int(sys.argv[4]) if len(sys.argv) > 4 else None)
    dev = sentences(sys.argv[3], None)
    begin = time.process_time()
    x = [[features(words, i) for i in range(len(words))] for words, _ in train]
    model = (sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100, all_possible_transitions=True)
             if sys.argv[1] == "lbfgs" else sklearn_crfsuite.CRF(algorithm="ap", max_iterations=50))
    model.fit(x, [tags for _, tags in train])
    train_s = time.process_time() - begin
    begin = time.process_time()
    predicted = model.predict([[features(words, i) for i in range(len(words))] for words, _ in dev])
    tag_s = time.process_time() - begin
    gold, said = spans([tags for _, tags in dev]), spans(predicted)
    right = len(gold & said)
    precision, recall = right / max(1, len(said)), right / max(1, len(gold))
    print(json.dumps({"what": f"sklearn-crfsuite {importlib.metadata.version('sklearn-crfsuite')}, {sys.argv[1]}", "sentences": len(train), "train_cpu_s": round(train_s, 3), "precision": round(precision, 4),
                      "recall": round(recall, 4), "f1": round(2 * precision * recall / max(1e-12, precision + recall), 4),
                      "tokens_per_cpu_s": round(sum(len(words) for words, _ in dev) / tag_s)}))


if __name__ == "__main__":
    main()
