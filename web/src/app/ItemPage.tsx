// Opens an item: its project, protocol, my labels with what still waits, my lease, and the workspace of its
// kind; then fetches the next item before it is asked for.
import { SuggestionBanner } from "./SuggestionBanner";
import { QuestionDialog, RelatedDrawer, ViolationsDialog } from "./dialogs";
import { useLease, useSession, useStopwatch } from "./item_session";
import { useOutbox, useSaveState } from "./outbox_context";
import { loadWorkspace } from "./workspaces";
import { ApiError, api, sayError, type Violation } from "@/api/client";
import { fetchProject } from "@/api/items";
import { annotationsQuery, detailQuery, protocolQuery, useMe } from "@/api/queries";
import type { Me, NextAnswer } from "@/api/types";
import type { Command } from "@/core/commands";
import { newId } from "@/core/ids";
import type { Outbox } from "@/core/outbox/session";
import { mayLabel } from "@/core/roles";
import type { Annotation, AnnotationSession, ItemDetail, ItemId, ProjectId, ProjectView, Protocol, Task, WorkspaceProps } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { setFrame, usePage } from "@/ui/frame_slots";
import { SkipDialog } from "@/ui/SkipDialog";
import { Failed, Loading } from "@/ui/states";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCalendar } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type ComponentType, type ReactNode } from "react";
import { useNavigate, useParams } from "react-router";

interface Opened {
  readonly project: ProjectView;
  readonly protocol: Protocol;
  readonly item: ItemDetail;
  readonly task: Task | null;
  readonly taskProblem: string | null;
  readonly annotations: readonly Annotation[];
  readonly Workspace: ComponentType<WorkspaceProps>;
}

async function takeTask(project: ProjectView, item: ItemDetail): Promise<{ task: Task | null; problem: string | null }> {
  if (item.mine.state === "submitted") return { task: null, problem: null };
  if (!mayLabel(project.my_roles)) return { task: null, problem: "You may look at this item; labelling it is for raters." };
  try {
    return { task: await api.json<Task>(`/projects/${project.id}/items/${item.id}/task`, { method: "POST", json: {} }), problem: null };
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return { task: null, problem: `${sayError(error).what}. You may look, not label.` };
    throw error;
  }
}

async function openItem(client: QueryClient, projectId: ProjectId, itemId: ItemId): Promise<Opened> {
  const annotationsAsked = client.fetchQuery({ ...annotationsQuery(projectId, itemId), staleTime: 0 });
  annotationsAsked.catch(() => undefined); // said below
  const [project, { protocol }, item] = await Promise.all([
    client.fetchQuery({ queryKey: ["project", projectId, "view"], queryFn: () => fetchProject(projectId), staleTime: 60_000 }),
    client.fetchQuery(protocolQuery(projectId)),
    client.fetchQuery(detailQuery(projectId, itemId)),
  ]);
  const [{ task, problem }, module, annotations] = await Promise.all([
    takeTask(project, item),
    loadWorkspace(item.kind).then((loaded) => {
      loaded.fetchAhead?.(projectId, item, protocol);
      return loaded;
    }),
    annotationsAsked,
  ]);
  return { project, protocol, item, task, taskProblem: problem, annotations, Workspace: module.default };
}

export default function ItemPage() {
  const { project, item } = useParams() as { project: ProjectId; item: ItemId };
  const { outbox, problem } = useOutbox();
  const { data: me } = useMe();
  const client = useQueryClient();
  const opened = useQuery({
    queryKey: ["item-session", item],
    queryFn: async () => ({ ...(await openItem(client, project, item)), openedAt: Date.now() }),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (opened.isError) return <Failed error={sayError(opened.error)} retry={() => void opened.refetch()} />;
  if (opened.data === undefined || me === undefined || (outbox === null && problem === null)) return <Loading label="Opening the item" />;
  return <OpenItem key={`${item}/${String(opened.data.openedAt)}`} opened={opened.data} outbox={outbox} me={me} />;
}

// The next item, its labels and its workspace's code are here before they are asked for.
function usePrefetch(project: ProjectId, item: ItemId, active: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!active) return;
    const timer = setTimeout(() => {
      void api
        .json<NextAnswer | null>(`/projects/${project}/tasks/next`, { method: "POST", json: { after: item, peek: true } })
        .then(async (next) => {
          if (next === null || next.item.id === item) return;
          void client.prefetchQuery(annotationsQuery(project, next.item.id));
          const [module, { protocol }, detail] = await Promise.all([loadWorkspace(next.item.kind), client.fetchQuery(protocolQuery(project)), client.fetchQuery(detailQuery(project, next.item.id))]);
          module.fetchAhead?.(project, detail, protocol);
        })
        .catch(() => undefined);
    }, 1500);
    return () => {
      clearTimeout(timer);
    };
  }, [client, project, item, active]);
}

type Dialog = null | "skip" | "question" | "related" | { readonly violations: readonly Violation[]; readonly what: string };

const itemCommands: readonly Command<null, "related" | "worklist">[] = [
  { id: "item.related", label: "Other items of this patient", shortcut: "Shift+H", group: "Item", icon: IconCalendar, apply: (state) => ({ state, effects: ["related"] }) },
  { id: "item.worklist", label: "Back to the worklist", shortcut: "Shift+W", group: "Item", apply: (state) => ({ state, effects: ["worklist"] }) },
];

function OpenItem({ opened, outbox, me }: { readonly opened: Opened; readonly outbox: Outbox | null; readonly me: Me }) {
  const { project, item, protocol, task, Workspace } = opened;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>(null);
  const saveState = useSaveState();
  const ready = useSession(opened, outbox, me);
  const stopwatch = useStopwatch();
  const readOnly = task === null || outbox === null;
  usePage([{ label: `item ${String(item.number)} of ${String(project.progress.items)}` }], [item.patient.pseudonym, item.modality, item.date].filter((part) => part !== null && part !== "").join(" · "), item.kind === "image");
  useLease(project.id, task);
  usePrefetch(project.id, item.id, !readOnly);

  const leave = async (): Promise<void> => {
    void client.invalidateQueries({ queryKey: ["project", project.id, "items"] });
    void client.invalidateQueries({ queryKey: ["project", project.id, "view"] });
    client.removeQueries({ queryKey: ["project", project.id, "detail", item.id] });
    const next = await api.json<NextAnswer | null>(`/projects/${project.id}/tasks/next`, { method: "POST", json: { after: item.id } });
    if (next === null) {
      notifications.show({ message: "Nothing more waits for you in this project.", color: "teal" });
      void navigate(`/p/${project.id}/worklist`);
    } else void navigate(`/p/${project.id}/item/${next.item.id}`);
  };

  const submit = useMutation({
    mutationFn: async () => {
      if (task === null || ready === null || outbox === null) return;
      await ready.session.settled();
      if (!(await outbox.flush())) throw new Error("Not everything is saved yet");
      await api.json(`/projects/${project.id}/tasks/${task.id}/submit`, { method: "POST", json: { duration_s: Math.round(stopwatch()) } });
      await leave();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 422) setDialog({ what: sayError(error).what, violations: error.problem.violations ?? [] });
      else notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" });
    },
  });
  const skip = useMutation({
    mutationFn: async (reason: string) => {
      if (task === null) return;
      await api.json(`/projects/${project.id}/tasks/${task.id}/skip`, { method: "POST", json: { reason } });
      setDialog(null);
      await leave();
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  const ask = useMutation({
    mutationFn: (text: string) => api.json(`/projects/${project.id}/items/${item.id}/questions/${newId()}`, { method: "PUT", json: { text } }),
    onSuccess: () => {
      setDialog(null);
      notifications.show({ message: "The lead has your question.", color: "teal" });
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  const reopen = useMutation({
    mutationFn: () => api.json(`/projects/${project.id}/tasks/${item.mine.task_id ?? ""}/reopen`, { method: "POST", json: { reason: "reopened by its rater" } }),
    onSuccess: async () => {
      client.removeQueries({ queryKey: ["project", project.id, "detail", item.id] });
      await client.invalidateQueries({ queryKey: ["item-session", item.id] });
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });

  useCommands(itemCommands, null, (command) => {
    const result = command.apply(null);
    if (result === null) return;
    for (const effect of result.effects) {
      if (effect === "related") setDialog("related");
      else void navigate(`/p/${project.id}/worklist`);
    }
  });

  const session = useMemo((): AnnotationSession | null => (ready === null ? null : { ...ready.session, state: saveState }), [ready, saveState]);
  const latestSubmit = useRef(submit);
  useEffect(() => {
    latestSubmit.current = submit;
  });
  // Stable, so that a workspace's effects do not run anew with every render of the shell.
  const stable = useMemo(
    () => ({
      onSubmit: () => {
        if (!latestSubmit.current.isPending) latestSubmit.current.mutate();
      },
      onSkip: () => {
        setDialog("skip");
      },
      onQuestion: () => {
        setDialog("question");
      },
      setStatus: (left: ReactNode, right: ReactNode) => {
        setFrame({ left, right });
      },
    }),
    [],
  );
  const close = (): void => {
    setDialog(null);
  };
  if (session === null || ready === null) return <Loading label="Opening the item" />;
  return (
    <div className="workspace-host">
      {item.mine.state === "submitted" ? (
        <div className="banner" role="status">
          You have submitted this item. It is shown as you left it.
          <Button variant="default" size="compact-xs" onClick={() => { reopen.mutate(); }} loading={reopen.isPending}>
            Reopen
          </Button>
        </div>
      ) : opened.taskProblem === null ? (
        readOnly || item.kind === "text" || ready.annotations.length > 0 ? <span /> : <SuggestionBanner project={project.id} item={item.id} protocol={protocol} />
      ) : (
        <div className="banner" role="status">
          {opened.taskProblem}
        </div>
      )}
      <div className="workspace-body">
        <Workspace project={project} item={item} protocol={protocol} task={task} annotations={ready.annotations} session={session} readOnly={readOnly} {...stable} />
      </div>
      {dialog === "skip" ? <SkipDialog busy={skip.isPending} close={close} skip={(reason) => { skip.mutate(reason); }} /> : null}
      {dialog === "question" ? <QuestionDialog busy={ask.isPending} close={close} ask={(text) => { ask.mutate(text); }} /> : null}
      {dialog === "related" ? <RelatedDrawer item={item} close={close} /> : null}
      {dialog !== null && typeof dialog === "object" ? <ViolationsDialog {...dialog} close={close} /> : null}
    </div>
  );
}
