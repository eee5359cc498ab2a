// A command is declared once and gives button, palette entry, shortcut and help line.
//
// Shortcuts are written as people say them: "Enter", "Shift+Z", "Ctrl+K", "[", "?", "Space", "1".
// A letter means the key without Shift; "Shift+A" the key with it. A sign that needs Shift on some
// keyboards ("?", "+") is written as the sign. "Ctrl" is Command on a Mac. While a person types in a
// field only shortcuts with Ctrl or Alt are heard, and Escape.

import type { ComponentType } from "react";

export interface Outcome<S, E> {
  readonly state: S;
  readonly effects: readonly E[];
}

export interface Command<S, E = never> {
  readonly id: string; // "review.acceptSuggestion"
  readonly label: string;
  readonly shortcut?: string | readonly string[];
  readonly icon?: ComponentType<{ size?: number | string; stroke?: number | string }>;
  readonly group: string; // the heading on the help sheet and in the palette
  readonly hidden?: boolean; // works by key and is on the help sheet, but is not in the palette
  readonly apply: (state: S) => S | Outcome<S, E>;
  readonly enabled?: (state: S) => boolean;
}

export const isOutcome = <S, E>(result: S | Outcome<S, E>): result is Outcome<S, E> =>
  typeof result === "object" && result !== null && "effects" in result && "state" in result;

// A command bound to where it acts: what palette, help sheet and keyboard need.
export interface BoundCommand {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  readonly shortcuts: readonly string[];
  readonly icon?: Command<unknown>["icon"];
  readonly hidden: boolean;
  readonly enabled: () => boolean;
  readonly run: () => void;
}

type Listener = () => void;
let layers: readonly (readonly BoundCommand[])[] = [];
const listeners = new Set<Listener>();

const setLayers = (next: typeof layers): void => {
  layers = next;
  for (const listener of listeners) listener();
};

// Makes commands work until the returned function is called. Those registered later are asked first,
// so a workspace may take a key that the frame uses elsewhere. `dispatch` runs the command: it calls
// `command.apply` on its state and carries out the effects.
export function registerCommands<S, E = never>(
  commands: readonly Command<S, E>[],
  dispatch: (command: Command<S, E>) => void,
  state?: () => S,
): () => void {
  const layer = commands.map((command): BoundCommand => ({
    id: command.id,
    label: command.label,
    group: command.group,
    shortcuts: command.shortcut === undefined ? [] : typeof command.shortcut === "string" ? [command.shortcut] : command.shortcut,
    ...(command.icon === undefined ? {} : { icon: command.icon }),
    hidden: command.hidden ?? false,
    enabled: () => state === undefined || command.enabled === undefined || command.enabled(state()),
    run: () => {
      dispatch(command);
    },
  }));
  setLayers([...layers, layer]);
  return () => {
    setLayers(layers.filter((other) => other !== layer));
  };
}

// The commands that work now, the newest layer first.
export const boundCommands = (): readonly (readonly BoundCommand[])[] => layers;
export function onCommandsChanged(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const named: Readonly<Record<string, string>> = { " ": "space", escape: "esc", arrowup: "up", arrowdown: "down", arrowleft: "left", arrowright: "right" };

const keyName = (key: string): string => {
  const lower = key.toLowerCase();
  return named[lower] ?? lower;
};

const isLetter = (name: string): boolean => name.length === 1 && name.toLowerCase() !== name.toUpperCase();

export function matchesShortcut(shortcut: string, press: KeyPress): boolean {
  const parts = shortcut === "+" ? ["+"] : shortcut.endsWith("++") ? [...shortcut.slice(0, -2).split("+"), "+"] : shortcut.split("+");
  const wanted = keyName(parts.at(-1) ?? "");
  const modifiers = new Set(parts.slice(0, -1).map((part) => part.toLowerCase()));
  const pressed = keyName(press.key);
  if (wanted !== pressed) return false;
  if (modifiers.has("ctrl") !== (press.ctrlKey || press.metaKey)) return false;
  // AltGr reports Alt with Ctrl on some systems: signs typed so are still signs.
  if (modifiers.has("alt") !== press.altKey) return false;
  const sign = wanted.length === 1 && !isLetter(wanted);
  return sign && !modifiers.has("shift") ? true : modifiers.has("shift") === press.shiftKey;
}

export function commandFor(press: KeyPress, typing: boolean): BoundCommand | null {
  const plain = !press.ctrlKey && !press.metaKey && !press.altKey;
  if (typing && plain && press.key !== "Escape") return null;
  for (const layer of [...layers].reverse()) {
    for (const command of layer) {
      if (command.shortcuts.some((shortcut) => matchesShortcut(shortcut, press)) && command.enabled()) return command;
    }
  }
  return null;
}
