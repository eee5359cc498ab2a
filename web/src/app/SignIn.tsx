// Ways in: name and password, a one-time link, an invitation or a reset (which ask for a new password).
import { strings as t } from "./strings";
import { api, sayError, setCsrfToken } from "@/api/client";
import type { Link as SignInLink, Me } from "@/api/types";
import { usePage } from "@/ui/frame_slots";
import { Failed, Loading } from "@/ui/states";
import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { useNavigate, useSearchParams } from "react-router";

export const passwordProblem = (password: string, again: string): string | null => ([...password].length < 10 ? t.passwordShort : password !== again ? t.passwordDiffers : null);

function useArrive(): (me: Me) => void {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  return (me) => {
    setCsrfToken(me.csrf_token);
    client.setQueryData(["me"], me);
    const wanted = parameters.get("next") ?? "/projects";
    // Only a path of ours: never a way out of the site.
    void navigate(/^\/(?!\/)/.test(wanted) && !wanted.startsWith("/sign-in") ? wanted : "/projects", { replace: true });
  };
}

function Problem({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null;
  const said = sayError(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={16} />} title={said.what} role="alert">
      {said.remedy}
    </Alert>
  );
}

const Door = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <main className="door">
    <div className="door-card">
      <div className="mark door-mark">{t.product}</div>
      <h1>{title}</h1>
      {children}
    </div>
    <p className="door-foot">Medical images, texts and recordings, labelled so that the result can be trusted.</p>
  </main>
);

function PasswordForm() {
  const arrive = useArrive();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({ mutationFn: () => api.json<Me>("/sign_in", { method: "POST", json: { name, password } }), onSuccess: arrive });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Door title={t.signIn}>
      <form onSubmit={submit}>
        <Problem error={signIn.error} />
        <TextInput label={t.name} value={name} onChange={(event) => { setName(event.currentTarget.value); }} autoComplete="username" autoFocus required withAsterisk={false} />
        <PasswordInput label={t.password} value={password} onChange={(event) => { setPassword(event.currentTarget.value); }} autoComplete="current-password" required withAsterisk={false} />
        <Button type="submit" size="sm" fullWidth loading={signIn.isPending}>
          {t.signIn}
        </Button>
        <p className="muted small">No account, or the password is lost? An administrator can send you a link.</p>
      </form>
    </Door>
  );
}

export function NewPasswordFields({ password, again, change }: { readonly password: string; readonly again: string; readonly change: (password: string, again: string) => void }) {
  const problem = passwordProblem(password, again);
  return (
    <>
      <PasswordInput label={t.newPassword} description={t.passwordRule} value={password} onChange={(event) => { change(event.currentTarget.value, again); }} autoComplete="new-password" error={password !== "" && problem === t.passwordShort ? problem : null} required withAsterisk={false} />
      <PasswordInput label={t.repeatPassword} value={again} onChange={(event) => { change(password, event.currentTarget.value); }} autoComplete="new-password" error={again !== "" && problem === t.passwordDiffers ? problem : null} required withAsterisk={false} />
    </>
  );
}

function LinkForm({ token }: { readonly token: string }) {
  const arrive = useArrive();
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const link = useQuery({ queryKey: ["link", token], queryFn: () => api.json<SignInLink>(`/links/${encodeURIComponent(token)}`), retry: false, staleTime: Infinity });
  const use = useMutation({
    mutationFn: () => api.json<Me>(`/links/${encodeURIComponent(token)}`, { method: "POST", json: link.data?.purpose === "sign_in" ? {} : { password } }),
    onSuccess: arrive,
  });
  if (link.isPending) return <Door title={t.signIn}><Loading label="Looking at the link" /></Door>;
  if (link.isError) return <Door title="This link does not open"><Failed error={sayError(link.error)} /><Button variant="default" component="a" href="/sign-in" fullWidth>Sign in with a password</Button></Door>;
  const who = link.data.person.display_name;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    use.mutate();
  };
  if (link.data.purpose === "sign_in") {
    return (
      <Door title={`Welcome, ${who}`}>
        <form onSubmit={submit}>
          <Problem error={use.error} />
          <p>This link signs you in once, on this computer.</p>
          <Button type="submit" size="sm" fullWidth loading={use.isPending} autoFocus>
            Sign in as {who}
          </Button>
        </form>
      </Door>
    );
  }
  return (
    <Door title={link.data.purpose === "invitation" ? `Welcome, ${who}` : "Choose a new password"}>
      <form onSubmit={submit}>
        <Problem error={use.error} />
        <p>
          {link.data.purpose === "invitation" ? "You have been invited. Choose a password to begin." : "All other sign-ins of yours end with it."} Your name for signing in is <b>{link.data.person.name}</b>.
        </p>
        <input type="text" name="username" autoComplete="username" value={link.data.person.name} readOnly hidden />
        <NewPasswordFields password={password} again={again} change={(first, second) => { setPassword(first); setAgain(second); }} />
        <Button type="submit" size="sm" fullWidth loading={use.isPending} disabled={passwordProblem(password, again) !== null}>
          Set the password and sign in
        </Button>
      </form>
    </Door>
  );
}

export default function SignIn() {
  const [parameters] = useSearchParams();
  usePage([{ label: t.signIn }]);
  const token = parameters.get("link");
  return token === null ? <PasswordForm /> : <LinkForm token={token} />;
}
