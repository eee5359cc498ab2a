// The list of what is to review: which rows are shown and which one the keys stand on.
import type { ReviewRow } from "@/api/review";

export type Filter = "waiting" | "settled" | "all";
export interface ListState {
  readonly rows: readonly ReviewRow[];
  readonly filter: Filter;
  readonly cursor: number;
}

export const isWaiting = (row: ReviewRow): boolean => row.state !== "settled";

export function shownRows({ rows, filter }: Pick<ListState, "rows" | "filter">): readonly ReviewRow[] {
  return filter === "all" ? rows : rows.filter((row) => isWaiting(row) === (filter === "waiting"));
}

export function movedBy(state: ListState, by: number): ListState {
  const last = shownRows(state).length - 1;
  return { ...state, cursor: Math.max(0, Math.min(state.cursor + by, last)) };
}

/** New rows keep the cursor on its item, as far as that is still shown. */
export function withRows(state: ListState, rows: readonly ReviewRow[]): ListState {
  const before = shownRows(state)[state.cursor]?.item.id;
  const at = shownRows({ ...state, rows }).findIndex((row) => row.item.id === before);
  return { ...state, rows, cursor: Math.max(0, at) };
}

export const withFilter = (state: ListState, filter: Filter): ListState => ({ ...state, filter, cursor: 0 });
