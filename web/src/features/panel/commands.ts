import { IconDownload, IconFilterOff, IconFolderOpen, IconLayoutSidebarRight, IconRefresh, IconTrendingDown, IconUserPlus, IconZoomQuestion } from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import { about, brushed, brushOf, chose, cleared, closed, itemsOf, type PanelState } from "./model";
import { strings } from "./strings";

export type Effect = "handOut" | "open" | "drifting" | "recount" | "votes";
type PanelCommand = Command<PanelState, Effect>;
const t = strings.commands;
const group = t.group;
const effect = (name: Effect) => (state: PanelState) => ({ state, effects: [name] });
const moveBrush = (by: number) => (state: PanelState): PanelState => {
  const { from, to } = brushOf(state);
  return brushed(state, Math.max(0, Math.min(to - 1, from + by)), to);
};
const several = (state: PanelState): boolean => state.panel.units.length > 1;

export const commands = {
  handOut: { id: "panel.handOut", label: t.handOut, shortcut: "H", icon: IconUserPlus, group, apply: effect("handOut") },
  unsettled: { id: "panel.unsettled", label: t.unsettled, shortcut: "U", icon: IconZoomQuestion, group, apply: (state) => chose(state, { kind: "unsettled" }) },
  list: { id: "panel.list", label: t.list, shortcut: "L", icon: IconLayoutSidebarRight, group, apply: (state) => (state.listed ? closed(state) : { ...state, listed: true }) },
  open: { id: "panel.open", label: t.open, shortcut: "O", icon: IconFolderOpen, group, enabled: (state) => itemsOf(state).length > 0, apply: effect("open") },
  next: { id: "panel.next", label: t.next, shortcut: "N", group, enabled: several, apply: (state) => about(state, 1) },
  previous: { id: "panel.previous", label: t.previous, shortcut: "P", group, enabled: several, apply: (state) => about(state, -1) },
  drifting: { id: "panel.drifting", label: t.drifting, shortcut: "D", icon: IconTrendingDown, group, enabled: (state) => state.panel.raters.some((rater) => rater.drift.flagged), apply: effect("drifting") },
  wider: { id: "panel.wider", label: t.wider, shortcut: "[", group, apply: moveBrush(-1) },
  narrower: { id: "panel.narrower", label: t.narrower, shortcut: "]", group, apply: moveBrush(1) },
  recount: { id: "panel.recount", label: t.recount, shortcut: "R", icon: IconRefresh, group, apply: effect("recount") },
  votes: { id: "panel.votes", label: t.votes, icon: IconDownload, group, apply: effect("votes") },
  clear: { id: "panel.clear", label: t.clear, shortcut: "Esc", icon: IconFilterOff, group, hidden: true, enabled: (state) => state.listed || state.choice.kind !== "unsettled", apply: (state) => (state.listed ? closed(state) : cleared(state)) },
} as const satisfies Record<string, PanelCommand>;

export const panelCommands: readonly PanelCommand[] = Object.values(commands);
