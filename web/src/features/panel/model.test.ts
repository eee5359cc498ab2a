import { expect, it } from "vitest";
import { csvText } from "@/core/csv";
import type { ItemId } from "@/core/workspace";
import { about, agreementFloor, binOf, brushed, brushOf, byKind, chiefUnit, confused, cut, effortWords, forecast, goldByItem, hardGold, inSentence, isListed, itemsOf, landisKoch, linear, openBins, readChoice, readState, sentence, shortNames, standing, ticks, tiling, withSubject, wrap, writeChoice, writeState, type Choice, type PanelState } from "./model";
import { agreementTable, confusionTable, effortTable, goldTable, ratersTable, uncertaintyTable } from "./tables";
import type { Estimate, Panel, PanelItem, PanelRater, PanelUnit } from "./types";

const known = (value: number, low: number, high: number): Estimate => ({ value, low, high, undefined: null });
const unknown = (why: string): Estimate => ({ value: null, low: null, high: null, undefined: why });
const unit = (id: string, title: string, estimate: Estimate, target: number | null = 0.7): PanelUnit => ({
  id, title, kind: "question", classes: [{ id: "yes", title: "Yes" }, { id: "no", title: "No" }], items: 4, units: 4, votes: 8,
  agreement: { metric: "krippendorff_alpha", level: "nominal", interval: "2,000 bootstrap draws of 3 patients", estimate, target },
  by_class: [], consensus: { method: "dawid_skene", log_likelihood: -3, iterations: 4, converged: true, modes: 1, prevalence: [0.5, 0.5] },
});
const rater = (id: string, name: string, kind: string, items: number, counts: number[][], flagged = false): PanelRater => ({
  rater_id: id, name, kind, items, votes: items, reliability: known(0.9, 0.8, 0.95), gold: { right: 1, of: 2, estimate: known(0.5, 0.1, 0.9) }, median_s: kind === "human" ? 120 : null,
  drift: { values: [0.9, 0.8], since: null, flagged, words: flagged ? "Agrees less" : "" }, confusion: [{ unit: "nodule", counts, rates: counts, low: counts, high: counts }],
});
const item = (n: number, bits: number, settled: boolean, of = "nodule"): PanelItem => ({ item_id: `item-${String(n)}` as ItemId, number: n, pseudonym: `P-${String(n)}`, title: "CT", unit: of, top: { class: "yes", probability: 0.7 }, entropy_bits: bits, votes: 2, votes_needed: settled ? 0 : 1, settled });
const panel: Panel = {
  counted_at: "2026-01-01T00:00:00Z", protocol: { id: "p", version: "1.0.0" }, items: { total: 5, with_votes: 4, complete: 3, unsettled: 2 }, settled_at: 0.95, cluster: "patient",
  units: [unit("empty", "Effusion", unknown("Every vote says No.")), unit("nodule", "Nodule", known(0.741, 0.66, 0.812)), unit("LVEF", "LVEF", known(0.4, 0.2, 0.6), null)],
  raters: [rater("m", "Net", "model", 9, [[5, 5], [0, 9]]), rater("a", "Reed", "human", 4, [[9, 1], [1, 9]], true), rater("b", "Feld", "human", 8, [[9, 0], [0, 9]])],
  uncertainty: { edges_bits: [0, 0.25, 0.5, 0.75, 1], counts: [1, 1, 1, 1] },
  uncertain_items: [item(1, 1, false), item(2, 0.6, false, "LVEF"), item(3, 0.25, true), item(4, 0.1, true)],
  gold: [{ item_id: "item-1" as ItemId, number: 1, unit: "nodule", truth: "yes", answers: [{ rater_id: "a", said: "no", right: false }, { rater_id: "b", said: "no", right: false }, { rater_id: "m", said: "yes", right: true }] }],
  effort: { settled_share: 0.5, votes_more: 3, hours: known(14.2, 9, 21), curve: [{ hours: 0, share: 0 }, { hours: 38, share: 0.5 }] },
};
const state = (change: Partial<PanelState> = {}): PanelState => ({ panel, subject: "nodule", raters: null, choice: { kind: "unsettled" }, listed: false, ...change });
const say = (of: Panel, subject: string): string => sentence(of, subject).map((part) => part.text).join("").replaceAll("\u00a0", " ");
const numbers = (choice: Choice): readonly (number | null)[] => itemsOf(state({ choice })).map((one) => one.number);

it("says where the project stands", () => {
  expect(say(panel, "nodule")).toBe("Agreement on nodule is substantial: alpha 0.74 [0.66, 0.81], clustered by patient; one rater drifts; 2 items need another reader.");
  expect(sentence(panel, "nodule").filter((part) => part.to !== undefined).map((part) => part.to)).toEqual(["agreement", "agreement", "agreement", "drift", "unsettled"]);
  expect(say({ ...panel, raters: panel.raters.map((one) => ({ ...one, drift: { ...one.drift, flagged: false } })), items: { ...panel.items, unsettled: 0 } }, "LVEF")).toBe("Agreement on LVEF is fair: alpha 0.40 [0.20, 0.60], clustered by patient; no rater drifts; every item with votes is settled.");
  expect(say({ ...panel, items: { ...panel.items, unsettled: 1 } }, "nodule")).toContain("1 item needs another reader.");
});

it("says nothing of drift while one rater is alone", () => {
  expect(say({ ...panel, raters: panel.raters.slice(0, 1) }, "nodule")).not.toContain("drift");
});

it("says why agreement is not defined, and gives masks no word of Landis and Koch", () => {
  expect(say(panel, "empty")).toContain("Agreement on effusion is not defined yet: every vote says No;");
  const masks: Panel = { ...panel, units: [{ ...unit("m", "Lung mask", known(0.84, 0.8, 0.9)), kind: "mask", agreement: { metric: "dice", level: "", interval: "", estimate: known(0.84, 0.8, 0.9), target: null } }] };
  expect(say(masks, "m")).toContain("Overlap on lung mask is Dice 0.84 [0.80, 0.90]");
});

it("uses the words of Landis and Koch at their edges", () => {
  expect([-0.1, 0, 0.2, 0.21, 0.4, 0.405, 0.41, 0.6, 0.604, 0.61, 0.8, 0.81, 1].map(landisKoch)).toEqual(["poor", "slight", "slight", "fair", "fair", "moderate", "moderate", "moderate", "moderate", "substantial", "substantial", "almost perfect", "almost perfect"]);
  expect(inSentence("Ground glass")).toBe("ground glass");
  expect(inSentence("T1 lesion")).toBe("T1 lesion");
});

it("calls a target missed only when the whole interval is below it", () => {
  expect(standing(known(0.6, 0.5, 0.69), 0.7)).toBe("below");
  expect(standing(known(0.6, 0.5, 0.71), 0.7)).toBe("open");
  expect(standing(known(0.8, 0.7, 0.9), 0.7)).toBe("met");
  expect(standing(unknown("no votes"), 0.7)).toBe("none");
  expect(standing(known(0.8, 0.7, 0.9), null)).toBe("none");
});

it("is about the first label that has a figure, and keeps its state in the address", () => {
  expect(chiefUnit(panel)).toBe("nodule");
  const choices: Choice[] = [{ kind: "unsettled" }, { kind: "bits", from: 1, to: 3 }, { kind: "unit", unit: "a:b" }, { kind: "gold", rater: "a", item: null }, { kind: "gold", rater: null, item: "item-1" }, { kind: "against", rater: "a" }, { kind: "cell", rater: "a", consensus: 1, said: 0 }];
  for (const choice of choices) {
    expect(readChoice(writeChoice(choice))).toEqual(choice);
    const kept = state({ subject: "LVEF", raters: ["a", "m"], choice, listed: true });
    expect(readState(panel, new URLSearchParams(writeState(kept).toString()))).toEqual(kept);
  }
  expect(readState(panel, new URLSearchParams("unit=gone&raters=gone&items=bits:3:1"))).toEqual(state());
});

it("goes round the labels, and drops what the old label's classes meant", () => {
  expect(about(state(), 1).subject).toBe("LVEF");
  expect(about(state({ subject: "LVEF" }), 1).subject).toBe("empty");
  expect(withSubject(state({ choice: { kind: "cell", rater: "a", consensus: 0, said: 1 } }), "LVEF").choice).toEqual({ kind: "unsettled" });
  expect(withSubject(state({ choice: { kind: "bits", from: 0, to: 1 } }), "LVEF").choice.kind).toBe("bits");
});

it("lists the items behind a choice", () => {
  expect(numbers({ kind: "unsettled" })).toEqual([1, 2]);
  expect(numbers({ kind: "bits", from: 1, to: 3 })).toEqual([2, 3]);
  expect(numbers({ kind: "unit", unit: "LVEF" })).toEqual([2]);
  expect(numbers({ kind: "gold", rater: "a", item: null })).toEqual([1]);
  expect(numbers({ kind: "gold", rater: "m", item: null })).toEqual([]);
  expect(itemsOf(state())[0]?.words).toBe("Nodule: Yes 70\u00a0%, 2 votes, about 1 more");
});

it("lists the items behind a cell of a confusion picture", () => {
  const vote = (n: number, said: string, consensus: string, of = "nodule") => ({ unit: of, item_id: `item-${String(n)}` as ItemId, number: n, said, consensus });
  const raters = panel.raters.map((one) => (one.rater_id === "a" ? { ...one, differs: [vote(3, "yes", "no"), vote(1, "yes", "no"), vote(1, "yes", "no"), vote(9, "no", "yes"), vote(2, "yes", "no", "LVEF")] } : one));
  const of = (choice: Choice) => itemsOf(state({ panel: { ...panel, raters }, choice }));
  expect(of({ kind: "cell", rater: "a", consensus: 1, said: 0 }).map((one) => one.number)).toEqual([1, 3]);
  expect(of({ kind: "against", rater: "a" }).map((one) => [one.number, one.words])).toEqual([[1, "Said Yes, consensus No"], [3, "Said Yes, consensus No"], [9, "Said No, consensus Yes"]]);
  expect(of({ kind: "against", rater: "b" })).toEqual([]);
  expect(isListed(state({ choice: { kind: "against", rater: "b" } }))).toBe(false);
  expect(isListed(state())).toBe(true);
});

it("takes a gold item as right when all its places are", () => {
  const first = panel.gold[0];
  if (first === undefined) throw new Error("no gold");
  const two = { ...panel, gold: [first, { ...first, unit: "LVEF", truth: "no", answers: [{ rater_id: "m", said: "yes", right: false }] }] };
  expect(goldByItem(two).map((one) => [one.number, one.missed.get("m"), one.missed.get("a")])).toEqual([[1, ["LVEF: said Yes, truth No"], ["Nodule: said No, truth Yes"]]]);
  expect(goldByItem(panel)[0]?.missed.get("m")).toEqual([]);
  expect(itemsOf(state({ choice: { kind: "gold", rater: null, item: null } }))[0]?.words).toBe("Missed by Reed, Feld");
});

it("brushes whole bins, never none", () => {
  expect(binOf(panel.uncertainty.edges_bits, 1)).toBe(3);
  expect(binOf(panel.uncertainty.edges_bits, 0.25)).toBe(1);
  expect(openBins(panel)).toEqual({ from: 2, to: 4 });
  expect(brushOf(state())).toEqual({ from: 2, to: 4 });
  expect(brushed(state(), 3, 1).choice).toEqual({ kind: "bits", from: 1, to: 3 });
  expect(brushed(state(), 4, 9).choice).toEqual({ kind: "bits", from: 3, to: 4 });
  expect(brushed(state(), 2, 2).choice).toEqual({ kind: "bits", from: 2, to: 3 });
});

it("makes scales with round steps", () => {
  expect(ticks(0, 52, 4)).toEqual([0, 20, 40]);
  expect(ticks(0, 1.4, 5)).toEqual([0, 0.5, 1]);
  expect(ticks(-0.4, 1, 7)).toEqual([-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks(1, 1, 4)).toEqual([1]);
  expect(linear(0, 10, 100, 0).at(2)).toBe(80);
  expect(linear(3, 3, 0, 100).at(3)).toBe(0);
  expect(agreementFloor([known(0.7, 0.6, 0.8)])).toBeCloseTo(0.2);
  expect(agreementFloor([known(0.1, -0.13, 0.3)])).toBeCloseTo(-0.2);
  expect(agreementFloor([])).toBeCloseTo(0.2);
});

it("puts people before models and rules, and draws those that confuse most", () => {
  expect(byKind(panel.raters).map((one) => one.rater_id)).toEqual(["b", "a", "m"]);
  expect(confused(state(), 2).map((one) => one.rater_id)).toEqual(["a", "m"]);
  expect(confused(state({ raters: ["b"] }), 2).map((one) => one.rater_id)).toEqual(["b"]);
  expect(confused(state({ subject: "LVEF" }), 2)).toEqual([]);
});

it("finds room for confusion pictures and names for their columns", () => {
  expect(tiling(220, 292, 4, 10, 42)).toMatchObject({ columns: 2, rows: 2 });
  expect(tiling(220, 292, 9, 10, 42)).toMatchObject({ columns: 1, rows: 1, cellWidth: 24 });
  expect(tiling(240, 290, 2, 10, 42)).toMatchObject({ columns: 2, rows: 3 });
  expect(tiling(900, 300, 2, 1, 42)).toMatchObject({ columns: 1, rows: 1 });
  expect(shortNames(["Solid", "Part-solid", "None"])).toEqual(["S", "P", "N"]);
  expect(shortNames(["Present", "Possible", "Absent"])).toEqual(["Pr", "Po", "Ab"]);
  expect(shortNames(["Grade 1", "Grade 2"])).toEqual(["1", "2"]);
  expect(cut("Part-solid nodule", 6, (text) => text.length)).toBe("Part-…");
  expect(wrap("not defined: one class", 12, 2, (text) => text.length)).toEqual(["not defined:", "one class"]);
  expect(wrap("not defined: every vote says the same", 12, 2, (text) => text.length)).toEqual(["not defined:", "every vote…"]);
  expect(wrap("Unbreakable", 6, 2, (text) => text.length)).toEqual(["Unbre…"]);
  expect(cut("Nodule", 6, (text) => text.length)).toBe("Nodule");
});

it("forecasts the effort in words", () => {
  expect(forecast(panel)).toEqual({ now: { hours: 38, share: 0.5 }, end: 52.2, low: 47, high: 59 });
  expect(effortWords(panel)).toEqual({ head: "about 14 h more", band: "9 h to 21 h, 95% interval", votes: "3 votes more" });
  const without = { ...panel, effort: { ...panel.effort, hours: unknown("fewer than 20 items are settled") } };
  expect(effortWords(without)).toEqual({ head: "No forecast yet", band: "fewer than 20 items are settled", votes: "3 votes more" });
  expect(effortWords({ ...panel, effort: { ...panel.effort, settled_share: 1, votes_more: 0 } }).head).toBe("All items are settled");
  expect(effortWords({ ...panel, effort: { ...panel.effort, hours: known(0.5, 0.25, 0.75) } }).head).toBe("about 30 min more");
});

it("names the gold that most miss", () => {
  expect(hardGold(panel)).toEqual([1]);
});

it("gives every figure as a table with one width", () => {
  const tables = [agreementTable(panel), ratersTable(panel), confusionTable(panel, "nodule", panel.raters), uncertaintyTable(panel), goldTable(panel), effortTable(panel)];
  for (const table of tables) expect(new Set(table.map((row) => row.length)).size).toBe(1);
  expect(csvText(uncertaintyTable(panel)).split("\r\n")[1]).toBe("0,0.25,1");
  expect(csvText(agreementTable(panel))).toContain("empty,,krippendorff_alpha,nominal,,,,Every vote says No.,0.7,4,4,8");
  expect(csvText(goldTable(panel))).toContain("1,nodule,yes,Reed,no,false");
});

it("lists masks by least overlap, and doubtful items with their next best reader", () => {
  const lowest = [{ item_id: "item-1" as ItemId, number: 1, pseudonym: "P-1", title: "CT", dice: 0.6, pairs: [{ first: "a", second: "b", dice: 0.5 }, { first: "a", second: "m", dice: 0.7 }] }];
  const masked: Panel = {
    ...panel,
    units: [{ ...unit("m", "Lung mask", known(0.84, 0.8, 0.9)), kind: "mask", masks: { dice: known(0.84, 0.8, 0.9), presence: known(1, 1, 1), items: 1, pairs: [], lowest } }],
    uncertain_items: [{ ...item(1, 0.9, false, "m"), next_reader: { rater_id: "b", name: "Feld", gain_bits: 0.4, minutes: 1.5 } }],
  };
  const listed = (choice: Choice): readonly string[] => itemsOf({ ...state({ choice, subject: "m" }), panel: masked }).map((one) => one.words);
  expect(listed({ kind: "unit", unit: "m" })).toEqual(["Dice 0.60 over 2 pairs; least 0.50, Reed and Feld"]);
  expect(listed({ kind: "unsettled" })[0]).toContain("Next best reader: Feld, 1.5 min");
});
