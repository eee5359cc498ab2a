// Undo as a list of named steps. A step holds what must be done to go back and to go on; what that
// is (the inverse operations, the bricks before and after) is the workspace's own business.

export interface Step<Change> {
  readonly label: string; // "brush stroke": shown as "Undo brush stroke"
  readonly undo: Change;
  readonly redo: Change;
}

export interface UndoStack<Change> {
  readonly past: readonly Step<Change>[]; // the newest last
  readonly future: readonly Step<Change>[]; // the next to redo last
}

export const emptyUndo = <Change>(): UndoStack<Change> => ({ past: [], future: [] });

// Adds a step that has just been done; what had been undone before is then out of reach.
export function record<Change>(stack: UndoStack<Change>, step: Step<Change>, stepsMax = 500): UndoStack<Change> {
  return { past: [...stack.past.slice(-(stepsMax - 1)), step], future: [] };
}

export function undo<Change>(stack: UndoStack<Change>): { stack: UndoStack<Change>; step: Step<Change> } | null {
  const step = stack.past.at(-1);
  if (step === undefined) return null;
  return { step, stack: { past: stack.past.slice(0, -1), future: [...stack.future, step] } };
}

export function redo<Change>(stack: UndoStack<Change>): { stack: UndoStack<Change>; step: Step<Change> } | null {
  const step = stack.future.at(-1);
  if (step === undefined) return null;
  return { step, stack: { past: [...stack.past, step], future: stack.future.slice(0, -1) } };
}

export const undoLabel = (stack: UndoStack<unknown>): string | null => stack.past.at(-1)?.label ?? null;
export const redoLabel = (stack: UndoStack<unknown>): string | null => stack.future.at(-1)?.label ?? null;
