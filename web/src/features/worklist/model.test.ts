import type { Item, ItemId } from "@/core/workspace";
import { describe, expect, it } from "vitest";
import { cleared, everything, moved, pace, readFilter, readViews, sameFilter, selectAll, standardViews, toggled, withItems, writeFilter, writeViews, type WorklistState } from "./model";

const item = (id: string): Item => ({
  id: id as ItemId,
  project_id: "p" as Item["project_id"],
  number: 1,
  kind: "text",
  title: "",
  patient: { id: "", pseudonym: "" },
  modality: null,
  date: null,
  state: "available",
  readers: { wanted: 1, submitted: 0 },
  mine: { task_id: null, state: "none", annotations: 0 },
  preview: null,
  revision: 1,
});
const items = ["a", "b", "c"].map(item);
const state: WorklistState = { items, cursor: 0, selected: new Set() };

describe("the filter in the address", () => {
  it.each(standardViews.map((view) => [view.name, view.filter] as const))("%s comes back as it went", (_, filter) => {
    expect(sameFilter(readFilter(writeFilter(filter)), filter)).toBe(true);
    expect(writeFilter(filter).size).toBeGreaterThan(0);
  });
  it("takes nothing that is not known", () => {
    expect(readFilter(new URLSearchParams("kind=film&state=done&mine=hers&sort=price&order=up"))).toEqual({ ...everything, state: "done" });
  });
});

describe("the cursor", () => {
  it("stays within the list", () => {
    expect(moved(state, -1).cursor).toBe(0);
    expect(moved(state, 9).cursor).toBe(2);
    expect(moved({ ...state, items: [] }, 1).cursor).toBe(0);
  });
  it("stays on its item when the list changes under it", () => {
    const on = moved(state, 2);
    expect(withItems(on, [item("x"), item("c")]).cursor).toBe(1);
    expect(withItems(on, [item("x")]).cursor).toBe(0);
  });
});

describe("the selection", () => {
  it("is switched one by one, all at once, and cleared", () => {
    const one = toggled(state, items[1]?.id);
    expect([...one.selected]).toEqual(["b"]);
    expect(toggled(one, items[1]?.id).selected.size).toBe(0);
    const all = selectAll(one);
    expect(all.selected.size).toBe(3);
    expect(selectAll(all).selected.size).toBe(0);
    expect(cleared(all).selected.size).toBe(0);
  });
});

it("own views are kept for each project, and a damaged store is no harm", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  writeViews(storage, "p", [{ name: "CT", filter: { ...everything, kind: "image" } }]);
  expect(readViews(storage, "p")).toEqual([{ name: "CT", filter: { ...everything, kind: "image" } }]);
  expect(readViews(storage, "q")).toEqual([]);
  kept.set("consilium.views.p", "{");
  expect(readViews(storage, "p")).toEqual([]);
});

it("the pace says nothing of the time left when nothing is known", () => {
  expect(pace(3, null, 10)).toEqual({ today: 3, left: null });
  expect(pace(3, 60, 10)).toEqual({ today: 3, left: 600 });
});
