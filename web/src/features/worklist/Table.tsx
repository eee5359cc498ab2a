import { Mine, StateMark } from "./marks";
import { Preview } from "./Preview";
import type { Filter, Sort, WorklistState } from "./model";
import type { Item, ItemId, ProjectId } from "@/core/workspace";
import { ago, timestamp } from "@/ui/format";
import { Checkbox } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconFileText, IconPhoto, IconWaveSine } from "@tabler/icons-react";
import { memo, useEffect, useRef, type ReactNode } from "react";
import { Link } from "react-router";

interface Props {
  readonly state: WorklistState;
  readonly filter: Filter;
  readonly change: (filter: Filter) => void;
  readonly project: ProjectId;
  readonly questions: number | null;
  readonly open: (item: Item) => void;
  readonly place: (cursor: number) => void;
  readonly toggle: (id: ItemId) => void;
  readonly all: () => void;
  readonly more: (() => void) | null;
  readonly children: ReactNode; // what is shown when there are no rows
}

const kinds = { image: IconPhoto, text: IconFileText, signal: IconWaveSine };
const columns: readonly { readonly title: string; readonly width?: number; readonly sort?: Sort; readonly number?: boolean }[] = [
  { title: "Preview", width: 170 },
  { title: "Pseudonym", width: 108, sort: "pseudonym" },
  { title: "Kind" },
  { title: "Date", width: 100, sort: "date" },
  { title: "State", width: 124, sort: "state" },
  { title: "Mine" },
  { title: "Readers", width: 72, number: true },
  { title: "Changed", width: 100, sort: "updated", number: true },
];

interface RowProps {
  readonly item: Item;
  readonly at: number;
  readonly cursor: boolean;
  readonly selected: boolean;
  readonly project: ProjectId;
  readonly questions: number | null;
  readonly act: { current: Pick<Props, "open" | "place" | "toggle"> };
}

const Row = memo(function Row({ item, at, cursor, selected, project, questions, act }: RowProps) {
  const Kind = kinds[item.kind];
  return (
    <tr id={`row-${item.id}`} aria-selected={selected} className={cursor ? "cursor" : undefined} onClick={() => { act.current.place(at); }} onDoubleClick={() => { act.current.open(item); }}>
      <td>
        <Checkbox size="xs" checked={selected} onChange={() => { act.current.toggle(item.id); }} aria-label={`Select item ${String(item.number)}`} />
      </td>
      <td>
        <Preview item={item} />
      </td>
      <td className="wl-id">
        <Link to={`/p/${project}/item/${item.id}`}>{item.patient.pseudonym}</Link>
        <small>item {item.number}</small>
      </td>
      <td>
        <span className="wl-kind">
          <Kind size={16} stroke={1.5} aria-hidden />
          <span title={item.title}>{item.title === "" ? item.modality : item.title}</span>
        </span>
      </td>
      <td>{item.date}</td>
      <td>
        <StateMark item={item} />
      </td>
      <td>
        <Mine item={item} questions={questions} />
      </td>
      <td className="num">
        {item.readers.submitted} of {item.readers.wanted}
      </td>
      <td className="num muted" title={item.mine.updated_at === null || item.mine.updated_at === undefined ? "" : timestamp(item.mine.updated_at)}>
        {item.mine.updated_at === null || item.mine.updated_at === undefined ? "" : ago(item.mine.updated_at)}
      </td>
    </tr>
  );
});

export function Table({ state, filter, change, project, questions, open, place, toggle, all, more, children }: Props) {
  const body = useRef<HTMLDivElement>(null);
  const act = useRef({ open, place, toggle });
  useEffect(() => {
    act.current = { open, place, toggle };
  });
  const current = state.items[state.cursor];
  useEffect(() => {
    if (current === undefined) return;
    document.getElementById(`row-${current.id}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  // The next page is asked for before its end is reached.
  const loadMore = useRef(more);
  useEffect(() => {
    loadMore.current = more;
  });
  const scrolled = (): void => {
    const box = body.current;
    if (box !== null && box.scrollHeight - box.scrollTop - box.clientHeight < 1200) loadMore.current?.();
  };
  const shown = state.items.length;
  useEffect(() => {
    if (state.cursor > shown - 15) loadMore.current?.();
  }, [state.cursor, shown]);
  const head = (column: (typeof columns)[number]) => {
    const active = column.sort !== undefined && column.sort === filter.sort;
    return (
      <th key={column.title} scope="col" className={column.number === true ? "num" : undefined} aria-sort={active ? (filter.order === "asc" ? "ascending" : "descending") : undefined}>
        {column.sort === undefined ? (
          column.title
        ) : (
          <button type="button" onClick={() => { change({ ...filter, sort: column.sort ?? "number", order: active && filter.order === "asc" ? "desc" : "asc" }); }}>
            {column.title}
            {active ? filter.order === "asc" ? <IconArrowUp size={12} aria-hidden /> : <IconArrowDown size={12} aria-hidden /> : null}
          </button>
        )}
      </th>
    );
  };
  return (
    <div className="wl-body" ref={body} onScroll={scrolled} tabIndex={0} role="group" aria-label="Items, arrow keys move">
      {shown === 0 ? (
        children
      ) : (
        <table className="wl-table" role="grid" aria-multiselectable aria-rowcount={shown}>
          <colgroup>
            <col style={{ width: 40 }} />
            {columns.map((column) => (
              <col key={column.title} style={column.width === undefined ? {} : { width: column.width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              <th scope="col">
                <Checkbox size="xs" checked={state.items.every((item) => state.selected.has(item.id))} indeterminate={state.selected.size > 0 && state.items.some((item) => !state.selected.has(item.id))} onChange={all} aria-label="Select all shown" />
              </th>
              {columns.map(head)}
            </tr>
          </thead>
          <tbody>
            {state.items.map((item, at) => (
              <Row key={item.id} item={item} at={at} cursor={at === state.cursor} selected={state.selected.has(item.id)} project={project} questions={questions} act={act} />
            ))}
          </tbody>
        </table>
      )}
      {more === null ? null : <div className="wl-more">More below</div>}
    </div>
  );
}
