import { tabsFor } from "./Frame";
import { strings as t } from "./strings";
import type { Me } from "@/api/types";
import { boundCommands, onCommandsChanged } from "@/core/commands";
import type { ProjectId } from "@/core/workspace";
import { Shortcut } from "@/ui/Shortcut";
import { Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { useNavigate } from "react-router";

export function Palette({ me, project }: { readonly me: Me; readonly project: ProjectId | null }) {
  const navigate = useNavigate();
  const layers = useSyncExternalStore(onCommandsChanged, boundCommands);
  const groups = new Map<string, SpotlightActionGroupData["actions"]>();
  for (const layer of [...layers].reverse()) {
    for (const command of layer) {
      if (command.hidden) continue;
      const Icon = command.icon;
      groups.set(command.group, [
        ...(groups.get(command.group) ?? []),
        {
          id: command.id,
          label: command.label,
          leftSection: Icon === undefined ? <span style={{ display: "inline-block", width: 18 }} /> : <Icon size={18} stroke={1.5} />,
          rightSection: command.shortcuts[0] === undefined ? null : <Shortcut keys={command.shortcuts[0]} />,
          disabled: !command.enabled(),
          onClick: command.run,
        },
      ]);
    }
  }
  const roles = me.projects.find((one) => one.id === project)?.roles ?? [];
  groups.set(t.goTo, [
    ...tabsFor(me, project === null ? null : { id: project, roles }).map((tab) => ({ id: `go:${tab.to}`, label: tab.label, onClick: () => void navigate(tab.to) })),
    ...me.projects.map((one) => ({ id: `project:${one.id}`, label: one.name, description: "Project", onClick: () => void navigate(`/p/${one.id}/worklist`) })),
  ]);
  const actions: SpotlightActionGroupData[] = [...groups].map(([group, list]) => ({ group, actions: list }));
  return <Spotlight actions={actions} shortcut={null} nothingFound={t.paletteEmpty} highlightQuery scrollable maxHeight={420} searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t.palette, "aria-label": t.palette }} />;
}
