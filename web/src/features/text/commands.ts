// What a rater can do in the text workspace, each declared once.
import { IconArrowBackUp, IconArrowForwardUp, IconArrowsJoin2, IconBook2, IconBrush, IconCode, IconCopy, IconFiles, IconHelpCircle, IconPlayerSkipForward, IconPlus, IconSearch, IconSend, IconTextPlus, IconTrash } from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import type { AnnotationId } from "@/core/ids";
import type { Effect, TextState } from "./model";
import {
  acceptAlike, addFragment, dropOffered, hasSelection, keyOf, selectSection, withAttribute, moveByLine, moveBySentence, moveByToken, offerAlike, openFind, putLabel, redoStep, removeSelected,
  selectSentence, selection, spanLabels, stepOffered, stepThroughSpans, undoStep,
} from "./model";
import { finishLink, joinLabels, joinsOf, linkWays, startLink, stepChain, stepLink } from "./links";
import { acceptAllSuggestions, acceptSuggestion, correctSuggestion, currentSuggestion, openSuggestions, rejectSuggestion, stepSuggestion } from "./suggested";
import { strings } from "./strings";

export type TextEffect = Effect | { readonly kind: "submit" | "skip" | "question" | "openFind" | "copy" | "form" } | { readonly kind: "pick"; readonly attribute: string } | { readonly kind: "alikeProject"; readonly id: AnnotationId };
export type TextCommand = Command<TextState, TextEffect>;

const writable = (state: TextState): boolean => !state.readOnly;
const singleSpan = (state: TextState): boolean => state.bodies.some((body) => body.id === state.selected && body.target.type === "spans" && body.target.ranges.length === 1);
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
export const alikeProjectCommand: TextCommand = {
  id: "text.alikeProject", label: strings.alikeProjectName, shortcut: "Shift+A", group: strings.groups.spans, icon: IconFiles,
  apply: (state) => ({ state, effects: state.selected === null ? [] : [{ kind: "alikeProject", id: state.selected }] }),
  enabled: (state) => writable(state) && singleSpan(state),
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
  apply: (state) => ({ state: openFind(state), effects: [{ kind: "openFind" }] }),
};
export const submitCommand: TextCommand = {
  id: "text.submit", label: strings.submitName, shortcut: "Ctrl+Enter", group: strings.groups.item, icon: IconSend,
  apply: (state) => ({ state, effects: [{ kind: "submit" }] }), enabled: writable,
};

export const linkCommand: TextCommand = {
  id: "text.join", label: strings.joinName, shortcut: "R", group: strings.groups.spans, icon: IconArrowsJoin2, apply: startLink,
  enabled: (state) => writable(state) && state.selected !== null && joinLabels(state).length > 0,
};
export const paintCommand: TextCommand = {
  id: "text.paint", label: strings.paintName, shortcut: "Shift+L", group: strings.groups.spans, icon: IconBrush, apply: (state) => ({ ...state, painting: !state.painting }), enabled: writable,
};
const inChain = (state: TextState): boolean => joinsOf(state, state.selected).some((body) => body.target.type === "chain");
export const chainNextCommand: TextCommand = { id: "text.nextMember", label: strings.nextMember, shortcut: "Alt+ArrowRight", group: strings.groups.go, apply: (state) => stepChain(state, 1), enabled: inChain };

// The first attribute of the selected span that a concept answers.
const conceptAttribute = (state: TextState): string | undefined => {
  const label = state.bodies.find((body) => body.id === state.selected)?.label;
  return state.protocol.labels.find((candidate) => candidate.id === label)?.attributes?.find((attribute) => attribute.type === "concept")?.id;
};

const others: readonly TextCommand[] = [
  linkCommand,
  paintCommand,
  chainNextCommand,
  { id: "text.previousMember", label: strings.previousMember, shortcut: "Alt+ArrowLeft", group: strings.groups.go, apply: (state) => stepChain(state, -1), enabled: inChain },
  { id: "text.useActive", label: strings.useActive, shortcut: "Enter", group: strings.groups.labels, apply: (state) => putLabel(state, state.label, strings.steps.label), enabled: (state) => writable(state) && state.selected === null && selection(state) !== null },
  { id: "text.form", label: strings.formName, shortcut: "E", group: strings.groups.go, apply: (state) => ({ state, effects: [{ kind: "form" }] }), enabled: (state) => state.protocol.questions.some((question) => question.on !== "finding") },
  { id: "text.section", label: strings.section, shortcut: "Ctrl+Shift+A", group: strings.groups.spans, apply: selectSection },
  {
    id: "text.concept", label: strings.conceptName, shortcut: ["C", "Shift+C"], group: strings.groups.spans, icon: IconCode,
    apply: (state) => ({ state, effects: [{ kind: "pick", attribute: conceptAttribute(state) ?? "" }] }), enabled: (state) => writable(state) && conceptAttribute(state) !== undefined,
  },
  undoCommand,
  { id: "text.redo", label: strings.redoName, shortcut: ["Shift+Z", "Ctrl+Y"], group: strings.groups.item, icon: IconArrowForwardUp, apply: redoStep, enabled: (state) => writable(state) && state.history.future.length > 0 },
  { id: "text.nextSpan", label: strings.nextSpan, shortcut: ["Tab", "]"], group: strings.groups.spans, apply: (state) => stepThroughSpans(state, 1), enabled: (state) => state.bodies.some((body) => body.target.type === "spans") },
  { id: "text.previousSpan", label: strings.previousSpan, shortcut: ["Shift+Tab", "["], group: strings.groups.spans, apply: (state) => stepThroughSpans(state, -1), enabled: (state) => state.bodies.some((body) => body.target.type === "spans") },
  { id: "text.remove", label: strings.removeName, shortcut: ["Backspace", "Delete"], group: strings.groups.spans, icon: IconTrash, apply: (state) => removeSelected(state, strings.steps.remove), enabled: (state) => writable(state) && state.selected !== null },
  alikeCommand,
  alikeProjectCommand,
  fragmentCommand,
  { id: "text.sentence", label: strings.sentence, shortcut: "Ctrl+A", group: strings.groups.spans, apply: selectSentence },
  { id: "text.nothing", label: strings.nothing, shortcut: "Escape", group: strings.groups.spans, hidden: true, apply: (state) => ({ ...state, anchor: null, selected: null, suggestion: null }) },
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

export const acceptCommand: TextCommand = { id: "text.suggestion.accept", label: strings.acceptOneName, shortcut: "Enter", group: strings.groups.spans, apply: (state) => acceptSuggestion(state, strings.steps.accept), enabled: (state) => currentSuggestion(state) !== undefined && state.anchor === null };
export const rejectCommand: TextCommand = { id: "text.suggestion.reject", label: strings.rejectOneName, shortcut: ["Backspace", "Delete"], group: strings.groups.spans, apply: (state) => rejectSuggestion(state, strings.steps.reject), enabled: (state) => currentSuggestion(state) !== undefined };
export const acceptAllCommand: TextCommand = { id: "text.suggestion.acceptAll", label: strings.acceptEveryName, shortcut: "Shift+Enter", group: strings.groups.spans, apply: (state) => acceptAllSuggestions(state, strings.steps.acceptAll) };

/** While suggestions are open; Tab goes through them before it goes through spans. */
export const suggestionCommands: readonly TextCommand[] = [
  acceptCommand,
  rejectCommand,
  acceptAllCommand,
  { id: "text.suggestion.next", label: strings.nextSuggestion, shortcut: "Tab", group: strings.groups.spans, apply: (state) => stepSuggestion(state, 1), enabled: (state) => openSuggestions(state).length > 0 },
  { id: "text.suggestion.previous", label: strings.previousSuggestion, shortcut: "Shift+Tab", group: strings.groups.spans, apply: (state) => stepSuggestion(state, -1), enabled: (state) => openSuggestions(state).length > 0 },
];

/** While a span is being joined to another. */
export const linkCommands: readonly TextCommand[] = [
  { id: "text.join.now", label: strings.joinNow, shortcut: "Enter", group: strings.groups.spans, apply: (state) => finishLink(state, state.link?.way ?? 0, strings.steps.link) },
  { id: "text.join.next", label: strings.nextPartner, shortcut: ["Tab", "ArrowRight", "ArrowDown", "]"], group: strings.groups.spans, apply: (state) => stepLink(state, 1) },
  { id: "text.join.previous", label: strings.previousPartner, shortcut: ["Shift+Tab", "ArrowLeft", "ArrowUp", "["], group: strings.groups.spans, apply: (state) => stepLink(state, -1) },
  { id: "text.join.cancel", label: strings.cancel, shortcut: "Escape", group: strings.groups.spans, apply: (state) => ({ ...state, link: null }) },
  ...["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((key, n): TextCommand => ({
    id: `text.join.${key}`, label: strings.joinNow, shortcut: key, group: strings.groups.spans, hidden: true,
    apply: (state) => finishLink(state, n, strings.steps.link), enabled: (state) => n < linkWays(state).length,
  })),
];

/** Answers of the selected span, or of the current suggestion, with one key each; the same key again takes the usual answer. */
function choiceCommand(key: string): TextCommand {
  return {
    id: `text.choice.${key}`, label: strings.choice(key), shortcut: key, group: strings.groups.spans, hidden: true,
    apply: (current) => {
      const suggestion = currentSuggestion(current);
      const taken = suggestion === undefined ? { state: current, effects: [] } : correctSuggestion(current, suggestion.body.label ?? "", suggestion.body.attributes, null, strings.steps.correct);
      const body = taken.state.bodies.find((candidate) => candidate.id === taken.state.selected);
      const choice = choiceKeys(taken.state).find((candidate) => candidate.key === key);
      if (body === undefined || choice === undefined) return current;
      const value = body.attributes[choice.attribute] === choice.choice ? choice.usual : choice.choice;
      const { state, effects } = withAttribute(taken.state, body, choice.attribute, value, strings.steps.attribute);
      return { state, effects: [...taken.effects, ...effects] };
    },
    enabled: (current) => !current.readOnly && choiceKeys(current).some((candidate) => candidate.key === key),
  };
}

/** All commands for a protocol. A label's key comes before a command that has the same: labelling is the work here. */
export function textCommands(state: TextState): readonly TextCommand[] {
  const labels = spanLabels(state.protocol).map((label, n): TextCommand => {
    const key = keyOf(label) ?? (n < 9 ? String(n + 1) : null);
    return {
      id: `text.label.${label.id}`, label: strings.label(label.title), group: strings.groups.labels, ...(key === null ? {} : { shortcut: key }),
      apply: (current) => putLabel(current, label.id, strings.steps.label), enabled: writable,
    };
  });
  const keys = new Set([..."123456789", ...state.protocol.labels.flatMap((label) => (label.attributes ?? []).flatMap((attribute) => (attribute.choices ?? []).flatMap((choice) => choice.shortcut?.toUpperCase() ?? [])))]);
  return [...labels, ...[...keys].map(choiceCommand), ...moving, ...others];
}

export interface ChoiceKey {
  readonly attribute: string;
  readonly choice: string;
  readonly title: string;
  readonly key: string;
  /** The usual answer: the first choice where one is required, else none. */
  readonly usual: string | null;
}

/** Keys of the answers of the selected span, or of the current suggestion: the protocol's own, then the digits that are left. */
export function choiceKeys(state: TextState): readonly ChoiceKey[] {
  const body = currentSuggestion(state)?.body ?? state.bodies.find((candidate) => candidate.id === state.selected);
  const label = state.protocol.labels.find((candidate) => candidate.id === body?.label);
  const taken = new Set(spanLabels(state.protocol).map((candidate, n) => keyOf(candidate) ?? String(n + 1)));
  const choices = (label?.attributes ?? []).flatMap((attribute) =>
    attribute.type !== "choice" ? [] : (attribute.choices ?? []).map((choice) => ({ attribute: attribute.id, choice: choice.id, title: choice.title, usual: attribute.required === true ? (attribute.choices?.[0]?.id ?? null) : null, own: choice.shortcut?.toUpperCase() ?? "" })),
  );
  const keys: ChoiceKey[] = [];
  for (const { own, ...choice } of choices) {
    if (own === "" || taken.has(own)) continue;
    taken.add(own);
    keys.push({ ...choice, key: own });
  }
  const digits = [..."123456789"].filter((digit) => !taken.has(digit));
  for (const { own, ...choice } of choices) {
    // The usual answer needs no key: taking the other back gives it.
    if (own !== "" || choice.choice === choice.usual) continue;
    const key = digits.shift();
    if (key !== undefined) keys.push({ ...choice, key });
  }
  return keys;
}
