import { sorts, type Filter } from "./model";
import { strings as t } from "./strings";
import { Menu, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChevronDown, IconSearch, IconSortAscending, IconSortDescending, IconX } from "@tabler/icons-react";
import { useEffect, useState, type RefObject } from "react";

interface Props {
  readonly filter: Filter;
  readonly change: (filter: Filter) => void;
  readonly search: RefObject<HTMLInputElement | null>;
}

function Chip<T extends string>({ title, names, value, choose }: { readonly title: string; readonly names: Readonly<Record<T, string>>; readonly value: T | null; readonly choose: (value: T | null) => void }) {
  if (value !== null) {
    return (
      <button type="button" className="wl-chip on" onClick={() => { choose(null); }} aria-label={`Take away the filter ${title}: ${names[value]}`}>
        {title}: <b>{names[value]}</b>
        <IconX size={13} aria-hidden />
      </button>
    );
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className="wl-chip">
          {title} <IconChevronDown size={13} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(names) as T[]).map((name) => (
          <Menu.Item key={name} onClick={() => { choose(name); }}>
            {names[name]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Filters({ filter, change, search }: Props) {
  const [text, setText] = useState(filter.q);
  const ask = useDebouncedCallback((q: string) => { change({ ...filter, q }); }, 250);
  useEffect(() => {
    setText(filter.q);
  }, [filter.q]);
  return (
    <div className="wl-filters" role="search">
      <TextInput
        ref={search}
        size="xs"
        w={232}
        aria-label={t.search}
        placeholder={t.search}
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={<kbd>/</kbd>}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          ask(event.currentTarget.value.trim());
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
        }}
      />
      <Chip title="Kind" names={t.kind} value={filter.kind} choose={(kind) => { change({ ...filter, kind }); }} />
      <Chip title="State" names={t.state} value={filter.state} choose={(state) => { change({ ...filter, state }); }} />
      <Chip title="Mine" names={t.mine} value={filter.mine} choose={(mine) => { change({ ...filter, mine }); }} />
      <span className="push row">
        <Menu position="bottom-end">
          <Menu.Target>
            <button type="button" className="wl-chip">
              Sort: {t.sort[filter.sort]} <IconChevronDown size={13} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {sorts.map((sort) => (
              <Menu.Item key={sort} onClick={() => { change({ ...filter, sort }); }}>
                {t.sort[sort]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <button type="button" className="wl-chip" onClick={() => { change({ ...filter, order: filter.order === "asc" ? "desc" : "asc" }); }} aria-label={filter.order === "asc" ? "Ascending; turn round" : "Descending; turn round"}>
          {filter.order === "asc" ? <IconSortAscending size={15} aria-hidden /> : <IconSortDescending size={15} aria-hidden />}
        </button>
      </span>
    </div>
  );
}
