// React's side of core/commands: a view registers what can be done while it is shown.
import { useEffect, useRef } from "react";
import { registerCommands, type Command } from "@/core/commands";

// `run` may change on every render; the newest is called.
export function useCommands<S, E = never>(commands: readonly Command<S, E>[], state: S, run: (command: Command<S, E>) => void): void {
  const latest = useRef({ state, run });
  useEffect(() => {
    latest.current = { state, run };
  });
  useEffect(
    () =>
      registerCommands(
        commands,
        (command) => {
          latest.current.run(command);
        },
        () => latest.current.state,
      ),
    [commands],
  );
}
