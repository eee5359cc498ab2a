// What the selected finding measures, with units: sizes first, then what the image holds under it.
import { unitText } from "@/core/pictures";
import type { AnnotationBody, VolumeInfo } from "@/core/domain";
import { statisticNames } from "./measure";
import { strings } from "./strings";

function text(number: number): string {
  const size = Math.abs(number);
  const shown = size >= 1000 ? number.toFixed(0) : size >= 100 ? number.toFixed(1) : number.toFixed(2);
  return shown.replace("-", "−");
}

const sizes = ["length", "long_axis", "short_axis", "angle", "area", "volume"] as const;
const units: Readonly<Record<string, string>> = { mm2: "mm²", mm3: "mm³", deg: "°" };

export function Measured({ body, info }: { body: AnnotationBody; info: VolumeInfo | undefined }): React.JSX.Element | null {
  const all = body.measurements ?? {};
  const words = strings.measured;
  const found = sizes.flatMap((name) => (all[name] === undefined ? [] : [{ name, ...all[name] }]));
  const tables = (["", "suv_"] as const).filter((prefix) => all[`${prefix}mean`] !== undefined);
  const refused = info?.suv !== undefined && "refused" in info.suv ? info.suv.refused : null;
  if (found.length === 0 && tables.length === 0) return null;
  return (
    <div className="image-measured" aria-label={words.title}>
      {found.length > 0 && (
        <dl>
          {found.map(({ name, number, unit }) => (
            <div key={name}>
              <dt>{words.sizes[name]}</dt>
              <dd>{name === "volume" && number >= 10_000 ? `${text(number / 1000)} ml` : `${text(number)} ${units[unit] ?? unit}`}</dd>
            </div>
          ))}
        </dl>
      )}
      {tables.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{words.voxels(all.voxels?.number ?? 0)}</th>
              {statisticNames.map((name) => <th key={name} scope="col">{words.statistics[name]}</th>)}
            </tr>
          </thead>
          <tbody>
            {tables.map((prefix) => (
              <tr key={prefix}>
                <th scope="row">{prefix === "suv_" ? words.suv : unitText(all.mean?.unit ?? "") || words.value}</th>
                {statisticNames.map((name) => <td key={name}>{text(all[`${prefix}${name}`]?.number ?? 0)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {refused !== null && <p>{words.noSuv(refused)}</p>}
    </div>
  );
}
