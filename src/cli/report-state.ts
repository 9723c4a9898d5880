/**
 * How a project and its warehouse are now, told by the times of files. Folder -> text that changes with them.
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { findProjectRoot, readProject } from '../project/read-project.ts';

/** No file tells that tables elsewhere changed: they are taken to have changed this often, in ms. */
const ELSEWHERE_MS = 30_000;
/** What a project is written in, and the folders for it. */
const SOURCES = /\.(sql|ya?ml)$/;
const FOLDERS = ['', 'processes', 'audits', 'macros', 'tables', 'tests'];

/** Never throws: of a project that cannot be read its files alone tell. */
export function stateOfProject(folder: string, nowMs: number): string {
  try {
    const root = findProjectRoot(folder);
    return [...sourceTimes(root), ...catalogTimes(root, nowMs)].join(' ');
  } catch {
    return `unreadable ${sourceTimes(path.resolve(folder)).join(' ')}`;
  }
}

function sourceTimes(root: string): string[] {
  return FOLDERS.flatMap((folder) => {
    const place = path.join(root, folder);
    return namesIn(place)
      .filter((name) => SOURCES.test(name))
      .map((name) => timeOf(path.join(place, name)));
  });
}

/** Every commit puts a file into its table's folder of metadata; reading puts none there. */
function catalogTimes(root: string, nowMs: number): string[] {
  const { catalog } = readProject({ root });
  if (catalog.kind === 'rest' || !path.isAbsolute(catalog.warehouse))
    return [String(Math.floor(nowMs / ELSEWHERE_MS))];
  return metadataFolders(catalog.warehouse, NAMESPACES_DEEP).map(timeOf);
}

/** Levels of namespaces, and the table. */
const NAMESPACES_DEEP = 4;

function metadataFolders(folder: string, levels: number): string[] {
  const names = foldersIn(folder);
  if (names.includes('metadata')) return [path.join(folder, 'metadata')];
  if (levels === 0) return [];
  return names.flatMap((name) => metadataFolders(path.join(folder, name), levels - 1));
}

/** The folders in a folder; none if it does not exist, or is removed meanwhile. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((each) => each.isDirectory() && !each.name.startsWith('.'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** `-` for a file that is not there. */
function timeOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.mtimeMs}.${found.size}`;
}
