"""One rival on the data of run.py: rivals.py NAME FOLDER prints {"what", "value"[, "f1"]} as JSON.

Each is set up as its own documents say is quickest for the task: blank pipelines without a model's weights, patterns as
texts and not as rules, the text in pieces of 4 kB where a document is an object.
"""
import json
import pathlib
import sys
import time


def megabytes_a_second(text, work, share):
    """On a share of the text, for those that would take minutes: they are linear in it."""
    part = text[:int(len(text) * share)]
    start = time.process_time()
    work(part)
    return len(part) / 1e6 / (time.process_time() - start)


def version_of(name):
    import importlib.metadata
    return importlib.metadata.version(name)


def flashtext(terms, text, _):
    from flashtext import KeywordProcessor
    processor = KeywordProcessor()
    for term in terms:
        processor.add_keyword(term)
    return {"what": f"flashtext {version_of('flashtext')}",
            "value": megabytes_a_second(text, lambda part: processor.extract_keywords(part, span_info=True), 0.25)}


def ahocorasick(terms, text, _):
    import ahocorasick as library
    automaton = library.Automaton()
    for index, term in enumerate(terms):
        automaton.add_word(term.lower(), index)
    automaton.make_automaton()

    def work(part):  # raw hits: inside words too, shorter ones too
        for _ in automaton.iter_long(part.lower()):
            pass
    return {"what": f"pyahocorasick {version_of('pyahocorasick')} (no word ends)", "value": megabytes_a_second(text, work, 0.5)}


def phrase_matcher(terms, text, _):
    import spacy
    from spacy.matcher import PhraseMatcher
    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("TERM", list(nlp.pipe(terms)))

    def work(part):
        for piece in pieces_of(part, 1):
            matcher(nlp(piece))
    return {"what": f"spaCy {version_of('spacy')} PhraseMatcher", "value": megabytes_a_second(text, work, 0.05)}


def pieces_of(text, share):
    return [text[at:at + 4000] for at in range(0, int(len(text) * share), 4000)]


def entity_ruler(terms, text, _):
    import spacy
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": "TERM", "pattern": term} for term in terms])
    return {"what": f"spaCy {version_of('spacy')} EntityRuler",
            "value": megabytes_a_second(text, lambda part: [nlp(piece) for piece in pieces_of(part, 1)], 0.05)}


def quickumls(terms, text, _, threshold=0.7, share=0.001):
    """The matcher of medspacy_quickumls over an index of our terms; in place of NLTK's list of words to skip, that of the made text."""
    import nltk
    import shutil
    import tempfile
    import types

    import spacy
    nltk.corpus.stopwords = types.SimpleNamespace(words=lambda *_: "the was and has with no for in of to on any since after he she".split())
    from quickumls import core, toolbox
    folder = pathlib.Path(tempfile.mkdtemp())
    for name in ("umls-simstring.db", "cui-semtypes.db"):
        (folder / name).mkdir()
    simstring, concepts = toolbox.SimstringDBWriter(str(folder / "umls-simstring.db")), toolbox.CuiSemTypesDB(str(folder / "cui-semtypes.db"))
    for number, term in enumerate(sorted(set(terms))):
        simstring.insert(term)
        concepts.insert(term, f"C{number:07}", {"T047"}, True)
    del simstring, concepts
    (folder / "database_backend.flag").write_text("unqlite")
    matcher = core.QuickUMLS(str(folder), threshold=threshold, accepted_semtypes=None, spacy_component=True)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    value = megabytes_a_second(text, lambda part: [matcher._match(nlp(piece)) for piece in pieces_of(part, 1)], share)
    shutil.rmtree(folder)
    return {"what": f"QuickUMLS {version_of('medspacy_quickumls')} (medspaCy's), similarity {threshold}", "value": value}


def quickumls_exact(terms, text, rows):
    return quickumls(terms, text, rows, 1.0, 0.01)


def medspacy_chain(terms, text, _):
    """Sentences, dictionary, context, sections: the same steps as our chain but for the six rules."""
    import spacy
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Span
    from spacy.util import filter_spans
    import medspacy.context  # noqa: F401
    import medspacy.section_detection  # noqa: F401
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("TERM", list(nlp.tokenizer.pipe(terms)))
    context, sections = medspacy.context.ConText(nlp), medspacy.section_detection.Sectionizer(nlp)

    def work(part):
        for piece in pieces_of(part, 1):
            document = nlp(piece)
            document.ents = filter_spans([Span(document, begin, end, label="TERM") for _, begin, end in matcher(document)])
            sections(context(document))
    return {"what": f"medspaCy {version_of('medspacy')} on spaCy {version_of('spacy')}", "value": megabytes_a_second(text, work, 0.01)}


def score(rows, nlp, set_target, is_negated):
    documents = [(row, nlp.make_doc(row[2])) for row in rows]
    right = said = due = 0
    start = time.process_time()
    for row, document in documents:
        begin = row[2].lower().find(row[1].strip().lower())
        span = document.char_span(max(begin, 0), max(begin, 0) + len(row[1].strip()), label="PROBLEM", alignment_mode="expand")
        negated = span is not None and begin >= 0 and is_negated(set_target(document, span))
        right, said, due = right + (negated and row[3] == "Negated"), said + negated, due + (row[3] == "Negated")
    return {"value": len(rows) / (time.process_time() - start), "f1": 2 * right / (said + due)}


def medspacy(_, __, rows):
    import spacy
    from medspacy.context import ConText
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    context = ConText(nlp)

    def target(document, span):
        document.ents = [span]
        document[0].is_sent_start = True
        for token in document[1:]:
            token.is_sent_start = False
        return context(document)
    return {"what": f"medspaCy {version_of('medspacy')} ConText", **score(rows, nlp, target, lambda d: d.ents[0]._.is_negated)}


def negspacy(_, __, rows):
    import spacy
    from negspacy.negation import Negex
    from negspacy.termsets import termset
    nlp = spacy.blank("en")
    negex = Negex(nlp, "negex", termset("en_clinical").get_patterns(), ["PROBLEM"], "negex", "ext", [])

    def target(document, span):
        document.ents = [span]
        document[0].is_sent_start = True
        for token in document[1:]:
            token.is_sent_start = False
        return negex(document)
    return {"what": f"negspaCy {version_of('negspacy')}", **score(rows, nlp, target, lambda d: d.ents[0]._.negex)}


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    terms = (folder / "terms.txt").read_text().splitlines()
    rows = json.loads((folder / "kit.json").read_text())
    print(json.dumps(globals()[name](terms, (folder / "note.txt").read_text(), rows)))


main()
