// Confusion matrices as pictures: row the consensus, column what the rater said.
import { Figure, fit, Hit, Hollow, RaterMark, Text } from "./marks";
import { confused, shortNames, tiling, unitOf, type PanelState } from "./model";
import { strings } from "./strings";
import type { Confusion as Matrix, PanelClass, PanelRater } from "./types";
import { textWidth } from "@/ui/text_width";
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconCheck, IconUsers } from "@tabler/icons-react";
import { useState, type KeyboardEvent } from "react";

const t = strings.confusion;
const headHeight = 42; // the rater's name above, the columns' names below
const foot = 22;

const namesWidth = (classes: readonly PanelClass[]): number => Math.min(110, 20 + Math.max(...classes.map((one) => textWidth(one.title, 11))));
export function confusionLeast(state: PanelState): number {
  const classes = unitOf(state.panel, state.subject)?.classes.length ?? 0;
  return headHeight + foot + classes * 24;
}

export function confusionWidth(state: PanelState): number {
  const classes = unitOf(state.panel, state.subject)?.classes ?? [];
  return classes.length === 0 ? 0 : Math.ceil(namesWidth(classes)) + 12 + classes.length * 24;
}

export function Confusion({ state, width, height, cell }: { readonly state: PanelState; readonly width: number; readonly height: number; readonly cell: (rater: PanelRater, consensus: number, said: number) => void }) {
  const unit = unitOf(state.panel, state.subject);
  const classes = unit?.classes ?? [];
  const all = confused(state, 12);
  if (unit?.kind === "mask") return <Hollow>{t.masks}</Hollow>;
  if (unit === undefined || all.length === 0) return <Hollow>{state.panel.raters.length < 2 ? t.needTwo : t.none}</Hollow>;
  if (classes.length < 2 || unit.consensus.prevalence.filter((share) => share > 0).length < 2) return <Hollow>{t.oneClass}</Hollow>;
  const left = namesWidth(classes);
  const fitIn = tiling(width - left - 12, height - foot, classes.length, all.length, headHeight);
  const shown = confused(state, fitIn.columns * fitIn.rows);
  const short = shortNames(classes.map((one) => one.title));
  const numbered = short[0] === "1"; // no beginnings tell the classes apart
  const { cellWidth, cellHeight } = fitIn;
  return (
    <Figure width={width} height={height} label={t.title}>
      {shown.map((rater, at) => {
        const matrix = rater.confusion.find((one) => one.unit === state.subject);
        const column = at % fitIn.columns;
        const x = left + column * (cellWidth * classes.length + 14);
        const y = 22 + Math.floor(at / fitIn.columns) * (headHeight + cellHeight * classes.length);
        if (matrix === undefined) return null;
        return (
          <g key={rater.rater_id} role="group" aria-label={`${rater.name}: ${t.foot(unit.title)}`}>
            <RaterMark kind={rater.kind} x={x + 6} y={y - 11} />
            <Text x={x + 18} y={y - 7} kind="t" title={rater.name}>{fit(rater.name, cellWidth * classes.length - 8)}</Text>
            {column > 0 ? null : classes.map((one, row) => <Text key={one.id} x={x - 6} y={y + (row + 0.5) * cellHeight + 4} kind="e" title={one.title}>{fit(numbered ? `${short[row] ?? ""} ${one.title}` : one.title, left - 10, 11)}</Text>)}
            {classes.map((one, said) => <Text key={one.id} x={x + (said + 0.5) * cellWidth} y={y + classes.length * cellHeight + 14} kind="m" title={one.title}>{short[said]}</Text>)}
            <Cells rater={rater} chosen={state.choice.kind === "cell" && state.listed && state.choice.rater === rater.rater_id ? state.choice.consensus * classes.length + state.choice.said : null} matrix={matrix} classes={classes} x={x} y={y} cellWidth={cellWidth} cellHeight={cellHeight} press={(row, said) => { cell(rater, row, said); }} />
          </g>
        );
      })}
      <Text x={12} y={height - 8}>{fit(t.foot(unit.title), width - 20, 11)}</Text>
    </Figure>
  );
}

// One of the cells is reached by Tab, the others from it by arrow keys.
function Cells({ rater, chosen, matrix, classes, x, y, cellWidth, cellHeight, press }: { readonly rater: PanelRater; readonly chosen: number | null; readonly matrix: Matrix; readonly classes: readonly PanelClass[]; readonly x: number; readonly y: number; readonly cellWidth: number; readonly cellHeight: number; readonly press: (row: number, said: number) => void }) {
  const [held, setHeld] = useState(0);
  const many = classes.length;
  const idOf = (at: number): string => `panel-cell-${rater.rater_id}-${String(at)}`;
  const move = (from: number) => (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: many, ArrowUp: -many }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const sideways = Math.abs(by) === 1;
    const next = from + by;
    if (next < 0 || next >= many * many || (sideways && Math.floor(next / many) !== Math.floor(from / many))) return;
    setHeld(next);
    document.getElementById(idOf(next))?.focus();
  };
  return classes.flatMap((consensus, row) =>
    classes.map((said, column) => {
      const at = row * many + column;
      // The share of what was said, not the model's rate: a model may hold one rate for all raters.
      const seen = (matrix.counts[row] ?? []).reduce((sum, value) => sum + value, 0);
      const rate = seen === 0 ? 0 : (matrix.counts[row]?.[column] ?? 0) / seen;
      const percent = String(Math.round(rate * 100));
      const right = row === column;
      return (
        <Hit key={`${consensus.id}/${said.id}`} id={idOf(at)} x={x + column * cellWidth} y={y + row * cellHeight} width={cellWidth} height={cellHeight} reachable={at === Math.min(held, many * many - 1)} move={move(at)} press={right ? null : () => { setHeld(at); press(row, column); }} label={`Consensus ${consensus.title}, said ${said.title}: ${percent} % of ${seen.toFixed(0)}${right ? "" : ". Show the items"}`}>
          <rect className="cell" x={x + column * cellWidth + 0.5} y={y + row * cellHeight + 0.5} width={cellWidth - 1} height={cellHeight - 1} fill={right ? "var(--label-1)" : "var(--label-2)"} fillOpacity={seen === 0 ? 0 : right ? rate * 0.4 : Math.min(0.62, rate * 2)} stroke={at === chosen ? "var(--text)" : "var(--border)"} strokeWidth={at === chosen ? 2 : 1} />
          <Text x={x + (column + 0.5) * cellWidth} y={y + (row + 0.5) * cellHeight + 4} kind={seen === 0 ? "m" : "m f"}>{seen === 0 ? "·" : percent}</Text>
        </Hit>
      );
    }),
  );
}

export function ChooseRaters({ state, change }: { readonly state: PanelState; readonly change: (raters: readonly string[] | null) => void }) {
  const { raters } = state;
  const toggle = (id: string): void => {
    const next = raters === null ? [id] : raters.includes(id) ? raters.filter((one) => one !== id) : [...raters, id];
    change(next.length === 0 ? null : next);
  };
  return (
    <Menu position="bottom-end" width={220} closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label={t.choose}>
          <ActionIcon size="sm" aria-label={`${t.title}: ${t.choose}`}>
            <IconUsers size={15} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item role="menuitemcheckbox" aria-checked={raters === null} rightSection={raters === null ? <IconCheck size={14} /> : null} onClick={() => { change(null); }}>
          {t.automatic}
        </Menu.Item>
        <Menu.Divider />
        {confused({ ...state, raters: null }, 100).map((rater) => {
          const on = raters?.includes(rater.rater_id) ?? false;
          return (
            <Menu.Item key={rater.rater_id} role="menuitemcheckbox" aria-checked={on} rightSection={on ? <IconCheck size={14} /> : null} leftSection={<svg width={12} height={12} aria-hidden><RaterMark kind={rater.kind} x={6} y={6} /></svg>} onClick={() => { toggle(rater.rater_id); }}>
              {rater.name}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
