// What a rater can do in the signal workspace, each declared once.
import { IconActivityHeartbeat, IconArrowBackUp, IconArrowForwardUp, IconArrowsHorizontal, IconBook2, IconHelpCircle, IconPlayerSkipForward, IconRulerMeasure, IconSend, IconTrash, IconArrowsMove, IconChartDots, IconLayoutRows, IconStack2, IconWaveSine } from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import type { SideView, SignalState, Tool } from "./model";
import { panned, withView, zoomed } from "@/core/paper_view";
import { beatLabels, intervalLabels, keyOf } from "./model";
import { strings } from "./strings";
import { viewStrings } from "./view_strings";

/** What needs the labels beside the state. */
export type SignalEffect =
  | { readonly kind: "submit" | "skip" | "question" | "undo" | "redo" | "remove" }
  | { readonly kind: "relabel"; readonly label: string }
  | { readonly kind: "goBeat"; readonly by: 1 | -1; readonly alike: boolean }
  | { readonly kind: "moveBeat"; readonly by: 1 | -1 };
export type SignalCommand = Command<SignalState, SignalEffect>;

const writable = (state: SignalState): boolean => !state.readOnly;
const effect = (id: string, label: string, shortcut: string | readonly string[], group: string, kind: SignalEffect, icon?: SignalCommand["icon"], enabled: SignalCommand["enabled"] = writable): SignalCommand => ({
  id: `signal.${id}`, label, shortcut, group, ...(icon === undefined ? {} : { icon }), apply: (state) => ({ state, effects: [kind] }), enabled,
});
const view = (id: string, label: string, shortcut: string | readonly string[], apply: (state: SignalState) => SignalState): SignalCommand => ({
  id: `signal.${id}`, label, shortcut, group: strings.groups.view, hidden: true, apply,
});

const tool = (id: Tool, shortcut: string, group: string, icon: SignalCommand["icon"]): SignalCommand => ({
  id: `signal.tool.${id}`, label: strings.tools[id], shortcut, group, ...(icon === undefined ? {} : { icon }),
  apply: (state) => ({ ...state, tool: state.tool === id ? "pan" : id, caliper: id === "caliper" && state.tool !== id ? state.caliper : null }),
  enabled: (state) => writable(state) || id === "pan" || id === "caliper",
});

export const toolCommands: readonly SignalCommand[] = [
  tool("pan", "H", strings.groups.view, IconArrowsMove),
  tool("caliper", "C", strings.groups.measure, IconRulerMeasure),
  tool("beat", "B", strings.groups.mark, IconActivityHeartbeat),
  tool("interval", "I", strings.groups.mark, IconArrowsHorizontal),
];
const side = (id: Exclude<SideView, "paper">, shortcut: string, icon: SignalCommand["icon"]): SignalCommand => ({
  id: `signal.side.${id}`, label: viewStrings.views[id], shortcut, group: strings.groups.view, ...(icon === undefined ? {} : { icon }),
  apply: (state) => ({ ...state, side: state.side === id ? "paper" : id, chosen: [] }),
});
export const sideCommands: readonly SignalCommand[] = [
  side("disclosure", "D", IconLayoutRows), side("clusters", "K", IconStack2), side("rhythm", "T", IconChartDots), side("spectrum", "X", IconWaveSine),
];
export const undoCommand = effect("undo", strings.undoName, ["Z", "Ctrl+Z"], strings.groups.item, { kind: "undo" }, IconArrowBackUp, (state) => writable(state) && state.history.past.length > 0);

const fixed: readonly SignalCommand[] = [
  ...toolCommands,
  ...sideCommands,
  undoCommand,
  effect("redo", strings.redoName, ["Shift+Z", "Ctrl+Y"], strings.groups.item, { kind: "redo" }, IconArrowForwardUp, (state) => writable(state) && state.history.future.length > 0),
  effect("submit", strings.submitName, "Enter", strings.groups.item, { kind: "submit" }, IconSend),
  effect("skip", strings.skipName, "Shift+S", strings.groups.item, { kind: "skip" }, IconPlayerSkipForward),
  effect("question", strings.questionName, "Shift+Q", strings.groups.item, { kind: "question" }, IconHelpCircle, () => true),
  effect("nextBeat", strings.nextBeat, "L", strings.groups.beats, { kind: "goBeat", by: 1, alike: false }, undefined, () => true),
  effect("previousBeat", strings.previousBeat, "J", strings.groups.beats, { kind: "goBeat", by: -1, alike: false }, undefined, () => true),
  effect("nextAlike", strings.nextAlike, "Shift+L", strings.groups.beats, { kind: "goBeat", by: 1, alike: true }, undefined, () => true),
  effect("previousAlike", strings.previousAlike, "Shift+J", strings.groups.beats, { kind: "goBeat", by: -1, alike: true }, undefined, () => true),
  effect("remove", strings.remove, ["Backspace", "Delete"], strings.groups.mark, { kind: "remove" }, IconTrash, (state) => writable(state) && state.selected !== null),
  effect("earlier", strings.earlier, "Alt+ArrowLeft", strings.groups.beats, { kind: "moveBeat", by: -1 }, undefined, (state) => writable(state) && state.selected !== null),
  effect("later", strings.later, "Alt+ArrowRight", strings.groups.beats, { kind: "moveBeat", by: 1 }, undefined, (state) => writable(state) && state.selected !== null),
  view("forward", strings.forward, ["ArrowRight", "PageDown"], (state) => panned(state, 0.25)),
  view("back", strings.back, ["ArrowLeft", "PageUp"], (state) => panned(state, -0.25)),
  view("zoomIn", strings.zoomIn, ["+", "ArrowUp"], (state) => zoomed(state, 0.8, state.widthPixels / 2)),
  view("zoomOut", strings.zoomOut, ["-", "ArrowDown"], (state) => zoomed(state, 1.25, state.widthPixels / 2)),
  view("whole", strings.whole, "0", (state) => withView(state, 0, state.recording.length_ticks / state.widthPixels)),
  view("begin", strings.begin, "Home", (state) => withView(state, 0, state.ticksPerPixel)),
  view("end", strings.end, "End", (state) => withView(state, state.recording.length_ticks, state.ticksPerPixel)),
  { id: "signal.nothing", label: strings.nothing, shortcut: "Escape", group: strings.groups.view, hidden: true, apply: (state) => ({ ...state, selected: null, chosen: [], caliper: null, tool: "pan" }) },
  { id: "signal.guideline", label: strings.guidelineName, shortcut: "G", group: strings.groups.view, icon: IconBook2, apply: (state) => ({ ...state, guideline: !state.guideline }) },
];

/** All commands for a protocol; a beat's letter comes before a command on the same key, interval labels are on the digits. */
export function signalCommands(state: SignalState): readonly SignalCommand[] {
  const beats = beatLabels(state.protocol).map((label): SignalCommand => {
    const key = keyOf(label);
    return { ...effect(`beat.${label.id}`, strings.labelBeat(label.title), key ?? [], strings.groups.beats, { kind: "relabel", label: label.id }) };
  });
  const intervals = intervalLabels(state.protocol).slice(0, 9).map((label, n): SignalCommand => ({
    id: `signal.interval.${label.id}`, label: label.title, shortcut: String(n + 1), group: strings.groups.intervals,
    apply: (current) => ({ ...current, intervalLabel: label.id, tool: "interval" }), enabled: writable,
  }));
  return [...beats, ...intervals, ...fixed];
}
