// What is to review: items where raters differ or the posterior is unsure, the most doubtful first.
import { sayError } from "@/api/client";
import { useProject } from "@/api/queries";
import { fetchReviewList, type ReviewRow } from "@/api/review";
import { isOutcome, type Command } from "@/core/commands";
import type { ItemKind, ProjectId } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { setFrame, usePage } from "@/ui/frame_slots";
import { Shortcut } from "@/ui/Shortcut";
import { Empty, Failed, Loading } from "@/ui/states";
import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconChecks, IconFileText, IconFolderOpen, IconGavel, IconPhoto, IconPlayerPlay, IconWaveSine } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { isWaiting, movedBy, shownRows, withFilter, withRows, type Filter, type ListState } from "./list_model";
import { strings } from "./strings";
import "./review.css";

type Effect = "continue" | "open";
const commands: readonly Command<ListState, Effect>[] = [
  { id: "review.list.continue", label: strings.continue, shortcut: "Enter", icon: IconPlayerPlay, group: strings.group, enabled: (state) => state.rows.some(isWaiting), apply: (state) => ({ state, effects: ["continue"] }) },
  { id: "review.list.open", label: strings.openItem, shortcut: "O", icon: IconFolderOpen, group: strings.group, enabled: (state) => shownRows(state).length > 0, apply: (state) => ({ state, effects: ["open"] }) },
  { id: "review.list.down", label: strings.down, shortcut: ["J", "Down"], icon: IconArrowDown, group: strings.group, hidden: true, apply: (state) => movedBy(state, 1) },
  { id: "review.list.up", label: strings.up, shortcut: ["K", "Up"], icon: IconArrowUp, group: strings.group, hidden: true, apply: (state) => movedBy(state, -1) },
];

const pageSize = 100;
const kindIcon = (kind: ItemKind) => (kind === "image" ? IconPhoto : kind === "text" ? IconFileText : IconWaveSine);
const entropyMost = 2; // bits that fill the bar

export default function ReviewList(): React.JSX.Element {
  const { project } = useParams() as { project: ProjectId };
  const navigate = useNavigate();
  const { data: view } = useProject(project);
  const list = useInfiniteQuery({
    queryKey: ["project", project, "review"], queryFn: ({ pageParam }) => fetchReviewList(project, pageParam, pageSize), initialPageParam: null as string | null, getNextPageParam: (page) => page.next_cursor,
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [held, setState] = useState<ListState>({ rows: [], filter: "waiting", cursor: 0 });
  const state = useMemo(() => (held.rows === rows ? held : withRows(held, rows)), [held, rows]);
  usePage([{ label: strings.listTitle }]);
  const open = (row: ReviewRow | undefined): void => {
    if (row !== undefined) void navigate(`/p/${project}/review/${row.item.id}`);
  };
  const shown = shownRows(state);
  useEffect(() => {
    // Opening an item waits for no code.
    const idle = requestIdleCallback(() => void import("./View").catch(() => undefined), { timeout: 3000 });
    return () => {
      cancelIdleCallback(idle);
    };
  }, []);
  const next = rows.find(isWaiting);
  const run = (command: Command<ListState, Effect>): void => {
    const result = command.apply(state);
    if (!isOutcome(result)) setState(result);
    else open(result.effects[0] === "continue" ? next : shown[state.cursor]);
  };
  useCommands(commands, state, run);
  const waiting = rows.filter(isWaiting).length;
  const total = list.data?.pages[0]?.total ?? rows.length;
  useEffect(() => {
    setFrame({
      left: (
        <>
          <span>{strings.rowsOf(rows.length, total)}</span>
          <span className="row"><Shortcut keys="J" /><Shortcut keys="K" /> {strings.keys.move}</span>
          <span className="row"><Shortcut keys="O" /> {strings.keys.open}</span>
          <span className="row"><Shortcut keys="Enter" /> {strings.keys.continue}</span>
        </>
      ),
    });
  }, [rows.length, total]);

  const counts: Readonly<Record<Filter, number>> = { waiting, settled: rows.length - waiting, all: rows.length };
  return (
    <div className="page rv-page">
      <header className="page-head">
        <div>
          <h1>{strings.listTitle}</h1>
          <p>{list.data === undefined ? (view?.title ?? "") : list.hasNextPage ? strings.listLeadMore(waiting) : strings.listLead(waiting)}</p>
        </div>
        {next === undefined ? null : (
          <button type="button" className="rv-go push" onClick={() => { open(next); }}>
            <IconPlayerPlay size={18} aria-hidden />
            <span>
              {strings.continue}
              <small>{strings.continueTo(next.item.number, next.item.patient.pseudonym)}</small>
            </span>
            <kbd>Enter</kbd>
          </button>
        )}
      </header>
      <section className="card" aria-label={strings.listTitle}>
        <div className="rv-filters" role="group" aria-label={strings.filterName}>
          {(["waiting", "settled", "all"] as const).map((filter) => (
            <button key={filter} type="button" className={filter === state.filter ? "rv-chip rv-on" : "rv-chip"} aria-pressed={filter === state.filter} onClick={() => { setState(withFilter(state, filter)); }}>
              {strings.filters[filter]} <b>{counts[filter]}</b>
            </button>
          ))}
        </div>
        {list.isError ? (
          <Failed error={sayError(list.error)} retry={() => void list.refetch()} />
        ) : list.isPending ? (
          <Loading label={strings.listLoading} lines={10} />
        ) : rows.length === 0 ? (
          <Empty icon={<IconGavel size={36} stroke={1.5} />} title={strings.listEmpty} action={<Button variant="default" component={Link} to={`/p/${project}/worklist`}>{strings.toWorklist}</Button>}>
            {strings.listEmptyText}
          </Empty>
        ) : shown.length === 0 ? (
          <Empty icon={<IconChecks size={36} stroke={1.5} />} title={strings.listAllSettled} action={<Button variant="default" onClick={() => { setState(withFilter(state, "all")); }}>{strings.showAll}</Button>}>
            {strings.listAllSettledText}
          </Empty>
        ) : (
          <Rows rows={shown} cursor={state.cursor} project={project} place={(cursor) => { setState({ ...state, cursor }); }} open={open} />
        )}
        {list.hasNextPage ? (
          <div className="rv-more">
            <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{strings.moreRows}</Button>
          </div>
        ) : null}
      </section>
    </div>
  );
}

interface RowsProps {
  readonly rows: readonly ReviewRow[];
  readonly cursor: number;
  readonly project: ProjectId;
  readonly place: (cursor: number) => void;
  readonly open: (row: ReviewRow) => void;
}

function Rows({ rows, cursor, project, place, open }: RowsProps): React.JSX.Element {
  const current = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [cursor]);
  const { columns } = strings;
  return (
    <div className="table-scroll">
      <table className="table rv-table">
        <thead>
          <tr>
            <th scope="col" className="n">{columns.number}</th>
            <th scope="col">{columns.patient}</th>
            <th scope="col">{columns.item}</th>
            <th scope="col">{columns.date}</th>
            <th scope="col">{columns.reason}</th>
            <th scope="col">{columns.differences}</th>
            <th scope="col" title={strings.doubtHelp}>{columns.doubt}</th>
            <th scope="col">{columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, n) => {
            const { item } = row;
            const Icon = kindIcon(item.kind);
            return (
              <tr key={item.id} ref={n === cursor ? current : undefined} className={n === cursor ? "rv-cursor" : undefined} onClick={() => { place(n); }} onDoubleClick={() => { open(row); }}>
                <td className="n">{item.number}</td>
                <td><Link className="rv-link" to={`/p/${project}/review/${item.id}`}>{item.patient.pseudonym}</Link></td>
                <td>
                  <span className="row"><Icon size={16} stroke={1.5} aria-label={strings.kinds[item.kind]} /> {item.title}</span>
                </td>
                <td>{item.date ?? ""}</td>
                <td>{strings.reasons[row.reason]}</td>
                <td>{strings.openOf(row.open, row.differences)}</td>
                <td>
                  <span className="rv-doubt">
                    <span className="rv-meter" aria-hidden="true"><i className={isWaiting(row) ? "rv-best" : undefined} style={{ width: `${String(Math.min(100, (row.entropy_bits / entropyMost) * 100))}%` }} /></span>
                    {strings.bits(row.entropy_bits)}
                  </span>
                </td>
                <td><State row={row} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** A shape and a word, never colour alone. */
function State({ row }: { readonly row: ReviewRow }): React.JSX.Element {
  const state = row.draft === null ? row.state : "in_progress";
  return (
    <span className="rv-row-state">
      <svg width="12" height="12" aria-hidden="true">
        {state === "settled" ? (
          <>
            <rect x="1" y="1" width="10" height="10" rx="2" fill="var(--ok)" />
            <path d="M3 6l2 2 4-4" stroke="var(--surface)" strokeWidth="1.5" fill="none" />
          </>
        ) : (
          <>
            <circle cx="6" cy="6" r="4.5" fill="none" stroke={state === "open" ? "var(--text-2)" : "var(--accent-strong)"} strokeWidth="1.5" />
            {state === "in_progress" ? <path d="M6 1.5a4.5 4.5 0 0 1 0 9z" fill="var(--accent-strong)" /> : null}
          </>
        )}
      </svg>
      {row.draft === null ? strings.states[state] : strings.draftStates[row.draft]}
    </span>
  );
}
