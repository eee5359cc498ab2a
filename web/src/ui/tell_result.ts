// What became of an action on several items: how many went well, and why the others did not.
import { notifications } from "@mantine/notifications";
import { countOf } from "./format";

export function tellResult(verb: string, { done, problems }: { readonly done: number; readonly problems: readonly string[] }): void {
  notifications.show({
    color: problems.length === 0 ? "teal" : "yellow",
    title: `${countOf(done, "item", "items")} ${verb}`,
    message: problems.length === 0 ? "" : `${String(problems.length)} not: ${[...new Set(problems)].join("; ")}`,
  });
}
