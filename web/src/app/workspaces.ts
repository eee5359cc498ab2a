// Each workspace is a chunk of its own, loaded when an item of its kind is opened or about to be.
import type { ItemDetail, ItemKind, ProjectId, Protocol, WorkspaceProps } from "@/core/workspace";
import type { ComponentType } from "react";

interface WorkspaceModule {
  readonly default: ComponentType<WorkspaceProps>;
  /** Fetches what the workspace shows first, before it stands. */
  readonly fetchAhead?: (project: ProjectId, item: ItemDetail, protocol: Protocol) => void;
}
const modules = import.meta.glob<WorkspaceModule>("../features/{image,text,signal}/View.tsx");
const loaded = new Map<ItemKind, Promise<WorkspaceModule>>();

export function loadWorkspace(kind: ItemKind): Promise<WorkspaceModule> {
  const known = loaded.get(kind);
  if (known !== undefined) return known;
  const load = modules[`../features/${kind}/View.tsx`];
  const promise = load === undefined ? Promise.reject(new Error(`there is no workspace for ${kind} items`)) : load();
  loaded.set(kind, promise);
  // A chunk that did not load (network, a new version of the server) is asked for again.
  promise.catch(() => loaded.delete(kind));
  return promise;
}
