// The items behind a figure, most doubtful first: each opens, and all are handed out at once.
import { isListed, itemPath, nameChoice, type Listed, type PanelState } from "./model";
import { strings, words } from "./strings";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "react-router";

const t = strings.list;

export function ItemList(props: { readonly state: PanelState; readonly project: string; readonly items: readonly Listed[]; readonly close: () => void; readonly handOut: () => void }) {
  const { state, project, items, close, handOut } = props;
  const name = nameChoice(state);
  const most = Math.max(1, ...items.map((item) => item.bits ?? 0));
  return (
    <aside className="pn-list" aria-label={t.title} data-side={state.choice.kind === "cell" ? "left" : undefined}>
      <header>
        <div>
          <h2 title={name}>{name}</h2>
          <p>{words.items(items.length)}</p>
        </div>
        <Tooltip label={`${t.close} (Esc)`}>
          <ActionIcon onClick={close} aria-label={t.close}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      <div className="pn-rows" tabIndex={0} role="group" aria-label={name}>
        {items.length === 0 ? (
          <p className="pn-hollow">{!isListed(state) ? t.unlisted : state.choice.kind === "unsettled" ? t.emptyOpen : t.empty}</p>
        ) : (
          <ol>
            {items.map((item) => (
              <li key={item.item_id}>
                <Link to={itemPath(project, item.item_id)}>
                  <span className="pn-number">{item.number ?? "–"}</span>
                  <span className="pn-what">
                    <b>{item.pseudonym === "" ? (item.number === null ? t.open : `Item ${String(item.number)}`) : item.pseudonym}</b> {item.title}
                    <small>{item.words}</small>
                  </span>
                  {item.bits === null ? null : (
                    <span className="pn-bits">
                      {item.bits.toFixed(2)}
                      <i data-open={item.settled === false ? "" : undefined} style={{ width: `${String((item.bits / most) * 100)}%` }} />
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ol>
        )}
        {items.length >= 500 ? <p className="pn-hollow">{t.many}</p> : null}
      </div>
      <footer>
        <Button fullWidth onClick={handOut} disabled={items.length === 0} rightSection={<kbd>H</kbd>}>
          {items.length === 0 ? t.handOutNone : `${strings.handOut} ${words.items(items.length)}`}
        </Button>
      </footer>
    </aside>
  );
}
