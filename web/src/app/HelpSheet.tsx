import { strings as t } from "./strings";
import { boundCommands, onCommandsChanged, type BoundCommand } from "@/core/commands";
import { Shortcut } from "@/ui/Shortcut";
import { Modal } from "@mantine/core";
import { useSyncExternalStore } from "react";

export function HelpSheet({ opened, close }: { readonly opened: boolean; readonly close: () => void }) {
  const layers = useSyncExternalStore(onCommandsChanged, boundCommands);
  const groups = new Map<string, BoundCommand[]>();
  for (const layer of [...layers].reverse()) {
    for (const command of layer) {
      if (command.shortcuts.length > 0) groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
    }
  }
  return (
    <Modal opened={opened} onClose={close} title={t.help} size="xl">
      <p className="muted" style={{ marginTop: 0 }}>
        {t.helpHint}
      </p>
      <div className="keys">
        {[...groups].map(([group, commands]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.id}>
                  <dt>{command.label}</dt>
                  <dd>
                    {command.shortcuts.map((keys) => (
                      <Shortcut key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
