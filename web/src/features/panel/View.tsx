// The panel: where the project stands in words, then how far raters agree, who drifts, what confuses, which items
// are doubtful, gold, and what is left to do. Every figure opens the items behind it.
import "./panel.css";
import { Agreement, agreementLeast } from "./Agreement";
import { panelCommands, type Effect } from "./commands";
import { ChooseRaters, Confusion, confusionLeast, confusionWidth } from "./Confusion";
import { usePanel, votesUrl } from "./data";
import { Effort } from "./Effort";
import { Gold, goldLeast } from "./Gold";
import { HandOut } from "./HandOut";
import { Histogram } from "./Histogram";
import { ItemList } from "./ItemList";
import { RaterMark } from "./marks";
import { brushed, chose, closed, hardGold, itemPath, itemsOf, nameChoice, readState, sentence, two, unitOf, withSubject, writeState, type Choice, type PanelState, type Part } from "./model";
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
import { Button, Popover, Tooltip } from "@mantine/core";
import { IconChartDots3, IconInbox, IconInfoCircle, IconRefresh } from "@tabler/icons-react";
import { Fragment, useEffect, useMemo, useState, type ReactNode } from "react";
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

// The address follows the state, not the other way round: the router takes its time, keys do not wait for it.
function usePanelState(panel: PanelData): readonly [PanelState, (state: PanelState) => void] {
  const [parameters, setParameters] = useSearchParams();
  const [held, setHeld] = useState(() => readState(panel, parameters));
  const state = useMemo(() => (held.panel === panel ? held : readState(panel, writeState(held))), [held, panel]);
  const address = writeState(state).toString();
  useEffect(() => {
    setParameters(new URLSearchParams(address), { replace: true });
    // The setter is another one after each change of the address.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [address]);
  return [state, setHeld];
}

function Counted({ project, panel, counting, recount }: { readonly project: ProjectId; readonly panel: PanelData; readonly counting: boolean; readonly recount: () => void }) {
  const navigate = useNavigate();
  const [state, setState] = usePanelState(panel);
  const [handing, setHanding] = useState(false);
  const [drifting, setDrifting] = useState(false);
  const items = useMemo(() => itemsOf(state), [state]);
  const choose = (choice: Choice): void => { setState(chose(state, choice)); };
  const carryOut: Readonly<Record<Effect, () => void>> = {
    handOut: () => { if (items.length > 0) setHanding(true); },
    open: () => { if (items[0] !== undefined) void navigate(itemPath(project, items[0].item_id)); },
    drifting: () => { setDrifting(!drifting); },
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
  const press: Press = { agreement: to({ kind: "unit", unit: state.subject }), drift: { href: "#drift", go: carryOut.drifting }, unsettled: to({ kind: "unsettled" }) };
  useFoot(panel);

  return (
    <div className="pn">
      <div className="pn-page">
        <Say state={state} counting={counting} count={items.length} press={press} drift={{ open: drifting, close: () => { setDrifting(false); }, choose: (rater) => { choose({ kind: "against", rater }); } }} recount={recount} handOut={carryOut.handOut} />
        <Figures state={state} change={setState} choose={choose}>
          {state.listed ? <ItemList state={state} project={project} items={items} close={() => { setState(closed(state)); }} handOut={carryOut.handOut} /> : null}
        </Figures>
      </div>
      {handing ? <HandOut project={project} panel={panel} items={items} name={nameChoice(state)} close={() => { setHanding(false); }} /> : null}
    </div>
  );
}

// How long ago it was counted, going on while the page stands.
function Age({ panel }: { readonly panel: PanelData }) {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 20_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <span>{`Protocol ${panel.protocol.version}, counted ${ago(panel.counted_at)}${panel.is_current === false ? `; ${t.countingSince}` : ""}`}</span>;
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
      right: <Age panel={panel} />,
    });
  }, [panel]);
}

interface Drift {
  readonly open: boolean;
  readonly close: () => void;
  readonly choose: (rater: string) => void;
}
// Who drifts, and how: it opens where the sentence says that somebody does.
function Drifting({ panel, drift, target }: { readonly panel: PanelData; readonly drift: Drift; readonly target: ReactNode }) {
  return (
    <Popover opened={drift.open} onDismiss={drift.close} width={440} position="bottom-start" shadow="md" trapFocus returnFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown className="pn-drift" aria-label={t.raters.drifting}>
        {panel.raters.filter((rater) => rater.drift.flagged).map((rater) => (
          <button key={rater.rater_id} type="button" onClick={() => { drift.close(); drift.choose(rater.rater_id); }}>
            <svg width={12} height={12} aria-hidden><RaterMark kind={rater.kind} x={6} y={6} /></svg>
            <span>
              <b>{rater.name}</b>
              <small>{rater.drift.words}</small>
            </span>
          </button>
        ))}
        <p>{t.raters.drifting}</p>
      </Popover.Dropdown>
    </Popover>
  );
}

type Press = Readonly<Record<NonNullable<Part["to"]>, { readonly href: string; readonly go: () => void }>>;

// Parts of the sentence that open the same are one link.
function Said({ parts, press, drifting }: { readonly parts: readonly Part[]; readonly press: Press; readonly drifting: (target: ReactNode) => ReactNode }) {
  const runs: { readonly to: Part["to"]; readonly parts: Part[] }[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.to === part.to) last.parts.push(part);
    else runs.push({ to: part.to, parts: [part] });
  }
  return runs.map(({ to, parts: run }, at) => {
    const said = run.map((part) => (part.strong === true ? <b key={part.text}>{part.text}</b> : part.text));
    if (to === undefined) return <Fragment key={at}>{said}</Fragment>;
    const link = (
      <a href={press[to].href} onClick={(event) => { event.preventDefault(); press[to].go(); }}>
        {said}
      </a>
    );
    return <Fragment key={at}>{to === "drift" ? drifting(link) : link}</Fragment>;
  });
}

function Say({ state, counting, count, press, drift, recount, handOut }: { readonly state: PanelState; readonly counting: boolean; readonly count: number; readonly press: Press; readonly drift: Drift; readonly recount: () => void; readonly handOut: () => void }) {
  const { panel, subject } = state;
  const agreement = unitOf(panel, subject)?.agreement;
  const details = agreement === undefined ? [] : [`${words.metricName(agreement.metric)}${agreement.level === "" ? "" : `, ${agreement.level}`}`, agreement.estimate.value === null ? "" : agreement.interval].filter((part) => part !== "");
  return (
    <div className="pn-say">
      <div>
        <h1>
          <Said parts={sentence(panel, subject)} press={press} drifting={(target) => <Drifting panel={panel} drift={drift} target={target} />} />
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

function Figures({ state, change, choose, children }: { readonly state: PanelState; readonly change: (state: PanelState) => void; readonly choose: (choice: Choice) => void; readonly children: ReactNode }) {
  const { panel, subject } = state;
  const windows = Math.max(0, ...panel.raters.map((rater) => rater.drift.values.length));
  const toggled = (id: string): readonly string[] => ((state.raters ?? []).includes(id) ? (state.raters ?? []).filter((one) => one !== id) : [...(state.raters ?? []), id]);
  const compare = (raters: readonly string[] | null): void => { change({ ...state, raters: raters === null || raters.length === 0 ? null : raters }); };
  return (
    <div className="pn-grid" data-listed={state.listed ? "" : undefined}>
      <FigureCard area="agree" title={t.agreement.title} small={t.agreement.small(words.metric(unitOf(panel, subject)?.agreement.metric ?? "krippendorff_alpha"))} definition={t.agreement.definition} words={card} name="agreement" table={() => agreementTable(panel)} least={agreementLeast(state)}>
        {(size) => <Agreement state={state} {...size} choose={(unit) => { change(withSubject(state, unit)); }} open={(unit) => { choose({ kind: "unit", unit }); }} />}
      </FigureCard>
      <FigureCard area="raters" title={t.raters.title} small={`reliability over all labels${windows > 1 ? `, drift in ${String(windows)} windows` : ""}${panel.gold.length > 0 ? `, gold ${words.items(panel.gold.length)}` : ""}`} definition={t.raters.definition} words={card} name="raters" table={() => ratersTable(panel)} least={ratersLeast(state)} leastWidth={490}>
        {(size) => <Raters state={state} {...size} compare={(rater) => { compare(toggled(rater.rater_id)); }} against={(rater) => { choose({ kind: "against", rater: rater.rater_id }); }} gold={(rater) => { choose({ kind: "gold", rater: rater.rater_id, item: null }); }} />}
      </FigureCard>
      <FigureCard area="confuse" title={t.confusion.title} small="" caption={t.confusion.foot(unitOf(panel, subject)?.title ?? "")} definition={t.confusion.definition} words={card} name={`confusion-${subject.replaceAll(/[^\w-]+/g, "-")}`} table={() => confusionTable(panel, subject, panel.raters)} least={confusionLeast(state)} leastWidth={confusionWidth(state)} tools={<ChooseRaters state={state} change={compare} />}>
        {(size) => <Confusion state={state} {...size} cell={(rater, consensus, said) => { choose({ kind: "cell", rater: rater.rater_id, consensus, said }); }} />}
      </FigureCard>
      <FigureCard area="items" title={t.histogram.title} small={t.histogram.small} caption={t.histogram.caption} definition={t.histogram.definition} words={card} name="uncertainty" table={() => uncertaintyTable(panel)}>
        {(size) => <Histogram state={state} {...size} brush={(from, to) => { change(brushed(state, from, to)); }} />}
      </FigureCard>
      <FigureCard area="gold" title={t.gold.title} small={`${t.gold.small}${t.gold.missed(hardGold(panel))}`} definition={t.gold.definition} words={card} name="gold" table={() => goldTable(panel)} least={goldLeast(state)} leastWidth={420}>
        {(size) => <Gold state={state} {...size} missed={(rater) => { choose({ kind: "gold", rater: rater.rater_id, item: null }); }} item={(gold) => { choose({ kind: "gold", rater: null, item: gold.item_id }); }} />}
      </FigureCard>
      <FigureCard area="effort" title={t.effort.title} small={`settled: p ≥ ${panel.settled_at.toFixed(2)}`} definition={t.effort.definition} words={card} name="effort" table={() => effortTable(panel)}>
        {(size) => <Effort state={state} {...size} open={() => { choose({ kind: "unsettled" }); }} />}
      </FigureCard>
      {children}
    </div>
  );
}
