import { strings as t } from "./strings";
import { api, sayError, type Page } from "@/api/client";
import { useMe } from "@/api/queries";
import type { Scope, SignIn, Token } from "@/api/types";
import { CopyField } from "@/ui/CopyField";
import { ago, timestamp } from "@/ui/format";
import { usePage } from "@/ui/frame_slots";
import { Answered } from "@/ui/Answered";
import { Alert, Button, Checkbox, Modal, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDeviceLaptop, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { useLocation } from "react-router";

const failed = (error: unknown): void => {
  notifications.show({ title: sayError(error).what, message: sayError(error).remedy, color: "red" });
};

function SignIns() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["sign_ins"], queryFn: () => api.json<Page<SignIn>>("/me/sign_ins") });
  const end = useMutation({ mutationFn: (id: string) => api.json(`/me/sign_ins/${id}`, { method: "DELETE" }), onSuccess: () => client.invalidateQueries({ queryKey: ["sign_ins"] }), onError: failed });
  return (
    <section className="card" id="sessions">
      <div className="card-head">
        <h2>{t.sessions}</h2>
        <span className="muted small">{t.sessionsLead}</span>
      </div>
      <Answered query={list} say={sayError} loading="Loading the sign-ins" lines={2}>
        {(data) => (
        <table className="table">
          <tbody>
            {data.items.map((one) => (
              <tr key={one.id}>
                <td style={{ width: 32 }}><IconDeviceLaptop size={18} stroke={1.5} aria-hidden /></td>
                <td>
                  <b>{one.user_agent === "" ? "Unknown browser" : one.user_agent}</b>
                  <div className="small muted">from {one.origin}, since {timestamp(one.started_at)}, last seen {ago(one.last_seen_at)}</div>
                </td>
                <td className="n">{one.current ? <span className="tag">this one</span> : <Button variant="default" onClick={() => { end.mutate(one.id); }}>End</Button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      </Answered>
    </section>
  );
}

function NewToken({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["read"]);
  const [days, setDays] = useState(90);
  const make = useMutation({
    mutationFn: () => api.json<Token>("/me/tokens", { method: "POST", json: { name: name.trim(), scopes, days } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Modal opened onClose={close} title="New token">
      {make.data?.token !== undefined ? (
        <div style={{ display: "grid", gap: 14 }}>
          <CopyField label="Token" value={make.data.token} description="Copy it now: it is not shown again." />
          <Button onClick={close} style={{ justifySelf: "end" }}>Done</Button>
        </div>
      ) : (
        <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
          {make.isError ? <Alert color="red" variant="light" title={sayError(make.error).what}>{sayError(make.error).remedy}</Alert> : null}
          <TextInput label="Name" description="What uses it." value={name} onChange={(event) => { setName(event.currentTarget.value); }} required withAsterisk={false} maxLength={80} data-autofocus />
          <Checkbox.Group label="It may" value={scopes} onChange={setScopes}>
            <div className="row wrap" style={{ paddingTop: 6, gap: 16 }}>
              {(Object.keys(t.scopes) as Scope[]).map((scope) => <Checkbox key={scope} value={scope} label={t.scopes[scope]} />)}
            </div>
          </Checkbox.Group>
          <NumberInput label="Ends after (days)" value={days} min={1} max={365} onChange={(value) => { setDays(Number(value)); }} />
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={close}>Cancel</Button>
            <Button type="submit" loading={make.isPending} disabled={name.trim() === "" || scopes.length === 0}>Make the token</Button>
          </div>
        </form>
      )}
    </Modal>
  );
}

function Tokens() {
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  const list = useQuery({ queryKey: ["tokens"], queryFn: () => api.json<Page<Token>>("/me/tokens") });
  const end = useMutation({ mutationFn: (id: string) => api.json(`/me/tokens/${id}`, { method: "DELETE" }), onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }), onError: failed });
  return (
    <section className="card" id="tokens">
      <div className="card-head">
        <h2>{t.tokens}</h2>
        <span className="muted small">{t.tokensLead}</span>
        <span className="push"><Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => { setMaking(true); }}>New token</Button></span>
      </div>
      <Answered query={list} say={sayError} loading="Loading the tokens" lines={1}>
        {(data) => data.items.length === 0 ? <div className="card-body muted">No token.</div> : (
        <table className="table">
          <tbody>
            {data.items.map((token) => (
              <tr key={token.id}>
                <td>
                  <b>{token.name}</b>
                  <div className="small muted">until {token.expires_at.slice(0, 10)}, {token.last_used_at === null ? "never used" : `last used ${ago(token.last_used_at)}`}</div>
                </td>
                <td><span className="row" style={{ gap: 4 }}>{token.scopes.map((scope) => <span key={scope} className="tag">{t.scopes[scope]}</span>)}</span></td>
                <td className="n"><Button variant="default" onClick={() => { end.mutate(token.id); }}>Revoke</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      </Answered>
      {making ? <NewToken close={() => { setMaking(false); }} /> : null}
    </section>
  );
}

function Password() {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    mutationFn: () => api.json("/me/password", { method: "PUT", json: { old, new: fresh } }),
    onSuccess: () => {
      setOld("");
      setFresh("");
      setAgain("");
      notifications.show({ message: "The password is changed.", color: "teal" });
    },
  });
  const short = fresh !== "" && [...fresh].length < 10;
  const differs = again !== "" && again !== fresh;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <section className="card" id="password">
      <h2>{t.password}</h2>
      <form onSubmit={submit} className="card-body" style={{ display: "grid", gap: 14, maxWidth: 420 }}>
        {change.isError ? <Alert color="red" variant="light" title={sayError(change.error).what}>{sayError(change.error).remedy}</Alert> : null}
        <PasswordInput label="Password now" value={old} onChange={(event) => { setOld(event.currentTarget.value); }} autoComplete="current-password" />
        <PasswordInput label="New password" description="At least 10 characters." value={fresh} onChange={(event) => { setFresh(event.currentTarget.value); }} autoComplete="new-password" error={short ? "Use at least 10 characters." : null} />
        <PasswordInput label="New password again" value={again} onChange={(event) => { setAgain(event.currentTarget.value); }} autoComplete="new-password" error={differs ? "The two are not the same." : null} />
        <Button type="submit" loading={change.isPending} disabled={old === "" || fresh === "" || short || fresh !== again} style={{ justifySelf: "start" }}>Change the password</Button>
      </form>
    </section>
  );
}

export default function Account() {
  usePage([{ label: "account" }]);
  const { data: me } = useMe();
  const { hash } = useLocation();
  useEffect(() => {
    if (hash !== "") document.getElementById(hash.slice(1))?.scrollIntoView({ block: "start" });
  }, [hash]);
  return (
    <div className="page narrow">
      <header className="page-head">
        <div>
          <h1>{t.title}</h1>
          <p>
            {me?.person.display_name}, signing in as <span className="mono">{me?.person.name}</span>
          </p>
        </div>
      </header>
      <SignIns />
      <Tokens />
      <Password />
    </div>
  );
}
