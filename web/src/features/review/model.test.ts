import { describe, expect, it } from "vitest";
import type { Decision, Difference, ItemOpinions, Opinion } from "@/api/review";
import type { Annotation, AnnotationBody, Protocol } from "@/core/domain";
import type { ItemId } from "@/core/ids";
import {
  against, chosenVersion, consensusOf, decided, decisionOn, disputed, draftDecisions, editLabels, focusedOne, focusOn, inOrder, isAgainst, isOpen, keepEdit, mayDecide, mayDraw, mayEdit, maySubmit, nextOpen, numberOf, openCount,
  questionOf, reasonAsked, recalled, remembered, requestOf, saidById, startEdit, startState, stepped, takeUnsure, takeVersion, undone, versionsOf, withEditAnswer, withEditLabel,
  withEditPlace,
} from "./model";
import type { ReviewState } from "./model";
import { decisionText } from "./words";

const item = "item" as ItemId;
const protocol = {
  id: "p", version: "1.0.0", title: "P",
  labels: [
    { id: "problem", title: "Problem", places: ["spans"], attributes: [{ id: "assertion", title: "Assertion", type: "choice", choices: [{ id: "present", title: "Present" }, { id: "possible", title: "Possible" }] }] },
    { id: "test", title: "Test", places: ["spans"] },
    { id: "nodule", title: "Nodule", places: ["mask"] },
  ],
  questions: [{ id: "smoking", title: "Smoking", type: "choice", on: "item", choices: [{ id: "never", title: "Never" }, { id: "current", title: "Current" }] }],
} as unknown as Protocol;

const annotation = (id: string, target: AnnotationBody["target"], more: Partial<Annotation> = {}): Annotation =>
  ({ id, item_id: item, protocol: { id: "p", version: "1.0.0" }, label: "problem", target, question: null, value: null, attributes: {}, ...more }) as unknown as Annotation;
const spans = (begin: number, end: number): AnnotationBody["target"] => ({ type: "spans", ranges: [[begin, end]] });
const opinion = (key: string, annotations: readonly Annotation[]): Opinion => ({ key, rater: null, submitted_at: "2024-01-01T00:00:00Z", duration_s: null, annotations });

const all = [
  opinion("A", [annotation("a1", spans(0, 9)), annotation("a2", spans(20, 25), { attributes: { assertion: "present" } }), annotation("a3", { type: "whole" }, { label: null, question: "smoking", value: "never" }), annotation("a4", spans(40, 44), { label: "test" })],),
  opinion("B", [annotation("b1", spans(3, 9)), annotation("b2", spans(20, 25), { attributes: { assertion: "possible" } }), annotation("b3", { type: "whole" }, { label: null, question: "smoking", value: "current" }), annotation("b4", spans(40, 44), { label: "test" })]),
  opinion("C", [annotation("c1", spans(3, 9)), annotation("c4", spans(40, 44), { label: "test" })]),
];
const choice = (name: string, probability: number, raters: readonly string[], ids: readonly string[]) => ({ class: name, title: name, probability, raters, annotation_ids: ids });
const difference = (id: string, what: string, choices: Difference["choices"], more: Partial<Difference> = {}): Difference => ({ id, kind: "label", unit: "problem", title: id, what, entropy_bits: 1, agreed: false, choices, settled: null, ...more });
const differences = [
  difference("presence", "missing", [choice("problem", 0.6, ["A", "B"], ["a2", "b2"]), choice("absent", 0.4, ["C"], [])]),
  difference("extent", "extent", [choice("problem", 0.9, ["A", "B", "C"], ["a1", "b1", "c1"])]),
  difference("answer", "answer", [choice("never", 0.7, ["A"], ["a3"]), choice("current", 0.3, ["B"], ["b3"])], { kind: "question", unit: "smoking" }),
  difference("agreed", "label", [choice("test", 0.99, ["A", "B", "C"], ["a4", "b4", "c4"])], { agreed: true, unit: "test" }),
];
const opinions: ItemOpinions = { item_id: item, names_hidden: true, may_adjudicate: true, why_not: "", opinions: all, differences, opinions_revision: "r1", draft: null, adjudication: null, result: null };
const said = saidById(all);
const start = (more: Partial<ItemOpinions> = {}, wanted: Protocol = protocol): ReviewState => startState(item, wanted, { ...opinions, ...more });
const one = (id: string): Difference => differences.find((candidate) => candidate.id === id) as Difference;
const run = (state: ReviewState, ...steps: readonly ((state: ReviewState) => ReviewState)[]): ReviewState => steps.reduce((now, step) => step(now), state);
const take = (n: number) => (state: ReviewState): ReviewState => takeVersion(state, said, n);

describe("versions", () => {
  it("are one for each choice where places are not in question", () => {
    expect(versionsOf(one("presence"), said).map((version) => [version.choice.class, version.raters])).toEqual([["problem", ["A", "B"]], ["absent", ["C"]]]);
  });

  it("part a choice by place where places are, the place of most raters first", () => {
    expect(versionsOf(one("extent"), said).map((version) => version.raters)).toEqual([["B", "C"], ["A"]]);
    expect(consensusOf(one("extent"), said)?.annotation?.id).toBe("b1");
  });

  it("part by attributes where those are in question, whatever their order", () => {
    const with3 = saidById([...all, opinion("D", [annotation("d2", spans(20, 25), { attributes: { assertion: "possible" } })])]);
    const wanted = difference("x", "attribute", [choice("problem", 1, ["A", "B", "D"], ["a2", "b2", "d2"])]);
    expect(versionsOf(wanted, with3).map((version) => version.raters)).toEqual([["B", "D"], ["A"]]);
  });

  it("keep every mask apart, for two masks are never the same by their target", () => {
    const mask = (id: string) => annotation(id, { type: "mask", grid_id: "g", segment: 1 }, { label: "nodule" });
    const known = saidById([opinion("A", [mask("m1")]), opinion("B", [mask("m2")])]);
    expect(versionsOf(difference("m", "extent", [choice("nodule", 1, ["A", "B"], ["m1", "m2"])], { kind: "mask" }), known)).toHaveLength(2);
  });

  it("are found again from a decision", () => {
    const versions = versionsOf(one("extent"), said);
    versions.forEach((version, n) => {
      expect(chosenVersion(versions, decisionOn(one("extent"), version))).toBe(n);
    });
    expect(chosenVersion(versions, { difference_id: "extent", take: "unsure" })).toBe(-1);
    expect(chosenVersion(versions, undefined)).toBe(-1);
  });
});

describe("deciding", () => {
  it("begins at the worst open difference; what all agree on is not open", () => {
    const state = start();
    expect(state.focused).toBe("presence");
    expect(openCount(state)).toBe(3);
    expect(isOpen(state, one("agreed"))).toBe(false);
    expect(disputed(state)).toHaveLength(3);
    expect(numberOf(state, "extent")).toBe(2);
  });

  it("goes on to the next open difference, and from the last to the first that is left", () => {
    const state = run(start(), (now) => focusOn(now, "answer"), take(0));
    expect(state.decisions.get("answer")).toEqual({ difference_id: "answer", take: "choice", class: "never", rater: "A" });
    expect(state.focused).toBe("presence");
  });

  it("says whose annotation is taken, and nobody's for nothing", () => {
    expect(take(1)(start()).decisions.get("presence")).toEqual({ difference_id: "presence", take: "choice", class: "absent", rater: null });
    expect(run(start(), (now) => focusOn(now, "extent"), take(1)).decisions.get("extent")?.rater).toBe("A");
  });

  it("knows no version beyond the last", () => {
    const state = start();
    expect(take(5)(state)).toBe(state);
  });

  it("stays at the last when all is decided, and may then be submitted", () => {
    const state = run(start(), take(0), take(0), takeUnsure);
    expect(openCount(state)).toBe(0);
    expect(state.focused).toBe("answer");
    expect(maySubmit(state)).toBe(true);
    expect(nextOpen(state)).toBe(state);
    expect(maySubmit(take(0)(start()))).toBe(false);
    expect(maySubmit(run(start({ may_adjudicate: false }), take(0), take(0), take(0)))).toBe(false);
  });

  it("undoes in reverse, back to what stood before", () => {
    const first = take(0)(start());
    const changed = run(first, (now) => focusOn(now, "presence"), take(1));
    const back = undone(changed);
    expect(back.decisions.get("presence")?.class).toBe("problem");
    expect(back.focused).toBe("presence");
    expect(undone(back).decisions.size).toBe(0);
    const fresh = start();
    expect(undone(fresh)).toBe(fresh);
  });
});

describe("going about", () => {
  it("steps through the disputed ones and stops at the ends", () => {
    const state = start();
    expect(stepped(state, -1).focused).toBe("presence");
    expect(run(state, (now) => stepped(now, 1), (now) => stepped(now, 1), (now) => stepped(now, 1)).focused).toBe("answer");
  });

  it("goes over the agreed ones too when they are listed; going to one lists them", () => {
    expect(inOrder({ ...start(), listAgreed: true })).toHaveLength(4);
    const state = focusOn(start(), "agreed");
    expect(state.listAgreed).toBe(true);
    expect(focusedOne(state)?.id).toBe("agreed");
  });
});

describe("editing", () => {
  it("begins with the consensus as a new annotation, and is kept as decided otherwise", () => {
    const state = startEdit(focusOn(start(), "extent"), said);
    expect(state.edit?.place).toBe("B");
    expect(state.edit?.body.id).not.toBe("b1");
    expect(state.edit?.body.target).toEqual(spans(3, 9));
    const kept = keepEdit(withEditLabel(state, "test"));
    expect(kept.edit).toBeNull();
    expect(kept.decisions.get("extent")).toMatchObject({ take: "edited", rater: "B", annotation: { label: "test" } });
  });

  it("drops attributes that the other label does not have", () => {
    const state = startEdit(start(), said);
    expect(state.edit?.body.attributes).toEqual({ assertion: "present" });
    expect(withEditLabel(state, "test").edit?.body.attributes).toEqual({});
    expect(withEditLabel(state, "problem").edit?.body.attributes).toEqual({ assertion: "present" });
  });

  it("takes another rater's place", () => {
    const source = said.get("a1");
    const state = startEdit(focusOn(start(), "extent"), said);
    const moved = source === undefined ? state : withEditPlace(state, source);
    expect(moved.edit?.place).toBe("A");
    expect(moved.edit?.body.target).toEqual(spans(0, 9));
  });

  it("offers only labels that can stand in such a place", () => {
    expect(editLabels(protocol, one("extent")).map((label) => label.id)).toEqual(["problem", "test"]);
  });

  it("keeps no answer that says nothing", () => {
    const state = startEdit(focusOn(start(), "answer"), said);
    const empty = withEditAnswer(state, null);
    expect(keepEdit(empty)).toBe(empty);
    expect(keepEdit(withEditAnswer(state, "current")).decisions.get("answer")?.annotation?.value).toBe("current");
  });

  it("goes on from what was edited before", () => {
    const kept = run(focusOn(start(), "answer"), (now) => startEdit(now, said), (now) => withEditAnswer(now, "current"), keepEdit, (now) => focusOn(now, "answer"));
    expect(startEdit(kept, said).edit?.body.value).toBe("current");
  });
});

describe("submitting", () => {
  it("needs a reason when a decision goes against the consensus, or the protocol wants one always", () => {
    const agreeing = run(start(), take(0), take(0), take(0));
    expect(reasonAsked(agreeing)).toBeNull();
    const differing = run(start(), take(1), take(0), take(0));
    expect(against(differing).map((found) => found.id)).toEqual(["presence"]);
    expect(reasonAsked(differing)).toBe("against");
    const always = { ...protocol, reader_plan: { readers: 2, adjudication: { when: "always" as const } } };
    expect(reasonAsked(start({}, always))).toBe("protocol");
  });

  it("does not count another place of the same class, or doubt, as against it", () => {
    expect(against(run(start(), (now) => focusOn(now, "extent"), take(1)))).toHaveLength(0);
    expect(against(takeUnsure(start()))).toHaveLength(0);
  });

  it("sends each decision once, in the order of the differences, with the reason trimmed", () => {
    const state = run({ ...start(), gold: true }, (now) => focusOn(now, "answer"), take(0), take(0), take(1));
    expect(requestOf(state, "  seen again ")).toEqual({
      decisions: ["presence", "extent", "answer"].map((id) => state.decisions.get(id)), reason: "seen again", gold: true,
    });
  });
});

describe("units as the server names them", () => {
  it("join labels by + and name their kind of place after an @", () => {
    expect(editLabels(protocol, difference("u", "label", [], { unit: "problem+test@span" })).map((label) => label.id)).toEqual(["problem", "test"]);
    expect(editLabels(protocol, difference("u", "extent", [], { unit: "nodule@mask", kind: "mask" })).map((label) => label.id)).toEqual(["nodule"]);
  });

  it("name one of several choices after its question, whose answer is edited as a whole", () => {
    const many = difference("m", "answer", [choice("present", 0.6, ["A"], ["a3"])], { kind: "question", unit: "smoking/current" });
    expect(questionOf(protocol, many)?.id).toBe("smoking");
    expect(mayEdit(many)).toBe(true);
    expect(mayEdit(one("answer"))).toBe(true);
    expect(mayEdit(difference("n", "missing", [choice("absent", 1, ["A"], [])]))).toBe(false);
  });
});

describe("an item that is settled", () => {
  it("is submitted again only when something is decided anew", () => {
    const settled = differences.map((found) => (found.agreed ? found : { ...found, settled: { difference_id: found.id, take: "unsure" as const } }));
    const state = start({ differences: settled, adjudication: { by: "M", at: "2024-01-02T00:00:00Z", reason: "", gold: false } });
    expect(openCount(state)).toBe(0);
    expect(maySubmit(state)).toBe(false);
    expect(maySubmit(take(0)(state))).toBe(true);
    expect(maySubmit({ ...state, gold: true })).toBe(true);
    expect(reasonAsked(state)).toBe("anew");
  });
});

describe("what is kept against a reload", () => {
  const state = run(start(), take(1), take(0));

  it("comes back as it was", () => {
    const back = recalled(start(), remembered(state));
    expect(back.decisions).toEqual(state.decisions);
    expect(back.focused).toBe(state.focused);
  });

  it("leaves out differences that are no more, and anything that cannot be read", () => {
    const fewer = start({ differences: differences.slice(1) });
    expect([...recalled(fewer, remembered(state)).decisions.keys()]).toEqual(["extent"]);
    const fresh = start();
    expect(recalled(fresh, "{")).toBe(fresh);
    expect(recalled(fresh, null)).toBe(fresh);
  });

  it("begins from what the server has settled", () => {
    const settled: Decision = { difference_id: "presence", take: "choice", class: "absent", rater: null };
    const again = start({ differences: differences.map((found) => (found.id === "presence" ? { ...found, settled } : found)) });
    expect(again.decisions.get("presence")).toEqual(settled);
    expect(again.focused).toBe("extent");
  });
});

describe("decided", () => {
  it("records the difference's number for the undo button", () => {
    expect(decided(start(), { difference_id: "extent", take: "unsure" }).history.past.at(-1)?.label).toBe("2");
  });
});

describe("a draft in the workspace", () => {
  const draft = { mine: true, by: "Dr C", task: null, seed: "opinion", opinion: "B", begun_at: "2024-01-01T00:00:00Z", idle_from: "2024-01-01T00:30:00Z", opinions_changed: false } as const;

  it("closes deciding by keys, and only its own person goes on with it", () => {
    expect([mayDecide(start()), mayDraw(start())]).toEqual([true, true]);
    expect([mayDecide(start({ draft })), mayDraw(start({ draft }))]).toEqual([false, true]);
    expect(mayDraw(start({ draft: { ...draft, mine: false } }))).toBe(false);
    expect(mayDraw(start({ may_adjudicate: false }))).toBe(false);
  });

  it("begins from what was taken, and from the consensus where nothing was", () => {
    const state = takeVersion(focusOn(start(), "answer"), said, 1);
    expect(draftDecisions(state, said)).toEqual([
      { difference_id: "presence", take: "choice", class: "problem", rater: "A" },
      { difference_id: "extent", take: "choice", class: "problem", rater: "B" },
      state.decisions.get("answer"),
    ]);
  });

  it("is told as edited once it stands, and goes against the raters", () => {
    const drawn: Decision = { difference_id: "extent", take: "drawn", annotation: null };
    expect(decisionText(one("extent"), said, drawn)).toBe("edited in the workspace");
    expect(isAgainst(one("extent"), drawn)).toBe(true);
  });
});
