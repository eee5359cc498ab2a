import { describe, expect, it } from "vitest";
import type { ItemId, Protocol } from "@/core/workspace";
import {
  acceptAlike, addFragment, badgeOf, hasSelection, mergeRanges, missingAnswers, moveByToken, offerAlike, openFind, paintClick, putLabel, removeSelected, selection, spansOf, startState,
  stepFound, stepThroughSpans, undoStep, redoStep, withAttribute, withClick, withDrag, withQuery,
} from "./model";
import type { TextState } from "./model";
import { rangesOf, readNote, surfaceOf } from "@/core/note";
import { cut, levelsOf, touching } from "@/core/note_spans";

const protocol = {
  id: "notes", version: "1.0.0", title: "Notes",
  labels: [
    { id: "problem", title: "Problem", shortcut: "p", places: ["spans"], attributes: [{ id: "assertion", title: "Assertion", type: "choice", required: true, choices: [{ id: "present", title: "Present" }, { id: "negated", title: "Negated" }] }] },
    { id: "site", title: "Site", shortcut: "s", places: ["spans"] },
  ],
  questions: [{ id: "useful", title: "Useful", type: "bool", on: "item", required: true }],
} as unknown as Protocol;

const note = "😀 No pulmonary or peripheral oedema. Oedema was seen before; no fever.";
const start = (text: string = note): TextState => startState("i" as ItemId, protocol, readNote(text), [], false);
const select = (state: TextState, words: string): TextState => {
  const begin = state.note.text.indexOf(words);
  return withDrag(state, begin, begin + words.length, false);
};
const surfaces = (state: TextState): string[] => spansOf(state).fragments.map((fragment) => state.note.text.slice(fragment.begin, fragment.end));

describe("labels of sentences", () => {
  const wide = { ...protocol, labels: [...protocol.labels, { id: "course", title: "Course", shortcut: "k", places: ["spans"], level: "sentence" }] } as unknown as Protocol;
  const open = (): TextState => startState("i" as ItemId, wide, readNote(note), [], false);
  const first = "😀 No pulmonary or peripheral oedema.";

  it("take the whole sentence at the caret, or those that are touched", () => {
    expect(surfaces(putLabel(select(open(), "pulmonary"), "course", "label").state)).toEqual([first]);
    expect(surfaces(putLabel(select(open(), "oedema. Oedema was"), "course", "label").state)).toEqual([note]);
    expect(surfaces(putLabel({ ...open(), caret: note.length - 1 }, "course", "label").state)).toEqual(["Oedema was seen before; no fever."]);
  });

  it("go beside what is marked in the sentence, and back by the same key", () => {
    const mention = putLabel(select(open(), "oedema"), "problem", "label").state;
    const both = putLabel(mention, "course", "label").state;
    expect(surfaces(both)).toEqual([first, "oedema"]);
    expect(spansOf(both).fragments.map((fragment) => fragment.sentence)).toEqual([true, false]);
    // The mention's underline stays next to the text.
    expect(levelsOf(spansOf(both).fragments).get(spansOf(both).fragments[1] as never)).toBe(0);
    expect(putLabel({ ...both, selected: null, caret: 3 }, "course", "label").state.bodies.length).toBe(2);
    expect(surfaces(putLabel({ ...both, selected: both.bodies[1]?.id ?? null, caret: 3 }, "site", "label").state)).toEqual([first, "No", "oedema"]);
  });

  it("are put by a click while painting", () => {
    const painting = { ...open(), painting: true, label: "course" };
    expect(surfaces(paintClick(painting, note.indexOf("fever"), spansOf(painting), "label").state)).toEqual(["Oedema was seen before; no fever."]);
    expect(paintClick({ ...painting, painting: false }, 5, spansOf(painting), "label").effects).toEqual([]);
    expect(paintClick({ ...painting, label: "site" }, 5, spansOf(painting), "label").effects).toEqual([]);
  });
});

describe("text model", () => {
  it("stores code points, so that the surface is the same everywhere", () => {
    const { state, effects } = putLabel(select(start(), "oedema"), "problem", "label");
    const body = state.bodies[0];
    if (body?.target.type !== "spans") throw new Error("no span");
    const [begin, end] = body.target.ranges[0] ?? [0, 0];
    expect([...note].slice(begin, end).join("")).toBe("oedema");
    expect(effects).toEqual([{ kind: "put", body }]);
    expect(body.attributes).toEqual({ assertion: "present" });
  });

  it("labels with the keyboard alone", () => {
    let state = start();
    while (selection(state)?.begin !== note.indexOf("pulmonary")) state = moveByToken(state, 1, false);
    state = moveByToken(state, 1, true);
    state = moveByToken(state, 1, true);
    expect(note.slice(selection(state)?.begin, selection(state)?.end)).toBe("pulmonary or");
    state = moveByToken(state, -1, true);
    expect(note.slice(selection(state)?.begin, selection(state)?.end)).toBe("pulmonary");
    expect(surfaces(putLabel(state, "site", "label").state)).toEqual(["pulmonary"]);
  });

  it("widens a drag to whole words unless it is to be exact", () => {
    const begin = note.indexOf("ulmonar");
    expect(note.slice(...Object.values(selection(withDrag(start(), begin, begin + 3, false)) ?? {}))).toBe("pulmonary");
    expect(note.slice(...Object.values(selection(withDrag(start(), begin, begin + 3, true)) ?? {}))).toBe("ulm");
  });

  it("makes a span of several parts", () => {
    const first = putLabel(select(start(), "pulmonary"), "problem", "label").state;
    const held = { ...select(first, "oedema"), selected: first.bodies[0]?.id ?? null };
    const { state } = addFragment(held, "further part");
    const body = state.bodies[0];
    if (body === undefined) throw new Error("no span");
    expect(surfaceOf(state.note, body)).toBe("pulmonary … oedema");
    expect(rangesOf(state.note, body).length).toBe(2);
    expect(mergeRanges([[5, 9], [1, 3], [3, 4], [8, 12]])).toEqual([[1, 4], [5, 12]]);
  });

  it("offers what reads the same and labels nothing before it is accepted", () => {
    const first = putLabel(select(start(), "oedema"), "problem", "label").state;
    const offered = offerAlike(first);
    expect(offered.bodies.length).toBe(1);
    expect(offered.preview?.places.map((place) => note.slice(place.begin, place.end))).toEqual(["Oedema"]);
    const { state, effects } = acceptAlike(offered, "labels alike");
    expect(effects.length).toBe(1);
    expect(surfaces(state)).toEqual(["oedema", "Oedema"]);
    expect(undoStep(state).state.bodies.length).toBe(1);
  });

  it("undoes and redoes every step", () => {
    let state = putLabel(select(start(), "fever"), "problem", "label").state;
    const body = state.bodies[0];
    if (body === undefined) throw new Error("no span");
    state = withAttribute(state, body, "assertion", "negated", "attribute").state;
    expect(badgeOf(protocol, state.bodies[0] ?? body)).toBe("N");
    state = removeSelected({ ...state, selected: body.id }, () => "removal").state;
    expect(state.bodies).toEqual([]);
    const back = undoStep(undoStep(state).state);
    expect(back.state.bodies[0]?.attributes).toEqual({ assertion: "present" });
    expect(redoStep(back.state).state.bodies[0]?.attributes).toEqual({ assertion: "negated" });
  });

  it("steps through nested spans by click, innermost first, and in order by key", () => {
    const outer = putLabel(select(start(), "peripheral oedema"), "problem", "label").state;
    const both = putLabel(select(outer, "oedema"), "site", "label").state;
    const place = note.indexOf("oedema") + 1;
    const inner = withClick({ ...both, selected: null }, place, spansOf(both));
    expect(both.bodies.find((body) => body.id === inner.selected)?.label).toBe("site");
    const next = withClick(inner, place, spansOf(both));
    expect(both.bodies.find((body) => body.id === next.selected)?.label).toBe("problem");
    expect(stepThroughSpans({ ...both, selected: null, caret: 0 }, 1).selected).toBe(outer.bodies[0]?.id);
  });

  it("names what has to be answered", () => {
    expect(missingAnswers(start()).map((entry) => entry.title)).toEqual(["Useful"]);
  });

  it("finds text", () => {
    expect(withQuery(start(), "OEDEMA").find?.places.length).toBe(2);
    expect(withQuery(start(), "").find?.places).toEqual([]);
  });

  it("selects what it finds while one types, so that Shift and the arrows complete it and a key labels it", () => {
    let state = openFind(start());
    for (const query of ["p", "pe", "per", "peri"]) state = withQuery(state, query);
    const chosen = (): string => note.slice(selection(state)?.begin, selection(state)?.end);
    expect(chosen()).toBe("peri");
    state = moveByToken(moveByToken({ ...state, find: null }, 1, true), 1, true);
    expect(chosen()).toBe("peripheral oedema");
    expect(surfaces(putLabel(state, "problem", "label").state)).toEqual(["peripheral oedema"]);
  });

  it("goes on to the next place and round, and back to where it began when nothing reads so", () => {
    const begun = { ...start(), caret: note.indexOf("or") };
    let state = withQuery(openFind(begun), "oedema");
    const first = state.caret;
    state = stepFound(state, 1);
    expect(state.caret).toBeGreaterThan(first);
    expect(stepFound(state, 1).caret).toBe(first);
    expect(withQuery(state, "oedemas").caret).toBe(begun.caret);
    expect(hasSelection(withQuery(state, "oedemas"))).toBe(false);
  });

  it("finds text beside letters that change their length with case", () => {
    const { find } = withQuery(start("İ fever, Fever"), "fever");
    expect(find?.places.length).toBe(1);
  });
});

describe("spans", () => {
  it("stacks what overlaps and cuts a line wherever a span begins or ends", () => {
    let state = putLabel(select(start(), "peripheral oedema"), "problem", "label").state;
    state = putLabel(select(state, "oedema"), "site", "label").state;
    const { fragments, longest } = spansOf(state);
    expect([...levelsOf(fragments).values()].sort()).toEqual([0, 1]);
    const begin = note.indexOf("peripheral");
    const found = touching(fragments, longest, begin, note.length);
    expect(found.length).toBe(2);
    expect(cut(0, note.length, found, []).map((piece) => [note.slice(piece.begin, piece.end), piece.cover.length]).filter(([, count]) => count !== 0)).toEqual([["peripheral ", 1], ["oedema", 2]]);
  });

  it("touches what a linear search finds", () => {
    const fragments = Array.from({ length: 300 }, (_, n) => ({ id: String(n) as never, label: "a", begin: n * 3, end: n * 3 + 1 + ((n * 7) % 23), first: true, badge: "" }));
    for (const [begin, end] of [[0, 5], [100, 130], [890, 950], [450, 451]] as const) {
      const expected = fragments.filter((fragment) => fragment.begin < end && fragment.end > begin).length;
      expect(touching(fragments, 24, begin, end).length).toBe(expected);
    }
  });
});
