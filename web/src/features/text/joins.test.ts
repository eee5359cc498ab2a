import { describe, expect, it } from "vitest";
import type { AnnotationBody, AnnotationId, ItemId, Protocol } from "@/core/workspace";
import { joinedBy, withRemoved } from "@/core/joins";
import { readNote, rangesOf, storedRanges, surfaceOf } from "@/core/note";
import { choiceKeys } from "./commands";
import { pairsOf } from "./Arcs";
import { drawArcs } from "./arcs";
import { finishLink, joinsOf, linkTo, linkWays, partnersOf, startLink, stepChain, stepLink, unlink } from "./links";
import type { TextState } from "./model";
import { offerFound, putLabel, redoStep, removeSelected, spansOf, startState, undoStep, withDrag, withQuery, withSelected } from "./model";
import type { SuggestedLabel } from "./suggested";
import { acceptAllSuggestions, acceptSuggestion, joinSuggested, openSuggestions, readAlike, readSuggested, rejectSuggestion, stepSuggestion } from "./suggested";

const protocol = {
  id: "notes", version: "1.0.0", title: "Notes", questions: [],
  labels: [
    { id: "drug", title: "Drug", shortcut: "m", places: ["spans"] },
    { id: "dose", title: "Dose", shortcut: "d", places: ["spans"] },
    { id: "word", title: "Change", shortcut: "c", places: ["spans"] },
    { id: "problem", title: "Problem", shortcut: "p", places: ["spans"], attributes: [
      { id: "assertion", title: "Assertion", type: "choice", required: true, choices: [{ id: "present", title: "Present" }, { id: "negated", title: "Negated", shortcut: "n" }, { id: "possible", title: "Possible" }] },
      { id: "severity", title: "Severity", type: "choice", choices: [{ id: "mild", title: "Mild", shortcut: "1" }, { id: "severe", title: "Severe", shortcut: "p" }] }] },
    { id: "dose_of", title: "Dose of", places: ["relation"], relates: { from: ["dose"], to: ["drug"] } },
    { id: "change", title: "Change of drug", places: ["event"], event: { trigger: { labels: ["word"] }, roles: [{ id: "drug", name: "Drug", labels: ["drug"], min: 1, max: 1 }, { id: "why", name: "Reason", labels: ["problem"] }] } },
    { id: "same", title: "Same", places: ["chain"], chain: { labels: ["problem"] } },
  ],
} as unknown as Protocol;

const text = "Heparin 5 mg stopped for bleeding; the haemorrhage (ooze) ended. Aspirin started.";
const start = (): TextState => startState("i" as ItemId, protocol, readNote(text), [], false);
const label = (state: TextState, words: string, name: string): TextState => {
  const begin = text.indexOf(words);
  return putLabel({ ...withDrag(state, begin, begin + words.length, false), suggestion: null }, name, "label").state;
};
const spanOf = (state: TextState, words: string): AnnotationId => {
  const found = state.bodies.find((body) => body.target.type === "spans" && surfaceOf(state.note, body) === words);
  if (found === undefined) throw new Error(`no span ${words}`);
  return found.id;
};
const filled = (): TextState => {
  let state = start();
  for (const [words, name] of [["Heparin", "drug"], ["5 mg", "dose"], ["stopped", "word"], ["bleeding", "problem"], ["haemorrhage", "problem"], ["ooze", "problem"], ["Aspirin", "drug"]] as const) state = label(state, words, name);
  return state;
};
const joinAs = (state: TextState, from: string, to: string, way = 0): TextState => finishLink(linkTo(state, spanOf(state, from), spanOf(state, to)), way, (title) => title).state;
const targets = (state: TextState): unknown[] => state.bodies.filter((body) => body.target.type !== "spans").map((body) => body.target);

describe("joining spans", () => {
  it("offers what the protocol allows, whichever end is taken first", () => {
    const state = filled();
    expect(linkWays(linkTo(state, spanOf(state, "5 mg"), spanOf(state, "Heparin"))).map((way) => way.title)).toEqual(["Dose of"]);
    const turned = joinAs(state, "Heparin", "5 mg");
    expect(targets(turned)).toEqual([{ type: "relation", from: spanOf(state, "5 mg"), to: spanOf(state, "Heparin") }]);
    expect(joinAs(turned, "5 mg", "Heparin").bodies.length).toBe(turned.bodies.length);
    expect(linkTo(state, spanOf(state, "5 mg"), spanOf(state, "bleeding")).link).toBe(null);
  });

  it("goes by key to the nearest partner, and on in reading order", () => {
    const state = filled();
    const linking = startLink(withSelected(state, spanOf(state, "5 mg")));
    expect(linking.link?.to).toBe(spanOf(state, "Heparin"));
    expect(stepLink(linking, 1).link?.to).toBe(spanOf(state, "Aspirin"));
    expect(partnersOf(state, state.bodies.find((body) => body.id === spanOf(state, "stopped")) as AnnotationBody).length).toBe(5);
  });

  it("fills one event of a trigger, and begins another when the role is taken", () => {
    let state = joinAs(joinAs(filled(), "stopped", "Heparin"), "stopped", "bleeding");
    expect(targets(state)).toEqual([{ type: "event", trigger: spanOf(state, "stopped"), arguments: [{ role: "drug", annotation: spanOf(state, "Heparin") }, { role: "why", annotation: spanOf(state, "bleeding") }] }]);
    state = joinAs(state, "stopped", "Aspirin");
    expect(targets(state).length).toBe(2);
  });

  it("grows, merges and steps through chains in the order of the text", () => {
    let state = joinAs(filled(), "ooze", "haemorrhage");
    state = joinAs(state, "bleeding", "ooze");
    const order = ["bleeding", "haemorrhage", "ooze"].map((words) => spanOf(state, words));
    expect(targets(state)).toEqual([{ type: "chain", members: order }]);
    let at = withSelected(state, order[0] ?? null);
    for (const id of [1, 2, 0]) expect((at = stepChain(at, 1)).selected).toBe(order[id]);
    expect(stepChain(at, -1).selected).toBe(order[2]);
    const join = joinsOf(at, at.selected)[0];
    if (join === undefined) throw new Error("no chain");
    expect(targets(unlink(at, join, (title) => title).state)).toEqual([{ type: "chain", members: order.slice(1) }]);
  });

  it("removes a span with what joined it, says so, and gives all back in one step", () => {
    let state = joinAs(joinAs(joinAs(filled(), "5 mg", "Heparin"), "stopped", "Heparin"), "stopped", "bleeding");
    state = joinAs(state, "bleeding", "ooze");
    const before = state.bodies;
    const removed = removeSelected(withSelected(state, spanOf(state, "Heparin")), (joins) => `removal with ${String(joins)}`);
    expect(removed.state.history.past.at(-1)?.label).toBe("removal with 2");
    expect(targets(removed.state).map((target) => (target as { type: string }).type).sort()).toEqual(["chain", "event"]);
    expect(new Set(undoStep(removed.state).state.bodies)).toEqual(new Set(before));
    const trigger = removeSelected(withSelected(state, spanOf(state, "stopped")), String).state;
    expect(targets(trigger).map((target) => (target as { type: string }).type).sort()).toEqual(["chain", "relation"]);
    // Nothing that is left joins what has gone.
    for (const body of state.bodies) {
      const left = new Map(state.bodies.map((one) => [one.id, one]));
      for (const change of withRemoved(state.bodies, [body.id])) if (change.body === null) left.delete(change.id); else left.set(change.id, change.body);
      for (const one of left.values()) for (const id of joinedBy(one.target)) expect(left.has(id)).toBe(true);
    }
  });

  it("drops joins that do not fit a span's new label", () => {
    const state = joinAs(filled(), "5 mg", "Heparin");
    const { state: changed } = putLabel(withSelected(state, spanOf(state, "5 mg")), "problem", "label");
    expect(targets(changed)).toEqual([]);
    expect(targets(undoStep(changed).state).length).toBe(1);
  });
});

describe("answers by key", () => {
  it("takes the protocol's keys, then digits, and leaves labels theirs", () => {
    const state = withSelected(filled(), spanOf(filled(), "bleeding"));
    const selected = { ...state, selected: state.bodies.find((body) => body.label === "problem")?.id ?? null };
    expect(choiceKeys(selected).map(({ key, choice }) => [key, choice])).toEqual([["N", "negated"], ["1", "mild"], ["2", "possible"]]);
  });
});

describe("suggestions", () => {
  const suggested = (words: string, name: string, n: number, more: Partial<SuggestedLabel> = {}): SuggestedLabel => {
    const begin = text.indexOf(words);
    const body = { item_id: "i", protocol: { id: "notes", version: "0.9.0" }, label: name, target: { type: "spans", ranges: [[begin, begin + words.length]] }, question: null, value: null, attributes: {}, comment: "dictionary 'x'", measurements: { probability: { number: 0.9, unit: "1" } } };
    return { annotation: { ...body, id: `s${String(n)}`, rater: { id: "r", kind: "dictionary", display_name: "D 1.0" }, revision: 1, state: "submitted", created_at: "", updated_at: "" } as unknown as SuggestedLabel["annotation"], own_id: `o${String(n)}` as AnnotationId, said: null, ...more };
  };
  const relation = { ...suggested("Heparin", "dose_of", 9) };
  const offered = (): TextState => ({ ...start(), suggested: readSuggested([suggested("bleeding", "problem", 3), suggested("Heparin", "drug", 1), suggested("5 mg", "dose", 2), suggested("Aspirin", "drug", 4, { said: "rejected" }), { ...relation, annotation: { ...relation.annotation, target: { type: "relation", from: "s2", to: "s1" } as never } }], protocol) });

  it("are read with reason and probability, under the present protocol, without those settled", () => {
    const open = openSuggestions(offered());
    // What joins others comes after the last of them.
    expect(open.map((one) => one.id)).toEqual(["s1", "s2", "s9", "s3"]);
    expect(open[0]).toMatchObject({ reason: "dictionary 'x'", probability: 0.9, body: { id: "o1", protocol: { version: "1.0.0" } } });
    expect(open[2]?.body.target).toEqual({ type: "relation", from: "o2", to: "o1" });
  });

  it("label nothing before they are accepted, and are accepted one key after another", () => {
    let state = stepSuggestion({ ...offered(), caret: 0 }, 1);
    expect([state.suggestion, state.bodies.length]).toEqual(["s1", 0]);
    state = acceptSuggestion(state, "accept").state;
    expect([state.suggestion, state.bodies.map((body) => body.id)]).toEqual(["s2", ["o1"]]);
    state = acceptSuggestion(state, "accept").state;
    // The relation is asked about once both its ends are there, and not taken along.
    expect([state.suggestion, state.bodies.map((body) => body.id)]).toEqual(["s9", ["o1", "o2"]]);
    state = acceptSuggestion(state, "accept").state;
    expect(state.bodies.map((body) => body.id)).toEqual(["o1", "o2", "o9"]);
    const { state: last, effects } = rejectSuggestion(state, "reject");
    expect(effects).toEqual([{ kind: "reject", suggestion: expect.objectContaining({ id: "s3" }) as unknown }]);
    expect(openSuggestions(last)).toEqual([]);
    // Open again after undo; under another id, for that of the rejection is spent.
    const open = openSuggestions(undoStep(last).state);
    expect(open.map((one) => one.id)).toEqual(["s3"]);
    expect(open[0]?.body.id).not.toBe("o3");
    expect(openSuggestions(redoStep(undoStep(last).state).state)).toEqual([]);
  });

  it("that join spans are drawn, taken with their ends, and rejected by one key", () => {
    const at = { ...offered(), suggestion: "s9" as AnnotationId };
    expect(pairsOf(at)).toMatchObject([{ join: "s9", from: "o2", to: "o1", title: "Dose of", dashed: true, on: true, suggested: true }]);
    const taken = acceptSuggestion(at, "accept");
    // Ends first: the server knows them before what joins them.
    expect(taken.state.bodies.map((body) => body.id)).toEqual(["o2", "o1", "o9"]);
    expect(pairsOf({ ...taken.state, selected: null })).toMatchObject([{ join: "o9", dashed: false }]);
    const rejected = rejectSuggestion(at, "reject");
    expect(rejected.effects).toMatchObject([{ kind: "reject", suggestion: { id: "s9" } }]);
    expect([openSuggestions(rejected.state).map((one) => one.id), pairsOf(rejected.state)]).toEqual([["s1", "s2", "s3"], []]);
  });

  it("that join what was rejected are no question, and are again after undo", () => {
    const rejected = rejectSuggestion({ ...offered(), suggestion: "s2" as AnnotationId }, "reject").state;
    expect(openSuggestions(rejected).map((one) => one.id)).toEqual(["s1", "s3"]);
    const back = openSuggestions(undoStep(rejected).state);
    expect(back.map((one) => one.id)).toEqual(["s1", "s2", "s9", "s3"]);
    expect(back[2]?.body.target).toMatchObject({ from: back[1]?.body.id });
    // Words that I marked myself stand for the suggested ones.
    const own = label(rejected, "5 mg", "dose");
    const joined = openSuggestions(own).find((one) => one.id === "s9");
    expect(joined?.body.target).toMatchObject({ from: spanOf(own, "5 mg"), to: "o1" });
  });

  it("are corrected with a label's key or another place, and settled by it", () => {
    const state = stepSuggestion({ ...offered(), caret: 0 }, 1);
    const relabelled = putLabel(state, "word", "correction").state;
    expect(relabelled.bodies).toMatchObject([{ id: "o1", label: "word" }]);
    const wider = putLabel({ ...state, anchor: 0, caret: text.indexOf(" stopped") }, "drug", "correction").state;
    expect(wider.bodies.map((body) => surfaceOf(wider.note, body))).toEqual(["Heparin 5 mg"]);
    expect(openSuggestions(wider).some((one) => one.id === "s1")).toBe(false);
  });

  it("of several raters are one where they say the same, with every answer that one of them gives", () => {
    const rater = (name: string, one: SuggestedLabel, n: number, probability: number, attributes: object = {}): SuggestedLabel => ({
      ...one, own_id: `o${String(n)}` as AnnotationId,
      annotation: { ...one.annotation, id: `s${String(n)}` as AnnotationId, attributes: attributes as never, rater: { ...one.annotation.rater, display_name: name }, measurements: { probability: { number: probability, unit: "1" } } },
    });
    const lists = readSuggested([rater("terms", suggested("bleeding", "problem", 3), 3, 0.6), rater("tagger", suggested("bleeding", "problem", 3), 13, 0.8), rater("ConText", suggested("bleeding", "problem", 3), 23, 0.5, { assertion: "negated" }), suggested("Heparin", "drug", 1)], protocol);
    const joined = joinSuggested(lists, () => ({ assertion: "present", severity: "mild" }));
    const state = { ...start(), suggested: joined };
    expect(openSuggestions(state).map((one) => [one.id, one.rater.display_name, one.also.map((other) => other.rater.display_name)])).toEqual([["s1", "D 1.0", []], ["s13", "tagger", ["terms", "ConText"]]]);
    const accepted = acceptSuggestion(stepSuggestion({ ...state, caret: text.indexOf("stopped") }, 1), "accept").state;
    expect(accepted.bodies).toMatchObject([{ id: "o13", attributes: { assertion: "negated", severity: "mild" } }]);
    expect(openSuggestions(accepted).map((one) => one.id)).toEqual(["s1"]);
    // Opened again, where the server knows of one that was taken over, the others ask nothing more.
    expect(openSuggestions({ ...accepted, suggested: joinSuggested(lists.filter((one) => one.id !== "s13"), () => ({})) }).map((one) => one.id)).toEqual(["s1"]);
  });

  it("of what I marked elsewhere carry my marks' label and say where they stand", () => {
    const [one] = readAlike([{ id: "a1" as AnnotationId, label: "drug", ranges: [[0, 7]], attributes: {}, of_number: 4 }], "i" as ItemId, protocol, { rater: "me", reason: (item) => `item ${String(item)}` });
    expect(one).toMatchObject({ body: { id: "a1", label: "drug", target: { type: "spans", ranges: [[0, 7]] } }, reason: "item 4", probability: null });
  });

  it("are accepted all in one step", () => {
    const { state, effects } = acceptAllSuggestions(offered(), "all");
    expect([effects.length, undoStep(state).state.bodies.length]).toEqual([4, 0]);
  });

  it("of what was found leave out what has the label", () => {
    const state = label({ ...start(), label: "problem" }, "bleeding", "problem");
    const found = offerFound(withQuery({ ...state, label: "problem" }, "ing"));
    expect(found.preview?.places.map((place) => text.slice(place.begin, place.end))).toEqual(["ing"]);
    expect(offerFound(withQuery({ ...state, label: "problem" }, "bleeding")).preview?.places).toEqual([]);
  });
});

describe("arcs", () => {
  it("stay beside the text between lines, on tracks of their own where they overlap", () => {
    const anchors = new Map([["a", { x: 40, top: 0 }], ["b", { x: 200, top: 104 }], ["c", { x: 90, top: 26 }], ["d", { x: 60, top: 78 }], ["e", { x: 300, top: 26 }]]);
    const pair = (from: string, to: string): Parameters<typeof drawArcs>[0][number] => ({ join: `${from}${to}` as AnnotationId, from: from as AnnotationId, to: to as AnnotationId, title: "t", colour: "red", arrow: true, dashed: false, on: false });
    const arcs = drawArcs([pair("a", "b"), pair("c", "d"), pair("c", "e"), pair("a", "gone")], (id) => anchors.get(id), { lineHeight: 26, right: 600, top: 0, bottom: 200 });
    expect(arcs.map((arc) => arc.pair.join)).toEqual(["ce", "cd", "ab"]);
    const tracks = arcs.slice(1).map((arc) => Number(/Q([\d.]+) /.exec(arc.path)?.[1]));
    expect(tracks.every((x) => x > 600)).toBe(true);
    expect(new Set(tracks).size).toBe(2);
    // Titles are beside the outermost track, never over a line.
    expect(arcs.every((arc) => arc.words === null || arc.words.x > Math.max(...tracks))).toBe(true);
  });
});

describe("offsets", () => {
  // Deterministic, and different in every character that breaks tools: pairs, joined emoji, marks, CR LF, tabs, right to left.
  const alphabet = ["a", "ß", "é", "e\u0301", "😀", "👩‍⚕️", "𝒳", " ", "\t", "\r\n", "\n", "\r", "\u05e9\u05dc", "\u0645\u0631", "\ufeff", "漢", ".", "\u200f", "\u0000"];
  it("are those of the code points, whatever the text, from the page to what is stored and back", () => {
    let seed = 12345;
    const next = (below: number): number => ((seed = (seed * 1103515245 + 12345) % 2147483648) >> 8) % below;
    for (let round = 0; round < 60; round++) {
      const made = Array.from({ length: 20 + next(400) }, () => alphabet[next(alphabet.length)] ?? "").join("");
      const read = readNote(made);
      const points = [...made];
      // Lines hold all but the ends of lines; tokens and lines never cut a pair.
      for (const { begin, end } of [...read.lines, ...read.tokens]) {
        expect(/^[\udc00-\udfff]/.test(made.slice(begin)) || /[\ud800-\udbff]$/.test(made.slice(0, end)) || /[\r\n]/.test(made.slice(begin, end))).toBe(false);
      }
      expect(read.lines.map(({ begin, end }) => made.slice(begin, end)).join("")).toBe(made.replace(/[\r\n]/g, ""));
      const state = startState("i" as ItemId, protocol, read, [], false);
      for (let n = 0; n < 8 && read.tokens.length > 0; n++) {
        const [one, other] = [read.tokens[next(read.tokens.length)], read.tokens[next(read.tokens.length)]];
        if (one === undefined || other === undefined) continue;
        const [begin, end] = [Math.min(one.begin, other.begin), Math.max(one.end, other.end)];
        const { state: labelled } = putLabel(withDrag(state, begin, end, false), "drug", "label");
        const body = labelled.bodies[0];
        if (body?.target.type !== "spans") throw new Error("no span");
        const [from, to] = body.target.ranges[0] ?? [0, 0];
        expect(points.slice(from, to).join("")).toBe(surfaceOf(read, body));
        expect(storedRanges(read, rangesOf(read, body))).toEqual(body.target.ranges);
        expect(spansOf(labelled).fragments.map((fragment) => made.slice(fragment.begin, fragment.end))).toEqual([surfaceOf(read, body)]);
      }
    }
  });
});
