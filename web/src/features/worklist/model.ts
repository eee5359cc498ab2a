// The worklist's state: which items are asked for (kept in the address, so that a reload and a link come back
// to them), where the cursor is, what is selected. Pure functions only.

import type { Item, ItemId, ItemKind, ItemState, MineState } from "@/core/workspace";
import { strings as t } from "./strings";

export const sorts = ["number", "date", "state", "pseudonym", "updated"] as const;
export type Sort = (typeof sorts)[number];

export interface Filter {
  readonly kind: ItemKind | null;
  readonly state: ItemState | null;
  readonly mine: MineState | null;
  readonly q: string;
  readonly sort: Sort;
  readonly order: "asc" | "desc";
}
export const everything: Filter = { kind: null, state: null, mine: null, q: "", sort: "number", order: "asc" };

const oneOf = <T extends string>(value: string | null, options: Readonly<Record<T, unknown>>): T | null => (value !== null && value in options ? (value as T) : null);

export function readFilter(parameters: URLSearchParams): Filter {
  const sort = parameters.get("sort");
  return {
    kind: oneOf<ItemKind>(parameters.get("kind"), t.kind),
    state: oneOf<ItemState>(parameters.get("state"), t.state),
    mine: oneOf<MineState>(parameters.get("mine"), t.mine),
    q: parameters.get("q") ?? "",
    sort: oneOf<Sort>(sort, t.sort) ?? "number",
    order: parameters.get("order") === "desc" ? "desc" : "asc",
  };
}

export function writeFilter(filter: Filter): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const name of ["kind", "state", "mine"] as const) if (filter[name] !== null) parameters.set(name, filter[name]);
  if (filter.q !== "") parameters.set("q", filter.q);
  if (filter.sort !== "number") parameters.set("sort", filter.sort);
  if (filter.order !== "asc") parameters.set("order", filter.order);
  // An address with nothing in it means the first view, not everything.
  if (parameters.size === 0) parameters.set("order", "asc");
  return parameters;
}

export const sameFilter = (a: Filter, b: Filter): boolean => writeFilter(a).toString() === writeFilter(b).toString();

export interface View {
  readonly name: string;
  readonly filter: Filter;
}
export const standardViews: readonly View[] = [
  { name: "To do", filter: { ...everything, mine: "none" } },
  { name: "Assigned to me", filter: { ...everything, mine: "assigned" } },
  { name: "Begun", filter: { ...everything, mine: "leased" } },
  { name: "Drafts", filter: { ...everything, mine: "draft", sort: "updated", order: "desc" } },
  { name: "Submitted by me", filter: { ...everything, mine: "submitted", sort: "updated", order: "desc" } },
  { name: "Skipped by me", filter: { ...everything, mine: "skipped" } },
  { name: "All items", filter: everything },
];

export interface WorklistState {
  readonly items: readonly Item[];
  readonly cursor: number;
  readonly selected: ReadonlySet<ItemId>;
}

const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

// The cursor stays on its item when the list changes under it, else on its row.
export function withItems(state: WorklistState, items: readonly Item[]): WorklistState {
  const held = state.items[state.cursor]?.id;
  const found = held === undefined ? -1 : items.findIndex((item) => item.id === held);
  return { ...state, items, cursor: found >= 0 ? found : clamp(state.cursor, items.length) };
}

export const moved = (state: WorklistState, by: number): WorklistState => ({ ...state, cursor: clamp(state.cursor + by, state.items.length) });

export function toggled(state: WorklistState, id: ItemId | undefined): WorklistState {
  if (id === undefined) return state;
  const selected = new Set(state.selected);
  if (!selected.delete(id)) selected.add(id);
  return { ...state, selected };
}

export const selectAll = (state: WorklistState): WorklistState => ({
  ...state,
  selected: state.items.every((item) => state.selected.has(item.id)) ? new Set() : new Set(state.items.map((item) => item.id)),
});

export const cleared = (state: WorklistState): WorklistState => ({ ...state, selected: new Set() });

// "34 today, about 3 h left"
export function pace(done: number, medianSeconds: number | null, open: number): { readonly today: number; readonly left: number | null } {
  return { today: done, left: medianSeconds === null || open === 0 ? null : medianSeconds * open };
}

const viewsKey = (project: string): string => `consilium.views.${project}`;
export function readViews(storage: Pick<Storage, "getItem">, project: string): View[] {
  try {
    const stored = JSON.parse(storage.getItem(viewsKey(project)) ?? "[]") as { name: string; query: string }[];
    return stored.map(({ name, query }) => ({ name, filter: readFilter(new URLSearchParams(query)) }));
  } catch {
    return [];
  }
}
export function writeViews(storage: Pick<Storage, "setItem">, project: string, views: readonly View[]): void {
  storage.setItem(viewsKey(project), JSON.stringify(views.map(({ name, filter }) => ({ name, query: writeFilter(filter).toString() }))));
}
