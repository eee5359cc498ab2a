import { everything, sameFilter, standardViews, type Filter, type View } from "./model";
import { strings as t } from "./strings";
import type { ItemList } from "@/api/types";
import type { ItemKind, ItemState } from "@/core/workspace";
import { ActionIcon, TextInput } from "@mantine/core";
import { IconCheck, IconPlus, IconX } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";

interface Props {
  readonly filter: Filter;
  readonly change: (filter: Filter) => void;
  readonly own: readonly View[];
  readonly facets: ItemList["facets"];
  readonly total: number;
  readonly save: (name: string) => void;
  readonly remove: (name: string) => void;
}

const Box = ({ on }: { readonly on: boolean }) => (
  <svg width="14" height="14" aria-hidden style={{ flex: "none" }}>
    <circle cx="7" cy="7" r="6" fill={on ? "var(--accent-strong)" : "none"} stroke={on ? "var(--accent-strong)" : "var(--text-3)"} />
    {on ? <circle cx="7" cy="7" r="2.5" fill="var(--on-accent)" /> : null}
  </svg>
);

function Facet<T extends string>({ title, names, counts, value, choose }: { readonly title: string; readonly names: Readonly<Record<T, string>>; readonly counts: Readonly<Record<string, number>>; readonly value: T | null; readonly choose: (value: T | null) => void }) {
  const known = (Object.keys(names) as T[]).filter((name) => name === value || (counts[name] ?? 0) > 0);
  if (known.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      {known.map((name) => (
        <button key={name} type="button" aria-pressed={value === name} onClick={() => { choose(value === name ? null : name); }}>
          <Box on={value === name} />
          <span>{names[name]}</span>
          <span className="n">{counts[name] ?? 0}</span>
        </button>
      ))}
    </>
  );
}

export function Sidebar({ filter, change, own, facets, total, save, remove }: Props) {
  const [naming, setNaming] = useState<string | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const name = naming?.trim() ?? "";
    if (name !== "") save(name);
    setNaming(null);
  };
  const count = (view: View): number | null => (sameFilter(view.filter, everything) ? total : view.filter.mine === null ? null : (facets.mine[view.filter.mine] ?? 0));
  const row = (view: View) => (
    <button key={view.name} type="button" aria-current={sameFilter(view.filter, filter) ? "true" : undefined} onClick={() => { change(view.filter); }}>
      <span>{view.name}</span>
      {count(view) === null ? null : <span className="n">{count(view)}</span>}
    </button>
  );
  const saved = [...standardViews, ...own].some((view) => sameFilter(view.filter, filter));
  return (
    <aside className="wl-nav" aria-label="Views and facets">
      <h2>{t.views}</h2>
      {standardViews.map(row)}
      {own.map((view) => (
        <div key={view.name} className="wl-own">
          {row(view)}
          <button type="button" onClick={() => { remove(view.name); }} aria-label={`${t.removeView}: ${view.name}`}>
            <IconX size={13} />
          </button>
        </div>
      ))}
      {naming !== null ? (
        <form onSubmit={submit} style={{ padding: "4px 8px" }}>
          <TextInput size="xs" aria-label={t.viewName} placeholder={t.viewName} value={naming} autoFocus maxLength={40} onChange={(event) => { setNaming(event.currentTarget.value); }} onKeyDown={(event) => { if (event.key === "Escape") setNaming(null); }} rightSection={<ActionIcon type="submit" size="sm" aria-label={t.saveView}><IconCheck size={14} /></ActionIcon>} />
        </form>
      ) : saved ? null : (
        <button type="button" className="muted" onClick={() => { setNaming(""); }}>
          <IconPlus size={14} aria-hidden />
          <span>{t.saveView}</span>
        </button>
      )}
      <Facet<ItemKind> title="Kind" names={t.kind} counts={facets.kind} value={filter.kind} choose={(kind) => { change({ ...filter, kind }); }} />
      <Facet<ItemState> title="State" names={t.state} counts={facets.state} value={filter.state} choose={(state) => { change({ ...filter, state }); }} />
    </aside>
  );
}
