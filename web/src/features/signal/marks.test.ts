import { describe, expect, it } from "vitest";
import type { AnnotationBody, ItemId, Protocol, Recording } from "@/core/workspace";
import type { AnnotationId } from "@/core/ids";
import { isDoubtful } from "./beats";
import { Labels } from "./labels";
import { atEpoch, epochSpan, scored, stagesHere, toUnscored, withEpochLength, withStage } from "./epochs_model";
import { beatBody, endMoved, intervalBody, moved, neighbour, neighbourInterval, perform, relabelled, startState, undoStep } from "./model";
import type { SignalState } from "./model";
import { groupReadings, groupRemoval, removal, withWaves } from "./waves_model";

const item = "i" as ItemId;
const id = (text: string): AnnotationId => text as AnnotationId;
const recording = { id: "r", duration_s: 200, tick_rate: { num: 250, den: 1 }, length_ticks: 50_000, gaps: [], pyramid_levels: [], channels: ["I", "II"].map((name, index) => ({ index, name, unit: "mV", rate_hz: 250, gain: 200, baseline: 0 })) } as unknown as Recording;
const interval = (name: string, title: string, excludes: readonly string[] = []): object => ({ id: name, title, places: ["interval"], excludes });
const ecg = {
  id: "ecg", version: "1.0.0", title: "", questions: [],
  labels: [
    { id: "n", title: "Normal", shortcut: "n", places: ["sample"], exports: { wfdb: { code: 1, mnemonic: "N" } } },
    { id: "a", title: "Atrial", shortcut: "a", places: ["sample"], exports: { wfdb: { code: 8, mnemonic: "A" } } },
    { id: "q", title: "Unsure", shortcut: "q", places: ["sample"], exports: { wfdb: { code: 13, mnemonic: "Q" } } },
    interval("af", "AF"), interval("p_wave", "P wave"), interval("qrs", "QRS"), interval("t_wave", "T wave"),
    { id: "waves", title: "Waves", places: ["chain"], chain: { labels: ["p_wave", "qrs", "t_wave"] } },
  ],
} as unknown as Protocol;
const sleep = {
  id: "sleep", version: "1.0.0", title: "", questions: [], view: { epochs: { length_s: 30, stages: ["w", "r", "n2"] } },
  labels: [interval("w", "W", ["r", "n2"]), interval("r", "R", ["n2"]), interval("n2", "N2"), interval("arousal", "Arousal")],
} as unknown as Protocol;
const start = (protocol: Protocol): SignalState => startState({ protocol, readOnly: false }, recording, { pixelsPerMm: 4, measured: true });
const labelsOf = (protocol: Protocol, bodies: readonly AnnotationBody[] = []): Labels => new Labels(protocol, bodies, recording.length_ticks);
const beats = (ticks: readonly number[], label = "n"): readonly AnnotationBody[] => ticks.map((tick) => ({ ...beatBody(item, { ...start(ecg), label }, tick), id: id(`${label}${String(tick)}`) }));

describe("beats in doubt", () => {
  const codes = [1, 8, 13];
  const even = Array.from({ length: 12 }, (_, n) => 1000 + n * 200);
  const doubts = (bodies: readonly AnnotationBody[]): readonly string[] => {
    const labels = labelsOf(ecg, bodies);
    return Array.from({ length: labels.beats.count }, (_, n) => n).filter((n) => isDoubtful(labels.beats, n, codes)).map((n) => labels.beats.id(n) as string);
  };
  it("are those whose time does not fit their class in an even rhythm, and those of no class", () => {
    expect(doubts(beats(even))).toEqual([]);
    const early = [...even.slice(0, 6), 2130, ...even.slice(7)];
    expect(doubts(beats(early))).toEqual(["n2130"]);
    expect(doubts([...beats(early.filter((tick) => tick !== 2130)), ...beats([2130], "a")])).toEqual([]);
    expect(doubts([...beats(even.filter((tick) => tick !== 2200)), ...beats([2200], "a")])).toEqual(["a2200"]);
    expect(doubts([...beats(even.filter((tick) => tick !== 2200)), ...beats([2200], "q")])).toEqual(["q2200"]);
  });

  it("are none in an uneven rhythm", () => {
    expect(doubts(beats([1000, 1150, 1400, 1520, 1800, 1900, 2200, 2310, 2600, 2700]))).toEqual([]);
  });

  it("are gone to by keys", () => {
    const labels = labelsOf(ecg, [...beats(even.filter((tick) => tick !== 2200)), ...beats([2200], "a")]);
    expect(neighbour({ ...start(ecg), selected: id("n1000") }, labels, 1, "doubtful")).toBe("a2200");
    expect(neighbour({ ...start(ecg), selected: id("a2200") }, labels, 1, "doubtful")).toBeNull();
  });
});

describe("keys", () => {
  it("relabel a beat and go on when one wants that", () => {
    const labels = labelsOf(ecg, beats([1000, 1200]));
    const state = { ...start(ecg), autoAdvance: true, selected: id("n1000") };
    const changed = relabelled(state, labels, "a", "relabelling");
    expect([labels.bodies.get(id("n1000"))?.label, changed.state.selected]).toEqual(["a", "n1200"]);
    // The label it has already: nothing changes, but one goes on.
    expect(relabelled(state, labels, "a", "relabelling").state.selected).toBe("n1200");
  });

  it("move the end that is active, and no end past the other", () => {
    const labels = labelsOf(ecg);
    const body = { ...intervalBody(item, { ...start(ecg), intervalLabel: "af" }, 500, 900, ["II"]), id: id("x") };
    const put = perform(start(ecg), labels, "interval", [{ id: body.id, body }]);
    const state = { ...put.state, selected: body.id, activeEnd: 1 };
    moved(state, labels, 5, "move");
    expect(labels.bodies.get(body.id)?.target).toEqual({ type: "interval", begin_tick: 500, end_tick: 905, channels: ["II"] });
    endMoved(state, labels, 0, 2000, "move");
    expect(labels.bodies.get(body.id)?.target).toMatchObject({ begin_tick: 904, end_tick: 905 });
    undoStep({ ...state, history: put.state.history }, labels);
    expect(neighbourInterval(state, labelsOf(ecg, [body]), 1, false)).toBeNull();
    expect(neighbourInterval({ ...start(ecg) }, labelsOf(ecg, [body]), -1, false)).toBe("x");
  });
});

describe("waves", () => {
  it("come, move and go as one group, and measure", () => {
    const labels = labelsOf(ecg, beats([1010, 1210]));
    const made = withWaves(start(ecg), labels, item, { p: { begin: 1160, end: 1185 }, qrs: { begin: 1198, end: 1222 }, t: { begin: 1250, end: 1300 } }, "waves");
    expect([made.change.length, made.state.history.past.length]).toEqual([4, 1]);
    const group = labels.groupOf(made.state.selected);
    if (group === undefined) throw new Error("no group");
    expect(groupReadings(made.state, labels, group)).toMatchObject({ pr: 152, qrs: 96, qt: 408, rr: 800 });
    endMoved(made.state, labels, 5, 1310, "end");
    expect(labels.groupOf(made.state.selected)?.waves.t).toEqual({ begin: 1250, end: 1310 });
    // The P wave's end may not enter the QRS.
    endMoved(made.state, labels, 1, 1400, "end");
    expect(labels.groupOf(made.state.selected)?.waves.p?.end).toBe(1198);
    // One wave goes: the group is of two. Another goes: no group, no loose chain.
    const one = removal(labels, group.ids.p ?? id(""));
    expect(one.map(({ body }) => body?.target.type ?? null)).toEqual([null, "chain"]);
    labels.apply(one);
    expect(removal(labels, group.ids.t ?? id("")).map(({ body }) => body)).toEqual([null, null]);
    labels.apply(groupRemoval(labels.groupOf(group.ids.qrs ?? null) ?? group));
    expect([...labels.bodies.values()].every((body) => body.target.type === "sample")).toBe(true);
  });
});

describe("epochs", () => {
  it("are scored by one key each, and the next one comes", () => {
    const labels = labelsOf(sleep);
    let changed = scored(start(sleep), labels, item, 0, "stage");
    changed = scored(changed.state, labels, item, 2, "stage");
    expect(changed.state.epochs?.current).toBe(2);
    expect([...stagesHere(changed.state, labels)]).toEqual([0, 2, -1, -1, -1, -1, -1]);
    // Scored again: the same interval has another label.
    const again = withStage(changed.state, labels, item, 1, 1, "stage");
    expect([again.change.length, labels.spans.count]).toEqual([1, 2]);
    expect(withStage(again.state, labels, item, 1, 1, "stage").change).toEqual([]);
    withStage(again.state, labels, item, 1, -1, "stage");
    expect([...stagesHere(again.state, labels)].slice(0, 2)).toEqual([0, -1]);
    expect(toUnscored(atEpoch(again.state, 0), labels, 1).epochs?.current).toBe(1);
  });

  it("cut a stage that lies over several, and undo puts it back", () => {
    const body = { ...intervalBody(item, { ...start(sleep), intervalLabel: "n2" }, 0, 45_000), id: id("long") };
    const labels = labelsOf(sleep, [body]);
    const changed = withStage(start(sleep), labels, item, 2, 1, "stage");
    expect([...stagesHere(changed.state, labels)]).toEqual([2, 2, 1, 2, 2, 2, -1]);
    expect(labels.intervals.map(({ label, target }) => (target.type === "interval" ? [label, target.begin_tick, target.end_tick] : []))).toEqual([["n2", 0, 15_000], ["r", 15_000, 22_500], ["n2", 22_500, 45_000]]);
    undoStep(changed.state, labels);
    expect(labels.intervals).toEqual([body]);
  });

  it("leave other intervals alone, end with the record, and take own lengths", () => {
    const arousal = { ...intervalBody(item, { ...start(sleep), intervalLabel: "arousal" }, 100, 800), id: id("arousal") };
    const labels = labelsOf(sleep, [arousal]);
    const state = start(sleep);
    withStage(state, labels, item, 0, 0, "stage");
    expect(labels.bodies.has(id("arousal"))).toBe(true);
    expect(state.epochs === null ? null : epochSpan(state, state.epochs, 6)).toEqual({ begin: 45_000, end: 50_000 });
    const short = withEpochLength(state, 4);
    expect([short.epochs?.ticks, stagesHere(short, labels).length]).toEqual([1000, 50]);
  });
});
