import type { Command } from "@/core/commands";
import { IconArrowDown, IconArrowUp, IconFolderOpen, IconHandGrab, IconPlayerPlay, IconSearch, IconSquareCheck, IconUserPlus } from "@tabler/icons-react";
import { cleared, moved, selectAll, toggled, type WorklistState } from "./model";

export type Effect = "continue" | "open" | "search" | "take" | "skip" | "assign";
type WorklistCommand = Command<WorklistState, Effect>;
const group = "Worklist";
const effect = (name: Effect) => (state: WorklistState) => ({ state, effects: [name] });
const some = (state: WorklistState): boolean => state.items.length > 0;
const chosen = (state: WorklistState): boolean => state.selected.size > 0;

export const commands = {
  continue: { id: "worklist.continue", label: "Continue with the next item", shortcut: "Enter", icon: IconPlayerPlay, group, apply: effect("continue") },
  up: { id: "worklist.up", label: "Up", shortcut: "Up", icon: IconArrowUp, group, hidden: true, enabled: some, apply: (state) => moved(state, -1) },
  down: { id: "worklist.down", label: "Down", shortcut: "Down", icon: IconArrowDown, group, hidden: true, enabled: some, apply: (state) => moved(state, 1) },
  select: { id: "worklist.select", label: "Select or unselect", shortcut: "Space", icon: IconSquareCheck, group, hidden: true, enabled: some, apply: (state) => toggled(state, state.items[state.cursor]?.id) },
  open: { id: "worklist.open", label: "Open the item", shortcut: "O", icon: IconFolderOpen, group, enabled: some, apply: effect("open") },
  search: { id: "worklist.search", label: "Search", shortcut: "/", icon: IconSearch, group, apply: effect("search") },
  all: { id: "worklist.all", label: "Select all shown", shortcut: "Ctrl+A", icon: IconSquareCheck, group, enabled: some, apply: selectAll },
  clear: { id: "worklist.clear", label: "Clear the selection", shortcut: "Esc", group, enabled: chosen, apply: cleared },
  take: { id: "worklist.take", label: "Take the selected items", shortcut: "T", icon: IconHandGrab, group, enabled: chosen, apply: effect("take") },
  skip: { id: "worklist.skip", label: "Skip the selected items with a reason", shortcut: "X", group, enabled: chosen, apply: effect("skip") },
  assign: { id: "worklist.assign", label: "Assign the selected items", shortcut: "A", icon: IconUserPlus, group, enabled: chosen, apply: effect("assign") },
} as const satisfies Record<string, WorklistCommand>;

export const raterCommands: readonly WorklistCommand[] = Object.values(commands).filter((command) => command !== commands.assign);
export const leadCommands: readonly WorklistCommand[] = Object.values(commands);
