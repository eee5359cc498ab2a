import { afterEach, describe, expect, it } from "vitest";
import { commandFor, matchesShortcut, registerCommands, type Command, type KeyPress } from "./commands";
import { newId } from "./ids";
import { emptyUndo, record, redo, undo, undoLabel } from "./undo";

const press = (key: string, modifiers: Partial<KeyPress> = {}): KeyPress => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers });

describe("shortcuts", () => {
  it.each([
    { shortcut: "Z", pressed: press("z"), want: true },
    { shortcut: "Z", pressed: press("Z", { shiftKey: true }), want: false },
    { shortcut: "Shift+Z", pressed: press("Z", { shiftKey: true }), want: true },
    { shortcut: "Ctrl+K", pressed: press("k", { ctrlKey: true }), want: true },
    { shortcut: "Ctrl+K", pressed: press("k", { metaKey: true }), want: true },
    { shortcut: "K", pressed: press("k", { ctrlKey: true }), want: false },
    { shortcut: "?", pressed: press("?", { shiftKey: true }), want: true },
    { shortcut: "[", pressed: press("["), want: true },
    { shortcut: "Space", pressed: press(" "), want: true },
    { shortcut: "Esc", pressed: press("Escape"), want: true },
    { shortcut: "Up", pressed: press("ArrowUp"), want: true },
    { shortcut: "Shift+Up", pressed: press("ArrowUp"), want: false },
    { shortcut: "Ctrl++", pressed: press("+", { ctrlKey: true }), want: true },
    { shortcut: "1", pressed: press("1"), want: true },
  ])("$shortcut against $pressed.key is $want", ({ shortcut, pressed, want }) => {
    expect(matchesShortcut(shortcut, pressed)).toBe(want);
  });
});

describe("commands", () => {
  const done: string[] = [];
  const command = (id: string, shortcut: string, enabled = true): Command<null> => ({ id, label: id, shortcut, group: "test", apply: (state) => state, enabled: () => enabled });
  const leave: (() => void)[] = [];
  const add = (...commands: Command<null>[]) => leave.push(registerCommands(commands, (run) => done.push(run.id), () => null));
  afterEach(() => {
    for (const stop of leave.splice(0)) stop();
    done.length = 0;
  });

  it("the newest layer is asked first, and only what is enabled answers", () => {
    add(command("frame", "n"));
    add(command("workspace", "n"), command("off", "x", false));
    expect(commandFor(press("n"), false)?.id).toBe("workspace");
    expect(commandFor(press("x"), false)).toBeNull();
    leave.pop()?.();
    expect(commandFor(press("n"), false)?.id).toBe("frame");
  });

  it("plain keys are left to the field a person types in", () => {
    add(command("plain", "n"), command("palette", "Ctrl+K"), command("close", "Esc"));
    expect(commandFor(press("n"), true)).toBeNull();
    expect(commandFor(press("k", { ctrlKey: true }), true)?.id).toBe("palette");
    expect(commandFor(press("Escape"), true)?.id).toBe("close");
  });
});

describe("undo", () => {
  it("goes back and on, and a new step cuts what was undone", () => {
    let stack = emptyUndo<number>();
    stack = record(stack, { label: "one", undo: -1, redo: 1 });
    stack = record(stack, { label: "two", undo: -2, redo: 2 });
    expect(undoLabel(stack)).toBe("two");
    const back = undo(stack);
    expect(back?.step.undo).toBe(-2);
    const on = redo(back?.stack ?? emptyUndo());
    expect(on?.step.redo).toBe(2);
    const cut = record(back?.stack ?? emptyUndo(), { label: "three", undo: -3, redo: 3 });
    expect(redo(cut)).toBeNull();
  });
  it("keeps no more than it is told", () => {
    let stack = emptyUndo<number>();
    for (let step = 0; step < 10; step += 1) stack = record(stack, { label: "", undo: step, redo: step }, 3);
    expect(stack.past.map((step) => step.undo)).toEqual([7, 8, 9]);
  });
});

describe("ids", () => {
  it("are version 7, unique, and sort as they were made", () => {
    const ids = Array.from({ length: 5000 }, () => newId<never>() as string);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
