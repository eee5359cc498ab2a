// An adjudicator's draft in the item's own workspace: opened as any item is, saved as any reading is, and submitted
// with a reason instead of a plain submit.
import { QuestionDialog, ViolationsDialog } from "./dialogs";
import { useLease, useSession, useStopwatch } from "./item_session";
import { useOutbox, useSaveState } from "./outbox_context";
import { loadWorkspace } from "./workspaces";
import { ApiError, api, sayError, type Violation } from "@/api/client";
import { fetchItem, fetchProject, fetchProtocol } from "@/api/items";
import { annotationsQuery, useMe } from "@/api/queries";
import { discardDraft, fetchOpinions, submitDraft, type AdjudicationDraft, type ItemOpinions } from "@/api/review";
import type { Me } from "@/api/types";
import type { Command } from "@/core/commands";
import { newId } from "@/core/ids";
import type { Outbox } from "@/core/outbox/session";
import { picturesOf } from "@/core/pictures";
import type { Annotation, AnnotationSession, ItemDetail, ItemId, OtherOpinion, ProjectId, ProjectView, Protocol, WorkspaceProps } from "@/core/workspace";
import { DiscardDialog, SubmitDialog } from "@/features/review/dialogs";
import { loadMasks } from "@/features/review/masks";
import { memoryKey } from "@/features/review/model";
import { strings } from "@/features/review/strings";
import { coloursOnDark, Tag } from "@/features/review/Tag";
import { useCommands } from "@/ui/commands";
import { timestamp } from "@/ui/format";
import { setFrame, usePage } from "@/ui/frame_slots";
import { Failed, Loading } from "@/ui/states";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconGavel } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo, useState, type ComponentType, type ReactNode } from "react";
import { Navigate, useNavigate, useParams } from "react-router";

interface Opened {
  readonly project: ProjectView;
  readonly protocol: Protocol;
  readonly item: ItemDetail;
  readonly opinions: ItemOpinions;
  readonly annotations: readonly Annotation[];
  readonly Workspace: ComponentType<WorkspaceProps>;
}

async function openDraft(client: QueryClient, projectId: ProjectId, itemId: ItemId): Promise<Opened> {
  const [project, { protocol }, item, opinions, annotations] = await Promise.all([
    fetchProject(projectId), fetchProtocol(projectId), fetchItem(projectId, itemId), fetchOpinions(projectId, itemId), client.fetchQuery({ ...annotationsQuery(projectId, itemId), staleTime: 0 }),
  ]);
  const module = await loadWorkspace(item.kind);
  return { project, protocol, item, opinions, annotations, Workspace: module.default };
}

const reviewPath = (project: ProjectId, item: ItemId): string => `/p/${project}/review/${item}`;

export default function DraftPage(): React.JSX.Element {
  const { project, item } = useParams() as { project: ProjectId; item: ItemId };
  const { outbox, problem } = useOutbox();
  const { data: me } = useMe();
  const client = useQueryClient();
  const opened = useQuery({
    queryKey: ["draft-session", item], queryFn: async () => ({ ...(await openDraft(client, project, item)), openedAt: Date.now() }), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false, structuralSharing: false,
  });
  if (opened.isError) return <Failed error={sayError(opened.error)} retry={() => void opened.refetch()} />;
  if (opened.data === undefined || me === undefined || (outbox === null && problem === null)) return <Loading label={strings.draftOpening} />;
  const { draft } = opened.data.opinions;
  // Submitted or discarded meanwhile, or never begun: Review says how it stands.
  if (draft?.mine !== true) return <Navigate to={reviewPath(project, item)} replace />;
  return <OpenDraft key={`${item}/${String(opened.data.openedAt)}`} opened={opened.data} draft={draft} outbox={outbox} me={me} />;
}

type Dialog = null | "submit" | "discard" | "question" | { readonly violations: readonly Violation[]; readonly what: string };
type Effect = "submit" | "review" | "discard";

const effect = (id: Effect) => (state: null) => ({ state, effects: [id] });
const draftCommands: readonly Command<null, Effect>[] = [
  { id: "draft.submit", label: strings.draftSubmit, shortcut: "Ctrl+Shift+Enter", group: strings.group, icon: IconGavel, apply: effect("submit") },
  { id: "draft.review", label: strings.draftToReview, shortcut: "Alt+R", group: strings.group, apply: effect("review") },
  { id: "draft.discard", label: strings.draftDiscard, group: strings.group, apply: effect("discard") },
];

const told = (error: unknown): void => void notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" });

/** What the opinions are by now; asked again so that a reader's new revision is said while one draws. */
function useOpinions(opened: Opened): ItemOpinions {
  const { project, item, opinions } = opened;
  const asked = useQuery({ queryKey: ["draft-opinions", project.id, item.id], queryFn: () => fetchOpinions(project.id, item.id), initialData: opinions, refetchInterval: 60_000, staleTime: 30_000, gcTime: 0, structuralSharing: false });
  return asked.data;
}

function OpenDraft({ opened, draft, outbox, me }: { readonly opened: Opened; readonly draft: AdjudicationDraft; readonly outbox: Outbox | null; readonly me: Me }): React.JSX.Element {
  const { project, item, protocol, Workspace } = opened;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>(null);
  const [gold, setGold] = useState(opened.opinions.adjudication?.gold ?? false);
  const saveState = useSaveState();
  const ready = useSession(opened, outbox, me);
  const stopwatch = useStopwatch();
  const opinions = useOpinions(opened);
  usePage(
    [{ label: strings.listTitle, to: `/p/${project.id}/review` }, { label: strings.crumb(item.number, project.progress.items), to: reviewPath(project.id, item.id) }, { label: strings.draftCrumb }],
    [item.patient.pseudonym, item.modality, item.date].filter((part) => part !== null && part !== "").join(" · "), item.kind === "image",
  );
  useLease(project.id, draft.task);

  const toReview = (): void => {
    client.removeQueries({ queryKey: ["review-item", project.id, item.id] });
    void client.invalidateQueries({ queryKey: ["project", project.id, "review"] });
    void navigate(reviewPath(project.id, item.id));
  };
  const saved = async (): Promise<boolean> => {
    if (ready === null || outbox === null) return false;
    await ready.session.settled();
    return outbox.flush();
  };
  const submit = useMutation({
    mutationFn: async (reason: string) => {
      if (!(await saved())) throw new Error(strings.draftUnsaved);
      await submitDraft(project.id, item.id, { reason: reason.trim(), gold, opinions_revision: opinions.opinions_revision, duration_s: Math.round(stopwatch()) });
    },
    onSuccess: () => {
      sessionStorage.removeItem(memoryKey(item.id));
      notifications.show({ message: strings.submitted(item.number), color: "teal", autoClose: 2500 });
      toReview();
    },
    onError: (error) => {
      void client.invalidateQueries({ queryKey: ["draft-opinions", project.id, item.id] });
      if (error instanceof ApiError && error.status === 422) setDialog({ what: sayError(error).what, violations: error.problem.violations ?? [] });
      else told(error);
    },
  });
  const discard = useMutation({
    mutationFn: async () => {
      // What waits would be refused afterwards.
      if (!(await saved())) throw new Error(strings.draftUnsaved);
      await discardDraft(project.id, item.id);
    },
    onSuccess: () => {
      notifications.show({ message: strings.draftDiscarded, color: "teal", autoClose: 2500 });
      toReview();
    },
    onError: told,
  });
  const ask = useMutation({
    mutationFn: (text: string) => api.json(`/projects/${project.id}/items/${item.id}/questions/${newId()}`, { method: "PUT", json: { text } }),
    onSuccess: () => {
      setDialog(null);
      notifications.show({ message: strings.sent, color: "teal" });
    },
    onError: told,
  });

  useCommands(draftCommands, null, (command) => {
    const result = command.apply(null);
    if (result === null) return;
    for (const one of result.effects) {
      if (one === "review") toReview();
      else setDialog(one);
    }
  });

  const session = useMemo((): AnnotationSession | null => (ready === null ? null : { ...ready.session, state: saveState }), [ready, saveState]);
  const stable = useMemo(
    () => ({
      onSubmit: () => { setDialog("submit"); },
      onSkip: () => void notifications.show({ message: strings.draftNoSkip }),
      onQuestion: () => { setDialog("question"); },
      setStatus: (left: ReactNode, right: ReactNode) => { setFrame({ left, right }); },
    }),
    [],
  );
  const close = (): void => { setDialog(null); };
  const { others, tags } = useOthers(opened);
  if (session === null || ready === null) return <Loading label={strings.draftOpening} />;
  return (
    <div className="workspace-host">
      <DraftBanner draft={draft} changed={draft.opinions_changed || opinions.opinions_revision !== opened.opinions.opinions_revision} toReview={toReview} discard={() => { setDialog("discard"); }} submit={() => { setDialog("submit"); }} tags={tags} />
      <div className="workspace-body">
        <Workspace project={project} item={item} protocol={protocol} task={draft.task} annotations={ready.annotations} session={session} readOnly={outbox === null} adjudicating others={others} {...stable} />
      </div>
      {dialog === "submit" ? (
        <SubmitDialog
          lead={strings.draftSubmitLead} why={opinions.draft?.opinions_changed === true ? strings.draftReasonChanged : strings.draftReason} gold={gold} setGold={() => { setGold(!gold); }} busy={submit.isPending} close={close}
          submit={(reason) => { if (!submit.isPending) submit.mutate(reason); }}
        />
      ) : null}
      {dialog === "discard" ? <DiscardDialog busy={discard.isPending} close={close} discard={() => { discard.mutate(); }} again={opinions.adjudication !== null} /> : null}
      {dialog === "question" ? <QuestionDialog busy={ask.isPending} close={close} ask={(text) => { ask.mutate(text); }} /> : null}
      {dialog !== null && typeof dialog === "object" ? <ViolationsDialog {...dialog} close={close} /> : null}
    </div>
  );
}

interface BannerProps {
  readonly draft: AdjudicationDraft;
  readonly changed: boolean;
  readonly toReview: () => void;
  readonly discard: () => void;
  readonly submit: () => void;
  readonly tags: ReactNode;
}

/** The readings that are weighed, to be seen beneath the draft, and a switch for each. */
function useOthers(opened: Opened): { readonly others: readonly OtherOpinion[]; readonly tags: ReactNode } {
  const { project, item, opinions } = opened;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const pictures = useMemo(() => (item.source.kind === "image" ? picturesOf(item) : []), [item]);
  const masks = useQuery({
    queryKey: ["draft-masks", item.id, opinions.opinions_revision], queryFn: () => loadMasks(project.id, item.id, { ...opinions, result: null }, pictures), enabled: item.kind === "image", staleTime: Infinity, gcTime: 0,
    refetchOnWindowFocus: false, structuralSharing: false,
  }).data;
  const others = useMemo(() => {
    const colours = coloursOnDark();
    return opinions.opinions.flatMap(({ key, annotations }, n): readonly OtherOpinion[] =>
      item.kind !== "image" || hidden.has(key) ? [] : [{ key, colour: colours[n % colours.length] ?? "#9aa5b3", annotations, masks: (masks ?? []).filter((one) => one.key === key) }]);
  }, [opinions, item.kind, hidden, masks]);
  const toggle = (key: string): void => setHidden((now) => new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key]));
  const tags = item.kind !== "image" ? null : (
    <span className="draft-others" role="group" aria-label={strings.readings}>
      {opinions.opinions.map(({ key, rater }, n) => {
        const name = rater?.display_name ?? strings.rater(key);
        return (
          <button key={key} type="button" aria-pressed={!hidden.has(key)} aria-label={strings.showRater(name)} title={strings.showRater(name)} onClick={() => { toggle(key); }}>
            <Tag name={key} n={n} small />
          </button>
        );
      })}
    </span>
  );
  return { others, tags };
}

function DraftBanner({ draft, changed, toReview, discard, submit, tags }: BannerProps): React.JSX.Element {
  return (
    <div className="banner draft-banner" role="status">
      <IconGavel size={16} stroke={1.5} aria-hidden />
      <span>{strings.draftBanner(strings.draftFrom(draft), timestamp(draft.begun_at))}</span>
      {changed ? <b>{strings.draftChanged}</b> : null}
      {tags}
      <span className="draft-acts">
        <Button variant="default" size="compact-xs" onClick={toReview} aria-keyshortcuts="Alt+R" rightSection={<kbd>Alt R</kbd>}>{strings.draftToReview}</Button>
        <Button variant="default" size="compact-xs" onClick={discard}>{strings.draftDiscard}</Button>
        <Button size="compact-xs" onClick={submit}>{strings.draftSubmit}</Button>
      </span>
    </div>
  );
}
