// The frame around every page: where one is, which case is open, whether all is saved, and the keys.
import { strings as t } from "./strings";
import { ConflictDialog } from "./ConflictDialog";
import { HelpSheet } from "./HelpSheet";
import { Palette } from "./Palette";
import { useOutbox, useSaveState } from "./outbox_context";
import { api } from "@/api/client";
import { useMe, useProject } from "@/api/queries";
import type { Me } from "@/api/types";
import { commandFor, type Command } from "@/core/commands";
import { mayAudit, mayExport, mayLead, mayManagePeople, mayReview } from "@/core/roles";
import type { ProjectId, SaveState } from "@/core/workspace";
import { useCommands } from "@/ui/commands";
import { ago } from "@/ui/format";
import { useFrameSlots } from "@/ui/frame_slots";
import { Menu, Tooltip, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconCommand, IconDeviceDesktop, IconDeviceLaptop, IconKey, IconKeyboard, IconLock, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Fragment, useEffect, useMemo, useState, type ReactNode } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate } from "react-router";

const lastProjectKey = "consilium.project";

// The project whose tabs are shown: the one of the address, else the last one.
function useCurrentProject(): ProjectId | null {
  const { pathname } = useLocation();
  const named = /^\/p\/([^/]+)/.exec(pathname)?.[1] ?? null;
  useEffect(() => {
    if (named !== null) sessionStorage.setItem(lastProjectKey, named);
    if (pathname === "/projects") sessionStorage.removeItem(lastProjectKey);
  }, [named, pathname]);
  return (named ?? (pathname === "/projects" ? null : sessionStorage.getItem(lastProjectKey))) as ProjectId | null;
}

interface Tab {
  readonly to: string;
  readonly label: string;
}
export function tabsFor(me: Me, project: { readonly id: ProjectId; readonly roles: Me["projects"][number]["roles"] } | null): readonly Tab[] {
  const leadsAny = me.projects.some((one) => mayLead(one.roles));
  const base = project === null ? "" : `/p/${project.id}`;
  const administrator = me.roles.includes("administrator");
  return [
    ...(project === null
      ? [{ to: "/projects", label: t.projects }]
      : [
          { to: `${base}/worklist`, label: t.worklist },
          ...(mayReview(project.roles) ? [{ to: `${base}/review`, label: t.review }] : []),
          ...(mayLead(project.roles) ? [{ to: `${base}/panel`, label: t.panel }] : []),
          { to: base, label: t.project },
          ...(mayLead(project.roles) || administrator ? [{ to: `${base}/imports`, label: t.imports }] : []),
          ...(mayExport(project.roles) ? [{ to: `${base}/exports`, label: t.exports }] : []),
        ]),
    ...(leadsAny || administrator ? [{ to: "/terminologies", label: t.terminologies }] : []),
    ...(mayManagePeople(me.roles, leadsAny) ? [{ to: "/people", label: t.people }] : []),
    ...(mayAudit(me.roles, leadsAny) ? [{ to: "/audit", label: t.audit }] : []),
  ];
}

export function saveText(state: SaveState, now: number): string {
  switch (state.kind) {
    case "saved":
      return state.at === null ? t.saved : `${t.saved} ${ago(state.at, now)}`;
    case "saving":
      return t.saving;
    case "queued":
      return `${String(state.queued)} waiting: ${state.reason}`;
    case "refused":
      return `${t.notSaved}: ${state.reason}`;
    case "conflict":
      return t.conflict;
  }
}

function SaveMark({ open }: { readonly open: () => void }) {
  const state = useSaveState();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 5000);
    return () => {
      clearInterval(timer);
    };
  }, [state]);
  const text = saveText(state, Math.max(now, state.kind === "saved" ? (state.at ?? 0) : 0));
  const trouble = state.kind === "refused" || state.kind === "conflict";
  return trouble ? (
    <button type="button" className="saved" data-kind={state.kind} onClick={open}>
      {text}
    </button>
  ) : (
    <span className="saved" data-kind={state.kind} role="status">
      {text}
    </span>
  );
}

export function useFrameCommands(openHelp: () => void): void {
  const navigate = useNavigate();
  const { setColorScheme, colorScheme } = useMantineColorScheme();
  const commands = useMemo((): readonly Command<null, () => void>[] => {
    const go = (id: string, label: string, shortcut: string | undefined, run: () => void, icon?: Command<null>["icon"]): Command<null, () => void> => ({
      id,
      label,
      group: t.app,
      ...(shortcut === undefined ? {} : { shortcut }),
      ...(icon === undefined ? {} : { icon }),
      apply: (state) => ({ state, effects: [run] }),
    });
    return [
      { ...go("app.palette", t.palette, "Ctrl+K", () => { spotlight.open(); }, IconCommand), hidden: true },
      go("app.help", "Show all keys", "?", openHelp, IconKeyboard),
      go("app.theme", "Switch light and dark", "Ctrl+Shift+L", () => { setColorScheme(colorScheme === "dark" ? "light" : "dark"); }, IconMoon),
      go("app.projects", "Go to projects", undefined, () => void navigate("/projects")),
      go("app.account", "Go to my account", undefined, () => void navigate("/account")),
    ];
  }, [openHelp, navigate, setColorScheme, colorScheme]);
  useCommands(commands, null, (command) => {
    const result = command.apply(null);
    if (result !== null) for (const effect of result.effects) effect();
  });
}

const typingIn = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName) || (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)));

// One listener for all keys. A dialog or a menu that is open has the keys to itself, and Enter or Space on a
// focused button presses it.
function useKeyboard(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (document.querySelector(".mantine-Modal-content, .mantine-Spotlight-content, .mantine-Menu-dropdown, .mantine-Drawer-content[data-owns-keys]") !== null) return;
      if (target?.closest('[role="listbox"], [role="menu"], [role="dialog"]') !== null && target !== null) return;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (plain && (event.key === "Enter" || event.key === " ") && target !== null && target.closest("button, a, summary, label, [role=checkbox], [role=tab], input") !== null) return;
      const command = commandFor(event, typingIn(event.target));
      if (command === null) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, []);
}

function UserMenu({ me }: { readonly me: Me }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const client = useQueryClient();
  const navigate = useNavigate();
  const signOut = async (): Promise<void> => {
    await api.json("/sign_out", { method: "POST" }).catch(() => null);
    client.clear();
    void navigate("/sign-in");
  };
  const themes: readonly { readonly value: MantineColorScheme; readonly label: string; readonly icon: ReactNode }[] = [
    { value: "light", label: t.light, icon: <IconSun size={14} /> },
    { value: "dark", label: t.dark, icon: <IconMoon size={14} /> },
    { value: "auto", label: t.system, icon: <IconDeviceDesktop size={14} /> },
  ];
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <button type="button" className="who" aria-label={`${me.person.initials}: ${me.person.display_name}, account and theme`}>
          {me.person.initials}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.person.display_name}</Menu.Label>
        <Menu.Item leftSection={<IconDeviceLaptop size={14} />} component={Link} to="/account">
          Sign-ins
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={14} />} component={Link} to="/account#tokens">
          Tokens
        </Menu.Item>
        <Menu.Item leftSection={<IconLock size={14} />} component={Link} to="/account#password">
          Password
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.theme}</Menu.Label>
        {themes.map((one) => (
          <Menu.Item key={one.value} leftSection={one.icon} role="menuitemradio" aria-checked={colorScheme === one.value} rightSection={colorScheme === one.value ? "✓" : null} onClick={() => { setColorScheme(one.value); }}>
            {one.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={14} />} onClick={() => void signOut()}>
          {t.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

// An item belongs to the worklist it was opened from.
function ProjectTabs({ me, project }: { readonly me: Me; readonly project: ProjectId | null }) {
  const inItem = /^\/p\/[^/]+\/item\//.test(useLocation().pathname);
  const roles = me.projects.find((one) => one.id === project)?.roles ?? [];
  return (
    <nav className="tabs" aria-label="Pages">
      {tabsFor(me, project === null ? null : { id: project, roles }).map((tab) => (
        <NavLink key={tab.to} to={tab.to} end={tab.label === t.project} className={({ isActive }) => (isActive || (inItem && tab.label === t.worklist) ? "active" : "")}>
          {tab.label}
        </NavLink>
      ))}
    </nav>
  );
}

function ProjectCrumb({ project }: { readonly project: ProjectId }) {
  const { data } = useProject(project);
  return data === undefined ? null : (
    <>
      <Link to={`/p/${project}`}>{data.name}</Link>
      <span aria-hidden>▸</span>
    </>
  );
}

export function Frame() {
  const { data: me } = useMe();
  const { pathname } = useLocation();
  const project = useCurrentProject();
  const slots = useFrameSlots();
  const { problem } = useOutbox();
  const save = useSaveState();
  const [help, setHelp] = useState(false);
  const [conflict, setConflict] = useState(false);
  const openHelp = useMemo(() => () => { setHelp(true); }, []);
  useFrameCommands(openHelp);
  useKeyboard();
  if (me === undefined) return null;
  const hasFoot = slots.left !== null || slots.right !== null;
  return (
    <div className="app" data-theme={slots.dark ? "dark" : undefined}>
      <a className="skip-link" href="#main">
        {t.skipToContent}
      </a>
      <header className="bar">
        <Link className="mark" to="/projects">
          {t.product}
        </Link>
        <nav className="crumbs" aria-label="Where you are">
          {pathname.startsWith("/p/") && project !== null ? <ProjectCrumb project={project} /> : null}
          {slots.crumbs.map((crumb, at) => (
            <Fragment key={crumb.label}>
              {at > 0 ? <span aria-hidden>▸</span> : null}
              {crumb.to === undefined ? <b aria-current="page">{crumb.label}</b> : <Link to={crumb.to}>{crumb.label}</Link>}
            </Fragment>
          ))}
        </nav>
        <div className="bar-right">
          <span className={slots.badge === null ? "case none" : "case"}>{slots.badge ?? t.noCase}</span>
          <SaveMark open={() => { setConflict(true); }} />
          <Tooltip label={t.palette}>
            <button type="button" className="quiet" onClick={() => { spotlight.open(); }} aria-label={`Ctrl K: ${t.palette}`}>
              <kbd>Ctrl K</kbd>
            </button>
          </Tooltip>
          <Tooltip label={t.help}>
            <button type="button" className="quiet" onClick={openHelp} aria-label={`?: ${t.help}`}>
              <kbd>?</kbd>
            </button>
          </Tooltip>
          <UserMenu me={me} />
        </div>
      </header>
      <ProjectTabs me={me} project={project} />
      <main className="main" id="main" tabIndex={-1} style={{ outline: "none" }}>
        {problem === null ? null : <div className="banner banner-over" role="alert">{problem}</div>}
        {save.kind === "queued" && save.reason.startsWith("offline") ? <div className="banner banner-over" role="status">{t.offline}</div> : null}
        <Outlet />
      </main>
      {hasFoot ? (
        <footer className="foot">
          <div className="left">{slots.left}</div>
          <div className="right">{slots.right}</div>
        </footer>
      ) : (
        <span />
      )}
      <Palette me={me} project={project} />
      <HelpSheet opened={help} close={() => { setHelp(false); }} />
      {conflict ? <ConflictDialog close={() => { setConflict(false); }} /> : null}
    </div>
  );
}
