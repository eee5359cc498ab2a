// What a rater can do in the text workspace, each declared once.
import { IconArrowBackUp, IconArrowForwardUp, IconBook2, IconCode, IconCopy, IconHelpCircle, IconPlayerSkipForward, IconPlus, IconSearch, IconSend, IconTextPlus, IconTrash } from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import type { Effect, TextState } from "./model";
import {
  acceptAlike, addFragment, dropOffered, hasSelection, keyOf, moveByLine, moveBySentence, moveByToken, offerAlike, putLabel, redoStep, removeSelected,
  selectSentence, selection, spanLabels, stepOffered, stepThroughSpans, undoStep,
} from "./model";
import { strings } from "./strings";

export type TextEffect = Effect | { readonly kind: "submit" | "skip" | "question" | "openFind" | "copy" } | { readonly kind: "pick"; readonly attribute: string };
export type TextCommand = Command<TextState, TextEffect>;

const writable = (state: TextState): boolean => !state.readOnly;
const go = (id: string, label: string, shortcut: string | readonly string[], apply: TextCommand["apply"]): TextCommand => ({
  id: `text.${id}`, label, shortcut, group: strings.groups.go, hidden: true, apply,
});

const moving: readonly TextCommand[] = [
  go("nextToken", strings.nextToken, "ArrowRight", (state) => moveByToken(state, 1, false)),
  go("previousToken", strings.previousToken, "ArrowLeft", (state) => moveByToken(state, -1, false)),
  go("extendRight", strings.extendRight, "Shift+ArrowRight", (state) => moveByToken(state, 1, true)),
  go("extendLeft", strings.extendLeft, "Shift+ArrowLeft", (state) => moveByToken(state, -1, true)),
  go("nextLine", strings.nextLine, "ArrowDown", (state) => moveByLine(state, 1, false)),
  go("previousLine", strings.previousLine, "ArrowUp", (state) => moveByLine(state, -1, false)),
  go("extendDown", strings.extendDown, "Shift+ArrowDown", (state) => moveByLine(state, 1, true)),
  go("extendUp", strings.extendUp, "Shift+ArrowUp", (state) => moveByLine(state, -1, true)),
  go("nextSentence", strings.nextSentence, "Ctrl+ArrowRight", (state) => moveBySentence(state, 1, false)),
  go("previousSentence", strings.previousSentence, "Ctrl+ArrowLeft", (state) => moveBySentence(state, -1, false)),
  go("pageDown", strings.nextLine, "PageDown", (state) => moveByLine(state, 25, false)),
  go("pageUp", strings.previousLine, "PageUp", (state) => moveByLine(state, -25, false)),
];

export const alikeCommand: TextCommand = {
  id: "text.alike", label: strings.alikeName, shortcut: "A", group: strings.groups.spans, icon: IconTextPlus, apply: offerAlike,
  enabled: (state) => writable(state) && (state.selected !== null || selection(state) !== null),
};
export const fragmentCommand: TextCommand = {
  id: "text.fragment", label: strings.fragmentName, shortcut: "+", group: strings.groups.spans, icon: IconPlus,
  apply: (state) => addFragment(state, strings.steps.fragment), enabled: (state) => writable(state) && hasSelection(state) && state.bodies.some((body) => body.target.type === "spans"),
};
export const undoCommand: TextCommand = {
  id: "text.undo", label: strings.undoName, shortcut: ["Z", "Ctrl+Z"], group: strings.groups.item, icon: IconArrowBackUp, apply: undoStep,
  enabled: (state) => writable(state) && state.history.past.length > 0,
};
export const findCommand: TextCommand = {
  id: "text.find", label: strings.find, shortcut: "Ctrl+F", group: strings.groups.go, icon: IconSearch,
  apply: (state) => ({ state: { ...state, find: state.find ?? { query: "", places: [], at: 0 } }, effects: [{ kind: "openFind" }] }),
};
export const submitCommand: TextCommand = {
  id: "text.submit", label: strings.submitName, shortcut: "Ctrl+Enter", group: strings.groups.item, icon: IconSend,
  apply: (state) => ({ state, effects: [{ kind: "submit" }] }), enabled: writable,
};

// The first attribute of the selected span that a concept answers.
const conceptAttribute = (state: TextState): string | undefined => {
  const label = state.bodies.find((body) => body.id === state.selected)?.label;
  return state.protocol.labels.find((candidate) => candidate.id === label)?.attributes?.find((attribute) => attribute.type === "concept")?.id;
};

const others: readonly TextCommand[] = [
  {
    id: "text.concept", label: strings.conceptName, shortcut: ["C", "Shift+C"], group: strings.groups.spans, icon: IconCode,
    apply: (state) => ({ state, effects: [{ kind: "pick", attribute: conceptAttribute(state) ?? "" }] }), enabled: (state) => writable(state) && conceptAttribute(state) !== undefined,
  },
  undoCommand,
  { id: "text.redo", label: strings.redoName, shortcut: ["Shift+Z", "Ctrl+Y"], group: strings.groups.item, icon: IconArrowForwardUp, apply: redoStep, enabled: (state) => writable(state) && state.history.future.length > 0 },
  { id: "text.nextSpan", label: strings.nextSpan, shortcut: "Tab", group: strings.groups.spans, apply: (state) => stepThroughSpans(state, 1), enabled: (state) => state.bodies.some((body) => body.target.type === "spans") },
  { id: "text.previousSpan", label: strings.previousSpan, shortcut: "Shift+Tab", group: strings.groups.spans, apply: (state) => stepThroughSpans(state, -1), enabled: (state) => state.bodies.some((body) => body.target.type === "spans") },
  { id: "text.remove", label: strings.removeName, shortcut: ["Backspace", "Delete"], group: strings.groups.spans, icon: IconTrash, apply: (state) => removeSelected(state, strings.steps.remove), enabled: (state) => writable(state) && state.selected !== null },
  alikeCommand,
  fragmentCommand,
  { id: "text.sentence", label: strings.sentence, shortcut: "Ctrl+A", group: strings.groups.spans, apply: selectSentence },
  { id: "text.nothing", label: strings.nothing, shortcut: "Escape", group: strings.groups.spans, hidden: true, apply: (state) => ({ ...state, anchor: null, selected: null }) },
  { id: "text.copy", label: strings.copyName, shortcut: "Ctrl+C", group: strings.groups.item, icon: IconCopy, apply: (state) => ({ state, effects: [{ kind: "copy" }] }) },
  findCommand,
  submitCommand,
  { id: "text.skip", label: strings.skipName, shortcut: "Shift+S", group: strings.groups.item, icon: IconPlayerSkipForward, apply: (state) => ({ state, effects: [{ kind: "skip" }] }), enabled: writable },
  { id: "text.question", label: strings.questionName, shortcut: "Shift+Q", group: strings.groups.item, icon: IconHelpCircle, apply: (state) => ({ state, effects: [{ kind: "question" }] }) },
  { id: "text.guideline", label: strings.guidelineName, shortcut: "G", group: strings.groups.view, icon: IconBook2, apply: (state) => ({ ...state, guideline: !state.guideline }) },
];

/** While places are offered, these keys are about the offer; they are registered over the rest. */
export const offerCommands: readonly TextCommand[] = [
  { id: "text.offer.accept", label: strings.accept, shortcut: "Enter", group: strings.groups.spans, apply: (state) => acceptAlike(state, strings.steps.alike) },
  { id: "text.offer.drop", label: strings.leaveOut, shortcut: ["Backspace", "Delete"], group: strings.groups.spans, apply: dropOffered },
  { id: "text.offer.next", label: strings.next, shortcut: "Tab", group: strings.groups.spans, apply: (state) => stepOffered(state, 1) },
  { id: "text.offer.previous", label: strings.previous, shortcut: "Shift+Tab", group: strings.groups.spans, apply: (state) => stepOffered(state, -1) },
  { id: "text.offer.cancel", label: strings.cancel, shortcut: "Escape", group: strings.groups.spans, apply: (state) => ({ ...state, preview: null }) },
];

/** All commands for a protocol. A label's key comes before a command that has the same: labelling is the work here. */
export function textCommands(state: TextState): readonly TextCommand[] {
  const labels = spanLabels(state.protocol).map((label, n): TextCommand => {
    const key = keyOf(label) ?? (n < 9 ? String(n + 1) : null);
    return {
      id: `text.label.${label.id}`, label: strings.label(label.title), group: strings.groups.labels, ...(key === null ? {} : { shortcut: key }),
      apply: (current) => putLabel(current, label.id, strings.steps.label), enabled: writable,
    };
  });
  return [...labels, ...moving, ...others];
}

/** Keys 1 to 9 of the selected span's choices, in the order of the form. */
export function choiceKeys(state: TextState): readonly { readonly attribute: string; readonly choice: string; readonly key: string }[] {
  const body = state.bodies.find((candidate) => candidate.id === state.selected);
  const label = state.protocol.labels.find((candidate) => candidate.id === body?.label);
  const taken = new Set(spanLabels(state.protocol).map((candidate, n) => keyOf(candidate) ?? String(n + 1)));
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].filter((key) => !taken.has(key));
  return (label?.attributes ?? [])
    .flatMap((attribute) => (attribute.type === "choice" ? (attribute.choices ?? []).map((choice) => ({ attribute: attribute.id, choice: choice.id })) : []))
    .slice(0, keys.length)
    .map((place, n) => ({ ...place, key: keys[n] ?? "" }));
}
