// A place to drop files and folders on, with buttons for those who choose them.
import "./file_drop.css";
import { Button } from "@mantine/core";
import { IconFileImport, IconFolder, IconUpload } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";

export interface DroppedFile {
  /** Relative, with the folder that was chosen. */
  readonly path: string;
  readonly file: File;
}

async function droppedFiles(items: DataTransferItemList): Promise<readonly DroppedFile[]> {
  const found: DroppedFile[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => { (entry as FileSystemFileEntry).file(resolve, reject); });
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
      if (batch.length === 0) return;
      for (const child of batch) await walk(child);
    }
  };
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  for (const entry of entries) await walk(entry);
  return found;
}

export function FileDrop(props: { readonly title: string; readonly children: ReactNode; readonly chooseFiles: string; readonly chooseFolder: string; readonly take: (files: readonly DroppedFile[]) => void }): React.JSX.Element {
  const { take } = props;
  const [over, setOver] = useState(false);
  const filesInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement | null>(null);
  const takeList = (input: HTMLInputElement): void => {
    if (input.files !== null) take([...input.files].map((file) => ({ file, path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath })));
    input.value = "";
  };
  return (
    <div
      className={over ? "file-drop over" : "file-drop"}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => { setOver(false); }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void droppedFiles(event.dataTransfer.items).then(take);
      }}
    >
      <IconFileImport size={32} stroke={1.5} aria-hidden />
      <b>{props.title}</b>
      <p>{props.children}</p>
      <div className="row">
        <Button leftSection={<IconUpload size={14} />} onClick={() => filesInput.current?.click()}>
          {props.chooseFiles}
        </Button>
        <Button variant="default" leftSection={<IconFolder size={14} />} onClick={() => folderInput.current?.click()}>
          {props.chooseFolder}
        </Button>
      </div>
      <input ref={filesInput} type="file" multiple hidden onChange={(event) => { takeList(event.currentTarget); }} />
      <input ref={(element) => { folderInput.current = element; element?.setAttribute("webkitdirectory", ""); }} type="file" hidden onChange={(event) => { takeList(event.currentTarget); }} />
    </div>
  );
}
