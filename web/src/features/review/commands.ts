// What one can do in a review, each declared once.
import type { Command } from "@/core/commands";
import { IconArrowBackUp, IconArrowDown, IconArrowUp, IconBrush, IconCheck, IconEye, IconFlag, IconListCheck, IconMessageQuestion, IconPencil, IconQuestionMark, IconSend, IconPlayerTrackNext } from "@tabler/icons-react";
import type { ReviewState, Said } from "./model";
import { cancelEdit, editIsWhole, editLabels, focusedOne, inOrder, keepEdit, mayDecide, mayDraw, mayEdit, maySubmit, nextOpen, openCount, startEdit, stepped, takeUnsure, takeVersion, undone, versionsOf, withEditLabel } from "./model";
import { strings } from "./strings";

export type ReviewEffect = { readonly kind: "submit" | "ask" | "list" | "draw" } | { readonly kind: "move"; readonly edge: "begin" | "end"; readonly by: 1 | -1 };
export type ReviewCommand = Command<ReviewState, ReviewEffect>;

const group = strings.group;
const effect = (kind: "submit" | "ask" | "list" | "draw") => (state: ReviewState) => ({ state, effects: [{ kind }] });
const deciding = (state: ReviewState): boolean => mayDecide(state) && state.edit === null && focusedOne(state) !== undefined;
const focusedIsEditable = (state: ReviewState): boolean => {
  const difference = focusedOne(state);
  return difference !== undefined && mayEdit(difference);
};
const editing = (state: ReviewState): boolean => state.edit !== null;
const reading = (state: ReviewState): boolean => state.edit === null;

/** Commands of one item; what its raters said does not change while it is open. */
export function reviewCommands(said: ReadonlyMap<string, Said>) {
  const versions = (state: ReviewState): number => {
    const difference = focusedOne(state);
    return difference === undefined ? 0 : versionsOf(difference, said).length;
  };
  const move = (edge: "begin" | "end", by: 1 | -1, shortcut: string): ReviewCommand => ({
    id: `review.edit.${edge}.${by > 0 ? "on" : "back"}`, label: `${edge === "end" ? strings.steps.moveEnd : strings.steps.moveBegin} ${by > 0 ? "→" : "←"}`, shortcut, group: strings.editGroup, hidden: true, enabled: editing,
    apply: (state) => ({ state, effects: [{ kind: "move", edge, by }] }),
  });
  const digits = Array.from({ length: 9 }, (_, n): readonly ReviewCommand[] => [
    { id: `review.take.${String(n + 1)}`, label: `${strings.steps.take} ${String(n + 1)}`, shortcut: String(n + 1), group: strings.takeGroup, hidden: true, enabled: (state) => deciding(state) && versions(state) > n, apply: (state) => takeVersion(state, said, n) },
    {
      id: `review.edit.label.${String(n + 1)}`, label: `${strings.steps.cycleLabel} ${String(n + 1)}`, shortcut: String(n + 1), group: strings.editGroup, hidden: true,
      enabled: (state) => editing(state) && editLabelsOf(state)[n] !== undefined, apply: (state) => withEditLabel(state, editLabelsOf(state)[n]?.id ?? ""),
    },
  ]).flat();
  const named = {
    consensus: { id: "review.consensus", label: strings.steps.consensus, shortcut: "Enter", icon: IconCheck, group, enabled: (state) => deciding(state) && versions(state) > 0, apply: (state) => takeVersion(state, said, 0) },
    edit: { id: "review.edit", label: strings.edit, shortcut: "E", icon: IconPencil, group, enabled: (state) => deciding(state) && focusedIsEditable(state), apply: (state) => startEdit(state, said) },
    draw: { id: "review.draw", label: strings.draw, shortcut: "Shift+E", icon: IconBrush, group, enabled: mayDraw, apply: effect("draw") },
    unsure: { id: "review.unsure", label: strings.steps.unsure, shortcut: "U", icon: IconQuestionMark, group, enabled: deciding, apply: takeUnsure },
    ask: { id: "review.ask", label: strings.askBack, shortcut: "R", icon: IconMessageQuestion, group, enabled: reading, apply: effect("ask") },
    next: { id: "review.next", label: strings.steps.next, shortcut: ["J", "Down"], icon: IconArrowDown, group, enabled: (state) => reading(state) && inOrder(state).length > 0, apply: (state) => stepped(state, 1) },
    previous: { id: "review.previous", label: strings.steps.previous, shortcut: ["K", "Up"], icon: IconArrowUp, group, enabled: (state) => reading(state) && inOrder(state).length > 0, apply: (state) => stepped(state, -1) },
    nextOpen: { id: "review.nextOpen", label: strings.steps.nextOpen, shortcut: "N", icon: IconPlayerTrackNext, group, enabled: (state) => reading(state) && openCount(state) > 0, apply: nextOpen },
    undo: { id: "review.undo", label: strings.undoHelp, shortcut: ["Z", "Ctrl+Z"], icon: IconArrowBackUp, group, enabled: (state) => reading(state) && state.history.past.length > 0, apply: undone },
    differences: { id: "review.showDifferences", label: strings.showDifferences, shortcut: "D", icon: IconEye, group, enabled: reading, apply: (state) => ({ ...state, showDifferences: !state.showDifferences }) },
    agreed: { id: "review.showAgreed", label: strings.showAgreed, shortcut: "S", icon: IconEye, group, enabled: reading, apply: (state) => ({ ...state, showAgreed: !state.showAgreed }) },
    listAgreed: { id: "review.listAgreed", label: strings.steps.agreedList, shortcut: "L", icon: IconListCheck, group, enabled: reading, apply: (state) => ({ ...state, listAgreed: !state.listAgreed }) },
    gold: { id: "review.gold", label: strings.gold, shortcut: "G", icon: IconFlag, group, enabled: (state) => reading(state) && mayDecide(state), apply: (state) => ({ ...state, gold: !state.gold }) },
    submit: { id: "review.submit", label: strings.steps.submit, shortcut: "Ctrl+Enter", icon: IconSend, group, enabled: maySubmit, apply: effect("submit") },
    list: { id: "review.list", label: strings.steps.list, shortcut: "Shift+W", group, apply: effect("list") },
    keep: { id: "review.edit.keep", label: strings.steps.keep, shortcut: "Enter", group: strings.editGroup, hidden: true, enabled: (state) => state.edit !== null && editIsWhole(state.edit), apply: keepEdit },
    cancel: { id: "review.edit.cancel", label: strings.steps.cancel, shortcut: "Esc", group: strings.editGroup, hidden: true, enabled: editing, apply: cancelEdit },
  } as const satisfies Record<string, ReviewCommand>;
  const all: readonly ReviewCommand[] = [...Object.values(named), ...digits, move("end", 1, "Right"), move("end", -1, "Left"), move("begin", 1, "Shift+Right"), move("begin", -1, "Shift+Left")];
  return { ...named, all };
}
export type ReviewCommands = ReturnType<typeof reviewCommands>;

/** Looking about in an item, beside what decides; a number says by how much. */
const looking = (id: string, label: string, shortcut: string | readonly string[], by: number): Command<null, number> => ({ id: `review.look.${id}`, label, shortcut, group, hidden: true, apply: (state) => ({ state, effects: [by] }) });
export const sliceCommands: readonly Command<null, number>[] = [looking("sliceUp", strings.steps.sliceUp, "PageUp", -1), looking("sliceDown", strings.steps.sliceDown, "PageDown", 1)];
export const panCommands: readonly Command<null, number>[] = [looking("panLeft", strings.steps.panLeft, ["Left", "PageUp"], -1), looking("panRight", strings.steps.panRight, ["Right", "PageDown"], 1)];
export const zoomCommands: readonly Command<null, number>[] = [looking("zoomIn", strings.zoomIn, "+", 0.5), looking("zoomOut", strings.zoomOut, "-", 2)];

function editLabelsOf(state: ReviewState) {
  const difference = focusedOne(state);
  return state.edit === null || state.edit.body.label === null || difference === undefined ? [] : editLabels(state.protocol, difference);
}
