/**
 * Shares markers between machines that use one warehouse in an object store. Each machine keeps the markers
 * of its own sessions in a folder, with copies of the others' beside them, so that only that folder has to be
 * read. In the store a marker is one object, and the first machine to write it owns it.
 */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { conflict } from '../model/errors.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { namesOfSessions } from './session-folders.ts';
import { isAtWork, MARKER_FILE, readMarker, type SessionMarker, writeMarker } from './session-marker.ts';

export interface SharedMarkers {
  /** Writes a session's marker, here and for the others. Throws `session-running` like `writeMarker`. */
  begin(directory: string, stepwise: boolean): Promise<void>;
  /** Removes the session's folder, and what others see of it. */
  end(directory: string): Promise<void>;
  /** Learns about the sessions of others. */
  learn(): Promise<void>;
}

/** For warehouses whose session markers all lie in one folder. */
export const LOCAL_MARKERS: SharedMarkers = {
  begin: async (directory, stepwise) => writeMarker(directory, stepwise),
  end: async (directory) => rmSync(directory, { recursive: true, force: true }),
  learn: async () => undefined,
};

/** `place`: location of the markers in the store; `folder`: that of those on this machine. */
export function storeMarkers(
  store: Pick<ObjectStore, 'read' | 'writeNew' | 'list' | 'remove'>,
  { place, folder }: { readonly place: string; readonly folder: string },
): SharedMarkers {
  const objectOf = (directory: string): string => `${place}/${basename(directory)}.json`;
  return {
    async begin(directory, stepwise) {
      writeMarker(directory, stepwise);
      try {
        await claim(store, objectOf(directory), readMarker(directory) as SessionMarker);
      } catch (error) {
        await LOCAL_MARKERS.end(directory);
        throw error;
      }
    },
    async end(directory) {
      const marker = readMarker(directory);
      if (marker?.copied === true && isAtWork(marker, directory)) return;
      // If there is no marker here, the one in the store belongs to somebody else.
      if (marker !== undefined) await store.remove([objectOf(directory)]).catch(() => undefined);
      await LOCAL_MARKERS.end(directory);
    },
    async learn() {
      const found = await store.list(`${place}/`);
      const names = new Set(found.map(({ location }) => nameOf(location)));
      for (const name of namesOfSessions(folder))
        if (readMarker(join(folder, name))?.copied === true && !names.has(name))
          await LOCAL_MARKERS.end(join(folder, name));
      for (const { location, modifiedAtMs } of found) {
        const directory = join(folder, nameOf(location));
        if (readMarker(directory) !== undefined) continue;
        const text = (await store.read(location))?.toString();
        if (text !== undefined) copyMarker(directory, text, modifiedAtMs);
      }
    },
  };
}

async function claim(
  store: Pick<ObjectStore, 'read' | 'writeNew'>,
  location: string,
  marker: SessionMarker,
): Promise<void> {
  if (await store.writeNew(location, JSON.stringify(marker))) return;
  const other = await store.read(location);
  if (other !== undefined && isNextStep(marker, JSON.parse(other.toString()) as SessionMarker)) return;
  throw conflict('session-running', `the session ${nameOf(location)} is at work on another machine`, {
    hint: 'run again',
  });
}

const nameOf = (location: string): string => basename(location, '.json');

/** The steps of one session write its marker several times, all on one machine. */
const isNextStep = (mine: SessionMarker, there: SessionMarker): boolean =>
  mine.stepwise && there.stepwise && there.host === hostname();

/**
 * Copies a marker with the time of the original: files that its session has written since are in no metadata
 * yet.
 */
function copyMarker(directory: string, text: string, modifiedAtMs: number): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, MARKER_FILE);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(text) as SessionMarker), copied: true }));
  utimesSync(path, modifiedAtMs / 1000, modifiedAtMs / 1000);
}
