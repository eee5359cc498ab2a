import "./worklist.css";
import { leaseNext, skipItem, takeItem, useFacets, useItems, useNext, useStatistics } from "./data";
import { AssignDialog } from "./AssignDialog";
import { commands, leadCommands, raterCommands, type Effect } from "./commands";
import { cleared, everything, moved, pace, readFilter, readViews, sameFilter, selectAll, standardViews, toggled, withItems, writeFilter, writeViews, type Filter, type WorklistState } from "./model";
import { Table } from "./Table";
import { Sidebar } from "./Sidebar";
import { Filters } from "./Filters";
import { strings as t } from "./strings";
import { sayError } from "@/api/client";
import { assignItems } from "@/api/items";
import { askAhead, useProject, useProtocol } from "@/api/queries";
import { isOutcome, type Command } from "@/core/commands";
import { mayLabel, mayLead } from "@/core/roles";
import type { Item, ItemId, PersonId, ProjectId, ProjectView } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { Bars, Ring } from "@/ui/figures";
import { duration } from "@/ui/format";
import { setFrame, usePage } from "@/ui/frame_slots";
import { Shortcut } from "@/ui/Shortcut";
import { SkipDialog } from "@/ui/SkipDialog";
import { Empty, Failed, Loading } from "@/ui/states";
import { tellResult } from "@/ui/tell_result";
import { Button, Checkbox } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChecks, IconFilterOff, IconInbox } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";

export default function Worklist() {
  const { project: id } = useParams() as { project: ProjectId };
  const project = useProject(id);
  if (project.isError) return <Failed error={sayError(project.error)} retry={() => void project.refetch()} />;
  if (project.data === undefined) return <Loading label="Loading the worklist" lines={12} />;
  return <Listed key={id} project={project.data} />;
}

// Runs one call for each item and says how many went well, and why the others did not.
async function each(items: readonly ItemId[], act: (item: ItemId) => Promise<unknown>): Promise<{ done: number; problems: readonly string[] }> {
  let done = 0;
  const problems: string[] = [];
  for (const item of items) {
    try {
      await act(item);
      done += 1;
    } catch (error) {
      problems.push(sayError(error).what);
    }
  }
  return { done, problems };
}

function useFilter(projectId: ProjectId): readonly [Filter, (filter: Filter) => void] {
  const [parameters, setParameters] = useSearchParams();
  const first = standardViews[0]?.filter ?? everything;
  const filter = useMemo(() => (parameters.size === 0 ? first : readFilter(parameters)), [parameters, first]);
  useEffect(() => {
    sessionStorage.setItem(`consilium.worklist.${projectId}`, writeFilter(filter).toString());
  }, [projectId, filter]);
  return [filter, (next) => { setParameters(writeFilter(next), { replace: true }); }];
}

function ContinueButton({ next, busy, go, done }: { readonly next: Item | null | undefined; readonly busy: boolean; readonly go: () => void; readonly done: boolean }) {
  const detail = next === null || next === undefined ? null : `${next.title === "" ? (next.modality ?? "") : next.title}${next.mine.state === "draft" ? `, ${String(next.mine.annotations)} labels` : ""}`;
  return (
    <button type="button" className="wl-go" onClick={go} disabled={busy || done}>
      <span>
        {done ? t.doneTitle : next === null || next === undefined ? "Continue" : `${next.mine.state === "draft" || next.mine.state === "leased" ? "Continue" : "Start"} ${next.patient.pseudonym}`}
        <small>{detail ?? (done ? "nothing waits for you" : "with the next item")}</small>
      </span>
      <kbd>Enter</kbd>
    </button>
  );
}

function Progress({ project }: { readonly project: ProjectView }) {
  const statistics = useStatistics(project.id);
  const mine = statistics.data?.raters[0];
  const days = statistics.data?.per_day.slice(-14) ?? [];
  const { items, done, my_done, my_open } = project.progress;
  const rater = mayLabel(project.my_roles);
  const of = items;
  const reached = rater ? my_done : done;
  const rest = pace(mine?.today ?? 0, mine?.median_s_per_item ?? statistics.data?.median_s_per_item ?? null, my_open === 0 ? items - reached : my_open);
  return (
    <>
      {days.length > 1 ? (
        <div className="wl-days">
          <small>Items a day, {days.length} days</small>
          <Bars values={days.map((day) => day.submitted)} labels={days.map((day) => day.date.slice(5))} title={`Items submitted in each of the last ${String(days.length)} days`} height={44} caption={false} />
        </div>
      ) : null}
      <Ring share={of === 0 ? 0 : reached / of} label={`${String(reached)} of ${String(of)} done`} />
      <div>
        <p>
          <b>
            {reached} of {of}
          </b>{" "}
          {rater ? "done by me" : "done"}
        </p>
        <p>
          <b>{rest.today}</b> today{rest.left === null ? "" : `, about ${duration(rest.left)} left`}
        </p>
        {statistics.data?.median_s_per_item === null || statistics.data === undefined ? null : <p>{duration(statistics.data.median_s_per_item)} an item, median</p>}
      </div>
    </>
  );
}

function Listed({ project }: { readonly project: ProjectView }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [filter, setFilter] = useFilter(project.id);
  const [views, setViews] = useState(() => readViews(localStorage, project.id));
  const [dialog, setDialog] = useState<null | "skip" | "assign">(null);
  const search = useRef<HTMLInputElement>(null);
  const rater = mayLabel(project.my_roles);
  const lead = mayLead(project.my_roles);
  const list = useItems(project.id, filter);
  const facets = useFacets(project.id);
  const next = useNext(project.id, rater);
  const { data: protocol } = useProtocol(project.id);
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? items.length;
  const [held, setState] = useState<WorklistState>({ items: [], cursor: 0, selected: new Set() });
  const state = useMemo(() => (held.items === items ? held : withItems(held, items)), [held, items]);
  const view = [...standardViews, ...views].find((one) => sameFilter(one.filter, filter));
  usePage([{ label: "worklist" }]);

  const refresh = (): void => void client.invalidateQueries({ queryKey: ["project", project.id, "items"] });
  const open = (item: Item | undefined): void => {
    if (item === undefined) return;
    askAhead(client, project.id, item.id);
    void navigate(`/p/${project.id}/item/${item.id}`);
  };
  const goOn = useMutation({
    mutationFn: () => leaseNext(project.id),
    onSuccess: (answer) => {
      if (answer === null) notifications.show({ title: t.doneTitle, message: t.doneText, color: "teal" });
      else void navigate(`/p/${project.id}/item/${answer.item.id}`);
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  const bulk = useMutation({
    mutationFn: async ({ verb, act }: { verb: string; act: (item: ItemId) => Promise<unknown> }) => {
      tellResult(verb, await each([...state.selected], act));
    },
    onSuccess: () => {
      setDialog(null);
      setState(cleared);
      refresh();
    },
  });
  const assign = useMutation({
    mutationFn: (people: readonly PersonId[]) => assignItems(project.id, [...state.selected], people),
    onSuccess: ({ results }) => {
      const bad = results.filter((row) => row.status >= 300);
      tellResult("assigned", { done: results.length - bad.length, problems: bad.map((row) => row.problem?.detail ?? row.problem?.title ?? "refused") });
      setDialog(null);
      setState(cleared);
      refresh();
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });

  const carryOut: Readonly<Record<Effect, () => void>> = {
    continue: () => { goOn.mutate(); },
    open: () => { open(state.items[state.cursor]); },
    search: () => search.current?.focus(),
    take: () => { bulk.mutate({ verb: "taken", act: (item) => takeItem(project.id, item) }); },
    skip: () => { setDialog("skip"); },
    assign: () => { setDialog("assign"); },
  };
  const run = (command: Command<WorklistState, Effect>): void => {
    const result = command.apply(state);
    if (!isOutcome(result)) setState(result);
    else for (const effect of result.effects) carryOut[effect]();
  };
  useCommands(lead ? leadCommands : raterCommands, state, run);

  useEffect(() => {
    setFrame({
      left: (
        <>
          <span>{total === 0 ? "no items" : `${String(items.length)} of ${String(total)}`}</span>
          <span className="row"><Shortcut keys="Up" /><Shortcut keys="Down" /> move</span>
          <span className="row"><Shortcut keys="Space" /> select</span>
          <span className="row"><Shortcut keys="O" /> open</span>
          <span className="row"><Shortcut keys="/" /> search</span>
        </>
      ),
      right: <span>{t.blind}</span>,
    });
  }, [items.length, total]);

  const save = (name: string): void => {
    const kept = [...views.filter((one) => one.name !== name), { name, filter }];
    setViews(kept);
    writeViews(localStorage, project.id, kept);
  };
  const remove = (name: string): void => {
    const kept = views.filter((one) => one.name !== name);
    setViews(kept);
    writeViews(localStorage, project.id, kept);
  };
  const questions = protocol?.protocol.questions.filter((question) => question.on === "item").length ?? null;
  const picked = state.selected.size;
  const shown = facets.data?.facets ?? { kind: {}, state: {}, mine: {} };

  return (
    <div className="wl">
      <Sidebar filter={filter} change={setFilter} own={views} facets={shown} total={facets.data?.total ?? 0} save={save} remove={remove} />
      <section className="wl-page" aria-label="Items">
        <div className="wl-top">
          <div>
            <h1>{view?.name ?? "Filtered items"}</h1>
            <p>
              {total} of {facets.data?.total ?? total} items, by {t.sort[filter.sort]}
            </p>
          </div>
          <div className="wl-pace">
            <Progress project={project} />
            {rater ? <ContinueButton next={next.data?.item} busy={goOn.isPending} go={carryOut.continue} done={next.data === null} /> : null}
          </div>
        </div>
        <Filters filter={filter} change={setFilter} search={search} />
        {picked === 0 ? (
          <span />
        ) : (
          <div className="wl-bulk" role="toolbar" aria-label="Selected items">
            <Checkbox size="xs" checked={picked === items.length} indeterminate={picked < items.length} onChange={() => { setState(selectAll(state)); }} aria-label="Select all shown" />
            <b>{picked} selected</b>
            <span className="muted">of {total}</span>
            {rater ? <Button variant="default" size="compact-sm" onClick={carryOut.take} loading={bulk.isPending} rightSection={<kbd>T</kbd>}>Take</Button> : null}
            {rater ? <Button variant="default" size="compact-sm" onClick={carryOut.skip} rightSection={<kbd>X</kbd>}>Skip with a reason</Button> : null}
            {lead ? <Button variant="default" size="compact-sm" onClick={carryOut.assign} rightSection={<kbd>A</kbd>}>Assign</Button> : null}
            <Button variant="subtle" color="gray" size="compact-sm" className="push" onClick={() => { run(commands.clear); }} rightSection={<kbd>Esc</kbd>}>Clear</Button>
          </div>
        )}
        <Table
          state={state}
          filter={filter}
          change={setFilter}
          project={project.id}
          questions={questions}
          open={open}
          place={(cursor) => { setState(moved({ ...state, cursor: 0 }, cursor)); }}
          toggle={(id) => { setState(toggled(state, id)); }}
          all={() => { setState(selectAll(state)); }}
          more={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : null}
        >
          {list.isError ? (
            <Failed error={sayError(list.error)} retry={() => void list.refetch()} />
          ) : list.isPending ? (
            <Loading label="Loading the items" lines={10} />
          ) : project.progress.items === 0 ? (
            <Empty icon={<IconInbox size={36} stroke={1.5} />} title={t.nothingTitle} action={lead ? <Button component={Link} to={`/p/${project.id}/imports`}>Import files</Button> : undefined}>
              {t.nothingText}
            </Empty>
          ) : items.length > 0 ? null : view?.name === "To do" ? (
            <Empty icon={<IconChecks size={36} stroke={1.5} />} title={t.doneTitle} action={<Button variant="default" onClick={() => { setFilter(everything); }}>Show all items</Button>}>
              {t.doneText}
            </Empty>
          ) : (
            <Empty icon={<IconFilterOff size={36} stroke={1.5} />} title={t.emptyTitle} action={<Button variant="default" onClick={() => { setFilter(everything); }}>Show all items</Button>}>
              {t.emptyText}
            </Empty>
          )}
        </Table>
      </section>
      {dialog === "skip" ? <SkipDialog count={picked} busy={bulk.isPending} close={() => { setDialog(null); }} skip={(reason) => { bulk.mutate({ verb: "skipped", act: (item) => skipItem(project.id, item, reason) }); }} /> : null}
      {dialog === "assign" ? <AssignDialog project={project.id} count={picked} busy={assign.isPending} close={() => { setDialog(null); }} assign={(people) => { assign.mutate(people); }} /> : null}
    </div>
  );
}
