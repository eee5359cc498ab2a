// The panel: where the project stands in words, then how far raters agree, who drifts, what confuses, which items
// are doubtful, gold, and what is left to do. Every figure opens the items behind it.
import "./panel.css";
import { Agreement, agreementLeast } from "./Agreement";
import { panelCommands, type Effect } from "./commands";
import { ChooseRaters, Confusion, confusionLeast } from "./Confusion";
import { usePanel, useVotes, votesUrl } from "./data";
import { Effort } from "./Effort";
import { Gold, goldLeast } from "./Gold";
import { HandOut } from "./HandOut";
import { Histogram } from "./Histogram";
import { ItemList } from "./ItemList";
import { brushed, chose, closed, hardGold, itemsOf, nameChoice, needsVotes, readState, sentence, two, unitOf, withSubject, writeState, type Choice, type PanelState, type Part } from "./model";
import { Raters, ratersLeast } from "./Raters";
import { strings as t, words } from "./strings";
import { agreementTable, confusionTable, effortTable, goldTable, ratersTable, uncertaintyTable } from "./tables";
import type { Panel as PanelData } from "./types";
import { sayError } from "@/api/client";
import { useProject } from "@/api/queries";
import { isOutcome, type Command } from "@/core/commands";
import type { ProjectId } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { FigureCard } from "@/ui/FigureCard";
import { ago } from "@/ui/format";
import { setFrame, usePage } from "@/ui/frame_slots";
import { Shortcut } from "@/ui/Shortcut";
import { Empty, Failed, Loading } from "@/ui/states";
import { Button, Tooltip } from "@mantine/core";
import { IconChartDots3, IconInbox, IconInfoCircle, IconRefresh } from "@tabler/icons-react";
import { Fragment, useEffect, useMemo, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";

export default function Panel() {
  const { project } = useParams() as { project: ProjectId };
  usePage([{ label: "panel" }]);
  const panel = usePanel(project);
  const view = useProject(project);
  if (panel.isError) return <Failed error={sayError(panel.error)} retry={() => void panel.refetch()} />;
  if (panel.data === undefined) return <Loading label={t.loading} lines={12} />;
  if (panel.data.items.with_votes === 0 || panel.data.units.length === 0) return <NoVotes project={project} items={view.data?.progress.items ?? panel.data.items.total} />;
  return <Counted key={project} project={project} panel={panel.data} counting={panel.isFetching} recount={() => void panel.refetch()} />;
}

const NoVotes = ({ project, items }: { readonly project: ProjectId; readonly items: number }) =>
  items === 0 ? (
    <Empty icon={<IconInbox size={36} stroke={1.5} />} title={t.empty.title} action={<Button component={Link} to={`/p/${project}/imports`}>{t.empty.noItemsAction}</Button>}>
      {t.empty.noItems}
    </Empty>
  ) : (
    <Empty icon={<IconChartDots3 size={36} stroke={1.5} />} title={t.empty.title} action={<Button component={Link} to={`/p/${project}/worklist?order=asc`}>{t.empty.action}</Button>}>
      {t.empty.text}
    </Empty>
  );

function usePanelState(panel: PanelData): readonly [PanelState, (state: PanelState) => void] {
  const [parameters, setParameters] = useSearchParams();
  const state = useMemo(() => readState(panel, parameters), [panel, parameters]);
  return [state, (next) => { setParameters(writeState(next), { replace: true }); }];
}

function Counted({ project, panel, counting, recount }: { readonly project: ProjectId; readonly panel: PanelData; readonly counting: boolean; readonly recount: () => void }) {
  const navigate = useNavigate();
  const [state, setState] = usePanelState(panel);
  const [handing, setHanding] = useState(false);
  const votes = useVotes(project, state.subject, panel.counted_at, needsVotes(state.choice));
  const items = useMemo(() => itemsOf(state, votes.data), [state, votes.data]);
  const choose = (choice: Choice): void => { setState(chose(state, choice)); };
  const goToDrifting = (): void => {
    const drifting = panel.raters.find((rater) => rater.drift.flagged);
    if (drifting !== undefined) document.getElementById(`panel-rater-${drifting.rater_id}`)?.focus();
  };
  const carryOut: Readonly<Record<Effect, () => void>> = {
    handOut: () => { if (items.length > 0) setHanding(true); },
    open: () => { if (items[0] !== undefined) void navigate(`/p/${project}/item/${items[0].item_id}`); },
    drifting: goToDrifting,
    recount,
    votes: () => { window.location.assign(votesUrl(project, state.subject)); },
  };
  const run = (command: Command<PanelState, Effect>): void => {
    const result = command.apply(state);
    if (!isOutcome(result)) setState(result);
    else for (const effect of result.effects) carryOut[effect]();
  };
  useCommands(panelCommands, state, run);
  const to = (choice: Choice) => ({ href: `?${writeState(chose(state, choice)).toString()}`, go: () => { choose(choice); } });
  const press: Press = { agreement: to({ kind: "unit", unit: state.subject }), drift: { href: "#raters", go: goToDrifting }, unsettled: to({ kind: "unsettled" }) };
  useFoot(panel);

  return (
    <div className="pn" data-listed={state.listed ? "" : undefined}>
      <div className="pn-page">
        <Say state={state} counting={counting} count={items.length} press={press} recount={recount} handOut={carryOut.handOut} />
        <Figures state={state} change={setState} choose={choose} />
      </div>
      {state.listed ? <ItemList state={state} project={project} items={items} waiting={needsVotes(state.choice) && votes.isPending} error={votes.isError ? sayError(votes.error) : null} retry={() => void votes.refetch()} close={() => { setState(closed(state)); }} handOut={carryOut.handOut} /> : null}
      {handing ? <HandOut project={project} panel={panel} items={items} name={nameChoice(state)} close={() => { setHanding(false); }} /> : null}
    </div>
  );
}

// The line at the foot: what was counted, and the keys of this page.
function useFoot(panel: PanelData): void {
  useEffect(() => {
    setFrame({
      left: (
        <>
          <span>{`${String(panel.items.with_votes)} of ${words.items(panel.items.total)} with votes, ${String(panel.items.complete)} complete`}</span>
          <span className="row"><Shortcut keys="P" /><Shortcut keys="N" /> label</span>
          <span className="row"><Shortcut keys="[" /><Shortcut keys="]" /> threshold</span>
          <span className="row"><Shortcut keys="U" /> need another reader</span>
          <span className="row"><Shortcut keys="L" /> list</span>
        </>
      ),
      right: <span>{`Protocol ${panel.protocol.version}, counted ${ago(panel.counted_at)}`}</span>,
    });
  }, [panel]);
}

type Press = Readonly<Record<NonNullable<Part["to"]>, { readonly href: string; readonly go: () => void }>>;

// Parts of the sentence that open the same are one link.
function Said({ parts, press }: { readonly parts: readonly Part[]; readonly press: Press }) {
  const runs: { readonly to: Part["to"]; readonly parts: Part[] }[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === part.to) last.parts.push(part);
    else runs.push({ to: part.to, parts: [part] });
  }
  return runs.map(({ to, parts: run }, at) => {
    const said = run.map((part) => (part.strong === true ? <b key={part.text}>{part.text}</b> : part.text));
    if (to === undefined) return <Fragment key={at}>{said}</Fragment>;
    return (
      <a key={at} href={press[to].href} onClick={(event) => { event.preventDefault(); press[to].go(); }}>
        {said}
      </a>
    );
  });
}

function Say({ state, counting, count, press, recount, handOut }: { readonly state: PanelState; readonly counting: boolean; readonly count: number; readonly press: Press; readonly recount: () => void; readonly handOut: () => void }) {
  const { panel, subject } = state;
  const agreement = unitOf(panel, subject)?.agreement;
  const details = agreement === undefined ? [] : [`${words.metricName(agreement.metric)}${agreement.level === "" ? "" : `, ${agreement.level}`}`, agreement.interval].filter((part) => part !== "");
  return (
    <div className="pn-say">
      <div>
        <h1>
          <Said parts={sentence(panel, subject)} press={press} />
        </h1>
        <p>
          {details.length === 0 ? "" : `${details.join(", ")}. `}
          {agreement === undefined || agreement.target === null ? "" : `Target ${two(agreement.target)} (quality plan). `}
          {t.everyFigure}
        </p>
        {panel.raters.length === 1 ? <div className="pn-note" role="note"><IconInfoCircle size={15} aria-hidden /> {t.oneRater}</div> : null}
      </div>
      <div className="pn-acts">
        <Tooltip label={`Counted ${ago(panel.counted_at)}`}>
          <Button variant="default" leftSection={<IconRefresh size={14} />} loading={counting} onClick={recount} rightSection={<kbd>R</kbd>}>{t.recount}</Button>
        </Tooltip>
        <Button onClick={handOut} disabled={count === 0} rightSection={<kbd>H</kbd>}>{count === 0 ? t.list.handOutNone : `${t.handOut} ${words.items(count)}`}</Button>
      </div>
    </div>
  );
}

const card = { definition: t.definition, save: t.save, svg: t.svg, csv: t.csv } as const;

function Figures({ state, change, choose }: { readonly state: PanelState; readonly change: (state: PanelState) => void; readonly choose: (choice: Choice) => void }) {
  const { panel, subject } = state;
  const windows = Math.max(0, ...panel.raters.map((rater) => rater.drift.values.length));
  const toggled = (id: string): readonly string[] => ((state.raters ?? []).includes(id) ? (state.raters ?? []).filter((one) => one !== id) : [...(state.raters ?? []), id]);
  const compare = (raters: readonly string[] | null): void => { change({ ...state, raters: raters === null || raters.length === 0 ? null : raters }); };
  return (
    <div className="pn-grid">
      <FigureCard area="agree" title={t.agreement.title} small={t.agreement.small} definition={t.agreement.definition} words={card} name="agreement" table={() => agreementTable(panel)} least={agreementLeast(state)}>
        {(size) => <Agreement state={state} {...size} choose={(unit) => { change(withSubject(state, unit)); }} open={(unit) => { choose({ kind: "unit", unit }); }} />}
      </FigureCard>
      <FigureCard area="raters" title={t.raters.title} small={`reliability over all labels${windows > 1 ? `, drift in ${String(windows)} windows` : ""}${panel.gold.length > 0 ? `, gold ${words.items(panel.gold.length)}` : ""}`} definition={t.raters.definition} words={card} name="raters" table={() => ratersTable(panel)} least={ratersLeast(state)}>
        {(size) => <Raters state={state} {...size} compare={(rater) => { compare(toggled(rater.rater_id)); }} against={(rater) => { choose({ kind: "against", rater: rater.rater_id }); }} gold={(rater) => { choose({ kind: "gold", rater: rater.rater_id, item: null }); }} />}
      </FigureCard>
      <FigureCard area="confuse" title={t.confusion.title} small={t.confusion.small} definition={t.confusion.definition} words={card} name={`confusion-${subject}`} table={() => confusionTable(panel, subject, panel.raters)} least={confusionLeast(state)} tools={<ChooseRaters state={state} change={compare} />}>
        {(size) => <Confusion state={state} {...size} cell={(rater, consensus, said) => { choose({ kind: "cell", rater: rater.rater_id, consensus, said }); }} />}
      </FigureCard>
      <FigureCard area="items" title={t.histogram.title} small={t.histogram.small} definition={t.histogram.definition} words={card} name="uncertainty" table={() => uncertaintyTable(panel)}>
        {(size) => <Histogram state={state} {...size} brush={(from, to) => { change(brushed(state, from, to)); }} />}
      </FigureCard>
      <FigureCard area="gold" title={t.gold.title} small={`${t.gold.small}${t.gold.missed(hardGold(panel))}`} definition={t.gold.definition} words={card} name="gold" table={() => goldTable(panel)} least={goldLeast(state)}>
        {(size) => <Gold state={state} {...size} missed={(rater) => { choose({ kind: "gold", rater: rater.rater_id, item: null }); }} item={(gold) => { choose({ kind: "gold", rater: null, item: gold.item_id }); }} />}
      </FigureCard>
      <FigureCard area="effort" title={t.effort.title} small={`settled: posterior ≥ ${panel.settled_at.toFixed(2)}`} definition={t.effort.definition} words={card} name="effort" table={() => effortTable(panel)}>
        {(size) => <Effort state={state} {...size} />}
      </FigureCard>
    </div>
  );
}
