// Lesions by time point: sizes, what is new or gone, the sum of diameters and its change. A prior's size opens it beside this study.
import { IconArrowForward, IconFileDownload } from "@tabler/icons-react";
import { saveFile } from "@/ui/save_file";
import type { LesionRow, LesionTimes } from "./lesions";
import { lesionCsv, signedPercent } from "./lesions";
import type { ImageState } from "./model";
import { strings } from "./strings";

export interface LesionActions {
  /** Shows the lesion where it was at that time point; the last is this study. */
  readonly show: (row: LesionRow, at: number) => void;
  readonly carry: (row: LesionRow) => void;
}

const mm = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : value.toFixed(1));

export function LesionTable({ state, times, actions }: { state: ImageState; times: LesionTimes; actions: LesionActions }): React.JSX.Element | null {
  const last = times.dates.length - 1;
  // The time points that fit: the first, which changes are counted from, and the latest.
  const columns = times.dates.length <= 3 ? times.dates.map((_, at) => at) : [0, last - 1, last];
  const measuredOnce = times.sums.some((sum) => sum !== null);
  if (times.rows.length === 0 || (last === 0 && !measuredOnce)) return null;
  const words = strings.lesions;
  return (
    <section className="image-lesions" aria-label={words.title}>
      <h2>
        <b>{words.title}</b> <span>{words.unit}</span>
        <i />
        <button type="button" className="image-icon" aria-label={words.save} title={words.save} onClick={() => saveFile(`lesions-${state.patient.pseudonym}.csv`, "text/csv", lesionCsv(times, state.patient.pseudonym))}>
          <IconFileDownload size={16} stroke={1.6} />
        </button>
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.lesion}</th>
            {columns.map((at) => <th key={at} scope="col">{at === last ? words.now : (times.dates[at] ?? words.prior)}</th>)}
            {last > 0 && <th scope="col">{words.change}</th>}
          </tr>
        </thead>
        <tbody>
          {times.rows.map((row) => (
            <tr key={row.number} className={row.number === state.carried ? "image-lesion-carried" : undefined}>
              <th scope="row">
                <span className="image-number" style={{ background: row.colour }}>{row.number}</span>
                <span className="image-lesion-name">{row.label}</span>
              </th>
              {columns.map((at) => {
                const size = row.sizes[at] ?? null;
                if (size !== null) {
                  return (
                    <td key={at}>
                      <button type="button" title={at === last ? words.showHere(row.number) : words.showBeside(row.number)} onClick={() => actions.show(row, at)}>
                        {size.longMm === null ? words.seen : size.shortMm === null ? mm(size.longMm) : `${mm(size.longMm)} × ${mm(size.shortMm)}`}
                      </button>
                    </td>
                  );
                }
                return (
                  <td key={at}>
                    {at === last && !state.readOnly ? (
                      <button type="button" className="image-lesion-carry" title={words.carryHelp(row.number)} onClick={() => actions.carry(row)}>
                        <IconArrowForward size={14} stroke={1.8} /> {words.carry}
                      </button>
                    ) : (
                      "–"
                    )}
                  </td>
                );
              })}
              {last > 0 && <td className={row.state === "new" || row.state === "gone" ? "image-lesion-state" : undefined}>{row.state === "followed" ? signedPercent(row.change) : words.states[row.state]}</td>}
            </tr>
          ))}
        </tbody>
        {measuredOnce && (
          <tfoot>
            <tr>
              <th scope="row" title={words.sumHelp}>{words.sum}</th>
              {columns.map((at) => <td key={at}>{mm(times.sums[at])}</td>)}
              {last > 0 && <td title={words.fromLeast(signedPercent(times.fromLeast))}>{signedPercent(times.fromFirst)}</td>}
            </tr>
          </tfoot>
        )}
      </table>
      {state.carried !== null && <p className="image-lesion-hint">{words.carrying(state.carried)}</p>}
    </section>
  );
}
