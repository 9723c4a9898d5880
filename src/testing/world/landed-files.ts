/**
 * Keeps the files of a play's folders. Each is written once, beside the folders, and appears in its folder
 * while the arrival that brings it counts: the ledger knows a file by its size and time, which stay the same
 * in every order.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface LandedFiles {
  /** Absolute path of the folder that contains the folders. */
  readonly root: string;
  /** Where the file of that name (`orders/arrival-1.jsonl`) is written; creates its folder. */
  pathOf(name: string): string;
  land(name: string): void;
  /** Names of the files that have landed. */
  names(): readonly string[];
  /** Makes exactly these files the landed ones. */
  show(names: readonly string[]): void;
  /** Forgets all files. */
  clear(): void;
}

/** Keeps them below an absolute path. */
export function openLandedFiles(folder: string): LandedFiles {
  const [root, written] = [path.join(folder, 'files'), path.join(folder, 'written-files')];
  const landed = new Set<string>();
  const land = (name: string): void => {
    if (landed.has(name)) return;
    const place = path.join(root, name);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.linkSync(path.join(written, name), place);
    landed.add(name);
  };
  const show = (names: readonly string[]): void => {
    for (const name of landed)
      if (!names.includes(name)) {
        fs.rmSync(path.join(root, name));
        landed.delete(name);
      }
    for (const name of names) land(name);
  };
  return {
    root,
    pathOf(name) {
      const place = path.join(written, name);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      return place;
    },
    land,
    names: () => [...landed],
    show,
    clear() {
      landed.clear();
      for (const each of [root, written]) fs.rmSync(each, { recursive: true, force: true });
    },
  };
}
