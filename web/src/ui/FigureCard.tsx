// A card with one figure: its name, what it shows in small, its definition, and the figure as a file.
import { saveFile, standaloneSvg } from "./save_file";
import { useSize } from "./use_size";
import { csvText, type Table } from "@/core/csv";
import { ActionIcon, Menu, Popover, Tooltip } from "@mantine/core";
import { IconDotsVertical, IconFileTypeCsv, IconFileTypeSvg, IconInfoCircle } from "@tabler/icons-react";
import { useRef, type ReactNode } from "react";

interface Words {
  readonly definition: string; // "What is this?"
  readonly save: string;
  readonly svg: string;
  readonly csv: string;
}

export function FigureCard(props: {
  readonly title: string;
  readonly small: string;
  readonly caption?: string; // in its file, where another than the small text fits
  readonly definition: string;
  readonly words: Words;
  readonly name: string; // of its files
  readonly table: () => Table;
  readonly area: string;
  readonly least?: number; // the height that the figure needs, and the width; it scrolls in less
  readonly leastWidth?: number;
  readonly tools?: ReactNode;
  readonly children: (size: { readonly width: number; readonly height: number }) => ReactNode;
}) {
  const { title, small, caption = small, definition, words, name, table, area, least = 0, leastWidth = 0, tools, children } = props;
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  const saveSvg = (): void => {
    const svg = body.current?.querySelector<SVGSVGElement>("svg[data-figure]");
    if (svg !== null && svg !== undefined) saveFile(`${name}.svg`, "image/svg+xml", standaloneSvg(svg, title, caption));
  };
  const fits = size.height >= least && size.width >= leastWidth;
  return (
    <section className="figure-card" style={{ gridArea: area }} aria-label={title}>
      <header>
        <h2>{title}</h2>
        <small title={small}>{small}</small>
        {tools}
        <Popover position="bottom-end" width={340} shadow="md" withArrow={false} transitionProps={{ duration: 0 }}>
          <Popover.Target>
            <Tooltip label={words.definition}>
              <ActionIcon size="sm" aria-label={`${title}: ${words.definition}`}>
                <IconInfoCircle size={15} stroke={1.6} />
              </ActionIcon>
            </Tooltip>
          </Popover.Target>
          <Popover.Dropdown>
            <p className="figure-definition">{definition}</p>
          </Popover.Dropdown>
        </Popover>
        <Menu position="bottom-end" width={160}>
          <Menu.Target>
            <Tooltip label={words.save}>
              <ActionIcon size="sm" aria-label={`${title}: ${words.save}`}>
                <IconDotsVertical size={15} stroke={1.6} />
              </ActionIcon>
            </Tooltip>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconFileTypeSvg size={14} />} onClick={saveSvg}>
              {words.svg}
            </Menu.Item>
            <Menu.Item leftSection={<IconFileTypeCsv size={14} />} onClick={() => { saveFile(`${name}.csv`, "text/csv;charset=utf-8", csvText(table())); }}>
              {words.csv}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className="figure-body" ref={body} {...(fits ? {} : { tabIndex: 0, role: "group", "aria-label": title })} style={{ overflow: fits ? "hidden" : "auto" }}>
        {size.width === 0 ? null : children({ width: Math.max(leastWidth, size.width), height: Math.max(least, size.height) })}
      </div>
    </section>
  );
}
