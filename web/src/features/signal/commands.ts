// What a rater can do in the signal workspace, each declared once.
import { IconActivityHeartbeat, IconArrowBackUp, IconArrowForwardUp, IconArrowsHorizontal, IconArrowsMove, IconBook2, IconChartDots, IconChartHistogram, IconHelpCircle, IconLayoutGrid, IconLayoutRows, IconPalette, IconPlayerSkipForward, IconRuler2, IconRulerMeasure, IconSend, IconStack2, IconTrash, IconWaveSine } from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import { panned, speedOf, withSpeed, withView, zoomed } from "@/core/paper_view";
import { isFiltering, noFilter } from "@/core/signal_filters";
import { layoutsOf } from "@/core/signal_traces";
import { fitEpoch } from "./epochs_model";
import type { SideView, SignalState, Tool, Which } from "./model";
import { beatLabels, gains, intervalLabels, keyOf, speeds, withLayout } from "./model";
import { strings } from "./strings";
import { viewStrings } from "./view_strings";

/** What needs the labels beside the state. */
export type SignalEffect =
  | { readonly kind: "submit" | "skip" | "question" | "undo" | "redo" | "remove" | "caliperHere" | "waves" | "toggleOpen" }
  | { readonly kind: "relabel"; readonly label: string }
  | { readonly kind: "goBeat"; readonly by: 1 | -1; readonly which: Which }
  | { readonly kind: "goInterval"; readonly by: 1 | -1; readonly alike: boolean }
  | { readonly kind: "goEnd"; readonly by: 1 | -1 }
  | { readonly kind: "move"; readonly bySamples: number }
  | { readonly kind: "stage"; readonly stage: number }
  | { readonly kind: "goEpoch"; readonly by: 1 | -1; readonly to: "next" | "unscored" | "change" };
export type SignalCommand = Command<SignalState, SignalEffect>;
type Keys = string | readonly string[];

const writable = (state: SignalState): boolean => !state.readOnly;
const always = (): boolean => true;
const movable = (state: SignalState): boolean => (state.tool === "caliper" && state.caliper !== null) || (writable(state) && state.selected !== null);
const { groups } = strings;

const effect = (id: string, label: string, shortcut: Keys, group: string, kind: SignalEffect, icon?: SignalCommand["icon"], enabled: SignalCommand["enabled"] = writable): SignalCommand => ({
  id: `signal.${id}`, label, shortcut, group, ...(icon === undefined ? {} : { icon }), apply: (state) => ({ state, effects: [kind] }), enabled,
});
const go = (id: string, label: string, shortcut: Keys, group: string, kind: SignalEffect): SignalCommand => effect(id, label, shortcut, group, kind, undefined, always);
const view = (id: string, label: string, shortcut: Keys, apply: (state: SignalState) => SignalState, hidden = true): SignalCommand => ({
  id: `signal.${id}`, label, shortcut, group: groups.view, hidden, apply,
});

const tool = (id: Tool, shortcut: string, group: string, icon: SignalCommand["icon"]): SignalCommand => ({
  id: `signal.tool.${id}`, label: strings.tools[id], shortcut, group, ...(icon === undefined ? {} : { icon }),
  apply: (state) => ({ ...state, tool: state.tool === id ? "pan" : id, caliper: id === "caliper" && state.tool !== id ? state.caliper : null }),
  enabled: (state) => writable(state) || id === "pan" || id === "caliper",
});

export const toolCommands: readonly SignalCommand[] = [
  tool("pan", "H", groups.view, IconArrowsMove),
  tool("caliper", "C", groups.measure, IconRulerMeasure),
  tool("beat", "B", groups.mark, IconActivityHeartbeat),
  tool("interval", "I", groups.mark, IconArrowsHorizontal),
  tool("waves", "W", groups.mark, IconWaveSine),
];
const side = (id: Exclude<SideView, "paper">, shortcut: string, icon: SignalCommand["icon"]): SignalCommand => ({
  id: `signal.side.${id}`, label: viewStrings.views[id], shortcut, group: groups.view, ...(icon === undefined ? {} : { icon }),
  apply: (state) => ({ ...state, side: state.side === id ? "paper" : id, chosen: [] }),
});
export const sideCommands: readonly SignalCommand[] = [
  side("disclosure", "D", IconLayoutRows), side("clusters", "K", IconStack2), side("rhythm", "T", IconChartDots), side("spectrum", "X", IconChartHistogram),
];
export const undoCommand = effect("undo", strings.undoName, ["Z", "Ctrl+Z"], groups.item, { kind: "undo" }, IconArrowBackUp, (state) => writable(state) && state.history.past.length > 0);

/** The next of a list of steps from where one stands. */
function stepped(list: readonly number[], from: number, by: 1 | -1): number {
  const found = by > 0 ? list.find((value) => value > from * 1.001) : list.findLast((value) => value < from * 0.999);
  return found ?? from;
}

/** The filter switched off comes back as it was, or as the protocol or a monitor has it. */
let lastFilter = noFilter;
function filterSwitched(state: SignalState): SignalState {
  if (isFiltering(state.filter)) {
    lastFilter = state.filter;
    return { ...state, filter: noFilter };
  }
  return { ...state, filter: isFiltering(lastFilter) ? lastFilter : { highPassHz: 0.5, lowPassHz: 40, notchHz: null } };
}

function nextLayout(state: SignalState): SignalState {
  const found = layoutsOf(state.recording);
  const at = found.indexOf(state.arrangement.layout);
  return withLayout(state, found[(at + 1) % found.length] ?? "stacked");
}

const viewCommands: readonly SignalCommand[] = [
  view("zoomIn", strings.zoomIn, ["+", "ArrowUp"], (state) => zoomed(state, 0.8, state.widthPixels / 2)),
  view("zoomOut", strings.zoomOut, ["-", "ArrowDown"], (state) => zoomed(state, 1.25, state.widthPixels / 2)),
  view("begin", strings.begin, "Home", (state) => withView(state, 0, state.ticksPerPixel)),
  view("end", strings.end, "End", (state) => withView(state, state.recording.length_ticks, state.ticksPerPixel)),
  view("speedUp", strings.speedUp, "Ctrl+ArrowRight", (state) => withSpeed(state, stepped(speeds, speedOf(state), 1))),
  view("speedDown", strings.speedDown, "Ctrl+ArrowLeft", (state) => withSpeed(state, stepped(speeds, speedOf(state), -1))),
  view("gainUp", strings.gainUp, "Ctrl+ArrowUp", (state) => ({ ...state, gain: stepped(gains, state.gain, 1) })),
  view("gainDown", strings.gainDown, "Ctrl+ArrowDown", (state) => ({ ...state, gain: stepped(gains, state.gain, -1) })),
  { ...view("layout", strings.nextLayout, "Shift+V", nextLayout, false), icon: IconLayoutGrid, enabled: (state) => layoutsOf(state.recording).length > 1 },
  view("filter", strings.filterSwitch, "Shift+F", filterSwitched, false),
  { ...view("scale", strings.calibrate, "Shift+C", (state) => ({ ...state, dialog: "scale" }), false), icon: IconRuler2 },
  { id: "signal.nothing", label: strings.nothing, shortcut: "Escape", group: groups.view, hidden: true, apply: (state) => ({ ...state, selected: null, chosen: [], caliper: null, tool: "pan" }) },
  { id: "signal.guideline", label: strings.guidelineName, shortcut: "G", group: groups.view, icon: IconBook2, apply: (state) => ({ ...state, guideline: !state.guideline }) },
];

const measureCommands: readonly SignalCommand[] = [
  effect("caliperHere", strings.caliperHere, "Shift+R", groups.measure, { kind: "caliperHere" }, IconRulerMeasure, always),
  { id: "signal.caliperMarch", label: strings.caliperMarch, shortcut: "Shift+M", group: groups.measure, enabled: (state) => state.caliper !== null, apply: (state) => (state.caliper === null ? state : { ...state, caliper: { ...state.caliper, marching: !state.caliper.marching } }) },
  { id: "signal.caliperSnap", label: strings.caliperSnap, shortcut: "Shift+X", group: groups.measure, apply: (state) => ({ ...state, snap: !state.snap }) },
];

const markCommands: readonly SignalCommand[] = [
  effect("remove", strings.remove, ["Backspace", "Delete"], groups.mark, { kind: "remove" }, IconTrash, (state) => writable(state) && state.selected !== null),
  go("previousEnd", strings.previousEnd, "[", groups.mark, { kind: "goEnd", by: -1 }),
  go("nextEnd", strings.nextEnd, "]", groups.mark, { kind: "goEnd", by: 1 }),
  effect("earlier", strings.earlier, "Alt+ArrowLeft", groups.mark, { kind: "move", bySamples: -1 }, undefined, movable),
  effect("later", strings.later, "Alt+ArrowRight", groups.mark, { kind: "move", bySamples: 1 }, undefined, movable),
  effect("earlierFar", strings.earlierFar, "Alt+Shift+ArrowLeft", groups.mark, { kind: "move", bySamples: -10 }, undefined, movable),
  effect("laterFar", strings.laterFar, "Alt+Shift+ArrowRight", groups.mark, { kind: "move", bySamples: 10 }, undefined, movable),
];

const beatCommands: readonly SignalCommand[] = [
  go("nextBeat", strings.nextBeat, "L", groups.beats, { kind: "goBeat", by: 1, which: "any" }),
  go("previousBeat", strings.previousBeat, "J", groups.beats, { kind: "goBeat", by: -1, which: "any" }),
  go("nextAlike", strings.nextAlike, "Shift+L", groups.beats, { kind: "goBeat", by: 1, which: "alike" }),
  go("previousAlike", strings.previousAlike, "Shift+J", groups.beats, { kind: "goBeat", by: -1, which: "alike" }),
  go("nextDoubtful", strings.nextDoubtful, "U", groups.beats, { kind: "goBeat", by: 1, which: "doubtful" }),
  go("previousDoubtful", strings.previousDoubtful, "Shift+U", groups.beats, { kind: "goBeat", by: -1, which: "doubtful" }),
  { id: "signal.palette", label: strings.palette, shortcut: "Shift+B", group: groups.beats, icon: IconPalette, enabled: writable, apply: (state) => ({ ...state, dialog: "palette" }) },
  { id: "signal.autoAdvance", label: strings.autoAdvanceName, shortcut: "Shift+A", group: groups.beats, enabled: writable, apply: (state) => ({ ...state, autoAdvance: !state.autoAdvance }) },
];

const intervalCommands: readonly SignalCommand[] = [
  go("nextInterval", strings.nextInterval, "Shift+N", groups.intervals, { kind: "goInterval", by: 1, alike: false }),
  go("previousInterval", strings.previousInterval, "Shift+P", groups.intervals, { kind: "goInterval", by: -1, alike: false }),
  go("nextIntervalAlike", strings.nextIntervalAlike, "Ctrl+]", groups.intervals, { kind: "goInterval", by: 1, alike: true }),
  go("previousIntervalAlike", strings.previousIntervalAlike, "Ctrl+[", groups.intervals, { kind: "goInterval", by: -1, alike: true }),
  effect("toggleOpen", strings.toggleOpen, "Shift+O", groups.intervals, { kind: "toggleOpen" }, undefined, (state) => writable(state) && state.selected !== null),
  { id: "signal.onTraceOnly", label: strings.onTraceOnlyName, shortcut: "Shift+I", group: groups.intervals, enabled: writable, apply: (state) => ({ ...state, onTraceOnly: !state.onTraceOnly }) },
];

const itemCommands: readonly SignalCommand[] = [
  undoCommand,
  effect("redo", strings.redoName, ["Shift+Z", "Ctrl+Y"], groups.item, { kind: "redo" }, IconArrowForwardUp, (state) => writable(state) && state.history.future.length > 0),
  effect("submit", strings.submitName, "Enter", groups.item, { kind: "submit" }, IconSend),
  effect("skip", strings.skipName, "Shift+S", groups.item, { kind: "skip" }, IconPlayerSkipForward),
  effect("question", strings.questionName, "Shift+Q", groups.item, { kind: "question" }, IconHelpCircle, always),
];

/** Digits and arrows score a night; without epochs they choose intervals and turn the page. */
function epochCommands(state: SignalState): readonly SignalCommand[] {
  if (state.epochs === null) return [];
  return [
    ...state.epochs.plan.stages.slice(0, 9).map((stage, n) => effect(`stage.${stage.id}`, strings.stage(stage.title), String(n + 1), groups.epochs, { kind: "stage", stage: n })),
    effect("stage.none", strings.stageNone, "0", groups.epochs, { kind: "stage", stage: -1 }),
    go("nextEpoch", strings.nextEpoch, ["ArrowRight", "PageDown"], groups.epochs, { kind: "goEpoch", by: 1, to: "next" }),
    go("previousEpoch", strings.previousEpoch, ["ArrowLeft", "PageUp"], groups.epochs, { kind: "goEpoch", by: -1, to: "next" }),
    go("nextUnscored", strings.nextUnscoredEpoch, "U", groups.epochs, { kind: "goEpoch", by: 1, to: "unscored" }),
    go("previousUnscored", strings.previousUnscoredEpoch, "Shift+U", groups.epochs, { kind: "goEpoch", by: -1, to: "unscored" }),
    go("nextChange", strings.nextStageChange, ".", groups.epochs, { kind: "goEpoch", by: 1, to: "change" }),
    go("previousChange", strings.previousStageChange, ",", groups.epochs, { kind: "goEpoch", by: -1, to: "change" }),
    { ...view("fitEpoch", strings.fitEpoch, "F", fitEpoch, false), group: groups.epochs },
  ];
}

function pageCommands(state: SignalState): readonly SignalCommand[] {
  const whole = view("whole", strings.whole, state.epochs === null ? "0" : "Shift+0", (now) => withView(now, 0, now.recording.length_ticks / now.widthPixels));
  if (state.epochs !== null) return [whole];
  return [
    view("forward", strings.forward, ["ArrowRight", "PageDown"], (now) => panned(now, 0.25)),
    view("back", strings.back, ["ArrowLeft", "PageUp"], (now) => panned(now, -0.25)),
    whole,
  ];
}

/** All commands for a protocol; a beat's letter comes before a command on the same key, interval labels are on the digits. */
export function signalCommands(state: SignalState, hasWaves: boolean): readonly SignalCommand[] {
  const beats = beatLabels(state.protocol);
  const intervals = intervalLabels(state.protocol);
  const letters = beats.map((label): SignalCommand => effect(`beat.${label.id}`, strings.labelBeat(label.title), keyOf(label) ?? [], groups.beats, { kind: "relabel", label: label.id }));
  const digits = state.epochs !== null ? [] : intervals.slice(0, 9).map((label, n): SignalCommand => ({
    id: `signal.interval.${label.id}`, label: label.title, shortcut: String(n + 1), group: groups.intervals,
    apply: (current) => ({ ...current, intervalLabel: label.id, tool: "interval" }), enabled: writable,
  }));
  const tools = toolCommands.filter(({ id }) => (id === "signal.tool.beat" ? beats.length > 0 : id === "signal.tool.interval" ? intervals.length > 0 : id === "signal.tool.waves" ? hasWaves : true));
  return [
    ...letters, ...digits, ...epochCommands(state), ...tools, ...sideCommands, ...measureCommands, ...markCommands,
    ...(hasWaves ? [effect("waves", strings.wavesHere, "Shift+D", groups.mark, { kind: "waves" }, IconWaveSine)] : []),
    ...(beats.length > 0 ? beatCommands : []), ...(intervals.length > 0 ? intervalCommands : []), ...pageCommands(state), ...viewCommands, ...itemCommands,
  ];
}
