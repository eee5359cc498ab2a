import { describe, expect, it } from "vitest";
import { imageCommands } from "./commands";
import { exampleState } from "./example_state";

describe("commands of the image workspace", () => {
  it("share no key and no id", () => {
    const commands = imageCommands(exampleState());
    const keys = commands.flatMap(({ shortcut }) => (shortcut === undefined ? [] : typeof shortcut === "string" ? [shortcut] : shortcut));
    const twice = (all: readonly string[]): readonly string[] => all.filter((one, n) => all.indexOf(one) !== n);
    expect(twice(keys)).toEqual([]);
    expect(twice(commands.map((command) => command.id))).toEqual([]);
  });
});
