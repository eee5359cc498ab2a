// The review of one item: all opinions over it, the differences beside it, each decided by one key.
import { api, ApiError, sayError, sentence } from "@/api/client";
import { fetchItem, fetchProject, fetchProtocol } from "@/api/items";
import { beginDraft, discardDraft, fetchOpinions, fetchReviewList, putAdjudication, type DraftSeed, type ItemOpinions } from "@/api/review";
import { isOutcome } from "@/core/commands";
import { newId, type ItemId, type ProjectId } from "@/core/ids";
import { readNote, type NoteText } from "@/core/note";
import { ticksPerSecond } from "@/core/paper_view";
import { picturesOf } from "@/core/pictures";
import type { ItemDetail, ProjectView, Protocol } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { timestamp } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Empty, Failed, Loading } from "@/ui/states";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconGavel } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { reviewCommands, type ReviewCommand, type ReviewEffect } from "./commands";
import { AskDialog, DiscardDialog, DrawDialog, SubmitDialog } from "./dialogs";
import { Differences, type DifferenceActions } from "./Differences";
import { ImageOverlay } from "./ImageOverlay";
import { Left, nameOf } from "./Left";
import { hasMasks, loadMasks, middleOf } from "./masks";
import {
  against, draftDecisions, focusedOne, focusOn, memoryKey, numberOf, openCount, recalled, remembered, reasonAsked, requestOf, saidById, startState, takeVersion, withEditAnswer, withEditAttribute, withEditLabel, withEditPlace,
  withEditTarget, withRaterShown, type ReviewState,
} from "./model";
import { NoteOverlay } from "./NoteOverlay";
import { PaperOverlay } from "./PaperOverlay";
import { movedMark, movedSpans, placeOf, placeText, type Ground, type Place } from "./places";
import { strings } from "./strings";
import { raterColour } from "./Tag";
import type { Known } from "./words";
import "./review.css";

interface Opened {
  readonly project: ProjectView;
  readonly protocol: Protocol;
  readonly item: ItemDetail;
  readonly note: NoteText | null;
  readonly opinions: ItemOpinions;
}

async function openReview(projectId: ProjectId, itemId: ItemId): Promise<Opened> {
  const [project, { protocol }, item, opinions] = await Promise.all([fetchProject(projectId), fetchProtocol(projectId), fetchItem(projectId, itemId), fetchOpinions(projectId, itemId)]);
  const first = item.source.kind === "text" ? item.source.notes[0] : undefined;
  const note = first === undefined ? null : readNote(await api.text(`/projects/${projectId}/items/${itemId}/notes/${first.id}/text`));
  return { project, protocol, item, note, opinions };
}

const reviewQuery = (project: ProjectId, item: ItemId) => ({ queryKey: ["review-item", project, item] as const, queryFn: async () => ({ ...(await openReview(project, item)), openedAt: Date.now() }), staleTime: Infinity, structuralSharing: false });

const nextWaiting = async (project: ProjectId, item: ItemId): Promise<ItemId | undefined> => (await fetchReviewList(project, null, 50)).items.find((row) => row.state !== "settled" && row.item.id !== item)?.item.id;

// The next item is here before it is asked for.
function usePrefetch(project: ProjectId, item: ItemId): void {
  const client = useQueryClient();
  useEffect(() => {
    const timer = setTimeout(() => {
      void nextWaiting(project, item)
        .then((next) => (next === undefined ? undefined : client.prefetchQuery({ ...reviewQuery(project, next), gcTime: 120_000 })))
        .catch(() => undefined);
    }, 1500);
    return () => {
      clearTimeout(timer);
    };
  }, [client, project, item]);
}

export default function ReviewPage(): React.JSX.Element {
  const { project, item } = useParams() as { project: ProjectId; item: ItemId };
  const opened = useQuery({ ...reviewQuery(project, item), gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false });
  if (opened.isError) return <Failed error={sayError(opened.error)} retry={() => void opened.refetch()} />;
  if (opened.data === undefined) return <Loading label={strings.opening} />;
  return <Bench key={`${item}/${String(opened.data.openedAt)}`} opened={opened.data} />;
}

/** Whose masks lie over the pictures; asked for once. */
function useMasks(opened: Opened, pictures: Ground["pictures"]) {
  const { project, item, opinions } = opened;
  return useQuery({
    queryKey: ["review-masks", item.id, opinions.names_hidden], queryFn: () => loadMasks(project.id, item.id, opinions, pictures), enabled: hasMasks(opinions), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false,
    structuralSharing: false,
  });
}

const none: readonly never[] = [];
const whyReason = { against: strings.reasonNeeded, anew: strings.reasonAnew, protocol: strings.reasonProtocol } as const;

function usePlaces(opinions: ItemOpinions, ground: Ground, said: Known["said"], masks: Known["masks"]): ReadonlyMap<string, Place> {
  return useMemo(() => {
    const found = new Map<string, Place>();
    for (const difference of opinions.differences) {
      const place = placeOf(ground, difference, said);
      found.set(difference.id, place.kind === "picture" && place.slice < 0 ? { ...place, slice: middleOf(masks, place)?.[2] ?? -1 } : place);
    }
    return found;
  }, [opinions, ground, said, masks]);
}

const told = (error: unknown): void => void notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" });

interface Submitting {
  readonly opened: Opened;
  readonly now: { readonly current: ReviewState };
  readonly set: (state: ReviewState) => void;
  readonly close: () => void;
  readonly toList: () => void;
}

/** Sends the adjudication and goes on to the next item that waits. */
function useSubmit({ opened, now, set, close, toList }: Submitting) {
  const { project, item } = opened;
  const client = useQueryClient();
  const navigate = useNavigate();
  const goOn = async (): Promise<void> => {
    void client.invalidateQueries({ queryKey: ["project", project.id, "review"] });
    notifications.show({ message: strings.submitted(item.number), color: "teal", autoClose: 2500 });
    // It is shown still; coming back to it asks anew.
    void client.invalidateQueries({ queryKey: ["review-item", project.id, item.id], refetchType: "none" });
    const next = await nextWaiting(project.id, item.id);
    if (next === undefined) {
      notifications.show({ message: strings.nothingMore, color: "teal" });
      toList();
    } else void navigate(`/p/${project.id}/review/${next}`);
  };
  return useMutation({
    mutationFn: (reason: string) => putAdjudication(project.id, item.id, requestOf(now.current, reason)),
    onSuccess: async () => {
      sessionStorage.removeItem(memoryKey(item.id));
      close();
      await goOn();
    },
    onError: (error) => {
      const refused = error instanceof ApiError ? (error.problem.violations ?? []) : [];
      if (refused.length === 0) {
        told(error);
        return;
      }
      // A refused decision is gone to, and each refusal is said.
      close();
      const at = /^\/decisions\/(\d+)/.exec(refused[0]?.path ?? "")?.[1];
      const decision = at === undefined ? undefined : requestOf(now.current, "").decisions[Number(at)];
      if (decision !== undefined) set(focusOn(now.current, decision.difference_id));
      for (const violation of refused.slice(0, 3)) notifications.show({ title: sentence(violation.what), message: violation.remedy, color: "red", autoClose: 10_000 });
    },
  });
}

function useAsk(project: ProjectId, item: ItemId, close: () => void) {
  return useMutation({
    mutationFn: (text: string) => api.json(`/projects/${project}/items/${item}/questions/${newId()}`, { method: "PUT", json: { text } }),
    onSuccess: () => {
      close();
      notifications.show({ message: strings.sent, color: "teal" });
    },
    onError: told,
  });
}

/** Begins a draft and goes to it, or discards the one in work. */
function useDraft(project: ProjectId, item: ItemId, close: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const changed = (): void => {
    close();
    void client.invalidateQueries({ queryKey: ["project", project, "review"] });
  };
  const resume = (): void => void navigate(`/p/${project}/review/${item}/draft`);
  const again = (): void => void client.invalidateQueries({ queryKey: ["review-item", project, item] });
  const begin = useMutation({
    mutationFn: (seed: DraftSeed) => beginDraft(project, item, seed),
    onSuccess: () => {
      changed();
      resume();
    },
    onError: (error) => {
      close();
      told(error);
      // Somebody else may have begun one.
      if (error instanceof ApiError && error.status === 409) again();
    },
  });
  const discard = useMutation({
    mutationFn: () => discardDraft(project, item),
    onSuccess: () => {
      changed();
      notifications.show({ message: strings.draftDiscarded, color: "teal", autoClose: 2500 });
      again();
    },
    onError: (error) => {
      close();
      told(error);
    },
  });
  return { begin, discard, resume };
}

function Bench({ opened }: { readonly opened: Opened }): React.JSX.Element {
  const { project, protocol, item, note } = opened;
  const memory = memoryKey(item.id);
  const [state, setState] = useState(() => recalled(startState(item.id, protocol, opened.opinions), sessionStorage.getItem(memory)));
  const now = useRef(state);
  const set = useCallback((next: ReviewState) => {
    now.current = next;
    setState(next);
  }, []);
  const [dialog, setDialog] = useState<null | "submit" | "ask" | "draw" | "discard">(null);
  const navigate = useNavigate();
  const crumbs = [{ label: strings.listTitle, to: `/p/${project.id}/review` }, { label: strings.crumb(item.number, project.progress.items) }];
  usePage(crumbs, [item.patient.pseudonym, item.modality, item.date].filter((part) => part !== null && part !== "").join(" · "), item.kind === "image");
  useEffect(() => {
    sessionStorage.setItem(memory, remembered(state));
  }, [memory, state]);

  usePrefetch(project.id, item.id);

  const { opinions } = state;
  const said = useMemo(() => saidById(opinions.opinions), [opinions]);
  const commands = useMemo(() => reviewCommands(said), [said]);
  const ground = useMemo((): Ground => ({ item, note, pictures: picturesOf(item) }), [item, note]);
  const fetchedMasks = useMasks(opened, ground.pictures);
  const masks = fetchedMasks.data ?? none;
  const places = usePlaces(opinions, ground, said, masks);
  const known = useMemo((): Known => ({ protocol, ground, said, masks }), [protocol, ground, said, masks]);

  const toList = useCallback(() => void navigate(`/p/${project.id}/review`), [navigate, project.id]);
  const close = useCallback(() => { setDialog(null); }, []);
  const submit = useSubmit({ opened, now, set, close, toList });
  const ask = useAsk(project.id, item.id, close);
  const draft = useDraft(project.id, item.id, close);
  const drawFrom = (key: string): void => {
    if (!draft.begin.isPending) draft.begin.mutate({ from: "opinion", opinion: key });
  };

  const carryOut = (effect: ReviewEffect): void => {
    const { edit } = now.current;
    if (effect.kind === "list") toList();
    else if (effect.kind === "ask") setDialog("ask");
    else if (effect.kind === "draw") {
      if (now.current.opinions.draft === null) setDialog("draw");
      else draft.resume();
    }
    else if (effect.kind === "submit") {
      if (reasonAsked(now.current) !== null) setDialog("submit");
      else if (!submit.isPending) submit.mutate("");
    } else if (effect.kind === "move" && edit !== null) set(withEditTarget(now.current, moved(ground, edit.body.target, effect.edge, effect.by)));
  };
  const run = (command: ReviewCommand): void => {
    if (command.enabled?.(now.current) === false) return;
    const result = command.apply(now.current);
    if (!isOutcome<ReviewState, ReviewEffect>(result)) {
      set(result);
      return;
    }
    set(result.state);
    for (const effect of result.effects) carryOut(effect);
  };
  useCommands(commands.all, state, run);
  const focus = useCallback((id: string) => { set(focusOn(now.current, id)); }, [set]);
  const actions: DifferenceActions = {
    run, focus,
    take: (n) => { set(takeVersion(now.current, said, n)); },
    setEditLabel: (label) => { set(withEditLabel(now.current, label)); },
    setEditAnswer: (value) => { set(withEditAnswer(now.current, value)); },
    setEditAttribute: (id, value) => { set(withEditAttribute(now.current, id, value)); },
    setEditPlace: (source) => { set(withEditPlace(now.current, source)); },
  };

  if (opinions.opinions.length === 0) {
    return (
      <Empty icon={<IconGavel size={36} stroke={1.5} />} title={strings.noOpinions} action={<Button variant="default" component={Link} to={`/p/${project.id}/review`}>{strings.back}</Button>}>
        {strings.noOpinionsText}
      </Empty>
    );
  }
  const focused = focusedOne(state);
  const where = focused === undefined ? "" : placeText(ground, places.get(focused.id) ?? { kind: "whole" });
  const overlay = { state, said, places, focus };
  const recording = item.source.kind === "signal" ? item.source.recordings[0] : undefined;
  return (
    <div className="rv-host" data-kind={item.kind}>
      <Banner opinions={opinions} resume={draft.resume} discard={() => { setDialog("discard"); }} />
      <div className="rv">
        <Left state={state} said={said} commands={commands} run={run} showRater={(key, shown) => { set(withRaterShown(now.current, key, shown)); }} drawFrom={drawFrom} />
        <section className="rv-work" aria-label={item.title}>
          <Legend state={state} kind={item.kind} run={run} next={commands.nextOpen} />
          {item.kind === "text" && note !== null ? <NoteOverlay {...overlay} note={note} /> : null}
          {recording === undefined ? null : <PaperOverlay {...overlay} protocol={protocol} recording={recording} project={project.id} item={item.id} />}
          {item.kind === "image" ? <ImageOverlay {...overlay} protocol={protocol} project={project.id} item={item.id} pictures={ground.pictures} masks={masks} masksFailed={fetchedMasks.isError} retryMasks={() => void fetchedMasks.refetch()} /> : null}
        </section>
        <Differences state={state} known={known} places={places} commands={commands} actions={actions} />
      </div>
      <p className="visually-hidden" role="status">{focused === undefined ? "" : strings.pin(numberOf(state, focused.id), focused.title, `${strings.what[focused.what] ?? focused.what}, ${where}`)}</p>
      {dialog === "submit" ? (
        <SubmitDialog
          lead={strings.submitLead(state.decisions.size, against(state).length, [...state.decisions.values()].filter((decision) => decision.take === "unsure").length)} why={whyReason[reasonAsked(state) ?? "protocol"]}
          gold={state.gold} setGold={() => { set({ ...now.current, gold: !now.current.gold }); }} busy={submit.isPending} close={close} submit={(reason) => { if (!submit.isPending) submit.mutate(reason); }}
        />
      ) : null}
      {dialog === "draw" ? <DrawDialog choices={drawChoices(state, said, draft.begin.mutate)} busy={draft.begin.isPending} close={close} /> : null}
      {dialog === "discard" ? <DiscardDialog busy={draft.discard.isPending} close={close} discard={() => { draft.discard.mutate(); }} again={opinions.adjudication !== null} /> : null}
      {dialog === "ask" ? (
        <AskDialog start={focused === undefined ? "" : strings.askStart(numberOf(state, focused.id), focused.title, where)} busy={ask.isPending} close={close} ask={(text) => { ask.mutate(text); }} />
      ) : null}
    </div>
  );
}

/** An edit's place moved by a key: a word, a sample, or 40 ms (a small square of the paper). */
function moved(ground: Ground, target: Parameters<typeof movedSpans>[1], edge: "begin" | "end", by: 1 | -1): typeof target {
  const { source } = ground.item;
  if (source.kind === "text") return ground.note === null ? target : movedSpans(ground.note, target, edge, by);
  const recording = source.kind === "signal" ? source.recordings[0] : undefined;
  if (recording === undefined) return target;
  const perSecond = ticksPerSecond(recording);
  const step = target.type === "interval" ? 0.04 * perSecond : perSecond / Math.max(1, ...recording.channels.map((channel) => channel.rate_hz));
  return movedMark(recording, target, edge, by * Math.max(1, Math.round(step)));
}

function drawChoices(state: ReviewState, said: Known["said"], begin: (seed: DraftSeed) => void) {
  const { opinions } = state;
  return [
    ...opinions.opinions.map(({ key }) => ({ name: strings.drawOpinion(nameOf(state, key)), begin: () => { begin({ from: "opinion", opinion: key }); } })),
    { name: strings.drawTaken(openCount(state)), begin: () => { begin({ from: "decisions", decisions: draftDecisions(state, said) }); } },
    ...(opinions.adjudication === null ? [] : [{ name: strings.drawStanding, begin: () => { begin({ from: "standing" }); } }]),
  ];
}

interface BannerProps {
  readonly opinions: ItemOpinions;
  readonly resume: () => void;
  readonly discard: () => void;
}

function Banner({ opinions, resume, discard }: BannerProps): React.JSX.Element | null {
  const { adjudication, draft, may_adjudicate: may, why_not: why } = opinions;
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    if (draft === null || draft.mine) return;
    const look = (): void => { setIdle(Date.now() > Date.parse(draft.idle_from)); };
    look();
    const timer = setInterval(look, 30_000);
    return () => { clearInterval(timer); };
  }, [draft]);
  if (may && adjudication === null && draft === null) return null;
  return (
    <div className={may && draft === null ? "banner rv-settled" : "banner"} role="status">
      {adjudication === null ? null : (
        <span>
          {strings.settledBanner(adjudication.by, timestamp(adjudication.at), adjudication.gold)} {adjudication.reason === "" ? null : strings.settledReason(adjudication.reason)}
        </span>
      )}
      {draft === null ? null : (
        <>
          <span>
            {draft.mine ? strings.draftMine(strings.draftFrom(draft), timestamp(draft.begun_at)) : strings.draftOther(draft.by, timestamp(draft.begun_at))} {draft.opinions_changed ? <b>{strings.draftChanged}</b> : null}
          </span>
          <span className="rv-banner-acts">
            {draft.mine || idle ? <Button variant="default" size="compact-xs" onClick={discard}>{strings.draftDiscard}</Button> : null}
            {draft.mine && may ? <Button size="compact-xs" onClick={resume}>{strings.draftResume}</Button> : null}
          </span>
        </>
      )}
      {may ? null : <span>{strings.readOnly(why === "" ? strings.readOnlyUnsaid : why)}</span>}
    </div>
  );
}

function Legend({ state, kind, run, next }: { readonly state: ReviewState; readonly kind: ItemDetail["kind"]; readonly run: (command: ReviewCommand) => void; readonly next: ReviewCommand }): React.JSX.Element {
  const open = openCount(state);
  const { opinions } = state.opinions;
  return (
    <div className="rv-legend">
      {opinions.map((opinion, n) => (
        <span key={opinion.key} className="rv-lane">
          <i style={{ background: raterColour(n) }} />
          {opinion.rater?.display_name ?? strings.rater(opinion.key)}
        </span>
      ))}
      <span className="rv-lane"><i className="rv-lane-agreed" />{strings.allAgree(opinions.length)}</span>
      {kind === "text" ? <span className="rv-lane"><i className="rv-lane-absent" />{strings.notMarked}</span> : null}
      <button type="button" className="quiet rv-open" disabled={open === 0} onClick={(event) => {
        if (event.detail > 0) event.currentTarget.blur();
        run(next);
      }}>
        {strings.open(open)} {open === 0 ? null : <kbd>N</kbd>}
      </button>
    </div>
  );
}
