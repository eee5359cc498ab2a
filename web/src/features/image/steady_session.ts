import { useMemo, useRef } from "react";
import type { WorkspaceProps } from "@/core/workspace";

/** The session with one identity for the workspace's life: the shell gives a new one whenever its save state changes. */
export function useSteadySession(session: WorkspaceProps["session"]): WorkspaceProps["session"] {
  const latest = useRef(session);
  latest.current = session;
  return useMemo(
    () => ({
      get state() {
        return latest.current.state;
      },
      put: (body) => latest.current.put(body),
      remove: (id) => latest.current.remove(id),
      putMaskBricks: (gridId, patch) => latest.current.putMaskBricks(gridId, patch),
      loadMasks: (gridId) => latest.current.loadMasks(gridId),
    }),
    [],
  );
}
