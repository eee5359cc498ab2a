import { strings as t } from "./strings";
import { api, sayError, type Page } from "@/api/client";
import { useMe } from "@/api/queries";
import type { LinkUrl, Person } from "@/api/types";
import { newId } from "@/core/ids";
import { isAdministrator, roleNames } from "@/core/roles";
import type { GlobalRole, PersonId } from "@/core/workspace";
import { CopyField } from "@/ui/CopyField";
import { ago, timestamp } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Empty } from "@/ui/states";
import { ActionIcon, Alert, Button, Checkbox, Menu, Modal, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDots, IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

const globalRoles: readonly GlobalRole[] = ["administrator", "compliance"];

function LinkShown({ link, close }: { readonly link: LinkUrl; readonly close: () => void }) {
  return (
    <div style={{ display: "grid", gap: 14 }}>
      <CopyField label="Link" value={link.url} description={`Hand it over in person or by a safe way. It works once, until ${timestamp(link.expires_at)}, and is not shown again.`} />
      <Button onClick={close} style={{ justifySelf: "end" }}>
        Done
      </Button>
    </div>
  );
}

function PersonDialog({ person, close }: { readonly person: Person | null; readonly close: () => void }) {
  const client = useQueryClient();
  const [id] = useState(() => person?.id ?? newId<PersonId>());
  const [name, setName] = useState(person?.name ?? "");
  const [display, setDisplay] = useState(person?.display_name ?? "");
  const [roles, setRoles] = useState<string[]>([...(person?.roles ?? [])]);
  const save = useMutation({
    mutationFn: () => api.json<{ person: Person; link?: LinkUrl }>(`/people/${id}`, { method: "PUT", json: { name: name.trim(), display_name: display.trim(), roles } }),
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: ["people"] });
      if (answer.link === undefined) close();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const link = save.data?.link;
  return (
    <Modal opened onClose={close} title={link !== undefined ? `${display} is invited` : person === null ? t.invite : "Change the person"}>
      {link !== undefined ? (
        <LinkShown link={link} close={close} />
      ) : (
        <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
          {save.isError ? <Alert color="red" variant="light" title={sayError(save.error).what}>{sayError(save.error).remedy}</Alert> : null}
          <TextInput label="Full name" description="As others see it, with the title." value={display} onChange={(event) => { setDisplay(event.currentTarget.value); }} required withAsterisk={false} maxLength={120} data-autofocus />
          <TextInput label="Name for signing in" value={name} onChange={(event) => { setName(event.currentTarget.value); }} required withAsterisk={false} maxLength={64} autoCapitalize="off" />
          <Checkbox.Group label="Roles beyond projects" value={roles} onChange={setRoles}>
            <div style={{ display: "grid", gap: 8, paddingTop: 6 }}>
              {globalRoles.map((role) => (
                <Checkbox key={role} value={role} label={roleNames[role]} description={role === "administrator" ? "Accounts and settings; no patient data" : "Audit trail, vault and erasure"} />
              ))}
            </div>
          </Checkbox.Group>
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button type="submit" loading={save.isPending} disabled={name.trim() === "" || display.trim() === ""}>{person === null ? "Invite" : "Save"}</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}

export default function People() {
  usePage([{ label: "people" }]);
  const client = useQueryClient();
  const { data: me } = useMe();
  const administrator = isAdministrator(me?.roles ?? []);
  const people = useQuery({ queryKey: ["people"], queryFn: () => api.json<Page<Person>>("/people", { query: { limit: 500 } }) });
  const [dialog, setDialog] = useState<null | "new" | Person>(null);
  const [link, setLink] = useState<LinkUrl | null>(null);
  const act = useMutation({
    mutationFn: ({ person, what }: { person: Person; what: "reset" | "disable" | "enable" }) => api.json<{ link?: LinkUrl } | null>(`/people/${person.id}/${what}`, { method: "POST", json: {} }),
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: ["people"] });
      if (answer?.link !== undefined) setLink(answer.link);
    },
    onError: (error) => notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" }),
  });
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{t.title}</h1>
          <p>{t.lead}</p>
        </div>
        <div className="push">{administrator ? <Button leftSection={<IconUserPlus size={14} />} onClick={() => { setDialog("new"); }}>{t.invite}</Button> : null}</div>
      </header>
      <section className="card">
        <Answered query={people} say={sayError} loading="Loading the people" lines={5}>
          {(data) => data.items.length === 0 ? (
          <Empty icon={<IconUsers size={36} stroke={1.5} />} title={t.emptyTitle}>{t.emptyText}</Empty>
        ) : (
          <div className="table-scroll" style={{ borderRadius: 8 }}>
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Signs in as</th>
                  <th scope="col">Roles</th>
                  <th scope="col">State</th>
                  <th scope="col">Since</th>
                  <th scope="col">Last seen</th>
                  <th scope="col"><span className="visually-hidden">Actions</span></th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((person) => (
                  <tr key={person.id}>
                    <td className="strong">{person.display_name}</td>
                    <td className="mono">{person.name}</td>
                    <td><span className="row" style={{ gap: 4 }}>{person.roles.map((role) => <span key={role} className="tag">{roleNames[role]}</span>)}</span></td>
                    <td className={person.state === "active" ? "" : person.state === "invited" ? "warn" : "muted"}>{t.state[person.state]}</td>
                    <td className="muted">{person.created_at.slice(0, 10)}</td>
                    <td className="muted">{person.last_seen_at === null ? "never" : ago(person.last_seen_at)}</td>
                    <td className="n" style={{ width: 48 }}>
                      {administrator ? (
                        <Menu position="bottom-end">
                          <Menu.Target>
                            <ActionIcon aria-label={`Actions for ${person.display_name}`}><IconDots size={16} /></ActionIcon>
                          </Menu.Target>
                          <Menu.Dropdown>
                            <Menu.Item onClick={() => { setDialog(person); }}>Change</Menu.Item>
                            <Menu.Item onClick={() => { act.mutate({ person, what: "reset" }); }}>New password link</Menu.Item>
                            {person.id === me?.person.id ? null : person.state === "disabled" ? (
                              <Menu.Item onClick={() => { act.mutate({ person, what: "enable" }); }}>Enable</Menu.Item>
                            ) : (
                              <Menu.Item color="red" onClick={() => { act.mutate({ person, what: "disable" }); }}>Disable: ends all sign-ins</Menu.Item>
                            )}
                          </Menu.Dropdown>
                        </Menu>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        </Answered>
      </section>
      {dialog === null ? null : <PersonDialog person={dialog === "new" ? null : dialog} close={() => { setDialog(null); }} />}
      {link === null ? null : (
        <Modal opened onClose={() => { setLink(null); }} title="New password link">
          <LinkShown link={link} close={() => { setLink(null); }} />
        </Modal>
      )}
    </div>
  );
}
