// What labels the project's notes before people read them: term lists, rules and ConText, as its leads set them.
import { ApiError, api, sayError, sentence } from "@/api/client";
import type { NoteTool, NoteToolKind, NoteToolList, Terminology } from "@/api/types";
import { newId, type Branded } from "@/core/ids";
import type { Protocol } from "@/core/domain";
import type { ProjectView } from "@/core/workspace";
import { count } from "@/ui/format";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { ActionIcon, Alert, Button, FileButton, Modal, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconEdit, IconFileUpload, IconPlus, IconTrash, IconVocabulary } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { placeInText, wordsOfAssertions, type ToolDraft } from "./note_tools";
import { noteToolStrings as t } from "./note_tool_strings";

const kinds: readonly NoteToolKind[] = ["terms", "rules", "context"];
const pathOf = (project: string, id = ""): string => `/projects/${project}/note-tools${id === "" ? "" : `/${id}`}`;
const emptyDraft = (kind: NoteToolKind): ToolDraft => ({ id: newId<Branded<string, "NoteToolId">>(), kind, name: "", is_on: true, text: "", label: "", system: "", version: "", within: "", assertions: {}, isNew: true });

function Editor({ project, protocol, start, close }: { readonly project: ProjectView; readonly protocol: Protocol; readonly start: ToolDraft; readonly close: () => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(start);
  const [source, setSource] = useState<"file" | "system">(start.system === "" ? "file" : "system");
  const text = useRef<HTMLTextAreaElement>(null);
  const change = (part: Partial<ToolDraft>): void => { setDraft({ ...draft, ...part }); };
  const loaded = useQuery({ queryKey: ["terminologies"], queryFn: () => api.json<{ items: readonly Terminology[] }>("/terminologies"), enabled: draft.kind === "terms" });
  const save = useMutation({
    mutationFn: () => {
      const { id, isNew, ...body } = draft;
      void isNew;
      const used = source === "file" || draft.kind !== "terms" ? { ...body, system: "", version: "", within: "" } : { ...body, text: "" };
      return api.json(pathOf(project.id, id), { method: "PUT", json: used });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", project.id, "note-tools"] });
      close();
    },
    onError: (error) => {
      // The place of the mistake is selected, so that it is seen without counting.
      const place = placeInText(draft.text, sayError(error).where);
      if (place === null || text.current === null) return;
      text.current.focus();
      text.current.setSelectionRange(place.begin, place.end);
    },
  });
  const labels = protocol.labels.filter((label) => label.places?.includes("spans") === true).map((label) => ({ value: label.id, label: label.title }));
  const systems = (loaded.data?.items ?? []).filter((one) => one.kind === "code_system").map((one) => ({ value: `${one.system} ${one.version}`, label: `${one.title === "" ? one.name : one.title} ${one.version}` }));
  const choices = protocol.labels.flatMap((label) => label.attributes ?? []).filter((one, n, all) => all.findIndex((other) => other.id === one.id) === n)
    .flatMap((attribute) => (attribute.choices ?? []).map((choice) => ({ value: `${attribute.id}=${choice.id}`, label: `${attribute.title}: ${choice.title}` })));
  const error = save.isError ? sayError(save.error) : null;
  return (
    <Modal opened onClose={close} title={t.titles[draft.kind]} size="xl">
      <form style={{ display: "grid", gap: 12 }} onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
        <p className="muted small" style={{ margin: 0 }}>{t.leads[draft.kind]}</p>
        {error === null ? null : (
          <Alert color="red" variant="light" icon={<IconAlertTriangle size={16} />} title={sentence(error.what)} role="alert">
            {error.where === "" ? null : <b>{error.where}. </b>}
            {sentence(error.remedy)}
          </Alert>
        )}
        <TextInput label={t.name} description={t.nameHint} required maxLength={80} disabled={!draft.isNew} data-autofocus={draft.isNew} value={draft.name} onChange={(event) => { change({ name: event.currentTarget.value }); }} />
        {draft.kind === "terms" ? (
          <>
            <Select label={t.label} description={t.labelHint} data={labels} clearable value={draft.label === "" ? null : draft.label} onChange={(label) => { change({ label: label ?? "" }); }} comboboxProps={{ withinPortal: true }} />
            <Select label={t.source} data={[{ value: "file", label: t.ofFile }, { value: "system", label: t.ofSystem }]} value={source} allowDeselect={false} onChange={(value) => { setSource(value === "system" ? "system" : "file"); }} comboboxProps={{ withinPortal: true }} />
            {source === "file" ? null : (
              <>
                <Select label={t.system} placeholder={t.systemNone} data={systems} value={draft.system === "" ? null : `${draft.system} ${draft.version}`} onChange={(value) => { const at = value?.lastIndexOf(" ") ?? -1; change({ system: value?.slice(0, at) ?? "", version: value?.slice(at + 1) ?? "" }); }} comboboxProps={{ withinPortal: true }} />
                <TextInput label={t.within} description={t.withinHint} className="mono" value={draft.within} onChange={(event) => { change({ within: event.currentTarget.value }); }} />
              </>
            )}
          </>
        ) : null}
        {draft.kind !== "context" ? null : (
          <div className="two">
            {wordsOfAssertions.map((word) => (
              <Select key={word} label={t.assertions[word]} placeholder={t.asUsual} clearable data={choices} value={draft.assertions[word] === undefined || draft.assertions[word] === "" ? null : draft.assertions[word]} comboboxProps={{ withinPortal: true }}
                onChange={(value) => { change({ assertions: Object.fromEntries([...Object.entries(draft.assertions).filter(([name]) => name !== word), ...(value === null ? [] : [[word, value]])]) }); }} />
            ))}
          </div>
        )}
        {draft.kind === "terms" && source === "system" ? null : (
          <Textarea ref={text} label={t.texts[draft.kind]} description={t.textHints[draft.kind]} className="pj-yaml" classNames={{ input: "mono" }} value={draft.text} onChange={(event) => { change({ text: event.currentTarget.value }); }} autosize minRows={draft.kind === "context" ? 4 : 10} maxRows={20} spellCheck={false} />
        )}
        <div className="row">
          {draft.kind === "terms" && source === "system" ? null : (
            <FileButton onChange={(file) => { void file?.text().then((read) => { change({ text: read }); }); }}>
              {(props) => <Button {...props} variant="default" leftSection={<IconFileUpload size={14} />}>{t.loadFile}</Button>}
            </FileButton>
          )}
          <Button variant="default" className="push" onClick={close}>{t.cancel}</Button>
          <Button type="submit" loading={save.isPending} disabled={draft.name.trim() === ""}>{t.save}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Row({ tool, lead, project, edit }: { readonly tool: NoteTool; readonly lead: boolean; readonly project: ProjectView; readonly edit: (draft: ToolDraft) => void }) {
  const client = useQueryClient();
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ["project", project.id, "note-tools"] });
  const failed = (error: unknown): void => { notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }); };
  const whole = async (): Promise<ToolDraft> => {
    const { id, kind, name, is_on, label, system, version, within, assertions, text } = await api.json<NoteTool & { readonly text: string }>(pathOf(project.id, tool.id));
    return { id, kind, name, is_on, label, system, version, within, assertions, text, isNew: false };
  };
  const turn = useMutation({
    mutationFn: async (on: boolean) => {
      const { id, isNew, ...body } = await whole();
      void isNew;
      return api.json(pathOf(project.id, id), { method: "PUT", json: { ...body, is_on: on } });
    },
    onSuccess: refresh,
    onError: failed,
  });
  const open = useMutation({ mutationFn: whole, onSuccess: edit, onError: failed });
  const remove = useMutation({ mutationFn: () => api.json(pathOf(project.id, tool.id), { method: "DELETE" }), onSuccess: refresh, onError: failed });
  return (
    <tr>
      <td className="strong">{tool.name}</td>
      <td className="muted">{t.kinds[tool.kind]}</td>
      <td className="n">{tool.problem === null ? t.entries(tool.kind, count(tool.entries)) : null}</td>
      <td>{tool.problem === null ? <span className="mono small muted">{tool.tool_version}</span> : <span className="danger" role="alert">{sentence(tool.problem)}</span>}</td>
      <td style={{ width: 150 }}>
        <span className="row">
          <Switch size="xs" aria-label={t.on(tool.name)} checked={tool.is_on} disabled={!lead || turn.isPending} onChange={(event) => { turn.mutate(event.currentTarget.checked); }} />
          {lead ? (
            <>
              <ActionIcon className="push" aria-label={t.edit(tool.name)} title={t.edit(tool.name)} loading={open.isPending} onClick={() => { open.mutate(); }}><IconEdit size={16} stroke={1.5} /></ActionIcon>
              <ActionIcon aria-label={t.remove(tool.name)} title={t.remove(tool.name)} loading={remove.isPending} onClick={() => { remove.mutate(); }}><IconTrash size={16} stroke={1.5} /></ActionIcon>
            </>
          ) : null}
        </span>
      </td>
    </tr>
  );
}

export function NoteTools({ project, protocol, lead }: { readonly project: ProjectView; readonly protocol: Protocol; readonly lead: boolean }) {
  const [editing, setEditing] = useState<ToolDraft | null>(null);
  const tools = useQuery({
    queryKey: ["project", project.id, "note-tools"],
    queryFn: () => api.json<NoteToolList>(pathOf(project.id)),
    refetchInterval: (query) => (query.state.data?.is_running === true ? 1000 : false),
  });
  const list = tools.data;
  const forbidden = tools.error instanceof ApiError && tools.error.status === 403;
  if (forbidden) return null;
  return (
    <section className="card span-12" aria-label={t.title}>
      <div className="card-head">
        <h2>{t.title}</h2>
        {list?.is_running === true ? <span className="muted small" role="status">{list.notes_left > 0 ? t.running(count(list.notes_left)) : t.waiting}</span> : null}
        {lead ? (
          <span className="push row">
            {kinds.map((kind) => (
              <Button key={kind} variant="default" leftSection={<IconPlus size={14} />} onClick={() => { setEditing(emptyDraft(kind)); }}>{t.add[kind]}</Button>
            ))}
          </span>
        ) : null}
      </div>
      <Answered query={tools} say={sayError} loading={t.loading} lines={2}>{({ items, problems }) => items.length === 0 ? (
        <Empty icon={<IconVocabulary size={32} stroke={1.5} />} title={t.none}>{t.noneText}</Empty>
      ) : (
        <>
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{t.name}</th>
                  <th scope="col">{t.kind}</th>
                  <th scope="col" className="n">{t.holds}</th>
                  <th scope="col">{t.version}</th>
                  <th scope="col">{t.isOn}</th>
                </tr>
              </thead>
              <tbody>{items.map((tool) => <Row key={tool.id} tool={tool} lead={lead} project={project} edit={setEditing} />)}</tbody>
            </table>
          </div>
          {problems.length === 0 ? null : (
            <div className="card-body small" role="status">
              <b>{t.problems}</b>
              <ul style={{ margin: "4px 0 0", paddingLeft: 18 }} className="muted">{problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>
            </div>
          )}
        </>
      )}</Answered>
      {editing === null ? null : <Editor key={editing.id} project={project} protocol={protocol} start={editing} close={() => { setEditing(null); }} />}
    </section>
  );
}
